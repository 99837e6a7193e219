"""People followed through a match as a detector would see it: one camera, two, none calibrated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.vision_measures import followed_hota, told_of_people
from edge_ingest.camera import Camera
from resources.vision_contracts import VISION_DETECTION, VISION_POSITIONS, VISION_TRACK
from sports_assets.vision.follow.following import BALL_TRACK_ID, Followed, follow
from sports_assets.vision.follow.paths import FILLED_S
from sports_assets.vision.follow.sightings import CameraView
from tests.vision.seen_match import START_US, WIDE, Eye, People, real_match, seen, walking

pytestmark = pytest.mark.slow

FIELD_M = (105.0, 68.0)
#: Each looks at one half, and a little beyond halfway.
LEFT = Camera(1920, 1080, 1500.0, -26.0, -50.0, 14.0, 96.0, 16.0)
RIGHT = Camera(1920, 1080, 1500.0, 26.0, -50.0, 14.0, 84.0, 16.0)

Match = tuple[People, pa.Table, CameraView, pa.Table, Followed]


@pytest.fixture(scope="module")
def match() -> Match:
    people = walking(3, 40)
    detections, view, truth = seen(people, WIDE, Eye(), 1)
    return people, detections, view, truth, follow("s", detections, [view])


def test_rows_fit_their_contracts(match: Match) -> None:
    followed = match[-1]
    for contract, table in (
        (VISION_TRACK, followed.tracks),
        (VISION_POSITIONS, followed.positions),
    ):
        assert table.schema.equals(contract.schema)
        assert not contract.violations(table)
        assert table.num_rows
    assert min(followed.tracks["track_id"].to_pylist()) == BALL_TRACK_ID + 1


def test_the_same_detections_give_the_same_tables(match: Match) -> None:
    _, detections, view, _, followed = match
    again = follow("s", detections, [view])
    assert again.tracks.equals(followed.tracks)
    assert again.positions.equals(followed.positions)
    shuffled = detections.take(np.random.default_rng(0).permutation(detections.num_rows))
    other = follow("s", shuffled, [view])
    assert other.tracks.num_rows == followed.tracks.num_rows


def test_people_are_followed_and_told_apart(match: Match) -> None:
    _, _, view, truth, followed = match
    found = followed_hota(truth, followed.positions, view.frame_ids, FIELD_M, on_ground=True)
    assert found.hota >= 0.85
    told = told_of_people(truth, followed.positions, view.frame_ids, FIELD_M)
    assert told.team_purity >= 0.97
    assert told.team_abstained <= 0.05
    assert told.role_accuracy >= 0.95


def test_home_attacks_towards_larger_x(match: Match) -> None:
    told = match[-1].positions
    x_m = {
        side: pc.mean(told.filter(pc.equal(told["team_side"], side))["x_m"]).as_py()
        for side in ("home", "away")
    }
    assert x_m["home"] < x_m["away"]


def test_with_a_third_of_looks_missed_people_are_still_followed() -> None:
    people = walking(4, 30)
    detections, view, truth = seen(people, WIDE, Eye(missed=0.35), 2)
    followed = follow("s", detections, [view])
    found = followed_hota(truth, followed.positions, view.frame_ids, FIELD_M, on_ground=True)
    assert found.hota >= 0.7
    assert found.recall >= 0.8  # short gaps are filled in


def test_gaps_are_filled_if_short_and_marked_if_long() -> None:
    people = walking(5, 30)
    detections, view, _ = seen(people, WIDE, Eye(missed=0, extra=0), 3)
    frame = detections["frame_id"].to_numpy()
    blind = ((frame >= 50) & (frame < 55)) | ((frame >= 100) & (frame < 125))
    followed = follow("s", detections.filter(pa.array(~blind)), [view])
    rows = followed.positions
    at = rows["frame_id"].to_numpy()
    short, long = (
        rows.filter(pa.array((at >= 50) & (at < 55))),
        rows.filter(pa.array((at >= 100) & (at < 125))),
    )
    assert short.num_rows >= 15 * 5
    assert set(short["is_interpolated"].to_pylist()) == {True}
    assert short["x_m"].null_count == 0
    assert long.num_rows >= 15 * 25
    assert set(long["missing_reason"].to_pylist()) == {"not_seen"}
    assert long["x_m"].null_count == long["left_px"].null_count == long.num_rows
    assert pc.max(followed.tracks["longest_gap_s"]).as_py() > FILLED_S


def test_without_calibration_people_are_followed_and_no_place_is_told() -> None:
    people = walking(6, 30)
    detections, view, truth = seen(people, WIDE, Eye(), 4, is_calibrated=False)
    followed = follow("s", detections, [view])
    assert not VISION_POSITIONS.violations(followed.positions)
    assert followed.positions["x_m"].null_count == followed.positions.num_rows
    found = followed_hota(truth, followed.positions, view.frame_ids, FIELD_M)
    assert found.association >= 0.5
    told = told_of_people(truth, followed.positions, view.frame_ids, FIELD_M)
    assert told.team_purity >= 0.97


def test_tracks_go_on_across_a_cut_of_the_footage(match: Match) -> None:
    _, detections, view, _, followed = match
    frame = detections["frame_id"].to_numpy()
    begin = 100
    parts, views = [], []
    for sha, mine, first in (("a" * 64, frame < begin, 0), ("b" * 64, frame >= begin, begin)):
        part = detections.filter(pa.array(mine))
        columns = {name: part[name] for name in part.column_names}
        columns["footage_sha256"] = pa.array([sha] * part.num_rows)
        columns["frame_id"] = pa.array(frame[mine] - first, pa.int32())
        parts.append(VISION_DETECTION.conform(pa.table(columns)))
        looks = (view.frame_ids >= begin) == (first > 0)
        views.append(
            replace(
                view, footage_sha256=sha, frame_ids=view.frame_ids[looks] - first,
                times_us=view.times_us[looks],
            )
        )  # fmt: skip
    cut = follow("s", pa.concat_tables(parts), views[::-1])
    assert cut.tracks.drop_columns(["session_id"]).equals(
        followed.tracks.drop_columns(["session_id"])
    )


@pytest.mark.parametrize("shift_s", [0.0, 1.2])
def test_a_person_who_crosses_halfway_keeps_one_track(shift_s: float) -> None:
    people = walking(8, 40)
    detections, views = [], []
    for number, (name, camera) in enumerate((("left", LEFT), ("right", RIGHT))):
        rows, view, _ = seen(
            people, camera, Eye(extra=0), 5 + number, name=name, sha256="ab"[number] * 64,
            shift_s=shift_s * number,
        )  # fmt: skip
        detections.append(rows)
        views.append(replace(view, clock_uncertainty_s=2.0))
    followed = follow("s", pa.concat_tables(detections), views)
    assert followed.camera_shift_s.get("right", 0.0) == pytest.approx(-shift_s, abs=0.13)
    rows = followed.positions
    is_right = np.array(rows["footage_sha256"].to_pylist()) == "b" * 64
    track = rows["track_id"].to_numpy()
    assert len(set(track[is_right]) & set(track[~is_right])) >= 4  # those who cross, on one track
    assert followed.tracks.num_rows <= len(people.kit) + 8
    told = rows["captured_at_utc"].cast(pa.int64()).to_numpy()
    frame = rows["frame_id"].to_numpy()
    # rows keep the instants of their own footage, and tracks those of their rows
    first, last = (
        dict(zip(*(followed.tracks[name].to_pylist() for name in ("track_id", at)), strict=True))
        for at in ("first_seen_at_utc", "last_seen_at_utc")
    )
    for number in followed.tracks["track_id"].to_pylist():
        mine = rows.filter(pa.array(track == number))["captured_at_utc"]
        assert (first[number], last[number]) == (pc.min(mine).as_py(), pc.max(mine).as_py())
    assert np.array_equal(told[is_right], views[1].times_us[frame[is_right]])


def test_nothing_seen_is_no_track() -> None:
    view = CameraView("a" * 64, "main", np.arange(5), START_US + np.arange(5) * 200_000, 1920, 1080)
    followed = follow("s", VISION_DETECTION.empty(), [view])
    assert followed.tracks.num_rows == followed.positions.num_rows == 0
    assert follow("s", VISION_DETECTION.empty(), []).tracks.num_rows == 0


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("missed", "hz", "least"), [(0.05, 5.0, 0.85), (0.35, 5.0, 0.8), (0.35, 25.0, 0.85)]
)
def test_real_movement(real_data: Path, missed: float, hz: float, least: float) -> None:
    people = real_match(real_data, 0, 60, hz)
    detections, view, truth = seen(people, WIDE, Eye(missed=missed))
    followed = follow("s", detections, [view])
    found = followed_hota(truth, followed.positions, view.frame_ids, FIELD_M, on_ground=True)
    assert found.hota >= least
    told = told_of_people(truth, followed.positions, view.frame_ids, FIELD_M)
    assert told.team_purity >= 0.97
