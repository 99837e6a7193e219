"""Rings, labels, lines and a clock on a picture, to fractions of a pixel: nothing jitters."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.frames import Image
from sports_assets.vision.page.side_colours import Colour, lightness
from sports_assets.vision.page.view import View

Floats = NDArray[np.float64]

#: OpenCV draws in sixteenths of a pixel.
_SHIFT: Final = 4
_SIXTEENTHS: Final = 1 << _SHIFT
#: Width at which the sizes below are meant; others are drawn larger or smaller, px.
_DESIGNED_PX: Final = 1280
_DARK: Final[Colour] = (16, 20, 22)
_LIGHT: Final[Colour] = (255, 255, 255)
#: Of the ball, and where the pitch is believed to be: on no shirt at once with both.
BALL: Final[Colour] = (255, 221, 51)
PITCH: Final[Colour] = (255, 92, 214)
_PITCH_SHARE: Final = 0.55
#: Above this luminance, dark reads better than white.
_BRIGHT: Final = 0.30
#: A ring lies on the grass, seen from the side: about so much flatter than it is wide.
_FLATTER: Final = 0.36
#: Half its width beside the height of who stands in it, and the least of it, px.
_REACH: Final = 0.36
_LEAST_REACH: Final = 13.0


@dataclass(frozen=True)
class FaintLines:
    """Lines that shine through, drawn once for all frames.

    Attributes:
        where: rows and columns of their pixels.
        share: how much of each pixel is theirs: n × 1.
    """

    where: tuple[NDArray[np.intp], ...]
    share: Floats

    def lay_on(self, picture: Image) -> None:
        """Draw them."""
        under = picture[self.where].astype(np.float64)
        over = np.array(PITCH[::-1], np.float64)
        picture[self.where] = np.rint(under + (over - under) * self.share).astype(np.uint8)


@dataclass(frozen=True)
class Label:
    """A text and where it stands.

    Attributes:
        size_px: of its type.
        corners: left, top, right and bottom of the plate under it.
        at: where its first letter begins.
    """

    text: str
    size_px: int
    corners: tuple[int, int, int, int]
    at: tuple[int, int]

    def covered_by(self, other: "Label") -> float:
        """Share of its plate that another one hides."""
        left, top, right, bottom = self.corners
        wide = min(right, other.corners[2]) - max(left, other.corners[0])
        high = min(bottom, other.corners[3]) - max(top, other.corners[1])
        return max(wide, 0) * max(high, 0) / ((right - left) * (bottom - top))


class Pen:
    """Draws on pictures of one size.

    Args:
        view: what they show.
    """

    def __init__(self, view: View) -> None:
        import cv2

        self._view = view
        self._unit = float(np.clip(view.width_px / _DESIGNED_PX, 0.5, 1.0))
        self._face = cv2.FontFace("sans")

    def faint_lines(self, lines: list[Floats]) -> FaintLines:
        """Lines by pixels of the video (NaN where there is none), to be laid on every frame."""
        import cv2

        cover = np.zeros((self._view.height_px, self._view.width_px), np.uint8)
        for line in lines:
            for part in _unbroken(self._view.places(line), self._view.width_px):
                cv2.polylines(
                    cover, [part], isClosed=False, color=255, thickness=self._px(1.9),
                    lineType=cv2.LINE_AA, shift=_SHIFT,
                )  # fmt: skip
        where = np.nonzero(cover)
        return FaintLines(where, _PITCH_SHARE * cover[where][:, None] / 255)

    def ring(
        self, picture: Image, foot: Floats, height: float, colour: Colour, *,
        is_double: bool, is_sure: bool,
    ) -> None:  # fmt: skip
        """Around a foot point; open where it would cross the legs, thin where not seen just now."""
        reach = self._reach(height)
        rim = _LIGHT if lightness(colour) < _BRIGHT / 3 else _DARK
        thick = float(np.clip(0.05 * height / self._unit, 2.2, 3.6)) if is_sure else 1.2
        for wider in (0.0, 0.36 * reach) if is_double else (0.0,):
            for ink, width in ((rim, thick + 2.0), (colour, thick)):
                self._arc(picture, foot, reach + wider, ink, width)

    def label(self, foot: Floats, height: float, text: str) -> "Label | None":
        """Where a text stands under a ring; None where it would leave the picture."""
        size = round(float(np.clip(0.34 * height, 15 * self._unit, 24 * self._unit)))
        left, top, wide, high = self._extent(text, size)
        pad = max(2, size // 5)
        half_w, half_h = max(wide / 2 + pad, high / 2 + pad), high / 2 + pad
        x = float(foot[0])
        y = float(foot[1]) + self._reach(height) * _FLATTER + half_h + 3 * self._unit
        if not (half_w <= x < self._view.width_px - half_w and y + half_h < self._view.height_px):
            return None
        corners = round(x - half_w), round(y - half_h), round(x + half_w), round(y + half_h)
        at = round(x - wide / 2) - left, round(y - high / 2) - top
        return Label(text, size, corners, at)

    def write(
        self, picture: Image, label: "Label", colour: Colour, *, is_round: bool, is_full: bool
    ) -> None:
        """A label: filled for a shirt number, dark for the number of a track."""
        import cv2

        ground = colour if is_full else _DARK
        ink = _DARK if lightness(ground) > _BRIGHT else _LIGHT
        half_h = (label.corners[3] - label.corners[1]) / 2
        radius = half_h if is_round else 2 * self._unit
        self._plate(picture, label.corners, radius, ground, colour)
        cv2.putText(picture, label.text, label.at, ink[::-1], self._face, label.size_px, 700)

    def dot(self, picture: Image, foot: Floats) -> None:
        """At the feet of whoever does not play."""
        import cv2

        at = _fixed(foot)
        for ink, radius in ((_DARK, 4.5), (_LIGHT, 3.0)):
            cv2.circle(
                picture, at, round(radius * self._unit * _SIXTEENTHS), ink[::-1], -1, cv2.LINE_AA,
                _SHIFT,
            )  # fmt: skip

    def ball(self, picture: Image, middle: Floats, *, is_sure: bool) -> None:
        """A ring around the ball and an arrow above it; no arrow where it was not seen just now."""
        import cv2

        for ink, width in ((_DARK, 4.0), (BALL, 2.2)):
            cv2.circle(
                picture, _fixed(middle), round(8 * self._unit * _SIXTEENTHS), ink[::-1],
                self._px(width), cv2.LINE_AA, _SHIFT,
            )  # fmt: skip
        if not is_sure:
            return
        for ink, grow in ((_DARK, 2.6), (BALL, 0.0)):
            size, tip = (9 + grow) * self._unit, middle - [0, (13 - grow * 0.8) * self._unit]
            arrow = tip + size * np.array([[0.0, 0.0], [-1.0, -1.5], [1.0, -1.5]])
            cv2.fillConvexPoly(picture, _fixed_all(arrow), ink[::-1], cv2.LINE_AA, _SHIFT)

    def fading_line(self, picture: Image, places: Floats) -> None:
        """Where the ball was, oldest first; NaN where nobody knows."""
        import cv2

        for step in range(1, len(places)):
            pair = places[step - 1 : step + 1]
            if np.isnan(pair).any():
                continue
            width = self._px(1 + 3 * step / len(places))
            points = [_fixed_all(pair)]
            cv2.polylines(picture, points, False, BALL[::-1], width, cv2.LINE_AA, _SHIFT)

    def caption(self, picture: Image, text: str) -> None:
        """In the upper left corner."""
        import cv2

        size, edge = self._px(24), self._px(14)
        left, top, wide, high = self._extent(text, size)
        pad = size // 2
        corners = edge, edge, edge + wide + 2 * pad, edge + high + 2 * pad
        self._plate(picture, corners, 4 * self._unit, _DARK, _DARK)
        at = edge + pad - left, edge + pad - top
        cv2.putText(picture, text, at, _LIGHT[::-1], self._face, size, 600)

    def _reach(self, height: float) -> float:
        """Half the width of a ring around somebody so tall in the picture."""
        return max(_REACH * height, _LEAST_REACH * self._unit)

    def _arc(self, picture: Image, foot: Floats, reach: float, ink: Colour, width: float) -> None:
        import cv2

        axes = round(reach * _SIXTEENTHS), round(reach * _FLATTER * _SIXTEENTHS)
        cv2.ellipse(
            picture, _fixed(foot), axes, 0, -40, 220, ink[::-1], self._px(width), cv2.LINE_AA,
            _SHIFT,
        )  # fmt: skip

    def _plate(
        self, picture: Image, corners: tuple[int, int, int, int], radius: float, fill: Colour,
        rim: Colour,
    ) -> None:  # fmt: skip
        """A rectangle with round corners and a rim."""
        import cv2

        left, top, right, bottom = corners
        turn = np.linspace(0, np.pi / 2, 6)
        r = min(radius, (bottom - top) / 2, (right - left) / 2)
        quarters = [
            (np.array([cx, cy]) + r * np.column_stack([np.cos(turn + at), np.sin(turn + at)]))
            for cx, cy, at in (
                (right - r, bottom - r, 0.0), (left + r, bottom - r, np.pi / 2),
                (left + r, top + r, np.pi), (right - r, top + r, 1.5 * np.pi),
            )
        ]  # fmt: skip
        outline = _fixed_all(np.concatenate(quarters))
        cv2.fillConvexPoly(picture, outline, fill[::-1], cv2.LINE_AA, _SHIFT)
        edge = rim
        if rim == fill != _DARK:
            edge = _DARK if lightness(fill) > _BRIGHT / 3 else _LIGHT
        cv2.polylines(picture, [outline], True, edge[::-1], self._px(1.4), cv2.LINE_AA, _SHIFT)

    def _extent(self, text: str, size: int) -> tuple[int, int, int, int]:
        """Left, top, width and height of a text that is written at (0, 0)."""
        import cv2

        left, top, wide, high = cv2.getTextSize(
            (self._view.width_px, self._view.height_px), text, (0, 0), self._face, size, 700
        )
        return left, top, wide, high

    def _px(self, width: float) -> int:
        return max(1, round(width * self._unit))


def _fixed(place: Floats) -> tuple[int, int]:
    return round(float(place[0]) * _SIXTEENTHS), round(float(place[1]) * _SIXTEENTHS)


def _fixed_all(places: Floats) -> NDArray[np.int32]:
    return np.rint(places * _SIXTEENTHS).astype(np.int32)


def _unbroken(line: Floats, reach_px: int) -> list[NDArray[np.int32]]:
    """Stretches of a line without gaps, and not far beyond the picture."""
    with np.errstate(invalid="ignore"):
        is_near = (np.abs(line) < 4 * reach_px).all(1)
    cuts = np.flatnonzero(np.diff(is_near.astype(np.int8))) + 1
    parts = zip(np.split(line, cuts), np.split(is_near, cuts), strict=True)
    return [_fixed_all(part) for part, near in parts if len(part) > 1 and near[0]]
