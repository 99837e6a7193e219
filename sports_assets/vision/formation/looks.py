"""Both sides' outfield athletes, second by second, each as if playing towards +x."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sports_assets.vision.formation.attack_direction import Attack, home_signs
from sports_assets.vision.formation.possession import AWAY, HOME, possession, touches
from sports_assets.vision.formation.role_places import Looks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SIDES = ("home", "away")
#: Places are averaged over this long, s: it bridges a frame in which somebody is hidden, and
#: nobody is elsewhere in the team's shape after it.
_LOOK_S = 1.0
#: Where nobody is said to be the goalkeeper, the deepest is taken for one if all eleven are seen,
#: or if nobody else is within so many metres.
_ALL = 11
_KEEPER_BEHIND_M = 10.0
#: Share of the looks of a track in which it must be so.
_MOSTLY = 0.5
#: Columns that say whose place a row is, best first.
_WHO = ("athlete_id", "track_id", "source_athlete_id")


@dataclass(frozen=True)
class TeamLooks:
    """Looks at both teams.

    Attributes:
        begin_utc: instant that times count from.
        look_s: time that a look stands for, s.
        t_s: when each look is, s, ascending.
        holder: who has the ball then: `possession.HOME`, `AWAY`, `UNKNOWN`.
        look: look of each row, a place in `t_s`, ascending.
        side: side of each row: 0 home, 1 away.
        athlete: whose place it is, as far as that is known.
        is_whole: false for a track that is there for less than half of the look.
        places: rows × 2, m; the row's own side plays towards +x.
    """

    begin_utc: datetime
    look_s: float
    t_s: Floats
    holder: Ints
    look: Ints
    side: Ints
    athlete: Ints
    is_whole: Bools
    places: Floats

    def in_phase(self, side: str, phase: str) -> Bools:
        """Which looks are of a phase of a side."""
        own = SIDES.index(side)
        if phase == "all":
            return np.ones(self.t_s.size, np.bool_)
        wanted = own if phase == "in_possession" else 1 - own
        return np.asarray(self.holder == wanted, np.bool_)

    def of_side(self, side: str, is_in: Bools, fewest: int) -> Looks:
        """One side's rows in some of the looks, those that show so many of its athletes."""
        is_own = (self.side == SIDES.index(side)) & is_in[self.look]
        count = np.bincount(self.look[is_own], minlength=self.t_s.size)
        chosen = np.flatnonzero(count >= fewest)
        is_own &= np.isin(self.look, chosen)
        return Looks(
            np.searchsorted(chosen, self.look[is_own]),
            self.t_s[chosen],
            self.athlete[is_own],
            self.is_whole[is_own],
            self.places[is_own],
        )


def team_looks(positions: pa.Table, attacks: Sequence[Attack] = ()) -> TeamLooks | None:
    """What `formation.formations` looks at; None where no athlete of a side has a place.

    Rows of several cameras, and of several frames within a look, are averaged for each track. The
    goalkeeper is left out. Looks in which it cannot be told where a side plays to are, too.

    Args:
        positions, attacks: as `formation.formations` takes them.
    """
    placed = positions.filter(pc.and_(pc.is_valid(positions["x_m"]), pc.is_valid(positions["y_m"])))
    is_ball = pc.equal(placed["object_kind"], "ball")
    is_athlete = pc.and_(
        pc.equal(placed["object_kind"], "athlete"), pc.is_in(placed["team_side"], pa.array(SIDES))
    )
    ball, people = placed.filter(is_ball), placed.filter(is_athlete)
    if not people.num_rows:
        return None
    begin = pc.min(placed["captured_at_utc"])
    at_s, athlete = _seconds(people, begin), _who(people)
    order = np.lexsort((athlete, at_s))
    at_s, athlete = at_s[order], athlete[order]
    side = np.asarray(pc.equal(people["team_side"], "away").to_numpy().astype(np.int64)[order])
    places = _places(people)[order]
    ball_s, first = np.unique(_seconds(ball, begin), return_index=True)
    touch = touches(ball_s, _places(ball)[first], at_s, places, side)

    seen = _averaged(at_s, side, athlete, places, _is_keeper(people)[order])
    numbers, look = np.unique(seen.look, return_inverse=True)
    t_s = np.asarray((numbers + 0.5) * _LOOK_S, np.float64)
    begin_utc = begin.as_py()
    told = [
        (
            (one.start_utc - begin_utc).total_seconds(),
            (one.end_utc - begin_utc).total_seconds(),
            one.is_home_rightwards,
        )
        for one in attacks
    ]
    signs = home_signs(t_s, _ahead(look, seen, t_s.size), told)
    sign = np.where(seen.side == HOME, signs[look], -signs[look])
    turned = seen.places * sign[:, None]
    is_outfield = ~seen.is_keeper & ~_stands_as_keeper(look, seen, turned[:, 0]) & (sign != 0)
    return TeamLooks(
        begin_utc,
        _LOOK_S,
        t_s,
        possession(ball_s, touch, t_s),
        look[is_outfield],
        seen.side[is_outfield],
        seen.athlete[is_outfield],
        seen.is_whole[is_outfield],
        turned[is_outfield],
    )


@dataclass(frozen=True)
class _Seen:
    """Rows by look, side and athlete, in that order."""

    look: Ints
    side: Ints
    athlete: Ints
    is_whole: Bools
    places: Floats
    is_keeper: Bools


def _averaged(at_s: Floats, side: Ints, athlete: Ints, places: Floats, is_keeper: Bools) -> _Seen:
    look = np.floor(at_s / _LOOK_S).astype(np.int64)
    keys, row = np.unique(np.column_stack([look, side, athlete]), axis=0, return_inverse=True)
    count = np.bincount(row)
    mean = np.column_stack([np.bincount(row, places[:, axis]) / count for axis in (0, 1)])
    in_look = np.unique(keys[:, 0], return_inverse=True)[1]
    most = np.zeros(in_look.max() + 1, np.int64)
    np.maximum.at(most, in_look, count)
    is_whole = 2 * count >= most[in_look]
    is_told = np.bincount(row, is_keeper) > 0
    return _Seen(keys[:, 0], keys[:, 1], keys[:, 2], is_whole, mean, is_told)


def _ahead(look: Ints, seen: _Seen, looks: int) -> Floats:
    """How much further towards +x the away side stands in each look; NaN where one is missing.

    Both ends and the middle count: a goalkeeper, or else the last defender whom the offside rule
    keeps behind the forwards, tells more than where ten others are.
    """
    team = 2 * look + seen.side
    x_m = seen.places[:, 0]
    count = np.bincount(team, minlength=2 * looks)
    low, high = np.full(2 * looks, np.inf), np.full(2 * looks, -np.inf)
    np.minimum.at(low, team, x_m)
    np.maximum.at(high, team, x_m)
    with np.errstate(invalid="ignore"):
        middle = np.bincount(team, x_m, minlength=2 * looks) / np.where(count > 0, count, np.nan)
        sides = (low + high + middle).reshape(looks, 2)
    return np.asarray(sides[:, AWAY] - sides[:, HOME], np.float64)


def _stands_as_keeper(look: Ints, seen: _Seen, depth_m: Floats) -> Bools:
    """Who is the goalkeeper by where they stand, in looks and sides where nobody is said to be.

    A track is a goalkeeper's for as long as it lasts, or never: a defence that falls back to the
    goalkeeper makes nobody change places.
    """
    team = look * 2 + seen.side
    order = np.lexsort((depth_m, team))
    begins = np.flatnonzero(np.r_[True, np.diff(team[order]) > 0])
    counts = np.diff(np.r_[begins, order.size])
    is_told = np.bincount(team, seen.is_keeper)[team[order[begins]]] > 0
    second = np.minimum(begins + 1, order.size - 1)
    behind_m = np.where(counts > 1, depth_m[order[second]] - depth_m[order[begins]], 0.0)
    is_keeper = ~is_told & ((counts >= _ALL) | (behind_m >= _KEEPER_BEHIND_M))
    found = np.zeros(look.size)
    found[order[begins[is_keeper]]] = 1.0
    track = np.unique(np.column_stack([seen.side, seen.athlete]), axis=0, return_inverse=True)[1]
    share = np.bincount(track, found) / np.bincount(track)
    return np.asarray(share[track] >= _MOSTLY, np.bool_)


def _seconds(rows: pa.Table, begin: pa.Scalar) -> Floats:
    since = pc.subtract(rows["captured_at_utc"], begin).cast(pa.duration("us")).cast(pa.int64())
    return np.asarray(since.to_numpy(), np.float64) / 1e6


def _places(rows: pa.Table) -> Floats:
    return np.column_stack([rows["x_m"].to_numpy(), rows["y_m"].to_numpy()]).astype(np.float64)


def _who(people: pa.Table) -> Ints:
    """A number for each athlete, or each track where the athlete is not known."""
    names = [
        pc.binary_join_element_wise(name, people[name].cast(pa.string()), " ")
        for name in _WHO
        if name in people.column_names
    ]
    whose = pc.fill_null(pc.coalesce(*names), "").to_numpy()
    return np.asarray(np.unique(whose.astype(str), return_inverse=True)[1], np.int64)


def _is_keeper(people: pa.Table) -> Bools:
    if "role" not in people.column_names:
        return np.zeros(people.num_rows, np.bool_)
    told = pc.fill_null(pc.equal(people["role"], "goalkeeper"), fill_value=False)
    return np.asarray(told.to_numpy(), np.bool_)
