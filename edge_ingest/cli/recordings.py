"""Commands about recordings and drops: sources, pack, verify, replay, samples."""

import re
import time
from dataclasses import replace as with_changes
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from edge_ingest.cli.console import LANDING, OPTIONS, Landing, app, errors_in_a_line, out
from edge_ingest.errors import DropError, SourceError

if TYPE_CHECKING:
    from edge_ingest.drop import PackedDrop
    from edge_ingest.recording import Recording
    from edge_ingest.samples import Sample


@app.command()
def sources() -> None:
    """List the sources that can be read, and the files each one needs."""
    from edge_ingest.readers import READERS

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("source", "kind", "what it is", "files", "may be told"):
        table.add_column(column, overflow="fold")
    for name, source in READERS.items():
        parts = "\n".join(f"{part}=… ({what})" for part, what in source.parts.items())
        told = "\n".join(OPTIONS[field] for field in source.accepts)
        table.add_row(f"[cyan]{name}[/]", source.kind, source.description, parts, told)
    out.print(table)


@app.command("pack")
def pack_command(  # noqa: PLR0917 - the options of the command
    source: Annotated[str, typer.Argument(help="One of `edge-ingest sources`.")],
    files: Annotated[list[str], typer.Argument(metavar="PART=FILE...", help="Its files, by part.")],
    into: Landing = LANDING,
    calendar: Annotated[
        Path | None,
        typer.Option(help="Club calendar. Default: identity/sessions.csv in the landing zone."),
    ] = None,
    timezone: Annotated[
        str, typer.Option(envvar="SPORTS_CLUB_TIMEZONE", help="The club's IANA time zone.")
    ] = "Europe/Berlin",
    athlete: Annotated[
        str | None, typer.Option(help="Who wore the device: an id that the crosswalk knows.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="Where it took place.")] = None,
    started_at: Annotated[
        str | None, typer.Option(help="Start of play in UTC, such as 2019-11-09T17:30:00Z.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Which device, where the club owns several.")
    ] = None,
    home_team: Annotated[str | None, typer.Option(help="The source's id of the home side.")] = None,
    scale: Annotated[
        float | None,
        typer.Option(min=1e-6, max=1.0, help="Metres in one count of a coordinate; else 0.005."),
    ] = None,
) -> None:
    """Read a recording and put it into the landing zone as a drop."""
    from edge_ingest.readers import read_recording
    from edge_ingest.recording import Told

    with errors_in_a_line():
        told = Told(_instant(started_at), site, device, athlete, home_team)
        clock = time.perf_counter()
        with out.status(f"reading {source}"):
            recording = read_recording(source, _parts(source, files), told)
        if scale is not None:
            recording = with_changes(recording, metres_per_count=scale)
        read_s = time.perf_counter() - clock
        with out.status("packing"):
            drop = _pack(recording, into, calendar, timezone)
        _print_drop(drop, recording, read_s, time.perf_counter() - clock - read_s)


@app.command("verify")
def verify_command(
    folder: Annotated[Path, typer.Argument(help="A drop, a stream, or a landing zone.")],
) -> None:
    """Check drops against their manifests and contracts; exit code 1 if anything is wrong."""
    from edge_ingest.arrival import verify

    with errors_in_a_line():
        folders = _drop_folders(folder)
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("drop", "file", "rule", "what is wrong"):
            table.add_column(column, overflow="fold")
        bad = 0
        for one in folders:
            problems = verify(one)
            bad += bool(problems)
            for problem in problems:
                place = f"{one.resolve().parent.name}/{one.resolve().name}"
                table.add_row(
                    place, problem.file or "", f"[red]{problem.rule}[/]", escape(problem.reason)
                )
        if bad:
            out.print(table)
            out.print(f"\n[red]{bad} of {len(folders)} drops must not be loaded[/]")
            raise typer.Exit(1)
        out.print(f"[green]{len(folders)} drop{'s' * (len(folders) != 1)} sound[/]")


@app.command("replay")
def replay_command(
    folder: Annotated[Path, typer.Argument(help="A landing zone, a stream, or a drop.")],
    into: Landing = LANDING,
    speed: Annotated[
        float | None,
        typer.Option(min=1e-3, help="Times faster than life; left out: without waiting."),
    ] = None,
) -> None:
    """Send drops that exist once more, in the order in which their sessions began."""
    from edge_ingest.replay import copy_identity, find_drops, replay

    with errors_in_a_line():
        drops = find_drops(folder)
        if copy_identity(folder, into):
            out.print(f"calendar and crosswalk copied to {into / 'identity'}")
        for number, drop in enumerate(replay(drops, into, speed, time.sleep), start=1):
            state = "[green]sent[/]" if drop.is_new else "[dim]there already[/]"
            out.print(
                f"{number:>{len(str(len(drops)))}}/{len(drops)} {state} "
                f"{drop.manifest.stream_id} r{drop.manifest.revision:04d}",
                soft_wrap=True,
            )


@app.command("samples")
def samples_command(
    into: Landing = LANDING,
    samples: Annotated[
        Path | None,
        typer.Option("--from", envvar="SPORTS_SAMPLES", help="Where the sweat wheel is unpacked."),
    ] = None,
) -> None:
    """Pack the real recordings of the demonstration, with calendar and crosswalk."""
    from edge_ingest.samples import every_sample, match_samples, pack_samples

    def show(sample: "Sample", drop: "PackedDrop") -> None:
        state = "packed" if drop.is_new else "there already"
        out.print(
            f"[green]{state}[/] {drop.manifest.stream_id} r{drop.manifest.revision:04d} "
            f"({drop.bytes / 1e6:.2f} MB; {sample.licence})",
            soft_wrap=True,
        )

    with errors_in_a_line():
        chosen = every_sample(samples) if samples else match_samples()
        pack_samples(chosen, into, datetime.now(UTC), show)


def _pack(recording: "Recording", into: Path, calendar: Path | None, timezone: str) -> "PackedDrop":
    from edge_ingest.drop import pack
    from edge_ingest.identity import mint_session_id, read_calendar

    if calendar is not None and not calendar.is_file():
        raise SourceError(f"there is no calendar {calendar}")
    facts = recording.session
    identity = mint_session_id(
        facts.started_at_utc,
        timezone,
        facts.sport,
        facts.site,
        read_calendar(calendar or into / "identity" / "sessions.csv"),
    )
    return pack(recording, into, identity, datetime.now(UTC))


def _parts(source: str, files: list[str]) -> dict[str, Path]:
    """`part=file` arguments; a source of one part takes the bare file too."""
    from edge_ingest.readers import READERS

    names = list(READERS[source].parts) if source in READERS else []
    parts: dict[str, Path] = {}
    for argument in files:
        name, equals, path = argument.partition("=")
        if equals and name not in names and Path(argument).exists():
            name, equals, path = "", "", argument
        if not equals:
            if len(names) > 1:
                raise SourceError(
                    f"which part of {source} is {argument!r}? Write "
                    + " ".join(f"{part}=FILE" for part in names)
                )
            name, path = (names or ["file"])[0], argument
        if name in parts:
            raise SourceError(f"{source}: {name} is given twice; one recording is one drop")
        parts[name] = Path(path)
    return parts


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise SourceError(
            f"--started-at is {text!r}, which is no instant such as 2019-11-09T17:30:00Z"
        ) from None
    if instant.tzinfo is None:
        raise SourceError(f"--started-at is {text!r}: add Z for UTC, or the offset")
    return instant.astimezone(UTC)


def _drop_folders(folder: Path) -> list[Path]:
    """Folders of revisions, finished or not: an unreadable manifest is a finding, not an end."""
    if re.fullmatch(r"r\d+", folder.name) or (folder / "manifest.json").is_file():
        return [folder]
    found = [
        path
        for depth in ("r[0-9]*", "*/r[0-9]*")
        for path in sorted(folder.glob(depth))
        if path.is_dir()
    ]
    if not found:
        raise DropError(f"{folder} holds no drop: give a drop, a stream or a landing zone")
    return found


def _print_drop(drop: "PackedDrop", recording: "Recording", read_s: float, pack_s: float) -> None:
    facts = Table(box=None, show_header=False, pad_edge=False)
    state = (
        "[green]packed[/]" if drop.is_new else "[yellow]nothing new[/], the last revision holds it"
    )
    session = drop.manifest.session
    rows = ", ".join(
        f"{file.rows:,} {file.table}" for file in drop.manifest.files if file.table != "sessions"
    )
    found = ", ".join(
        f"{rule} {count:,}" for rule, count in recording.rows_by_rule.items() if count
    )
    uncertainty = recording.clock.uncertainty_s
    within = "of unknown accuracy" if uncertainty is None else f"± {uncertainty:g} s"
    facts.add_column()
    facts.add_column(overflow="fold")
    for name, value in (
        ("drop", state),
        ("folder", escape(str(drop.folder))),
        ("session", session.session_id if session else ""),
        ("rows", rows),
        ("found", found or "nothing to flag"),
        ("clock", f"{recording.clock.source}, {within}"),
        ("size", f"{drop.bytes / 1e6:.2f} MB"),
        ("took", f"{read_s:.1f} s to read, {pack_s:.1f} s to pack"),
    ):  # fmt: skip
        facts.add_row(f"[bold]{name}[/]", value)
    out.print(facts)
