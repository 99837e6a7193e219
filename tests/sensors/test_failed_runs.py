"""Runs that fail are told, listed, and told to have made good."""

from datetime import UTC, datetime, timedelta, tzinfo

import dagster as dg
import pytest

from resources.failed_runs import FAULT_TAG, RUNBOOK_TAG, failed_runs, fault_metadata
from resources.faults import Fault, FaultKind
from resources.trouble import Again
from sensors.failed_runs import failed_runs_sensor

BROKEN = {"is": True}
SESSION = "2024-03-01_cycling_session-1000"


@dg.op
def told() -> None:
    if BROKEN["is"]:
        fault = Fault(FaultKind.BAD_DROP, "its drop was altered: send it again")
        raise dg.Failure("no drop", fault_metadata(fault), allow_retries=False)


@dg.op
def untold() -> None:
    raise ValueError("athlete 7 has a heart rate of 212")


@dg.op
def told_by_newer_code() -> None:
    metadata = fault_metadata(Fault(FaultKind.CODE, "known next year"))
    raise dg.Failure("?", metadata | {FAULT_TAG: "of-next-year"}, allow_retries=False)


@dg.job
def newer() -> None:
    told_by_newer_code()


@dg.job
def session_facts() -> None:
    told()


@dg.job
def surprised() -> None:
    untold()


@dg.job(name="failed_runs")
def listing() -> None:
    untold()


@pytest.fixture
def instance() -> dg.DagsterInstance:
    BROKEN["is"] = True
    return dg.DagsterInstance.ephemeral()


def _fail(
    instance: dg.DagsterInstance,
    job: dg.JobDefinition = session_facts,
    session: str | None = SESSION,
) -> str:
    tags = {"dagster/partition": session} if session else {}
    return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False).run_id


def _look(instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult | None:
    """One tick; None where it asks for nothing."""
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    result = failed_runs_sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result if result.run_requests else None


def _tags(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return dict(run.tags)


def test_nothing_failed_asks_for_nothing(instance: dg.DagsterInstance) -> None:
    assert _look(instance) is None


def test_a_failed_run_bears_its_fault_and_its_page_and_is_listed_once(
    instance: dg.DagsterInstance,
) -> None:
    run_id = _fail(instance)
    first = _look(instance)
    assert first is not None
    assert len(first.run_requests or []) == 1
    assert _tags(instance, run_id)[FAULT_TAG] == "bad-drop"
    assert _tags(instance, run_id)[RUNBOOK_TAG] == "docs/runbooks/bad-drop.md"
    assert _look(instance, first.cursor) is None


def test_many_failures_of_a_tick_ask_for_one_list(instance: dg.DagsterInstance) -> None:
    for day in range(1, 6):
        _fail(instance, session=f"2024-03-0{day}_cycling_session-1000")
    result = _look(instance)
    assert result is not None
    assert len(result.run_requests or []) == 1
    assert len(failed_runs(instance, datetime.now(UTC))) == 5


def test_a_list_that_failed_to_be_made_is_asked_for_again_once_an_hour(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime.now(UTC).replace(hour=12)
    clock = [noon]

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return clock[0]

    _fail(instance)
    monkeypatch.setattr("sensors.failed_runs.datetime", Clock)
    asked = _look(instance)
    assert asked is not None
    keys = [one.run_key for one in asked.run_requests or []]

    run_id = _fail(instance, listing, None)
    again = _look(instance, asked.cursor)
    assert again is not None
    keys += [one.run_key for one in again.run_requests or []]
    assert _tags(instance, run_id)[FAULT_TAG] == "code"
    _fail(instance, listing, None)
    cursor = _cursor_after_nothing(instance, again.cursor)

    clock[0] = noon + timedelta(hours=1)
    later = _look(instance, cursor)
    assert later is not None
    keys += [one.run_key for one in later.run_requests or []]
    assert len(set(keys)) == 3
    instance.create_run_for_job(listing, status=dg.DagsterRunStatus.SUCCESS)
    clock[0] = noon + timedelta(hours=2)
    _cursor_after_nothing(instance, later.cursor)


def _cursor_after_nothing(instance: dg.DagsterInstance, cursor: str | None) -> str | None:
    result = failed_runs_sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(result, dg.SensorResult)
    assert not result.run_requests
    return result.cursor


def test_a_run_that_makes_good_is_listed_anew(instance: dg.DagsterInstance) -> None:
    _fail(instance)
    first = _look(instance)
    assert first is not None
    BROKEN["is"] = False
    good = _fail(instance)
    second = _look(instance, first.cursor)
    assert second is not None
    assert (second.run_requests or [])[0].run_key != (first.run_requests or [])[0].run_key
    (failed,) = failed_runs(instance, datetime.now(UTC))
    assert (failed.again, failed.again_run_id) == (Again.SUCCEEDED, good)


def test_a_run_launched_again_is_told_by_its_own_fault(instance: dg.DagsterInstance) -> None:
    """Dagster copies the tags of the run before."""
    first = _fail(instance)
    asked = _look(instance)
    assert asked is not None
    again = surprised.execute_in_process(
        instance=instance, tags=_tags(instance, first), raise_on_error=False
    )
    assert _tags(instance, again.run_id)[FAULT_TAG] == "bad-drop"
    assert _look(instance, asked.cursor) is not None
    assert _tags(instance, again.run_id)[FAULT_TAG] == "code"


def test_the_same_session_in_another_job_made_nothing_good(instance: dg.DagsterInstance) -> None:
    _fail(instance)
    BROKEN["is"] = False

    @dg.job
    def session_footage() -> None:
        told()

    _fail(instance, session_footage)
    (failed,) = failed_runs(instance, datetime.now(UTC))
    assert failed.again == Again.NOT_TRIED


def test_an_error_that_nobody_foresaw_is_not_quoted(instance: dg.DagsterInstance) -> None:
    _fail(instance, surprised)
    (failed,) = failed_runs(instance, datetime.now(UTC))
    assert failed.fault == Fault(
        FaultKind.CODE, "untold failed with ValueError; the run's log says more"
    )


def test_a_fault_of_another_version_of_this_code_is_listed_with_its_reason(
    instance: dg.DagsterInstance,
) -> None:
    _fail(instance, newer)
    (failed,) = failed_runs(instance, datetime.now(UTC))
    assert failed.fault == Fault(FaultKind.CODE, "known next year")


def test_a_run_that_failed_without_a_failed_step_lost_its_process(
    instance: dg.DagsterInstance,
) -> None:
    run = instance.create_run_for_job(session_facts, status=dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(run)
    (failed,) = failed_runs(instance, datetime.now(UTC))
    assert failed.fault.kind == FaultKind.PROCESS_DIED
