import json
from pathlib import Path

import numpy as np
import pytest

from edge_ingest.camera import Camera
from sports_assets.vision.ball.blobs import Candidates
from sports_assets.vision.ball.candidates import BallCandidates
from sports_assets.vision.ball.path import ball_path
from sports_assets.vision.detection import Scene
from sports_assets.vision.frames import frames, timeline
from sports_assets.vision.pitch import FieldSize
from tests.vision.ball_scenes import CAMERA, FIELD, Grass, person_box

HERE = Path(__file__).parent


def seen_in(number, places, size_px=5.0, rate=25.0):
    """Clear candidates at places of the field, as they are found in a frame."""
    middle = CAMERA.project(places).reshape(-1, 2) if len(places) else np.empty((0, 2))
    n = len(middle)
    return Candidates(
        number, number / rate, middle, np.full((n, 2), size_px), np.full(n, size_px),
        np.full(n, 60.0), np.full(n, 0.8), np.ones(n), np.ones(n), np.ones(n, np.bool_),
    )  # fmt: skip


def rolling(number, x=-10.0, y=0.0, vx=6.0, vy=2.0):
    return [x + vx * number / 25, y + vy * number / 25, 0.11]


def test_a_ball_is_followed_in_pictures_past_people_lines_and_spare_balls():
    grass, finder = Grass(), BallCandidates()
    scene = grass.scene
    walks = [[-8 + 0.05 * n, 3.0] for n in range(50)]
    stands = [4.0, -6.0]
    found = [
        finder.look(grass.frame(n, [rolling(n)], [walks[n], stands]), scene) for n in range(50)
    ]
    looks = np.arange(0, 50, 5)
    people = {int(n): np.array([person_box(walks[n]), person_box(stands)]) for n in looks}
    path = ball_path(found, looks, people, camera=CAMERA)
    true = np.array([rolling(n) for n in looks])
    there = path.is_seen | path.is_interpolated
    assert there.mean() >= 0.8
    assert np.linalg.norm(path.place_m[there] - true[there, :2], axis=1).max() < 0.7
    middle = (path.boxes_px[:, :2] + path.boxes_px[:, 2:]) / 2
    assert np.linalg.norm(middle - CAMERA.project(true), axis=1)[there].max() < 4


def test_without_a_ball_nobody_is_taken_for_it():
    grass, finder = Grass(), BallCandidates()
    scene = grass.scene
    walks = [[-8 + 0.06 * n, 3 - 0.03 * n] for n in range(50)]
    found = [finder.look(grass.frame(n, [], [walks[n]]), scene) for n in range(50)]
    looks = np.arange(0, 50, 5)
    people = {int(n): np.array([person_box(walks[n])]) for n in looks}
    path = ball_path(found, looks, people, camera=CAMERA)
    assert not (path.is_seen | path.is_interpolated).any()
    assert np.isnan(path.boxes_px).all()
    assert np.isnan(path.place_m).all()
    assert not path.confidence.any()


def test_a_short_gap_is_bridged_and_told_a_long_one_is_left_open():
    short, long = range(22, 29), range(50, 110)
    found = [seen_in(n, [] if n in short or n in long else [rolling(n)]) for n in range(150)]
    looks = np.arange(0, 150, 5)
    path = ball_path(found, looks, {}, camera=CAMERA)
    np.testing.assert_array_equal(looks[path.is_interpolated], [25])
    at = list(looks).index(25)
    assert path.place_m[at] == pytest.approx(rolling(25)[:2], abs=0.2)
    assert path.confidence[at] == 0
    missing = ~(path.is_seen | path.is_interpolated)
    np.testing.assert_array_equal(looks[missing], [one for one in looks if one in long])


def test_while_somebody_has_it_it_goes_with_him():
    # It comes to him, is hidden at his feet for 2.4 s of a bend, and leaves him.
    def he(n):
        turn = np.clip((n - 25) / 60, 0, 1) * np.pi
        return [-4 + 3 * np.sin(turn), 2 + 3 * (1 - np.cos(turn))]

    found = []
    for n in range(120):
        if n < 25:
            places = [[-14 + 10 * n / 25, 2, 0.11]]
        elif n < 85:
            places = []
        else:
            places = [[-4 - 10 * (n - 85) / 25, 8, 0.11]]
        found.append(seen_in(n, places))
    looks = np.arange(0, 120, 5)
    people = {int(n): np.array([person_box(he(n)), person_box([10, -8])]) for n in looks}
    path = ball_path(found, looks, people, camera=CAMERA)
    hidden = (looks >= 25) & (looks < 85)
    assert path.is_interpolated[hidden].all()
    off = [np.linalg.norm(path.place_m[at] - he(looks[at])) for at in np.flatnonzero(hidden)]
    assert max(off) < 1.0
    alone = ball_path(found, looks, {}, camera=CAMERA)
    assert not alone.is_interpolated[hidden].all()


def test_litter_lies_there_while_the_ball_is_elsewhere():
    litter = [-12.0, -9.0, 0.11]
    found = [seen_in(n, [litter, rolling(n)] if n < 60 else [litter]) for n in range(250)]
    looks = np.arange(0, 250, 5)
    path = ball_path(found, looks, {}, camera=CAMERA)
    assert path.is_seen[looks < 60].all()
    assert not (path.is_seen | path.is_interpolated)[looks >= 60].any()


def test_a_ball_that_waits_for_a_free_kick_is_the_ball():
    found = [seen_in(n, [[5.0, -9.0, 0.11]]) for n in range(150)]
    path = ball_path(found, np.arange(0, 150, 5), {}, camera=CAMERA)
    assert path.is_seen.all()


def lies(hidden, until=250):
    """It rolls to (5, −9), lies there, is out of sight in some frames, and rolls away again."""
    found = []
    for n in range(until + 40):
        if n < 40:
            place = [5 - 0.3 * (40 - n), -9.0, 0.11]
        else:
            place = [5 + 0.3 * max(0, n - until), -9.0, 0.11]
        found.append(seen_in(n, [] if n in hidden else [place]))
    return found, np.arange(0, until + 40, 5)


def test_a_ball_that_lies_is_there_while_it_is_seen_now_and_then():
    seen_again = {90, 91, 150, 151, 200, 201}
    found, looks = lies(set(range(60, 245)) - seen_again)
    path = ball_path(found, looks, {}, camera=CAMERA)
    assert (path.is_seen | path.is_interpolated).all()
    lying = (looks > 45) & (looks < 245)
    assert np.linalg.norm(path.place_m[lying] - [5, -9], axis=1).max() < 0.3


def test_a_ball_that_lay_is_nowhere_once_nothing_is_seen_there():
    found, looks = lies(set(range(60, 245)))
    path = ball_path(found, looks, {}, camera=CAMERA)
    open_looks = (looks >= 65) & (looks < 240)
    assert not (path.is_seen | path.is_interpolated)[open_looks].any()


def test_a_ball_that_lies_just_beside_the_field_is_the_ball():
    grass, beside = Grass(), [-5.0, -21.5, 0.11]
    no_grass = np.zeros((360, 640), np.bool_)
    for scene, is_ground in (
        (Scene(grass.scene.background, no_grass, CAMERA, FIELD), True),
        (Scene(grass.scene.background, no_grass, CAMERA, FieldSize(60, 34)), False),
    ):
        found = BallCandidates().look(grass.frame(0, [beside]), scene)
        off = np.linalg.norm(found.centre_px - CAMERA.project([beside])[0], axis=1)
        assert (found.on_pitch[off < 2].any()) == is_ground


def test_a_speck_that_stays_for_a_moment_is_not():
    found = [seen_in(n, [[5.0, -9.0, 0.11]] if 40 < n < 90 else []) for n in range(150)]
    path = ball_path(found, np.arange(0, 150, 5), {}, camera=CAMERA)
    assert not path.is_seen.any()


def test_a_ball_that_comes_to_rest_stays_it():
    found = [seen_in(n, [rolling(min(n, 40))]) for n in range(100)]
    path = ball_path(found, np.arange(0, 100, 5), {}, camera=CAMERA)
    assert path.is_seen.all()


def test_without_a_camera_there_are_pixels_and_no_metres():
    found = [seen_in(n, [rolling(n)]) for n in range(50)]
    path = ball_path(found, np.arange(0, 50, 5), {})
    assert path.is_seen.all()
    assert np.isfinite(path.boxes_px).all()
    assert np.isnan(path.place_m).all()
    assert np.isnan(path.place_sd_m).all()


def test_of_no_frames_there_is_no_path():
    path = ball_path([], [], {})
    assert path.frame_id.size == 0
    path = ball_path([Candidates.nothing(0, 0.0)], [0], {})
    assert not path.is_seen.any()
    with pytest.raises(ValueError, match=r"looks \[5\]"):
        ball_path([Candidates.nothing(0, 0.0)], [0, 5], {})


def _real(name):
    told = json.loads((HERE / f"{name}_camera_ball.json").read_text())
    camera = Camera.from_dict(told["camera"]) if "camera" in told else None
    people = {
        int(frame): np.array(boxes, float).reshape(-1, 4) for frame, boxes in told["people"].items()
    }
    return told, camera, people


@pytest.mark.realdata
@pytest.mark.slow
def test_the_ball_of_a_real_match(real_data):
    """Of looks annotated by eye; people as a small detector saw them, the camera fitted by hand."""
    told, camera, people = _real("right")
    path = real_data / "footage" / told["footage"]
    line = timeline(path)
    wanted = [n for n in range(250) if n % 2 == 0 or n % 5 == 0]
    still = np.stack([frame.image for frame in frames(path, line, range(0, 250, 25))])
    background = np.empty_like(still[0])
    for row in range(0, 1728, 64):
        background[row : row + 64] = np.median(still[:, row : row + 64], axis=0)
    along, down = np.meshgrid(np.arange(3072), np.arange(1728))
    ground = camera.ground(np.column_stack([along.ravel(), down.ravel()]))
    pitch = FieldSize().holds(np.nan_to_num(ground, nan=1e6), 3.0).reshape(along.shape)
    scene, finder = Scene(background, pitch, camera, FieldSize()), BallCandidates()
    found = [finder.look(frame, scene) for frame in frames(path, line, wanted)]
    looks = np.arange(0, 250, 5)
    ball = ball_path(found, looks, people, camera=camera)
    there = ball.is_seen | ball.is_interpolated
    at = {int(frame): number for number, frame in enumerate(looks)}
    right = wrong = 0
    clear = [one for one in told["ball"] if one["visible_share"] >= 0.5]
    for one in told["ball"]:
        number = at[one["frame_id"]]
        box = ball.boxes_px[number]
        off = np.hypot((box[0] + box[2]) / 2 - one["x_px"], (box[1] + box[3]) / 2 - one["y_px"])
        is_right = off <= 1.5 * (box[2] - box[0]) + 3
        right += bool(there[number] and is_right and one in clear)
        wrong += bool(there[number] and not is_right)
    wrong += sum(bool(there[at[frame]]) for frame in told["no_ball_on_pitch"])
    print(f"{right} of {len(clear)} looks, {wrong} wrong")
    assert right >= 18
    assert wrong <= 1
