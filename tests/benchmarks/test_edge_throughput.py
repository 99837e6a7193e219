"""What the benchmark of the readers renders is what the recordings hold."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from benchmarks.edge_throughput import main
from benchmarks.layouts import write_statsports, write_tcx
from benchmarks.rivals import alone, rivals
from edge_ingest.readers import READERS, read_recording
from edge_ingest.recording import Told
from edge_ingest.samples import Sample

#: Readers that share another's line: by kloppy's loaders, which two of them stand for.
BY_KLOPPY = {name for name, one in READERS.items() if ".kloppy_" in one.module}


def test_every_reader_has_a_rival_or_a_reason(tmp_path: Path) -> None:
    pairs, lone = rivals(tmp_path), alone(tmp_path)

    measured = {one.name for one in pairs} | {one.name for one in lone}

    assert set(READERS) - BY_KLOPPY <= measured
    assert {"kloppy_tracking", "kloppy_events"} <= measured
    assert all(one.reason for one in lone)
    assert len(measured) == len(pairs) + len(lone)


@pytest.mark.parametrize("name", ["tcxx", "--help"])
def test_a_name_that_is_none_is_refused_and_the_others_are_listed(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["tcx", name])

    assert ended.value.code == 2
    told = capsys.readouterr()
    assert not told.out
    assert told.err.startswith(f"{name} cannot be measured")
    assert {"tcx", "rr", "video"} <= set(told.err.strip().rpartition(": ")[2].split(", "))


@pytest.mark.realdata
def test_a_vest_in_the_layout_of_statsports_keeps_its_places(
    real_data: Path, tmp_path: Path
) -> None:
    vest = real_data / "gnss_football" / "U18_ID1.csv"
    pitch = vest.with_name("Dataset_B_Pitch.csv")
    told = Told(clock_timezone="Europe/Lisbon")

    parts = write_statsports([vest], tmp_path)

    ours = read_recording("catapult", {"positions": vest, "pitch": pitch}, told)
    rendered = read_recording("statsports", parts | {"pitch": pitch}, told)
    one, other = ours.tables["positions"], rendered.tables["positions"]
    assert one["captured_at_utc"].equals(other["captured_at_utc"])
    for axis in ("x_m", "y_m"):
        np.testing.assert_allclose(one[axis].to_numpy(), other[axis].to_numpy(), atol=1e-6)


@pytest.mark.slow
def test_a_ride_in_the_layout_of_tcx_keeps_its_places_and_heart_rates(
    sweat_samples: Path, tmp_path: Path
) -> None:
    largest = max(sweat_samples.glob("*.fit"), key=lambda path: path.stat().st_size)
    told = Told(athlete_id="a", started_at_utc=datetime(2020, 1, 1, tzinfo=UTC))
    ride = Sample("fit", {"activity": largest}, told)

    parts = write_tcx(ride, tmp_path)

    theirs = read_recording("fit", ride.parts, ride.told)
    ours = read_recording("tcx", parts)
    assert ours.tables["positions"].num_rows == theirs.tables["positions"].num_rows > 1000
    means = []
    for recording in (ours, theirs):
        signals = recording.tables["signals"]
        rates = signals.filter(pc.equal(signals["channel"], "heart_rate"))["value"]
        means.append(pc.mean(rates).as_py())
    assert means[0] == pytest.approx(means[1], abs=0.1)
