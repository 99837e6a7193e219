"""Does one more session cost more, the more there are? `python -m benchmarks.lakehouse_growth`

A session a day, each tenth corrected the day after, and upkeep as its schedule runs it, by a calendar
that is played: snapshots are dated by it. Three tables: many rows a session; few rows; and few rows
whose every snapshot is named by a page, and so is kept for a season. Beside them what a user would
write with the library alone: `overwrite` by session, with its own settings and no upkeep.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo
from pyiceberg.table import Table

from benchmarks.outcome import Target, print_outcome
from edge_ingest.contract import TableContract
from edge_ingest.records import ATHLETES, POSITIONS
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.iceberg.tables import iceberg_schema, partition_spec
from resources.lakehouse import CommitContext

EARLY = slice(20, 40)
ATHLETES_A_SESSION = 25
POSITIONS_A_SESSION = 15_000
CORRECTED_EVERY = 10
NAMED = replace(ATHLETES, key="mart/named_by_pages")


@dataclass
class Seconds:
    """What each session took, s, in order."""

    commit: list[float] = field(default_factory=list)
    plan: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Medians, ms, of sessions 20 to 40 and of the last twenty, and their ratio."""
        told = {}
        for name, values in (("commit", self.commit), ("plan", self.plan)):
            early = statistics.median(values[EARLY]) * 1000
            late = statistics.median(values[-20:]) * 1000
            told |= {
                f"{name}_early_ms": round(early, 1),
                f"{name}_late_ms": round(late, 1),
                f"{name}_ratio": round(late / early, 3),
            }
        return told


def main() -> None:
    """Grow both lakehouses, and print one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=500)
    sessions = parser.parse_args().sessions
    if sessions < EARLY.stop + 20:
        parser.error(f"--sessions is {sessions}: give {EARLY.stop + 20} at least")
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        ours, upkeep_s, files = grow(Path(folder) / "ours", sessions)
        plain = grow_plain(Path(folder) / "plain", sessions)
    figures = {key: seconds.figures() for key, seconds in ours.items()}
    print_outcome(
        "lakehouse_growth",
        [
            Target("ratio", max(one["commit_ratio"] for one in figures.values()), "1", "<= 1.3"),
            Target("commit_ms", max(one["commit_late_ms"] for one in figures.values()), "ms", "<= 150"),
            Target("plan_ms", max(one["plan_late_ms"] for one in figures.values()), "ms", "<= 30"),
        ],
        {
            "sessions": sessions,
            "tables": figures,
            "upkeep_a_night_ms": round(statistics.median(upkeep_s) * 1000, 1),
            "upkeep_last_night_ms": round(upkeep_s[-1] * 1000, 1),
            "files_at_the_end": files,
            "library_alone": plain.figures(),
        },
    )


def grow(home: Path, sessions: int) -> tuple[dict[str, Seconds], list[float], int]:
    """Our lakehouse: seconds by table, seconds of upkeep a night, and files at the end."""
    lakehouse = IcebergLakehouse(f"sqlite:///{home}/catalog.db?timeout=60", str(home / "warehouse"))
    makers: dict[TableContract, Callable[[str, int], pa.Table]] = {
        POSITIONS: positions, ATHLETES: athletes, NAMED: athletes,
    }  # fmt: skip
    seconds = {contract.key: Seconds() for contract in makers}
    upkeep_s: list[float] = []
    named: set[int] = set()
    began = datetime.now(UTC)
    for number in range(sessions):
        now = began + timedelta(days=number)
        with patch("time.time", now.timestamp):
            for contract, make in makers.items():
                session = session_id(number)
                took = seconds[contract.key]
                rows = make(session, 0)
                took.commit.append(timed(lambda c=contract, r=rows, s=session: write(lakehouse, c, r, s)))
                with lakehouse.connect() as connection:
                    look = lambda c=contract, s=session: lakehouse.view(connection, c, "v", [s])  # noqa: E731, B023
                    took.plan.append(timed(look))
                if number and number % CORRECTED_EVERY == 0:
                    before = session_id(number - 1)
                    write(lakehouse, contract, make(before, 1), before)
        if (current := lakehouse.snapshot_id(NAMED.key)) is not None:
            named.add(current)
        upkeep_s.append(timed(lambda at=now: keep(lakehouse, seconds, named, at)))
        tell(f"ours, session {number + 1} of {sessions}", number)
    files = sum(path.is_file() for path in (home / "warehouse").rglob("*"))
    return seconds, upkeep_s, files


def write(lakehouse: IcebergLakehouse, contract: TableContract, rows: pa.Table, session: str) -> None:
    """Put a session into a table, as an asset does."""
    context = CommitContext("a-run-of-the-benchmark", "0.1.0+benchmark", ("0123456789abcdef",))
    lakehouse.replace_sessions(contract, rows, [session], context)


def keep(
    lakehouse: IcebergLakehouse, keys: dict[str, Seconds], named: set[int], now: datetime
) -> None:
    """One night's plan, and what it says."""
    upkeep = lakehouse.upkeep()
    pages = {NAMED.key: frozenset(named)}
    for one in upkeep.apply(upkeep.plan(keys, pages, now).steps, pages, now):
        if one.outcome != "done":
            raise RuntimeError(f"{one.step}: {one.reason}")


def grow_plain(home: Path, sessions: int) -> Seconds:
    """The same small table by the library alone: overwrite by session, its own settings."""
    home.mkdir()
    catalog = SqlCatalog("plain", uri=f"sqlite:///{home}/catalog.db", warehouse=str(home / "warehouse"))
    catalog.create_namespace("raw")
    schema = iceberg_schema(ATHLETES)
    table: Table = catalog.create_table(
        ("raw", "athletes"), schema, partition_spec=partition_spec(ATHLETES, schema)
    )
    seconds = Seconds()

    def overwrite(session: str, revision: int) -> None:
        found = catalog.load_table(("raw", "athletes"))
        found.overwrite(athletes(session, revision), EqualTo("session_id", session))

    def plan(session: str) -> None:
        found = catalog.load_table(("raw", "athletes"))
        list(found.scan(row_filter=EqualTo("session_id", session)).plan_files())

    for number in range(sessions):
        session = session_id(number)
        seconds.commit.append(timed(lambda s=session: overwrite(s, 0)))
        seconds.plan.append(timed(lambda s=session: plan(s)))
        if number and number % CORRECTED_EVERY == 0:
            overwrite(session_id(number - 1), 1)
        tell(f"the library alone, session {number + 1} of {sessions}", number)
    catalog.close()
    assert table is not None
    return seconds


def athletes(session: str, revision: int) -> pa.Table:
    """Who took part."""
    names = [f"{session[-4:]}-{revision}-{n}" for n in range(ATHLETES_A_SESSION)]
    count = len(names)
    return ATHLETES.conform(
        pa.table(
            {
                "session_id": pa.array([session] * count),
                "stream_id": pa.array(["a.b.tracking"] * count),
                "source": pa.array(["vendor"] * count),
                "source_athlete_id": pa.array(names),
                "is_identified": pa.array([True] * count),
            }
        )
    )


def positions(session: str, revision: int) -> pa.Table:
    """A minute of two teams at 10 Hz, about."""
    rng = np.random.default_rng(abs(hash((session, revision))) % 2**32)
    count = POSITIONS_A_SESSION
    began = np.datetime64("2024-05-01T18:00:00", "us")
    columns: dict[str, pa.Array] = {
        "session_id": pa.array([session] * count),
        "stream_id": pa.array(["a.b.tracking"] * count),
        "source_athlete_id": pa.array([str(n % ATHLETES_A_SESSION) for n in range(count)]),
        "captured_at_utc": pa.array(
            began + (np.arange(count) // ATHLETES_A_SESSION) * np.timedelta64(100, "ms"),
            pa.timestamp("us", tz="UTC"),
        ),
        "x_m": pa.array(rng.normal(0, 20, count)),
        "y_m": pa.array(rng.normal(0, 15, count)),
    }
    for column in POSITIONS.columns:
        if column.null_means is None and column.name not in columns:
            value = column.allowed[0] if column.allowed else 0
            columns[column.name] = pa.array([value] * count, column.type)
    return POSITIONS.conform(pa.table(columns))


def session_id(number: int) -> str:
    """A session a day."""
    day = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=number)
    return f"{day:%Y-%m-%d}_football_training"


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def tell(what: str, number: int) -> None:
    """Say now and then how far it is."""
    if number % 50 == 49:  # noqa: PLR2004 - every fiftieth
        print(f"{what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
