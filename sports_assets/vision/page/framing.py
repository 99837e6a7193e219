"""What a clip shows of a camera's picture: everyone who plays; of a panorama, a part that follows.

Where all of the play would leave people too small to be told apart, as in a panorama of a whole
pitch, the picture moves along with ball and players, as a camera operator would.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.page.moment import Moment
from sports_assets.vision.page.trails import Trail
from sports_assets.vision.page.view import Sized, View

Floats = NDArray[np.float64]

#: Widest picture that a phone held sideways still gains from, px.
_WIDEST_PX: Final = 1280
#: Room around everyone who is seen, as a share of the width of what is cut out.
_ROOM: Final = 0.05
#: Narrowest and widest cut, width to height: 3:2 fills a phone, and wider ones become a slit.
_ASPECTS: Final = (1.5, 2.6)
#: Below this height, players are dots on a phone held sideways, px; then they are shown so tall,
#: as far as they were recorded.
_DOTS_PX: Final = 20.0
_TALL_PX: Final = 30.0
#: The picture shows this share of the play's width at least, else it hides more than it tells.
_LEAST_SHARE: Final = 0.45
#: How often it is asked where the play is, and over how long that is smoothed (Gaussian SD), s.
_STEP_S: Final = 0.2
_CALM_S: Final = 1.2


@dataclass(frozen=True)
class Framing:
    """The part that is drawn on, and the window of it that is shown at each time.

    Attributes:
        view: all of the play.
        width_px: of the window; as wide as the view where it shows all of it.
        t_s, left_px: left edges of the window at times; in between on straight lines.
    """

    view: View
    width_px: int
    t_s: Floats
    left_px: Floats

    @property
    def is_moving(self) -> bool:
        """Whether only a part of the play is shown at a time."""
        return self.width_px < self.view.width_px

    def left_at(self, t_s: float) -> int:
        """Where the window begins, in pixels of the view."""
        return round(float(np.interp(t_s, self.t_s, self.left_px)))


def frame_play(moment: Moment, trails: Sequence[Trail], video: Sized) -> Framing:
    """Choose what is shown of a moment. Deterministic.

    Args:
        trails: of the camera's picture.
        video: its size.
    """
    players = [one for one in trails if one.object_kind in {"athlete", "ball"}]
    officials = [one for one in trails if one.object_kind == "official"]
    cut = _cut(_boxes(moment, players), _boxes(moment, officials), video)
    people = _boxes(moment, [one for one in players if one.object_kind == "athlete"])
    tall = float(np.median(people[:, 3] - people[:, 1])) if len(people) else _TALL_PX
    widest = _WIDEST_PX
    if tall * _WIDEST_PX / cut[2] < _DOTS_PX:
        # Enlarged, a picture says no more: people are at most as large as they were recorded.
        scale = min(1.0, _TALL_PX / tall, _WIDEST_PX / (cut[2] * _LEAST_SHARE))
        widest = max(_WIDEST_PX, round(cut[2] * scale))
    view = View.of(cut, video, widest)
    width = min(view.width_px, _WIDEST_PX)
    t_s = np.arange(moment.start_s, moment.end_s + _STEP_S, _STEP_S)
    if width == view.width_px:
        return Framing(view, width, t_s, np.zeros(t_s.size))
    middle = _middles(players, t_s, view)
    left = np.clip(middle - width / 2, 0, view.width_px - width)
    return Framing(view, width, t_s, left)


def _boxes(moment: Moment, trails: Sequence[Trail]) -> Floats:
    boxes = [
        one.boxes_px[(one.t_s >= moment.start_s) & (one.t_s <= moment.end_s)] for one in trails
    ]
    seen = np.concatenate(boxes) if boxes else np.empty((0, 4))
    return np.asarray(seen[~np.isnan(seen).any(1)], np.float64)


def _cut(players: Floats, officials: Floats, video: Sized) -> Floats:
    """Left, top, width and height around all who play, in pixels of the video.

    Officials make it taller as far as that makes nobody smaller, and never wider.
    """
    if not len(players):
        return np.array([0.0, 0.0, video.width_px, video.height_px])
    left, top = players[:, :2].min(0)
    right, bottom = players[:, 2:].max(0)
    room = _ROOM * (right - left)
    left, right, top, bottom = left - room, right + room, top - room, bottom + room
    width = max(right - left, video.width_px / 4, (bottom - top) * _ASPECTS[0])
    width = min(width, float(video.width_px))
    beside = officials[(officials[:, 0] >= left) & (officials[:, 2] <= right)]
    spare = width / _ASPECTS[0] - (bottom - top)
    if len(beside) and spare > 0:
        lower = min(max(0.0, float(beside[:, 3].max()) + room - bottom), spare)
        upper = min(max(0.0, top - float(beside[:, 1].min()) + room), spare - lower)
        top, bottom = top - upper, bottom + lower
    height = max(bottom - top, min(width, _WIDEST_PX) / _ASPECTS[1])
    return np.array([(left + right - width) / 2, (top + bottom - height) / 2, width, height])


def _middles(trails: Sequence[Trail], t_s: Floats, view: View) -> Floats:
    """Where the play is, smoothed: halfway between the ball and the middle of the players: n."""
    from scipy.ndimage import gaussian_filter1d

    told = np.full((t_s.size, 2), np.nan)
    for number, when in enumerate(t_s):
        for column, kind in enumerate(("ball", "athlete")):
            at = [one.at(float(when)) for one in trails if one.object_kind == kind]
            x = [(place[0][0] + place[0][2]) / 2 for place in at if place is not None]
            if x:
                told[number, column] = np.median(x)
    has_any = ~np.isnan(told).all(1)
    if not has_any.any():
        return np.full(t_s.size, view.width_px / 2)
    pixels = np.column_stack([np.nanmean(told[has_any], 1), np.zeros(has_any.sum())])
    shown = view.places(pixels)[:, 0]
    whole = np.interp(t_s, t_s[has_any], shown)
    calm = gaussian_filter1d(whole, _CALM_S / _STEP_S, mode="nearest")
    return np.asarray(calm, np.float64)
