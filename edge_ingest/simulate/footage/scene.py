"""A scene: real tracking drawn as a camera would have filmed it, and the truth beside it."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from edge_ingest.simulate.footage.background import LOOKS
from edge_ingest.simulate.footage.ball import BALL_M
from edge_ingest.simulate.footage.clothes import dress
from edge_ingest.simulate.footage.encode import encode
from edge_ingest.simulate.footage.gait import draw_build, motion
from edge_ingest.simulate.footage.moving import follow
from edge_ingest.simulate.footage.officials import with_bystanders, with_officials
from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.sensor import Sensor
from edge_ingest.simulate.footage.stage import Cast, Shown, Stage
from edge_ingest.simulate.footage.textures import Image, require_cv2
from edge_ingest.simulate.footage.tracking import Tracking, at_rate
from edge_ingest.simulate.footage.truth import Truth, TruthRows
from edge_ingest.simulate.footage.views import MovingView, StillView, View

Floats = NDArray[np.float64]
#: A still camera over a pitch, one that follows the ball, or a still one in a hall.
Kind = Literal["still", "moving", "court"]

#: What the truth calls roles; assistants are referees, too.
_ROLES = {"outfield": "outfield", "goalkeeper": "goalkeeper", "referee": "referee",
          "assistant": "referee"}  # fmt: skip
#: Room for bystanders beside the lines, m.
_ROOM_M = {"boards": 2.8, "hall": 3.8, "open": 5.5}


class Scene:
    """All that is drawn, frame after frame.

    Attributes:
        tracking: everybody who is in it, at the frame rate.
        view: the empty scene.
        rows: the truth of the frames that were drawn so far.
    """

    def __init__(
        self, tracking: Tracking, parameters: SceneParameters, seconds: float,
        kind: Kind = "still", looks: int = LOOKS,
    ) -> None:  # fmt: skip
        require_cv2()
        is_court = kind == "court"
        # One stream of chance for the people, so that two cameras see the same ones.
        chance = np.random.default_rng([parameters.seed, 41])
        around = parameters.surroundings
        played = at_rate(tracking, parameters.fps, seconds)
        if not is_court:
            played = with_officials(played, chance)
        room_m = _ROOM_M["boards" if around.boards else "hall" if is_court else "open"]
        played = with_bystanders(played, chance, around.people, around.balls, room_m)
        self.tracking = replace(played, places_m=_grounded(played))
        people = Cast(
            self.tracking,
            motion(self.tracking, chance),
            draw_build(self.tracking, chance),
            [dress(thing, parameters.kits, chance) for thing in self.tracking.things],
        )
        self.view: View
        if kind == "moving":
            self.view = MovingView(parameters, follow(self.tracking, parameters), looks)
        else:
            self.view = StillView(parameters, looks, is_court=is_court)
        self._stage = Stage(parameters, people, self.view.development)
        self._sensor = Sensor(parameters)
        self.rows = TruthRows()

    def frames(self) -> Iterator[Image]:
        """Each frame: blue, green, red. Its truth is added to `rows`."""
        for frame in range(self.tracking.t_s.size):
            image, camera = self.view.empty(frame), self.view.camera(frame)
            shown = self._stage.draw(image, camera, frame, self.view.props)
            self._tell(frame, shown, camera)
            yield self._sensor.expose(image, frame)

    def cameras(self) -> tuple[Camera, ...]:
        """One, or one a frame where it moves."""
        if isinstance(self.view, MovingView):
            return tuple(self.view.camera(frame) for frame in range(self.tracking.t_s.size))
        return (self.view.camera(0),)

    def _tell(self, frame: int, shown: Mapping[int, Shown], camera: Camera) -> None:
        shift = np.array([*self._sensor.tremble_px(frame)] * 2)
        for row, thing in enumerate(self.tracking.things):
            place = self.tracking.places_m[row, frame]
            if not np.isfinite(place[0]):
                continue
            seen = shown.get(row)
            box = None if seen is None else _inside(np.array(seen.box) + shift, camera)
            left, top, right, bottom = [None] * 4 if box is None else np.round(box, 3).tolist()
            share = 0.0 if seen is None or box is None else round(seen.share, 4)
            self.rows.add(
                frame_id=frame, t_s=float(self.tracking.t_s[frame]), object_id=thing.object_id,
                object_kind=thing.kind, team_side=thing.side,
                role=_ROLES.get(thing.role or ""), x_m=float(place[0]), y_m=float(place[1]),
                z_m=float(place[2]), left_px=left, top_px=top, right_px=right, bottom_px=bottom,
                visible_share=share,
            )  # fmt: skip


def draw_match(
    tracking: Tracking, parameters: SceneParameters, path: Path, seconds: float,
    kind: Kind = "still",
) -> Truth:  # fmt: skip
    """Draw a match as a video.

    Args:
        tracking: who was where, from 0 s on.
        parameters: what it looks like.
        path: the MP4 to write.
        seconds: how long.
        kind: of camera and place.

    Raises:
        SettingsError: OpenCV is not installed.
    """
    scene = Scene(tracking, parameters, seconds, kind)
    recorder = parameters.recorder
    encode(path, scene.frames(), parameters.fps, recorder.crf, recorder.key_interval_s)
    return Truth(scene.rows.table(), scene.cameras(), path)


@dataclass(frozen=True)
class SceneFiles:
    """The files of a scene: `NAME.mp4`, `NAME.truth.parquet`, `NAME.scene.json`."""

    video: Path
    truth: Path
    facts: Path

    @classmethod
    def of(cls, folder: Path, name: str) -> "SceneFiles":
        """Of that name."""
        return cls(*(folder / f"{name}{end}" for end in (".mp4", ".truth.parquet", ".scene.json")))


def write_scene(
    tracking: Tracking, parameters: SceneParameters, files: SceneFiles, seconds: float,
    kind: Kind = "still",
) -> Truth:  # fmt: skip
    """Draw a match and write its video, truth and facts; each appears when all are whole.

    Raises:
        SettingsError: OpenCV is not installed.
    """
    require_cv2()
    files.video.parent.mkdir(parents=True, exist_ok=True)
    parts = [
        path.with_name(f".{path.name}.{os.getpid()}.part")
        for path in (files.video, files.truth, files.facts)
    ]
    try:
        truth = draw_match(tracking, parameters, parts[0], seconds, kind)
        pq.write_table(truth.table, parts[1])
        facts = scene_facts(parameters, truth, kind)
        parts[2].write_text(json.dumps(facts, indent=1, sort_keys=True))
        for part, path in zip(parts[::-1], (files.facts, files.truth, files.video), strict=True):
            part.replace(path)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return replace(truth, video=files.video)


def scene_facts(parameters: SceneParameters, truth: Truth, kind: Kind) -> dict[str, object]:
    """What `NAME.scene.json` holds; `cameras` are those of the frames of a moving camera."""
    facts: dict[str, object] = {
        "camera": truth.cameras[0].to_dict(),
        "field": list(parameters.field_m),
        "seed": parameters.seed,
        "kind": kind,
        "params": parameters.to_dict(),
    }
    if kind == "moving":
        facts["cameras"] = [one.to_dict() for one in truth.cameras]
    return facts


def _grounded(tracking: Tracking) -> Floats:
    """Places whose heights are those of what is drawn: people stand, balls lie or fly."""
    places = tracking.places_m.copy()
    for row, thing in enumerate(tracking.things):
        known = np.isfinite(places[row, :, 0])
        if thing.shape == "person":
            places[row, known, 2] = 0.0
        else:
            height = np.nan_to_num(places[row, known, 2])
            places[row, known, 2] = np.maximum(height, BALL_M / 2)
    return places


def _inside(box: Floats, camera: Camera) -> Floats | None:
    """A box cut at the picture's edges; None where nothing is left."""
    edge = np.array([camera.width_px, camera.height_px] * 2) - 0.5
    cut = np.clip(box, -0.5, edge)
    return cut if cut[2] > cut[0] and cut[3] > cut[1] else None
