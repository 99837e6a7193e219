"""Scenes: the truth is what the pixels show, and a seed is a scene."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from edge_ingest.camera import Camera
from edge_ingest.errors import SettingsError
from edge_ingest.simulate.footage import (
    SCHEMA,
    Scene,
    SceneFiles,
    court_parameters,
    draw_black,
    draw_match,
    on_court,
    pair_parameters,
    write_scene,
)
from edge_ingest.video import probe
from tests.edge_ingest.simulate.small_match import SECONDS, parameters, tracking

pytestmark = pytest.mark.slow

#: A pixel that differs so much from the empty scene shows somebody: shadows differ by less.
CLEAR = 55


class Drawn:
    """Frames of a scene, the same without anybody, and the truth."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.frames = list(scene.frames())
        self.empty = [scene.view.empty(frame) for frame in range(len(self.frames))]
        self.truth = scene.rows.table().to_pylist()

    def of(self, frame: int, **wanted: object) -> list[dict]:
        return [
            row for row in self.truth
            if row["frame_id"] == frame
            and all(row[name] == value for name, value in wanted.items())
        ]  # fmt: skip

    def changed(self, frame: int) -> np.ndarray:
        apart = np.abs(self.frames[frame].astype(int) - self.empty[frame].astype(int))
        return apart.max(axis=2) > CLEAR


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return Drawn(Scene(tracking(), parameters(), SECONDS, looks=1))


def box_of(row: dict) -> np.ndarray:
    return np.array([row["left_px"], row["top_px"], row["right_px"], row["bottom_px"]])


def test_whatever_differs_from_the_empty_scene_is_in_a_box_of_the_truth(drawn: Drawn) -> None:
    for frame in (0, 12, 29):
        inside = np.zeros(drawn.frames[frame].shape[:2], bool)
        for row in drawn.of(frame):
            if row["left_px"] is not None:
                left, top, right, bottom = box_of(row)
                columns = slice(max(0, round(left) - 1), round(right) + 2)
                inside[max(0, round(top) - 1) : round(bottom) + 2, columns] = True
        changed = drawn.changed(frame)
        assert changed.sum() > 500
        assert not (changed & ~inside).any()


def test_a_box_reaches_no_further_than_its_figure(drawn: Drawn) -> None:
    changed = drawn.changed(5)
    looked_at = 0
    for row in drawn.of(5, object_kind="athlete"):
        left, top, right, bottom = box_of(row)
        others = [
            box_of(one) for one in drawn.of(5) if one is not row and one["left_px"] is not None
        ]
        alone = all(
            right + 3 < o[0] or o[2] + 3 < left or bottom + 3 < o[1] or o[3] + 3 < top
            for o in others
        )
        if not alone or row["visible_share"] < 0.99:
            continue
        cut = changed[
            max(0, int(top) - 2) : int(bottom) + 3, max(0, int(left) - 2) : int(right) + 3
        ]
        rows, columns = np.flatnonzero(cut.any(axis=1)), np.flatnonzero(cut.any(axis=0))
        # Boots and hair may be of the grass' tone: some pixels at each end are not clear.
        assert np.ptp(rows) + 1 >= 0.75 * (bottom - top)
        assert np.ptp(columns) + 1 >= 0.5 * (right - left)
        looked_at += 1
    assert looked_at >= 5


def test_the_ball_is_bright_where_the_truth_says(drawn: Drawn) -> None:
    for frame in (0, 10, 20, 29):
        (ball,) = drawn.of(frame, object_kind="ball")
        assert ball["visible_share"] > 0.95
        left, top, right, bottom = box_of(ball)
        x, y = (left + right) / 2, (top + bottom) / 2
        place = [[ball["x_m"], ball["y_m"], ball["z_m"]]]
        seen = drawn.scene.view.camera(frame).project(place)[0]
        assert np.hypot(*(seen - [x, y])) < 1.0
        cut = np.s_[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2]
        brighter = drawn.frames[frame][cut].mean() - drawn.empty[frame][cut].mean()
        assert brighter > 30


def test_feet_stand_where_the_truth_says(drawn: Drawn) -> None:
    apart = []
    for row in drawn.truth:
        if row["object_kind"] != "athlete" or row["left_px"] is None or row["bottom_px"] > 538:
            continue
        camera = drawn.scene.view.camera(row["frame_id"])
        foot = camera.project([[row["x_m"], row["y_m"]]])[0]
        left, top, right, bottom = box_of(row)
        assert left - 2 < foot[0] < right + 2
        apart.append((bottom - foot[1]) / (bottom - top))
    assert len(apart) > 200
    assert np.abs(np.median(apart)) < 0.08
    assert np.abs(apart).max() < 0.25  # a stride, seen from above


def test_heights_in_the_picture_are_those_of_people(drawn: Drawn) -> None:
    for row in drawn.of(0, object_kind="athlete"):
        camera = drawn.scene.view.camera(0)
        metre = camera.upright_px(np.array([[row["x_m"], row["y_m"]]]), 1.0)[0]
        _, top, _, bottom = box_of(row)
        assert 1.5 < (bottom - top) / metre < 2.2


def test_who_stands_behind_another_is_hidden_and_the_truth_says_so() -> None:
    match = tracking()
    places = match.places_m.copy()
    places[1, :, :2] = (0.0, -10.0)
    places[2, :, :2] = (0.0, -9.2)  # behind, as the camera sees it
    scene = Scene(replace(match, places_m=places), parameters(is_small=True), 0.12, looks=1)
    list(scene.frames())
    rows = {row["object_id"]: row for row in scene.rows.table().to_pylist() if row["frame_id"] == 0}
    first, second = match.things[1].object_id, match.things[2].object_id
    assert rows[first]["visible_share"] > 0.99
    assert rows[second]["visible_share"] < 0.6


def test_who_is_out_of_the_picture_has_no_box() -> None:
    match = tracking()
    near = Camera(480, 270, 700.0, 0.0, -62.0, 20.0, pan_deg=90.0, tilt_deg=17.0)
    scene = Scene(match, parameters(camera=near), 0.04, looks=1)
    list(scene.frames())
    rows = scene.rows.table().to_pylist()
    out = [row for row in rows if row["left_px"] is None]
    assert out
    assert all(row["visible_share"] == 0 and row["right_px"] is None for row in out)
    for row in rows:
        pixel = near.project([[row["x_m"], row["y_m"], 0.9]])
        if row["left_px"] is None:
            assert not near.is_in_picture(pixel)[0]


def test_whom_the_source_loses_fades_and_is_gone(drawn: Drawn) -> None:
    frames = sorted(row["frame_id"] for row in drawn.truth if row["object_id"] == "p3")
    assert frames == list(range(len(frames)))
    assert 11 <= len(frames) <= 14  # lost at 0.5 s, at 25 Hz
    shares = [row["visible_share"] for row in drawn.truth if row["object_id"] == "p3"]
    assert shares[0] > 0.9
    assert shares[-1] < 0.4


def test_officials_and_bystanders_are_added_and_told_apart(drawn: Drawn) -> None:
    officials = drawn.of(0, object_kind="official")
    assert {row["object_id"] for row in officials} == {"referee", "assistant_1", "assistant_2"}
    assert {row["role"] for row in officials} == {"referee"}
    assert all(abs(row["y_m"]) > 34 for row in officials if row["object_id"] != "referee")
    others = drawn.of(0, object_kind="other")
    assert len(others) == 3
    assert all(abs(row["x_m"]) > 52.5 or abs(row["y_m"]) > 34 for row in others)


def test_the_same_seed_gives_the_same_truth_and_the_same_file(tmp_path) -> None:
    small = parameters(is_small=True)
    scenes = [
        draw_match(tracking(), small, tmp_path / f"{n}.mp4", 0.16) for n in range(2)
    ]  # fmt: skip
    assert scenes[0].table.equals(scenes[1].table)
    assert scenes[0].table.schema.equals(SCHEMA)
    assert scenes[0].video.read_bytes() == scenes[1].video.read_bytes()


def test_a_scene_is_three_files_that_agree(tmp_path) -> None:
    files = SceneFiles.of(tmp_path / "new", "tune_x")
    write_scene(tracking(), parameters(is_small=True), files, 0.4)
    found = probe(files.video)
    table, facts = pq.read_table(files.truth), json.loads(files.facts.read_text())
    assert (found.width_px, found.height_px, found.frame_count) == (480, 270, 10)
    assert set(table["frame_id"].to_pylist()) == set(range(10))
    assert Camera.from_dict(facts["camera"]) == parameters(is_small=True).camera
    assert facts["field"] == [105.0, 68.0]
    names = sorted(path.name for path in files.video.parent.iterdir())
    assert names == ["tune_x.mp4", "tune_x.scene.json", "tune_x.truth.parquet"]


def test_a_moving_camera_keeps_the_truth_on_the_people(tmp_path) -> None:
    scene = Scene(tracking(), parameters(is_small=True), 0.6, "moving", looks=1)
    moving = Drawn(scene)
    cameras = scene.cameras()
    assert len(cameras) == 15
    assert cameras[0].pan_deg != cameras[-1].pan_deg
    for frame in (0, 14):
        shown = [row for row in moving.of(frame) if row["visible_share"] > 0.9]
        assert shown
        changed = moving.changed(frame)
        for row in shown:
            left, top, right, bottom = np.round(box_of(row)).astype(int)
            assert changed[max(0, top) : bottom + 1, max(0, left) : right + 1].any()


def test_a_pair_of_cameras_shows_the_same_match_in_two_halves() -> None:
    left, right = pair_parameters(31, (480, 270))
    assert left.kits == right.kits
    assert left.camera.is_in_picture(left.camera.project([[-52.5, 0.0]]))[0]
    assert right.camera.is_in_picture(right.camera.project([[52.5, 0.0]]))[0]
    assert not left.camera.is_in_picture(left.camera.project([[52.5, 0.0]]))[0]
    for one in (left, right):  # both see the middle
        assert one.camera.is_in_picture(one.camera.project([[0.0, 0.0]]))[0]
    small = replace(left.surroundings, trees=False, people=3)
    scenes = [
        Scene(tracking(), replace(one, surroundings=small), 0.08, looks=1) for one in (left, right)
    ]
    first, second = (scene.tracking for scene in scenes)
    assert first.things == second.things
    np.testing.assert_array_equal(first.places_m, second.places_m)


def test_a_hall_has_five_a_side_and_no_grass() -> None:
    match = tracking()
    five = on_court(replace(match, places_m=np.nan_to_num(match.places_m)))
    drawn = Drawn(Scene(five, court_parameters(4), 0.08, "court", looks=1))
    athletes = drawn.of(0, object_kind="athlete")
    assert sum(row["team_side"] == "home" for row in athletes) == 5
    assert sum(row["team_side"] == "away" for row in athletes) == 5
    camera = drawn.scene.view.camera(0)
    x, y = np.round(camera.project([[5.0, 3.0]])[0]).astype(int)
    blue, green, red = drawn.empty[0][y, x].astype(int)
    assert red > green > blue  # wood


def test_black_frames_are_black(tmp_path) -> None:
    import av

    path = tmp_path / "black.mp4"
    assert draw_black(path, 0.4, size_px=(320, 180)) == 10
    with av.open(str(path)) as container:
        shown = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(shown) == 10
    assert max(int(one.max()) for one in shown) < 24


def test_without_opencv_it_says_what_to_install(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(SettingsError, match="opencv-python-headless"):
        draw_match(tracking(), parameters(), tmp_path / "x.mp4", 0.1)
