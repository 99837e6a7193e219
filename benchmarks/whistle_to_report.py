"""How long from the final whistle to the coach's page? `python -m benchmarks.whistle_to_report`

One real match (SkillCorner, 10 Hz, whole match). Beside our reader runs what a user would pick
instead: kloppy's loader, on the same files in the same process. Then the way from recording to page
in one process, and once more through a real daemon, timed from the moment the manifest lands.
"""

import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.outcome import Target, print_outcome
from deploy.local.services import REPOSITORY, daemon, make_home

if TYPE_CHECKING:
    import dagster as dg
    import psutil

REPEATS = 3
PATIENCE_S = 300
SAMPLE_EVERY_S = 0.05

Figures = dict[str, float]


def main() -> None:
    """Measure everything, each part in a process of its own, and print one JSON object last."""
    with tempfile.TemporaryDirectory(prefix="whistle-") as folder:
        parts = {
            name: _in_own_process(name, Path(folder) / name)
            for name in ("reader", "one_process", "through_daemon")
        }
    reader, one, drop = parts["reader"], parts["one_process"], parts["through_daemon"]
    ratio = reader["kloppy_load_s"] / reader["reader_s"]
    print_outcome(
        "whistle_to_report",
        [
            Target("kloppy_load_s/reader_s", ratio, "1", ">= 8"),
            Target("reader_s", reader["reader_s"], "s", "<= 2.5"),
            Target("pack_and_materialize_s", one["pack_and_materialize_s"], "s", "<= 30"),
            Target("drop_to_page_s", drop["drop_to_page_s"], "s", "<= 60"),
            Target("peak_rss_mb", drop["peak_rss_mb"], "MB", "<= 1500"),
        ],
        parts,
    )


def measure_reader(_home: Path) -> Figures:
    """Our reader and kloppy's loader, on the same files, one after the other.

    Ours is the median of three, its first call (which pays for imports) told beside it. kloppy's
    is its plain call; beside it stand its loading without a change of coordinates, and all it takes
    to the frame that ours gives: metres from the centre, the home side's direction, columns.
    """
    from kloppy import skillcorner

    from edge_ingest.readers import read_recording
    from edge_ingest.samples import broadcast_match

    match = broadcast_match()
    # All frames that carry data, as our reader gives them.
    load = functools.partial(
        skillcorner.load,
        meta_data=str(match.parts["match"]),
        raw_data=str(match.parts["tracking"]),
        only_alive=False,
    )
    ours = [_timed(lambda: read_recording(match.source, match.parts)) for _ in range(REPEATS)]
    native = _timed(lambda: load(coordinates="skillcorner"))
    same = _timed(
        lambda: load(coordinates="skillcorner").transform(to_orientation="HOME_AWAY").to_df()
    )
    return {
        "reader_s": statistics.median(ours),
        "reader_first_s": ours[0],
        "reader_slowest_s": max(ours),
        "kloppy_load_s": _timed(load),
        "kloppy_load_native_s": native,
        "kloppy_load_native_oriented_to_frame_s": same,
    }


def measure_one_process(home: Path) -> Figures:
    """Read, pack, and materialise raw to page in this process, its imports told beside it."""
    os.environ |= make_home(home)
    start = time.perf_counter()
    import dagster as dg

    from edge_ingest.samples import broadcast_match, pack_samples
    from sports_assets.definitions import defs

    loaded = time.perf_counter()
    with dg.DagsterInstance.get() as instance:
        begun = time.perf_counter()
        (drop,) = pack_samples([broadcast_match()], home / "landing", datetime.now(UTC))
        packed = time.perf_counter()
        session = drop.session_id
        instance.add_dynamic_partitions("session", [session])
        job = defs.resolve_job_def("session_facts")
        result = job.execute_in_process(instance=instance, partition_key=session)
        done = time.perf_counter()
        if not result.success or _page(instance, session) is None:
            raise RuntimeError(f"{session} has no page: {result.run_id} says why")
        steps = _step_seconds(instance, result.run_id)
    return {
        "pack_and_materialize_s": done - begun,
        "read_and_pack_s": packed - begun,
        "materialize_s": done - packed,
        "imports_and_definitions_s": loaded - start,
        "drop_mb": drop.bytes / 1e6,
        **steps,
    }


def measure_through_daemon(home: Path) -> Figures:
    """A manifest lands; a real daemon's sensor, queue and run process make the page."""
    environment = make_home(home)
    os.environ |= environment
    import dagster as dg
    import psutil

    from edge_ingest.samples import broadcast_match, pack_samples

    (staged,) = pack_samples([broadcast_match()], home / "edge", datetime.now(UTC))
    landing = home / "landing"
    landing.mkdir()
    (home / "edge" / "identity").rename(landing / "identity")
    log = home / "daemon.log"
    with dg.DagsterInstance.get() as instance, daemon(environment, log) as process:
        _wait(lambda: _has_ticked(instance), "the sensor's first tick", log)
        # The rename makes the manifest visible: this is the moment it lands.
        staged.folder.parent.rename(landing / staged.manifest.stream_id)
        landed, landed_at = time.perf_counter(), time.time()
        tree, peak = psutil.Process(process.pid), 0

        def has_page() -> bool:
            nonlocal peak
            peak = max(peak, _run_memory(tree))
            return _page(instance, staged.session_id) is not None

        _wait(has_page, "the page", log)
        seconds = time.perf_counter() - landed
        return {
            "drop_to_page_s": seconds,
            "peak_rss_mb": peak / 1e6,
            **_stages(instance, staged.session_id, landed_at),
        }


def _in_own_process(name: str, home: Path) -> Figures:
    """Run one measurement in a fresh interpreter: no import of another part helps or hurts it."""
    command = [sys.executable, "-m", "benchmarks.whistle_to_report", name, str(home)]
    print(f"measuring {name} …", file=sys.stderr, flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=REPOSITORY, check=True, text=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return {key: round(value, 3) for key, value in figures.items()}


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _wait(is_there: Callable[[], bool], what: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_there():
        if time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
            raise TimeoutError(f"waited {PATIENCE_S} s for {what}; the daemon said:\n{tail}")
        time.sleep(SAMPLE_EVERY_S)


def _has_ticked(instance: "dg.DagsterInstance") -> bool:
    """Whether edge_drops has looked at least once: the daemon is ready."""
    return any(
        state.instigator_name == "edge_drops"
        and getattr(state.instigator_data, "last_tick_timestamp", None)
        for state in instance.all_instigator_state()
    )


def _page(instance: "dg.DagsterInstance", session: str) -> str | None:
    from dagster import AssetRecordsFilter

    from sports_assets.keys import REPORT_SESSION_KEY

    records = instance.fetch_materializations(
        AssetRecordsFilter(REPORT_SESSION_KEY, asset_partitions=[session]), limit=1
    ).records
    made = records[0].asset_materialization if records else None
    return str(made.metadata["page"].value) if made else None


def _run_memory(tree: "psutil.Process") -> int:
    """Resident memory of the run's process and all below it, B.

    The code server starts each run as a child of its own; it has no other children.
    """
    import psutil

    total = 0
    for process in tree.children(recursive=True):
        try:
            if "grpc" in process.cmdline():
                total += sum(one.memory_info().rss for one in process.children(recursive=True))
        except psutil.Error:
            continue  # it ended while we looked
    return total


def _stages(instance: "dg.DagsterInstance", session: str, landed_at: float) -> Figures:
    from dagster import RunsFilter

    (run,) = instance.get_runs(RunsFilter(tags={"dagster/partition": session}))
    stats = instance.get_run_stats(run.run_id)
    queued, launched, started = stats.enqueued_time, stats.launch_time, stats.start_time
    if queued is None or launched is None or started is None:
        raise RuntimeError(f"run {run.run_id} was not queued, launched and started: {stats}")
    steps = _step_seconds(instance, run.run_id)
    return {
        "sensor_s": queued - landed_at,
        "queue_s": launched - queued,
        "process_start_s": started - launched,
        "dbt_s": steps["dbt_facts_s"] + steps["dbt_athlete_days_s"],
        **steps,
    }


def _step_seconds(instance: "dg.DagsterInstance", run_id: str) -> Figures:
    return {
        f"{step.step_key}_s": step.end_time - step.start_time
        for step in instance.get_run_step_stats(run_id)
        if step.start_time is not None and step.end_time is not None
    }


_MEASURES: dict[str, Callable[[Path], Figures]] = {
    "reader": measure_reader,
    "one_process": measure_one_process,
    "through_daemon": measure_through_daemon,
}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_MEASURES[sys.argv[1]](Path(sys.argv[2]))))
    else:
        main()
