"""Catapult and STATSports CSV: real recordings of four players, and what may be wrong with one.

No real STATSports file is at hand: theirs is the real Catapult recording in STATSports' layout.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from edge_ingest.drops.arrival import read_table, verify
from edge_ingest.drops.drop import pack
from edge_ingest.errors import SourceError
from edge_ingest.identity import mint_session_id
from edge_ingest.pitch_corners import Pitch, read_pitch
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording, Told
from edge_ingest.records import Quality

PLAYERS = ("U18_ID1", "U18_ID2", "U18_ID3", "U18_ID4")
START = datetime(2021, 11, 19, 17, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def football(real_data: Path) -> Path:
    return real_data / "gnss_football"


def _catapult(path: Path, pitch: Path | None = None, **told: object) -> Recording:
    parts = {"positions": path} | ({"pitch": pitch} if pitch else {})
    return read_recording("catapult", parts, Told(**told))


def _statsports(path: Path, pitch: Path | None = None, **told: object) -> Recording:
    parts = {"positions": path} | ({"pitch": pitch} if pitch else {})
    return read_recording("statsports", parts, Told(**told))


def _raw(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, longitude and latitude by numpy's own reader."""
    return tuple(np.loadtxt(path, delimiter=",", skiprows=1).T)


@pytest.mark.realdata
@pytest.mark.parametrize("player", PLAYERS)
def test_a_place_leads_from_the_export_through_the_drop_back_within_a_decimetre(
    football: Path, tmp_path: Path, player: str
) -> None:
    path, corners = football / f"{player}.csv", football / "Dataset_B_Pitch.csv"
    recording = _catapult(path, corners, clock_timezone="Europe/Lisbon")
    facts = recording.session
    identity = mint_session_id(facts.started_at_utc, "Europe/Lisbon", "football", None, ())
    drop = pack(recording, tmp_path, identity, datetime(2024, 1, 1, tzinfo=UTC))
    assert verify(drop.folder) == []

    (file,) = (one for one in drop.manifest.files if one.table == "positions")
    rows = read_table(drop.manifest, file, lambda name: (drop.folder / name).read_bytes())
    positions = rows.sort_by("frame_id")

    told = drop.manifest.filter_settings
    pitch = Pitch(
        told["pitch_latitude_deg"], told["pitch_longitude_deg"], told["pitch_heading_deg"],
        facts.field_length_m, facts.field_width_m, 0,
    )  # fmt: skip
    latitude, longitude = pitch.to_degrees(positions["x_m"].to_numpy(), positions["y_m"].to_numpy())
    _, longitude_told, latitude_told = _raw(path)
    north = (latitude - latitude_told) * 111_000
    east = (longitude - longitude_told) * 111_000 * np.cos(np.radians(41.7))
    assert np.hypot(north, east).max() < 0.01  # half a step of 5 mm each way; the limit is 0.10


@pytest.mark.realdata
@pytest.mark.parametrize("player", PLAYERS)
def test_instants_are_the_spreadsheet_s_own(football: Path, player: str) -> None:
    recording = _catapult(football / f"{player}.csv", clock_timezone="Europe/Lisbon")

    instants = recording.tables["positions"]["captured_at_utc"].to_pylist()

    days, *_ = _raw(football / f"{player}.csv")
    # Lisbon keeps UTC in November. Day 44519 is 19 November 2021.
    expected = [datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=day) for day in days[::500]]
    apart = [abs((a - b).total_seconds()) for a, b in zip(instants[::500], expected, strict=True)]
    assert max(apart) < 0.001
    assert all(when.microsecond % 100_000 == 0 for when in instants)
    assert recording.session.sampling_rate_hz == 10
    assert recording.clock.source == "gnss"


@pytest.mark.realdata
def test_quirks_of_the_real_export_are_kept(football: Path) -> None:
    """Every eighth stamp or so is missing, places stand still in steps, one leaps: all stay."""
    recording = _catapult(football / "U18_ID3.csv", clock_timezone="Europe/Lisbon")

    positions = recording.tables["positions"]
    steps = np.diff(positions["captured_at_utc"].to_numpy()) / np.timedelta64(100, "ms")
    counts = dict(zip(*(a.tolist() for a in np.unique(steps, return_counts=True)), strict=True))
    assert counts == {1.0: 27_735, 2.0: 5632, 3.0: 222, 4.0: 1, 5.0: 2}
    x, y = positions["x_m"].to_numpy(), positions["y_m"].to_numpy()
    moved = np.hypot(np.diff(x), np.diff(y))
    assert (moved < 1e-6).sum() == 18_862
    assert (moved / (steps / 10)).max() == pytest.approx(28.7, abs=0.1)
    assert positions["x_m"].null_count == 0


@pytest.mark.realdata
def test_players_of_one_session_share_the_pitch_and_their_places(football: Path) -> None:
    corners = football / "Dataset_B_Pitch.csv"
    pitch = read_pitch(corners)
    read = [_catapult(football / f"{name}.csv", corners, clock_timezone="Europe/Lisbon")
            for name in PLAYERS]  # fmt: skip

    assert len({one.device_id for one in read}) == 4
    assert [one.tables["athletes"]["source_athlete_id"].to_pylist() for one in read] == [
        [name] for name in PLAYERS
    ]
    for one in read:
        assert one.session.field_length_m == pytest.approx(pitch.length_m)
        assert one.session.origin_latitude_deg is None
        x, y = (one.tables["positions"][axis].to_numpy() for axis in ("x_m", "y_m"))
        inside = (np.abs(x) < pitch.length_m / 2 + 5) & (np.abs(y) < pitch.width_m / 2 + 5)
        assert inside.mean() > 0.999


@pytest.mark.realdata
def test_without_a_pitch_the_first_fix_is_the_origin(football: Path) -> None:
    path, corners = football / "U18_ID1.csv", football / "Dataset_B_Pitch.csv"
    plain = _catapult(path, clock_timezone="Europe/Lisbon")
    placed = _catapult(path, corners, clock_timezone="Europe/Lisbon")

    days, longitude, latitude = _raw(path)
    assert plain.session.origin_latitude_deg == latitude[0]
    assert plain.session.origin_longitude_deg == longitude[0]
    lengths = [
        np.hypot(*(np.diff(one.tables["positions"][axis].to_numpy()) for axis in ("x_m", "y_m")))
        for one in (plain, placed)
    ]
    np.testing.assert_allclose(lengths[0], lengths[1], atol=1e-6)  # a turn changes no distance
    assert len(days) == len(lengths[0]) + 1


@pytest.mark.realdata
def test_the_clock_s_zone_or_the_start_is_needed(football: Path) -> None:
    path = football / "U18_ID1.csv"
    with pytest.raises(SourceError, match="give the clock's time zone") as refused:
        _catapult(path)
    assert refused.value.rule == "incomplete"
    with pytest.raises(SourceError, match="'Atlantis/Home' is no time zone"):
        _catapult(path, clock_timezone="Atlantis/Home")

    berlin = _catapult(path, clock_timezone="Europe/Berlin")
    started = _catapult(path, started_at_utc=START)

    assert berlin.session.started_at_utc == datetime(2021, 11, 19, 16, 10, 32, 600_000, tzinfo=UTC)
    assert berlin.clock.offset_s == -3600
    assert started.session.started_at_utc == START
    assert started.clock.source == "operator"
    assert started.session.ended_at_utc - START == timedelta(seconds=4005.4)


def _write(tmp_path: Path, text: str | bytes, name: str = "p7.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _lines(*rows: str, head: str = "Timestamp, Longitude, Latitude") -> str:
    return "\n".join([head, *rows]) + "\n"


DAY = 44_519.5  # noon


def _rows(seconds: list[float], more: str = "") -> list[str]:
    return [f"{DAY + s / 86_400:.9f},7.0,{50 + n * 1e-6:.7f}{more}" for n, s in enumerate(seconds)]


def test_quality_of_the_fix_becomes_channels(tmp_path: Path) -> None:
    head = (
        "# OpenField Export : whatever\n# Athlete: x\n\n"
        "Timestamp;Longitude;Latitude;Velocity;Heart Rate;HDOP;#Sats"
    )
    rows = [row.replace(",", ";") for row in _rows([0, 0.1, 0.2], ",1.5,150,0.8,12")]

    recording = _catapult(_write(tmp_path, _lines(*rows, head=head)), clock_timezone="UTC")

    signals = recording.tables["signals"]
    values = {channel: signals.filter(pc.equal(signals["channel"], channel))["value"].to_pylist()
              for channel in ("hdop", "satellites", "heart_rate")}  # fmt: skip
    assert values == {"hdop": [0.8] * 3, "satellites": [12.0] * 3, "heart_rate": [150.0] * 3}
    assert set(signals["channel"].to_pylist()) == set(values)
    frames = recording.tables["positions"]["frame_id"].to_pylist()
    assert signals["sample_index"].to_pylist() == frames * 3


def test_rows_without_a_place_or_a_time(tmp_path: Path) -> None:
    rows = _rows([0, 0.1, 0.2, 0.3])
    rows[1] = rows[1].rpartition(",")[0] + ","
    rows[2] = "," + rows[2].partition(",")[2]

    recording = _catapult(_write(tmp_path, _lines(*rows)), clock_timezone="UTC")

    positions = recording.tables["positions"].to_pylist()
    assert [row["missing_reason"] for row in positions] == [None, "no_signal", None]
    assert recording.rows_by_rule["without_time"] == 1


def test_iso_times_with_their_zone_need_no_other(tmp_path: Path) -> None:
    rows = [f"2021-11-19 17:10:{s:04.1f}+01:00,7,50" for s in (0, 0.1)]

    session = _catapult(_write(tmp_path, _lines(*rows))).session

    assert session.started_at_utc == datetime(2021, 11, 19, 16, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "rule", "words"),
    [
        (_lines(), "empty", "no row"),
        ("", "empty", "is empty"),
        ("hello\nworld\n", "unknown_format", "no heading with the columns"),
        (_lines("1,2", head="Timestamp,Latitude"), "malformed", "no column for longitude"),
        (_lines(*_rows([0, 1]), "44519.50002,7.0"), "malformed", "damaged or cut short"),
        (_lines(*_rows([0]), "44519.6,seven,50"), "malformed",
         "row 2 of 'Longitude' holds no number"),
        (_lines("19/11/2021 17:10:32.6,7,50"), "malformed", "mean two days"),
        (_lines("12.5,7,50"), "absurd_values", "no spreadsheet days of this century"),
        (_lines("NaN,7,50"), "empty", "no row with a time"),
        (_lines(*_rows([*range(100), *range(40, 140)])), "clock_backwards", "steps back by 59 s"),
        (_lines(*(f"{DAY + s / 86_400:.9f},200,50" for s in range(4))), "absurd_values", "4 of 4"),
        (_lines(*_rows([0])).encode("utf-16"), "malformed", "no UTF-8"),
        (_lines(*_rows([0]), head="Timestamp,Longitude,Latitude,Größe").encode("latin-1"),
         "malformed", "no UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_export_is_refused_in_words(
    tmp_path: Path, text: str | bytes, rule: str, words: str
) -> None:
    with pytest.raises(SourceError, match=words) as refused:
        _catapult(_write(tmp_path, text), clock_timezone="UTC")
    assert refused.value.rule == rule


STATSPORTS = (
    "Player Id,Player Display Name,Time,Lat,Lon,Speed (km/h),Heart Rate (bpm),Hacc,Hdop,"
    "Signal Quality,No. of Satellites"
)


def _as_statsports(football: Path, tmp_path: Path, count: int = 2000) -> Path:
    """The beginnings of two real recordings in one file of STATSports' layout."""
    rows = []
    for player in PLAYERS[:2]:
        days, longitude, latitude = (column[:count] for column in _raw(football / f"{player}.csv"))
        for index in range(count):
            when = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=days[index])
            stamp = (when + timedelta(milliseconds=0.5)).isoformat(sep=" ")[:23]
            rows.append(
                f"{player[-1]},{player},{stamp},{latitude[index]},{longitude[index]},"
                f"{7.2 + index % 3},{120 + index % 50},0.5,0.7,200,11"
            )
    return _write(tmp_path, "\n".join([STATSPORTS, *rows]) + "\n", "raw.csv")


@pytest.mark.realdata
def test_several_players_of_one_file_are_athletes_of_one_stream(
    football: Path, tmp_path: Path
) -> None:
    corners = football / "Dataset_B_Pitch.csv"
    path = _as_statsports(football, tmp_path)

    recording = _statsports(path, corners, clock_timezone="Europe/Lisbon")

    athletes = recording.tables["athletes"].to_pylist()
    assert [(a["source_athlete_id"], a["display_name"]) for a in athletes] == [
        ("1", "U18_ID1"), ("2", "U18_ID2"),
    ]  # fmt: skip
    for number, player in (("1", "U18_ID1"), ("2", "U18_ID2")):
        alone = _catapult(football / f"{player}.csv", corners, clock_timezone="Europe/Lisbon")
        positions = recording.tables["positions"]
        mine = positions.filter(pc.equal(positions["source_athlete_id"], number))
        for column in ("captured_at_utc", "x_m", "y_m", "frame_id"):
            assert mine[column].equals(alone.tables["positions"][column][:2000])
    signals = recording.tables["signals"]
    speed = signals.filter(pc.equal(signals["channel"], "speed"))["value"].to_numpy()
    assert speed[:3] == pytest.approx([2.0, 8.2 / 3.6, 9.2 / 3.6])
    assert set(signals["channel"].to_pylist()) == {"speed", "heart_rate", "hdop", "satellites"}
    identity = mint_session_id(recording.session.started_at_utc, "UTC", "football", None, ())
    drop = pack(recording, tmp_path / "landing", identity, datetime(2024, 1, 1, tzinfo=UTC))
    assert verify(drop.folder) == []


def _stats(*rows: str, head: str = "player_name,time,lat,lon,speed") -> str:
    return "\n".join([head, *rows]) + "\n"


def test_times_of_day_take_the_day_of_the_file_s_name_and_pass_midnight(tmp_path: Path) -> None:
    rows = [f"ann,{time},50,7,3.6" for time in ("23:59:59.9", "00:00:00.0", "00:00:00.1")]

    path = _write(tmp_path, _stats(*rows), "2020-06-01-TeamA.csv")

    recording = _statsports(path, clock_timezone="Europe/Oslo")
    assert recording.session.started_at_utc == datetime(2020, 6, 1, 21, 59, 59, 900_000, tzinfo=UTC)
    assert recording.session.ended_at_utc == datetime(2020, 6, 1, 22, 0, 0, 100_000, tzinfo=UTC)
    assert recording.tables["signals"]["value"].to_pylist() == [1.0, 1.0, 1.0]
    with pytest.raises(SourceError, match="not which day"):
        _statsports(_write(tmp_path, _stats(*rows), "raw.csv"), clock_timezone="Europe/Oslo")
    told = _statsports(_write(tmp_path, _stats(*rows), "raw.csv"), started_at_utc=START)
    assert told.session.started_at_utc == START


def test_every_player_of_a_file_passes_the_same_midnight(tmp_path: Path) -> None:
    times = ("23:59:59.9", "00:00:00.0")
    rows = [f"{who},{time},50,7,3.6" for who in ("ann", "bea") for time in times]

    path = _write(tmp_path, _stats(*rows), "2020-06-01-TeamA.csv")
    session = _statsports(path, clock_timezone="UTC").session

    assert session.ended_at_utc - session.started_at_utc == timedelta(seconds=0.1)


def test_a_told_start_gives_times_of_day_their_day(tmp_path: Path) -> None:
    rows = [f"17:10:{s:04.1f},7,50" for s in (0, 0.1)]

    with pytest.raises(SourceError, match="give the start"):
        _catapult(_write(tmp_path, _lines(*rows)), clock_timezone="UTC")
    session = _catapult(_write(tmp_path, _lines(*rows)), started_at_utc=START).session
    assert session.started_at_utc == START


def test_metres_per_second_are_taken_at_their_word(tmp_path: Path) -> None:
    head = "Player Display Name,Time,Lat,Lon,Speed (m/s)"
    path = _write(tmp_path, _stats("ann,2020-06-01 10:00:00,50,7,3.6", head=head))

    assert _statsports(path, clock_timezone="UTC").tables["signals"]["value"].to_pylist() == [3.6]


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("Player Id,Player Display Name,Time,Lat,Lon",
         ["1,ann,2020-06-01 10:00:00,50,7", "1,bea,2020-06-01 10:00:00,50,7"]),
        ("Player Display Name,Time,Lat,Lon",
         [f"ann,2020-06-01 10:00:{s:02d},{50 + n / 1e3},7" for s in range(20) for n in (0, 1)]),
    ],
)  # fmt: skip
def test_two_players_of_one_id_are_refused(tmp_path: Path, head: str, rows: list[str]) -> None:
    with pytest.raises(SourceError, match="two players bear one") as refused:
        _statsports(_write(tmp_path, _stats(*rows, head=head)), clock_timezone="UTC")
    assert refused.value.rule == "duplicate_athlete"
    assert "ann" not in str(refused.value)


def test_absurd_channels_are_null_and_flagged(tmp_path: Path) -> None:
    head = "player_name,time,lat,lon,heart_rate,hdop"
    rows = ["ann,2020-06-01 10:00:00,50,7,0,0.9", "ann,2020-06-01 10:00:01,50,7,400,inf"]

    recording = _statsports(_write(tmp_path, _stats(*rows, head=head)), clock_timezone="UTC")

    rows_found = [
        (r["channel"], r["value"], r["missing_reason"], r["quality"])
        for r in recording.tables["signals"].to_pylist()
    ]
    assert rows_found == [
        ("heart_rate", None, "no_signal", 0),
        ("heart_rate", None, "out_of_range", Quality.OUT_OF_RANGE),
        ("hdop", 0.9, None, 0),
        ("hdop", None, "out_of_range", Quality.OUT_OF_RANGE),
    ]
