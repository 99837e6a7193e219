"""An annotated clip: who was followed where, of which side, and where the pitch is believed to be.

Rings lie around the feet, so that bodies stay free. A camera that was placed wrongly shows at once:
the marks of the pitch are drawn where its calibration puts them.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from edge_ingest.errors import SourceError
from sports_assets.vision.frames import Frame, Image, frames, timeline
from sports_assets.vision.page.browser_video import BrowserVideo, encode_video
from sports_assets.vision.page.framing import Framing, frame_play
from sports_assets.vision.page.moment import Moment
from sports_assets.vision.page.pen import Label, Pen
from sports_assets.vision.page.side_colours import Colour, SideColours
from sports_assets.vision.page.trails import Trail
from sports_assets.vision.pitch import FieldSize, marks

Floats = NDArray[np.float64]

#: Raise it when clips of the same plan look different: their pages then get a new revision.
_DRAWN: Final = 1
#: A faster camera is shown at half its rate: 25 or 30 a second move smoothly.
_FASTEST_HZ: Final = 31.0
#: The ball's way that is drawn behind it, s, and how finely.
_BALL_TRAIL_S: Final = 1.0
_BALL_STEP_S: Final = 0.04
#: The still picture is of the middle.
_POSTER_AT: Final = 0.5
_POSTER_QUALITY: Final = 80


@dataclass(frozen=True)
class ClipPlan:
    """Everything that a clip is drawn from, but the video itself.

    Attributes:
        labels: what stands by a track: a shirt number; a track without one bears its own number.
        camera, field: where the pitch is; None where the camera is not calibrated.
        width_px, height_px: of the video, upright.
        timezone: in which its clock is read.
    """

    moment: Moment
    trails: tuple[Trail, ...]
    colours: SideColours
    width_px: int
    height_px: int
    rate_hz: float
    labels: Mapping[int, str]
    camera: Camera | None = None
    field: FieldSize | None = None
    timezone: str = "UTC"

    @cached_property
    def framing(self) -> Framing:
        """The part of the picture that is shown."""
        return frame_play(self.moment, self.trails, self)

    @property
    def sha256(self) -> str:
        """Checksum of all that is drawn: the same for the same rows, whatever machine draws it."""
        told = {
            "drawn": _DRAWN,
            "moment": [str(getattr(self.moment, one)) for one in self.moment.__dataclass_fields__],
            "size": [self.width_px, self.height_px, self.rate_hz],
            "colours": [self.colours.home, self.colours.away],
            "labels": sorted((track, label) for track, label in self.labels.items()),
            "camera": self.camera.to_dict() if self.camera else None,
            "field": [self.field.length_m, self.field.width_m] if self.field else None,
            "timezone": self.timezone,
        }
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        for trail in self.trails:
            who = [trail.track_id, trail.object_kind, trail.team_side, trail.role]
            digest.update(json.dumps(who).encode())
            for values in (trail.t_s, trail.boxes_px, trail.is_seen):
                digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class AnnotatedClip:
    """A clip and a still picture of it, a JPEG."""

    video: BrowserVideo
    poster: bytes


def annotate(path: Path, plan: ClipPlan) -> AnnotatedClip:
    """Draw a clip on the frames of its video.

    A frame that does not decode is left out; the one before it stays for its time.

    Args:
        path: the video object that `plan.moment` is of.

    Raises:
        SourceError: as `frames.timeline`; or none of its frames decodes.
    """
    import cv2

    line = timeline(path)
    moment = plan.moment
    wanted = np.flatnonzero((line.t_s >= moment.start_s - 1e-6) & (line.t_s < moment.end_s - 1e-6))
    every = 1 if plan.rate_hz <= _FASTEST_HZ else round(plan.rate_hz / 25)
    wanted = wanted[::every]
    poster: list[Image] = []
    middle = wanted[int(_POSTER_AT * (wanted.size - 1))] if wanted.size else 0

    def drawn() -> Iterator[tuple[float, Image]]:
        artist = Artist(plan)
        for frame in frames(path, line, wanted):
            picture = artist.draw(frame)
            if not poster or frame.frame_id <= middle:
                poster[:] = [picture]
            yield frame.t_s - float(line.t_s[wanted[0]]), picture

    pictures = drawn()
    first = next(pictures, None)
    if first is None:
        raise SourceError(
            f"{path}: none of its frames from {moment.start_s:.1f} to {moment.end_s:.1f} s "
            "decodes: copy it from the camera again"
        )
    video = encode_video(chain([first], pictures), plan.rate_hz / every)
    quality = [cv2.IMWRITE_JPEG_QUALITY, _POSTER_QUALITY]
    _, jpeg = cv2.imencode(".jpg", poster[0], quality)
    return AnnotatedClip(video, jpeg.tobytes())


class Artist:
    """Draws the frames of one clip.

    Args:
        plan: what is drawn.
    """

    def __init__(self, plan: ClipPlan) -> None:
        self._plan = plan
        self.framing = plan.framing
        self.view = self.framing.view
        self._pen = Pen(self.view)
        self._pitch = self._pen.faint_lines(_pitch_lines(plan))

    def draw(self, frame: Frame) -> Image:
        """The part of a frame that is shown, with everything drawn on it."""
        picture = self.view.cut(frame.image)
        self._pitch.lay_on(picture)
        people: list[tuple[Trail, Floats, bool]] = []
        balls: list[tuple[Trail, Floats, bool]] = []
        for trail in self._plan.trails:
            place = trail.at(frame.t_s)
            if place is not None:
                (balls if trail.object_kind == "ball" else people).append((trail, *place))
        # Who stands nearer to the camera is drawn over who stands behind.
        people.sort(key=lambda one: (one[1][3], one[0].track_id))
        for trail, box, is_seen in people:
            self._ring(picture, trail, box, is_seen=is_seen)
        self._labels(picture, [(trail, box) for trail, box, _ in people])
        for trail, box, is_seen in balls:
            self._ball(picture, trail, box, frame.t_s, is_seen=is_seen)
        left = self.framing.left_at(frame.t_s)
        shown = np.ascontiguousarray(picture[:, left : left + self.framing.width_px])
        self._clock(shown, frame.t_s)
        return shown

    def _ring(self, picture: Image, trail: Trail, box: Floats, *, is_seen: bool) -> None:
        foot, height = self._stands(box)
        if trail.object_kind == "other":
            self._pen.dot(picture, foot)
            return
        is_keeper = trail.role == "goalkeeper"
        colour = self._colour(trail)
        self._pen.ring(picture, foot, height, colour, is_double=is_keeper, is_sure=is_seen)

    def _labels(self, picture: Image, people: list[tuple[Trail, Floats]]) -> None:
        """Of people from behind to front: one that a nearer one would hide is left out."""
        shown: list[tuple[Trail, Label]] = []
        for trail, box in reversed(people):
            if trail.object_kind == "other":
                continue
            label = self._pen.label(*self._stands(box), self._text(trail))
            if label and all(label.covered_by(one) <= _HIDDEN for _, one in shown):
                shown.append((trail, label))
        for trail, label in reversed(shown):
            is_known = trail.track_id in self._plan.labels or trail.role == "goalkeeper"
            self._pen.write(
                picture, label, self._colour(trail),
                is_round=trail.object_kind == "athlete" and trail.team_side != "away",
                is_full=is_known or trail.object_kind == "official",
            )  # fmt: skip

    def _stands(self, box: Floats) -> tuple[Floats, float]:
        """The foot point and the height of a box, as shown."""
        foot = self.view.places(np.array([(box[0] + box[2]) / 2, box[3]]))[0]
        return foot, float(box[3] - box[1]) * self.view.scale

    def _colour(self, trail: Trail) -> Colour:
        is_official = trail.object_kind == "official"
        return _OFFICIAL if is_official else self._plan.colours.of(trail.team_side)

    def _text(self, trail: Trail) -> str:
        if trail.object_kind == "official":
            return "REF"
        number = self._plan.labels.get(trail.track_id)
        if trail.role == "goalkeeper":
            return f"GK {number}" if number else "GK"
        return number or str(trail.track_id)

    def _ball(
        self, picture: Image, trail: Trail, box: Floats, t_s: float, *, is_seen: bool
    ) -> None:
        behind = []
        for back_s in np.arange(_BALL_TRAIL_S, -_BALL_STEP_S / 2, -_BALL_STEP_S):
            past = trail.at(t_s - float(back_s))
            behind.append(_middle(past[0]) if past else np.full(2, np.nan))
        self._pen.fading_line(picture, self.view.places(np.array(behind)))
        self._pen.ball(picture, self.view.places(_middle(box))[0], is_sure=is_seen)

    def _clock(self, picture: Image, t_s: float) -> None:
        moment = self._plan.moment
        micros = np.timedelta64(round(t_s * 1_000_000), "us").item()
        instant = (moment.recorded_at_utc + micros).astimezone(ZoneInfo(self._plan.timezone))
        text = f"{instant:%H:%M:%S}.{instant.microsecond // 100_000} · {moment.camera}"
        if self._plan.camera is None:
            text += " · not calibrated"
        self._pen.caption(picture, text)


#: Officials: as dark as the black shirt of old, told apart from any side by its white rim.
_OFFICIAL: Final[Colour] = (28, 30, 34)
#: A label of which a nearer one hides more than this would not be read.
_HIDDEN: Final = 0.35


def _middle(box: Floats) -> Floats:
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])


def _pitch_lines(plan: ClipPlan) -> list[Floats]:
    """The marks of the pitch in pixels of the video, as far as the camera sees them."""
    if plan.camera is None or plan.field is None:
        return []
    camera = plan.camera.resized(plan.width_px, plan.height_px)
    return [camera.project(line) for line in marks(plan.field).values()]
