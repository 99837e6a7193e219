"""Tracks linked to athletes of the session's tracking data, where there are such.

The two sources have clocks of their own, and may look at the field from opposite sides: both are
settled first, from everybody at once. A track is then the athlete to whom it stays near, if it is
clearly nearer to him than to all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sports_assets.vision.follow.clocks import UNKNOWN_S, Path, best_shift
from sports_assets.vision.follow.sightings import Floats, Sightings, Whole
from sports_assets.vision.follow.tracking import followed_enough

#: Further from an athlete than this, median, a track is not his: the sum of what calibration and
#: tracking data may be off, m.
_NEAR_M = 2.5
#: The next athlete must be so many times further away, and at least so far, m.
_TIMES, _FURTHER_M = 1.5, 1.0
#: A shorter track can pass near anybody, s.
_SHORTEST_S = 3.0
#: Two tracks of one athlete may overlap by this, s: the end of one and the begin of the next.
_OVERLAP_S = 0.5
#: So many sightings of a track are compared.
_MOST = 300
#: Even two clocks that are said to agree are this far apart, s.
_LEAST_REACH_S = 1.0


@dataclass(frozen=True)
class Link:
    """A track's athlete.

    Attributes:
        athlete_id, team_side: as tracking data has them.
        distance_m: median.
    """

    athlete_id: str
    team_side: str | None
    distance_m: float


@dataclass(frozen=True)
class Linked:
    """What tracking data tells of tracks.

    Attributes:
        label: track of each sighting: those given, cut where they go over to another athlete.
        links: by number of the track.
        shift_s: what was added to the footage's instants.
        is_turned: whether the footage's field is turned by half a turn beside tracking data's.
    """

    label: Whole
    links: dict[int, Link]
    shift_s: float
    is_turned: bool


def link(
    seen: Sightings, label: Whole, tracking: pa.Table, origin_us: int, uncertainty_s: float | None
) -> Linked:
    """Link tracks to athletes.

    Args:
        seen: in metres of the field, in order of time.
        label: track of each, −1 of none.
        tracking: athlete_id, team_side, captured_at_utc, x_m, y_m; rows without a place or an
            athlete are passed over.
        origin_us: what `seen` counts time from.
        uncertainty_s: how far the footage's clock may be off; None: nobody can say.
    """
    athletes = _athletes(tracking, origin_us)
    used = np.flatnonzero(label >= 0)
    if not athletes or not used.size:
        return Linked(label, {}, 0.0, False)
    reach_s = UNKNOWN_S if uncertainty_s is None else max(uncertainty_s, _LEAST_REACH_S)
    paths = [path for path, _ in athletes.values()]
    found = {
        turn: best_shift(paths, seen.t_s[used], seen.place_m[used] * turn, reach_s)
        for turn in (1, -1)
    }
    turn = 1 if found[1].distance_m <= found[-1].distance_m else -1
    if not found[turn].is_clear:
        return Linked(label, {}, 0.0, False)
    shift_s = found[turn].shift_s
    label = _cut(seen, label, paths, shift_s, turn)
    tracks = [np.flatnonzero(label == one) for one in range(int(label.max(initial=-1)) + 1)]
    far = np.stack([_distances(seen, mine, paths, shift_s, turn) for mine in tracks])
    names = list(athletes)
    links = {
        track: Link(names[one], athletes[names[one]][1], float(far[track, one]))
        for track, one in _chosen(seen, tracks, far).items()
    }
    return Linked(label, links, shift_s, turn < 0)


def _cut(seen: Sightings, label: Whole, paths: Sequence[Path], shift_s: float, turn: int) -> Whole:
    """Tracks cut where they go over from one athlete to another, and stay with him.

    The cheapest sequence of athletes, or nobody, along each track (Viterbi 1967): each sighting
    costs its squared distance, capped, and each change costs `_CHANGE`.
    """
    out = label.copy()
    count = int(label.max(initial=-1)) + 1
    for track in range(count):
        mine = np.flatnonzero(label == track)
        t_s, place = seen.t_s[mine] + shift_s, seen.place_m[mine] * turn
        far = np.column_stack([np.linalg.norm(path.at(t_s) - place, axis=1) for path in paths])
        cost = np.minimum(np.nan_to_num(far, nan=np.inf) / _NEAR_M, 2.0) ** 2
        states = _cheapest(np.column_stack([cost, np.full(mine.size, _NOBODY)]))
        for piece in np.split(mine, np.flatnonzero(np.diff(states)) + 1)[1:]:
            out[piece] = count
            count += 1
    return followed_enough(seen, out)


def _cheapest(cost: Floats) -> Whole:
    """State of each step (n × states) under the least total cost, changes counted."""
    total = cost[0].copy()
    came_from = np.empty(cost.shape, np.int64)
    own = np.arange(cost.shape[1])
    for step in range(1, len(cost)):
        best = int(np.argmin(total))
        stays = total <= total[best] + _CHANGE
        came_from[step] = np.where(stays, own, best)
        total = np.where(stays, total, total[best] + _CHANGE) + cost[step]
    states = np.empty(len(cost), np.int64)
    states[-1] = int(np.argmin(total))
    for step in range(len(cost) - 1, 0, -1):
        states[step - 1] = came_from[step, states[step]]
    return states


#: What it costs a sighting to be nobody's: as much as one a little beyond the limit.
_NOBODY = 1.5
#: What a change of athlete costs: two seconds, at five looks a second, with the wrong one.
_CHANGE = 30.0


def _athletes(tracking: pa.Table, origin_us: int) -> dict[str, tuple[Path, str | None]]:
    ids = np.array([one or "" for one in tracking["athlete_id"].to_pylist()], dtype=object)
    sides = tracking["team_side"].to_pylist()
    t_s = (tracking["captured_at_utc"].cast(pa.int64()).to_numpy() - origin_us) / 1e6
    place = np.column_stack(
        [
            tracking[name].to_numpy(zero_copy_only=False).astype(np.float64)
            for name in ("x_m", "y_m")
        ]
    )
    good = np.isfinite(place).all(axis=1) & (ids != "")
    out: dict[str, tuple[Path, str | None]] = {}
    for name in sorted(set(ids[good])):
        mine = np.flatnonzero(good & (ids == name))
        mine = mine[np.argsort(t_s[mine], kind="stable")]
        out[name] = (Path(t_s[mine], place[mine]), sides[mine[0]])
    return out


def _distances(
    seen: Sightings, mine: Whole, paths: Sequence[Path], shift_s: float, turn: int
) -> Floats:
    """Median distance of a track to each athlete; infinite where they are not there together."""
    out = np.full(len(paths), np.inf)
    if not mine.size or seen.t_s[mine[-1]] - seen.t_s[mine[0]] < _SHORTEST_S:
        return out
    some = mine[np.linspace(0, mine.size - 1, min(mine.size, _MOST)).round().astype(np.int64)]
    for number, path in enumerate(paths):
        far = np.linalg.norm(path.at(seen.t_s[some] + shift_s) - seen.place_m[some] * turn, axis=1)
        known = np.isfinite(far)
        if known.sum() * 2 >= some.size:
            out[number] = float(np.median(far[known]))
    return out


def _chosen(seen: Sightings, tracks: Sequence[Whole], far: Floats) -> dict[int, int]:
    """Athlete of each track that is surely one's; an athlete is in one place at a time."""
    surely: list[tuple[float, int, int]] = []
    for track, mine in enumerate(tracks):
        order = np.argsort(far[track], kind="stable")
        nearest = float(far[track, order[0]])
        following = float(far[track, order[1]]) if order.size > 1 else np.inf
        if nearest <= _NEAR_M and following >= max(_TIMES * nearest, nearest + _FURTHER_M):
            surely.append((-float(mine.size), track, int(order[0])))
    out: dict[int, int] = {}
    busy: dict[int, list[tuple[float, float]]] = {}
    for _, track, athlete in sorted(surely):
        begin, end = float(seen.t_s[tracks[track][0]]), float(seen.t_s[tracks[track][-1]])
        taken = busy.setdefault(athlete, [])
        if all(min(end, b) - max(begin, a) <= _OVERLAP_S for a, b in taken):
            taken.append((begin, end))
            out[track] = athlete
    return out
