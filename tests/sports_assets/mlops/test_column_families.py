import pytest

from sports_assets.mlops.column_families import family_of
from sports_assets.workload.features import FEATURES


@pytest.mark.parametrize(
    ("column", "family"),
    [
        ("resting_heart_rate_bpm", "heart"),
        ("ln_rmssd_week_z", "heart"),
        ("sleep_duration_h", "answers"),
        ("fatigue", "answers"),
        ("load_fatigue_au", "load"),
        ("load_long_au", "load"),
        ("total_distance_m", "gnss"),
        ("fixtures_next_7d", "plan"),
        ("days_since_return", "history"),
        ("probability", "prediction"),
        ("marker", "other"),
    ],
)
def test_families_by_name(column, family):
    assert family_of(column).family == family


def test_every_feature_of_ours_has_a_family():
    assert [one.name for one in FEATURES if family_of(one.name).family == "other"] == []
