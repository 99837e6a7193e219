"""Many sessions in one run give what the same sessions give one by one, in order of date."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from edge_ingest.contract import TableContract
from resources.dbt.build import dbt_build
from resources.dbt.chunks import ChunkLimits, measure_sessions, plan_chunks
from resources.dbt.graph import DbtGraph
from resources.dbt.outcome import BuildResult
from resources.dbt.project import DbtProject
from resources.dbt.sessions import SessionsBuilt, build_by_chunk
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.lakehouse import Lakehouse
from tests.dbt.conftest import EARLIER, MATCH, RIDE
from tests.dbt.crafted import CONTEXT, CROSSWALK, Rows, match, ride
from tests.dbt.reading import committed, one

pytestmark = pytest.mark.slow

LOAD = "mart/athlete_session_external_load"
CHAIN = ("core/session", "core/session_source", "core/athlete", "core/athlete_session", LOAD)
BASELINE = "mart/athlete_session_baseline"
SECOND_RIDE = "2024-03-05_cycling_evening"
THIRD_RIDE = "2024-03-09_cycling_evening"
SEASON = [
    match(EARLIER, speed=5.0), ride(RIDE), match(MATCH),
    ride(SECOND_RIDE, watts=220.0), ride(THIRD_RIDE, watts=240.0),
]  # fmt: skip


def backfill(
    lakehouse: Lakehouse,
    project: DbtProject,
    season: Sequence[Rows],
    limits: ChunkLimits,
    keys: Sequence[str] | None = None,
) -> list[SessionsBuilt]:
    graph = DbtGraph(project.manifest)
    for rows in season:
        rows.commit(lakehouse)

    def build(sessions: Sequence[str]) -> BuildResult:
        with dbt_build(
            lakehouse, sessions, project=project, context=CONTEXT, crosswalk=CROSSWALK
        ) as active:
            return active.run(keys)

    sessions = [rows.session_id for rows in season]
    sizes = measure_sessions(lakehouse, graph, sessions, graph.of_sessions)
    return list(build_by_chunk(plan_chunks(sizes, limits), build))


def hashes(lakehouse: IcebergLakehouse, project: DbtProject) -> dict[str, str]:
    graph = DbtGraph(project.manifest)
    return {key: lakehouse.content_hash(graph.contracts[key]) for key in graph.of_sessions}


@pytest.fixture(scope="module")
def one_by_one(
    open_lakehouse: Callable[[], IcebergLakehouse], project: DbtProject
) -> tuple[dict[str, str], list[dict]]:
    """Hash of every table, and the baseline, of the season built session by session."""
    lakehouse = open_lakehouse()
    for rows in SEASON:
        backfill(lakehouse, project, [rows], ChunkLimits())
    return hashes(lakehouse, project), committed(lakehouse, project, BASELINE)


def test_a_backfill_gives_every_table_row_for_row_whatever_its_chunks(
    open_lakehouse: Callable[[], IcebergLakehouse],
    project: DbtProject,
    one_by_one: tuple[dict[str, str], list[dict]],
) -> None:
    expected, baseline = one_by_one
    assert max(row["earlier_session_count"] for row in baseline) == 2
    lakehouse = open_lakehouse()
    arrived = [SEASON[4], SEASON[1], SEASON[0], SEASON[3], SEASON[2]]
    built = backfill(lakehouse, project, arrived, ChunkLimits(rows=10_000, sessions=3))
    assert [part.session_ids for part in built] == [
        (EARLIER,), (MATCH, RIDE, SECOND_RIDE), (THIRD_RIDE,),
    ]  # fmt: skip
    assert hashes(lakehouse, project) == expected
    # The history that each was held against can be read again: it holds what came before.
    first, together, alone = (part.result for part in built)
    assert first is not None
    assert together is not None
    assert alone is not None
    for key in DbtGraph(project.manifest).history_of([BASELINE]):
        assert key not in first.snapshots
        assert together.snapshots[key] == together.published[key].snapshot_id
        assert alone.snapshots[key] == together.published[key].snapshot_id


def test_a_bad_session_among_good_ones_costs_itself_only(
    lakehouse: IcebergLakehouse,
    project: DbtProject,
    one_by_one: tuple[dict[str, str], list[dict]],
) -> None:
    bad = match(MATCH, top=130.0)
    season = [SEASON[1], bad, SEASON[3]]
    built = backfill(lakehouse, project, season, ChunkLimits())
    (failed,) = [part for part in built if part.reason]
    assert failed.session_ids == (MATCH,)
    assert "mart/athlete_session_external_load" in (failed.reason or "")
    _, baseline = one_by_one
    good = [row for row in baseline if row["session_id"] in {RIDE, SECOND_RIDE}]
    assert committed(lakehouse, project, BASELINE) == good


class Rival:
    """A lakehouse in which a corrected drop lands, and is published, before facts are written."""

    def __init__(self, lakehouse: IcebergLakehouse, correct: Callable[[], object]) -> None:
        self._lakehouse = lakehouse
        self._correct = correct
        self.written: list[Sequence[str]] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._lakehouse, name)

    def replace_sessions(self, contract: TableContract, *arguments: Any) -> object:
        if contract.key == LOAD:
            self.written.append(arguments[1])
            if len(self.written) == 1:
                self._correct()
        return self._lakehouse.replace_sessions(contract, *arguments)


@pytest.mark.parametrize("sessions", [[MATCH], [MATCH, RIDE]], ids=["alone", "in a chunk"])
def test_a_correction_that_lands_and_is_published_meanwhile_is_what_stays(
    lakehouse: IcebergLakehouse, project: DbtProject, sessions: list[str]
) -> None:
    season = [match(MATCH, top=8.0), ride(RIDE)][: len(sessions)]
    contract = DbtGraph(project.manifest).contracts[LOAD]

    def correct() -> None:
        match(MATCH, top=9.0).commit(lakehouse)
        # Another process publishes too: what it made must not be what the overtaken run read.
        lakehouse.replace_sessions(contract, contract.schema.empty_table(), [MATCH], CONTEXT)

    rival = Rival(lakehouse, correct)
    built = backfill(rival, project, season, ChunkLimits(), CHAIN)
    assert rival.written == [tuple(sorted(sessions)), (MATCH,)]
    assert [part.session_ids for part in built] == [(name,) for name in reversed(sessions)]
    assert [part.reason for part in built] == [None] * len(sessions)
    assert one(lakehouse, project, LOAD, session_id=MATCH, athlete_id="ada")["top_speed_mps"] == 9.0
