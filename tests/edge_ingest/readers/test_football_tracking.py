"""Rules that every tracking reader shares, on rows made by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_ingest.errors import SourceError
from edge_ingest.readers.football_tracking import (
    Rows,
    TrackedObject,
    after,
    athletes,
    moment,
    must_be_turned,
    positions,
    refuse_clock_backwards,
    refuse_unsound,
    while_on_the_field,
)
from edge_ingest.records import Quality

FIELD_M = (105.0, 68.0)
FILE = Path("match.xml")
START = datetime(2024, 5, 4, 13, 30, tzinfo=UTC)
OBJECTS = [
    TrackedObject("ball"),
    TrackedObject("athlete", "h", "home"),
    TrackedObject("athlete", "a", "away"),
    TrackedObject("official", "r"),
    TrackedObject("athlete", "x", None, is_identified=False),
]


def rows(x_m: list[list[float]], period: int = 1) -> Rows:
    """One row an object and frame; `x_m` is a list a frame, in the order of OBJECTS."""
    frames, width = len(x_m), len(x_m[0])
    frame = np.repeat(np.arange(frames), width)
    return Rows(
        period_id=np.full(frame.size, period),
        frame_id=frame,
        captured=after(START, frame / 25),
        period_time_s=frame / 25,
        object_index=np.tile(np.arange(width), frames),
        x_m=np.array(x_m, np.float64).ravel(),
        y_m=np.zeros(frame.size),
        z_m=np.full(frame.size, np.nan),
    )


@pytest.mark.parametrize(
    ("home_x", "period", "expected"),
    [(-20.0, 1, False), (20.0, 1, True), (-20.0, 2, True), (20.0, 2, False), (-20.0, 3, False)],
)
def test_home_stands_left_in_odd_periods(home_x: float, period: int, expected: bool) -> None:
    assert must_be_turned(rows([[0, home_x, -home_x]] * 3, period), OBJECTS, FILE) is expected


def test_most_frames_decide_and_the_referee_has_no_vote() -> None:
    votes = [[0, -5, 5, 40], [0, -5, 5, 40], [0, 30, -30, -40]]
    assert must_be_turned(rows(votes), OBJECTS, FILE) is False


def test_a_side_that_is_not_there_stands_at_the_centre() -> None:
    assert must_be_turned(rows([[0, np.nan, 20]]), OBJECTS, FILE) is False
    assert must_be_turned(rows([[0, np.nan, -20]]), OBJECTS, FILE) is True


def test_a_tie_is_no_answer() -> None:
    with pytest.raises(SourceError, match="which way the home side attacks") as caught:
        must_be_turned(rows([[0, -5, 5], [0, 5, -5]]), OBJECTS, FILE)
    assert caught.value.rule == "incomplete"


def test_flags_and_reasons_by_hand() -> None:
    made = rows([[np.nan, 57.6, -57.4, 5000.0, 1.0]])
    table, counts = positions(made, OBJECTS, FIELD_M, is_turned=True)

    assert table["x_m"].to_pylist() == [None, -57.6, 57.4, None, -1.0]
    assert table["missing_reason"].to_pylist() == ["not_seen", None, None, "out_of_range", None]
    assert table["quality"].to_pylist() == [0, Quality.OUT_OF_FIELD, 0, 0, Quality.UNIDENTIFIED]
    assert counts == {"not_seen": 1, "out_of_range": 1, "out_of_field": 1, "unidentified": 1}
    assert table["captured_at_utc"][0].as_py() == START


@given(st.lists(st.lists(st.floats(-60, 60), min_size=5, max_size=5), min_size=1, max_size=8))
def test_half_a_turn_twice_is_none(x_m: list[list[float]]) -> None:
    made = rows(x_m)
    once = positions(made, OBJECTS, FIELD_M, is_turned=True)[0]
    plain = positions(made, OBJECTS, FIELD_M, is_turned=False)[0]
    back = replace(made, x_m=-made.x_m, y_m=-made.y_m)

    assert positions(back, OBJECTS, FIELD_M, is_turned=True)[0]["x_m"].equals(plain["x_m"])
    assert once["quality"].equals(plain["quality"])


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (rows([[0, 101, 102]]), "absurd_values"),
        (replace(rows([[0, 1, 2]]), object_index=np.array([0, 1, 1])), "duplicate_athlete"),
        (replace(rows([[0, 1, 2]]), frame_id=np.array([-1, 0, 0])), "malformed"),
        (rows([[0.0]]).__class__(*(np.empty(0) for _ in range(8))), "empty"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(made: Rows, rule: str) -> None:
    with pytest.raises(SourceError) as caught:
        refuse_unsound(made, OBJECTS, FILE)
    assert caught.value.rule == rule


def test_half_of_the_places_may_be_wrong() -> None:
    refuse_unsound(rows([[0, 1, 200, 200]]), OBJECTS, FILE)


def test_who_has_not_come_on_has_no_row_and_a_gap_stays() -> None:
    nan = np.nan
    made = rows([[nan, nan, nan], [nan, 1, nan], [nan, nan, nan], [nan, 2, nan]])
    kept = while_on_the_field(made, OBJECTS)

    found = list(zip(kept.frame_id.tolist(), kept.object_index.tolist(), strict=True))
    assert found == [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)]


def test_a_frame_counter_that_stands_or_steps_back_is_refused() -> None:
    refuse_clock_backwards(np.array([1, 2, 5]), FILE)
    for frames in ([1, 1], [2, 1]):
        with pytest.raises(SourceError, match="step back") as caught:
            refuse_clock_backwards(np.array(frames), FILE)
        assert caught.value.rule == "clock_backwards"


def test_two_athletes_of_one_id_are_refused() -> None:
    with pytest.raises(SourceError, match="1 athletes") as caught:
        athletes("x", [{"source_athlete_id": "7"}, {"source_athlete_id": "7"}])
    assert caught.value.rule == "duplicate_athlete"


def test_instants_are_exact_to_the_microsecond() -> None:
    assert moment(after(START, np.array([0.04]))[0]) == START.replace(microsecond=40_000)
