"""Which colour stands for which side: that of its shirts, where those can be told apart."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Red, green, blue, 0 to 255.
Colour = tuple[int, int, int]

#: Looks that are asked for the colours of shirts: enough for a median of hundreds.
_LOOKS: Final = 120
#: Fewer shirts of a side say nothing of it.
_LEAST_SHIRTS: Final = 12
#: Two colours nearer to each other than this (CIE76, L*a*b*) are hard to tell in a small picture.
_APART: Final = 30.0
#: Cameras show shirts dull, in shade and at a distance: their colours are drawn so much fuller.
_FULLER: Final = 1.35
#: White and black shirts have so much chroma at most, by the camera's tint and the grass below:
#: they are drawn as white and black. What is called pale of them is white in the shade.
_TINT: Final = 18.0
_PALE, _WHITE, _BLACK = 40.0, 96.0, 14.0
#: Boxes of a track and of a detection are the same person if they overlap so far.
_SAME: Final = 0.5


@dataclass(frozen=True)
class SideColours:
    """Colours of both sides.

    Attributes:
        are_shirts: they are those of the shirts; else two that most people can tell apart.
    """

    home: Colour
    away: Colour
    are_shirts: bool

    def of(self, team_side: str | None) -> Colour:
        """Colour of a side; grey for nobody's."""
        return {"home": self.home, "away": self.away}.get(team_side or "", NO_SIDE)


#: Of nobody's side.
NO_SIDE: Final[Colour] = (126, 133, 138)
#: Blue and orange of our pages, which people with any colour vision tell apart.
TELLABLE: Final = SideColours((62, 142, 222), (240, 138, 52), are_shirts=False)


def side_colours(positions: pa.Table, detection: pa.Table) -> SideColours:
    """Median shirt of each side's outfield players.

    Args:
        positions: rows of `vision/positions`.
        detection: rows of `vision/detection`, which has the colours.

    Returns:
        `TELLABLE` where a side's shirts were hardly seen, or the two are too alike.
    """
    home, away = (_median_shirt(positions, detection, side) for side in ("home", "away"))
    if home is None or away is None:
        return TELLABLE
    home, away = _drawn(home), _drawn(away)
    if np.linalg.norm(home - away) < _APART:
        return TELLABLE
    return SideColours(_colour(home), _colour(away), are_shirts=True)


def _median_shirt(positions: pa.Table, detection: pa.Table, side: str) -> Floats | None:
    is_mine = pc.and_(
        pc.and_(pc.equal(positions["team_side"], side), pc.equal(positions["role"], "outfield")),
        pc.and_(pc.is_valid(positions["left_px"]), pc.invert(positions["is_interpolated"])),
    )
    mine = positions.filter(pc.fill_null(is_mine, False))
    looks = sorted(set(zip(*(mine[n].to_pylist() for n in ("footage_sha256", "frame_id")))))  # noqa: B905
    chosen = looks[:: max(1, len(looks) // _LOOKS)]
    frames = pa.array(sorted({frame for _, frame in chosen}), pa.int32())
    mine = mine.filter(pc.is_in(mine["frame_id"], frames))
    seen = detection.filter(
        pc.and_(pc.is_in(detection["frame_id"], frames), pc.is_valid(detection["shirt_l"]))
    )
    found = []
    mine_at, seen_at = _by_look(mine), _by_look(seen)
    for look in chosen:
        if look in mine_at and look in seen_at:
            ours, theirs = mine_at[look], seen_at[look]
            overlap = _overlap(ours[:, :4], theirs[:, :4])
            best = overlap.argmax(1)
            found.append(theirs[best[overlap.max(1) >= _SAME], 4:])
    shirts = np.concatenate(found) if found else np.empty((0, 3))
    return np.median(shirts, 0) if len(shirts) >= _LEAST_SHIRTS else None


def _by_look(rows: pa.Table) -> dict[tuple[str, int], Floats]:
    """Boxes, and where there are any shirts, of each look: n × 4 or n × 7."""
    names = ["left_px", "top_px", "right_px", "bottom_px"]
    names += [one for one in ("shirt_l", "shirt_a", "shirt_b") if one in rows.column_names]
    values = np.column_stack([rows[one].to_numpy(zero_copy_only=False) for one in names])
    at: dict[tuple[str, int], list[int]] = {}
    keys = zip(rows["footage_sha256"].to_pylist(), rows["frame_id"].to_pylist(), strict=True)
    for place, key in enumerate(keys):
        at.setdefault(key, []).append(place)
    return {key: values[places] for key, places in at.items()}


def _overlap(ours: Floats, theirs: Floats) -> Floats:
    """Intersection over union of boxes: n × m."""
    low = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    high = np.minimum(ours[:, None, 2:], theirs[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0.0), 2)
    areas = [np.prod(one[:, 2:] - one[:, :2], 1) for one in (ours, theirs)]
    return np.asarray(both / (areas[0][:, None] + areas[1][None] - both), np.float64)


def _drawn(shirt: Floats) -> Floats:
    """The colour of a shirt as it was before shade, distance and the camera's tint, about."""
    lightness, chroma = float(shirt[0]), float(np.hypot(shirt[1], shirt[2]))
    if chroma < _TINT:
        return np.array([_WHITE if lightness > _PALE else _BLACK, 0.0, 0.0])
    return np.array([lightness, shirt[1] * _FULLER, shirt[2] * _FULLER])


def _colour(lab: Floats) -> Colour:
    import cv2

    converted = cv2.cvtColor(lab.astype(np.float32)[None, None], cv2.COLOR_Lab2RGB)[0, 0]
    red, green, blue = np.clip(converted, 0, 1) * 255
    return round(float(red)), round(float(green)), round(float(blue))


def hex_of(colour: Colour) -> str:
    """As a style sheet has it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def lightness(colour: Colour) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    shares = np.array(colour) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    return float(linear @ [0.2126, 0.7152, 0.0722])
