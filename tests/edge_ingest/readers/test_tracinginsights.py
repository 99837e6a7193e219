"""Formula 1 telemetry on the real session, against its own lap times, distances and speeds."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from edge_ingest.drops.arrival import verify
from edge_ingest.drops.drop import pack
from edge_ingest.errors import SourceError
from edge_ingest.identity import mint_session_id
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording, Told
from edge_ingest.records import Quality

START = datetime(2026, 2, 20, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "motorsport" / "VER"


@pytest.fixture(scope="module")
def session(folder: Path) -> Recording:
    return _read(folder)


def _read(folder: Path, **told: object) -> Recording:
    return read_recording(
        "tracinginsights", {"laptimes": folder / "laptimes.json"},
        Told(**({"started_at_utc": START} | told)),
    )  # fmt: skip


def _laptimes(folder: Path) -> dict[int, float | str]:
    told = json.loads((folder / "laptimes.json").read_text())
    return dict(zip(told["lap"], told["time"], strict=True))


def _telemetry(folder: Path, lap: int) -> dict[str, np.ndarray]:
    told = json.loads((folder / f"{lap}_tel.json").read_text())["tel"]
    return {name: np.array(values) for name, values in told.items() if isinstance(values, list)}


def _between(recording: Recording, table: str, since_s: float, until_s: float) -> dict:
    rows = recording.tables[table]
    since = pc.greater_equal(rows["captured_at_utc"], START + timedelta(seconds=since_s))
    until = pc.less(rows["captured_at_utc"], START + timedelta(seconds=until_s))
    return rows.filter(pc.and_(since, until))


@pytest.mark.realdata
def test_lap_events_are_a_lap_time_apart(folder: Path, session: Recording) -> None:
    times = _laptimes(folder)
    events = {int(e["source_event_id"][4:]): e for e in session.tables["events"].to_pylist()}

    assert set(events) == {lap for lap, time in times.items() if time != "None"}
    for lap, event in events.items():
        assert f", {times[lap]:.3f} s" in event["source_event_type"]
        if lap - 1 in events:
            step = event["captured_at_utc"] - events[lap - 1]["captured_at_utc"]
            assert step.total_seconds() == pytest.approx(times[lap], abs=2e-6)
    assert events[10]["source_event_type"] == "lap 10, 95.425 s, SOFT, stint 3, tyre lap 3"
    # Laps 4, 5, 8, 9 and 21 have no lap time, and their telemetry tells how long they were.
    start = sum(_telemetry(folder, n)["time"][-1] if times[n] == "None" else times[n]
                for n in range(1, 26))  # fmt: skip
    since = events[26]["captured_at_utc"] - START
    assert since.total_seconds() == pytest.approx(start + 98.298, abs=1e-5)


@pytest.mark.realdata
def test_laps_follow_each_other_without_a_break(folder: Path) -> None:
    """What the layout in time rests on: the car leaves a lap where and as fast as it enters it."""
    for lap in range(4, 26):
        before, after = _telemetry(folder, lap), _telemetry(folder, lap + 1)
        apart = np.hypot(before["x"][-1] - after["x"][0], before["y"][-1] - after["y"][0]) / 10
        assert apart < 5
        assert abs(before["speed"][-1] - after["speed"][0]) < 5


@pytest.mark.realdata
def test_places_are_tenths_of_a_metre(folder: Path, session: Recording) -> None:
    """The way along the places is the speed added up over time and the source's own distance."""
    starts = {13: 0.0}
    times = _laptimes(folder)
    lengths = [_telemetry(folder, n)["time"][-1] if times[n] == "None" else times[n]
               for n in range(1, 20)]  # fmt: skip
    for lap in (13, 14, 15, 16):
        starts[lap] = sum(lengths[: lap - 1])
        rows = _between(session, "positions", starts[lap] - 1e-6, starts[lap] + lengths[lap - 1])
        way = np.hypot(*(np.diff(rows[axis].to_numpy()) for axis in ("x_m", "y_m"))).sum()
        telemetry = _telemetry(folder, lap)
        distance = np.ptp(telemetry["distance"])
        # A lap begins and ends between two places.
        ends = rows["period_time_s"].to_numpy()[[0, -1]] - starts[lap]
        between = np.diff(np.interp(ends, telemetry["time"], telemetry["distance"]))[0]
        assert way == pytest.approx(between, rel=0.01)
        signals = _between(session, "signals", starts[lap] - 1e-6, starts[lap] + lengths[lap - 1])
        speed = signals.filter(pc.equal(signals["channel"], "speed"))
        seconds = np.diff(speed["captured_at_utc"].to_numpy()) / np.timedelta64(1, "s")
        values = speed["value"].to_numpy()
        added = (seconds * (values[1:] + values[:-1]) / 2).sum()
        assert added == pytest.approx(distance, rel=0.01)
        along = signals.filter(pc.equal(signals["channel"], "longitudinal_acceleration"))
        slope = np.gradient(values, np.concatenate([[0], np.cumsum(seconds)]))
        assert np.corrcoef(slope, along["value"].to_numpy())[0, 1] > 0.95


@pytest.mark.realdata
def test_what_the_source_filled_in_is_flagged(folder: Path, session: Recording) -> None:
    signals, positions = session.tables["signals"], session.tables["positions"]
    engine = signals.filter(pc.equal(signals["channel"], "engine_speed"))
    estimated = (engine["quality"].to_numpy() & Quality.ESTIMATED) > 0
    values = engine["value"].to_numpy()

    assert (values[~estimated] == np.rint(values[~estimated])).all()
    assert estimated.sum() == session.rows_by_rule["estimated"] == 9623
    along = signals.filter(pc.equal(signals["channel"], "longitudinal_acceleration"))
    assert ((along["quality"].to_numpy() & Quality.ESTIMATED) > 0).all()
    # On the move, car and place are measured at instants of their own.
    speed = signals.filter(pc.equal(signals["channel"], "speed"))["value"].to_numpy()
    there = np.ones(speed.size, bool)
    there[positions["frame_id"].to_numpy()] = False
    moving = speed > 20
    assert (estimated ^ there)[moving].mean() > 0.9
    assert there.sum() == session.rows_by_rule["filled_in_places_left_out"]
    assert not (positions["quality"].to_numpy() & Quality.ESTIMATED).any()
    # 104 % throttle is the feed's word for "no signal".
    throttle = signals.filter(pc.equal(signals["channel"], "throttle"))
    assert throttle["value"].null_count == 15_102
    assert np.nanmax(throttle["value"].to_numpy()) == 100


@pytest.mark.realdata
def test_the_session_packs(folder: Path, session: Recording, tmp_path: Path) -> None:
    facts = session.session
    identity = mint_session_id(facts.started_at_utc, "Asia/Bahrain", facts.sport, "Sakhir", ())

    drop = pack(session, tmp_path, identity, datetime(2026, 3, 1, tzinfo=UTC))

    assert verify(drop.folder) == []
    assert facts.name == "2026-PreSeasonTesting-Practice 3"
    assert session.tables["athletes"]["source_athlete_id"].to_pylist() == ["VER"]
    steps = np.diff(session.tables["positions"]["captured_at_utc"].to_numpy())
    assert (steps > np.timedelta64(0)).all()
    driven = sum(len(_telemetry(folder, n)["time"]) for n in [2, *range(4, 27)])
    left_out = (
        session.rows_by_rule["same_instant"] + session.rows_by_rule["filled_in_places_left_out"]
    )
    assert session.tables["positions"].num_rows + left_out == driven


@pytest.mark.realdata
def test_what_stands_behind_a_lap_of_unknown_length_is_flagged(session: Recording) -> None:
    # Lap 36 has neither a lap time nor telemetry.
    flagged = {
        int(event["source_event_id"][4:])
        for event in session.tables["events"].to_pylist()
        if event["quality"] & Quality.MISPLACED_CLOCK
    }

    assert flagged == set(range(37, 56)) - {46}
    assert session.clock.uncertainty_s is None
    assert session.rows_by_rule["laps_behind_one_of_unknown_length"] == 19


COLUMNS = ("rpm", "speed", "gear", "throttle", "brake", "acc_x", "acc_y", "x", "y")


def _made(
    tmp_path: Path, laps: dict[int, list[float]], times: list[object], **more: object
) -> Path:
    """A session made by hand: times of samples by lap, and lap times."""
    listed = {"time": times, "lap": list(range(1, len(times) + 1))} | more
    (tmp_path / "laptimes.json").write_text(json.dumps(listed))
    for lap, seconds in laps.items():
        columns: dict[str, object] = dict.fromkeys(COLUMNS, [0.0] * len(seconds))
        columns |= {"time": seconds, "dataKey": f"2026-Test-Practice 1-HAM-{lap}"}
        (tmp_path / f"{lap}_tel.json").write_text(json.dumps({"tel": columns}))
    return tmp_path


def test_a_layout_worked_by_hand(tmp_path: Path) -> None:
    # Lap 1: 90 s by its time. Lap 2: no time, 100 s by its telemetry. Lap 3: neither. Lap 4: 80 s.
    folder = _made(tmp_path, {1: [0, 89], 2: [0, 100], 4: [1, 79]}, [90.0, "None", "None", 80.0])

    recording = _read(folder)

    positions = recording.tables["positions"]
    assert positions["period_time_s"].to_pylist() == [0, 89, 90, 190, 191, 269]
    assert [bool(q & Quality.MISPLACED_CLOCK) for q in positions["quality"].to_pylist()] == [
        False, False, False, False, True, True,
    ]  # fmt: skip
    events = recording.tables["events"].to_pylist()
    assert [(e["source_event_id"], e["period_time_s"]) for e in events] == [
        ("lap-1", 90.0), ("lap-4", 270.0),
    ]  # fmt: skip
    assert recording.session.ended_at_utc == START + timedelta(seconds=270)


@pytest.mark.realdata
def test_a_damaged_lap_costs_the_session_and_says_which(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "VER"
    shutil.copytree(folder, copy)
    for path in copy.iterdir():
        path.chmod(0o644)
    text = (copy / "10_tel.json").read_text()
    (copy / "10_tel.json").write_text(text[: len(text) // 2])

    with pytest.raises(SourceError, match=r"10_tel\.json is no sound JSON"):
        _read(copy)


def test_a_folder_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    def refuse(name: str, words: str, rule: str, laps: dict, times: list, **more: object) -> None:
        (tmp_path / name).mkdir()
        with pytest.raises(SourceError, match=words) as refused:
            _read(_made(tmp_path / name, laps, times, **more))
        assert refused.value.rule == rule

    refuse("a", "no telemetry beside", "incomplete", {}, [90.0])
    refuse("b", "lists no lap", "empty", {1: [0]}, [])
    refuse("c", "steps back by 8.0 s", "clock_backwards", {1: [0, 9, 1]}, [90.0])
    refuse("d", "needs `lap` and `time`", "malformed", {1: [0]}, [90.0], lap=[1, 2])
    refuse("e", "lists a lap twice", "duplicate_athlete", {1: [0]}, [90.0, 91.0], lap=[1, 1])
    refuse("f", "cannot be true", "absurd_values", {1: [0]}, [-3.0])
    refuse("g", "holds no sample", "empty", {1: []}, [90.0])
    refuse("h", "lie between 0 and", "absurd_values", {1: [0, 1e9]}, [90.0])


def test_a_link_among_the_laps_is_refused(tmp_path: Path) -> None:
    folder = _made(tmp_path, {1: [0, 1]}, [90.0])
    (folder / "2_tel.json").symlink_to(folder / "1_tel.json")

    with pytest.raises(SourceError, match="is a link") as refused:
        _read(folder)

    assert refused.value.rule == "symlink"


def test_two_drivers_in_one_folder_are_refused(tmp_path: Path) -> None:
    folder = _made(tmp_path, {1: [0, 1], 2: [0, 1]}, [90.0, 91.0])
    path = folder / "2_tel.json"
    path.write_text(path.read_text().replace("-HAM-", "-VER-"))

    with pytest.raises(SourceError, match="holds laps of HAM, VER") as refused:
        _read(folder)

    assert refused.value.rule == "duplicate_athlete"


def test_the_start_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="give the start of the first lap") as refused:
        _read(_made(tmp_path, {1: [0, 1]}, [90.0]), started_at_utc=None)
    assert refused.value.rule == "incomplete"
