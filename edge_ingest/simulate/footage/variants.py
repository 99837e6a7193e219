"""Scenes beside the usual one: two half-pitch cameras, a hall, a video that shows nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge_ingest.simulate.footage.encode import encode
from edge_ingest.simulate.footage.parameters import SceneParameters, draw_parameters
from edge_ingest.simulate.footage.textures import Image, require_cv2
from edge_ingest.simulate.footage.tracking import Tracking

#: A futsal court, length and width, m (FIFA, Futsal Laws of the Game, law 1).
COURT_M = (40.0, 20.0)
_A_SIDE = 4


def pair_parameters(
    seed: int, size_px: tuple[int, int] = (1920, 1080)
) -> tuple[SceneParameters, SceneParameters]:
    """Two cameras on one stand, of the left and the right half, with one clock.

    Light, people and surroundings are the same; noise is not.
    """
    left = draw_parameters(seed, view="left half", size_px=size_px)
    camera = left.camera
    mirrored = replace(
        camera, x_m=-camera.x_m, pan_deg=180.0 - camera.pan_deg, roll_deg=-camera.roll_deg
    )
    return left, replace(left, view="right half", camera=mirrored)


def court_parameters(seed: int) -> SceneParameters:
    """A hall."""
    drawn = draw_parameters(seed, COURT_M, view="whole", size_px=(1920, 1080), is_court=True)
    return replace(
        drawn,
        lines=replace(drawn.lines, width_m=0.08, strength=0.95, wear=0.05, lettering=""),
        lighting=replace(drawn.lighting, kind="overcast", shade_y_m=None, is_night=False),
        recorder=replace(drawn.recorder, sway_px=0.0),
    )


def on_court(tracking: Tracking) -> Tracking:
    """Five a side of a match, in a hall: both keepers and the four of each side nearest to play.

    Ways are shortened as the court is, so everybody moves at less than half of the real speed.
    """
    scale = np.array(COURT_M) / tracking.field_m
    balls = tracking.rows("ball")
    ball = tracking.places_m[balls[0], :, :2] if balls else np.zeros((tracking.t_s.size, 2))
    kept = list(balls)
    for side in ("home", "away"):
        rows = [
            row for row, thing in enumerate(tracking.things)
            if thing.side == side and np.isfinite(tracking.places_m[row, :, 0]).mean() > 0.5  # noqa: PLR2004
        ]  # fmt: skip
        keepers = [row for row in rows if tracking.things[row].role == "goalkeeper"]
        others = [row for row in rows if row not in keepers]

        def away(row: int) -> float:
            far = np.linalg.norm(tracking.places_m[row, :, :2] - ball, axis=1)
            return float(np.nanmean(far)) if np.isfinite(far).any() else np.inf

        kept += keepers[:1] + sorted(others, key=away)[:_A_SIDE]
    places = tracking.places_m[kept] * np.array([*scale, 0.4])
    return replace(
        tracking, things=tuple(tracking.things[row] for row in kept), places_m=places,
        presence=tracking.presence[kept], field_m=COURT_M,
    )  # fmt: skip


def draw_black(
    path: Path, seconds: float, fps: int = 25, size_px: tuple[int, int] = (1280, 720), seed: int = 0
) -> int:
    """A video of a lens with its cap on: black, with the sensor's noise; how many frames.

    Raises:
        SettingsError: OpenCV is not installed.
    """
    require_cv2()
    rng = np.random.default_rng([seed, 47])

    def frames() -> Iterator[Image]:
        pool = np.clip(rng.normal(2, 1.2, (4, size_px[1], size_px[0], 3)), 0, 255).astype(np.uint8)
        for frame in range(round(seconds * fps)):
            yield pool[frame % len(pool)]

    return encode(path, frames(), fps, crf=28, key_interval_s=2.0)
