"""When norms are made again, tick by tick; and that no page is made for them."""

import dagster as dg
import pytest

from sports_assets.automation import on_new_code_or_late_input, on_new_sessions
from sports_assets.keys import WHOLE_WAY_TAG
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS, SESSIONS_NAME

pytestmark = pytest.mark.slow

CONTENT: dict[str, str] = {}


class Graph:
    """load → norm and load → report; norms have no partitions."""

    def __init__(self) -> None:
        CONTENT.clear()
        self.instance = dg.DagsterInstance.ephemeral()
        self.assets = self._made("1")
        self.cursor = None
        self.tick()

    @staticmethod
    def _made(code: str) -> list[dg.AssetsDefinition]:
        partitioned = {"partitions_def": SESSIONS, "backfill_policy": MANY_SESSIONS_A_RUN}

        @dg.asset(**partitioned)
        def load(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            content = CONTENT.get(context.partition_key, "1")
            return dg.MaterializeResult(data_version=dg.DataVersion(content))

        @dg.asset(deps=["load"], automation_condition=on_new_code_or_late_input(), **partitioned)
        def report() -> dg.MaterializeResult:
            return dg.MaterializeResult(data_version=dg.DataVersion("page"))

        @dg.asset(deps=["load"], automation_condition=on_new_sessions(), code_version=code)
        def norm() -> dg.MaterializeResult:
            if CONTENT.get("norm") == "broken":
                raise dg.Failure("as asked", allow_retries=False)
            return dg.MaterializeResult()

        return [load, report, norm]

    def recode(self) -> None:
        self.assets = self._made("2")

    def session(self, name: str, only: list[str] | None = None) -> None:
        """The run of a session, from drop to page."""
        self.instance.add_dynamic_partitions(SESSIONS_NAME, [name])
        dg.materialize(
            self.assets, partition_key=name, instance=self.instance,
            selection=only or ["load", "report"], tags=WHOLE_WAY_TAG,
        )  # fmt: skip

    def norm(self) -> None:
        dg.materialize(
            self.assets, instance=self.instance, selection=["norm"], raise_on_error=False
        )

    def tick(self) -> list[str]:
        result = dg.evaluate_automation_conditions(
            dg.Definitions(self.assets), instance=self.instance, cursor=self.cursor
        )
        self.cursor = result.cursor
        asked = [f"report {one}" for one in result.get_requested_partitions(dg.AssetKey("report"))]
        return asked + ["norm"] * result.get_num_requested(dg.AssetKey("norm"))


@pytest.fixture
def graph() -> Graph:
    return Graph()


def test_each_session_asks_for_norms_once_and_for_no_page(graph: Graph) -> None:
    asked = []
    for number in range(5):
        graph.session(f"2026-01-0{number + 1}_football_x")
        asked.append(graph.tick())
        graph.norm()
        asked += [graph.tick(), graph.tick()]
    assert asked == [["norm"], [], []] * 5


def test_sessions_in_a_row_ask_once_for_all(graph: Graph) -> None:
    for number in range(5):
        graph.session(f"2026-01-0{number + 1}_football_x")
    assert [graph.tick() for _ in range(3)] == [["norm"], [], []]


def test_the_same_facts_again_ask_for_nothing_and_corrected_ones_do(graph: Graph) -> None:
    graph.session("a")
    graph.tick()
    graph.norm()
    graph.session("a")
    assert [graph.tick() for _ in range(3)] == [[]] * 3
    CONTENT["a"] = "2"
    graph.session("a")
    assert graph.tick() == ["norm"]


def test_a_session_that_comes_while_norms_are_made_is_not_forgotten(graph: Graph) -> None:
    graph.session("a")
    assert graph.tick() == ["norm"]
    graph.session("b")
    graph.norm()
    assert graph.tick() == ["norm"]
    graph.norm()
    assert [graph.tick() for _ in range(2)] == [[]] * 2


def test_a_run_that_fails_is_asked_for_once_and_the_next_session_asks_again(graph: Graph) -> None:
    CONTENT["norm"] = "broken"
    graph.session("a")
    assert graph.tick() == ["norm"]
    graph.norm()
    assert [graph.tick() for _ in range(3)] == [[]] * 3
    graph.session("b")
    assert graph.tick() == ["norm"]


def test_a_session_without_facts_holds_up_nobody_s_norms(graph: Graph) -> None:
    graph.instance.add_dynamic_partitions(SESSIONS_NAME, ["failed"])
    graph.session("a")
    assert graph.tick() == ["norm"]


def test_new_code_asks_once(graph: Graph) -> None:
    graph.session("a")
    graph.tick()
    graph.norm()
    graph.tick()
    graph.recode()
    assert [graph.tick() for _ in range(2)] == [["norm"], []]


def test_the_condition_has_a_name_in_the_ui() -> None:
    assert on_new_sessions().get_label() == "on_new_sessions"
