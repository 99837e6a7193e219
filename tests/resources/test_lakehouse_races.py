"""A writer that is overtaken between planning and commit, made to happen each time."""

from collections.abc import Callable
from datetime import date

import pytest

import resources.iceberg.lakehouse
from edge_ingest.records import ATHLETES, WELLNESS
from resources.errors import CommitConflictError
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.lakehouse import Basis
from tests.resources.conftest import Place
from tests.resources.lakehouse_rows import CONTEXT, MATCH, SAME_DAY, athletes, week, wellness

pytestmark = pytest.mark.slow

MONDAY = date(2024, 3, 4)


class Overtaken:
    """Lets another writer commit right before ours does, `times` times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, other: Callable[[], object]) -> None:
        self.attempts = 0
        self.times = 1
        self._other = other
        self._monkeypatch = monkeypatch
        self._commit_files = resources.iceberg.lakehouse.commit_files
        monkeypatch.setattr(resources.iceberg.lakehouse, "commit_files", self)

    def __call__(self, *arguments: object) -> int:
        self.attempts += 1
        if self.attempts <= self.times:
            self._monkeypatch.setattr(
                resources.iceberg.lakehouse, "commit_files", self._commit_files
            )
            self._other()
            self._monkeypatch.setattr(resources.iceberg.lakehouse, "commit_files", self)
        return self._commit_files(*arguments)


def found(lakehouse: IcebergLakehouse) -> list[str]:
    with lakehouse.connect() as connection:
        lakehouse.view(connection, ATHLETES, "athletes")
        rows = connection.execute("select source_athlete_id from athletes order by 1").fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize("is_known", [False, True], ids=["append", "overwrite"])
def test_of_two_writers_of_one_session_the_last_wins_and_rows_are_not_doubled(
    place: Place, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    lakehouse, other = place.lakehouse, place.lakehouse
    lakehouse.ensure_table(ATHLETES)
    if is_known:
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "old"), [MATCH], CONTEXT)

    def overtake() -> None:
        other.replace_sessions(ATHLETES, athletes(MATCH, "1", "2"), [MATCH], CONTEXT)

    race = Overtaken(monkeypatch, overtake)
    commit = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "3"), [MATCH], CONTEXT)
    assert found(lakehouse) == ["3"]
    assert race.attempts == 2  # planned again, from a fresh read
    assert commit.snapshot_id == lakehouse.snapshot_id("raw/athletes")


@pytest.mark.parametrize("is_known", [False, True], ids=["append", "overwrite"])
def test_a_writer_of_another_session_of_the_day_is_no_conflict(
    place: Place, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    lakehouse, other = place.lakehouse, place.lakehouse
    lakehouse.ensure_table(ATHLETES)
    if is_known:
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "old"), [MATCH], CONTEXT)

    def overtake() -> None:
        other.replace_sessions(ATHLETES, athletes(SAME_DAY, "1"), [SAME_DAY], CONTEXT)

    race = Overtaken(monkeypatch, overtake)
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "3"), [MATCH], CONTEXT)
    assert found(lakehouse) == ["1", "3"]
    assert race.attempts == 1  # landed on top of the other, data files untouched


def test_an_overtaken_slice_keeps_what_the_other_writer_wrote(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lakehouse, other = place.lakehouse, place.lakehouse
    both = wellness("diary", MONDAY, 14, readiness=5)
    lakehouse.replace_slice(WELLNESS, both, week("diary", MONDAY, 14), CONTEXT)
    second_week = date(2024, 3, 11)

    def overtake() -> None:
        rows = wellness("diary", second_week, 7, readiness=2)
        other.replace_slice(WELLNESS, rows, week("diary", second_week), CONTEXT)

    Overtaken(monkeypatch, overtake)
    rows = wellness("diary", MONDAY, 7, readiness=9)
    lakehouse.replace_slice(WELLNESS, rows, week("diary", MONDAY), CONTEXT)
    with lakehouse.connect() as connection:
        lakehouse.view(connection, WELLNESS, "wellness")
        counted = connection.execute(
            "select readiness, count(*) from wellness group by all order by all"
        ).fetchall()
    assert counted == [(2, 7), (9, 7)]


def test_a_writer_that_is_always_overtaken_gives_up_and_leaves_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lakehouse, other = place.lakehouse, place.lakehouse
    monkeypatch.setattr(resources.iceberg.lakehouse, "back_off", lambda *_, **__: None)
    monkeypatch.setattr(resources.iceberg.lakehouse, "_ATTEMPTS", 3)
    names = iter("abc")

    def overtake() -> None:
        other.replace_sessions(ATHLETES, athletes(MATCH, next(names)), [MATCH], CONTEXT)

    race = Overtaken(monkeypatch, overtake)
    race.times = 3
    with pytest.raises(CommitConflictError, match="raw/athletes: 3 attempts"):
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "3"), [MATCH], CONTEXT)
    assert found(lakehouse) == ["c"]


@pytest.mark.parametrize("is_known", [False, True], ids=["never committed", "overwrite"])
@pytest.mark.parametrize("is_early", [False, True], ids=["in the commit", "before it"])
def test_rows_made_from_what_another_writer_has_changed_are_not_written(
    place: Place, monkeypatch: pytest.MonkeyPatch, is_known: bool, is_early: bool
) -> None:
    lakehouse, other = place.lakehouse, place.lakehouse
    if is_known:
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    basis = Basis(lakehouse.snapshot_id(ATHLETES.key))

    def overtake() -> None:
        other.replace_sessions(ATHLETES, athletes(MATCH, "1", "2"), [MATCH], CONTEXT)

    if is_early:
        overtake()
    race = Overtaken(monkeypatch, overtake)
    rows = athletes(MATCH, "1", "3")
    with pytest.raises(CommitConflictError, match=f"{MATCH} changed since"):
        lakehouse.replace_sessions(ATHLETES, rows, [MATCH], CONTEXT, basis)
    assert found(lakehouse) == ["1", "2"]
    assert race.attempts == (0 if is_early else 1)
    assert lakehouse.changed_sessions(ATHLETES.key, [MATCH, SAME_DAY], basis.snapshot_id) == (
        MATCH,
    )


@pytest.mark.parametrize("is_known", [False, True], ids=["never committed", "overwrite"])
def test_rows_made_from_what_is_still_there_are_written_whatever_became_of_other_sessions(
    place: Place, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    lakehouse, other = place.lakehouse, place.lakehouse
    if is_known:
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    basis = Basis(lakehouse.snapshot_id(ATHLETES.key))
    names = iter("ab")

    def overtake() -> None:
        other.replace_sessions(ATHLETES, athletes(SAME_DAY, next(names)), [SAME_DAY], CONTEXT)

    overtake()
    Overtaken(monkeypatch, overtake)
    commit = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "3"), [MATCH], CONTEXT, basis)
    assert found(lakehouse) == ["3", "b"]
    # The same again, from the same basis, as if the first answer got lost: it is there already.
    again = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "3"), [MATCH], CONTEXT, basis)
    assert (again.is_new, again.snapshot_id) == (False, commit.snapshot_id)


def test_a_lost_race_leaves_no_data_file_behind(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("race")
    place = Place(f"sqlite:///{folder}/catalog.db", str(folder), {})
    lakehouse, other = place.lakehouse, place.lakehouse
    lakehouse.ensure_table(ATHLETES)

    def overtake() -> None:
        other.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)

    Overtaken(monkeypatch, overtake)
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "3"), [MATCH], CONTEXT)
    assert len(list(folder.rglob("*.parquet"))) == 2  # one of each snapshot, none of the lost race
