"""Where on the ground the ball is, or what it is above.

A picture tells a direction and no distance. On the ground the place follows; in flight the fall
tells it: of all parabolas with the earth's acceleration few give the way that is seen (Ribnick,
Atev & Papanikolopoulos 2009). Drag and spin are left out, which the standard deviation bears.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from sports_assets.vision.ball.size import BALL_M

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

_GRAVITY_MPS2 = 9.81
#: A blob's middle is known to this, px.
_CENTRE_SD_PX = 0.7
#: A leg ends where the velocity changes by more than this within `_TURN_S`: a kick or a bounce,
#: m/s. Gravity alone changes it by 1.2.
_TURN_MPS, _TURN_S = 4.0, 0.12
#: Shorter legs, or those of fewer points, are too straight to tell a parabola.
_LEAST_S, _LEAST_POINTS = 0.35, 7
#: A leg flies if a parabola leaves so much less of the way unexplained than a ball that rolls, ...
_BETTER = 0.6
#: ... and it is as high as this somewhere, m.
_HIGH_M = 0.6
#: Nothing is under the ground by more than this, m, nor faster than this, m/s.
_UNDER_M, _FASTEST_MPS = 0.5, 45.0
#: A parabola that tells no better than this, m, tells nothing.
_WORST_SD_M = 4.0
#: What drag and spin do to it, as a share of the standard deviation, and at least, m.
_DRAG, _LEAST_SD_M = 2.0, 0.3
#: A way that neither rolls nor flies as it should is in the air, a metre or two up: then the place
#: behind it is wrong by about so much, m.
_IN_AIR_SD_M = 2.0
#: Neither, if more than this is unexplained, px and diameters of the ball.
_UNEXPLAINED_PX, _UNEXPLAINED = 2.0, 1.5


@dataclass(frozen=True)
class Way:
    """Points of the ball's path in a picture, in order of time: n.

    Attributes:
        t_s: when: n.
        centre_px: middle: n × 2.
        diameter_px: as it is seen: n.
        stretch: number of the stretch; between two of them it was lost: n.
        score: how much it looked like the ball: n.
        on_pitch: whether what it hides is the pitch: n.
    """

    t_s: Floats
    centre_px: Floats
    diameter_px: Floats
    stretch: Whole
    score: Floats
    on_pitch: Flags

    def only(self, chosen: Flags | Whole) -> "Way":
        """Some of the points."""
        return Way(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def ground_places(way: Way, camera: Camera) -> tuple[Floats, Floats]:
    """Places on the ground under the ball (n × 2), m, and their standard deviations (n), m."""
    places = camera.ground(way.centre_px, z_m=BALL_M / 2)
    sds = camera.ground_sd_m(way.centre_px, _CENTRE_SD_PX)
    for leg in legs(way):
        mine = way.only(leg)
        if leg.size < _LEAST_POINTS or mine.t_s[-1] - mine.t_s[0] < _LEAST_S:
            continue
        rolls_px = _unexplained_by_rolling(mine, places[leg], camera)
        flight = _flight(mine, camera)
        if flight is not None and flight.unexplained_px < _BETTER * rolls_px:
            places[leg], sds[leg] = flight.places_m, flight.sd_m
        elif not rolls_px < max(_UNEXPLAINED_PX, _UNEXPLAINED * np.median(mine.diameter_px)):
            sds[leg] = np.hypot(sds[leg], _IN_AIR_SD_M)
    return places, sds


def legs(way: Way) -> list[Whole]:
    """Points from one kick or bounce to the next, as places in `way`."""
    if not way.t_s.size:
        return []
    lost = np.flatnonzero(np.diff(way.stretch)) + 1
    begins, ends = np.append(0, lost), np.append(lost, way.t_s.size)
    which = np.searchsorted(begins, np.arange(way.t_s.size), "right") - 1
    before = np.searchsorted(way.t_s, way.t_s - _TURN_S - 1e-6)
    after = np.searchsorted(way.t_s, way.t_s + _TURN_S + 1e-6) - 1
    before, after = np.maximum(before, begins[which]), np.minimum(after, ends[which] - 1)
    turn = np.zeros(way.t_s.size)
    inner = np.flatnonzero((before < np.arange(turn.size)) & (after > np.arange(turn.size)))
    came, goes = (
        (way.centre_px[end[inner]] - way.centre_px[inner])
        / (way.t_s[end[inner]] - way.t_s[inner])[:, None]
        for end in (before, after)
    )
    turn[inner] = np.linalg.norm(goes - came, axis=1) * BALL_M / way.diameter_px[inner]
    around = np.lib.stride_tricks.sliding_window_view(np.pad(turn, 2), 5).max(axis=1)
    kicks = np.flatnonzero((turn > _TURN_MPS) & (turn == around))
    return np.split(np.arange(way.t_s.size), np.unique(np.concatenate([kicks, lost])))


@dataclass(frozen=True)
class _Flight:
    """A parabola through a leg: places under it, their deviations, and what it leaves, px."""

    places_m: Floats
    sd_m: Floats
    unexplained_px: float


def _unexplained_by_rolling(way: Way, places: Floats, camera: Camera) -> float:
    """Of a leg as one of a ball that rolls and slows evenly: root mean square, px."""
    sds = camera.ground_sd_m(way.centre_px, _CENTRE_SD_PX)
    if not (np.isfinite(places).all() and np.isfinite(sds).all()):
        return np.inf  # towards the horizon
    since, weight = way.t_s - way.t_s.mean(), 1 / sds
    told = np.column_stack(
        [np.polyval(np.polyfit(since, places[:, axis], 2, w=weight), since) for axis in (0, 1)]
    )
    return _rms(camera, np.column_stack([told, np.full(len(told), BALL_M / 2)]), way.centre_px)


def _flight(way: Way, camera: Camera) -> _Flight | None:
    """The parabola through a leg: place and velocity at its mean time; None: there is none."""
    since = way.t_s - way.t_s.mean()
    stands = np.array([camera.x_m, camera.y_m, camera.z_m])
    rays = _rays(way.centre_px, camera)
    if not np.isfinite(rays).all():
        return None
    # Each point lies on its ray: (stands − place) × ray = 0, linear in place and velocity.
    fall = np.array([0.0, 0.0, -_GRAVITY_MPS2 / 2]) * since[:, None] ** 2
    cross = np.array([_cross_matrix(ray) for ray in rays])
    design = np.concatenate([cross, cross * since[:, None, None]], axis=2).reshape(-1, 6)
    wanted = np.einsum("nij,nj->ni", cross, stands - fall).ravel()
    told = np.linalg.lstsq(design, wanted, rcond=None)[0]

    def seen(parameters: Floats) -> Floats:
        places = parameters[:3] + parameters[3:] * since[:, None] + fall
        return np.asarray(camera.project(places), np.float64)

    jacobian = np.empty((2 * since.size, 6))
    for _ in range(3):  # Gauss–Newton on what is seen; the linear answer weighs by distance
        now = seen(told)
        for axis in range(6):
            nudge = np.zeros(6)
            nudge[axis] = 1e-3
            jacobian[:, axis] = ((seen(told + nudge) - now) / 1e-3).ravel()
        if not np.isfinite(jacobian).all() or not np.isfinite(now).all():
            return None
        told = told + np.linalg.lstsq(jacobian, (way.centre_px - now).ravel(), rcond=None)[0]
    places = told[:3] + told[3:] * since[:, None] + fall
    left = _rms(camera, places, way.centre_px)
    normal = jacobian.T @ jacobian / max(left, _CENTRE_SD_PX) ** 2
    if not np.isfinite(left) or np.linalg.cond(normal) > 1e12:  # noqa: PLR2004 - singular
        return None
    spread = np.linalg.inv(normal)
    sd = np.empty(since.size)
    for point, at in enumerate(since):
        ground = np.hstack([np.eye(2, 3), np.eye(2, 3) * at])
        sd[point] = np.sqrt(np.linalg.eigvalsh(ground @ spread @ ground.T)[-1])
    sd = np.hypot(sd * _DRAG, _LEAST_SD_M)
    can_be = (
        places[:, 2].max() >= _HIGH_M
        and places[:, 2].min() >= -_UNDER_M
        and np.linalg.norm(told[3:]) <= _FASTEST_MPS
        and sd.max() <= _WORST_SD_M
    )
    return _Flight(places[:, :2], sd, left) if can_be else None


def _rays(pixels: Floats, camera: Camera) -> Floats:
    """Directions from the camera through pixels: n × 3."""
    stands = np.array([camera.x_m, camera.y_m, camera.z_m])
    rays = np.full((len(pixels), 3), np.nan)
    for height in (0.0, camera.z_m + 1.0):  # below the horizon, and above it
        ground = camera.ground(pixels, z_m=height)
        ends = np.column_stack([ground, np.full(len(ground), height)]) - stands
        rays = np.where(np.isfinite(rays), rays, ends)
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True), np.float64)


def _cross_matrix(ray: Floats) -> Floats:
    x, y, z = ray
    return np.array([[0, z, -y], [-z, 0, x], [y, -x, 0]])


def _rms(camera: Camera, places: Floats, pixels: Floats) -> float:
    off = camera.project(places) - pixels
    return float(np.sqrt(np.mean(np.sum(off**2, axis=1))))
