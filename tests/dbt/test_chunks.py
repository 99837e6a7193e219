"""Which sessions of a run are built together, and how the one at fault is found."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.dbt.chunks import ChunkLimits, SessionSize, plan_chunks
from resources.dbt.outcome import BuildResult, TestOutcome, merged_tests
from resources.dbt.sessions import build_by_chunk
from resources.errors import (
    CommitConflictError,
    ForeignRowsError,
    NotCommittedError,
    TableEvolutionError,
)
from resources.faults import FaultKind

START = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)


def sizes(*rows: int) -> list[SessionSize]:
    """Sessions an hour apart, named by letter, with so many rows."""
    return [
        SessionSize(chr(ord("a") + number), count, START + timedelta(hours=number))
        for number, count in enumerate(rows)
    ]


def test_small_sessions_go_together_and_a_large_one_alone() -> None:
    chunks = plan_chunks(sizes(10, 10, 500, 10, 40, 60), ChunkLimits(rows=100, sessions=3))
    assert chunks == [("a", "b"), ("c",), ("d", "e"), ("f",)]


def test_no_chunk_holds_more_sessions_than_it_may() -> None:
    chunks = plan_chunks(sizes(0, 0, 0, 0, 0), ChunkLimits(rows=100, sessions=2))
    assert chunks == [("a", "b"), ("c", "d"), ("e",)]


def test_sessions_go_by_their_start_and_not_by_name() -> None:
    evening = SessionSize("2024-03-01_cycling_early-bird", 1, START + timedelta(hours=9))
    morning = SessionSize("2024-03-01_cycling_warm-up", 1, START)
    chunks = plan_chunks([evening, morning], ChunkLimits(rows=1, sessions=9))
    assert chunks == [(morning.session_id,), (evening.session_id,)]


@given(
    st.lists(st.integers(0, 300), max_size=12),
    st.integers(1, 200),
    st.integers(1, 7),
)
def test_every_session_stands_once_in_order_and_within_the_limits(
    rows: list[int], most_rows: int, most_sessions: int
) -> None:
    given_sizes = sizes(*rows)
    chunks = plan_chunks(given_sizes, ChunkLimits(most_rows, most_sessions))
    assert [name for chunk in chunks for name in chunk] == [one.session_id for one in given_sizes]
    by_name = {one.session_id: one.rows for one in given_sizes}
    for chunk in chunks:
        assert len(chunk) <= most_sessions
        assert len(chunk) == 1 or sum(by_name[name] for name in chunk) <= most_rows


class Builder:
    """Builds whatever it is given, but for sessions at fault; keeps what it was asked for."""

    def __init__(self, failing: str = "", unknown: str = "") -> None:
        self.asked: list[str] = []
        self._failing, self._unknown = set(failing), set(unknown)

    def __call__(self, session_ids: Sequence[str]) -> BuildResult:
        self.asked.append("".join(session_ids))
        if lost := self._unknown & set(session_ids):
            raise NotCommittedError(f"nothing is committed of session {', '.join(sorted(lost))}")
        bad = self._failing & set(session_ids)
        failed = {"mart/load": f"{len(bad)} rows at fault"} if bad else {}
        return BuildResult({}, failed, {}, (), {}, {}, 0.0)


def test_a_session_at_fault_is_found_by_halves_and_costs_itself_only() -> None:
    build = Builder(failing="c", unknown="f")
    built = list(build_by_chunk([tuple("abcd"), tuple("ef"), tuple("g")], build))
    assert build.asked == ["abcd", "ab", "cd", "c", "d", "ef", "e", "f", "g"]
    assert ["".join(one.session_ids) for one in built] == ["ab", "c", "d", "e", "f", "g"]
    reasons = {one.session_ids[0]: one.reason for one in built if one.reason}
    assert reasons["c"].endswith("mart/load: 1 rows at fault")
    assert reasons["f"] == "nothing is committed of session f"
    assert reasons.keys() == {"c", "f"}
    kinds = {one.session_ids[0]: one.fault.kind for one in built if one.fault}
    assert kinds == {"c": FaultKind.FAILED_TEST, "f": FaultKind.NOT_COMMITTED}


def test_a_fault_of_one_session_keeps_its_kind() -> None:
    def foreign(session_ids: Sequence[str]) -> BuildResult:
        if "b" in session_ids:
            raise ForeignRowsError("mart/load: rows of c, which is not replaced")
        return BuildResult({}, {}, {}, (), {}, {}, 0.0)

    built = list(build_by_chunk([("a", "b")], foreign))
    assert [one.fault and one.fault.kind for one in built] == [None, FaultKind.CODE]
    assert built[1].reason == "mart/load: rows of c, which is not replaced"


def test_progress_is_told_once_a_chunk() -> None:
    lines: list[str] = []
    list(build_by_chunk([("a", "b"), ("c",)], Builder(), lines.append))
    assert lines == [
        "chunk 1 of 2: 2 sessions, a to b; 0 of 3 are done",
        "chunk 2 of 2: 1 sessions, c to c; 2 of 3 are done",
    ]


def test_the_only_session_of_a_run_fails_as_it_is() -> None:
    with pytest.raises(NotCommittedError):
        list(build_by_chunk([("a",)], Builder(unknown="a")))


def test_a_fault_of_the_surroundings_is_no_sessions_fault() -> None:
    def overtaken(_session_ids: Sequence[str]) -> BuildResult:
        raise CommitConflictError("other writers kept winning")

    with pytest.raises(CommitConflictError):
        list(build_by_chunk([("a", "b")], overtaken))


def test_a_table_that_cannot_follow_its_contract_is_told_at_once_and_not_by_halves() -> None:
    asked: list[str] = []

    def retyped(session_ids: Sequence[str]) -> BuildResult:
        asked.append("".join(session_ids))
        raise TableEvolutionError("mart/load.metres is stored as int and the contract says string")

    with pytest.raises(TableEvolutionError):
        list(build_by_chunk([tuple("abcd")], retyped))
    assert asked == ["abcd"]


@pytest.mark.parametrize("chunk", ["a", "abc"], ids=["alone", "in a chunk"])
def test_a_session_that_is_overtaken_for_ever_is_given_up(chunk: str) -> None:
    asked: list[str] = []

    def build(session_ids: Sequence[str]) -> BuildResult:
        asked.append("".join(session_ids))
        return BuildResult({}, {}, {}, (), {}, {}, 0.0, overtaken=("a",))

    with pytest.raises(CommitConflictError, match="of a changed during each of 5 builds"):
        list(build_by_chunk([tuple(chunk)], build))
    assert asked == [chunk, *"aaaa"]


def outcome(*, passed: bool, rows: int, references: tuple[str, ...] = ()) -> TestOutcome:
    return TestOutcome(
        "test.bounds", "bounds", "mart/load", True, passed, True, rows,
        "" if passed else "Got rows", {"above": rows} if rows else {}, references,
    )  # fmt: skip


def test_a_test_over_several_builds_fails_where_one_did_and_adds_up() -> None:
    builds = [
        [outcome(passed=False, rows=2, references=("c", "d"))],
        [outcome(passed=True, rows=0)],
        [outcome(passed=False, rows=3, references=("a", "b"))],
    ]
    (found,) = merged_tests(builds)
    assert not found.passed
    assert (found.failures, found.rules) == (5, {"above": 5})
    assert found.references == ("a", "b", "c")
