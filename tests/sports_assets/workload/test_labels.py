"""What is to be foreseen: by hand, and against a plain loop."""

import numpy as np
import pandas as pd
import pytest

from sports_assets.workload.athlete_days import as_athlete_days
from sports_assets.workload.errors import AthleteDaysError
from sports_assets.workload.labels import injury_within, is_scored
from tests.sports_assets.workload.made_club import made_club, one_athlete


def test_labels_by_hand_with_the_last_days_open():
    onset = [False, False, False, True, False, False]
    days = as_athlete_days(one_athlete(injury_start=onset))
    np.testing.assert_array_equal(injury_within(days, 2), [0, 1, 1, 0, np.nan, np.nan])
    # The history ends within the horizon, and the injury came before: that row is no open one.
    np.testing.assert_array_equal(injury_within(days, 5), [1, 1, 1, np.nan, np.nan, np.nan])
    assert injury_within(days).name == "injury_within_7d"


def test_labels_are_those_of_a_plain_loop_and_keep_the_index():
    days = as_athlete_days(pd.concat([made_club(1, days=40), made_club(2, team="B", days=25)]))
    days.index = days.index + 100
    labels = injury_within(days, 7)
    assert labels.index.equals(days.index)
    for _, own in days.groupby("athlete_id"):
        onset = own["injury_start"].to_numpy()
        for t, label in enumerate(labels[own.index]):
            coming = onset[t + 1 : t + 8]
            expected = 1.0 if coming.any() else 0.0 if coming.size == 7 else np.nan
            assert label == expected or (np.isnan(label) and np.isnan(expected))


def test_who_is_absent_is_not_scored():
    days = as_athlete_days(one_athlete(is_injured=[False, True, False]))
    assert is_scored(days).tolist() == [True, False, True]


def test_a_frame_with_gaps_has_no_labels():
    days = as_athlete_days(made_club(1, athletes=1, days=10)).drop(index=3)
    with pytest.raises(AthleteDaysError, match="as_athlete_days"):
        injury_within(days)
