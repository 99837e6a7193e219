"""Dagster: its storage, its daemon, what is switched off, and runs that hang."""

import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunRecord, RunsFilter

from resources.doctor.finding import Check, span
from resources.environment import Environment, Settings
from resources.run_launcher import HOST_TAG, is_alive, is_of_own_server, process_of

#: `sports_assets.keys.LANE_TAG`, which nothing of this package may import.
LANE_TAG = "touchline/lane"
#: A daemon says every 30 s that it is there.
SILENT_S = 120.0
#: A run that nothing was heard of for so long, and whose process cannot be asked, may hang, s.
LONG_S = 3600.0
_WAITING = (DagsterRunStatus.QUEUED,)
_UNDER_WAY = (
    DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING,
)  # fmt: skip
_MOST = 500
_NAMED = 3
_START = "start it: make dev, or dagster-daemon run"


def check_dagster(settings: Settings, environ: Mapping[str, str], now: datetime) -> Iterator[Check]:
    """Ask the instance that DAGSTER_HOME names."""
    home = environ.get("DAGSTER_HOME")
    if not home:
        yield Check(
            "dagster", "bad", "DAGSTER_HOME is not set: nothing is kept between runs",
            "export DAGSTER_HOME=$SPORTS_HOME/dagster (make home fills it)",
        )  # fmt: skip
        return
    if not (Path(home) / "dagster.yaml").is_file():
        yield Check(
            "dagster", "bad", f"there is no {home}/dagster.yaml: runs would not queue by lane",
            "make home, or copy deploy/local/dagster.yaml there",
        )  # fmt: skip
        return
    with DagsterInstance.get() as instance:
        yield from check_instance(instance, settings.environment, now)


def check_instance(
    instance: DagsterInstance, environment: Environment, now: datetime
) -> Iterator[Check]:
    """Storage, daemon, sensors and schedules, runs under way and waiting."""
    yield _storage(instance, environment)
    yield _daemon(instance, now)
    yield _switches(instance)
    under_way = instance.get_run_records(RunsFilter(statuses=list(_UNDER_WAY)), limit=_MOST)
    waiting = instance.get_run_records(RunsFilter(statuses=list(_WAITING)), limit=_MOST)
    yield _stuck(instance, under_way, now)
    yield _queue(under_way, waiting, now)


def _storage(instance: DagsterInstance, environment: Environment) -> Check:
    kind = type(instance.run_storage).__name__
    found = f"runs and events in {kind.removesuffix('RunStorage') or kind}"
    runs = instance.get_runs_count()
    if environment is Environment.AWS and "Sqlite" in kind:
        return Check(
            "dagster", "warn", f"{found}: one machine only, and writers wait for each other",
            "keep them in PostgreSQL: deploy/ has a dagster.yaml for aws",
        )  # fmt: skip
    return Check("dagster", "ok", f"{found}, {runs:,} runs")


def _daemon(instance: DagsterInstance, now: datetime) -> Check:
    beats = instance.get_daemon_heartbeats()
    if not beats:
        return Check("daemon", "warn", "none ever worked here: no drop is looked for", _START)
    silent = now.timestamp() - max(beat.timestamp for beat in beats.values())
    if silent > SILENT_S:
        return Check(
            "daemon", "warn", f"silent for {span(silent)}: drops wait, runs stay queued", _START,
        )  # fmt: skip
    failing = sorted(
        name.lower()
        for name, beat in beats.items()
        if beat.errors and beat.timestamp > now.timestamp() - SILENT_S
    )
    if failing:
        return Check(
            "daemon", "warn", f"{', '.join(failing)}: fails at its work",
            "read its log, or Deployment → Daemons in the UI",
        )  # fmt: skip
    return Check("daemon", "ok", f"{len(beats)} parts of it live, last heard of {span(silent)} ago")


def _switches(instance: DagsterInstance) -> Check:
    states = instance.all_instigator_state()
    off = sorted(state.instigator_name for state in states if not state.is_running)
    if off:
        return Check(
            "automation", "warn", f"switched off: {', '.join(off)}",
            "switch on what should run: Automation in the UI",
        )  # fmt: skip
    if not states:
        return Check("automation", "ok", "as the code has it: nothing was switched by hand yet")
    on = sorted(state.instigator_name for state in states)
    return Check("automation", "ok", f"on: {', '.join(on)}")


def _stuck(instance: DagsterInstance, under_way: Sequence[RunRecord], now: datetime) -> Check:
    """Runs that count as under way, and whose process is gone or has long been silent."""
    dead = [
        record.dagster_run.run_id for record in under_way if _is_dead(instance, record, now)
    ]  # fmt: skip
    if dead:
        named = ", ".join(run_id[:8] for run_id in dead[:_NAMED])
        more = f" and {len(dead) - _NAMED} more" if len(dead) > _NAMED else ""
        return Check(
            "runs", "bad", f"{len(dead)} count as under way without a process: {named}{more}",
            "let the daemon’s run monitoring fail them, or terminate them in the UI",
        )  # fmt: skip
    return Check("runs", "ok", f"{len(under_way)} under way, none without a process")


def _is_dead(instance: DagsterInstance, record: RunRecord, now: datetime) -> bool:
    run = record.dagster_run
    process = process_of(instance, run)
    if process is not None and _is_of_this_machine(run):
        return not is_alive(process)
    newest = [entry.timestamp for entry in instance.all_logs(run.run_id)]
    return now.timestamp() - max(newest, default=record.update_timestamp.timestamp()) > LONG_S


def _is_of_this_machine(run: DagsterRun) -> bool:
    """Launched runs say so by a tag; without one somebody started it by hand, and here."""
    host = run.tags.get(HOST_TAG)
    return host is None or (host == socket.gethostname() and is_of_own_server(run))


def _queue(under_way: Sequence[RunRecord], waiting: Sequence[RunRecord], now: datetime) -> Check:
    lanes = Counter(
        lane for one in (*under_way, *waiting) if (lane := one.dagster_run.tags.get(LANE_TAG))
    )
    held = sorted(lane for lane, count in lanes.items() if count > 1)
    told = f"{len(waiting)} waiting"
    if held:
        told += f"; {len(held)} lanes with others behind: {', '.join(held[:_NAMED])}"
    oldest = max((now.timestamp() - one.create_timestamp.timestamp() for one in waiting), default=0)
    if oldest > LONG_S:
        return Check(
            "queue", "warn", f"{told}; the oldest for {span(oldest)}",
            "see that the daemon runs, and what holds its lane; terminate what hangs",
        )  # fmt: skip
    return Check("queue", "ok", told)
