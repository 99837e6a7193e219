"""What a followed person does: plays, keeps a goal, officiates, or none of it."""

from dataclasses import dataclass

import numpy as np

from sports_assets.vision.follow.sightings import Flags, Floats, Sightings, Whole
from sports_assets.vision.follow.teams import Sides, home_is_first, sides, track_colours
from sports_assets.vision.pitch import FieldSize

#: Feet this far beside the line are still on the field: places are not surer, m.
_BESIDE_M = 1.0
#: Assistant referees run within so far of a touchline, on either side of it, m.
_TOUCHLINE_M = 3.0
#: Goalkeepers stand at most so far from their goal line, median of their time, m: penalty area
#: and half as much again.
_KEEPER_M = 26.0
#: And so far from the middle of the goal, along the line, m: the width of the penalty area.
_KEEPER_ASIDE_M = 20.2
#: What is done for this share of the time is what somebody does.
_MOSTLY = 0.7
#: Others with colours so near are dressed alike (weighted ΔE).
_ALIKE = 14.0


@dataclass(frozen=True)
class Person:
    """What a track is, in the words of vision/track."""

    object_kind: str
    team_side: str | None
    role: str | None
    team_confidence: float | None


def people(seen: Sightings, label: Whole, count: int, field: FieldSize | None) -> list[Person]:
    """Kind, side and role of each track.

    Args:
        seen: sightings, places in metres of the field, or of a guessed plane.
        label: track of each, −1 of none.
        count: number of tracks.
        field: None where places are of a guessed plane: then colours alone tell.
    """
    colours, _ = track_colours(seen, label, count)
    number = np.bincount(label[label >= 0], minlength=count).astype(np.float64)
    where = _whereabouts(seen, label, count, field)
    told = sides(colours, number, where.on_field > 1 - _MOSTLY)
    first_is_home = home_is_first(seen, label, told.side)
    names = ("home", "away") if first_is_home else ("away", "home")
    if field is None:
        return [_by_colours(told, one, names) for one in range(count)]
    keepers = _keepers(told, where, number, field)
    low_x = _defends_low_x(seen, label, told)
    return [_person(told, where, one, names, keepers, low_x) for one in range(count)]


@dataclass(frozen=True)
class _Whereabouts:
    """Medians and shares of time of each track."""

    x_m: Floats
    y_m: Floats
    t_s: Floats
    on_field: Floats
    along_line: Floats


def _whereabouts(
    seen: Sightings, label: Whole, count: int, field: FieldSize | None
) -> _Whereabouts:
    x, y, t = (np.full(count, np.nan) for _ in range(3))
    on, along = np.ones(count), np.zeros(count)
    order = np.argsort(label, kind="stable")
    order = order[label[order] >= 0]
    for group in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        if not group.size:
            continue
        one = int(label[group[0]])
        place = seen.place_m[group]
        x[one], y[one] = np.median(place, axis=0)
        t[one] = np.median(seen.t_s[group])
        if field is not None:
            on[one] = field.holds(place, _BESIDE_M).mean()
            off = np.abs(place[:, 1]) - field.width_m / 2
            inside = np.abs(place[:, 0]) <= field.length_m / 2 + _BESIDE_M
            along[one] = ((np.abs(off) <= _TOUCHLINE_M) & inside).mean()
    return _Whereabouts(x, y, t, on, along)


def _by_colours(told: Sides, one: int, names: tuple[str, str]) -> Person:
    sure = _sure(told, one)
    if told.side[one] >= 0:
        return Person("athlete", names[told.side[one]], None, sure)
    return Person("other" if told.is_neither[one] else "athlete", None, None, sure)


def _person(  # noqa: PLR0917 - one call
    told: Sides,
    where: _Whereabouts,
    one: int,
    names: tuple[str, str],
    keepers: Flags,
    low_x: "_Defenders",
) -> Person:
    sure = _sure(told, one)
    is_on = where.on_field[one] > 1 - _MOSTLY
    if told.side[one] >= 0:
        if is_on:
            return Person("athlete", names[told.side[one]], "outfield", sure)
        return Person("other", None, None, sure)
    if not told.is_neither[one]:
        return Person("athlete" if is_on else "other", None, None, sure)
    if keepers[one]:
        team = low_x.team(float(where.t_s[one]), float(where.x_m[one]))
        side = None if team is None else names[team]
        return Person("athlete", side, "goalkeeper", sure)
    if is_on or where.along_line[one] >= _MOSTLY:
        return Person("official", None, "referee", sure)
    return Person("other", None, None, sure)


def _sure(told: Sides, one: int) -> float | None:
    return float(told.confidence[one]) if np.isfinite(told.confidence[one]) else None


def _keepers(told: Sides, where: _Whereabouts, number: Floats, field: FieldSize) -> Flags:
    """Who, of those in neither team's colours, keeps a goal.

    Tracks that are dressed alike and stay at one goal are one person's. Of those who are there for
    long, the one nearest to the goal line keeps it, so that a referee who comes by does not; and
    nobody does who is dressed as the assistants are (law 4 forbids it).
    """
    keeps = np.zeros(number.size, np.bool_)
    deep = field.length_m / 2 - np.abs(where.x_m)
    could = told.is_neither & (deep <= _KEEPER_M) & (np.abs(where.y_m) <= _KEEPER_ASIDE_M)
    assistants = np.flatnonzero(
        told.is_neither & (where.along_line >= _MOSTLY) & (deep > _KEEPER_M / 2)
    )
    for end in (-1, 1):
        mine = np.flatnonzero(could & (np.sign(where.x_m) == end) & (number > 0))
        groups = [
            group
            for group in _alike(told.colours, mine)
            if not any(_is_alike(told.colours[group[0]], told.colours[one]) for one in assistants)
        ]
        if not groups:
            continue
        longest = max(number[group].sum() for group in groups)
        depth = [
            float(np.average(deep[group], weights=number[group]))
            if number[group].sum() >= _LONG_SHARE * longest
            else np.inf
            for group in groups
        ]
        keeps[groups[int(np.argmin(depth))]] = True
    return keeps


#: Of several at one goal, those count who are there for this share of the longest's time.
_LONG_SHARE = 0.3


def _alike(colours: Floats, members: Whole) -> list[Whole]:
    """Groups of tracks that are dressed alike: each joins the first that is near enough."""
    groups: list[list[int]] = []
    for one in members:
        for group in groups:
            if _is_alike(colours[group[0]], colours[one]):
                group.append(int(one))
                break
        else:
            groups.append([int(one)])
    return [np.array(group, np.int64) for group in groups]


def _is_alike(first: Floats, second: Floats) -> bool:
    return bool(np.sqrt(np.nanmean((first - second) ** 2) * 3) <= _ALIKE)


@dataclass(frozen=True)
class _Defenders:
    """Which team stands deeper towards −x, by stretch of time."""

    begins_s: Floats
    low: Whole

    def team(self, t_s: float, x_m: float) -> int | None:
        """Whose goalkeeper stands there."""
        at = int(np.clip(np.searchsorted(self.begins_s, t_s, "right") - 1, 0, self.low.size - 1))
        low = int(self.low[at])
        if low < 0:
            return None
        return low if x_m < 0 else 1 - low


#: Sides change ends at half time: who defends which is asked anew for each such stretch, s.
_STRETCH_S = 300.0


def _defends_low_x(seen: Sightings, label: Whole, told: Sides) -> _Defenders:
    mine = np.where(label >= 0, told.side[label], -1)
    begin = float(seen.t_s.min(initial=0.0))
    stretch = ((seen.t_s - begin) // _STRETCH_S).astype(np.int64)
    low = np.full(int(stretch.max(initial=0)) + 1, -1, np.int64)
    for one in range(low.size):
        means = [seen.place_m[(stretch == one) & (mine == team), 0] for team in (0, 1)]
        if all(mean.size for mean in means):
            low[one] = 0 if means[0].mean() <= means[1].mean() else 1
    return _Defenders(begin + _STRETCH_S * np.arange(low.size, dtype=np.float64), low)
