"""Places on the field from all cameras together: ways of one moment, and where a side was seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sports_assets.vision.page.moment import Moment
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]

#: Looks of two cameras that lie so close are one: the usual time between two looks, µs.
_LOOK_US: Final = 200_000
#: A way is broken where nobody saw it for longer, s.
_BROKEN_S: Final = 1.0
#: About the size of the cells that a side's places are counted in, m.
CELL_M: Final = 5.25
_US: Final = 1_000_000


@dataclass(frozen=True)
class Path2d:
    """The way of one person or the ball over the field.

    Attributes:
        label: shirt number; "" where nobody knows it.
        parts: stretches without a gap, each n × 2, m.
    """

    track_id: int
    object_kind: str
    team_side: str | None
    role: str | None
    label: str
    parts: tuple[Floats, ...]

    @property
    def last(self) -> Floats:
        """Where it was seen last."""
        return np.asarray(self.parts[-1][-1], np.float64)


@dataclass(frozen=True)
class SideDensity:
    """Where the players of one side were seen.

    Attributes:
        share: of all their looks that fall into each cell: along the length × across.
        looks: how many.
    """

    team_side: str
    share: Floats
    looks: int


def paths(positions: pa.Table, moment: Moment, labels: Mapping[int, str]) -> tuple[Path2d, ...]:
    """Ways of everyone on the field during a moment, whichever camera saw them.

    Args:
        positions: rows of `vision/positions`.
        labels: shirt numbers by track.
    """
    begin = moment.started_at_utc
    end = moment.recorded_at_utc + timedelta(seconds=moment.end_s)
    when = positions["captured_at_utc"]
    kind = pa.timestamp("us", "UTC")
    is_then = pc.and_(
        pc.greater_equal(when, pa.scalar(begin, kind)), pc.less_equal(when, pa.scalar(end, kind))
    )
    places = _merged(positions.filter(is_then))
    found = []
    for track in sorted(set(places["track_id"].to_pylist())):
        mine = places.filter(pc.equal(places["track_id"], track)).sort_by("look")
        points = _points(mine)
        looks = mine["look"].to_numpy()
        cuts = np.flatnonzero(np.diff(looks) * _LOOK_US > _BROKEN_S * _US) + 1
        last = mine.slice(mine.num_rows - 1).to_pylist()[0]
        found.append(Path2d(
            track, last["object_kind"], last["team_side"], last["role"], labels.get(track, ""),
            tuple(np.split(points, cuts)),
        ))  # fmt: skip
    return tuple(found)


def density(positions: pa.Table, field: FieldSize) -> tuple[SideDensity, ...]:
    """Where each side's outfield players were seen, as shares of cells of about 5 m.

    Goalkeepers are left out: they hardly move, and would outshine the rest.
    """
    is_outfield = pc.and_(
        pc.equal(positions["object_kind"], "athlete"),
        pc.fill_null(pc.not_equal(positions["role"], "goalkeeper"), True),
    )
    places = _merged(positions.filter(is_outfield))
    edges = [
        np.linspace(-size / 2, size / 2, max(1, round(size / CELL_M)) + 1)
        for size in (field.length_m, field.width_m)
    ]
    found = []
    for side in ("home", "away"):
        points = _points(places.filter(pc.fill_null(pc.equal(places["team_side"], side), False)))
        counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], edges)
        if counts.sum():
            found.append(SideDensity(side, counts / counts.sum(), int(counts.sum())))
    return tuple(found)


def simplified(points: Floats, stray_m: float) -> Floats:
    """A way with as few points as keep it within `stray_m` (Douglas & Peucker 1973)."""
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    todo = [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:  # noqa: PLR2004 - nothing between
            continue
        between = points[first + 1 : last] - points[first]
        chord = points[last] - points[first]
        along = np.clip(between @ chord / max(float(chord @ chord), 1e-12), 0, 1)
        away = np.linalg.norm(between - along[:, None] * chord, axis=1)
        furthest = first + 1 + int(away.argmax())
        if away.max() > stray_m:
            keep[furthest] = True
            todo += [(first, furthest), (furthest, last)]
    return points[keep]


def _merged(positions: pa.Table) -> pa.Table:
    """One place a track and look: the mean where two cameras saw it."""
    there = positions.filter(pc.is_valid(positions["x_m"]))
    micros = there["captured_at_utc"].cast(pa.int64())
    there = there.append_column("look", pc.divide(micros, _LOOK_US))
    keys = ["track_id", "look", "object_kind", "team_side", "role"]
    merged = there.group_by(keys, use_threads=False).aggregate([("x_m", "mean"), ("y_m", "mean")])
    return merged.sort_by([("track_id", "ascending"), ("look", "ascending")])


def _points(places: pa.Table) -> Floats:
    columns = [places[name].to_numpy() for name in ("x_m_mean", "y_m_mean")]
    return np.column_stack(columns).reshape(-1, 2)
