"""The golden test of what `ref()`, `history()` and publishing mean, told as one season.

Each step goes on where the last one ended; the top speed of `ada` tells the sessions apart.
"""

from collections.abc import Callable
from datetime import date

import pytest

from resources.dbt.build import DbtBuild, dbt_build
from resources.dbt.project import DbtProject
from resources.errors import ResourceError
from resources.iceberg.lakehouse import IcebergLakehouse
from tests.dbt.conftest import EARLIER, MATCH, Build
from tests.dbt.crafted import CONTEXT, CROSSWALK, match
from tests.dbt.reading import one

pytestmark = pytest.mark.slow

LATER = "2024-03-09_football_alpha-delta"
NEXT_YEAR = "2025-02-28_football_alpha-epsilon"
LOAD = "athlete_session_external_load"
BASELINE = "mart/athlete_session_baseline"
LOADED = (f"mart/{LOAD}", BASELINE)
#: The same with what they stand on, for a session that is new.
CHAIN = (
    "core/session", "core/session_source", "core/athlete", "core/athlete_session", f"mart/{LOAD}",
    "mart/athlete_session_internal_load", BASELINE,
)  # fmt: skip


def top_speeds(active: DbtBuild, relation: str) -> dict[str, float]:
    assert active.connection is not None
    rows = active.connection.execute(
        f"select session_id, top_speed_mps from {relation} where athlete_id = 'ada'"
    ).fetchall()
    assert len(rows) == len(dict(rows)), "a session stands there twice"
    return dict(rows)


def test_a_season(lakehouse: IcebergLakehouse, build: Build, project: DbtProject) -> None:
    def baseline(session_id: str) -> tuple[float, int, float]:
        where = {"session_id": session_id, "athlete_id": "ada", "metric": "top_speed_mps"}
        row = one(lakehouse, project, BASELINE, **where)
        return row["observed"], row["earlier_session_count"], row["earlier_mean"]

    # Two matches in one run: the later one's history holds the earlier one of this very run.
    match(EARLIER, top=8.0).commit(lakehouse)
    match(MATCH, top=9.0).commit(lakehouse)
    build(lakehouse, [EARLIER, MATCH], CHAIN).require_complete()
    assert baseline(MATCH) == (9.0, 1, 8.0)

    # A correction: `ref()` is this run, `history()` all the rest and this run, each session once.
    match(MATCH, top=8.5).commit(lakehouse)
    with dbt_build(
        lakehouse, [MATCH], project=project, context=CONTEXT, crosswalk=CROSSWALK
    ) as active:
        active.run(LOADED).require_complete()
        assert top_speeds(active, f"mart.{LOAD}") == {MATCH: 8.5}
        assert top_speeds(active, f"history.mart__{LOAD}") == {EARLIER: 8.0}
        both = f"(from history.mart__{LOAD} union all by name from mart.{LOAD})"
        assert top_speeds(active, both) == {EARLIER: 8.0, MATCH: 8.5}
        assert active.connection is not None
        assert active.connection.execute("from run.day").fetchall() == [(date(2024, 3, 2),)]
    assert baseline(MATCH) == (8.5, 1, 8.0)

    # Raw of the earlier match changes, but its load is not built: `ref()` reads what is committed.
    match(EARLIER, top=7.5).commit(lakehouse)
    build(lakehouse, [MATCH], [BASELINE]).require_complete()
    assert baseline(MATCH) == (8.5, 1, 8.0)

    # It is built, alone: what came later is not revised …
    build(lakehouse, [EARLIER], LOADED).require_complete()
    assert baseline(MATCH) == (8.5, 1, 8.0)

    # … until it is built again itself. In one run, new rows stand in place of their old selves.
    match(EARLIER, top=6.0).commit(lakehouse)
    build(lakehouse, [EARLIER, MATCH], LOADED).require_complete()
    assert baseline(MATCH) == (8.5, 1, 6.0)

    # A third match knows both; the second, built again, still knows only what was before it.
    match(LATER, top=10.0).commit(lakehouse)
    build(lakehouse, [LATER], CHAIN).require_complete()
    assert baseline(LATER) == (10.0, 2, 7.25)
    again = build(lakehouse, [MATCH], [BASELINE])
    assert not again.published[BASELINE].is_new

    # A year back and no further: the first match is not even read.
    match(NEXT_YEAR, top=7.0).commit(lakehouse)
    with dbt_build(
        lakehouse, [NEXT_YEAR], project=project, context=CONTEXT, crosswalk=CROSSWALK
    ) as active:
        active.run(CHAIN).require_complete()
        assert top_speeds(active, f"history.mart__{LOAD}") == {MATCH: 8.5, LATER: 10.0}
    assert baseline(NEXT_YEAR) == (7.0, 2, 9.25)


def test_one_build_at_a_time(lakehouse: IcebergLakehouse, project: DbtProject) -> None:
    def enter(then: Callable[[], None] = lambda: None) -> None:
        with dbt_build(lakehouse, [MATCH], project=project, context=CONTEXT):
            then()

    with pytest.raises(ResourceError, match="is active here"):
        enter(enter)
    enter()
