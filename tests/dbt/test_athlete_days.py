"""Days belong to several sessions: whichever run comes last, the whole day stands there."""

from collections.abc import Callable
from datetime import date

import pyarrow as pa
import pytest

from resources.dbt.contracts import dbt_contracts
from resources.dbt.days import build_athlete_days
from resources.dbt.outcome import BuildResult
from resources.dbt.project import DbtProject
from resources.errors import CommitConflictError, NotCommittedError
from resources.iceberg.lakehouse import IcebergLakehouse
from tests.dbt.conftest import EARLIER, MATCH, RIDE, Build
from tests.dbt.crafted import CONTEXT, match, ride
from tests.dbt.reading import committed, one

pytestmark = pytest.mark.slow

DAY = "mart/athlete_day"
READ = (
    "core/session", "core/athlete_session", "mart/athlete_session_external_load",
    "mart/athlete_session_internal_load",
)  # fmt: skip
CHAIN = (*READ, "core/session_source", "core/athlete")


class Rival:
    """A lakehouse in which something else happens whenever a slice is about to be replaced."""

    def __init__(self, lakehouse: IcebergLakehouse, act: Callable[[int], None]) -> None:
        self._lakehouse = lakehouse
        self._act = act
        self.commits = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._lakehouse, name)

    def replace_slice(self, *arguments: object) -> object:
        self.commits += 1
        self._act(self.commits)
        return self._lakehouse.replace_slice(*arguments)


def days(lakehouse: object, sessions: list[str], project: DbtProject) -> BuildResult:
    return build_athlete_days(lakehouse, sessions, project=project, context=CONTEXT)


@pytest.mark.slow
def test_a_day_adds_up_whoever_published_its_sessions(
    lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    match(MATCH).commit(lakehouse)
    build(lakehouse, [MATCH], CHAIN).require_complete()
    days(lakehouse, [MATCH], project).require_complete()
    assert one(lakehouse, project, DAY, athlete_id="ada")["session_count"] == 1

    ride(RIDE).commit(lakehouse)
    build(lakehouse, [RIDE], CHAIN).require_complete()
    result = days(lakehouse, [RIDE], project)
    row = one(lakehouse, project, DAY, athlete_id="ada")
    assert row["local_day"] == date(2024, 3, 2)
    assert row["session_count"] == 2
    assert row["total_distance_m"] == pytest.approx(238 + 96)
    assert row["work_kj"] == 12.0
    assert one(lakehouse, project, DAY, athlete_id="camera:h1")["edwards_trimp_au"] is None
    assert result.snapshots.keys() == set(READ)
    assert not days(lakehouse, [MATCH], project).published[DAY].is_new


@pytest.mark.slow
def test_other_days_stay_as_they_are_and_days_apart_share_one_run(
    lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    match(EARLIER).commit(lakehouse)
    ride(RIDE).commit(lakehouse)
    build(lakehouse, [EARLIER, RIDE], CHAIN).require_complete()
    published = days(lakehouse, [EARLIER, RIDE], project).published[DAY]
    assert published.rows == 12
    earlier = committed(lakehouse, project, DAY, local_day=date(2024, 2, 24))
    assert len(earlier) == 11

    taken_back = ride(RIDE)
    taken_back.tables.clear()
    taken_back.commit(lakehouse)
    build(lakehouse, [RIDE], CHAIN).require_complete()
    assert days(lakehouse, [RIDE], project).published[DAY].rows == 0
    assert committed(lakehouse, project, DAY) == earlier


def test_a_run_that_read_too_early_looks_again(
    lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    """The match has read the day; then the facts of a ride land; then the match writes the day."""
    match(MATCH).commit(lakehouse)
    build(lakehouse, [MATCH], CHAIN).require_complete()

    def ride_overtakes(commit: int) -> None:
        if commit == 1:
            copy_session(lakehouse, project, RIDE, of=MATCH)

    rival = Rival(lakehouse, ride_overtakes)
    days(rival, [MATCH], project).require_complete()
    assert rival.commits == 2
    assert one(lakehouse, project, DAY, athlete_id="ada")["session_count"] == 2


@pytest.mark.slow
def test_a_run_that_is_overtaken_for_ever_gives_up(
    lakehouse: IcebergLakehouse,
    build: Build,
    project: DbtProject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("resources.dbt.days._ATTEMPTS", 2)
    match(MATCH).commit(lakehouse)
    build(lakehouse, [MATCH], CHAIN).require_complete()

    def somebody(commit: int) -> None:
        copy_session(lakehouse, project, f"2024-03-02_football_rival-{commit}", of=MATCH)

    with pytest.raises(CommitConflictError, match="run it again"):
        days(Rival(lakehouse, somebody), [MATCH], project)


def test_days_before_their_sessions_are_refused(
    lakehouse: IcebergLakehouse, project: DbtProject
) -> None:
    match(MATCH).commit(lakehouse)
    with pytest.raises(NotCommittedError, match="core/athlete_session"):
        days(lakehouse, [MATCH], project)


def copy_session(
    lakehouse: IcebergLakehouse, project: DbtProject, session_id: str, *, of: str
) -> None:
    """Publish the facts of another session, as another process would: without dbt of this one."""
    contracts = dbt_contracts(project.manifest)
    for key in READ:
        rows = committed(lakehouse, project, key, session_id=of)
        copied = [row | {"session_id": session_id} for row in rows]
        table = pa.Table.from_pylist(copied, schema=contracts[key].schema)
        lakehouse.replace_sessions(contracts[key], table, [session_id], CONTEXT)
