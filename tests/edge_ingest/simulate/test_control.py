"""A controller decides on training, and on nothing else."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from edge_ingest.simulate import tables
from edge_ingest.simulate.calendar import PLAN, PUBLISHED_D, TOP_UP, Day
from edge_ingest.simulate.club import Clubs, Settings, simulate
from edge_ingest.simulate.control import (
    EXECUTION_SD,
    LEAST_FACTOR,
    MOST_FACTOR,
    Evening,
    carried_out,
    planned_training,
)

_SMALL = Settings(seed=7, clubs=2, athletes=18, seasons=1)


class _Asks:
    """The same factor every week; keeps what it was shown."""

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.shown: list[Evening] = []

    def __call__(self, evening: Evening) -> np.ndarray:
        self.shown.append(evening)
        return np.full(evening.age.shape, self.factor)


@cache
def _asked(factor: float) -> Clubs:
    return simulate(_SMALL, _Asks(factor))


def test_without_a_controller_nothing_is_simulated_otherwise() -> None:
    plain = simulate(_SMALL)
    assert tables.athlete_days(plain).equals(tables.athlete_days(simulate(_SMALL, None)))
    # Two weeks of one block are alike: the ratio of done to planned minutes is the same.
    trained = np.isin(plain.plan[:, 0], (Day.STRENGTH, Day.ENDURANCE))
    asked = np.array([PLAN[Day(int(kind))].minutes for kind in plain.plan[:14, 0]])
    for athlete in range(18):
        done = trained[:14] & (plain.minutes[:14, 0, athlete] > 0)
        done &= ~plain.is_injured[:14, 0, athlete]
        ratio = plain.minutes[:14, 0, athlete][done] / asked[done]
        assert np.ptp(ratio) < 0.02


def test_a_controller_is_asked_on_sundays_with_what_is_known_by_then() -> None:
    asks = _Asks(1.0)
    clubs = simulate(_SMALL, asks)
    assert [evening.day for evening in asks.shown] == list(range(6, 315, 7))
    for evening in asks.shown[:: len(asks.shown) - 1]:
        known = slice(0, evening.day + 1)
        np.testing.assert_array_equal(evening.load, clubs.load[known])
        np.testing.assert_array_equal(evening.match_minutes, clubs.match_minutes[known])
        np.testing.assert_array_equal(evening.is_injured, clubs.is_injured[known])
        published = min(315, evening.day + 1 + PUBLISHED_D)
        np.testing.assert_array_equal(evening.plan, clubs.plan[:published])
        assert len(evening.next_week) == min(7, 315 - evening.day - 1)
    onsets = {(i.day, i.club, i.athlete) for i in clubs.injuries}
    marked = {tuple(map(int, at)) for at in np.argwhere(asks.shown[-1].injury_start)}
    assert marked == onsets
    assert np.isnan(asks.shown[-1].load).any()


def test_controllers_meet_the_same_athletes_fixtures_and_first_week() -> None:
    light, hard = _asked(0.3), _asked(1.6)
    np.testing.assert_array_equal(light.plan, hard.plan)
    np.testing.assert_array_equal(light.age, hard.age)
    np.testing.assert_array_equal(light.truth.frailty, hard.truth.frailty)
    np.testing.assert_array_equal(light.load[:7], hard.load[:7])
    assert light.truth.load[7:].mean() < 0.7 * hard.truth.load[7:].mean()


def test_matches_are_played_whatever_is_asked() -> None:
    light, hard = _asked(0.3), _asked(1.6)
    fixtures = light.plan[:, 0] == Day.MATCH
    first = int(np.flatnonzero(fixtures)[0])
    both = ~(light.is_injured[first, 0] | hard.is_injured[first, 0])
    assert light.match_minutes[first, 0][both].sum() > 0
    total = light.match_minutes[fixtures, 0].sum(), hard.match_minutes[fixtures, 0].sum()
    assert total[0] == pytest.approx(total[1], rel=0.02)


@pytest.mark.parametrize(("asked", "bound"), [(99.0, MOST_FACTOR), (-5.0, LEAST_FACTOR)])
def test_what_is_asked_is_bounded_by_what_a_squad_can_train(asked: float, bound: float) -> None:
    clubs = _asked(asked)
    endurance = np.flatnonzero(clubs.plan[:, 0] == Day.ENDURANCE)
    done = clubs.minutes[endurance[endurance >= 7], 0] / PLAN[Day.ENDURANCE].minutes
    done = done[done > 0]
    if bound == MOST_FACTOR:
        assert done.max() == pytest.approx(bound, abs=0.01)
    else:
        # Who is hurt does not finish: below the bound are only those.
        assert np.quantile(done, 0.05) == pytest.approx(bound, abs=0.01)


def test_athletes_do_about_what_is_asked() -> None:
    done = carried_out(np.full((400, 100), 0.9), np.random.default_rng(1))
    assert done.mean() == pytest.approx(0.9, rel=0.005)
    assert np.log(done).std() == pytest.approx(EXECUTION_SD, rel=0.02)


def test_planned_training_by_hand() -> None:
    week = np.array(
        [[Day.REST], [Day.STRENGTH], [Day.MATCH], [Day.RECOVERY], [Day.OFF]], dtype=np.int8
    )
    strength, off = 80.0 * 4.1, 50.0 * 3.8
    recovery, top_up = 40.0 * 2.2, TOP_UP.minutes * TOP_UP.rpe
    found = planned_training(week, np.array([[1.0, 0.0]]))
    np.testing.assert_allclose(found, [[strength + off + recovery, strength + off + top_up]])


def test_the_oracle_may_be_asked_beside_a_controller() -> None:
    asked = simulate(replace(_SMALL, futures=2, oracle_every_d=50), _Asks(1.1))
    plain = _asked(1.1)
    assert tables.athlete_days(asked).equals(tables.athlete_days(plain))
    assert np.isfinite(asked.truth.risk).any()
