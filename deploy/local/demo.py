"""Real recordings, a drawn match and a simulated club to finished pages: what `make demo` runs.

Packs the samples, the drawn video and the club's diary into drops, starts the Dagster daemon if
none is live, and watches the sensors, the queue and the runs do the rest. Everything stays in
SPORTS_HOME; running it again does nothing new.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.local import demo_club, demo_match
from deploy.local.services import daemon, make_home
from edge_ingest.samples import every_sample, pack_samples
from resources.environment import Settings, load_settings
from sports_assets.keys import REPORT_FOOTAGE_KEY, REPORT_SESSION_KEY

#: The first start of a daemon on a slow machine compiles every module; a run then takes seconds.
PATIENCE_S = 600
#: How often a daemon says that it is there, by Dagster's default.
HEARTBEAT_S = 30

console = Console()


@dataclass(frozen=True)
class Awaited:
    """The page that a session is to get, and since when: what is older is of the drop before."""

    page: dg.AssetKey
    packed_at_utc: datetime


def main() -> int:
    """Run the demo; the exit code is 0 when every session has its page."""
    settings = load_settings()
    console.rule("[bold]Touchline: real, drawn and simulated recordings to finished pages")
    sessions = _pack(settings)
    with dg.DagsterInstance.get() as instance:
        is_known = demo_club.are_models_trained(instance)
        if is_known and all(_state(instance, *one)[1] for one in sessions.items()):
            console.print("\n[bold]2  At the club:[/] nothing is new, and every page is there")
            pages, failed = _watch(instance, sessions)
        else:
            with _daemon(settings, instance):
                pages, failed = _watch(instance, sessions)
                untrained = demo_club.watch(instance, console)
                failed |= untrained
        _tell(pages, failed)
        demo_club.tell(settings, instance, console)
    return 1 if failed or len(pages) < len(sessions) else 0


def _pack(settings: Settings) -> dict[str, Awaited]:
    """Pack everything: what is awaited by session, oldest session first."""
    console.print("\n[bold]1  At the edge:[/] packing real recordings into drops")
    packed = pack_samples(
        every_sample(settings.home / "samples"), Path(settings.landing_uri), datetime.now(UTC)
    )
    table = Table(box=None, padding=(0, 2))
    table.add_column("session", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    for name in ("rows", "kB"):
        table.add_column(name, justify="right", no_wrap=True)
    for drop in packed:
        rows = sum(file.rows for file in drop.manifest.files)
        table.add_row(
            drop.session_id, drop.manifest.kind,
            f"{rows:,}", f"{drop.bytes / 1000:,.0f}",
        )  # fmt: skip
    console.print(table)
    drawn = demo_match.pack(settings, console)
    demo_club.pack(settings, console)
    return {
        drop.session_id: Awaited(page, drop.manifest.packed_at_utc)
        for page, drops in ((REPORT_SESSION_KEY, packed), (REPORT_FOOTAGE_KEY, [drawn]))
        for drop in drops
    }


def _is_live(instance: dg.DagsterInstance) -> bool:
    """Whether a daemon works on this instance. One that has just stopped looks alive for minutes,
    so a recent heartbeat is believed only when the next one comes."""

    def newest() -> float:
        beats = instance.get_daemon_heartbeats().values()
        return max((beat.timestamp for beat in beats), default=0.0)

    known = newest()
    if time.time() - known > 2 * HEARTBEAT_S:
        return False
    with console.status("   a daemon was live a moment ago: listening for it"):
        deadline = time.monotonic() + 1.5 * HEARTBEAT_S
        while time.monotonic() < deadline:
            if newest() > known:
                return True
            time.sleep(1)
    return False


@contextmanager
def _daemon(settings: Settings, instance: dg.DagsterInstance) -> Iterator[None]:
    """The daemon that runs sensor and queue: the one that is live, or one of our own."""
    console.print("\n[bold]2  At the club:[/] sensor, queue and lakehouse")
    if _is_live(instance):
        console.print("   a daemon is live already (make dev?): using that one")
        yield
        return
    log = settings.home / "daemon.log"
    with daemon(make_home(settings.home), log):
        console.print(f"   daemon started, its log is {_short(log)}")
        yield


def _watch(
    instance: dg.DagsterInstance, sessions: dict[str, Awaited]
) -> tuple[dict[str, str], dict[str, str]]:
    """Wait for each session's page: pages by session, and failed runs by session."""
    pages: dict[str, str] = {}
    failed: dict[str, str] = {}
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    deadline = time.monotonic() + PATIENCE_S
    with Progress(*columns, console=console) as progress:
        tasks = {
            session: progress.add_task(session, total=1, state="waiting for the sensor")
            for session in sessions
        }
        while len(pages) + len(failed) < len(sessions) and time.monotonic() < deadline:
            for session, awaited in sessions.items():
                if session in pages or session in failed:
                    continue
                state, page = _state(instance, session, awaited)
                if page:
                    pages[session] = page
                elif state == "failed":
                    failed[session] = "its run failed: open it with `make dev`"
                progress.update(tasks[session], state=state, completed=1 if page else 0)
                if page or state == "failed":
                    progress.stop_task(tasks[session])
            time.sleep(0.5)
    for session in sessions:
        if session not in pages and session not in failed:
            failed[session] = f"no page after {PATIENCE_S} s: see the daemon's log"
    return pages, failed


def _state(instance: dg.DagsterInstance, session: str, awaited: Awaited) -> tuple[str, str | None]:
    """Where a session is on its way, in a few words, and its page once it is there."""
    since = awaited.packed_at_utc
    events = instance.fetch_materializations(
        dg.AssetRecordsFilter(awaited.page, asset_partitions=[session]), limit=1
    ).records
    made_at = events[0].timestamp if events else 0.0
    if events and events[0].asset_materialization and made_at >= since.timestamp():
        return "page written", str(events[0].asset_materialization.metadata["page"].value)
    runs = instance.get_runs(
        dg.RunsFilter(tags={"dagster/partition": session}, created_after=since), limit=1
    )
    if not runs:
        return "waiting for the sensor", None
    status = runs[0].status
    if status in {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}:
        return "failed", None
    if status != dg.DagsterRunStatus.STARTED:
        return "in the queue", None
    made = [
        event.dagster_event.asset_key.to_user_string()
        for event in instance.all_logs(
            runs[0].run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        if event.dagster_event and event.dagster_event.asset_key
    ]
    return f"{len(made)} assets made, last {made[-1]}" if made else "run started", None


def _tell(pages: dict[str, str], failed: dict[str, str]) -> None:
    console.print("\n[bold]3  For the coach:[/] one page a session")
    for session, page in sorted(pages.items()):
        console.print(f"   {session}\n      [green]{_short(Path(page))}[/]", highlight=False)
    for session, reason in sorted(failed.items()):
        console.print(f"   [red]{session}: {reason}[/]")
    console.print(
        "\nOpen a page in a browser. [bold]make dev[/] opens the Dagster UI on the same data:\n"
        "   http://127.0.0.1:3000  (Assets → lineage; report/session shows each page)\n"
    )


def _short(path: Path) -> str:
    """A path as one would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
