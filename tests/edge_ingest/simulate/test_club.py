"""The simulated club keeps to its stated law, and is a function of its seed."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from edge_ingest.simulate import tables
from edge_ingest.simulate.calendar import Day, Scenario, club_plan, season_days
from edge_ingest.simulate.club import Clubs, Settings, in_season, is_fixture, simulate

_SMALL = Settings(seed=7, clubs=2, athletes=18, seasons=1)


@cache
def _clubs(settings: Settings) -> Clubs:
    return simulate(settings)


def _onsets(clubs: Clubs) -> np.ndarray:
    onsets = np.zeros(clubs.load.shape, bool)
    for injury in clubs.injuries:
        onsets[injury.day, injury.club, injury.athlete] = True
    return onsets


def test_the_same_seed_gives_the_same_club_and_another_seed_another() -> None:
    first, again = simulate(_SMALL), simulate(_SMALL)
    assert tables.athlete_days(first).equals(tables.athlete_days(again))
    other = tables.athlete_days(simulate(replace(_SMALL, seed=8)))
    assert not tables.athlete_days(first).equals(other)


def test_the_oracle_changes_nothing_that_happens() -> None:
    asked = simulate(replace(_SMALL, futures=2, oracle_every_d=30))
    assert tables.athlete_days(asked).equals(tables.athlete_days(_clubs(_SMALL)))


@pytest.mark.slow
@pytest.mark.parametrize("dial", [1.0, 0.5])
def test_exposure_and_injury_rate_are_those_that_the_hazard_was_calibrated_to(dial: float) -> None:
    clubs = _clubs(Settings(seed=11, clubs=40, dial=dial))
    athlete_seasons = 40 * 25 * 3
    rate = 1000 * len(clubs.injuries) / clubs.hours.sum()
    assert clubs.hours.sum() / athlete_seasons == pytest.approx(270, rel=0.05)
    assert rate == pytest.approx(4.95, abs=0.35)
    # What was drawn agrees with the hazard that it was drawn from.
    assert len(clubs.injuries) == pytest.approx(clubs.truth.hazard.sum(), rel=0.1)


def test_the_oracle_is_calibrated_and_frailty_is_worth_something_to_it() -> None:
    from sklearn.metrics import roc_auc_score

    clubs = simulate(Settings(seed=5, clubs=12, seasons=2, futures=6, oracle_every_d=9))
    onsets = np.vstack([np.zeros((1, 12, 25)), _onsets(clubs).cumsum(axis=0)])
    asked = np.flatnonzero(~np.isnan(clubs.truth.risk[:, 0, 0]))
    asked = asked[in_season(len(clubs.load))[asked]]
    hurt = (onsets[asked + 8] - onsets[asked + 1] > 0)[~clubs.is_injured[asked]]
    risk = clubs.truth.risk[asked][~clubs.is_injured[asked]]
    without = clubs.truth.risk_without_frailty[asked][~clubs.is_injured[asked]]
    assert hurt.sum() / risk.sum() == pytest.approx(1, abs=0.15)
    assert 0.73 < roc_auc_score(hurt, without) < roc_auc_score(hurt, risk) < 0.84


def test_who_is_hurt_is_away_for_the_days_lost_and_nobody_is_hurt_who_is_away() -> None:
    clubs = _clubs(_SMALL)
    onsets = _onsets(clubs)
    for injury in clubs.injuries:
        away = clubs.is_injured[injury.day : injury.day + injury.days_lost, injury.club]
        assert away[:, injury.athlete].all()
        assert not onsets[injury.day - 1, injury.club, injury.athlete]
    returned = [row for row in tables.injuries(clubs).to_pylist() if row["return_day"] is not None]
    days = tables.athlete_days(clubs).to_pandas().set_index(["athlete_id", "day"])
    assert returned
    for row in returned:
        assert (
            not days.loc[(row["athlete_id"], row["return_day"]), "is_injured"]
            or (days.loc[(row["athlete_id"], row["return_day"]), "injury_start"])
        )


def test_eleven_play_ninety_minutes_between_them() -> None:
    clubs = _clubs(Settings(seed=7, seasons=1))
    played = clubs.match_minutes[is_fixture(clubs)[:, 0], 0]
    unhurt = played[~_onsets(clubs)[is_fixture(clubs)[:, 0], 0].any(axis=1)]
    np.testing.assert_allclose(unhurt.sum(axis=1), 990, atol=4)
    assert (clubs.match_minutes[~is_fixture(clubs)[:, 0]] == 0).all()


def test_a_new_device_moves_its_own_markers_and_nothing_else() -> None:
    plain = _clubs(_SMALL)
    moved = simulate(replace(_SMALL, scenario=Scenario(new_device_on_d=200)))
    for name, values in plain.morning.items():
        before, after = values[:200], values[200:]
        np.testing.assert_array_equal(before, moved.morning[name][:200])
        if name in {"resting_heart_rate_bpm", "ln_rmssd"}:
            assert np.nanmedian(moved.morning[name][200:] - after) != 0
        else:
            np.testing.assert_array_equal(after, moved.morning[name][200:])


def test_scenarios_do_what_they_say_from_their_day_on() -> None:
    plain = _clubs(Settings(seed=3, clubs=20, seasons=1))
    coach = simulate(replace(plain.settings, scenario=Scenario(new_coach_on_d=200)))
    np.testing.assert_array_equal(plain.load[:200], coach.load[:200])
    assert np.nanmean(coach.load[210:300]) > 1.15 * np.nanmean(plain.load[210:300])
    hazard = simulate(replace(plain.settings, scenario=Scenario(hazard_on_d=150)))
    np.testing.assert_array_equal(plain.truth.hazard[:150], hazard.truth.hazard[:150])
    assert hazard.truth.hazard[150:].sum() > 1.6 * plain.truth.hazard[150:].sum()


def test_a_winter_break_and_congestion_stand_in_the_plan() -> None:
    def plan(scenario: Scenario) -> np.ndarray:
        return club_plan(1, scenario, np.random.default_rng(1))

    quiet = plan(Scenario(winter_break_on_d=170))[170:184]
    assert (quiet == Day.OFF).all()
    full = plan(Scenario(congested_on_d=140))
    assert (full[140:196] == Day.MATCH).sum() == 16
    assert len(full) == season_days(1)


def test_what_the_club_knows_holds_none_of_the_truth() -> None:
    known = tables.athlete_days(_clubs(_SMALL)).column_names
    hidden = set(tables.truth(_clubs(_SMALL)).column_names) - {"team", "athlete_id", "day"}
    assert not hidden & set(known)


def test_a_dial_without_a_calibrated_hazard_is_refused() -> None:
    with pytest.raises(ValueError, match=r"dial 0\.7: use one of \[0\.5, 1\.0\]"):
        simulate(replace(_SMALL, dial=0.7))
