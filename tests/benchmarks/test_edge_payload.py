"""What the benchmark of the payload says rests on these."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks import edge_payload, named_sets
from benchmarks.layouts import read_frames, write_metrica, write_tracab
from benchmarks.movement import movements
from benchmarks.named_sets import NamedSet
from edge_ingest.readers import read_recording
from edge_ingest.recording import Told
from edge_ingest.records import INSTANT
from edge_ingest.samples import broadcast_match


def _run(speed_mps: np.ndarray) -> pa.Table:
    """One athlete at 10 Hz along x at these speeds."""
    count = speed_mps.size
    return pa.table(
        {
            "period_id": pa.array([1] * count, pa.int32()),
            "frame_id": pa.array(range(count), pa.int32()),
            "captured_at_utc": pa.array(np.arange(count) * 100_000, pa.int64()).cast(INSTANT),
            "period_time_s": np.arange(count) / 10,
            "object_kind": ["athlete"] * count,
            "source_athlete_id": ["7"] * count,
            "x_m": np.cumsum(speed_mps) / 10,
            "y_m": np.zeros(count),
            "quality": pa.array([0] * count, pa.int32()),
        }
    )


def test_distance_and_high_speed_running_worked_by_hand() -> None:
    # A minute at 3 m/s, ten seconds at 6 m/s, a minute at 3 m/s: 420 m, 60 of them at high speed.
    moved = movements(_run(np.repeat([3.0, 6.0, 3.0], [600, 100, 600])), "football")["7"]

    assert moved.distance_m == pytest.approx(420, rel=0.005)
    assert moved.high_speed_m == pytest.approx(60, rel=0.05)
    assert moved.effort_m == moved.high_speed_m
    assert (moved.samples, moved.smoothed) == (1300, 1300)


def test_a_burst_shorter_than_the_dwell_is_high_speed_and_no_effort() -> None:
    moved = movements(_run(np.repeat([5.0, 6.2, 5.0], [300, 8, 300])), "football")["7"]

    assert 0 < moved.high_speed_m < 6
    assert moved.effort_m == 0


def test_a_set_whose_recordings_are_not_here_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPORTS_REAL_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setenv("SPORTS_SAMPLES", str(tmp_path / "nowhere"))

    skipped = {one.name: named_sets.why_not(one) for one in named_sets.named_sets(tmp_path)}

    assert skipped["tracking_json"] is None
    assert "set SPORTS_REAL_DATA" in (skipped["tracking_csv"] or "")
    assert "set SPORTS_REAL_DATA" in (skipped["gnss_csv"] or "")
    assert "make samples" in (skipped["fit"] or "")


def test_a_set_that_no_reader_reads_is_not_measured() -> None:
    one = NamedSet("other", "of a device of tomorrow", [replace(broadcast_match(), source="later")])
    assert named_sets.why_not(one) == "no reader of later"


@pytest.mark.slow
def test_a_drop_of_fit_is_told_to_be_as_exact_as_it_is(
    sweat_samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPORTS_SAMPLES", str(sweat_samples.parents[2]))
    (one,) = (one for one in named_sets.named_sets(tmp_path) if one.name == "fit")
    smallest = min(one.samples, key=lambda sample: sample.parts["activity"].stat().st_size)

    figures = edge_payload.measure(replace(one, samples=[smallest]), tmp_path)

    assert figures.bytes["source"] == smallest.parts["activity"].stat().st_size
    landed = sum(path.stat().st_size for path in tmp_path.glob("fit-0/*/r0001/*"))
    assert figures.bytes["drop"] == landed > figures.bytes["manifest"] > 0
    assert figures.signal_share <= 1


@pytest.mark.slow
@pytest.mark.realdata
def test_the_layout_of_metrica_holds_the_real_movement(real_data: Path, tmp_path: Path) -> None:
    frames = real_data / "tracking_events" / "idsse_j03wmx_frames.parquet"

    match = read_frames(frames)
    sides = write_metrica(match, tmp_path)

    lines = sides["away"].read_text().splitlines()
    assert len(lines) == 3 + 15_000
    assert lines[2].startswith("Period,Frame,Time [s],Player1,,Player2,")
    assert len({line.count(",") for line in lines[3:]}) == 1
    # DFL-CLU-00000G is home by the order of ids; its first player's first place, 5 decimals.
    first = lines[3].split(",")
    assert first[:3] == ["1", "10000", "400"]
    assert all(len(share.partition(".")[2]) <= 5 for share in first[3:])
    assert lines[3].split(",")[-2:] == sides["home"].read_text().splitlines()[3].split(",")[-2:]

    # The same match, read from either layout.
    told = Told(started_at_utc=datetime(2023, 5, 27, 13, 30, 12, tzinfo=UTC))
    metrica = read_recording("metrica", sides, told).tables["positions"]
    tracab = read_recording("tracab", write_tracab(match, tmp_path), told).tables["positions"]
    assert metrica.num_rows == tracab.num_rows == 345_000
    for kind in ("athlete", "ball"):
        one, other = (t.filter(pc.equal(t["object_kind"], kind)) for t in (metrica, tracab))
        for axis in ("x_m", "y_m"):
            # Shares with five decimals of 105 m, and whole centimetres.
            off = np.sort(one[axis].to_numpy()) - np.sort(other[axis].to_numpy())
            assert np.abs(off).max() < 0.006
