"""The FIT reader on every real file at hand, against the files' own totals and known records."""

import csv
import struct
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fitparse
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from edge_ingest.drops.arrival import verify
from edge_ingest.drops.drop import pack
from edge_ingest.errors import NothingRecordedError, SourceError
from edge_ingest.geodesy import to_local
from edge_ingest.identity import mint_session_id
from edge_ingest.readers import read_recording
from edge_ingest.readers.fit_messages import read_messages
from edge_ingest.recording import Recording, Told
from edge_ingest.records import CHANNELS, Quality

SWEAT = (
    "2020-06-01-16-52-40.fit", "4078723797.fit", "4801048867.fit", "6449921903_ACTIVITY.fit",
    "6471559601_ACTIVITY.fit",
)  # fmt: skip
#: Files of `wearables/fit` that hold no activity, and the type that their error must name.
NO_ACTIVITY = {
    "MonitoringFile.fit": "monitoring_b", "Settings.fit": "settings", "Settings2.fit": "settings",
    "WeightScaleMultiUser.fit": "weight", "WeightScaleSingleUser.fit": "weight",
    "WorkoutCustomTargetValues.fit": "workout", "WorkoutIndividualSteps.fit": "workout",
    "WorkoutRepeatGreaterThanStep.fit": "workout", "WorkoutRepeatSteps.fit": "workout",
}  # fmt: skip
DAMAGED = {
    "activity-activity-filecrc.fit": ("wrong checksum", 28),
    "activity-filecrc.fit": ("wrong checksum", 14),
    "activity-settings-corruptheader.fit": ("breaks off: not a FIT file @ 771", 14),
    "activity-settings-nodata.fit": ("breaks off: expected 5 bytes, got 2 @ 784", 14),
}
UNSET_CLOCK = ("antfs-dump.63.fit", "compressed-speed-distance.fit")
START = datetime(2012, 2, 13, 11, 16, tzinfo=UTC)


def _read(path: Path, **told: object) -> Recording:
    return read_recording("fit", {"activity": path}, Told(**told))


def _values(recording: Recording, channel: str) -> NDArray[np.float64]:
    signals = recording.tables["signals"]
    column = signals.filter(pc.equal(signals["channel"], channel))["value"]
    return column.to_numpy()


@pytest.mark.slow
@pytest.mark.parametrize("name", SWEAT)
def test_totals_equal_those_of_the_device(sweat_samples: Path, name: str) -> None:
    """The device's session message is a second opinion on all of its records."""
    recording = _read(sweat_samples / name)
    sessions = read_messages(sweat_samples / name).by_name["session"]

    def told(key: str) -> list[float]:
        return [session[key] for session in sessions if session.get(key) is not None]

    assert np.nanmax(_values(recording, "heart_rate")) == max(told("max_heart_rate"))
    times = told("total_timer_time")
    means = told("avg_heart_rate")
    expected = sum(t * m for t, m in zip(times, means, strict=True)) / sum(times)
    assert np.nanmean(_values(recording, "heart_rate")) == pytest.approx(expected, abs=1.5)
    assert np.nanmax(_values(recording, "distance")) == pytest.approx(
        sum(told("total_distance")), abs=0.01
    )
    if powers := told("max_power"):
        power = _values(recording, "power")
        assert np.nanmax(power) == max(powers)
        assert np.nansum(power) == pytest.approx(told("total_work")[0], rel=0.06)
    if cadences := told("max_cadence"):
        # The device's highest is a whole number, ours has its fraction.
        assert np.nanmax(_values(recording, "cadence")) == pytest.approx(max(cadences), abs=1)
    assert recording.session.started_at_utc == sessions[0]["start_time"]


def test_mean_power_of_a_ride_without_pause_is_the_device_own(sweat_samples: Path) -> None:
    recording = _read(sweat_samples / "4078723797.fit")

    assert np.nanmean(_values(recording, "power")) == pytest.approx(219, abs=0.5)
    assert recording.session.sampling_rate_hz == 1
    assert recording.session.sport == "cycling"
    assert recording.clock.source == "gnss"
    (athlete,) = recording.tables["athletes"].to_pylist()
    assert athlete["source_athlete_id"] == "3907354759"
    assert athlete["max_heart_rate_bpm"] == 185
    assert athlete["resting_heart_rate_bpm"] is None  # the device holds 0: never set


@pytest.mark.slow
def test_the_path_of_positions_is_as_long_as_the_device_says(sweat_samples: Path) -> None:
    for name, total in (("4078723797.fit", 57_567.24), ("4801048867.fit", 36_322.85)):
        positions = _read(sweat_samples / name).tables["positions"]
        x, y = positions["x_m"].to_numpy(), positions["y_m"].to_numpy()
        assert np.hypot(np.diff(x), np.diff(y)).sum() == pytest.approx(total, rel=0.003)
        assert (x[0], y[0]) == pytest.approx((0, 0), abs=1e-9)


def test_several_sports_in_one_file_are_none_of_them(sweat_samples: Path) -> None:
    assert _read(sweat_samples / "6471559601_ACTIVITY.fit").session.sport == "other"


def test_a_pause_stays_a_gap(sweat_samples: Path) -> None:
    recording = _read(sweat_samples / "6449921903_ACTIVITY.fit")

    signals = recording.tables["signals"]
    captured = signals.filter(pc.equal(signals["channel"], "heart_rate"))["captured_at_utc"]
    steps = np.diff(captured.to_numpy()) / np.timedelta64(1, "s")
    # The session message: 324.5 s by the clock on the wall, 196.2 s by the timer.
    assert (steps > 0).all()
    assert steps.sum() == pytest.approx(324.5, abs=1.5)
    assert (steps[steps > 1] - 1).sum() == pytest.approx(324.5 - 196.2, abs=5)
    kinds = recording.tables["events"]["event_type"].to_pylist()
    assert kinds.count("timer_stop") >= 2
    assert kinds.count("timer_start") >= 2
    assert kinds.count("lap") == 2


def test_a_quantity_that_a_record_lacks_is_null_with_the_reason(sweat_samples: Path) -> None:
    signals = _read(sweat_samples / "6449921903_ACTIVITY.fit").tables["signals"]
    power = signals.filter(pc.equal(signals["channel"], "power"))

    assert power.num_rows == 199
    assert power["value"].null_count == 7
    missing = power.filter(pc.is_null(power["value"]))
    assert set(missing["missing_reason"].to_pylist()) == {"no_signal"}
    assert power["missing_reason"].null_count == 192


@pytest.mark.slow
def test_the_left_leg_s_share_is_what_the_right_leaves(sweat_samples: Path) -> None:
    path = sweat_samples / "4078723797.fit"
    raw = [record.get("left_right_balance") for record in read_messages(path).by_name["record"]]

    share = _values(_read(path), "left_power_share")

    for balance, left in zip(raw, share, strict=True):
        if isinstance(balance, int) and balance & 0x80:
            assert left == 100 - (balance - 0x80)
        else:
            assert np.isnan(left)
    # The session's own mean of the right leg: 0x8000 + hundredths of a percent.
    assert 100 - np.nanmean(share) == pytest.approx((37986 - 0x8000) / 100, abs=1.0)


@pytest.mark.slow
def test_every_sample_activity_packs(sweat_samples: Path, tmp_path: Path) -> None:
    for name in SWEAT:
        recording = _read(sweat_samples / name, athlete_id="rider-1")
        facts = recording.session
        identity = mint_session_id(facts.started_at_utc, "Europe/Berlin", facts.sport, None, ())
        drop = pack(recording, tmp_path, identity, datetime(2024, 1, 1, tzinfo=UTC))
        assert verify(drop.folder) == []
        assert recording.tables["athletes"]["source_athlete_id"].to_pylist() == ["rider-1"]


@pytest.mark.slow
@pytest.mark.realdata
def test_every_real_file_is_packed_or_refused_in_words(real_data: Path, tmp_path: Path) -> None:
    files = sorted((real_data / "wearables" / "fit").glob("*.fit"))
    assert len(files) == 34
    packed = 0
    for path in files:
        if path.name in NO_ACTIVITY:
            words = rf"no activity but: {NO_ACTIVITY[path.name]}"
            with pytest.raises(NothingRecordedError, match=words):
                _read(path)
            continue
        if path.name == "DeveloperData.fit":
            with pytest.raises(NothingRecordedError, match="none of its 3 records carries a time"):
                _read(path)
            continue
        told = {}
        if path.name in UNSET_CLOCK:
            with pytest.raises(SourceError, match=r"clock was not set: give the start"):
                _read(path)
            told = {"started_at_utc": START}
        recording = _read(path, **told)
        facts = recording.session
        identity = mint_session_id(facts.started_at_utc, "UTC", facts.sport, path.stem, ())
        drop = pack(recording, tmp_path, identity, datetime(2024, 1, 1, tzinfo=UTC))
        assert verify(drop.folder) == []
        packed += 1
    assert packed == 34 - len(NO_ACTIVITY) - 1


@pytest.mark.realdata
@pytest.mark.parametrize("name", DAMAGED)
def test_what_can_be_saved_of_a_broken_file_is_saved_and_flagged(
    real_data: Path, name: str
) -> None:
    damage, records = DAMAGED[name]

    recording = _read(real_data / "wearables" / "fit" / name)

    assert recording.filter_settings == {"damage": damage}
    rows = recording.tables["positions"].num_rows
    assert rows + recording.rows_by_rule["same_instant"] == records
    assert recording.rows_by_rule["recovered"] == rows
    for table in ("positions", "signals", "events"):
        assert set(recording.tables[table]["quality"].to_pylist()) == {int(Quality.RECOVERED)}


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name",
    ["garmin-edge-820-bike", "garmin-fenix-5-bike", "garmin-fenix-5-run", "garmin-fenix-5-walk",
     "compressed-speed-distance"],
)  # fmt: skip
def test_records_equal_those_of_another_decoder(real_data: Path, name: str) -> None:
    folder = real_data / "wearables" / "fit"
    with (folder / f"{name}-records.csv").open(newline="") as lines:
        expected = [
            {heading.strip(): value for heading, value in row.items()}
            for row in csv.DictReader(lines)
        ]
    told = {"started_at_utc": START} if name == "compressed-speed-distance" else {}
    recording = _read(folder / f"{name}.fit", **told)
    headings = {
        "heart_rate": ("heart_rate", "Heart Rate [bpm]"), "cadence": ("cadence", "Cadence [rpm]"),
        "speed": ("speed", "Speed [m/s]"), "distance": ("distance", "Distance [m]"),
        "altitude": ("altitude",), "temperature": ("temperature",),
    }  # fmt: skip
    compared = 0
    for channel, names in headings.items():
        heading = next((known for known in names if known in expected[0]), None)
        if heading is None or not any(row[heading] not in {"", "null"} for row in expected):
            continue
        values = _values(recording, channel)[-len(expected) :]
        assert len(values) == len(expected)
        for row, value in zip(expected, values, strict=True):
            if row[heading] in {"", "null"}:
                assert np.isnan(value) or value == 0
            else:
                # Ours has the fraction of a stroke, the other decoder leaves it out.
                within = 1 if channel == "cadence" else 0.005
                assert value == pytest.approx(float(row[heading]), abs=within)
            compared += 1
    assert compared >= 3 * len(expected)
    if "position_lat" in expected[0]:
        degrees = np.array(
            [(int(row["position_lat"]), int(row["position_long"])) for row in expected]
        ) * (180 / 2**31)
        session = recording.session
        east, north, _ = to_local(
            *degrees.T, session.origin_latitude_deg, session.origin_longitude_deg
        )
        positions = recording.tables["positions"]
        np.testing.assert_allclose(positions["x_m"].to_numpy(), east, atol=1e-6)
        np.testing.assert_allclose(positions["y_m"].to_numpy(), north, atol=1e-6)
        assert (session.origin_latitude_deg, session.origin_longitude_deg) == tuple(degrees[0])


@pytest.mark.slow
@pytest.mark.realdata
def test_records_of_one_second_become_one_and_time_runs_forward(real_data: Path) -> None:
    recording = _read(real_data / "wearables" / "fit" / "activity-large-fenxi2-multisport.fit")

    captured = recording.tables["positions"]["captured_at_utc"].to_numpy()
    assert (np.diff(captured) > np.timedelta64(0)).all()
    assert recording.rows_by_rule["same_instant"] == 7
    assert len(captured) + 7 == 24_239


@pytest.mark.realdata
def test_heart_beats_are_kept(real_data: Path) -> None:
    recording = _read(real_data / "wearables" / "fit" / "garmin-fenix-5-run.fit")

    beats = _values(recording, "rr_interval")
    # 113 beats sum up to the minute that the run took, and agree with the heart rate.
    assert beats.sum() / 1000 == pytest.approx(75, abs=25)
    assert 60_000 / beats.mean() == pytest.approx(
        np.nanmean(_values(recording, "heart_rate")), rel=0.25
    )


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name", ["garmin-fenix-5-run", "garmin-fenix-5-walk", "garmin-edge-820-bike"]
)
def test_heart_beats_are_their_intervals_apart_and_follow_their_record(
    real_data: Path, name: str
) -> None:
    path = real_data / "wearables" / "fit" / f"{name}.fit"
    signals = _read(path).tables["signals"]
    beats = signals.filter(pc.equal(signals["channel"], "rr_interval"))
    messages = read_messages(path)
    after = np.array([when.replace(tzinfo=None) for when, _ in messages.beats], "datetime64[us]")

    instants = beats["captured_at_utc"].to_numpy()

    intervals = np.diff(instants) / np.timedelta64(1, "ms")
    np.testing.assert_allclose(intervals, beats["value"].to_numpy()[1:], atol=0.01)
    # The first beat after a new record is within two seconds of that record.
    fresh = np.concatenate([[True], after[1:] != after[:-1]])
    behind = (instants[fresh] - after[fresh]) / np.timedelta64(1, "s")
    assert np.abs(behind).max() < 2


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("sizes", "least"),
    [
        pytest.param(range(500_000), 50_000, id="small", marks=pytest.mark.slow),
        pytest.param(range(500_000, 1 << 40), 50_000, id="large", marks=pytest.mark.soak),
    ],
)
def test_every_clean_file_equals_what_fitparse_reads(
    real_data: Path, sizes: range, least: int
) -> None:
    """Every value of every record that has an instant of its own, in all clean activities."""
    compared = 0
    for path in sorted((real_data / "wearables" / "fit").glob("*.fit")):
        if path.name in {*NO_ACTIVITY, *DAMAGED, *UNSET_CLOCK, "DeveloperData.fit"}:
            continue
        if path.stat().st_size not in sizes:
            continue
        other = [
            message.get_values() for message in fitparse.FitFile(str(path)).get_messages("record")
        ]
        stamps = [record["timestamp"] for record in other if record.get("timestamp")]
        alone = {when for when, count in Counter(stamps).items() if count == 1}
        signals = _read(path).tables["signals"]
        ours = {
            (row["channel"], row["captured_at_utc"].replace(tzinfo=None)): row["value"]
            for row in signals.to_pylist()
        }
        for record in other:
            when = record.get("timestamp")
            if when not in alone:
                continue
            for channel, names in {
                "heart_rate": ("heart_rate",), "power": ("power",), "distance": ("distance",),
                "speed": ("enhanced_speed", "speed"), "temperature": ("temperature",),
                "altitude": ("enhanced_altitude", "altitude"),
            }.items():  # fmt: skip
                told = next((record[n] for n in names if record.get(n) is not None), None)
                _, lowest, highest, _ = CHANNELS[channel]
                if isinstance(told, int | float) and lowest <= told <= highest:
                    assert ours[channel, when] == pytest.approx(told, abs=1e-9), (path.name, when)
                    compared += 1
    assert compared > least


def _fit(body: bytes) -> bytes:
    header = struct.pack("<BBHI4s", 12, 16, 2100, len(body), b".FIT")
    return header + body + b"\0\0"


def test_a_strap_that_fell_off_is_no_heart_of_nought(tmp_path: Path) -> None:
    """A FIT file made by hand: three records of instant, heart rate and temperature."""
    file_id = b"\x40\0\0\0\0\x01\x00\x01\x00" + b"\x00\x04"
    definition = b"\x41\0\0" + struct.pack("<H", 20) + b"\x03\xfd\x04\x86\x03\x01\x02\x0d\x01\x01"
    records = b"".join(
        b"\x01" + struct.pack("<IBb", 1_000_000_000 + second, heart_rate, temperature)
        for second, heart_rate, temperature in ((0, 140, 20), (1, 0, 20), (2, 255, 127))
    )
    path = tmp_path / "strap.fit"
    path.write_bytes(_fit(file_id + definition + records))

    recording = _read(path)

    assert recording.filter_settings == {"damage": "wrong checksum"}
    rows = {
        (row["channel"], row["sample_index"]): (row["value"], row["missing_reason"])
        for row in recording.tables["signals"].to_pylist()
    }
    assert rows == {
        ("heart_rate", 0): (140.0, None), ("heart_rate", 1): (None, "no_signal"),
        ("heart_rate", 2): (None, "no_signal"), ("temperature", 0): (20.0, None),
        ("temperature", 1): (20.0, None), ("temperature", 2): (None, "no_signal"),
    }  # fmt: skip
    assert recording.session.started_at_utc == datetime(1989, 12, 31, tzinfo=UTC) + timedelta(
        seconds=1_000_000_000
    )


@pytest.mark.parametrize("payload", [b"", b"hello", bytes(100), _fit(b"")])
def test_a_file_that_is_no_fit_is_refused(tmp_path: Path, payload: bytes) -> None:
    path = tmp_path / "not.fit"
    path.write_bytes(payload)
    with pytest.raises(SourceError, match=r"not\.fit is (empty|no FIT file|no activity)"):
        _read(path)


def test_a_file_cut_anywhere_is_read_as_far_as_it_goes_or_refused(
    sweat_samples: Path, tmp_path: Path
) -> None:
    whole = (sweat_samples / "2020-06-01-16-52-40.fit").read_bytes()
    path = tmp_path / "cut.fit"
    saved = []
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        try:
            recording = _read(path)
        except SourceError:
            saved.append(0)
            continue
        assert isinstance(recording.tables["signals"], pa.Table)
        assert "damage" in recording.filter_settings
        saved.append(recording.tables["positions"].num_rows)
    assert saved == sorted(saved)
    assert saved[-1] == 96
