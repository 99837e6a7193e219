"""Reading a drop and telling what is wrong with it, from a folder or from an object store.

Belongs here: what the receiving side needs. Writing drops stands in `drop.py`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from edge_ingest.drops.encoding import add_constants, decode
from edge_ingest.drops.footer import check_footer
from edge_ingest.drops.media import Measure, measured
from edge_ingest.errors import ContractError, DropError, IncompleteDropError
from edge_ingest.manifest import (
    ENCODING,
    MANIFEST_NAME,
    MANIFEST_VERSION,
    DayRange,
    DropFile,
    Manifest,
    MediaFile,
)
from edge_ingest.records import DAY_TABLE_OF, DAY_TABLES, DROP_TABLES, SESSION_TABLES

#: A manifest has some kilobytes; what is larger is none, B.
LARGEST_MANIFEST = 4 * 1024**2


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a drop. `reason` says what and what to do; `file` where, if anywhere."""

    rule: str
    reason: str
    file: str | None = None

    def __str__(self) -> str:
        """File and reason, in one line."""
        return f"{self.file}: {self.reason}" if self.file else self.reason


def read_manifest(source: bytes | Path) -> Manifest:
    """Read and check a manifest: a drop's folder, the file, or its bytes.

    Raises:
        DropError: it is not there, is no manifest, or contradicts itself.
    """
    where = MANIFEST_NAME
    if isinstance(source, Path):
        path = source / MANIFEST_NAME if source.is_dir() else source
        where = str(path)
        if not path.is_file():
            raise DropError(f"there is no {where}: the drop is unfinished, or the path is wrong")
        source = path.read_bytes()
    _refuse_future(source, where)
    try:
        return Manifest.model_validate_json(source)
    except ValidationError as error:
        found = error.errors()
        first = found[0]
        place = ".".join(map(str, first["loc"])) or "as a whole"
        raise DropError(
            f"{where} is no manifest of version {MANIFEST_VERSION}: {place}: "
            f"{first['msg']} ({error.error_count()} in all); pack the recording again",
            rule=_rule_of(found),
        ) from error


def _refuse_future(source: bytes, where: str) -> None:
    """Say that a manifest is of a later version before its unknown fields are held against it."""
    try:
        told = from_json(source)
    except ValueError:
        return
    for name, newest in (("manifest_version", MANIFEST_VERSION), ("encoding", ENCODING)):
        told_version = told.get(name) if isinstance(told, dict) else None
        if isinstance(told_version, int) and told_version > newest:
            raise DropError(
                f"{where} is of {name} {told_version}, and this software reads {newest}: update "
                "the lakehouse",
                rule="future_version",
            )


def _rule_of(errors: Sequence[ErrorDetails]) -> str:
    """Which rule a manifest breaks: a name that leads elsewhere, a size beyond all, or another."""
    for error in errors:
        if error["loc"][-1:] == ("path",) and error["type"] == "string_pattern_mismatch":
            return "path"
        if error["loc"][-1:] == ("bytes",) and error["type"] == "less_than_equal":
            return "too_large"
    return "manifest"


def read_table(manifest: Manifest, file: DropFile, fetch: Callable[[str], bytes]) -> pa.Table:
    """Read one file of a drop: coordinates in metres, without the columns that raw adds.

    Args:
        fetch: gives the bytes of a file of this drop by its name; raises OSError if it cannot.

    Raises:
        IncompleteDropError: the file is missing, cut short, or cannot be read: it may yet arrive.
        DropError: the file is altered, or does not fit; says which and what to do.
    """
    where = f"{manifest.stream_id} r{manifest.revision:04d} {file.path}"
    contract = DROP_TABLES.get(file.table)
    if contract is None:
        raise DropError(
            f"{where} is for the table {file.table!r}, which we do not know: update the lakehouse",
            rule="unknown_table",
        )
    try:
        payload = fetch(file.path)
    except FileNotFoundError:
        raise IncompleteDropError(
            f"{where} is not there: wait for it, or send the drop again", rule="missing"
        ) from None
    except OSError as error:
        raise IncompleteDropError(f"{where} cannot be read: {error}", rule="unreadable") from error
    if len(payload) < file.bytes:
        raise IncompleteDropError(
            f"{where} has {len(payload)} of {file.bytes} bytes: wait for it, or send it again",
            rule="cut_short",
        )
    if (found := hashlib.sha256(payload).hexdigest()) != file.sha256:
        raise DropError(
            f"{where} was altered on the way: its sha256 is {found[:12]}… and the manifest says "
            f"{file.sha256[:12]}…; send the drop again",
            rule="checksum",
        )
    check_footer(payload, file.rows, where)
    return decode(contract, payload, manifest.scale, where, manifest.encoding)


def as_raw(manifest: Manifest, file: DropFile, rows: pa.Table, session_id: str) -> pa.Table:
    """Rows of a drop as rows of the raw table: with session, stream and drop.

    Args:
        session_id: the session they belong to, which may differ from the edge's guess.

    Raises:
        ContractError: rows do not fit the contract.
        DropError: the drop is about days, not about a session.
    """
    if manifest.session is None:
        raise DropError(f"{manifest.stream_id} is about days: its rows belong to no session")
    constants: dict[str, str | int] = {
        "session_id": session_id,
        "stream_id": manifest.stream_id,
        "drop_id": manifest.drop_id,
        "revision": manifest.revision,
        "edge_session_id": manifest.session.session_id,
        "filter_settings": json.dumps(manifest.filter_settings, sort_keys=True),
    }
    return add_constants(SESSION_TABLES[file.table], rows, constants)


def as_days(manifest: Manifest, file: DropFile, rows: pa.Table) -> pa.Table:
    """Rows of a drop about days as rows of the raw table.

    Raises:
        ContractError: rows do not fit the contract, or are of other days or another source than
            the drop says it replaces.
    """
    contract = DAY_TABLES[file.table]
    rows = add_constants(contract, rows, {})
    assert manifest.days is not None
    refuse_outside(rows, manifest.days, manifest.source, manifest.stream_id)
    return rows


def refuse_outside(rows: pa.Table, days: DayRange, source: str, stream: str) -> None:
    """Refuse rows outside of what their drop replaces.

    Raises:
        ContractError: says how many.
    """
    is_inside = pc.and_kleene(
        pc.and_kleene(
            pc.greater_equal(rows["day"], pa.scalar(date.fromisoformat(days.first_day))),
            pc.less_equal(rows["day"], pa.scalar(date.fromisoformat(days.last_day))),
        ),
        pc.equal(rows["source"], source),
    )
    if outside := rows.num_rows - (pc.sum(is_inside).as_py() or 0):
        raise ContractError(
            f"{outside} rows of {stream} are of other days, or of another source, than it says"
        )


def locate_media(manifest: Manifest, rows: pa.Table, folder_uri: str) -> pa.Table:
    """Rows of `raw/footage` with the place of each object in full.

    Args:
        rows: as they came in the drop, with bare names.
        folder_uri: where the drop stands: a folder, or a URI.

    Raises:
        DropError: a row tells of a file that the manifest does not list as it is told, or the
            manifest lists a file that no row tells of.
    """
    told = {
        (row["uri"], row["bytes"], row["sha256"])
        for row in rows.select(["uri", "bytes", "sha256"]).to_pylist()
    }
    listed = {(file.path, file.bytes, file.sha256) for file in manifest.media}
    if told != listed:
        names = ", ".join(sorted({name for name, _, _ in told ^ listed}))
        raise DropError(
            f"{manifest.stream_id} r{manifest.revision:04d}: footage and the manifest's media do "
            f"not say the same of {names}: pack it again",
            rule="manifest",
        )
    uris = [f"{folder_uri}/{name}" for name in rows.column("uri").to_pylist()]
    place = rows.schema.get_field_index("uri")
    return rows.set_column(place, rows.schema.field("uri"), pa.array(uris, pa.string()))


def check_media(manifest: Manifest, measure: Measure) -> None:
    """Make sure that the videos of a drop are those that were packed.

    Args:
        measure: gives size and sha256 of a file of this drop by its name; reads it in pieces.

    Raises:
        IncompleteDropError: a file is missing, cut short, or cannot be read: it may yet arrive.
        DropError: a file was altered.
    """
    for file in manifest.media:
        if problem := _media_problem(file, measure):
            kind = DropError if problem.rule == "checksum" else IncompleteDropError
            raise kind(
                f"{manifest.stream_id} r{manifest.revision:04d} {problem}", rule=problem.rule
            )


def check(
    manifest: Manifest, fetch: Callable[[str], bytes], measure: Measure | None = None
) -> list[Problem]:
    """Everything wrong with a drop's files; an empty list means that it can be loaded.

    Args:
        measure: gives size and sha256 of a video; None where videos are not looked into.
    """
    found = list(_problems(manifest, fetch))
    if measure is not None:
        found += [one for file in manifest.media if (one := _media_problem(file, measure))]
    return found


def day_table(manifest: Manifest) -> DropFile:
    """The one file of a drop about days.

    Raises:
        DropError: it carries another table than that of its kind, or several.
    """
    contract = DAY_TABLE_OF.get(manifest.kind)
    if contract is None or [file.table for file in manifest.files] != [contract.name]:
        carried = ", ".join(file.table for file in manifest.files)
        raise DropError(
            f"{manifest.stream_id}: a drop of {manifest.kind} carries {carried}: it carries the "
            "table of its kind and no other; pack it again",
            rule="unknown_table",
        )
    return manifest.files[0]


def verify(folder: Path) -> list[Problem]:
    """Everything wrong with a drop's folder, its name and its files included."""
    links = [path for path in (folder, *sorted(folder.glob("*"))) if path.is_symlink()]
    if links:
        return [
            Problem("symlink", "is a link: put the file itself there", path.name) for path in links
        ]
    try:
        manifest = read_manifest(folder)
    except DropError as error:
        rule = "manifest" if error.rule == "drop" else error.rule
        return [Problem(rule, str(error), MANIFEST_NAME)]
    folder = folder.resolve()
    found = []
    if folder.parent.name != manifest.stream_id or folder.name != f"r{manifest.revision:04d}":
        expected = f"{manifest.stream_id}/r{manifest.revision:04d}"
        found.append(
            Problem(
                "place", f"stands in {folder.parent.name}/{folder.name}, and belongs in {expected}"
            )
        )
    return found + check(
        manifest,
        lambda name: (folder / name).read_bytes(),
        lambda name: measured(folder / name),
    )


def _problems(manifest: Manifest, fetch: Callable[[str], bytes]) -> Iterator[Problem]:
    if manifest.session is None:
        try:
            day_table(manifest)
        except DropError as error:
            yield Problem(error.rule, str(error))
            return
    elif [file.table for file in manifest.files].count("sessions") != 1:
        yield Problem("session", "a drop carries the table sessions exactly once")
    if manifest.media and "footage" not in [file.table for file in manifest.files]:
        yield Problem("manifest", "videos without the table footage, which says what they are")
    for file in manifest.files:
        try:
            rows = read_table(manifest, file, fetch)
            rows = (
                as_raw(manifest, file, rows, manifest.session.session_id)
                if manifest.session
                else as_days(manifest, file, rows)
            )
            if file.table == "footage":
                locate_media(manifest, rows, "")
        except DropError as error:
            yield Problem(error.rule, str(error), file.path)
            continue
        except ContractError as error:
            yield Problem("schema", str(error), file.path)
            continue
        for broken in DROP_TABLES[file.table].violations(rows):
            yield Problem(
                "contract",
                f"{broken.rows} rows break {broken.column}: {broken.rule} ({broken.limit})",
                file.path,
            )


def _media_problem(file: MediaFile, measure: Measure) -> Problem | None:
    try:
        found, digest = measure(file.path)
    except FileNotFoundError:
        return Problem("missing", "is not there: wait for it, or send the drop again", file.path)
    except OSError as error:
        return Problem("unreadable", f"cannot be read: {error}", file.path)
    if found < file.bytes:
        reason = f"has {found} of {file.bytes} bytes: wait for it, or send it again"
        return Problem("cut_short", reason, file.path)
    if digest != file.sha256:
        reason = (
            f"was altered on the way: its sha256 is {digest[:12]}… and the manifest says "
            f"{file.sha256[:12]}…; send the drop again"
        )
        return Problem("checksum", reason, file.path)
    return None
