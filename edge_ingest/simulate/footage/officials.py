"""Whom the source does not track: referee, assistants, people and spare balls beside the pitch."""

import numpy as np

from edge_ingest.simulate.footage.tracking import Floats, Thing, Tracking

#: A referee keeps about so far from the ball, m (diagonal system of control).
_APART_M = (8.0, 13.0)
#: Nobody runs through a referee: others are given this berth, m.
_BERTH_M = 2.5
#: An assistant walks this far outside of the touchline, m.
_OUTSIDE_M = 0.8


def with_officials(tracking: Tracking, rng: np.random.Generator) -> Tracking:
    """Add a referee, where the source has none, and both assistants.

    The referee follows the ball at a distance and gives way to players. Each assistant stays level
    with the last but one defender of a half, or with the ball where that is nearer to the goal
    (IFAB, Laws of the Game, law 6).
    """
    rate = 1 / max(1e-9, float(np.median(np.diff(tracking.t_s)))) if tracking.t_s.size > 1 else 25.0
    ball = ball_path(tracking)
    added, paths = [], []
    if not any(thing.role == "referee" for thing in tracking.things):
        added.append(Thing("referee", "official", None, "referee"))
        paths.append(_referee(tracking, ball, rate, rng))
    for name, half, side in (("assistant_1", 1, -1), ("assistant_2", -1, 1)):
        added.append(Thing(name, "official", None, "assistant"))
        paths.append(_assistant(tracking, ball, rate, half, side))
    return tracking.with_more(tuple(added), np.stack(paths))


def with_bystanders(
    tracking: Tracking, rng: np.random.Generator, people: int, balls: int, furthest_m: float = 5.5
) -> Tracking:
    """Add people who stand or stroll beside the pitch, and balls that lie there.

    Args:
        tracking: at the frame rate.
        rng: chance.
        people, balls: how many.
        furthest_m: from the lines; boards stand there.
    """
    half = np.array(tracking.field_m) / 2
    t_s = tracking.t_s
    things, paths = [], []
    for number in range(people):
        spot = _beside(half, rng, nearest_m=1.5, furthest_m=furthest_m)
        reach = rng.uniform(0.1, 0.5) if rng.random() < 0.7 else rng.uniform(2, 6)  # noqa: PLR2004
        pace = 2 * np.pi / rng.uniform(14, 40)
        along = reach * np.sin(pace * t_s + rng.uniform(0, 6))
        path = np.zeros((t_s.size, 3))
        path[:, :2] = spot
        path[:, 0 if abs(spot[1]) > half[1] else 1] += along
        things.append(Thing(f"bystander_{number + 1}", "other"))
        paths.append(path)
    for number in range(balls):
        path = np.zeros((t_s.size, 3))
        path[:, :2] = _beside(half, rng, nearest_m=1.0, furthest_m=furthest_m)
        things.append(Thing(f"spare_ball_{number + 1}", "other", shape="ball"))
        paths.append(path)
    if not things:
        return tracking
    return tracking.with_more(tuple(things), np.stack(paths))


def _beside(
    half: Floats, rng: np.random.Generator, nearest_m: float, furthest_m: float
) -> tuple[float, float]:
    """A spot beside the pitch; mostly along the far touchline, where the benches are."""
    off = rng.uniform(nearest_m, furthest_m)
    which = rng.choice(4, p=[0.55, 0.15, 0.15, 0.15])
    if which < 2:  # noqa: PLR2004 - far and near touchline
        return rng.uniform(-0.8, 0.8) * half[0], (half[1] + off) * (1 if which == 0 else -1)
    away = (1 if which == 2 else -1) * (half[0] + off)  # noqa: PLR2004
    aside = rng.uniform(6, half[1] - 1) if half[1] > 8 else half[1] * 0.8  # noqa: PLR2004
    return away, aside * rng.choice([-1, 1])


def ball_path(tracking: Tracking) -> Floats:
    """Where play is: the ball, and while it is lost, the middle of the players: m × 2."""
    people = tracking.places_m[tracking.rows("athlete"), :, :2]
    with np.errstate(invalid="ignore"):
        count = np.isfinite(people[..., :1]).sum(axis=0)
        middle = np.nansum(people, axis=0) / np.maximum(count, 1)
    balls = tracking.rows("ball")
    if not balls:
        return np.asarray(middle, np.float64)
    ball = tracking.places_m[balls[0], :, :2].copy()
    known = np.isfinite(ball[:, 0])
    if known.sum() < 2:  # noqa: PLR2004 - nothing to interpolate
        return np.asarray(middle, np.float64)
    for axis in (0, 1):
        ball[:, axis] = np.interp(tracking.t_s, tracking.t_s[known], ball[known, axis])
    return np.asarray(ball, np.float64)


def _referee(tracking: Tracking, ball: Floats, rate: float, rng: np.random.Generator) -> Floats:
    from scipy.ndimage import gaussian_filter1d

    half = np.array(tracking.field_m) / 2
    scale = min(1.0, half[0] / 52.5)
    play = gaussian_filter1d(ball, 1.8 * rate, axis=0, mode="nearest")
    turn = rng.uniform(0, 2 * np.pi) + 0.6 * np.sin(2 * np.pi * tracking.t_s / 47.0)
    apart = rng.uniform(*_APART_M) * scale
    path = play + apart * np.column_stack([np.cos(turn), np.sin(turn)])
    path = np.clip(path, -half + 3 * scale, half - 3 * scale)
    people = tracking.places_m[tracking.rows("athlete"), :, :2]
    for _ in range(2):
        away = path[None] - people
        far = np.linalg.norm(away, axis=2, keepdims=True)
        push = np.where(far < _BERTH_M * scale, away / np.maximum(far, 0.2), 0.0)
        push = np.nansum(push * np.maximum(0, _BERTH_M * scale - far), axis=0)
        path = path + gaussian_filter1d(push, 0.5 * rate, axis=0, mode="nearest")
    path = gaussian_filter1d(path, 0.6 * rate, axis=0, mode="nearest")
    return np.column_stack([path, np.zeros(len(path))])


def _assistant(tracking: Tracking, ball: Floats, rate: float, half: int, side: int) -> Floats:
    from scipy.ndimage import gaussian_filter1d

    length, width = tracking.field_m
    rows = tracking.rows("athlete")
    with np.errstate(invalid="ignore"):
        x = tracking.places_m[rows, :, 0] * half
        sides = np.array([tracking.things[row].side or "home" for row in rows])
        middle = {one: _mean(x[sides == one]) for one in ("home", "away") if (sides == one).any()}
    defends = max(middle, key=lambda one: middle[one]) if middle else "home"
    own = np.where(np.isfinite(x), x, -np.inf)[sides == defends]
    line = np.zeros(tracking.t_s.size)
    if len(own) > 1:
        line = np.sort(own, axis=0)[-2]
    line = np.clip(
        np.maximum(np.where(np.isfinite(line), line, 0), ball[:, 0] * half), 0, length / 2
    )
    line = gaussian_filter1d(line, 0.8 * rate, mode="nearest")
    return np.column_stack(
        [line * half, np.full(line.size, side * (width / 2 + _OUTSIDE_M)), np.zeros(line.size)]
    )


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0
