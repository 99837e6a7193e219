"""What should have been made and was not: over a real landing zone, with real runs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
)

from resources.dagster_resources import LandingZoneResource
from resources.failed_runs import fault_metadata
from resources.faults import Fault, FaultKind
from resources.late import LOOK_BACK, PATIENCE, late_work
from resources.silent import silent
from resources.trouble import LATE_PAGE, Late
from sensors.edge_drops import edge_drops
from sensors.stale_assets import LOOK_EVERY, Watch, stale_assets_sensor
from sports_assets.keys import RAW_KEYS, REPORT_SESSION_KEY, WORKS
from sports_assets.partitions import SESSIONS, SESSIONS_NAME
from tests.sports_assets.diary import send_days, wellness
from tests.sports_assets.workouts import ride, send

#: Later than anything that a test has just made is waited for.
SOON = PATIENCE + timedelta(minutes=5)
BROKEN = {"is": False}


@dg.asset(key=REPORT_SESSION_KEY, partitions_def=SESSIONS)
def page() -> None:
    if BROKEN["is"]:
        fault = Fault(FaultKind.FAILED_TEST, "not published: core/session")
        raise dg.Failure("as asked", fault_metadata(fault), allow_retries=False)


@dg.asset(key=RAW_KEYS["wellness"])
def days() -> None:
    """Made without rows: what is looked at is that, and when, it was made."""


class Club:
    """A landing zone, an instance, and runs that make what drops ask for."""

    def __init__(self, home: Path) -> None:
        self.landing = home
        self.instance = dg.DagsterInstance.ephemeral()
        self.zone = LandingZoneResource(landing_uri=str(home), club_timezone="Europe/Berlin")
        definitions = dg.Definitions(
            assets=[page, days],
            jobs=[
                dg.define_asset_job("session_facts", selection=[page]),
                dg.define_asset_job("daily_records", selection=[days]),
            ],
        )
        self.jobs = {
            name: definitions.resolve_job_def(name) for name in ("session_facts", "daily_records")
        }

    def run(self, job: str, session: str | None = None, *, fails: bool = False) -> str:
        if session is not None:
            self.instance.add_dynamic_partitions(SESSIONS_NAME, [session])
        BROKEN["is"] = fails
        result = self.jobs[job].execute_in_process(
            instance=self.instance, partition_key=session, raise_on_error=False
        )
        assert result.success is not fails
        return result.run_id

    def late(self, after: timedelta = SOON, known: list[Late] | None = None) -> list[Late]:
        with self.zone.open() as zone:
            now = datetime.now(UTC) + after
            return late_work(zone, self.instance, now, WORKS, known or ())


@pytest.fixture
def club(tmp_path: Path) -> Club:
    return Club(tmp_path)


def test_a_page_is_late_that_nobody_made_in_time_and_no_sooner(club: Club) -> None:
    session = send(club.landing, ride()).session_id
    assert club.late(after=PATIENCE / 2) == []
    (late,) = club.late()
    assert late.late_id == f"report/session {session}"
    assert late.since_utc <= datetime.now(UTC) + PATIENCE
    assert "no run was asked for" in late.reason
    assert late.runbook == LATE_PAGE


def test_a_page_newer_than_its_drops_is_not_late_until_the_next_drop(club: Club) -> None:
    session = send(club.landing, ride()).session_id
    club.run("session_facts", session)
    assert club.late() == []
    send(club.landing, ride(speed_mps=9.0))
    assert [late.session_id for late in club.late()] == [session]


def test_a_failed_run_says_why_a_page_is_late_until_it_is_done_again(club: Club) -> None:
    session = send(club.landing, ride()).session_id
    run_id = club.run("session_facts", session, fails=True)
    (late,) = club.late()
    assert late.reason == f"run {run_id[:8]} failed: not published: core/session"
    assert late.runbook == "docs/runbooks/failed-test.md"
    club.run("session_facts", session)
    assert club.late() == []


def test_a_run_that_waits_says_why_a_page_is_late(club: Club) -> None:
    session = send(club.landing, ride()).session_id
    club.instance.create_run_for_job(
        club.jobs["session_facts"],
        status=dg.DagsterRunStatus.NOT_STARTED,
        tags={"dagster/partition": session},
    )
    (late,) = club.late()
    assert "waits in the queue" in late.reason


def test_a_drop_that_is_refused_or_waits_for_files_is_not_late(club: Club) -> None:
    refused, waiting = send(club.landing, ride()), send(club.landing, ride(device="watch-2"))
    with club.zone.open() as zone:
        place = str(refused.folder.relative_to(club.landing))
        assert zone.refuse(place, "altered", "send it again", datetime.now(UTC))
    (waiting.folder / "positions.parquet").unlink()
    assert club.late() == []


def test_what_was_late_stays_so_however_long_ago_its_drop_came(club: Club) -> None:
    session = send(club.landing, ride()).session_id
    known = club.late()
    much_later = LOOK_BACK + timedelta(days=30)
    assert club.late(much_later) == []
    assert [late.session_id for late in club.late(much_later, known)] == [session]
    club.run("session_facts", session)
    assert club.late(much_later, known) == []


def test_days_that_were_not_loaded_are_late(club: Club) -> None:
    send_days(club.landing, wellness({(0, "a"): 7.0}))
    (late,) = club.late()
    assert late.late_id == "raw/wellness"
    assert [one.late_id for one in club.late(LOOK_BACK * 2, [late])] == ["raw/wellness"]
    club.run("daily_records")
    assert club.late() == []
    assert club.late(LOOK_BACK * 2, [late]) == []


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def _remember(
    instance: dg.DagsterInstance, name: str, status: InstigatorStatus, looked_at: datetime
) -> None:
    """What the daemon would keep of a sensor."""
    location = RegisteredCodeLocationOrigin("touchline")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
    data = SensorInstigatorData(last_tick_success_timestamp=looked_at.timestamp())
    instance.add_instigator_state(InstigatorState(origin, InstigatorType.SENSOR, status, data))


def test_a_sensor_that_does_not_look_is_told_and_one_that_is_gone_is_not(
    kept: dg.DagsterInstance,
) -> None:
    now = datetime.now(UTC)
    declared = InstigatorStatus.DECLARED_IN_CODE
    _remember(kept, "edge_drops", declared, now - timedelta(hours=2))
    _remember(kept, "stale_assets", declared, now - timedelta(minutes=6))
    _remember(kept, "of_an_earlier_version", declared, now - timedelta(days=90))
    defs = dg.Definitions(sensors=[edge_drops, stale_assets_sensor])
    told = silent(kept, defs.get_repository_def(), now)
    sensors = [late for late in told if late.thing.startswith("sensor:")]
    assert [late.thing for late in sensors] == ["sensor:edge_drops"]
    assert sensors[0].since_utc == now - timedelta(hours=2)


def test_a_sensor_that_somebody_stopped_is_told(kept: dg.DagsterInstance) -> None:
    now = datetime.now(UTC)
    _remember(kept, "edge_drops", InstigatorStatus.STOPPED, now)
    defs = dg.Definitions(sensors=[edge_drops])
    told = silent(kept, defs.get_repository_def(), now)
    assert "stopped by hand" in {late.thing: late.reason for late in told}["sensor:edge_drops"]


def test_a_daemon_that_never_lived_is_told(kept: dg.DagsterInstance) -> None:
    told = silent(kept, None, datetime.now(UTC))
    assert "daemon:SENSOR" in {late.thing for late in told}


def test_the_watchdog_asks_once_for_a_list_and_is_quiet_after_a_pause(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.late.PATIENCE", timedelta(0))
    send(club.landing, ride())
    returned = _look(club, None)
    assert not returned.run_requests
    assert "just come back" in str(returned.skip_reason)

    now = datetime.now(UTC)
    awake = Watch(
        looked_at=(now - LOOK_EVERY).timestamp(), awake_since=(now - timedelta(days=1)).timestamp()
    )
    asked = _look(club, str(awake))
    assert len(asked.run_requests or []) == 1
    again = _look(club, asked.cursor)
    assert not again.run_requests
    assert "the list says so already" in str(again.skip_reason)
    assert [late.thing for late in Watch.parse(again.cursor).late] == ["report/session"]


def test_the_watchdogs_list_that_failed_to_be_made_is_asked_for_again_once_an_hour(
    club: Club,
) -> None:
    @dg.op
    def fails() -> None:
        raise ValueError("as asked")

    @dg.job(name="stale_assets")
    def listing() -> None:
        fails()

    now = datetime.now(UTC)
    awake = Watch(now.timestamp(), (now - timedelta(days=1)).timestamp())
    listed = _look(club, str(awake)).cursor  # the daemons of this instance never lived: all late
    assert not _look(club, listed).run_requests
    listing.execute_in_process(instance=club.instance, raise_on_error=False)
    again = _look(club, listed)
    assert len(again.run_requests or []) == 1
    listing.execute_in_process(instance=club.instance, raise_on_error=False)
    within_the_hour = Watch.parse(again.cursor)
    this_hour = replace(within_the_hour, again=f"{datetime.now(UTC):%Y-%m-%dT%H}")
    assert not _look(club, str(this_hour)).run_requests
    an_hour_ago = replace(within_the_hour, again=f"{now - timedelta(hours=1):%Y-%m-%dT%H}")
    assert len(_look(club, str(an_hour_ago)).run_requests or []) == 1


def _look(club: Club, cursor: str | None) -> dg.SensorResult:
    context = dg.build_sensor_context(instance=club.instance, cursor=cursor)
    result = stale_assets_sensor(context, landing_zone=club.zone)
    assert isinstance(result, dg.SensorResult)
    return result
