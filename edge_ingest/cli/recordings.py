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

from edge_ingest.cli.console import (
    LANDING,
    OPTIONS,
    Landing,
    app,
    errors_in_a_line,
    facts,
    out,
    say,
    size,
)
from edge_ingest.errors import DropError, SourceError

if TYPE_CHECKING:
    from edge_ingest.drops.drop import PackedDrop
    from edge_ingest.samples import Sample


@app.command()
def sources() -> None:
    """List the sources that can be read, and the files each one needs."""
    from edge_ingest.readers import READERS

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, source in READERS.items():
        told = " ".join(OPTIONS[field] for field in source.accepts)
        parts = [
            f"[dim]{part}=… {what}{', may be left out' if part in source.optional else ''}[/]"
            for part, what in source.parts.items()
        ]
        lines = [f"{source.description} ({source.kind})", *parts]
        lines += [f"[dim]may be told {told}[/]"] if told else []
        table.add_row(f"[cyan]{name}[/]", "\n".join(lines))
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
    clock_timezone: Annotated[
        str | None,
        typer.Option(help="IANA time zone of the device's clock, where the file tells local time."),
    ] = None,
    sport: Annotated[
        str | None, typer.Option(help="Which sport, where the file does not say: a video.")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Send a video whole, with stretches without play.")
    ] = False,
    scale: Annotated[
        float | None,
        typer.Option(min=1e-6, max=1.0, help="Metres in one count of a coordinate; else 0.005."),
    ] = None,
    filters: Annotated[
        Path | None, typer.Option(help="The club's own settings of the noise filters.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(envvar="SPORTS_EDGE_KEY", help="This node's key: signs the drop."),
    ] = None,
) -> None:
    """Read a recording, flag its noise, and put it into the landing zone as a drop."""
    from edge_ingest.cleaning.settings import load_settings
    from edge_ingest.drops.signing import load_key
    from edge_ingest.identity import read_calendar
    from edge_ingest.intake.packing import Intake
    from edge_ingest.readers import read_source
    from edge_ingest.recording import DayRecords, Told

    with errors_in_a_line():
        if calendar is not None and not calendar.is_file():
            raise SourceError(f"there is no calendar {calendar}")
        settings = load_settings(filters)
        if whole:
            settings = with_changes(settings, footage=with_changes(settings.footage, is_on=False))
        intake = Intake(
            into,
            settings,
            read_calendar(calendar or into / "identity" / "sessions.csv"),
            timezone,
            load_key(key) if key else None,
        )
        told = Told(_instant(started_at), site, device, athlete, home_team, clock_timezone, sport)
        clock = time.perf_counter()
        with out.status(f"reading {source}"):
            found = read_source(source, _parts(source, files), told)
        if scale is not None and not isinstance(found, DayRecords):
            found = with_changes(found, metres_per_count=scale)
        read_s = time.perf_counter() - clock
        with out.status("cleaning and packing"):
            drop = intake.take(found, datetime.now(UTC))
        if isinstance(found, DayRecords):
            _print_days(drop)
        else:
            _print_drop(drop, read_s, time.perf_counter() - clock - read_s)


@app.command("verify")
def verify_command(
    folder: Annotated[Path, typer.Argument(help="A drop, a stream, or a landing zone.")],
) -> None:
    """Check drops against their manifests and contracts; exit code 1 if anything is wrong."""
    from edge_ingest.drops.arrival import verify

    with errors_in_a_line():
        folders = _drop_folders(folder)
        bad = 0
        for one in folders:
            problems = verify(one)
            bad += bool(problems)
            if problems:
                out.print(f"[bold]{one.resolve().parent.name}/{one.resolve().name}[/]")
            for problem in problems:
                say(f"  [red]{problem.rule}[/] {escape(str(problem))}")
        if bad:
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
    from edge_ingest.drops.replay import copy_identity, find_drops, replay

    with errors_in_a_line():
        drops = find_drops(folder)
        if copy_identity(folder, into):
            out.print(f"calendar and crosswalk copied to {into / 'identity'}")
        for number, drop in enumerate(replay(drops, into, speed, time.sleep), start=1):
            state = "[green]sent[/]" if drop.is_new else "[dim]there already[/]"
            say(
                f"{number:>{len(str(len(drops)))}}/{len(drops)} {state} "
                f"{drop.manifest.stream_id} r{drop.manifest.revision:04d}"
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
        say(
            f"[green]{state}[/] {drop.manifest.stream_id} r{drop.manifest.revision:04d} "
            f"({drop.bytes / 1e6:.2f} MB; {sample.licence})"
        )

    with errors_in_a_line():
        chosen = every_sample(samples) if samples else match_samples()
        pack_samples(chosen, into, datetime.now(UTC), show)


def _parts(source: str, files: list[str]) -> dict[str, Path]:
    """`part=file` arguments; a source that needs one part takes the bare file for it, too."""
    from edge_ingest.readers import READERS

    entry = READERS.get(source)
    names = list(entry.parts) if entry else []
    needed = list(entry.needed) if entry else []
    parts: dict[str, Path] = {}
    for argument in files:
        name, equals, path = argument.partition("=")
        if equals and name not in names and Path(argument).exists():
            name, equals, path = "", "", argument
        if not equals:
            if len(needed) > 1:
                raise SourceError(
                    f"which part of {source} is {argument!r}? Write "
                    + " ".join(f"{part}=FILE" for part in names)
                )
            name, path = (needed or names or ["file"])[0], argument
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
        if path.is_dir() and path.parent.name[:1] != "."
    ]
    if not found:
        raise DropError(f"{folder} holds no drop: give a drop, a stream or a landing zone")
    return found


def _print_days(drop: "PackedDrop") -> None:
    state = (
        "[green]packed[/]" if drop.is_new else "[yellow]nothing new[/], the last revision holds it"
    )
    days, (file,) = drop.manifest.days, drop.manifest.files
    found = ", ".join(
        f"{rule} {count:,}" for rule, count in drop.manifest.rows_by_rule.items() if count
    )
    say(
        f"{state}: {file.rows:,} {file.table}"
        + (f" of {days.first_day} to {days.last_day}" if days else "")
        + f" in {escape(str(drop.folder))}; found: {found or 'nothing to leave out'}"
    )


def _print_drop(drop: "PackedDrop", read_s: float, pack_s: float) -> None:
    state = (
        "[green]packed[/]" if drop.is_new else "[yellow]nothing new[/], the last revision holds it"
    )
    session = drop.manifest.session
    rows = ", ".join(
        f"{file.rows:,} {file.table}" for file in drop.manifest.files if file.table != "sessions"
    )
    found = ", ".join(
        f"{rule} {count:,}" for rule, count in drop.manifest.rows_by_rule.items() if count
    )
    uncertainty = drop.manifest.clock.uncertainty_s
    within = "of unknown accuracy" if uncertainty is None else f"± {uncertainty:g} s"
    video = f" and {size(drop.media_bytes)} of video" if drop.manifest.media else ""
    facts((
        ("drop", state),
        ("folder", escape(str(drop.folder))),
        ("session", session.session_id if session else ""),
        ("rows", rows),
        ("found", found or "nothing to flag"),
        ("clock", f"{drop.manifest.clock.source}, {within}"),
        ("size", size(drop.bytes) + video),
        ("took", f"{read_s:.1f} s to read, {pack_s:.1f} s to clean and pack"),
    ))  # fmt: skip
