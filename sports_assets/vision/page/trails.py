"""Where each followed person and the ball is at any time between the looks that saw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sports_assets.vision.page.moment import seconds_since

Floats = NDArray[np.float64]

#: Between two looks further apart nothing is drawn: where it was is a guess, s.
_LONGEST_S: Final = 1.0
#: What one look alone saw is shown for half a look before and after, at the usual 5 Hz, s.
_HOLD_S: Final = 0.1
#: Looks before and after a stretch that are needed to draw its ends, s.
_BESIDE_S: Final = 1.0


@dataclass(frozen=True)
class Trail:
    """One track as one camera saw it: n looks, in order of time.

    Attributes:
        t_s: since the first frame of the video object: n.
        boxes_px: left, top, right, bottom; NaN where it was not seen: n × 4.
        places_m: on the field; NaN where there is none: n × 2.
        is_seen: false where the place was filled in between two looks: n.
    """

    track_id: int
    object_kind: str
    team_side: str | None
    role: str | None
    athlete_id: str | None
    t_s: Floats
    boxes_px: Floats
    places_m: Floats
    is_seen: NDArray[np.bool_]

    def at(self, t_s: float) -> tuple[Floats, bool] | None:
        """Its box at a time, on a straight line between two looks, and whether both saw it.

        In the fifth of a second between two looks a runner who brakes at 5 m/s² strays 2.5 cm from
        the straight line (a·t²/8): nothing that a picture shows.

        Returns:
            None where it is not seen, or the looks lie too far apart.
        """
        has_box = ~np.isnan(self.boxes_px[:, 0])
        after = int(np.searchsorted(self.t_s, t_s, "right"))
        before = after - 1
        near = [one for one in (before, after) if 0 <= one < self.t_s.size and has_box[one]]
        if len(near) == 2 and self.t_s[after] - self.t_s[before] <= _LONGEST_S:  # noqa: PLR2004
            share = (t_s - self.t_s[before]) / (self.t_s[after] - self.t_s[before])
            box = (1 - share) * self.boxes_px[before] + share * self.boxes_px[after]
            return box, bool(self.is_seen[before] and self.is_seen[after])
        for one in sorted(near, key=lambda look: abs(float(self.t_s[look]) - t_s)):
            if abs(float(self.t_s[one]) - t_s) <= _HOLD_S:
                return self.boxes_px[one], bool(self.is_seen[one])
        return None


def cut_trails(
    positions: pa.Table, footage_sha256: str, recorded_at_utc: datetime, start_s: float,
    end_s: float,
) -> tuple[Trail, ...]:  # fmt: skip
    """Every track that a video object shows in a stretch, by number.

    Args:
        positions: rows of `vision/positions`.
        recorded_at_utc: instant of the first frame.
        start_s, end_s: the stretch, since then.
    """
    mine = positions.filter(pc.equal(positions["footage_sha256"], footage_sha256))
    t_s = seconds_since(mine["captured_at_utc"], recorded_at_utc)
    is_near = (t_s >= start_s - _BESIDE_S) & (t_s <= end_s + _BESIDE_S)
    mine, t_s = mine.filter(pa.array(is_near)), t_s[is_near]
    tracks = np.asarray(mine["track_id"])
    order = np.lexsort((t_s, tracks))
    cuts = np.flatnonzero(np.diff(tracks[order])) + 1
    found = [
        _trail(mine.take(pa.array(one)), t_s[one]) for one in np.split(order, cuts) if one.size
    ]
    return tuple(one for one in found if not np.isnan(one.boxes_px).all())


def _trail(rows: pa.Table, t_s: Floats) -> Trail:
    told = {
        name: _usual(rows[name].to_pylist())
        for name in ("object_kind", "team_side", "role", "athlete_id")
    }
    return Trail(
        track_id=rows["track_id"][0].as_py(),
        object_kind=told["object_kind"] or "other",
        team_side=told["team_side"],
        role=told["role"],
        athlete_id=told["athlete_id"],
        t_s=t_s,
        boxes_px=_numbers(rows, "left_px", "top_px", "right_px", "bottom_px"),
        places_m=_numbers(rows, "x_m", "y_m"),
        is_seen=~np.asarray(rows["is_interpolated"], np.bool_),
    )


def _numbers(rows: pa.Table, *names: str) -> Floats:
    columns = [rows[name].to_numpy(zero_copy_only=False) for name in names]
    return np.column_stack([np.asarray(one, np.float64) for one in columns])


def _usual(values: Sequence[str | None]) -> str | None:
    """What most looks say; of equals the first by name."""
    told = [one for one in values if one is not None]
    return min(set(told), key=lambda one: (-told.count(one), one)) if told else None
