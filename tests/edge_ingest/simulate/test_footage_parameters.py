"""What chance decides of a scene: any seed gives one that can be filmed, and each another one."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from edge_ingest.simulate.footage import court_parameters, draw_parameters
from edge_ingest.simulate.footage.kits import lab

SEEDS = (*range(24), *range(1000, 1008))
drawn_by = cache(draw_parameters)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_seed_gives_a_view_of_the_pitch(seed: int) -> None:
    drawn = drawn_by(seed)
    camera = drawn.camera
    assert 6 <= camera.z_m <= 25
    assert camera.y_m < -34  # behind a touchline
    wanted = {"whole": (-52.5, 0.0, 52.5), "left half": (-52.5, 0.0), "right half": (0.0, 52.5)}
    places = [(x, y) for x in wanted[drawn.view] for y in (0.0, 34.0)]
    assert camera.is_in_picture(camera.project(places)).all()
    far = camera.upright_px(np.array([[0.0, 34.0]]), 1.8)[0]
    assert far >= 12
    assert drawn.fps in {25, 30}
    assert 0.10 <= drawn.lines.width_m <= 0.12


@pytest.mark.parametrize("seed", SEEDS)
def test_everybody_can_be_told_apart(seed: int) -> None:
    kits = drawn_by(seed).kits
    shirts = {
        name: lab(getattr(kits, name).shirt[::-1])
        for name in ("home", "away", "home_keeper", "away_keeper", "referee")
    }
    for first, second in combinations(shirts, 2):
        assert np.linalg.norm(shirts[first] - shirts[second]) > 18, (first, second)


def test_the_same_seed_is_the_same_scene_and_another_one_is_not() -> None:
    scenes = [drawn_by(seed) for seed in range(20)]
    assert scenes[:4] == [draw_parameters(seed) for seed in range(4)]
    for name in ("camera", "kits", "grass", "lines", "lighting", "recorder", "surroundings"):
        drawn = [getattr(one, name) for one in scenes]
        assert all(first != second for first, second in combinations(drawn, 2)), name


def test_all_sorts_of_scenes_are_drawn() -> None:
    scenes = [drawn_by(seed) for seed in SEEDS]
    assert {one.view for one in scenes} == {"whole", "left half", "right half"}
    assert {one.lighting.kind for one in scenes} == {"sun", "overcast", "floodlight"}
    assert {one.camera.lens for one in scenes} == {"perspective", "fisheye", "cylindrical"}
    assert {one.fps for one in scenes} == {25, 30}
    assert len({one.camera.width_px for one in scenes}) == 3
    assert any(one.recorder.tremble_px for one in scenes)
    assert any(not one.recorder.tremble_px for one in scenes)


def test_a_hall_is_seen_whole() -> None:
    for seed in range(3):
        drawn = court_parameters(seed)
        corners = [(x, y) for x in (-20.0, 20.0) for y in (-10.0, 10.0)]
        assert drawn.camera.is_in_picture(drawn.camera.project(corners)).all()
