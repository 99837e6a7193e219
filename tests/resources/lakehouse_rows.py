"""Small real tables for the lakehouse tests: athletes of a session, wellness of a day."""

from datetime import date, timedelta

import pyarrow as pa

from edge_ingest.records import ATHLETES, WELLNESS
from resources.lakehouse import CommitContext, Slice

CONTEXT = CommitContext(run_id="run-1", code_version="0.1.0+abc", drop_ids=("d1", "d2"))
MATCH = "2019-11-09_football_bayern-dortmund"
NEXT_MATCH = "2019-11-23_football_away-game"
SAME_DAY = "2019-11-09_football_bayern-reserves"


def athletes(session_id: str, *names: str, stream: str = "a.b.tracking") -> pa.Table:
    return ATHLETES.conform(
        pa.table(
            {
                "session_id": pa.array([session_id] * len(names), pa.string()),
                "stream_id": pa.array([stream] * len(names), pa.string()),
                "source": pa.array(["vendor"] * len(names), pa.string()),
                "source_athlete_id": pa.array(names, pa.string()),
                "is_identified": pa.array([True] * len(names), pa.bool_()),
                "max_heart_rate_bpm": pa.array([190.5] * len(names), pa.float64()),
            }
        )
    )


def wellness(source: str, first: date, days: int, readiness: float) -> pa.Table:
    return WELLNESS.conform(
        pa.table(
            {
                "source": pa.array([source] * days, pa.string()),
                "source_athlete_id": pa.array(["7"] * days, pa.string()),
                "day": pa.array([first + timedelta(days=n) for n in range(days)], pa.date32()),
                "readiness": pa.array([readiness] * days, pa.float64()),
            }
        )
    )


def week(source: str, first: date, days: int = 7) -> Slice:
    return Slice("day", first, first + timedelta(days=days - 1), {"source": source})
