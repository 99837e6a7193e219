"""What is usual for an athlete: the one definition of the personal norm.

Belongs here: the definition, from session loads to intervals. Does not belong here: where loads
come from (`history`), and the file that live node and Lambda read (`export`). It imports nothing of
ours but the edge's contracts, so that a Lambda can.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.norms import METRICS

#: Columns of the loads that norms are made of, one row an athlete, session and metric.
LOADS: Final = pa.schema(
    [
        ("athlete_id", pa.string()),
        ("sport", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("local_day", pa.date32()),
        ("started_at_utc", pa.timestamp("us", tz="UTC")),
        ("measured_s", pa.float64()),
    ]
)
NORMS: Final = pa.schema(
    [
        ("athlete_id", pa.string()),
        ("sport", pa.string()),
        ("metric", pa.string()),
        ("unit", pa.string()),
        ("session_count", pa.int32()),
        ("first_day", pa.date32()),
        ("day", pa.date32()),
        ("mean", pa.float64()),
        ("sd", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("act_above", pa.float64()),
    ]
)


@dataclass(frozen=True)
class NormSettings:
    """Everything that changes a norm; goes into provenance.

    Attributes:
        least_sessions: an athlete with fewer has no norm: better none than one of chance.
        most_sessions: the newest count; what was usual last season need not be now.
        window_d: sessions longer ago than this before the newest of all do not count, days.
        least_measured_s: a shorter appearance says nothing of a session, s.
        watch_coverage, act_coverage: share of further sessions expected within the interval.
    """

    least_sessions: int = 6
    most_sessions: int = 20
    window_d: int = 365
    least_measured_s: float = 1200.0
    watch_coverage: float = 0.95
    act_coverage: float = 0.99

    def to_dict(self) -> dict[str, str]:
        """Every setting by name, as text, for a ProvenanceRef."""
        return {f"norm.{key}": f"{value:g}" for key, value in dataclasses.asdict(self).items()}


def personal_norms(loads: pa.Table, settings: NormSettings) -> pa.Table:
    """Norms from the loads of past sessions, by athlete, sport and metric.

    A norm is the interval in which a further session of the same athlete and sport is expected,
    from the mean and spread of the newest ones: mean ± t · sd · √(1 + 1/n), with Student's t for
    n − 1 degrees of freedom (prediction interval of a normal variable, e.g. Hahn and Meeker,
    Statistical Intervals, section 4.4). It is wider than mean ± 2 sd where sessions are few, and so
    tells no more false alarms of those who have just come. No load is below zero, so neither is the
    lower end.

    Args:
        loads: table of `LOADS`, in any order; null values do not count.

    Returns:
        Table of `NORMS`, by athlete, sport and metric; none for who has too few sessions, nor where
        all of them are the same: whoever never sprinted would alert with the first metre.
    """
    long_enough = pc.greater_equal(loads["measured_s"], settings.least_measured_s)
    known = pc.is_in(loads["metric"], pa.array(list(METRICS)))
    counted = loads.filter(pc.and_(pc.and_(long_enough, known), pc.is_valid(loads["value"])))
    counted = counted.sort_by(
        [(name, "ascending") for name in ("athlete_id", "sport", "metric", "started_at_utc")]
    )
    by_norm: dict[tuple[str, str, str], list[dict[str, object]]] = {}
    for row in counted.to_pylist():
        key = (row["athlete_id"], row["sport"], row["metric"])
        by_norm.setdefault(key, []).append(row)
    rows = []
    for (athlete_id, sport, metric), sessions in by_norm.items():
        newest = sessions[-settings.most_sessions :]
        if len(newest) < settings.least_sessions:
            continue
        values = np.array([row["value"] for row in newest], np.float64)
        mean, sd = float(values.mean()), float(values.std(ddof=1))
        if sd == 0:
            continue
        reach = _reach(sd, len(newest), settings.watch_coverage)
        rows.append(
            {
                "athlete_id": athlete_id,
                "sport": sport,
                "metric": metric,
                "unit": METRICS[metric][0],
                "session_count": len(newest),
                "first_day": newest[0]["local_day"],
                "day": newest[-1]["local_day"],
                "mean": mean,
                "sd": sd,
                "low": max(0.0, mean - reach),
                "high": mean + reach,
                "act_above": mean + _reach(sd, len(newest), settings.act_coverage),
            }
        )
    return pa.Table.from_pylist(rows, schema=NORMS)


def _reach(sd: float, sessions: int, coverage: float) -> float:
    """Half the width of the interval for one further session."""
    from scipy.special import stdtrit

    quantile = float(stdtrit(sessions - 1, 0.5 + coverage / 2))
    return quantile * sd * math.sqrt(1 + 1 / sessions)
