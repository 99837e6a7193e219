"""A recording through the filters that concern it, and into a drop."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from edge_ingest.cleaning.recording import clean
from edge_ingest.cleaning.settings import load_settings
from edge_ingest.drops.arrival import read_table, verify
from edge_ingest.drops.drop import pack
from edge_ingest.manifest import Clock
from edge_ingest.recording import Recording, Told
from edge_ingest.records import Quality
from tests.edge_ingest.cleaning.made import positions, signals
from tests.edge_ingest.recordings import IDENTITY, NOW, recording

SETTINGS = load_settings()


def made(**changes) -> Recording:
    base = recording(rows=changes.pop("rows", None))
    tables = dict(base.tables) | changes.pop("tables", {})
    return recording(tables=tables, **changes)


def track(x_m) -> pa.Table:
    return positions(np.arange(len(x_m)) / 10, x_m, np.zeros(len(x_m)), period=1)


def test_a_camera_s_positions_are_optical_and_a_wearable_s_are_satellite_positions() -> None:
    tables = {"positions": track([100.0] * 50)}
    optical = clean(made(tables=tables), SETTINGS)
    wearable = clean(made(tables=tables, kind="wearable"), SETTINGS)
    by_clock = clean(made(tables=tables, clock=Clock(source="gnss")), SETTINGS)

    assert "optical.run_off_m" in optical.filter_settings
    assert "gnss.max_hdop" not in optical.filter_settings
    for satellite in (wearable, by_clock):
        assert satellite.filter_settings["gnss.max_hdop"] == 4.0
        assert satellite.rows_by_rule["frozen"] == 0
    names = set(optical.filter_settings)
    assert {name for name in names if name.startswith("limits")} == {
        "limits.football.speed_mps", "limits.football.acceleration_mps2",
    }  # fmt: skip
    assert optical.filter_settings["cleaning.version"] == SETTINGS.version


def test_one_definition_of_off_the_field_is_told() -> None:
    # The recording's reader told its own run-off, which is not the one that was used.
    facts = made().session
    on_field = recording(
        rows=track([80.0] * 30),
        session=type(facts)(**{**vars(facts), "field_length_m": 105.0, "field_width_m": 68.0}),
        rows_by_rule={"out_of_field": 0, "not_seen": 3},
    )
    cleaned = clean(on_field, SETTINGS)

    assert "run_off_m" not in cleaned.filter_settings
    assert cleaned.filter_settings["optical.run_off_m"] == 5.0
    assert cleaned.rows_by_rule["out_of_field"] == 30
    assert cleaned.rows_by_rule["not_seen"] == 3


def test_heart_rate_and_beats_are_cleaned_and_windows_join_the_signals(tmp_path: Path) -> None:
    rr_ms = 800 + 20 * np.sin(np.arange(400))
    rr_ms[100] = 1600
    table = pa.concat_tables(
        [
            signals("heart_rate", np.arange(60), [*[70.0] * 59, 240.0]),
            signals("rr_interval", np.cumsum(rr_ms) / 1000, rr_ms),
            signals("power", np.arange(60), np.arange(60)),
        ]
    )
    raw = made(kind="wearable", tables={"signals": table, "positions": track([0.0] * 20)})

    cleaned = clean(raw, SETTINGS)

    rows = cleaned.tables["signals"]
    assert (
        rows.slice(0, table.num_rows)
        .drop_columns(["quality"])
        .equals(table.drop_columns(["quality"]))
    )
    added = rows.slice(table.num_rows)
    assert added["channel"].to_pylist() == ["ln_rmssd"] * 2
    assert added["value"].is_null().to_pylist() == [False, True]
    assert cleaned.rows_by_rule["heart_rate_out_of_range"] == 1
    assert cleaned.rows_by_rule["beat_missed"] == 1
    assert {"heart_rate", "beats", "gnss", "frozen", "limits", "cleaning", "run_off_m"} == {
        name.split(".")[0] for name in cleaned.filter_settings
    }
    again = clean(cleaned, SETTINGS)
    assert all(again.tables[name].equals(cleaned.tables[name]) for name in cleaned.tables)
    assert again.rows_by_rule == cleaned.rows_by_rule
    assert again.filter_settings == cleaned.filter_settings

    drop = pack(cleaned, tmp_path, IDENTITY, NOW)
    assert verify(drop.folder) == []
    assert drop.manifest.rows_by_rule["beat_missed"] == 1
    assert drop.manifest.filter_settings["beats.alpha"] == 5.2


def test_what_no_filter_concerns_passes_as_it_is() -> None:
    events = made(kind="events")
    events = recording(kind="events", tables={"athletes": events.tables["athletes"]})
    assert clean(events, SETTINGS) is events
    power = recording(tables={"signals": signals("power", [0, 1], [1, 2])})
    assert clean(power, SETTINGS).tables["signals"].equals(power.tables["signals"])


def test_empty_tables_pass() -> None:
    empty = made(tables={"positions": track([])})
    assert clean(empty, SETTINGS).tables["positions"].num_rows == 0


def test_dead_time_is_left_out_once_and_stays_told() -> None:
    standing = track([1.0] * 900)
    dead = made(tables={"positions": standing})
    cleaned = clean(dead, SETTINGS)
    assert cleaned.tables["positions"].num_rows == 0
    assert cleaned.rows_by_rule["dead_time_left_out"] == 900
    assert clean(cleaned, SETTINGS).rows_by_rule["dead_time_left_out"] == 900


@pytest.mark.slow
def test_the_whole_match_carries_its_flags_into_its_drop(
    kloppy_files: Path, tmp_path: Path
) -> None:
    from edge_ingest.samples import broadcast_match, pack_samples

    (drop,) = pack_samples([broadcast_match()], tmp_path, NOW)

    manifest = drop.manifest
    assert manifest.rows_by_rule["implausible_speed"] > 0
    assert manifest.rows_by_rule["dead_time_left_out"] == 0
    assert manifest.rows_by_rule["unidentified"] == 9_673
    assert manifest.filter_settings["optical.swap_ratio"] == 2.0
    (file,) = [file for file in manifest.files if file.table == "positions"]
    rows = read_table(manifest, file, lambda name: (drop.folder / name).read_bytes())
    assert rows.num_rows == 522_465
    for rule, bit in (("implausible_speed", Quality.IMPLAUSIBLE_SPEED),
                      ("identity_swap", Quality.IDENTITY_SWAP)):  # fmt: skip
        flagged = pc.sum(pc.not_equal(pc.bit_wise_and(rows["quality"], int(bit)), 0)).as_py()
        assert flagged == manifest.rows_by_rule[rule]


@pytest.mark.slow
def test_a_real_ride_is_clean(sweat_samples: Path) -> None:
    from edge_ingest.readers import read_recording

    path = sweat_samples / "4801048867.fit"
    ride = read_recording("fit", {"activity": path}, Told(athlete_id="rider"))

    cleaned = clean(ride, SETTINGS)

    assert cleaned.tables["positions"].equals(ride.tables["positions"])
    assert cleaned.tables["signals"].equals(ride.tables["signals"])
    assert cleaned.filter_settings["limits.cycling.speed_mps"] == 40.0
