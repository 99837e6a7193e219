"""What a simulated club tells in drops is what the models read from the tables."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import dagster as dg
import pandas as pd
import pytest

from edge_ingest.simulate import tables
from edge_ingest.simulate.club import Clubs, Settings, simulate
from edge_ingest.simulate.drops import SOURCE, Told, write_club
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from sports_assets.raw.assets import raw_days
from sports_assets.workload.athlete_days import as_athlete_days
from sports_assets.workload.features import workload_features
from sports_assets.workload.history import Squads, read_squads

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def clubs() -> Clubs:
    return simulate(Settings(seed=21, athletes=14, seasons=1))


@pytest.fixture(scope="module")
def read(clubs: Clubs, tmp_path_factory: pytest.TempPathFactory) -> Callable[[date], Squads]:
    """The club up to a month before its history ends, then all of it, as two deliveries."""
    home = tmp_path_factory.mktemp("club")
    landing = home / "landing"
    landing.mkdir()
    resources = {
        "lakehouse": LakehouseResource(
            catalog_uri=f"sqlite:///{home}/catalog.db", warehouse_uri=str(home / "warehouse")
        ),
        "landing_zone": LandingZoneResource(landing_uri=str(landing), club_timezone="UTC"),
    }
    for first, last in ((0, -31), (-30, -1)):
        told = Told(clubs.days[first], clubs.days[last])
        write_club(clubs, landing, told, NOW.replace(day=2 if first else 1))
        assert dg.materialize([raw_days], resources=resources).success

    def as_of(today: date) -> Squads:
        with resources["lakehouse"].open() as store, resources["landing_zone"].open() as zone:
            return read_squads(store, zone.athletes(), today)

    return as_of


@pytest.fixture(scope="module")
def squads(read: Callable[[date], Squads]) -> Squads:
    return read(NOW.date())


def test_the_frame_is_the_clubs_own(clubs: Clubs, squads: Squads) -> None:
    known = tables.athlete_days(clubs).to_pandas()
    known["athlete_id"] = [f"{SOURCE}-{name[-2:]}" for name in known["athlete_id"]]
    known["team"] = SOURCE
    known["day"] = pd.to_datetime(known["day"])
    expected = as_athlete_days(known)
    # A day of birth is told in whole days.
    pd.testing.assert_frame_equal(
        squads.days.drop(columns="age_years"), expected.drop(columns="age_years")
    )
    assert (squads.days["age_years"] - expected["age_years"]).abs().max() < 2 / 365


def test_the_plan_was_known_four_weeks_before(squads: Squads) -> None:
    assert len(squads.fixtures) > 30
    ahead = squads.fixtures["day"] - squads.fixtures["known_from"]
    assert (ahead == pd.Timedelta(days=28)).all()
    assert workload_features(squads.days, squads.fixtures)["fixtures_next_7d"].max() >= 2


def test_injuries_are_those_of_the_medical_staff_and_illness_is_none(
    clubs: Clubs, squads: Squads
) -> None:
    begun = squads.injuries[squads.injuries["day"] >= pd.Timestamp(clubs.days[0])]
    assert len(begun) == len(clubs.injuries) == squads.days["injury_start"].sum()
    assert not squads.injuries["kind"].eq("illness").any()
    counted = squads.injuries.groupby("athlete_id")["day"].rank("min") - 1
    assert squads.injuries["previous_injuries"].tolist() == counted.tolist()
    assert counted.max() > 0
    away = clubs.is_injured | clubs.is_ill
    assert squads.days["is_injured"].sum() == away.sum()


def test_every_table_that_was_read_is_named(squads: Squads) -> None:
    assert set(squads.snapshots) == {"raw/wellness", "raw/injuries", "raw/fixtures"}


def test_days_that_have_not_come_yet_are_left_out_and_counted(
    clubs: Clubs, squads: Squads, read: Callable[[date], Squads]
) -> None:
    today = clubs.days[-31]
    told = read(today)
    assert told.days["day"].max() == pd.Timestamp(today)
    assert len(told.fixtures) == len(squads.fixtures), "a plan may be of days to come"
    assert told.to_come >= 30 * 14
    assert squads.to_come == 0
