"""A run of several sessions ends by what stopped them, all of them together."""

from collections.abc import Mapping

import dagster as dg
import pytest

from resources.failed_runs import FAULT_TAG, REASON
from resources.faults import Fault, FaultKind
from sports_assets.assets import guarded
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS, SESSIONS_NAME
from sports_assets.session_run import SessionRun

BAD = Fault(FaultKind.BAD_DROP, "its drop was altered: send it again")
GONE = Fault(FaultKind.OBJECT_STORE_UNAVAILABLE, "the object store does not answer")


def _run(
    monkeypatch: pytest.MonkeyPatch, faults: Mapping[str, Fault], *, passes: bool = False
) -> dg.ExecuteInProcessResult:
    """Run sessions a, b and c with these faults; with `passes` they are met only once."""
    monkeypatch.setattr("sports_assets.assets.WAITS_S", (0.0, 0.0, 0.0))

    @dg.asset(partitions_def=SESSIONS, backfill_policy=MANY_SESSIONS_A_RUN)
    @guarded
    def table(context: dg.AssetExecutionContext) -> None:
        run = SessionRun(context)
        for session_id, fault in faults.items():
            if not (passes and context.retry_number):
                run.fail(session_id, fault)
        run.require_all()

    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(SESSIONS_NAME, ["a", "b", "c"])
        ends = {
            "dagster/asset_partition_range_start": "a",
            "dagster/asset_partition_range_end": "c",
        }
        return dg.materialize([table], instance=instance, tags=ends, raise_on_error=False)


def _tries(result: dg.ExecuteInProcessResult) -> int:
    again = dg.DagsterEventType.STEP_UP_FOR_RETRY
    return 1 + sum(event.event_type == again for event in result.all_events)


def _told(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    return str(told.metadata[FAULT_TAG].value), str(told.metadata[REASON].value)


def test_sessions_that_all_met_a_passing_fault_are_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = _run(monkeypatch, {"a": GONE, "c": GONE}, passes=True)
    assert result.success
    assert _tries(result) == 2


def test_a_fault_that_does_not_pass_names_the_sessions_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = _run(monkeypatch, {"a": GONE, "c": GONE})
    assert _tries(result) == 4
    kind, reason = _told(result)
    assert kind == "object-store-unavailable"
    assert "2 of 3 sessions failed" in reason
    assert "c: the object store does not answer" in reason


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_one_session_that_needs_a_person_is_told_at_once_whichever_came_first(
    monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
) -> None:
    faults = {"a": BAD, "b": GONE}
    result = _run(monkeypatch, {session: faults[session] for session in order})
    assert _tries(result) == 1
    kind, reason = _told(result)
    assert kind == "bad-drop"
    assert "a: its drop was altered" in reason
    assert "b: the object store does not answer" in reason
