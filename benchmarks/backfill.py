"""What does a session cost in a backfill, beside one by itself? `python -m benchmarks.backfill`

200 sessions (`benchmarks.season`: rides, training games, whole matches) are imported by one run
over their partition keys: the run that Dagster launches for a backfill that names them, of the job
`session_facts` with the in-process executor, on a real instance; here it is executed in a process
of its own, without queue and daemon.

Beside it, in the same process, warm: sessions of each kind, each by a run of its own, before the
backfill (nothing is there yet) and after it (all of it is history). What the 200 would cost so is
their means by kind, weighted by how many of each there are. Compared is *compute*: CPU seconds of
the process, user and system, from the run's creation to its last event. Seconds on the clock, which
hang on what else the machine does, are told in the detail.

Memory is that of the process and all below it, looked at 20 times a second during the backfill; the
detail tells the highest in each quarter of each step.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.memory import Memory
from benchmarks.outcome import Target, print_outcome
from benchmarks.season import Season, read_season
from deploy.local.services import REPOSITORY, make_home

if TYPE_CHECKING:
    import dagster as dg

SESSIONS = 200
QUARTERS = 4
SAMPLES = REPOSITORY / ".sports" / "samples"


def main() -> None:
    """Measure in a process of its own, and print one JSON object last."""
    parser = argparse.ArgumentParser(description="A session's cost in a backfill.")
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.home is not None:
        print(json.dumps(measure(told.home, told.sessions)))
        return
    with tempfile.TemporaryDirectory(prefix="backfill-") as home:
        command = [sys.executable, "-m", "benchmarks.backfill"]
        command += ["--home", home, "--sessions", str(told.sessions)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, cwd=REPOSITORY, check=True, text=True
        )
    found = json.loads(done.stdout.splitlines()[-1])
    print_outcome(
        "backfill",
        [
            Target("cost_ratio", found["cost_ratio"], "1", "<= 1.2"),
            Target("peak_rss_mb", found["peak_rss_mb"], "MB", "<= 2000"),
        ],
        found,
    )


def measure(home: Path, sessions: int) -> dict[str, Any]:
    """Single sessions, the backfill, single sessions again; everything by kind and by step."""
    os.environ |= make_home(home)
    import dagster as dg

    season, landing = read_season(SAMPLES), home / "landing"
    kinds = Counter(season.kind(number) for number in range(sessions))
    cpu_s: dict[str, list[float]] = defaultdict(list)
    with dg.DagsterInstance.get() as instance:
        # Imports, dbt's manifest, Dagster's tables: what the first run of a process pays is left
        # out, for both.
        _run_one(instance, season, landing, -len(kinds) - 1, "ride-1")
        for place, kind in enumerate(sorted(kinds)):
            cpu_s[kind].append(_run_one(instance, season, landing, place - len(kinds), kind))
        _say(f"packing {sessions} sessions")
        names = [season.pack(landing, number).session_id for number in range(sessions)]
        _say("the backfill")
        with Memory() as memory:
            begun = time.perf_counter()
            spent, run_id = _run(instance, names)
            wall_s = time.perf_counter() - begun
        for place, kind in enumerate(sorted(kinds)):
            cpu_s[kind].append(_run_one(instance, season, landing, sessions + place, kind))
        steps = instance.get_run_step_stats(run_id)
    means = {kind: statistics.mean(seconds) for kind, seconds in cpu_s.items()}
    one_by_one = sum(means[kind] * count for kind, count in kinds.items())
    return {
        "cost_ratio": spent / one_by_one,
        "peak_rss_mb": memory.peak_mb(),
        "sessions": dict(kinds),
        "backfill_cpu_s_a_session": round(spent / sessions, 3),
        "single_cpu_s_a_session": round(one_by_one / sessions, 3),
        "single_cpu_s_before_and_after": {
            kind: [round(one, 2) for one in seconds] for kind, seconds in cpu_s.items()
        },
        "backfill_wall_s": round(wall_s, 1),
        "steps": {
            step.step_key: _step(memory, step.start_time, step.end_time)
            for step in steps
            if step.start_time is not None and step.end_time is not None
        },
    }


def _step(memory: Memory, start: float, end: float) -> dict[str, Any]:
    quarter = (end - start) / QUARTERS
    peaks = [
        round(memory.peak_mb(start + number * quarter, start + (number + 1) * quarter))
        for number in range(QUARTERS)
    ]
    return {"wall_s": round(end - start, 1), "peak_rss_mb_by_quarter": peaks}


def _run_one(
    instance: "dg.DagsterInstance", season: Season, landing: Path, number: int, kind: str
) -> float:
    """Pack a session and run it alone; the CPU seconds of its run."""
    _say(f"{kind} by itself")
    spent, _ = _run(instance, [season.pack(landing, number, kind).session_id])
    return spent


def _run(instance: "dg.DagsterInstance", names: Sequence[str]) -> tuple[float, str]:
    """One run of the whole way over these sessions: its CPU seconds, and its id."""
    from sports_assets.definitions import defs
    from sports_assets.partitions import SESSIONS_NAME

    instance.add_dynamic_partitions(SESSIONS_NAME, list(names))
    job = defs.resolve_job_def("session_facts")
    chosen: dict[str, Any] = {"partition_key": names[0]}
    if len(names) > 1:
        chosen = {
            "tags": {
                "dagster/asset_partition_range_start": names[0],
                "dagster/asset_partition_range_end": names[-1],
            }
        }
    begun = time.process_time()
    result = job.execute_in_process(instance=instance, raise_on_error=False, **chosen)
    spent = time.process_time() - begun
    if not result.success:
        raise RuntimeError(f"run {result.run_id} over {len(names)} sessions failed: see its log")
    return spent, result.run_id


def _say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
