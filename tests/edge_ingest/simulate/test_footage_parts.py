"""Parts of a scene: gait, lenses, markings, tracking at the frame rate, and the command."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge_ingest.camera import Camera
from edge_ingest.errors import SourceError
from edge_ingest.simulate.footage import SCHEMA, Tracking, from_positions, read_stretch
from edge_ingest.simulate.footage.__main__ import app
from edge_ingest.simulate.footage.gait import AT, Build, Moment, pose
from edge_ingest.simulate.footage.markings import outlines
from edge_ingest.simulate.footage.rays import Rays
from edge_ingest.simulate.footage.sources import BEGINS_S
from edge_ingest.simulate.footage.tracking import at_rate
from edge_ingest.simulate.footage.truth import TruthRows
from tests.edge_ingest.simulate.small_match import positions

LENSES = [
    Camera(640, 360, 300.0, 3.0, -50.0, 15.0, 88.0, 20.0, 0.7, k1=-0.1, k2=0.01),
    Camera(640, 360, 240.0, -2.0, -45.0, 10.0, 92.0, 24.0, k1=0.01, lens="fisheye"),
    Camera(800, 300, 320.0, 0.0, -50.0, 14.0, 90.0, 16.0, lens="cylindrical"),
]


@given(
    speed=st.floats(0, 10), phase=st.floats(-20, 20), turn=st.floats(0, 6.2),
    tall=st.floats(1.68, 1.96),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_limbs_keep_their_length_and_nobody_sinks(speed, phase, turn, tall) -> None:
    build = Build(np.array([tall]), np.ones(1), np.array([0.2]))
    moment = Moment(np.array([phase]), np.array([speed]), np.array([[np.cos(turn), np.sin(turn)]]))
    joints = pose(np.array([[4.0, -7.0]]), moment, build, np.array([0]))[0]
    for side in "lr":
        shank = joints[AT[f"knee_{side}"]] - joints[AT[f"ankle_{side}"]]
        assert np.linalg.norm(shank) == pytest.approx(0.246 * tall, rel=0.01)
    assert joints[:, 2].min() >= 0
    assert joints[:, 2].min() < 0.1
    # Whoever runs is lower by a bent leg.
    assert 0.85 * tall < joints[AT["crown"], 2] + 0.1 < 1.1 * tall
    assert np.abs(joints[:, :2] - [4.0, -7.0]).max() < 1.1


def test_someone_who_stands_is_symmetric_and_upright() -> None:
    build = Build(np.array([1.8]), np.ones(1), np.array([0.2]))
    moment = Moment(np.zeros(1), np.zeros(1), np.array([[1.0, 0.0]]))
    joints = pose(np.zeros((1, 2)), moment, build, np.array([0]))[0]
    for name in ("hip", "shoulder", "knee"):
        left, right = joints[AT[f"{name}_l"]], joints[AT[f"{name}_r"]]
        assert left[1] == pytest.approx(-right[1], abs=1e-9)
        assert left[1] > 0  # +y is to the left of whoever looks along +x
    assert joints[AT["toe_l"], 0] > joints[AT["heel_l"], 0]


@pytest.mark.parametrize("camera", LENSES, ids=lambda one: one.lens)
def test_rays_are_those_of_the_camera(camera: Camera) -> None:
    rays = Rays(camera).at((0.0, 0.0), 0, camera.height_px)
    pixels = np.random.default_rng(5).uniform(
        0, [camera.width_px - 1, camera.height_px - 1], (300, 2)
    )
    pixels = np.round(pixels)
    look = rays[pixels[:, 1].astype(int), pixels[:, 0].astype(int)].astype(float)
    stand = np.array([camera.x_m, camera.y_m, camera.z_m])
    back = camera.project(stand + 40 * look)
    shown = np.isfinite(back).all(axis=1) & (np.linalg.norm(look, axis=1) > 0.9)
    assert shown.mean() > 0.9
    assert np.abs(back - pixels)[shown].max() < 0.05


def test_markings_are_where_the_laws_put_them() -> None:
    lines = list(outlines((105.0, 68.0), False, 0.12))
    edge = np.abs(lines[0]).max(axis=0)
    assert edge == pytest.approx([52.44, 33.94])  # middles of lines that lie inside
    circle = next(one for one in lines if len(one) > 100)
    assert np.linalg.norm(circle, axis=1) == pytest.approx(9.15 - 0.06)
    court = np.abs(np.concatenate(list(outlines((40.0, 20.0), True, 0.08)))).max(axis=0)
    assert court == pytest.approx([20.0, 9.96], abs=0.05)


def one_line(times: list[float], x: list[float]) -> Tracking:
    count = len(times)
    table = pa.table(
        {
            "period_id": [1] * count, "period_time_s": times, "object_kind": ["athlete"] * count,
            "source_athlete_id": ["a"] * count, "team_side": ["home"] * count, "x_m": x,
            "y_m": [0.0] * count, "z_m": pa.array([None] * count, pa.float64()),
        }
    )  # fmt: skip
    return from_positions(table, {}, 0.0, max(times))


def test_paths_between_samples_are_smooth_and_close_to_them() -> None:
    times = [n / 10 for n in range(41)]
    drawn = at_rate(one_line(times, [5 * t for t in times]), 25, 4.0)
    inner = slice(15, 85)
    np.testing.assert_allclose(drawn.places_m[0, inner, 0], 5 * drawn.t_s[inner], atol=0.02)
    assert np.diff(drawn.places_m[0, :, 0]).min() > -1e-6


def test_a_short_gap_is_bridged_and_a_long_one_is_not() -> None:
    times = [n / 10 for n in range(81)]
    for gap_s, bridged in ((0.8, True), (2.0, False)):
        kept = [t for t in times if not 3.0 < t < 3.0 + gap_s]
        drawn = at_rate(one_line(kept, kept), 25, 8.0)
        middle = round((3.0 + gap_s / 2) * 25)
        assert bool(np.isfinite(drawn.places_m[0, middle, 0])) is bridged


def test_a_stretch_without_anybody_is_refused() -> None:
    with pytest.raises(SourceError, match="nobody is tracked in period 1 from 900 s"):
        from_positions(positions(), {}, 900.0, 10.0)


def test_the_match_that_comes_with_a_dependency_is_read() -> None:
    found = read_stretch("skillcorner", BEGINS_S["skillcorner"], 5.0)
    kinds = [thing.kind for thing in found.things]
    assert kinds.count("athlete") >= 10
    assert kinds.count("ball") <= 1
    assert found.field_m == (105.0, 68.0)
    assert {thing.side for thing in found.things if thing.kind == "athlete"} == {"home", "away"}


@pytest.mark.realdata
def test_the_optical_tracking_is_read_with_both_sides_and_heights(real_data) -> None:
    found = read_stretch("j03wmx", 60.0, 10.0, real_data)
    sides = [thing.side for thing in found.things]
    assert sides.count("home") == sides.count("away") == 11
    assert sum(thing.role == "goalkeeper" for thing in found.things) == 2
    (ball,) = found.rows("ball")
    assert np.isfinite(found.places_m[ball, :, 2]).all()
    known = found.places_m[..., :2][np.isfinite(found.places_m[..., 0])]
    assert (np.abs(known) < [58, 40]).all()


def test_rows_of_the_truth_are_the_same_however_they_are_packed() -> None:
    tables = []
    for packed_at in (3, 1000):
        rows = TruthRows(packed_at)
        for frame in range(10):
            values = dict.fromkeys(SCHEMA.names)
            values |= {"frame_id": frame, "t_s": frame / 25, "object_id": "a", "visible_share": 1.0}
            values |= {"object_kind": "ball", "x_m": 1.0 * frame, "y_m": 0.0, "z_m": 0.11}
            rows.add(**values)
        tables.append(rows.table())
    assert tables[0].equals(tables[1])
    assert tables[0]["frame_id"].to_pylist() == list(range(10))


def run(*arguments: object):
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})


def test_the_command_draws_black_frames_and_says_where(tmp_path) -> None:
    result = run("--seed", 1, "--into", tmp_path, "--kind", "black", "--seconds", 0.2)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "scene_0001.mp4").is_file()


def test_the_command_says_what_is_missing(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("SPORTS_REAL_DATA", raising=False)
    result = run("--seed", 1, "--into", tmp_path, "--source", "j03wmx")
    assert result.exit_code == 2
    assert "--recordings" in result.output
    result = run("--seed", 1, "--into", tmp_path, "--source", "j03wmx", "--recordings", tmp_path)
    assert result.exit_code == 2
    assert "tracking_events" in result.output
    assert not list(tmp_path.iterdir())


def test_an_unknown_source_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SourceError, match="j03wmx or skillcorner"):
        read_stretch("metrica", 0, 1)
