"""An explanation as a performance analyst reads it, nearest to the number first."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from rich.markup import escape

from edge_ingest.cli.console import out, say
from edge_ingest.contract import Column
from edge_ingest.records import Quality
from resources.explain.findings import (
    DropStory,
    Explanation,
    FileRows,
    History,
    Origin,
    Row,
    TableState,
)
from resources.lakehouse import Snapshot
from sports_assets.cli.console import fact

#: Rows of a table that are printed one by one.
_SHOWN = 3
_EARLIER = 8


def tell(explained: Explanation) -> None:
    """Print the whole way."""
    _number(explained)
    for origin in explained.origins:
        _origin(origin, is_computed=explained.number.basis is not None)
    _heading("Drops that the page was made from")
    for place, drop in enumerate(explained.drops):
        if place:
            out.print()
        _drop(drop)


def _number(explained: Explanation) -> None:
    number, report = explained.number, explained.report
    shown = f"{number.text} {number.unit}".strip()
    said = f"no number: {number.absent}" if number.value is None else f"{shown} ({number.value})"
    say(f"[bold]{escape(shown)}[/]  {escape(number.number_id)}")
    out.print()
    fact("on the page", said)
    if number.basis is not None:
        fact("computed", f"{number.basis.how}.")
    else:
        column = explained.origins[0].columns[0]
        fact("means", _meaning(column))
        _agreement(explained, column)
    newest = "the newest" if report.revision == report.newest else f"of {report.newest}"
    fact("report", f"{report.session_id}, revision {report.revision}, {newest}")
    fact("written", f"{_when(report.written_at_utc)} by code {report.provenance.code_version}")
    fact("page", report.uri)


def _agreement(explained: Explanation, column: Column) -> None:
    number = explained.number
    if explained.agrees is None:
        fact("in the row", "there is no such row any more", style="red")
        return
    held = _value(explained.origins[0].rows[0][column.name], column)
    if number.factor == -1:
        held += ", without its sign, which the words beside it tell"
    elif number.factor != 1:
        held += f" × {number.factor:.6g} = {explained.in_row}"
    if explained.agrees:
        fact("in the row", f"{held}: the page says the same, rounded to {number.text}")
    else:
        fact("in the row", f"{held}: the page says otherwise", style="red")


def _origin(origin: Origin, *, is_computed: bool) -> None:
    asked, state = origin.asked, origin.state
    _heading(asked.table)
    fact("holds", state.grain)
    if is_computed:
        for column in origin.columns:
            fact("with", f"{column.name}: {_meaning(column)}")
    _rows(origin)
    _state(state)
    _lineage(origin)
    for history in origin.history:
        _history(history)
    for file in origin.files:
        _file(file)


def _rows(origin: Origin) -> None:
    said = ", ".join(f"{name} = {value}" for name, value in origin.asked.where)
    of_all = f" with {said}" if said else " of the session"
    if origin.row_count != 1:
        fact("rows", f"{origin.row_count:,}{of_all}")
    names = [*origin.key_columns, *(column.name for column in origin.columns)]
    names = [name for name in dict.fromkeys(names) if name != "session_id"]
    for row in origin.rows[:_SHOWN]:
        fact("row" if origin.row_count == 1 else "", _cells(row, names) or "of the session")
    if origin.row_count > _SHOWN:
        fact("", f"… and {origin.row_count - _SHOWN:,} more")


def _state(state: TableState) -> None:
    if state.read_at is None:
        fact("snapshot", "the table was never committed")
        return
    if state.is_as_of_then:
        fact("snapshot", f"{state.read_at}, as the table stood when the page was written")
    else:
        fact(
            "snapshot",
            f"that of then was expired: what is shown is of {state.read_at}, today’s",
            style="yellow",
        )
    written = state.written_by
    if written is None:
        fact("committed", "by a snapshot that was expired since", style="yellow")
    else:
        fact("committed", _committed(written))
    if state.changed_since:
        fact(
            "since then", f"the session’s rows were replaced: {_committed(state.changed_since)}",
            style="yellow",
        )  # fmt: skip


def _committed(snapshot: Snapshot) -> str:
    told = snapshot.properties
    return (
        f"{_when(snapshot.committed_at_utc)} in {snapshot.snapshot_id} by run "
        f"{told.get('touchline.run-id', 'unknown')}, code "
        f"{told.get('touchline.code-version', 'unknown')}"
    )


def _lineage(origin: Origin) -> None:
    for place, (key, above) in enumerate(origin.lineage):
        fact("made from" if not place else "", f"{key} ← {', '.join(above)}")


def _history(history: History) -> None:
    count = len(history.sessions)
    at = f"snapshot {history.snapshot_id}" if history.is_as_of_then else "today’s snapshot"
    fact("beside", f"{count} earlier of {history.metric} in {history.table}, at {at}")
    if not history.is_as_of_then:
        fact("", "the snapshot that the page names was expired", style="yellow")
    if not history.agrees:
        fact("", "the row counts another number of them", style="yellow")
    for one in history.sessions[-_EARLIER:]:
        fact("", f"{one.local_day}  {one.value:.6g}  {one.session_id}")
    if count > _EARLIER:
        fact("", f"… and {count - _EARLIER} before them")


def _file(file: FileRows) -> None:
    fact("file", file.uri)
    if file.fault:
        fact("", file.fault, style="red")
        fact("", f"the lakehouse still has {file.in_record:,} such rows in raw/{file.table}")
        return
    fact("", f"sha256 {file.sha256[:16]}… checked, of drop {file.drop_id}")
    narrower = f", {file.of_which_count:,} of them {file.of_which}" if file.of_which else ""
    fact("", f"{file.count:,} of its {file.in_file:,} rows: {file.what}{narrower}")
    for name, row in (("first", file.first), ("last", file.last)):
        if row is not None:
            fact("", f"{name}: {_cells(row, row)}")


def _drop(drop: DropStory) -> None:
    fact("stream", f"{drop.stream_id}, revision {drop.revision}")
    fact("drop", f"{drop.drop_id} at {drop.uri}")
    if drop.fault:
        fact("", drop.fault, style="red")
    else:
        fact("recorded", f"{drop.kind} of {drop.source}, device {drop.device_id}")
        fact("read by", f"{drop.reader} {drop.reader_version}")
        packed = f"{_when(drop.packed_at_utc)}" if drop.packed_at_utc else ""
        fact(
            "packed",
            f"{packed}, {f'signed by {drop.signed_by}' if drop.signed_by else _doubt(drop)}",
        )
        _named("filters", drop.filter_settings or {}, "were told nothing")
        rules = drop.rows_by_rule or {}
        found = {rule: rows for rule, rows in rules.items() if rows}
        _named("found", found, f"nothing, by {len(rules)} rules" if rules else "nothing")
    if drop.newer_revision:
        fact("since then", f"revision {drop.newer_revision} of the stream counts", style="yellow")


def _doubt(drop: DropStory) -> str:
    if "bears no signature" in drop.doubt:
        return "signed by nobody"
    return drop.doubt.partition(" ")[2].partition(":")[0] if drop.doubt else "signed by nobody"


def _named(name: str, values: Any, none: str) -> None:  # noqa: ANN401 - whatever a manifest says
    told = ", ".join(f"{key} {value}" for key, value in sorted(values.items()))
    fact(name, told or none)


def _meaning(column: Column) -> str:
    unit = f", in {column.unit}" if column.unit and column.unit != "1" else ""
    return f"{' '.join(column.description.split())}{unit}"


def _value(value: object, column: Column) -> str:
    unit = f" {column.unit}" if column.unit and column.unit != "1" else ""
    return f"{_text(column.name, value)}{unit}"


def _cells(row: Row, names: Iterable[str]) -> str:
    return ", ".join(f"{name} {_text(name, row[name])}" for name in names if row[name] is not None)


def _text(name: str, value: object) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if name == "quality" and isinstance(value, int) and value:
        return f"{value} ({', '.join(_bits(value))})"
    return "no value" if value is None else str(value)


def _bits(value: int) -> Sequence[str]:
    return [(bit.name or "").lower() for bit in Quality if value & bit]


def _when(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _heading(text: str) -> None:
    out.print()
    out.print(f"[bold cyan]{escape(text)}[/]", soft_wrap=True)
