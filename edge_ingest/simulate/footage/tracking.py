"""Who was where when, at the frame rate of the video that is to be drawn of it."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edge_ingest.errors import SourceError

Floats = NDArray[np.float64]

Kind = Literal["athlete", "official", "ball", "other"]
Shape = Literal["person", "ball"]
Role = Literal["outfield", "goalkeeper", "referee", "assistant"]

#: Gaps up to this are bridged: nobody leaves and comes back in a second, s.
_GAP_S = 1.0
#: Someone who is seen for less is a flicker of the tracker, s.
_SHORTEST_S = 0.6
#: Trackers tremble by some centimetres from sample to sample; a body does not. Widths of a
#: Gaussian, s: the ball's is short, since a kick turns it within a sample.
_SMOOTH_S = {"person": 0.16, "ball": 0.03}
#: Whoever the source loses fades, and does not vanish with a flash, s.
_FADE_S = 0.4


@dataclass(frozen=True)
class Thing:
    """Someone or something that is drawn.

    Attributes:
        object_id: the source's id, or our name for one that we added.
        kind: as in the truth; `other` is whoever and whatever takes no part.
        side: home or away, None for whoever has none.
        role: None for a ball and for bystanders.
        shape: how it looks.
    """

    object_id: str
    kind: Kind
    side: Literal["home", "away"] | None = None
    role: Role | None = None
    shape: Shape = "person"


@dataclass(frozen=True)
class Tracking:
    """Places over time.

    Attributes:
        things: n.
        t_s: ascending: m.
        places_m: x, y, z from the field's centre, NaN while unknown: n × m × 3.
        presence: 0 to 1, how far each is faded in: n × m.
        field_m: length and width.
    """

    things: tuple[Thing, ...]
    t_s: Floats
    places_m: Floats
    presence: Floats
    field_m: tuple[float, float]

    def with_more(self, things: tuple[Thing, ...], places_m: Floats) -> "Tracking":
        """The same, and others who are there all the time (k × m × 3)."""
        presence = np.ones(places_m.shape[:2])
        return replace(
            self, things=self.things + things,
            places_m=np.concatenate([self.places_m, places_m]),
            presence=np.concatenate([self.presence, presence]),
        )  # fmt: skip

    def rows(self, kind: Kind) -> list[int]:
        """Which of `things` are of a kind."""
        return [row for row, thing in enumerate(self.things) if thing.kind == kind]


def from_positions(
    positions: pa.Table,
    roles: dict[str, Role],
    begin_s: float,
    seconds: float,
    *,
    field_m: tuple[float, float] = (105.0, 68.0),
    period_id: int = 1,
) -> Tracking:
    """A stretch of rows as `raw/positions` has them.

    Args:
        positions: with `period_id`, `period_time_s`, `object_kind`, `source_athlete_id`,
            `team_side`, `x_m`, `y_m` and, where there is one, `z_m`.
        roles: by the source's ids; whoever is missing plays in the field.
        begin_s, seconds: the stretch, in the period's time.
        field_m: length and width.
        period_id: of which period.

    Raises:
        SourceError: nobody is tracked in that stretch.
    """
    time = positions["period_time_s"]
    wanted = pc.and_(
        pc.equal(positions["period_id"], period_id),
        pc.and_(
            pc.greater_equal(time, begin_s - _GAP_S),
            pc.less_equal(time, begin_s + seconds + _GAP_S),
        ),
    )
    table = positions.filter(wanted)
    if table.num_rows == 0:
        raise SourceError(
            f"nobody is tracked in period {period_id} from {begin_s:g} s to "
            f"{begin_s + seconds:g} s: choose another stretch",
            rule="empty",
        )
    t_s, column = np.unique(np.round(table["period_time_s"].to_numpy(), 3), return_inverse=True)
    kinds = np.array(table["object_kind"].to_pylist(), object)
    ids = np.array([one or "ball" for one in table["source_athlete_id"].to_pylist()], object)
    sides = np.array(table["team_side"].to_pylist(), object)
    places = np.column_stack(
        [table[name].to_numpy(zero_copy_only=False).astype(float) for name in ("x_m", "y_m", "z_m")]
    )
    things, paths = [], []
    for one in sorted(set(ids.tolist())):
        mine = ids == one
        kind = str(kinds[mine][0])
        path = np.full((t_s.size, 3), np.nan)
        path[column[mine]] = places[mine]
        if kind != "ball":
            path[:, 2] = 0.0
        role: Role | None = None
        if kind != "ball":
            role = roles.get(one, "referee" if kind == "official" else "outfield")
        shape: Shape = "ball" if kind == "ball" else "person"
        things.append(Thing(one, kind, sides[mine][0], role, shape))  # type: ignore[arg-type]
        paths.append(path)
    stacked = np.stack(paths)
    presence = np.isfinite(stacked[..., 0]).astype(float)
    return Tracking(tuple(things), t_s - begin_s, stacked, presence, field_m)


def at_rate(source: Tracking, rate_hz: float, seconds: float) -> Tracking:
    """The same people at every frame of a video: smooth, and gone while the source lost them."""
    t_s = np.arange(round(seconds * rate_hz)) / rate_hz
    places = np.full((len(source.things), t_s.size, 3), np.nan)
    presence = np.zeros((len(source.things), t_s.size))
    for row, thing in enumerate(source.things):
        path = source.places_m[row]
        known = np.isfinite(path[:, 0])
        for piece in _pieces(source.t_s, known):
            begin, end = source.t_s[piece[0]], source.t_s[piece[-1]]
            inside = (t_s >= begin - 1e-9) & (t_s <= end + 1e-9)
            if not inside.any():
                continue
            places[row, inside] = _smooth(source.t_s[piece], path[piece], t_s[inside], thing.shape)
            fade = np.ones(int(inside.sum()))
            if begin > 0:
                fade = np.minimum(fade, (t_s[inside] - begin) / _FADE_S)
            if end < t_s[-1]:
                fade = np.minimum(fade, (end - t_s[inside]) / _FADE_S)
            presence[row, inside] = np.clip(fade, 0, 1)
    places[presence <= 0] = np.nan
    keep = [row for row in range(len(source.things)) if presence[row].any()]
    return Tracking(
        tuple(source.things[row] for row in keep), t_s, places[keep], presence[keep], source.field_m
    )


def _pieces(t_s: Floats, known: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Samples of each stretch without a gap."""
    seen = np.flatnonzero(known)
    if seen.size == 0:
        return []
    cut = np.flatnonzero(np.diff(t_s[seen]) > _GAP_S) + 1
    return [
        piece
        for piece in np.split(seen, cut)
        if t_s[piece[-1]] - t_s[piece[0]] >= _SHORTEST_S
    ]  # fmt: skip


def _smooth(t_s: Floats, path: Floats, wanted_s: Floats, shape: Shape) -> Floats:
    """A path at other times: filtered without delay, then interpolated without overshoot."""
    from scipy.interpolate import PchipInterpolator
    from scipy.ndimage import gaussian_filter1d

    even = np.arange(t_s[0], t_s[-1] + 0.005, 0.02)
    dense = np.column_stack(
        [PchipInterpolator(t_s, np.nan_to_num(path[:, axis]))(even) for axis in range(3)]
    )
    if np.isnan(path[:, 2]).all():  # a flat source says nothing of heights
        dense[:, 2] = np.nan
    width = _SMOOTH_S[shape] / 0.02
    dense[:, :2] = gaussian_filter1d(dense[:, :2], width, axis=0, mode="nearest")
    return np.column_stack([np.interp(wanted_s, even, dense[:, axis]) for axis in range(3)])
