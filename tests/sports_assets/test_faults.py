"""A step that meets a fault: one that passes is tried again, any other is told once."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from resources.dagster_resources import LakehouseResource
from resources.errors import CatalogueUnavailableError, SettingsError
from resources.failed_runs import FAULT_TAG, REASON, RUNBOOK_TAG
from resources.iceberg.catalog import TableCatalog
from resources.iceberg.lakehouse import IcebergLakehouse
from sports_assets.definitions import defs
from tests.sports_assets.test_session_runs import Club
from tests.sports_assets.workouts import ride, send

pytestmark = pytest.mark.slow

GRAPH = defs.resolve_asset_graph()
#: Assets of each step that opens the lakehouse.
STEPS = {
    definition.node_def.name: sorted(definition.keys)
    for definition in GRAPH.assets_defs
    if definition.is_executable and "lakehouse" in definition.required_resource_keys
}

#: What the lakehouse raises when a step opens it, by how often the step has opened it before.
Plan = Callable[[int], Exception | None]
_plan: list[Plan] = []
_opened: Counter[str] = Counter()


class Faulty(LakehouseResource):
    """The lakehouse, whose catalogue is not always there."""

    def open(self) -> IcebergLakehouse:
        _meet()
        return super().open()

    def open_catalog(self) -> TableCatalog:
        _meet()
        return super().open_catalog()


def _meet() -> None:
    step = dg.AssetExecutionContext.get().op_execution_context.op.name
    fault = _plan[0](_opened[step])
    _opened[step] += 1
    if fault is not None:
        raise fault


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dg.ExecuteInProcessResult]:
    monkeypatch.setattr("sports_assets.assets.WAITS_S", (0.0, 0.0, 0.0))
    club = Club(tmp_path)
    lakehouse = club.resources["lakehouse"]
    assert isinstance(lakehouse, LakehouseResource)
    club.resources["lakehouse"] = Faulty(**lakehouse.model_dump())
    session = send(club.landing, ride()).session_id
    club.instance.add_dynamic_partitions("session", [session])

    def materialize(keys: list[dg.AssetKey], plan: Plan) -> dg.ExecuteInProcessResult:
        _plan[:] = [plan]
        _opened.clear()
        return dg.materialize(
            list(defs.assets or []),
            selection=keys,
            resources=club.resources,
            instance=club.instance,
            partition_key=session if any(GRAPH.get(key).is_partitioned for key in keys) else None,
            raise_on_error=False,
        )

    return materialize


def _steps(result: dg.ExecuteInProcessResult, kind: dg.DagsterEventType) -> list[str | None]:
    return [event.step_key for event in result.all_events if event.event_type == kind]


def test_every_asset_tries_a_passing_fault_again_and_succeeds(
    run: Callable[..., dg.ExecuteInProcessResult],
) -> None:
    gone = CatalogueUnavailableError("the catalogue does not answer: start it")
    every = [key for keys in STEPS.values() for key in keys]
    result = run(every, lambda before: None if before else gone)
    assert result.success
    tried_again = _steps(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)
    assert len(tried_again) == len(set(tried_again)) == len(STEPS)


@pytest.mark.parametrize("step", sorted(STEPS))
def test_every_asset_tells_another_fault_once(
    run: Callable[..., dg.ExecuteInProcessResult], step: str
) -> None:
    wrong = SettingsError("SPORTS_WAREHOUSE_URI is wrong: correct it")
    result = run(STEPS[step][:1], lambda _: wrong)
    assert _steps(result, dg.DagsterEventType.STEP_UP_FOR_RETRY) == []
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert told.metadata[FAULT_TAG].value == "settings"
    assert told.metadata[REASON].value == "SPORTS_WAREHOUSE_URI is wrong: correct it"
    assert told.metadata[RUNBOOK_TAG].value == "docs/runbooks/settings.md"


def test_a_fault_that_does_not_pass_is_told_in_the_end(
    run: Callable[..., dg.ExecuteInProcessResult],
) -> None:
    gone = CatalogueUnavailableError("the catalogue does not answer: start it")
    result = run([dg.AssetKey(["raw", "quarantine"])], lambda _: gone)
    assert len(_steps(result, dg.DagsterEventType.STEP_UP_FOR_RETRY)) == 3
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert told.metadata[FAULT_TAG].value == "catalogue-unavailable"
    assert "(tried 4 times)" in (told.description or "")


def test_what_an_unforeseen_error_says_is_stored_nowhere(
    run: Callable[..., dg.ExecuteInProcessResult],
) -> None:
    """Events outlive an erasure, and an error may quote a value."""
    result = run([dg.AssetKey(["raw", "quarantine"])], lambda _: ValueError("a heart rate of 212"))
    assert not result.success
    stored = "\n".join(str(event) for event in result.all_events)
    # In words: digits stand in run ids and times, too.
    assert "heart rate" not in stored
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert told.metadata[FAULT_TAG].value == "code"
    assert "ValueError" in (told.description or "")
