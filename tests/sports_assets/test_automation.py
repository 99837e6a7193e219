"""The backstop, tick by tick on an ephemeral instance."""

from collections.abc import Callable, Sequence

import dagster as dg
import pytest

from sports_assets.automation import on_new_code_or_late_input
from sports_assets.keys import WHOLE_WAY_TAG
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS, SESSIONS_NAME

pytestmark = pytest.mark.slow

CONTENT = {"raw": "1"}


def _asset(
    name: str, deps: Sequence[str], *, automated: bool, code: str = "1"
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        deps=list(deps),
        partitions_def=SESSIONS,
        backfill_policy=MANY_SESSIONS_A_RUN,
        automation_condition=on_new_code_or_late_input() if automated else None,
        code_version=code,
    )
    def made() -> dg.MaterializeResult:
        if CONTENT["raw"] == "broken" and automated:
            raise dg.Failure("as asked", allow_retries=False)
        return dg.MaterializeResult(data_version=dg.DataVersion(f"{name} {CONTENT['raw']}"))

    return made


class Graph:
    """raw → facts → report, on an instance of its own."""

    def __init__(self) -> None:
        self.instance = dg.DagsterInstance.ephemeral()
        self.assets = self._made("1")
        self.cursor = None
        self.tick()

    @staticmethod
    def _made(code: str) -> list[dg.AssetsDefinition]:
        return [
            _asset("raw", [], automated=False),
            _asset("facts", ["raw"], automated=True, code=code),
            _asset("report", ["facts"], automated=True),
        ]

    def recode(self) -> None:
        self.assets = self._made("2")

    def run(
        self, session: str, only: Sequence[str] | None = None, tags: dict[str, str] | None = None
    ) -> None:
        self.instance.add_dynamic_partitions(SESSIONS_NAME, [session])
        dg.materialize(
            self.assets,
            partition_key=session,
            instance=self.instance,
            selection=list(only) if only else None,
            tags=tags,
            raise_on_error=False,
        )

    def begin(self, session: str, asset: str) -> dg.DagsterRun:
        """A run that has begun, and has made nothing yet."""
        key = dg.AssetKey(asset)
        job = dg.Definitions(self.assets).resolve_implicit_global_asset_job_def()
        return self.instance.create_run_for_job(
            job.get_subset(asset_selection={key}),
            asset_selection={key},
            tags={"dagster/partition": session},
            status=dg.DagsterRunStatus.STARTED,
        )

    def end(self, run: dg.DagsterRun) -> None:
        event = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name)
        self.instance.report_dagster_event(event, run.run_id)

    def tick(self) -> list[tuple[str, str]]:
        result = dg.evaluate_automation_conditions(
            dg.Definitions(self.assets), instance=self.instance, cursor=self.cursor
        )
        self.cursor = result.cursor
        return sorted(
            (name, session)
            for name in ("raw", "facts", "report")
            for session in result.get_requested_partitions(dg.AssetKey(name))
        )


@pytest.fixture
def graph() -> Graph:
    CONTENT["raw"] = "1"
    return Graph()


def test_sessions_made_whole_by_the_sensor_are_left_alone(graph: Graph) -> None:
    for number in range(5):
        graph.run(f"session-{number}")
        assert graph.tick() == []
    assert [graph.tick() for _ in range(3)] == [[]] * 3


def test_an_input_seen_while_the_asset_is_being_finished_asks_for_nothing(graph: Graph) -> None:
    """The first look sees the input made and not the asset; the second sees both."""
    graph.run("a")
    graph.tick()
    CONTENT["raw"] = "2"
    graph.run("a", ["raw"])
    assert graph.tick() == []
    graph.run("a", ["facts", "report"])
    assert [graph.tick() for _ in range(3)] == [[]] * 3


def test_late_input_wakes_what_reads_it_and_nothing_else(graph: Graph) -> None:
    graph.run("a")
    graph.run("b")
    graph.tick()
    CONTENT["raw"] = "2"
    graph.run("a", ["raw"])
    assert graph.tick() == [], "the first look only notes it"
    assert graph.tick() == [("facts", "a")]
    assert graph.tick() == [], "asked once is enough"
    graph.run("a", ["facts"])
    graph.tick()
    assert graph.tick() == [("report", "a")]


def test_the_same_content_again_wakes_nothing(graph: Graph) -> None:
    graph.run("a")
    graph.tick()
    graph.run("a", ["raw"])
    assert [graph.tick() for _ in range(3)] == [[]] * 3


def test_new_code_asks_for_every_session_once(graph: Graph) -> None:
    graph.run("a")
    graph.run("b")
    graph.tick()
    graph.recode()
    graph.tick()
    assert graph.tick() == [("facts", "a"), ("facts", "b")]
    assert graph.tick() == []


def test_a_look_into_the_middle_of_a_run_from_drop_to_page_asks_for_nothing(graph: Graph) -> None:
    graph.run("a", ["raw"], WHOLE_WAY_TAG)
    assert graph.tick() == []
    graph.run("a", ["facts"], WHOLE_WAY_TAG)
    assert graph.tick() == []
    graph.run("a", ["report"], WHOLE_WAY_TAG)
    assert graph.tick() == []


def test_sessions_that_are_on_their_way_at_once_are_left_alone(graph: Graph) -> None:
    """Of each asset another session was made last."""
    graph.run("earlier")
    graph.tick()
    for asset in ("raw", "facts", "report"):
        for session in ("a", "b"):
            graph.run(session, [asset], WHOLE_WAY_TAG)
        assert [graph.tick() for _ in range(3)] == [[]] * 3, asset


def test_an_asset_finished_during_a_look_is_not_asked_for_again(graph: Graph) -> None:
    """Its run is seen over, and what it made only at the next look."""
    graph.run("a")
    graph.tick()
    CONTENT["raw"] = "2"
    graph.run("a", ["raw"])
    run = graph.begin("a", "facts")
    assert [graph.tick() for _ in range(3)] == [[]] * 3
    graph.end(run)
    assert graph.tick() == []
    graph.run("a", ["facts"])
    assert graph.tick() == []


def test_a_run_that_fails_is_asked_for_once(graph: Graph) -> None:
    graph.run("a")
    graph.tick()
    CONTENT["raw"] = "broken"
    graph.run("a", ["raw"])
    graph.tick()
    assert graph.tick() == [("facts", "a")]
    graph.run("a", ["facts"])
    assert [graph.tick() for _ in range(4)] == [[]] * 4


def test_the_condition_has_a_name_in_the_ui() -> None:
    condition: Callable[[], dg.AutomationCondition] = on_new_code_or_late_input
    assert condition().get_label() == "on_new_code_or_late_input"
