"""What each feature says, by hand; and what becomes of it where something is missing."""

import numpy as np
import pandas as pd
import pytest

from resources.workload_features import feature_columns
from sports_assets.workload.athlete_days import ANSWERS, as_athlete_days
from sports_assets.workload.errors import AthleteDaysError, FixturesError
from sports_assets.workload.features import FEATURES, INPUTS, workload_features
from sports_assets.workload.fixtures import fixtures_of
from sports_assets.workload.load_features import Start, start_of
from tests.sports_assets.workload.made_club import FIRST, made_club, one_athlete

NAN = np.nan
NO_PLAN = pd.DataFrame(
    {"team": pd.Series(dtype="str"), "day": pd.Series(dtype="datetime64[us]"),
     "known_from": pd.Series(dtype="datetime64[us]")}
)  # fmt: skip


def features_of(*, fixtures=NO_PLAN, start=None, **columns):
    return workload_features(as_athlete_days(one_athlete(**columns)), fixtures, start)


def plan(*days, ahead=14, team="squad"):
    day = FIRST + pd.to_timedelta(list(days), unit="D")
    return pd.DataFrame({"team": team, "day": day, "known_from": day - pd.Timedelta(days=ahead)})


def club(**changes):
    frame = made_club(3).drop(columns=[name for name in changes if changes[name] is None])
    return as_athlete_days(frame.assign(**{k: v for k, v in changes.items() if v is not None}))


def test_load_features_by_hand():
    made = features_of(load_au=[830.0, NAN], start=Start(load_au=230))
    today, next_day = made.iloc[0], made.iloc[1]
    assert today["load_acute_au"] == pytest.approx(230 + (830 - 230) / 4)
    assert today["load_chronic_au"] == pytest.approx(230 + 600 * 2 / 29)
    assert today["load_long_au"] == pytest.approx(230 + 600 * 2 / 121)
    ratio = np.log((380 + 20) / (230 + 1200 / 29 + 20))
    assert today["load_log_ratio"] == pytest.approx(ratio)
    assert today["load_log_ratio_hinge"] == pytest.approx(ratio - np.log(1.2))
    assert today["load_acute_to_long"] == pytest.approx(380 / (230 + 1200 / 121))
    assert np.isnan(today["load_yesterday_au"])
    # Nothing was told: the chronic level stays, and the acute one goes towards it.
    assert next_day["load_chronic_au"] == today["load_chronic_au"]
    assert next_day["load_acute_au"] == pytest.approx(0.75 * 380 + 0.25 * (230 + 1200 / 29))
    assert np.isnan(next_day["load_today_au"])
    assert next_day["load_yesterday_au"] == 830
    assert made["load_missing_28d"].tolist() == [0, 1]
    assert made["history_days"].tolist() == [1, 2]


def test_before_the_first_report_there_is_no_load():
    made = features_of(load_au=[NAN, NAN, 100.0])
    assert made["load_chronic_au"].notna().tolist() == [False, False, True]


def test_a_long_break_is_no_base_for_a_ratio():
    made = features_of(load_au=[0.0] * 400 + [500.0] * 3, start=Start(load_au=230))
    assert made["load_acute_to_long"].max() == pytest.approx(made["load_acute_au"].max() / 120)


def test_matches_and_minutes_by_hand():
    made = features_of(
        is_match=[True, False, False, True], minutes=[90.0, 60, 0, 30], load_au=0.0,
        start=Start(minutes_per_fixture=50),
    )  # fmt: skip
    assert made["matches_7d"].tolist() == [1, 1, 1, 2]
    assert made["days_since_match"].tolist() == [0, 1, 2, 0]
    first = 50 + (90 - 50) * 2 / 7
    assert made["minutes_per_fixture"].tolist() == pytest.approx(
        [first] * 3 + [first + (30 - first) * 2 / 7]
    )


def test_who_is_hurt_is_not_picked_and_stays_a_starter():
    def part(*, is_injured):
        return features_of(
            is_match=[True, False], minutes=[90.0, 0], is_injured=is_injured, fixtures=plan(0, 1)
        )["minutes_per_fixture"].tolist()

    well, hurt = part(is_injured=[False, False]), part(is_injured=[False, True])
    assert well[1] < well[0]
    assert hurt[1] == hurt[0]


def test_a_match_of_which_nobody_told_the_minutes_is_one_still():
    made = features_of(is_match=[False, True], minutes=[60.0, NAN])
    assert made["matches_7d"].tolist()[1] == 1
    assert made["match_minutes_chronic"].iloc[1] > made["match_minutes_chronic"].iloc[0]


def test_coming_fixtures_by_hand():
    made = features_of(load_au=[0.0] * 10, fixtures=plan(3, 9, ahead=4))
    assert made["fixtures_next_7d"].tolist() == [1, 1, 1, 0, 0, 1, 1, 1, 1, 0]
    assert made["days_to_next_fixture"].tolist() == [3, 2, 1, 29, 29, 4, 3, 2, 1, 29]
    assert made["is_without_fixture"].tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 0, 1]
    assert made["is_fixture_tomorrow"].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 1, 0]
    assert made["days_since_fixture"].tolist()[3:] == [0, 1, 2, 3, 4, 5, 0]
    late = features_of(load_au=[0.0] * 10, fixtures=plan(9, ahead=4))
    assert late["fixtures_next_7d"].isna().tolist() == [True] * 5 + [False] * 5


def test_training_to_come_is_learnt_from_the_squads_own_weeks():
    # Twenty weeks: a match on day 5, rest on day 6, on the others 60 minutes, before it 30.
    week = [60.0, 60, 60, 60, 30, 90, 0]
    minutes, is_match = week * 20, [False] * 5 + [True, False]
    made = features_of(
        minutes=minutes, is_match=is_match * 20, fixtures=plan(*range(5, 170, 7)),
        start=Start(training_minutes=50),
    )  # fmt: skip
    settled = made.iloc[-7:]
    # Any seven days in a row hold the same training, whichever day it is.
    assert settled["expected_training_minutes_7d"].tolist() == pytest.approx([270] * 7, rel=0.05)
    assert made["expected_training_minutes_7d"].iloc[0] == pytest.approx(6 * 51.25, rel=0.01)
    match = settled["minutes_per_fixture"]
    hours = (settled["expected_training_minutes_7d"] + 9 * match + 15) / 60
    np.testing.assert_allclose(settled["log_exposure_7d"], np.log(hours))


def test_answers_stand_against_the_athletes_own_norm():
    answers = [6.0, 8] * 7 + [NAN, 4, NAN, NAN, NAN, NAN]
    made = features_of(readiness=answers)
    assert made["readiness_z"].isna().tolist()[:7] == [True] * 7
    own = np.var(answers[:14], ddof=1)
    spread = np.sqrt((13 * own + 7 * 1.0) / (13 + 7))
    by_hand = (4 - 7) / spread
    # Told on day 15, fresh for three days more.
    assert made["readiness_z"].tolist()[15:] == pytest.approx([by_hand] * 4 + [NAN], nan_ok=True)
    assert made["wellness_z"].iloc[15] == pytest.approx(by_hand)
    assert made["answers_7d"].tolist()[13:17] == [7, 6, 6, 5]
    assert made["days_since_answer"].tolist()[-1] == 4


def test_sleep_is_what_is_told_of_it():
    answers = [6.0, 8] * 7 + [9.0]
    quality = features_of(sleep_quality=answers)
    both = features_of(sleep_quality=answers, sleep_duration_h=[7.0, 9] * 7 + [8.0])
    assert quality["sleep_z"].iloc[-1] == quality["sleep_quality_z"].iloc[-1]
    assert both["sleep_z"].iloc[-1] == pytest.approx(quality["sleep_z"].iloc[-1] / 2)


def test_a_week_of_heart_stands_against_the_sixty_days_before_it():
    usual = [3.9, 4.1] * 20
    made = features_of(
        ln_rmssd=[*usual, *[3.7] * 7], resting_heart_rate_bpm=[50.0, 54] * 20 + [60.0] * 7
    )
    spread = np.sqrt((39 * np.var(usual, ddof=1) + 7 * 0.2**2) / (39 + 7))
    assert made["ln_rmssd_week_z"].iloc[-1] == pytest.approx((3.7 - 4.0) / spread)
    assert made["resting_heart_rate_deviation_bpm"].iloc[40] == pytest.approx(8)
    assert made["heart_mornings_7d"].iloc[-1] == 7


def test_injury_history_by_hand():
    is_injured = [False, True, True, False, False, True, False]
    onset = [False, True, False, False, False, False, False]
    made = features_of(is_injured=is_injured, injury_start=onset, prior_injuries=1.0)
    assert made["injuries_before"].tolist() == [1, 2, 2, 2, 2, 2, 2]
    nan = [NAN] * 3
    # The second absence is an illness: a return, and none from an injury.
    np.testing.assert_array_equal(made["days_since_return"], [*nan, 0, 1, 2, 3])
    np.testing.assert_array_equal(made["days_since_absence"], [*nan, 0, 1, 2, 0])
    np.testing.assert_array_equal(made["days_since_onset"], [NAN, 0, 1, 2, 3, 4, 5])
    np.testing.assert_allclose(made["return_recency"].iloc[-1], np.exp(-3 / 21))
    assert made["available_share_28d"].tolist()[-1] == pytest.approx(4 / 7)
    assert made["is_absent"].tolist() == [0, 1, 1, 0, 0, 1, 0]


def test_a_tendency_is_what_is_beyond_the_squads_rate():
    def tendency(**columns):
        return features_of(minutes=[600.0] * 30, **columns)["injury_tendency"].tolist()

    well, hurt = tendency(), tendency(injury_start=[False] * 29 + [True])
    # 300 h; the squad's rate starts at 2.2 in 1,000 h, worth ten injuries.
    hours = 10 / 2.2e-3 + 300
    assert well[-1] == pytest.approx(3.5 / (3.5 + 300 * 10 / hours))
    assert hurt[-1] == pytest.approx(4.5 / (3.5 + 300 * 11 / hours))
    assert hurt[:-1] == well[:-1]
    # An hour of match is worth nine.
    assert tendency(is_match=True)[-1] == pytest.approx(3.5 / (3.5 + 2700 * 10 / (hours + 2400)))


def test_an_absence_under_way_on_the_first_day_counts_as_an_injury():
    made = features_of(is_injured=[True, True, False])
    assert made["days_since_return"].iloc[-1] == 0


def test_what_is_long_ago_grows_no_further():
    made = features_of(is_match=[True] + [False] * 200, injury_start=[True] + [False] * 200)
    for name in ("days_since_match", "days_since_return", "days_since_onset", "history_days"):
        assert made[name].iloc[-1] == 120


def test_every_feature_is_within_its_bounds_and_missing_only_where_it_may_be():
    days = club()
    made = workload_features(days, fixtures_of(days))
    assert list(made.columns) == ["athlete_id", "team", "day", *(f.name for f in FEATURES)]
    assert len(made) == len(days)
    for feature in FEATURES:
        values = made[feature.name].dropna()
        assert values.size, feature.name
        assert np.isfinite(values).all()
        if feature.null_means is None:
            assert values.size == len(days)
        if feature.minimum is not None:
            assert values.min() >= feature.minimum - 1e-9
        if feature.maximum is not None:
            assert values.max() <= feature.maximum


def test_names_are_one_each_and_a_description_is_no_input():
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    assert set(names) - set(INPUTS) == {"load_acwr_uncoupled"}
    for feature, column in zip(FEATURES, feature_columns(), strict=True):
        assert (column.name, column.unit) == (feature.name, feature.unit)
        assert column.null_means == feature.null_means


@pytest.mark.parametrize("missing", ["load_au", "minutes", "is_match", "age_years", *ANSWERS])
def test_without_a_column_its_features_are_missing_and_the_others_as_before(missing):
    whole, without = club(), club(**{missing: None})
    fixtures = fixtures_of(whole)
    before, after = workload_features(whole, fixtures), workload_features(without, fixtures)
    family = {"load_au": "load_chronic_au", "minutes": "minutes_per_fixture",
              "is_match": "days_since_match", "age_years": "age_years"}  # fmt: skip
    lost = family.get(missing, f"{missing.removesuffix('_h')}_z")
    assert before[lost].notna().any()
    assert after[lost].isna().all()
    assert after["injuries_before"].equals(before["injuries_before"])


def test_without_any_answer_or_heart_there_is_silence_as_information():
    gone = dict.fromkeys([*ANSWERS, "ln_rmssd", "resting_heart_rate_bpm"])
    days = club(**gone)
    made = workload_features(days, fixtures_of(days))
    for feature in FEATURES:
        if feature.family in ("wellness", "heart"):
            assert made[feature.name].isna().all()
    assert (made["answers_7d"] == 0).all()
    assert made["load_chronic_au"].notna().any()


def test_one_athlete_without_a_plan_and_without_injury():
    days = as_athlete_days(made_club(4, athletes=1).assign(injury_start=False, is_injured=False))
    made = workload_features(days, fixtures_of(days))
    assert made["fixtures_next_7d"].isna().all()
    assert (made["injuries_before"] == 0).all()
    assert made["days_since_return"].isna().all()
    assert (made["return_recency"] == 0).all()
    assert (made["available_share_28d"] == 1).all()


def test_an_athletes_features_do_not_depend_on_who_stands_beside_him_in_the_frame():
    first, second = made_club(1), made_club(2, team="B", days=50)
    both, alone = as_athlete_days(pd.concat([first, second])), as_athlete_days(second)
    together = workload_features(both, fixtures_of(both))
    together = together[together["team"] == "B"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        together, workload_features(alone, fixtures_of(alone)), check_exact=True
    )


def test_many_athletes_are_gone_through_in_blocks_and_none_is_lost():
    days = as_athlete_days(made_club(1, athletes=60, days=700))
    made = workload_features(days, fixtures_of(days))
    last = days[days["athlete_id"] == "A59"].reset_index(drop=True)
    own = workload_features(last, fixtures_of(days))
    of_the_squad = ("plan", "minutes")
    personal = [f.name for f in FEATURES if f.family not in of_the_squad]
    personal.remove("injury_tendency")
    pd.testing.assert_frame_equal(
        made.loc[made["athlete_id"] == "A59", personal].reset_index(drop=True),
        own[personal],
        check_exact=True,
    )


def test_constants_are_learnt_from_what_may_be_learnt_from():
    days = as_athlete_days(
        pd.DataFrame(
            {
                "athlete_id": ["a", "a", "b", "b"],
                "day": [FIRST, FIRST + pd.Timedelta(days=1)] * 2,
                "load_au": [400.0, 200, 100, NAN],
                "minutes": [90.0, 60, 0, 50],
                "is_match": [True, False, False, False],
            }
        )
    )
    start = start_of(days, weight=0.5)
    assert start == Start(200, 50, 45, 55, 0.5)
    assert start_of(club(load_au=None)).load_au == Start().load_au


def test_frames_that_are_none_are_refused():
    days = club()
    with pytest.raises(AthleteDaysError):
        workload_features(days.drop(index=4), fixtures_of(days))
    with pytest.raises(FixturesError):
        workload_features(days, days[["team", "day"]])
