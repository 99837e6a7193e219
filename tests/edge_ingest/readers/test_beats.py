"""Beats from their intervals, and the text files that hold them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_ingest.drops.arrival import verify
from edge_ingest.drops.drop import pack
from edge_ingest.errors import SourceError
from edge_ingest.identity import mint_session_id
from edge_ingest.readers import read_recording
from edge_ingest.readers.beats import SLACK_S, beat_times
from edge_ingest.recording import Recording, Told

START = datetime(2024, 5, 6, 8, tzinfo=UTC)

intervals = st.lists(st.floats(0.3, 2.0), min_size=3, max_size=200).map(np.array)


@given(intervals=intervals, late=st.floats(0, 0.9))
def test_whole_seconds_of_a_recorder_leave_the_intervals_alone(
    intervals: np.ndarray, late: float
) -> None:
    true = np.cumsum(intervals) + 1000.0

    times = beat_times(intervals, np.floor(true + late))

    np.testing.assert_allclose(np.diff(times), intervals[1:], atol=1e-9)
    assert np.abs(times - true).max() <= 1.0


@given(
    before=intervals.filter(lambda x: len(x) > 12),
    after=intervals.filter(lambda x: len(x) > 12),
    gap=st.floats(5, 600),
)
def test_lost_beats_move_nothing_behind_them(
    before: np.ndarray, after: np.ndarray, gap: float
) -> None:
    true = np.cumsum(np.concatenate([before, after]))
    true[len(before) :] += gap

    times = beat_times(np.concatenate([before, after]), np.floor(true))

    assert np.abs(times - true).max() < SLACK_S
    assert (np.diff(times) >= 0).all()


@given(
    intervals=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=50),
    told=st.floats(-1e6, 1e6),
)
def test_time_never_runs_back_whatever_the_intervals(intervals: list[float], told: float) -> None:
    bounded = np.array([x if not np.isfinite(x) else np.clip(x, -1e6, 1e6) for x in intervals])
    times = beat_times(bounded, np.full(len(bounded), told))

    assert np.isfinite(times).all()
    assert (np.diff(times) >= 0).all()


def test_beats_worked_by_hand() -> None:
    # Four beats of 0.8 s, the clock told at the first and the third: 10 and 12. Sums are 0.8, 1.6,
    # 2.4, 3.2; the clock is 9.2 and 9.6 ahead of them, the median 9.4.
    times = beat_times(np.full(4, 0.8), np.array([10, np.nan, 12, np.nan]))

    np.testing.assert_allclose(times, [10.2, 11.0, 11.8, 12.6])


def _read(path: Path, **told: object) -> Recording:
    return read_recording("rr", {"intervals": path}, Told(**told))


@pytest.mark.realdata
def test_an_hour_of_real_intervals_comes_at_their_sums(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "rr_intervals" / "nn_60min.csv"
    told = np.loadtxt(path, skiprows=1)

    recording = _read(path, started_at_utc=START, athlete_id="a-1")

    signals = recording.tables["signals"]
    assert signals.num_rows == 4684
    np.testing.assert_array_equal(signals["value"].to_numpy(), told)
    since = signals["captured_at_utc"].to_numpy() - np.datetime64("2024-05-06T08:00", "us")
    np.testing.assert_allclose(since / np.timedelta64(1, "ms"), np.cumsum(told), atol=0.01)
    assert recording.session.started_at_utc == START
    identity = mint_session_id(START, "UTC", "other", None, ())
    drop = pack(recording, tmp_path, identity, datetime(2024, 6, 1, tzinfo=UTC))
    assert verify(drop.folder) == []


def _write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "belt.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    ["800\n810\n790\n", "rr\r800\r810\r790", "rr\x0b800\n810\n790 \n",
     "rr\n0.800\n0.810\n0.790\n", "RR-interval [ms]\r\n800\r\n\r\n810\r\n790",
     "time_s;rr\n0;800\n0.81;810\n1.6;790\n", "﻿ms,rr\n100,800\n910,810\n1700,790\n"],
)  # fmt: skip
def test_layouts_of_one_recording_are_one_recording(tmp_path: Path, text: str) -> None:
    recording = _read(_write(tmp_path, text), started_at_utc=START)

    signals = recording.tables["signals"]
    np.testing.assert_allclose(signals["value"].to_numpy(), [800, 810, 790])
    since = [when - START for when in signals["captured_at_utc"].to_pylist()]
    for elapsed, expected in zip(since, (0.8, 1.61, 2.4), strict=True):
        assert elapsed.total_seconds() == pytest.approx(expected, abs=0.02)


def test_times_of_the_phone_need_its_zone_and_no_start(tmp_path: Path) -> None:
    rows = [f"2024-05-06T10:00:0{n}.000;1000" for n in range(1, 6)]
    path = _write(tmp_path, "\n".join(["Phone timestamp;RR-interval [ms]", *rows]))

    recording = _read(path, clock_timezone="Europe/Berlin")

    assert recording.session.started_at_utc == START
    assert recording.clock.offset_s == -7200
    first = recording.tables["signals"]["captured_at_utc"][0].as_py()
    assert first == START + timedelta(seconds=1)
    with pytest.raises(SourceError, match="give the clock's time zone"):
        _read(path)


def test_an_interval_of_no_heart_is_null_and_flagged(tmp_path: Path) -> None:
    signals = _read(_write(tmp_path, "800\n5\n810\n4100\n800\n"), started_at_utc=START).tables[
        "signals"
    ]

    assert signals["value"].to_pylist() == [800, None, 810, None, 800]
    assert signals["quality"].to_pylist() == [0, 256, 0, 256, 0]
    steps = np.diff(signals["captured_at_utc"].to_numpy()) / np.timedelta64(1, "ms")
    np.testing.assert_allclose(steps, [5, 810, 4100, 800])


@pytest.mark.parametrize(
    ("text", "told", "rule", "words"),
    [
        ("800\n810\n", {}, "incomplete", "give the start"),
        ("rr_ms\n", {"started_at_utc": START}, "empty", "holds no interval"),
        ("800\nabc\n", {"started_at_utc": START}, "malformed", "row 2 holds no interval"),
        ("1,800\n2,\n", {"started_at_utc": START}, "malformed", "row 2 holds no interval"),
        ("1,2,800\n", {"started_at_utc": START}, "unknown_format", "has 3 columns"),
        ("noon,800\n", {"started_at_utc": START}, "malformed", "neither numbers nor such as"),
        ("80000\n90000\n", {"started_at_utc": START}, "absurd_values", "none of a heart"),
        ("800\n".encode("utf-16"), {"started_at_utc": START}, "malformed", "no UTF-8 text"),
        ("nan\nnan\n", {"started_at_utc": START}, "empty", "holds no interval"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_words(
    tmp_path: Path, text: str | bytes, told: dict[str, datetime], rule: str, words: str
) -> None:
    with pytest.raises(SourceError, match=words) as refused:
        _read(_write(tmp_path, text), **told)
    assert refused.value.rule == rule
