"""Commit, plan and read of one session on S3 with PostgreSQL, beside a folder with SQLite.

    python -m benchmarks.lakehouse_s3

The rows are made up, as many as a training of a squad: places at 10 Hz. moto's server keeps all in
memory and answers from one Python process, so its times are those of the protocol and not of a
network; SeaweedFS is a store on disk. Then several writers in processes of their own commit to one
table at once: what they committed is counted, and what is missing or there twice is lost.
"""

import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from benchmarks.outcome import Target, print_outcome
from deploy.local.postgres import cluster
from deploy.local.s3 import moto, seaweedfs
from edge_ingest.records import ATHLETES, INSTANT, POSITIONS
from resources.iceberg.filters import of_sessions
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.iceberg.reading import plan_files
from resources.lakehouse import CommitContext
from resources.object_store import s3_client

CONTEXT = CommitContext(run_id="benchmark", code_version="benchmark")
PLAYERS, RATE_HZ, MINUTES = 22, 10, 15
SESSIONS = 6
WRITERS, COMMITS = 8, 3
BUCKET = "touchline-benchmark"


@dataclass(frozen=True)
class Place:
    """Where a lakehouse is; it can be handed to another process."""

    catalog_uri: str
    warehouse_uri: str
    s3: dict[str, str]

    def open(self) -> IcebergLakehouse:
        """A lakehouse of one's own."""
        return IcebergLakehouse(self.catalog_uri, self.warehouse_uri, self.s3)


def main() -> int:
    """Run everything; the exit code is 0 when no commit was lost."""
    detail: dict[str, object] = {
        "rows_a_session": PLAYERS * RATE_HZ * 60 * MINUTES,
        "writers": WRITERS,
        "commits_a_writer": COMMITS,
    }
    lost = 0
    with _places() as places:
        for name, place in places.items():
            times = _times(place)
            missing = _lost(place)
            lost += missing
            detail[name] = times | {"commits_lost": missing}
            print(f"{name}: {detail[name]}", file=sys.stderr)
    target = Target("commits_lost", lost, "commits", "<= 0")
    print_outcome("lakehouse_s3", [target], detail)
    return 0 if target.ok else 1


@contextmanager
def _places() -> Iterator[dict[str, Place]]:
    with (
        TemporaryDirectory(prefix="touchline-lake-") as folder,
        cluster() as postgres,
        moto() as in_memory,
        seaweedfs() as on_disk,
    ):
        for options in (in_memory, on_disk.s3):
            s3_client(options).create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": options["region"]}
            )
        yield {
            "folder_sqlite": Place(
                f"sqlite:///{folder}/catalog.db?timeout=60", str(Path(folder) / "warehouse"), {}
            ),
            "moto_postgres": Place(postgres.new_database(), f"s3://{BUCKET}/warehouse", in_memory),
            "seaweedfs_postgres": Place(
                postgres.new_database(), f"s3://{BUCKET}/warehouse", on_disk.s3
            ),
        }


def _times(place: Place) -> dict[str, float]:
    """Medians over the sessions but the first, which makes catalogue and table, ms."""
    commit, plan, read = [], [], []
    with place.open() as lakehouse:
        for number in range(SESSIONS):
            session = f"2024-05-{number + 1:02d}_football_training"
            rows = _positions(session, number)
            started = time.perf_counter()
            lakehouse.replace_sessions(POSITIONS, rows, [session], CONTEXT)
            commit.append(time.perf_counter() - started)
            plan.append(_planned(lakehouse, session))
            read.append(_read(lakehouse, session, rows.num_rows))
    return {
        f"{name}_ms": round(1000 * statistics.median(seconds[1:]), 1)
        for name, seconds in (("commit", commit), ("plan", plan), ("read", read))
    }


def _planned(lakehouse: IcebergLakehouse, session: str) -> float:
    table = lakehouse._tables.find(POSITIONS.key)  # noqa: SLF001 - planning alone is timed
    assert table is not None
    started = time.perf_counter()
    assert len(plan_files(table, of_sessions([session]))) == 1
    return time.perf_counter() - started


def _read(lakehouse: IcebergLakehouse, session: str, rows: int) -> float:
    """Open an engine, plan, and read every row's place: what a reader of one session waits for."""
    started = time.perf_counter()
    with lakehouse.connect() as connection:
        lakehouse.view(connection, POSITIONS, "session", [session])
        found = connection.execute("select count(*), sum(x_m + y_m) from session").fetchone()
    assert found is not None
    assert found[0] == rows
    return time.perf_counter() - started


def _lost(place: Place) -> int:
    """Commits of several writers at once that are missing, or there twice."""
    started = [_sessions(writer) for writer in range(WRITERS)]
    context = get_context("spawn")
    with context.Pool(WRITERS) as pool:
        pool.starmap(_write, [(place, sessions) for sessions in started])
    expected = sorted(session for sessions in started for session in sessions)
    with place.open() as lakehouse, lakehouse.connect() as connection:
        lakehouse.view(connection, ATHLETES, "written")
        found = connection.execute(
            "select session_id, count(*) from written group by all order by all"
        ).fetchall()
    right = {session for session, rows in found if rows == 1}
    doubled = [session for session, rows in found if rows != 1]
    return len(set(expected) - right) + len(doubled)


def _sessions(writer: int) -> list[str]:
    return [f"2024-06-{writer + 1:02d}_football_training-{number}" for number in range(COMMITS)]


def _write(place: Place, sessions: Sequence[str]) -> None:
    with place.open() as lakehouse:
        for session in sessions:
            row = {
                "session_id": [session], "stream_id": ["made.up"], "source": ["made up"],
                "source_athlete_id": ["1"], "is_identified": [False],
            }  # fmt: skip
            lakehouse.replace_sessions(
                ATHLETES, ATHLETES.conform(pa.table(row)), [session], CONTEXT
            )


def _positions(session: str, seed: int) -> pa.Table:
    """A squad that wanders over the field."""
    frames = RATE_HZ * 60 * MINUTES
    steps = np.random.default_rng(seed).normal(0, 0.3, (2, PLAYERS, frames)).cumsum(axis=2)
    first = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)
    instants = [first + timedelta(seconds=frame / RATE_HZ) for frame in range(frames)]
    frame = np.tile(np.arange(frames, dtype=np.int32), PLAYERS)
    count = len(frame)
    table = pa.table(
        {
            "session_id": pa.array([session] * count),
            "stream_id": pa.array(["made.up"] * count),
            "frame_id": frame,
            "captured_at_utc": pa.array(instants, INSTANT).take(pa.array(frame)),
            "period_time_s": frame / RATE_HZ,
            "object_kind": pa.array(["athlete"] * count),
            "source_athlete_id": np.repeat([str(n) for n in range(PLAYERS)], frames),
            "x_m": np.clip(steps[0].ravel(), -52, 52),
            "y_m": np.clip(steps[1].ravel(), -34, 34),
            "quality": np.zeros(count, np.int32),
        }
    )
    return POSITIONS.conform(table)


if __name__ == "__main__":
    sys.exit(main())
