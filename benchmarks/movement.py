"""Distance and high-speed running of each athlete, as the lakehouse reckons them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.drops.encoding import add_constants, complete
from edge_ingest.records import POSITIONS
from sports_assets.tracking.kinematics import KinematicsSettings, kinematics

#: Of football, as `dbt_project/models/staging/sport_threshold.sql` has them.
HIGH_SPEED_MPS = 5.5
EFFORT_DWELL_S = 1.0
#: `dwell_slack_s` of the dbt project.
_SLACK_S = 0.01


@dataclass(frozen=True)
class Movement:
    """One athlete's way.

    Attributes:
        distance_m: Σ smoothed speed × time.
        high_speed_m: the same from `HIGH_SPEED_MPS` on, whatever the dwell.
        effort_m: the part of it in unbroken runs of at least `EFFORT_DWELL_S`.
        samples: seen; `smoothed`: those of them that have a speed.
    """

    distance_m: float
    high_speed_m: float
    effort_m: float
    samples: int
    smoothed: int


def movements(positions: pa.Table, sport: str) -> dict[str, Movement]:
    """By the source's athlete id, from rows of a reader or of a drop."""
    names = {"session_id": "s", "stream_id": "s"}
    rows = add_constants(POSITIONS, complete(POSITIONS, positions), names)
    moved = kinematics(rows, KinematicsSettings.for_sport(sport))
    moved = moved.filter(
        pc.and_(pc.equal(moved["object_kind"], "athlete"), pc.is_valid(moved["segment_id"]))
    )
    return {
        athlete: _movement(moved.filter(pc.equal(moved["source_athlete_id"], athlete)))
        for athlete in sorted(moved["source_athlete_id"].unique().to_pylist())
    }


def _movement(rows: pa.Table) -> Movement:
    """One athlete's rows, in order."""
    dt_s = rows["dt_s"].to_numpy()
    speed = rows["speed_mps"].fill_null(0.0).to_numpy()
    way = speed * dt_s
    fast = speed >= HIGH_SPEED_MPS
    same = np.diff(rows["segment_id"].to_numpy(), prepend=-1) == 0
    same &= np.diff(rows["period_id"].fill_null(0).to_numpy(), prepend=-1) == 0
    # A run begins where speed passes the threshold, or the segment does.
    run = np.cumsum(fast & ~(same & np.concatenate([[False], fast[:-1]])))[fast]
    lasting = np.bincount(run, dt_s[fast]) >= EFFORT_DWELL_S - _SLACK_S
    return Movement(
        distance_m=float(way.sum()),
        high_speed_m=float(way[fast].sum()),
        effort_m=float(way[fast][lasting[run]].sum()),
        samples=rows.num_rows,
        smoothed=rows.num_rows - rows["speed_mps"].null_count,
    )
