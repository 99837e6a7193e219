"""How bodies move: joints of people who stand, walk and run, from their paths alone.

Cadence and reach of legs grow with speed (Hay 2002; Nilsson & Thorstensson 1989); lengths of limbs
are shares of stature (Drillis & Contini 1966).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_ingest.simulate.footage.tracking import Tracking

Floats = NDArray[np.float64]

#: Joints, in the order in which `pose` gives them.
JOINTS = (
    "hip_l", "hip_r", "knee_l", "knee_r", "ankle_l", "ankle_r", "toe_l", "toe_r", "heel_l",
    "heel_r", "shoulder_l", "shoulder_r", "elbow_l", "elbow_r", "wrist_l", "wrist_r", "neck",
    "chin", "crown", "pelvis",
)  # fmt: skip
AT = {name: number for number, name in enumerate(JOINTS)}

_SPEEDS = (0.0, 1.5, 4.0, 8.0)  # m/s
_STRIDES_HZ = (0.55, 0.95, 1.38, 1.75)
_HIP_SWING = (0.0, 0.40, 0.62, 0.85)  # rad
_KNEE_SWING = (0.0, 0.85, 1.45, 1.9)
_ARM_SWING = (0.03, 0.38, 0.60, 0.85)
_ELBOW = (0.25, 0.40, 1.20, 1.55)
_LEAN = (0.02, 0.05, 0.12, 0.20)
#: Slower than this nobody's path tells where they look, m/s.
_TURN_MPS = 0.8


@dataclass(frozen=True)
class Motion:
    """How each thing moves, n × m for n things and m frames.

    Attributes:
        phase: of the gait, rad.
        speed_mps: along the ground.
        heading: unit vector in which the body looks, n × m × 2.
    """

    phase: Floats
    speed_mps: Floats
    heading: Floats

    def at(self, rows: NDArray[np.int64], frame: int) -> "Moment":
        """Of some things in one frame."""
        return Moment(
            self.phase[rows, frame], self.speed_mps[rows, frame], self.heading[rows, frame]
        )


@dataclass(frozen=True)
class Moment:
    """The same in one frame: n, and n × 2 for the heading."""

    phase: Floats
    speed_mps: Floats
    heading: Floats


@dataclass(frozen=True)
class Build:
    """Bodies: stature (m) and how broad, one for each thing; habits that differ."""

    stature_m: Floats
    broad: Floats
    arms: Floats


def draw_build(tracking: Tracking, rng: np.random.Generator) -> Build:
    """Bodies at random, of the range that teams have."""
    count = len(tracking.things)
    return Build(
        np.clip(rng.normal(1.81, 0.06, count), 1.68, 1.96),
        np.clip(rng.normal(1.0, 0.05, count), 0.88, 1.15),
        rng.uniform(0.10, 0.32, count),
    )


def motion(tracking: Tracking, rng: np.random.Generator) -> Motion:
    """Gait and heading along paths; who hardly moves looks at the ball."""
    from scipy.ndimage import gaussian_filter1d

    t_s = tracking.t_s
    step = float(np.median(np.diff(t_s))) if t_s.size > 1 else 0.04
    places = _filled(tracking.places_m[..., :2])
    speed_xy = np.gradient(places, step, axis=1) if t_s.size > 1 else np.zeros_like(places)
    speed_xy = gaussian_filter1d(speed_xy, 0.12 / step, axis=1, mode="nearest")
    speed = np.linalg.norm(speed_xy, axis=2)
    speed = np.minimum(gaussian_filter1d(speed, 0.15 / step, axis=1, mode="nearest"), 11.0)
    cadence = np.interp(speed, _SPEEDS, _STRIDES_HZ)
    start = rng.uniform(0, 2 * np.pi, (len(places), 1))
    phase = start + 2 * np.pi * np.cumsum(cadence, axis=1) * step
    balls = tracking.rows("ball")
    target = places[balls[0]] if balls else np.zeros(places.shape[1:])
    towards = target[None] - places
    towards /= np.maximum(np.linalg.norm(towards, axis=2, keepdims=True), 0.5)
    heading = speed_xy + _TURN_MPS * towards
    heading = gaussian_filter1d(heading, 0.3 / step, axis=1, mode="nearest")
    heading /= np.maximum(np.linalg.norm(heading, axis=2, keepdims=True), 1e-6)
    return Motion(phase, speed, heading)


def pose(places_m: Floats, moves: Moment, build: Build, rows: NDArray[np.int64]) -> Floats:
    """Joints of people in one frame.

    Args:
        places_m: where each stands: n × 2.
        moves: how each moves.
        build: of all; `rows` are these n.

    Returns:
        n × joints × 3, m in the field's axes.
    """
    phase, speed, heading = moves.phase, moves.speed_mps, moves.heading
    tall, broad, arms = build.stature_m[rows], build.broad[rows], build.arms[rows]
    count = len(rows)
    body = np.zeros((count, len(JOINTS), 3))  # forward, left, up; from the hips' middle
    thigh, shank = 0.245 * tall, 0.246 * tall
    hip = np.interp(speed, _SPEEDS, _HIP_SWING)
    knee = np.interp(speed, _SPEEDS, _KNEE_SWING)
    arm = np.interp(speed, _SPEEDS, _ARM_SWING)
    elbow = np.interp(speed, _SPEEDS, _ELBOW)
    lean = np.interp(speed, _SPEEDS, _LEAN)
    trunk, half_hip, half_shoulder = 0.295 * tall, 0.055 * tall * broad, 0.108 * tall * broad
    bend = np.clip(0.06 + 0.02 * speed, 0, 0.2)
    stance = 0.05 * np.exp(-speed)  # apart while they stand
    for side, offset, sign in (("l", 0.0, 1), ("r", np.pi, -1)):
        turn = phase + offset
        swing = hip * np.sin(turn) + 0.10 * hip
        flex = bend + knee * np.maximum(0, np.cos(turn + 0.35)) ** 1.6
        _put(body, f"hip_{side}", 0, sign * half_hip, 0)
        at = body[:, AT[f"hip_{side}"]]
        at = _reach(at, swing, thigh, sign * stance * 0.6)
        body[:, AT[f"knee_{side}"]] = at
        at = _reach(at, swing - flex, shank, sign * stance * 0.4)
        body[:, AT[f"ankle_{side}"]] = at
        sole = np.clip((swing - flex) * 0.7, -1.2, 0.4)
        for name, length in (("toe", 0.17), ("heel", -0.06)):
            body[:, AT[f"{name}_{side}"]] = at + np.column_stack(
                [length * np.cos(sole), np.zeros(count), length * np.sin(sole) - 0.045]
            )
        # The opposite arm goes with a leg.
        swing = -arm * np.sin(turn) - 0.1
        top = np.column_stack([trunk * np.sin(lean), sign * half_shoulder, trunk * np.cos(lean)])
        body[:, AT[f"shoulder_{side}"]] = top
        out = sign * (arms + 0.05)
        at = _reach(top, swing, 0.175 * tall, out * 0.175 * tall)
        body[:, AT[f"elbow_{side}"]] = at
        body[:, AT[f"wrist_{side}"]] = _reach(at, swing + elbow, 0.165 * tall, out * 0.02)
    for name, up in (("neck", 1.03), ("chin", 1.20), ("crown", 1.385)):
        forward = np.sin(lean) * min(up, 1.12) + (0.03 if name == "crown" else 0.04)
        _put(body, name, trunk * forward, 0, trunk * up * np.cos(lean * 0.6))
    lowest = np.minimum(body[..., 2].min(axis=1), 0)
    flight = np.clip((speed - 3) * 0.012, 0, 0.05) * np.abs(np.sin(phase + 0.6))
    body[..., 2] += (0.03 - lowest + flight)[:, None]
    ahead, left = heading, np.column_stack([-heading[:, 1], heading[:, 0]])
    joints = np.empty_like(body)
    joints[..., :2] = (
        places_m[:, None] + body[..., :1] * ahead[:, None] + body[..., 1:2] * left[:, None]
    )
    joints[..., 2] = body[..., 2]
    return joints


def _put(body: Floats, name: str, forward: Floats | float, left: Floats | float,
         up: Floats | float) -> None:  # fmt: skip
    body[:, AT[name], 0] = forward
    body[:, AT[name], 1] = left
    body[:, AT[name], 2] = up


def _reach(start: Floats, angle: Floats, length: Floats, aside: Floats) -> Floats:
    """The end of a limb that hangs from `start`, swung forward by an angle."""
    return start + np.column_stack([length * np.sin(angle), aside, -length * np.cos(angle)])


def _filled(places: Floats) -> Floats:
    """Paths without gaps: the nearest known place stands in, so that nothing turns NaN."""
    filled = places.copy()
    frames = np.arange(places.shape[1])
    for path in filled:
        known = np.isfinite(path[:, 0])
        if known.any() and not known.all():
            for axis in (0, 1):
                path[:, axis] = np.interp(frames, frames[known], path[known, axis])
    return np.nan_to_num(filled)
