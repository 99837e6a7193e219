"""New days score the squad, new approvals decide again; nothing twice."""

import dagster as dg
import pytest

from sensors.labels import labels_sensor
from sports_assets.keys import RAW_KEYS


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def tell(instance: dg.DagsterInstance, table: str, content: str) -> None:
    @dg.asset(key=RAW_KEYS[table])
    def raw() -> dg.MaterializeResult:
        return dg.MaterializeResult(data_version=dg.DataVersion(content))

    assert dg.materialize([raw], instance=instance).success


def tick(instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult:
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    result = labels_sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def jobs(result: dg.SensorResult) -> list[str | None]:
    return [request.job_name for request in result.run_requests or []]


def test_nothing_told_asks_for_nothing(instance: dg.DagsterInstance) -> None:
    result = tick(instance, None)
    assert result.skip_reason is not None
    assert not jobs(result)


def test_new_days_score_the_squad_once(instance: dg.DagsterInstance) -> None:
    tell(instance, "wellness", "monday")
    first = tick(instance, None)
    assert jobs(first) == ["score_squad"]
    assert not jobs(tick(instance, first.cursor))
    tell(instance, "wellness", "monday")  # made again, the same content
    assert not jobs(tick(instance, first.cursor))
    tell(instance, "injuries", "a knee")
    assert jobs(tick(instance, first.cursor)) == ["score_squad"]


def test_an_approval_decides_again_and_scores_nothing_else(instance: dg.DagsterInstance) -> None:
    tell(instance, "wellness", "monday")
    first = tick(instance, None)
    tell(instance, "approvals", "yes")
    assert jobs(tick(instance, first.cursor)) == ["promote_models"]


def test_the_cursor_stays_small(instance: dg.DagsterInstance) -> None:
    for day in range(5):
        tell(instance, "wellness", str(day))
    assert len(tick(instance, None).cursor or "") < 200
