from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from resources.model_aliases import AliasMove, alias_history

AT = datetime(2026, 11, 20, tzinfo=UTC)


def move(
    number: int, version: int, expected: int | None, *, is_rollback: bool = False
) -> AliasMove:
    return AliasMove(number, "champion", version, expected, is_rollback, "A", "b", AT)


def test_moves_count_if_the_alias_stood_where_their_author_saw_it() -> None:
    moves = [move(1, 3, None), move(2, 5, 3), move(3, 6, 3), move(4, 7, 5)]
    history = alias_history(reversed(moves), "champion")
    assert (history.current, history.former) == (7, (5, 3))
    assert [one.version for one in history.moves] == [3, 5, 7]
    assert [one.version for one in history.void] == [6]
    assert alias_history(moves, "challenger").current is None


def test_what_was_rolled_back_from_is_not_gone_back_to() -> None:
    moves = [move(1, 3, None), move(2, 5, 3), move(3, 7, 5), move(4, 5, 7, is_rollback=True)]
    assert alias_history(moves, "champion").former == (3,)
    far = [*moves[:3], move(4, 3, 7, is_rollback=True)]
    assert (alias_history(far, "champion").current, alias_history(far, "champion").former) == (
        3,
        (),
    )
    # To a version that never was champion: a move like any other, without the one that was left.
    aside = [*moves[:3], move(4, 6, 7, is_rollback=True)]
    assert alias_history(aside, "champion").former == (5, 3)


def test_a_former_champion_that_is_promoted_again_stands_once() -> None:
    moves = [move(1, 3, None), move(2, 5, 3), move(3, 3, 5)]
    history = alias_history(moves, "champion")
    assert (history.current, history.former) == (3, (5,))


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.none() | st.integers(1, 4), st.booleans()), max_size=30
    )
)
def test_of_all_who_saw_the_same_at_most_one_counts_and_every_reader_agrees(
    asked: list[tuple[int, int | None, bool]],
) -> None:
    moves = [
        move(number, version, expected, is_rollback=is_rollback and expected is not None)
        for number, (version, expected, is_rollback) in enumerate(asked, 1)
    ]
    history = alias_history(moves, "champion")
    stands: int | None = None
    for one in history.moves:
        assert one.expected == stands
        stands = one.version
    assert history.current == stands
    assert len(history.moves) + len(history.void) == len(moves)
    assert history.current not in history.former
    assert len(set(history.former)) == len(history.former)
    # A reader who saw the list before the last moves saw a beginning of the same history.
    early = alias_history(moves[: len(moves) // 2], "champion")
    assert history.moves[: len(early.moves)] == early.moves
