"""GPX and TCX on every real file at hand, against gpxpy and the FIT of the same activity."""

from datetime import UTC, datetime
from pathlib import Path

import gpxpy
import numpy as np
import pyarrow.compute as pc
import pytest

from edge_ingest.drops.arrival import verify
from edge_ingest.drops.drop import pack
from edge_ingest.errors import NothingRecordedError, SourceError
from edge_ingest.geodesy import to_local
from edge_ingest.identity import mint_session_id
from edge_ingest.readers import read_recording
from edge_ingest.readers.fit_messages import read_messages
from edge_ingest.recording import Recording, Told
from edge_ingest.records import Quality

pytestmark = pytest.mark.slow

GPX = ("4078723797_strava.gpx", "4801048867_strava.gpx", "activity_4078723797.gpx",
       "activity_4801048867.gpx", "activity_5039744860.gpx")  # fmt: skip
#: Seconds of a clock that was set back.
BACK = (*range(20), *range(5, 25))
TCX = ("3173437224.tcx", "activity_4078723797.tcx", "activity_4801048867.tcx",
       "activity_5039744860.tcx")  # fmt: skip
#: Files of one activity: FIT, and what else tells of it.
SAME = (
    ("4078723797.fit", "activity_4078723797.gpx"), ("4078723797.fit", "4078723797_strava.gpx"),
    ("4078723797.fit", "activity_4078723797.tcx"), ("4801048867.fit", "activity_4801048867.gpx"),
    ("4801048867.fit", "4801048867_strava.gpx"), ("4801048867.fit", "activity_4801048867.tcx"),
    ("2020-06-01-16-52-40.fit", "activity_5039744860.gpx"),
    ("2020-06-01-16-52-40.fit", "activity_5039744860.tcx"),
)  # fmt: skip


def _read(path: Path, **told: object) -> Recording:
    return read_recording(path.suffix[1:], {"activity": path}, Told(**told))


def _series(recording: Recording, channel: str) -> tuple[np.ndarray, np.ndarray]:
    """Instants and values of a channel."""
    signals = recording.tables["signals"]
    rows = signals.filter(pc.equal(signals["channel"], channel))
    return rows["captured_at_utc"].to_numpy(), rows["value"].to_numpy()


@pytest.mark.parametrize("name", GPX)
def test_gpx_agrees_with_gpxpy(sweat_samples: Path, name: str) -> None:
    path = sweat_samples / name
    with path.open() as handle:
        other = gpxpy.parse(handle)
    points = [p for track in other.tracks for segment in track.segments for p in segment.points]

    recording = _read(path)

    session, positions = recording.session, recording.tables["positions"]
    assert positions.num_rows == len(points)
    assert session.started_at_utc == points[0].time
    assert session.ended_at_utc == points[-1].time
    assert session.name == other.tracks[0].name
    assert session.sport == "cycling"
    times = np.array([p.time.replace(tzinfo=None) for p in points], "datetime64[us]")
    assert (positions["captured_at_utc"].to_numpy() == times).all()
    east, north, _ = to_local(
        [p.latitude for p in points], [p.longitude for p in points], points[0].latitude,
        points[0].longitude,
    )  # fmt: skip
    np.testing.assert_allclose(positions["x_m"].to_numpy(), east, atol=1e-6)
    np.testing.assert_allclose(positions["y_m"].to_numpy(), north, atol=1e-6)
    np.testing.assert_array_equal(_series(recording, "altitude")[1], [p.elevation for p in points])
    for word, channel in (("hr", "heart_rate"), ("cad", "cadence"), ("atemp", "temperature"),
                          ("power", "power")):  # fmt: skip
        told = [
            [float(e.text) for e in _leaves(p.extensions) if e.tag.rpartition("}")[2] == word]
            for p in points
        ]
        if any(told):
            expected = np.array([values[0] if values else np.nan for values in told])
            np.testing.assert_array_equal(_series(recording, channel)[1], expected)


def _leaves(extensions: list) -> list:
    return [leaf for one in extensions for leaf in one.iter()]


@pytest.mark.parametrize(("fit", "other"), SAME)
def test_two_formats_of_one_activity_agree(sweat_samples: Path, fit: str, other: str) -> None:
    """Strava rounds degrees to six digits, a tenth of a metre; all formats count whole seconds."""
    ours, theirs = _read(sweat_samples / fit), _read(sweat_samples / other)

    assert theirs.session.sport == ours.session.sport == "cycling"
    assert theirs.session.started_at_utc == ours.session.started_at_utc
    compared = 0
    for channel, within in (("heart_rate", 0), ("temperature", 0), ("power", 0), ("cadence", 1),
                            ("altitude", 0.11), ("distance", 0.01), ("speed", 0.001)):  # fmt: skip
        when, values = _series(ours, channel)
        when_too, values_too = _series(theirs, channel)
        if not len(when_too) or not len(when):
            continue
        _, here, there = np.intersect1d(when, when_too, return_indices=True)
        assert len(here) > 0.98 * len(when_too)
        both = ~np.isnan(values[here]) & ~np.isnan(values_too[there])
        assert both.mean() > 0.97
        np.testing.assert_allclose(values_too[there][both], values[here][both], atol=within)
        compared += 1
    assert compared >= 3
    mine, its = ours.tables["positions"], theirs.tables["positions"]
    _, here, there = np.intersect1d(
        mine["captured_at_utc"].to_numpy(), its["captured_at_utc"].to_numpy(), return_indices=True
    )
    assert len(here) > 0.98 * its.num_rows
    for axis in ("x_m", "y_m"):
        apart = mine[axis].to_numpy()[here] - its[axis].to_numpy()[there]
        assert np.nanmax(np.abs(apart)) < (0.12 if "strava" in other else 0.001)


@pytest.mark.parametrize(
    ("fit", "tcx"),
    [("4801048867.fit", "activity_4801048867.tcx"),
     ("2020-06-01-16-52-40.fit", "activity_5039744860.tcx")],
)  # fmt: skip
def test_laps_of_tcx_end_when_the_next_one_of_fit_starts(
    sweat_samples: Path, fit: str, tcx: str
) -> None:
    events = _read(sweat_samples / tcx).tables["events"]
    starts = [lap["start_time"] for lap in read_messages(sweat_samples / fit).by_name["lap"]]

    ends = events["captured_at_utc"].to_pylist()

    assert len(ends) == len(starts) in {5, 8}
    for end, start in zip(ends, starts[1:], strict=False):
        assert abs((end - start).total_seconds()) <= 1
    assert set(events["source_event_type"].to_pylist()) == {"lap manual"}


def test_a_polar_run_worked_from_its_own_words(sweat_samples: Path) -> None:
    """Lap totals of the file: 142.9 m + the rest; 3,507 points; the last at 11:30:16.719."""
    text = (sweat_samples / "3173437224.tcx").read_text()

    recording = _read(sweat_samples / "3173437224.tcx", athlete_id="r-7")

    assert recording.tables["positions"].num_rows == text.count("<Trackpoint>") == 3507
    assert recording.session.sport == "running"
    assert recording.session.ended_at_utc == datetime(2019, 1, 29, 11, 30, 16, 719_000, tzinfo=UTC)
    assert recording.device_id == "polar-m400"
    assert recording.tables["athletes"]["source_athlete_id"].to_pylist() == ["r-7"]
    first, second = recording.tables["events"].to_pylist()
    assert first["captured_at_utc"] == datetime(2019, 1, 29, 10, 27, 35, tzinfo=UTC)
    assert second["captured_at_utc"] == recording.session.ended_at_utc
    assert np.nanmax(_series(recording, "distance")[1]) == 4508.5
    x, y = (recording.tables["positions"][axis].to_numpy() for axis in ("x_m", "y_m"))
    assert np.hypot(np.diff(x), np.diff(y)).sum() == pytest.approx(4508.5, rel=0.15)


@pytest.mark.parametrize("name", [*GPX, *TCX])
def test_every_file_packs(sweat_samples: Path, tmp_path: Path, name: str) -> None:
    recording = _read(sweat_samples / name)
    facts = recording.session
    identity = mint_session_id(facts.started_at_utc, "Europe/Berlin", facts.sport, None, ())

    drop = pack(recording, tmp_path, identity, datetime(2024, 1, 1, tzinfo=UTC))

    assert verify(drop.folder) == []


COURSE = (
    "<TrainingCenterDatabase><Courses><Course><Track><Trackpoint><Time>2024-05-06T08:00:00Z"
    "</Time></Trackpoint></Track></Course></Courses></TrainingCenterDatabase>"
)


def _gpx(*points: str, head: str = "") -> str:
    return (
        f'<?xml version="1.0"?>{head}<gpx creator="t" version="1.1" '
        'xmlns="http://www.topografix.com/GPX/1/1" '
        'xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">'
        f"<trk><trkseg>{''.join(points)}</trkseg></trk></gpx>"
    )


def _point(second: float, latitude: object = 50.0, longitude: object = 6.0, more: str = "") -> str:
    time = f"2024-05-06T08:{int(second) // 60:02d}:{int(second) % 60:02d}Z"
    return f'<trkpt lat="{latitude}" lon="{longitude}"><time>{time}</time>{more}</trkpt>'


def _write(tmp_path: Path, text: str | bytes, suffix: str = "gpx") -> Path:
    path = tmp_path / f"track.{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_zones_may_name_hours_alone(tmp_path: Path) -> None:
    points = [_point(s).replace("Z", "+02") for s in range(3)]
    points.append(_point(3).replace("T08", "T06"))
    mixed = [*points[:3], _point(4).replace("T08", "T06").replace("Z", "")]

    for given in (points, mixed):
        recording = _read(_write(tmp_path, _gpx(*given)))
        assert recording.session.started_at_utc == datetime(2024, 5, 6, 6, tzinfo=UTC)


def test_version_two_of_the_extension_is_read_whatever_its_prefix(tmp_path: Path) -> None:
    more = (
        "<extensions><g:TrackPointExtension><g:hr>140</g:hr><g:cad>85</g:cad>"
        "<g:speed>3.5</g:speed></g:TrackPointExtension></extensions>"
    )

    recording = _read(_write(tmp_path, _gpx(_point(0, more=more), _point(1, more=more))))

    rows = {(r["channel"], r["sample_index"]): r["value"]
            for r in recording.tables["signals"].to_pylist()}  # fmt: skip
    assert rows == {
        ("heart_rate", 0): 140.0, ("heart_rate", 1): 140.0, ("cadence", 0): 85.0,
        ("cadence", 1): 85.0, ("speed", 0): 3.5, ("speed", 1): 3.5,
    }  # fmt: skip


def test_blanks_around_a_text_and_blank_texts_mean_nothing(tmp_path: Path) -> None:
    """A zone that one time lacks is UTC, and a blank number is none."""
    points = [
        _point(0, more="<ele> 80 </ele>"),
        _point(1, " 50.0 ", more="<ele> </ele>").replace("01Z", "01"),
        _point(2, more="<ele>81</ele>").replace("<time>", "<time>\n "),
    ]

    recording = _read(_write(tmp_path, _gpx(*points)))

    when, metres = _series(recording, "altitude")
    np.testing.assert_array_equal(metres, [80, np.nan, 81])
    assert (np.diff(when) == np.timedelta64(1, "s")).all()
    assert recording.tables["positions"]["x_m"].null_count == 0


def test_names_of_points_cost_them_nothing(tmp_path: Path) -> None:
    points = [_point(s, more="<ele>80</ele><name>n</name><type>t</type>") for s in range(200)]

    recording = _read(_write(tmp_path, _gpx(*points)))

    when, metres = _series(recording, "altitude")
    assert len(when) == 200
    assert (metres == 80).all()


def test_an_empty_element_of_tcx_hides_nothing_said_before_it(tmp_path: Path) -> None:
    points = "".join(
        f"<Trackpoint><Time>2024-05-06T08:{second // 60:02d}:{second % 60:02d}Z</Time>"
        f"<HeartRateBpm>\n<Value>{100 + second % 50}</Value>\n</HeartRateBpm><Cadence>80</Cadence>"
        "<Extensions><TPX><RunCadence> </RunCadence><Watts/></TPX></Extensions></Trackpoint>"
        for second in range(1500)
    )
    text = (
        '<TrainingCenterDatabase><Activities><Activity Sport="Running"><Id>a</Id>'
        f'<Lap StartTime="2024-05-06T08:00:00Z"><Track>{points}</Track></Lap>'
        "</Activity></Activities></TrainingCenterDatabase>"
    )

    recording = _read(_write(tmp_path, text, "tcx"))

    np.testing.assert_array_equal(_series(recording, "heart_rate")[1], 100 + np.arange(1500) % 50)
    assert set(_series(recording, "cadence")[1]) == {80}
    assert not len(_series(recording, "power")[1])


def test_places_that_cannot_be_true_are_null_with_the_reason(tmp_path: Path) -> None:
    points = [_point(s, 50 + s * 1e-5) for s in range(6)]
    points[1:5] = [_point(1, 0, 0), _point(2, 91), _point(3, "NaN"), _point(4, -20, 100)]

    recording = _read(_write(tmp_path, _gpx(*points)))

    rows = recording.tables["positions"].to_pylist()
    assert [row["missing_reason"] for row in rows] == [
        None, "no_signal", "out_of_range", "no_signal", "out_of_range", None,
    ]  # fmt: skip
    assert [row["quality"] for row in rows] == [0, 0, 256, 0, 256, 0]
    assert rows[2]["quality"] == Quality.OUT_OF_RANGE
    assert rows[5]["y_m"] == pytest.approx(5e-5 * 111_229, abs=0.01)
    assert recording.rows_by_rule["null_island"] == 1
    assert recording.rows_by_rule["out_of_range_place"] == 2


def test_a_first_fix_on_the_other_side_of_the_earth_does_not_become_the_origin(
    tmp_path: Path,
) -> None:
    points = [_point(0, -33.9, 151.2), *(_point(s, 50 + s * 1e-5) for s in range(1, 5))]

    session = _read(_write(tmp_path, _gpx(*points))).session

    assert session.origin_latitude_deg == pytest.approx(50.00001)


def test_points_out_of_order_are_sorted_and_counted(tmp_path: Path) -> None:
    points = [_point(s) for s in (0, 2, 1, 3, 3, 4)]

    recording = _read(_write(tmp_path, _gpx(*points)))

    assert recording.rows_by_rule["out_of_order"] == 1
    assert recording.rows_by_rule["same_instant"] == 1
    steps = np.diff(recording.tables["positions"]["captured_at_utc"].to_numpy())
    assert (steps == np.timedelta64(1, "s")).all()


def test_tracks_in_the_wrong_order_are_sorted(tmp_path: Path) -> None:
    points = [_point(s) for s in (*range(100, 110), *range(10))]

    recording = _read(_write(tmp_path, _gpx(*points)))

    assert recording.session.started_at_utc == datetime(2024, 5, 6, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "rule", "words"),
    [
        (_gpx(*(_point(s, 50 + n / 1e4) for n, s in enumerate(BACK))), "clock_backwards",
         "steps back by 14 s at sample 20"),
        (_gpx(*(_point(s, 95) for s in range(5))), "absurd_values",
         "5 of 5 places are on no globe"),
        (_gpx(), "empty", "holds no track"),
        (_gpx(_point(0))[:-30], "malformed", "no sound XML"),
        (_gpx(_point(0, "abc")), "malformed", "a latitude is no number"),
        (_gpx('<trkpt lat="1" lon="1"><time>yesterday</time></trkpt>'), "malformed",
         "a time is none"),
        (_gpx(_point(0), head='<!DOCTYPE g [<!ENTITY a "b">]>'), "entities", "document type"),
        (_gpx(_point(0)).encode().replace(b'creator="t"', b'creator="\xff\xfe"'), "malformed",
         "no sound XML"),
        ("<html><trkpt/></html>", "malformed", "is no GPX but <html>"),
    ],
)  # fmt: skip
def test_a_bad_gpx_is_refused_in_words(
    tmp_path: Path, text: str | bytes, rule: str, words: str
) -> None:
    with pytest.raises(SourceError, match=words) as refused:
        _read(_write(tmp_path, text))
    assert refused.value.rule == rule


def test_one_stamp_of_another_year_is_no_session_of_years(tmp_path: Path) -> None:
    text = _gpx(_point(0), _point(1)).replace("2024-05-06T08:00:01Z", "2031-05-06T08:00:01Z")
    with pytest.raises(SourceError, match="spans 2556 days") as refused:
        _read(_write(tmp_path, text))
    assert refused.value.rule == "absurd_values"


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (_gpx('<trkpt lat="50" lon="6"/><trkpt lat="50.1" lon="6"/>'), "gpx"),
        (COURSE, "tcx"),
    ],
)  # fmt: skip
def test_a_planned_route_is_passed_over(tmp_path: Path, text: str, suffix: str) -> None:
    with pytest.raises(NothingRecordedError, match="nothing to pack here"):
        _read(_write(tmp_path, text, suffix))


def test_the_operator_s_start_moves_points_and_laps(sweat_samples: Path) -> None:
    path = sweat_samples / "activity_5039744860.tcx"
    start = datetime(2024, 1, 1, 12, tzinfo=UTC)

    moved, plain = _read(path, started_at_utc=start), _read(path)

    assert moved.session.started_at_utc == start
    assert moved.clock.source == "operator"
    shift = start - plain.session.started_at_utc
    assert moved.clock.offset_s == shift.total_seconds()
    laps = [row["captured_at_utc"] for row in plain.tables["events"].to_pylist()]
    assert [row["captured_at_utc"] for row in moved.tables["events"].to_pylist()] == [
        when + shift for when in laps
    ]
