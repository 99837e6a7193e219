"""Build, audit, then publish: nothing of a table with a failed blocking test reaches the record."""

import pytest

from edge_ingest.records import EVENTS, SESSIONS
from resources.dbt.project import DbtProject
from resources.errors import DbtError, FailedBuildError, NotCommittedError, ResourceError
from resources.iceberg.lakehouse import IcebergLakehouse
from tests.dbt.conftest import MATCH, Build
from tests.dbt.crafted import match
from tests.dbt.reading import committed, one

pytestmark = pytest.mark.slow

LOAD = "mart/athlete_session_external_load"
#: What a load stands on, without the tables beside it.
CHAIN = ("core/session", "core/session_source", "core/athlete", "core/athlete_session", LOAD)
BASELINE = "mart/athlete_session_baseline"


def test_a_bad_row_keeps_its_table_and_all_below_it_out(
    lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    match(MATCH, top=130.0).commit(lakehouse)  # faster than anything that moves
    result = build(lakehouse, [MATCH])

    assert result.failed == {
        LOAD: "test external_load_contract_is_kept: top_speed_mps is above 120 in 1 rows"
    }
    assert result.skipped == {BASELINE: f"it reads {LOAD}, which was not published"}
    assert lakehouse.snapshot_id(LOAD) is None
    assert lakehouse.snapshot_id(BASELINE) is None
    assert committed(lakehouse, project, LOAD) == []
    assert len(committed(lakehouse, project, "core/athlete_session")) == 11
    assert committed(lakehouse, project, "mart/team_shape")
    assert committed(lakehouse, project, "mart/athlete_session_events")
    with pytest.raises(FailedBuildError, match="2 tables were not published"):
        result.require_complete()

    # What is told of it outlives an erasure: counts and a hash of the key, no athlete, no value.
    (broken,) = [test for test in result.tests if test.model == LOAD and test.has_run
                 and test.blocks and not test.passed]  # fmt: skip
    assert broken.rules == {"top_speed_mps is above 120": 1}
    assert len(broken.references) == 1
    assert "ada" not in repr(broken)
    assert "130" not in repr(broken)


def test_a_bad_correction_leaves_what_was_there(
    lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    match(MATCH).commit(lakehouse)
    build(lakehouse, [MATCH], CHAIN).require_complete()
    before = committed(lakehouse, project, LOAD)
    match(MATCH, top=130.0).commit(lakehouse)
    assert LOAD in build(lakehouse, [MATCH], [LOAD]).failed
    assert committed(lakehouse, project, LOAD) == before

    match(MATCH, top=9.0).commit(lakehouse)
    build(lakehouse, [MATCH], [LOAD]).require_complete()
    assert one(lakehouse, project, LOAD, athlete_id="ada")["top_speed_mps"] == 9.0


def test_a_key_that_stands_twice_is_refused(lakehouse: IcebergLakehouse, build: Build) -> None:
    rows = match(MATCH)
    rows.tables[SESSIONS].append(dict(rows.tables[SESSIONS][0]))
    rows.commit(lakehouse)
    result = build(lakehouse, [MATCH], ["core/session", "core/session_source"])
    assert list(result.published) == ["core/session"]
    assert "duplicate_key in 1 rows" in result.failed["core/session_source"]


def test_a_session_that_raw_has_lost_is_taken_back(
    lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    rows = match(MATCH)
    rows.commit(lakehouse)
    build(lakehouse, [MATCH], CHAIN)
    rows.tables.clear()
    rows.commit(lakehouse)
    result = build(lakehouse, [MATCH], CHAIN)
    assert result.is_complete
    assert committed(lakehouse, project, "core/session") == []
    assert committed(lakehouse, project, LOAD) == []


def test_a_parent_that_was_never_committed_is_named_before_dbt_starts(
    lakehouse: IcebergLakehouse, build: Build
) -> None:
    match(MATCH).commit(lakehouse)
    with pytest.raises(NotCommittedError, match=r"core/athlete .*mart/athlete_session_events.*too"):
        build(lakehouse, [MATCH], ["mart/athlete_session_events"])


def test_a_session_of_which_nothing_is_known_is_refused(
    lakehouse: IcebergLakehouse, build: Build
) -> None:
    typo = "2024-03-02_football_typo"
    match(MATCH).commit(lakehouse)
    with pytest.raises(NotCommittedError, match=f"{typo}: materialise raw/sessions first"):
        build(lakehouse, [MATCH, typo])
    build(lakehouse, [MATCH], ["core/session"])
    with pytest.raises(NotCommittedError, match=f"{typo}: build core/session too"):
        build(lakehouse, [MATCH, typo], ["mart/team_shape"])


def test_a_build_needs_sessions_and_known_tables(lakehouse: IcebergLakehouse, build: Build) -> None:
    with pytest.raises(ResourceError, match="of no session"):
        build(lakehouse, [])
    with pytest.raises(DbtError, match=r"no table mart/goals: it makes .*core/session"):
        build(lakehouse, [MATCH], ["mart/goals"])


def test_an_unreadable_source_is_told_as_it_is(
    lakehouse: IcebergLakehouse, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    match(MATCH).commit(lakehouse)
    view = lakehouse.view

    def broken(connection, contract, *rest, **more):
        if contract is EVENTS:
            raise OSError("disk on fire")
        return view(connection, contract, *rest, **more)

    monkeypatch.setattr(lakehouse, "view", broken)
    with pytest.raises(OSError, match="disk on fire"):
        build(lakehouse, [MATCH], ["core/session"])


def test_a_session_without_events_leaves_an_empty_table_and_not_none(
    lakehouse: IcebergLakehouse, build: Build
) -> None:
    rows = match(MATCH)
    del rows.tables[EVENTS]
    rows.commit(lakehouse)
    needed = ("core/session", "core/session_source", "core/athlete", "core/athlete_session")
    result = build(lakehouse, [MATCH], [*needed, "mart/athlete_session_events"])
    assert result.published["mart/athlete_session_events"].rows == 0
    assert lakehouse.snapshot_id("mart/athlete_session_events") is not None
