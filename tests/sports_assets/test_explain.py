"""Every number on real pages, back to the rows of its drop's file; and pages of old revisions."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyiceberg.catalog import load_catalog

from edge_ingest.samples import activity_samples, match_samples, pack_samples
from resources.dbt.graph import DbtGraph
from resources.errors import UnknownNumberError, UnknownReportError
from resources.explain.findings import Explanation
from resources.explain.walk import ReportWalk
from sports_assets.warehouse.assets import PROJECT
from tests.conftest import REPOSITORY
from tests.sports_assets.test_session_runs import Club
from tests.sports_assets.workouts import ride, send

pytestmark = pytest.mark.slow

TRACKED = "2019-11-09_football_bayern-dortmund"
EVENTS = "2017-09-23_football_leicester-liverpool"
LONG_RIDE = "2019-09-20_cycling_long-ride"
LAPS = "2020-04-18_cycling_steady-ride"
DISTANCE = "mart/athlete_session_external_load/{}/total_distance_m"


def walk(club: Club, report: str) -> ReportWalk:
    store, zone, shelf = (club.resources[name].open()
                          for name in ("lakehouse", "landing_zone", "report_store"))  # fmt: skip
    return ReportWalk(store, zone, shelf, DbtGraph(PROJECT.manifest), report)


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory, sweat_samples: Path) -> Club:
    """Real sessions through the whole way: tracking, events, and two rides of one rider."""
    club = Club(tmp_path_factory.mktemp("explained"))
    activities = activity_samples(sweat_samples.parents[2])
    drops = pack_samples([*match_samples(), *activities], club.landing, datetime.now(UTC))
    wanted = (EVENTS, LONG_RIDE, TRACKED, LAPS)
    for session in dict.fromkeys(drop.session_id for drop in drops):
        if session in wanted:
            club.run([session])
    return club


@pytest.mark.parametrize(
    ("session", "at_least"), [(TRACKED, 250), (EVENTS, 250), (LONG_RIDE, 30), (LAPS, 60)]
)
def test_every_number_leads_to_the_rows_of_a_file(club: Club, session: str, at_least: int) -> None:
    with walk(club, session) as found:
        assert len(found.numbers) >= at_least
        for number_id, number in found.numbers.items():
            explained = found.explain(number_id)
            if number.basis is None:
                assert explained.agrees, number_id
                assert explained.in_row == number.value
            for origin in explained.origins:
                assert origin.row_count, number_id
                assert origin.state.is_as_of_then
                assert origin.state.written_by is not None
                assert origin.state.written_by.properties["touchline.run-id"]
                assert origin.state.changed_since is None
                assert not any(file.fault for file in origin.files)
                assert sum(file.count for file in origin.files), number_id
                assert all(history.agrees for history in origin.history), number_id
            assert explained.origins or "stopwatch" in number_id or "limit" in number.basis.how


def test_a_distance_rests_on_the_athletes_places_and_no_others(club: Club) -> None:
    with walk(club, TRACKED) as found:
        athlete = next(
            number.parts[0] for number in found.numbers.values()
            if number.source_id.endswith("/total_distance_m")
        )  # fmt: skip
        (origin,) = found.explain(DISTANCE.format(athlete)).origins
    ((stream, ids),) = club.query(
        "core/athlete",
        f"select any_value(source), list(source_athlete_id) from t where athlete_id = '{athlete}'",
        TRACKED,
    )
    (file,) = origin.files
    assert stream == "skillcorner"
    count = f"select count(*) from t where source_athlete_id in ({str(ids)[1:-1]})"
    assert [(file.count,)] == club.query("raw/positions", count, TRACKED)
    assert file.first["source_athlete_id"] in ids
    assert file.of_which_count <= file.count < file.in_file


def test_a_baseline_leads_to_the_sessions_that_it_was_held_against(club: Club) -> None:
    number = "mart/athlete_session_baseline/rider-1/total_distance_m/difference_percent"
    with walk(club, LAPS) as found:
        (history,) = found.explain(number).origins[0].history
    assert [one.session_id for one in history.sessions] == [LONG_RIDE]
    distance = "select total_distance_m from t"
    assert [(history.sessions[0].value,)] == club.query(
        "mart/athlete_session_external_load", distance, LONG_RIDE
    )
    assert history.is_as_of_then


def test_what_is_unknown_is_told_with_its_neighbours(club: Club) -> None:
    with pytest.raises(UnknownReportError, match=f"the nearest: .*{TRACKED}"):
        walk(club, "2019-11-09_football_bayern")
    with pytest.raises(UnknownReportError, match=f"it has {TRACKED}/r0001"):
        walk(club, f"{TRACKED}/r0007")
    with (
        walk(club, LAPS) as found,
        pytest.raises(UnknownNumberError, match=r"nearest: .*rider-1/total_distance_m"),
    ):
        found.explain(DISTANCE.format("rider-2"))


@pytest.mark.parametrize("form", ["session", "revision", "path"])
def test_the_command_tells_the_way_however_the_report_is_named(
    club: Club, dbt_cache: Path, form: str
) -> None:
    page = club.landing.parent / "reports" / LAPS / "r0001.html"
    report = {"session": LAPS, "revision": f"{LAPS}/r0001", "path": str(page)}[form]
    home = club.landing.parent
    if not (home / "dbt").exists():
        shutil.copytree(dbt_cache, home / "dbt")
    told = subprocess.run(
        [sys.executable, "-m", "sports_assets", "explain", report, DISTANCE.format("rider-1")],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False,
        env={name: value for name, value in os.environ.items()
             if not name.startswith(("SPORTS", "AWS"))}
        | {"SPORTS_ENV": "test", "SPORTS_HOME": str(home)},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "the page says the same" in told.stdout
    assert "checked, of drop" in told.stdout
    assert "positions.parquet" in told.stdout
    assert "gnss.max_hdop" in told.stdout


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory) -> Club:
    """A ride whose page was revised once."""
    club = Club(tmp_path_factory.mktemp("revised"))
    for speed_mps in (8.0, 9.0):
        club.run([send(club.landing, ride(speed_mps=speed_mps)).session_id])
    return club


class TestOldRevision:
    """A ride at 8 m/s, corrected to 9: the first page is explained by what stood then."""

    def explained(self, club: Club, revision: int) -> Explanation:
        (session,) = (path.name for path in (club.landing.parent / "reports").iterdir())
        with walk(club, f"{session}/r{revision:04d}") as found:
            number = next(n for n in found.numbers if n.endswith("/total_distance_m"))
            return found.explain(number)

    def test_each_page_agrees_with_the_rows_of_its_time(self, revised: Club) -> None:
        first, second = self.explained(revised, 1), self.explained(revised, 2)
        assert (first.in_row, second.in_row) == ("0.472", "0.531")
        assert first.agrees
        assert second.agrees
        (then,), (today,) = first.origins, second.origins
        assert then.state.changed_since == today.state.written_by
        assert [drop.newer_revision for drop in (*first.drops, *second.drops)] == [2, None]
        assert (then.files[0].count, then.files[0].fault) == (60, "")
        assert then.files[0].drop_id != today.files[0].drop_id

    def test_a_drop_that_is_gone_is_told_with_what_remains(self, revised: Club) -> None:
        (folder,) = revised.landing.glob("*/r0001")
        kept = folder.rename(revised.landing.parent / "kept")
        try:
            explained = self.explained(revised, 1)
        finally:
            kept.rename(folder)
        (drop,), (file,) = explained.drops, explained.origins[0].files
        assert explained.agrees
        assert drop.fault == file.fault == "it is gone from the landing zone"
        assert file.in_record == 60

    def test_a_file_that_was_altered_is_told(self, revised: Club) -> None:
        (path,) = revised.landing.glob("*/r0001/positions.parquet")
        payload = path.read_bytes()
        path.write_bytes(payload[:-9] + b"x" + payload[-8:])
        try:
            (file,) = self.explained(revised, 1).origins[0].files
        finally:
            path.write_bytes(payload)
        assert "altered on the way" in file.fault
        assert file.in_record == 60

    def test_a_snapshot_that_was_expired_is_told(self, revised: Club) -> None:
        """The last test: nothing brings a snapshot back."""
        resource = revised.resources["lakehouse"]
        catalog = load_catalog("touchline", uri=resource.catalog_uri)
        table = catalog.load_table("mart.athlete_session_external_load")
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        table.maintenance.expire_snapshots().older_than(tomorrow).commit()
        explained = self.explained(revised, 1)
        state = explained.origins[0].state
        assert (state.is_as_of_then, state.written_by) == (False, None)
        assert not explained.agrees
        assert explained.in_row == "0.531"
