"""Does the camera stand still? From frames over a whole video, by what stands behind the players.

Corners of the first frame are followed to each later one (Lucas & Kanade 1981, there and back), and
what most of them agree on is how the picture moved: turned, zoomed and shifted. People who run,
clouds and leaves agree on nothing. Brightness is evened out first, so that a cloud or a floodlight
is no motion.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.frames import Frame, Image

Floats = NDArray[np.float64]
Plane = NDArray[np.uint8]
Plane32 = NDArray[np.float32]

#: Why a video cannot be used as it is; `still` is the one that can.
State = Literal["still", "knocked", "moving", "blank", "dark", "too short"]

#: Pictures are compared at this width: compression blurs finer things away.
_WIDTH_PX = 1280
#: A camera is still if no corner of the picture moves further than this, as a share of its width:
#: three pixels of 3072. At the far side of a pitch that is about a metre.
_STILL = 0.001
#: Corners that are followed, and how many must be found to tell.
_CORNERS, _LEAST_CORNERS = 600, 30
#: Corners must come back to where they were within so many pixels, and agree within as many.
_BACK_PX, _AGREE_PX = 0.5, 0.75
#: Share of the corners that must agree on one motion; players and trees are the rest.
_AGREEING = 0.25
#: A picture has something to see if its grey levels spread this much, and is dark below this mean.
_BLANK_SPREAD, _DARK_MEAN, _DARK_SPREAD = 2.5, 22.0, 12.0
#: Share of the looks that may be unusable (a flash, a bird on the lens).
_FEW = 0.2


@dataclass(frozen=True)
class Stillness:
    """What was found of a camera's motion.

    Attributes:
        state: `still`, or why not.
        reason: what is wrong and what to do; None: still.
        t_s: of the looks that could be judged: n.
        moved_px: how far the picture had moved by then, at the corner that moved furthest, in
            pixels of the video; inf: it does not show the same place: n.
    """

    state: State
    reason: str | None
    t_s: Floats
    moved_px: Floats

    @property
    def is_still(self) -> bool:
        """Whether one camera position holds for the whole video."""
        return self.state == "still"


class Reference:
    """A picture with which others are compared."""

    def __init__(self, image: Image) -> None:
        import cv2

        self._scale = min(1.0, _WIDTH_PX / image.shape[1])
        self._size = (image.shape[1], image.shape[0])
        grey = _small_grey(image, self._scale)
        self.state = _exposure(grey)
        self._even = _even(grey)
        corners = cv2.goodFeaturesToTrack(
            self._even, _CORNERS, qualityLevel=0.02, minDistance=_WIDTH_PX // 80, blockSize=7
        )
        self._corners = np.empty((0, 1, 2), np.float32)
        if corners is not None:
            self._corners = np.asarray(corners, np.float32)

    @property
    def is_usable(self) -> bool:
        """Whether there is enough in it to tell a motion."""
        return self.state == "still" and len(self._corners) >= _LEAST_CORNERS

    def moved_px(self, image: Image) -> float:
        """How far a picture is from this one, at the corner that moved furthest, px.

        Returns:
            inf where it does not show the same place; NaN where it is too dark or blank to tell.
        """
        import cv2

        grey = _small_grey(image, self._scale)
        if _exposure(grey) != "still":
            return float("nan")
        even = _even(grey)
        there, found = _followed(self._even, even, self._corners)
        back, returned = _followed(even, self._even, there)
        error = np.linalg.norm((back - self._corners)[:, 0], axis=1)
        good = found & returned & (error < _BACK_PX)
        if good.sum() < _LEAST_CORNERS:
            return float("inf")
        before, after = self._corners[good, 0], there[good, 0]
        motion, agree = cv2.estimateAffinePartial2D(
            before, after, method=cv2.RANSAC, ransacReprojThreshold=_AGREE_PX, maxIters=2000,
            confidence=0.999,
        )  # fmt: skip
        if motion is None or agree.sum() < max(_LEAST_CORNERS, _AGREEING * len(self._corners)):
            return float("inf")
        width, height = (one * self._scale for one in self._size)
        edges = np.array([[0, 0], [width, 0], [0, height], [width, height]])
        shift = edges @ motion[:, :2].T + motion[:, 2] - edges
        return float(np.linalg.norm(shift, axis=1).max() / self._scale)


def judge_stillness(looks: Iterable[Frame]) -> Stillness:
    """Whether the camera stands still over frames of one video; holds one of them at a time.

    Sub-pixel vibration is still. Every other answer comes with a reason in words.

    Args:
        looks: spread over the video, in order, such as `background.pooled` gives them.
    """
    reference: Reference | None = None
    width, seen = 0, 0
    unseen: list[State] = []
    t_s: list[float] = []
    moved: list[float] = []
    for look in looks:
        seen, width = seen + 1, look.image.shape[1]
        if reference is None:
            first = Reference(look.image)
            if not first.is_usable:
                unseen.append("blank" if first.state == "still" else first.state)
                continue
            reference = first
        far = reference.moved_px(look.image) if t_s else 0.0
        if np.isnan(far):
            unseen.append("dark")
        else:
            t_s.append(look.t_s)
            moved.append(far)
    state, reason = _verdict(seen, unseen, np.array(t_s), np.array(moved), _STILL * width)
    return Stillness(state, reason, np.array(t_s), np.array(moved))


def _verdict(
    seen: int, unseen: list[State], t_s: Floats, moved: Floats, most_px: float
) -> tuple[State, str | None]:
    if seen == 0:
        return "too short", "no frame could be decoded: copy the video from the camera again"
    if len(unseen) > _FEW * seen:
        state: State = "dark" if "dark" in unseen else "blank"
        what = "it is too dark" if state == "dark" else "nothing can be seen"
        return state, (
            f"{what} in {len(unseen)} of {seen} frames over the video: check the lens cap and the "
            "exposure, and cut off what lies before and after play"
        )
    if moved.size == 1:
        return "too short", (
            "one frame does not tell whether the camera stands still: record a second or more"
        )
    # The first look lies at nought: before all others it may be the one that is off.
    lost, off = np.isinf(moved), moved > most_px
    if not off.any() or ((off == lost).all() and lost.sum() <= _FEW * moved.size):
        return "still", None  # a look or two were hidden by something before the lens
    when = float(t_s[int(np.argmax(off))])
    if lost.mean() > _FEW:
        return "moving", (
            f"the frames do not show one place: at {when:.1f} s it is another than at the start. A "
            "camera that pans or zooms, and cut footage, are not followed: give the video of a "
            "camera that stands still"
        )
    return "knocked", (
        f"the camera was moved, by {moved[~lost].max():.1f} px at most and first at {when:.0f} s: "
        "cut the video there, and fasten the camera"
    )


def _followed(before: Plane, after: Plane, corners: Plane32) -> tuple[Plane32, NDArray[np.bool_]]:
    """Where corners of one picture are in another, and which were found."""
    import cv2

    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, corners, np.empty_like(corners), winSize=(21, 21), maxLevel=4
    )
    return np.asarray(there, np.float32), np.asarray(found[:, 0] > 0, np.bool_)


def _small_grey(image: Image, scale: float) -> Plane:
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)


def _exposure(grey: Plane) -> State:
    spread, mean = float(grey.std()), float(grey.mean())
    if spread < _BLANK_SPREAD:
        return "blank"
    return "dark" if mean < _DARK_MEAN and spread < _DARK_SPREAD else "still"


def _even(grey: Plane) -> Plane:
    """Without what light does: each pixel beside the mean and spread of its surroundings."""
    import cv2

    level = grey.astype(np.float32)
    mean = cv2.GaussianBlur(level, (0, 0), 12)
    spread = np.sqrt(np.maximum(cv2.GaussianBlur(level**2, (0, 0), 12) - mean**2, 0))
    even = np.clip(128 + 40 * (level - mean) / (spread + 6), 0, 255)
    return np.asarray(even, np.uint8)
