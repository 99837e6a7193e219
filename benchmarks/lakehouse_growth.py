"""Does one more session cost more, the more there are? `python -m benchmarks.lakehouse_growth`

A session a day, each tenth corrected the day after, and upkeep as its schedule runs it but every
seventh night only, by a calendar that is played: snapshots are dated by it. Three tables: many rows
a session; few rows; and few rows whose every snapshot is named by a page, and so is kept for a
season. Beside them what a user would write with the library alone: `overwrite` by session, with its
own settings and no upkeep.
"""

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import BooleanExpression, EqualTo

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
UPKEEP_EVERY = 7
# The library builds it from `(column, value)`, which its type hints do not say.
equal_to: Callable[..., BooleanExpression] = EqualTo
NAMED = replace(ATHLETES, key="mart/named_by_pages")


@dataclass
class Seconds:
    """What each session took, s, in order."""

    commit: list[float] = field(default_factory=list)
    plan: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Medians, ms, of sessions 20 to 40 and of the last twenty, and their ratio."""
        told: dict[str, float] = {}
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
    worst = {
        name: max(one[name] for one in figures.values())
        for name in ("commit_ratio", "commit_late_ms", "plan_late_ms")
    }
    print_outcome(
        "lakehouse_growth",
        [
            Target("ratio", worst["commit_ratio"], "1", "<= 1.3"),
            Target("commit_ms", worst["commit_late_ms"], "ms", "<= 150"),
            Target("plan_ms", worst["plan_late_ms"], "ms", "<= 30"),
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
                rows, took = make(session, 0), seconds[contract.key]
                start = time.perf_counter()
                write(lakehouse, contract, rows, session)
                took.commit.append(time.perf_counter() - start)
                took.plan.append(planning(lakehouse, contract, session))
                if number and number % CORRECTED_EVERY == 0:
                    before = session_id(number - 1)
                    write(lakehouse, contract, make(before, 1), before)
        if (current := lakehouse.snapshot_id(NAMED.key)) is not None:
            named.add(current)
        if number % UPKEEP_EVERY == UPKEEP_EVERY - 1:
            start = time.perf_counter()
            keep(lakehouse, seconds, named, now)
            upkeep_s.append(time.perf_counter() - start)
        tell(f"ours, session {number + 1} of {sessions}", number)
    files = sum(path.is_file() for path in (home / "warehouse").rglob("*"))
    return seconds, upkeep_s, files


def planning(lakehouse: IcebergLakehouse, contract: TableContract, session: str) -> float:
    """Seconds to find the files of a session, and to make a view over them."""
    with lakehouse.connect() as connection:
        start = time.perf_counter()
        lakehouse.view(connection, contract, "session", [session])
        return time.perf_counter() - start


def write(
    lakehouse: IcebergLakehouse, contract: TableContract, rows: pa.Table, session: str
) -> None:
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
    warnings.filterwarnings("ignore", "Delete operation did not match any records")
    home.mkdir()
    places = {"uri": f"sqlite:///{home}/catalog.db", "warehouse": str(home / "warehouse")}
    catalog = SqlCatalog("plain", **places)
    catalog.create_namespace("raw")
    name, schema = ("raw", "athletes"), iceberg_schema(ATHLETES)
    catalog.create_table(name, schema, partition_spec=partition_spec(ATHLETES, schema))
    seconds = Seconds()
    for number in range(sessions):
        session = session_id(number)
        rows = athletes(session, 0)
        start = time.perf_counter()
        catalog.load_table(name).overwrite(rows, equal_to("session_id", session))
        written = time.perf_counter()
        scan = catalog.load_table(name).scan(row_filter=equal_to("session_id", session))
        list(scan.plan_files())
        seconds.plan.append(time.perf_counter() - written)
        seconds.commit.append(written - start)
        if number and number % CORRECTED_EVERY == 0:
            before = session_id(number - 1)
            catalog.load_table(name).overwrite(athletes(before, 1), equal_to("session_id", before))
        tell(f"the library alone, session {number + 1} of {sessions}", number)
    catalog.close()
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


def tell(what: str, number: int) -> None:
    """Say now and then how far it is."""
    if number % 50 == 49:  # noqa: PLR2004 - every fiftieth
        print(f"{what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
