"""Optical tracking: swapped names, jumps, points off the field, frozen objects, time without play.

Real recordings: 20 minutes of a Bundesliga match at 12.5 Hz, a whole broadcast match at 10 Hz.
"""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.cleaning.optical import clean_optical, leave_out_dead_time
from edge_ingest.cleaning.settings import load_settings
from edge_ingest.records import Quality
from tests.edge_ingest.cleaning.made import (
    bits,
    positions,
    real_match,
    same_but_for_quality,
)

SETTINGS = load_settings()
FIELD = (105.0, 68.0)
SWAP, FAST = Quality.IDENTITY_SWAP, Quality.IMPLAUSIBLE_SPEED


def clean(table, field=FIELD):
    return clean_optical(table, field, "football", SETTINGS)


def allowing(**changes):
    return dataclasses.replace(SETTINGS, optical=dataclasses.replace(SETTINGS.optical, **changes))


def with_place(table, x_m, y_m) -> pa.Table:
    for name, values in (("x_m", x_m), ("y_m", y_m)):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values))
    return table


class Match:
    """A real match as arrays of frame × athlete: row in the table, and place."""

    def __init__(self, table) -> None:
        self.table = table
        self.x_m, self.y_m = (table[name].to_numpy().copy() for name in ("x_m", "y_m"))
        names = table["source_athlete_id"].fill_null("").to_numpy(zero_copy_only=False)
        athletes, whose = np.unique(names, return_inverse=True)
        frame = np.unique(table["frame_id"].to_numpy(), return_inverse=True)[1]
        self.row = np.full((frame.max() + 1, athletes.size), -1)
        self.row[frame, whose] = np.arange(table.num_rows)
        self.row = self.row[:, 1:]  # without the ball
        assert (self.row >= 0).all()

    def apart(self, frame) -> np.ndarray:
        x_m, y_m = self.x_m[self.row[frame]], self.y_m[self.row[frame]]
        return np.hypot(x_m[:, None] - x_m, y_m[:, None] - y_m)


@pytest.fixture(scope="module")
def match(real_data) -> Match:
    return Match(real_match(real_data))


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize(("nearest_m", "furthest_m"), [(0.75, 1.5), (1.5, 5), (5, 30)])
def test_swaps_put_into_a_real_match_are_found_where_they_happen(
    match, nearest_m, furthest_m
) -> None:
    """At least 99 % of swaps flagged at their first frame and at the one that swaps back.

    A swap of 4 to 12 s between two athletes who are so far from one another when it begins; nothing
    else may be called one. Nearer than three quarters of a metre a swap is within the noise of a
    moving athlete.
    """
    rng = np.random.default_rng(7)
    x_m, y_m = match.x_m.copy(), match.y_m.copy()
    truth: list[int] = []
    busy = np.zeros(match.row.shape, bool)
    for _ in range(20_000):
        first = int(rng.integers(20, match.row.shape[0] - 200))
        last = first + int(rng.integers(50, 150))
        apart = np.triu(match.apart(first))
        pairs = np.argwhere((apart >= nearest_m) & (apart < furthest_m))
        if not len(pairs):
            continue
        one, two = rng.choice(pairs)
        if match.apart(last)[one, two] < nearest_m:
            continue
        if busy[max(first - 50, 0) : last + 50, [one, two]].any():
            continue
        busy[first:last, [one, two]] = True
        a, b = match.row[first:last, one], match.row[first:last, two]
        x_m[a], x_m[b] = match.x_m[b], match.x_m[a]
        y_m[a], y_m[b] = match.y_m[b], match.y_m[a]
        truth += match.row[first, [one, two]].tolist() + match.row[last, [one, two]].tolist()
        if len(truth) >= 400:
            break

    swapped = bits(clean(with_place(match.table, x_m, y_m)).table, SWAP)

    assert len(truth) > 100
    assert swapped[truth].mean() >= 0.99
    swapped[truth] = False
    assert swapped.sum() == 0


@pytest.mark.slow
@pytest.mark.realdata
def test_a_sound_real_match_is_left_alone(match) -> None:
    cleaned = clean(match.table)

    athletes = np.ones(match.table.num_rows, bool)
    athletes[match.table["source_athlete_id"].is_null().to_numpy()] = False
    assert not cleaned.table["quality"].to_numpy()[athletes].any()
    # The ball is carried to a corner or thrown in anew, once in a while.
    assert cleaned.rows_by_rule["implausible_speed"] < 30


@pytest.mark.slow
@pytest.mark.realdata
def test_jumps_put_into_a_real_match_are_found(match) -> None:
    rng = np.random.default_rng(3)
    x_m, y_m = match.x_m.copy(), match.y_m.copy()
    moved = np.zeros(match.table.num_rows, bool)
    for athlete in range(match.row.shape[1]):
        for first in range(100, match.row.shape[0] - 100, 500):
            rows = match.row[first : first + int(rng.integers(1, 6)), athlete]
            angle, size = rng.uniform(0, 2 * np.pi), rng.uniform(3, 60)
            x_m[rows] += size * np.cos(angle)
            y_m[rows] += size * np.sin(angle)
            moved[rows] = True

    table = clean(with_place(match.table, x_m, y_m), field=None).table

    assert bits(table, FAST)[moved].mean() >= 0.99
    assert (table["quality"].to_numpy()[~moved] != 0).mean() <= 0.005


@pytest.mark.slow
def test_a_whole_broadcast_match_is_judged_as_its_reader_and_eyes_do(kloppy_files) -> None:
    from edge_ingest.readers import read_recording

    match = read_recording(
        "skillcorner",
        {
            "match": kloppy_files / "skillcorner_match_data.json",
            "tracking": kloppy_files / "skillcorner_structured_data.json",
        },
    )
    table = match.tables["positions"]

    cleaned = clean(table)

    assert cleaned.rows_by_rule["out_of_field"] == match.rows_by_rule["out_of_field"]
    assert same_but_for_quality(table, cleaned.table)
    assert (bits(table, Quality.UNIDENTIFIED) == bits(cleaned.table, Quality.UNIDENTIFIED)).all()
    for rule, share in (("implausible_speed", 0.006), ("implausible_acceleration", 0.003),
                        ("identity_swap", 0.001), ("frozen", 1e-5)):  # fmt: skip
        assert cleaned.rows_by_rule[rule] < share * table.num_rows
    assert cleaned.rows_by_rule["idle"] == 0  # a broadcast shows the ball
    assert clean(cleaned.table).table.equals(cleaned.table)


def test_worked_by_hand() -> None:
    # Two athletes run towards each other, 1 m apart in passing, and leave with the other's name.
    t_s = np.arange(40) / 10
    x_one, x_two = -8 + 4 * t_s, 8 - 4 * t_s
    after = t_s >= 2.0
    one = positions(t_s, np.where(after, x_two, x_one), np.where(after, 1.0, 0), athlete="1")
    two = positions(t_s, np.where(after, x_one, x_two), np.where(after, 0, 1.0), athlete="2")
    table = pa.concat_tables([one, two, positions(t_s, t_s, t_s + 9, athlete="3")])

    swapped = np.flatnonzero(bits(clean(table).table, SWAP))

    assert swapped.tolist() == [20, 60]


def test_two_who_jump_without_each_other_s_place_are_not_swapped() -> None:
    t_s = np.arange(40) / 10
    one = np.where(t_s >= 2, 12.0, 0.0)
    two = np.where(t_s >= 2, 3.0, 15.0)
    table = pa.concat_tables(
        [positions(t_s, x_m, np.zeros(40), athlete=name) for name, x_m in (("1", one), ("2", two))]
    )
    assert not bits(clean(table).table, SWAP).any()


def test_off_the_field_is_beyond_the_run_off_whatever_the_reader_said() -> None:
    table = positions([0, 1, 2, 3], [57.5, 57.6, np.nan, 0], [0, 0, np.nan, -39.1])
    said = pa.array([int(Quality.OUT_OF_FIELD)] * 4, pa.int32())
    table = table.set_column(7, "quality", said)

    assert bits(clean(table).table, Quality.OUT_OF_FIELD).tolist() == [False, True, False, True]
    assert not bits(clean(table, field=None).table, Quality.OUT_OF_FIELD).any()


def test_a_ball_may_lie_still_and_be_kicked() -> None:
    t_s = np.arange(100) / 25
    x_m = 30 * np.maximum(t_s - 2, 0) - 40
    ball = positions(t_s, x_m, np.zeros(100), kind="ball", athlete=None)
    assert not clean(ball).table["quality"].to_numpy().any()
    athlete = positions(t_s, x_m, np.zeros(100))
    assert clean(athlete).table["quality"].to_numpy().any()


def scene(seconds, playing, *, ball=True, period=1, start_s=0.0) -> pa.Table:
    """Six athletes and the ball at 10 Hz; where not `playing` they stand and no ball is seen."""
    t_s = np.arange(int(seconds * 10)) / 10
    playing = np.broadcast_to(playing(t_s) if callable(playing) else playing, t_s.shape)
    way = np.cumsum(np.where(playing, 0.3, 0.01) * np.where(np.arange(t_s.size) // 50 % 2, 1, -1))
    frame = np.round((t_s + start_s) * 10).astype(int)
    parts = [
        positions(t_s + start_s, way + 3 * number, way, athlete=str(number), period=period,
                  frame=frame)
        for number in range(6)
    ]  # fmt: skip
    if ball:
        x_m = np.where(playing, 0.0, np.nan)
        parts.append(positions(t_s + start_s, x_m, x_m, kind="ball", athlete=None, period=period,
                               frame=frame))  # fmt: skip
    return pa.concat_tables(parts)


def idle_s(table) -> np.ndarray:
    """Seconds since the first instant that are flagged as idle."""
    t_us = table["captured_at_utc"].cast(pa.int64()).to_numpy()
    return np.unique((t_us[bits(table, Quality.IDLE)] - t_us.min()) // 1_000_000)


def test_idle_is_when_no_ball_is_seen_and_nobody_moves() -> None:
    table = clean(scene(200, lambda t: (t < 60) | (t >= 100))).table
    assert idle_s(table).tolist() == pytest.approx(list(range(60, 100)), abs=1)
    assert idle_s(clean(scene(200, lambda t: (t < 60) | (t >= 75))).table).size == 0
    assert idle_s(clean(scene(200, True, ball=False)).table).size == 0


def test_what_the_source_says_of_play_is_kept() -> None:
    table = scene(30, True)
    said = np.zeros(table.num_rows, np.int32)
    said[5:9] = int(Quality.IDLE)
    table = table.set_column(7, "quality", pa.array(said))
    assert np.flatnonzero(bits(clean(table).table, Quality.IDLE)).tolist() == [5, 6, 7, 8]


def test_dead_time_inside_a_period_is_never_left_out_unless_told_so() -> None:
    table = clean(scene(400, lambda t: (t < 100) | (t >= 300))).table

    assert leave_out_dead_time(table, SETTINGS).table.equals(table)
    shorter = leave_out_dead_time(table, allowing(leave_out="any"))
    assert shorter.rows_by_rule["dead_time_left_out"] == table.num_rows - shorter.table.num_rows
    assert 7 * 1900 < shorter.rows_by_rule["dead_time_left_out"] < 7 * 2100


def test_dead_time_before_kick_off_and_after_the_whistle_is_left_out_if_long() -> None:
    first = scene(400, lambda t: (t >= 90) & (t < 370), period=1)
    second = scene(300, lambda t: t < 200, period=2, start_s=1300)
    table = clean(pa.concat_tables([first, second])).table
    assert idle_s(table).size > 200

    shorter = leave_out_dead_time(table, SETTINGS).table

    left = np.unique(shorter["captured_at_utc"].cast(pa.int64()).to_numpy()) / 1e6
    left -= table["captured_at_utc"].cast(pa.int64()).to_numpy().min() / 1e6
    # 90 s before and 100 s after go; the 30 s after the first half are too short to go.
    assert left.min() == pytest.approx(90, abs=1.5)
    assert left[left < 1000].max() == pytest.approx(399.9, abs=0.1)
    assert left.max() == pytest.approx(1500, abs=1.5)
    assert leave_out_dead_time(table, allowing(leave_out="none")).table.equals(table)
    again = leave_out_dead_time(clean(shorter).table, SETTINGS)
    assert again.rows_by_rule["dead_time_left_out"] == 0


def test_frames_without_a_period_lie_outside_of_play() -> None:
    table = clean(scene(100, False, period=None)).table
    assert leave_out_dead_time(table, SETTINGS).table.num_rows == 0


@pytest.mark.parametrize("count", [0, 1, 2])
def test_tables_too_small_to_judge(count) -> None:
    table = positions(np.arange(count), np.zeros(count), np.zeros(count))
    assert clean(table).table.equals(table)
    assert leave_out_dead_time(table, SETTINGS).table.equals(table)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 100_000), count=st.integers(0, 80))
def test_flagging_removes_reorders_and_changes_nothing_and_is_idempotent(seed, count) -> None:
    rng = np.random.default_rng(seed)
    parts = []
    for athlete, kind in (("1", "athlete"), ("2", "athlete"), ("r", "official"), (None, "ball")):
        t_s = np.arange(count) / 10
        x_m = np.cumsum(rng.choice([0, 0.3, -0.3, 30, -30], count, p=[0.4, 0.28, 0.28, 0.02, 0.02]))
        y_m = np.cumsum(rng.normal(0, 0.3, count))
        unseen = rng.random(count) < 0.1
        parts.append(
            positions(t_s, np.where(unseen, np.nan, x_m), np.where(unseen, np.nan, y_m),
                      athlete=athlete, kind=kind, period=1)
        )  # fmt: skip
    table = pa.concat_tables(parts)
    table = table.take(pa.array(rng.permutation(table.num_rows)))

    once = clean(table)
    twice = clean(once.table)

    assert same_but_for_quality(table, once.table)
    assert twice.table.equals(once.table)
    assert twice.rows_by_rule == once.rows_by_rule
