"""A broadcast camera: it turns and zooms after the ball, as an operator does."""

from dataclasses import replace

import numpy as np

from edge_ingest.camera import Camera
from edge_ingest.simulate.footage.officials import ball_path
from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.tracking import Tracking

#: An operator follows with some inertia, s, and shows so many metres around the ball.
_INERTIA_S = 0.9
_SHOWN_M = (38.0, 55.0)


def follow(tracking: Tracking, parameters: SceneParameters) -> list[Camera]:
    """The camera of each frame.

    Args:
        tracking: at the frame rate.
        parameters: of the scene; its camera gives the size of the picture.
    """
    from scipy.ndimage import gaussian_filter1d

    rng = np.random.default_rng([parameters.seed, 43])
    half = np.array(tracking.field_m) / 2
    stand = np.array([rng.uniform(-4, 4), -half[1] - rng.uniform(22, 34), rng.uniform(12, 20)])
    rate = parameters.fps
    play = gaussian_filter1d(ball_path(tracking), _INERTIA_S * rate, axis=0, mode="nearest")
    aim = play * [0.92, 0.45]
    away = np.hypot(aim[:, 0] - stand[0], aim[:, 1] - stand[1])
    pan = np.degrees(np.arctan2(aim[:, 1] - stand[1], aim[:, 0] - stand[0]))
    tilt = np.degrees(np.arctan2(stand[2], away))
    beat = np.sin(2 * np.pi * tracking.t_s / rng.uniform(18, 35) + rng.uniform(0, 6))
    shown = np.mean(_SHOWN_M) + (max(_SHOWN_M) - min(_SHOWN_M)) / 2 * beat
    still = parameters.camera
    focal = still.width_px * np.hypot(away, stand[2]) / shown
    focal = gaussian_filter1d(focal, 1.5 * rate, mode="nearest")
    first = replace(
        still, x_m=float(stand[0]), y_m=float(stand[1]), z_m=float(stand[2]), roll_deg=0.0,
        k1=0.0, k2=0.0, lens="perspective",
    )  # fmt: skip
    return [
        replace(first, pan_deg=float(a), tilt_deg=float(b), focal_px=float(c))
        for a, b, c in zip(pan, tilt, focal, strict=True)
    ]
