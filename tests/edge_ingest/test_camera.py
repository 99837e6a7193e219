"""A camera shows places and finds them again; what is told of one is read, or refused in words."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_ingest.camera import Calibration, Camera
from edge_ingest.errors import SourceError

#: 10 m above the near touchline's middle, looking level along +y.
LEVEL = Camera(1921, 1081, 1000.0, 0.0, -34.0, 10.0, 90.0, 0.0)


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    lens = draw(st.sampled_from(["perspective", "fisheye", "cylindrical"]))
    bent = 0.0 if lens == "cylindrical" else draw(st.floats(-0.15, 0.05))
    return Camera(
        1920, 1080, draw(st.floats(800, 3000)), draw(st.floats(-40, 40)),
        draw(st.floats(-70, -38)), draw(st.floats(3, 30)), draw(st.floats(50, 130)),
        draw(st.floats(0, 30)), draw(st.floats(-8, 8)), bent, 0.0, lens,
        draw(st.floats(-30, 30)), draw(st.floats(-30, 30)),
    )  # fmt: skip


@given(cameras(), st.floats(0, 1919), st.floats(0, 1079))
def test_a_pixel_s_place_is_shown_at_that_pixel(camera: Camera, x: float, y: float) -> None:
    place = camera.ground([[x, y]])
    if np.isfinite(place).all():
        assert camera.project(place) == pytest.approx(np.array([[x, y]]), abs=1e-4)


@given(cameras(), st.floats(-52, 52), st.floats(-30, 34))
def test_what_is_in_the_picture_is_found_where_it_is(camera: Camera, x: float, y: float) -> None:
    shown = camera.project([[x, y]])
    if camera.is_in_picture(shown).all():
        assert camera.ground(shown) == pytest.approx(np.array([[x, y]]), abs=1e-4)


@given(cameras())
def test_the_axes_of_a_camera_are_at_right_angles(camera: Camera) -> None:
    assert camera.rotation @ camera.rotation.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(camera.rotation) == pytest.approx(1.0)


def test_a_worked_example() -> None:
    # A metre is 1000 px at a metre's distance: 20 m ahead, 3 m to the right, 10 m below.
    assert LEVEL.project([[3.0, -14.0]]) == pytest.approx(np.array([[960 + 150, 540 + 500]]))
    assert LEVEL.project([[3.0, -14.0, 10.0]]) == pytest.approx(np.array([[960 + 150, 540.0]]))
    assert LEVEL.ground([[960 + 150, 540 + 500]]) == pytest.approx(np.array([[3.0, -14.0]]))
    assert LEVEL.upright_px([[0.0, -14.0]], 2.0) == pytest.approx([100.0])
    # Half a pixel up or down at 20 m is 2 cm on the ground ahead, and 1 cm aside.
    assert LEVEL.ground_sd_m([[960, 540 + 500]], 1.0) == pytest.approx([0.04], rel=0.01)


def test_looking_down_and_turned_about_its_axis() -> None:
    down = replace(LEVEL, tilt_deg=45.0)
    assert down.ground([[960, 540]]) == pytest.approx(np.array([[0.0, -24.0]]))  # 10 m below, ahead
    turned = replace(LEVEL, roll_deg=90.0)  # clockwise: what was below is now to the right
    assert turned.project([[0.0, -14.0]]) == pytest.approx(np.array([[960 + 500, 540]]))


def test_lenses_bend_as_their_formulas_say() -> None:
    place = [[20.0, -14.0, 10.0]]  # 45° to the right
    bent = replace(LEVEL, k1=-0.1, k2=0.02)
    assert bent.project(place)[0, 0] == pytest.approx(960 + 1000 * (1 - 0.1 + 0.02))
    fisheye = replace(LEVEL, lens="fisheye", k1=-0.1)
    angle = np.pi / 4
    assert fisheye.project(place)[0, 0] == pytest.approx(960 + 1000 * angle * (1 - 0.1 * angle**2))
    cylinder = replace(LEVEL, lens="cylindrical")
    assert cylinder.project(place)[0, 0] == pytest.approx(960 + 1000 * angle)
    below = cylinder.project([[20.0, -14.0, 0.0]])[0, 1]
    assert below == pytest.approx(540 + 1000 * 10 / np.hypot(20, 20))


def test_nothing_is_shown_behind_the_camera_nor_found_above_the_horizon() -> None:
    assert np.isnan(LEVEL.project([[0.0, -60.0]])).all()
    assert np.isnan(LEVEL.ground([[960, 539], [960, 0]])).all()
    assert not LEVEL.is_in_picture([[np.nan, np.nan], [-1, 5], [1921, 5]]).any()


def test_a_lens_shows_no_place_twice() -> None:
    bent = replace(LEVEL, k1=-0.3)  # turns back at 1/√0.9 focal lengths
    aside = np.array([[x, -14.0, 10.0] for x in (10.0, 19.0, 25.0, 60.0)])
    shown = bent.project(aside)[:, 0]
    assert shown[0] < shown[1]
    assert np.isnan(shown[2:]).all()


@given(cameras())
def test_a_camera_is_the_same_after_json(camera: Camera) -> None:
    assert Camera.from_dict(json.loads(json.dumps(camera.to_dict()))) == camera


@given(cameras(), st.floats(-40, 40), st.floats(-30, 30))
def test_a_smaller_picture_shows_the_same(camera: Camera, x: float, y: float) -> None:
    small = camera.resized(960, 540)
    both = camera.project([[x, y]]), small.project([[x, y]])
    if np.isfinite(both[0]).all():
        assert (both[1] + 0.5) * 2 == pytest.approx(both[0] + 0.5, abs=1e-6)


POINTS = [{"image_px": [x, y], "field_m": [x / 10, y / 10]} for x in (1, 9) for y in (2, 8)]


def test_a_calibration_is_the_same_after_json() -> None:
    for told in (
        Calibration.from_json(json.dumps({"points": POINTS, "field_m": [100, 64]})),
        Calibration(camera=LEVEL),
    ):
        assert Calibration.from_json(told.to_json()) == told


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("{", "is no JSON"),
        ("[]", "is no JSON object"),
        (json.dumps({"points": {}}), "points are no list"),
        (json.dumps({"points": POINTS[:3]}), "has 3 points: give"),
        (json.dumps({"points": [*POINTS, {"image_px": [1, 2]}]}), "field_m is None"),
        (json.dumps({"points": [*POINTS, {"image_px": [1, "2"], "field_m": [1, 2]}]}), "image_px"),
        ('{"points": [{"image_px": [NaN, 1], "field_m": [0, 0]}]}', "image_px is"),
        (json.dumps({"camera": [1]}), "camera is no object"),
        (json.dumps({"camera": {"width_px": 5}}), "camera's height_px is None: give a number"),
        (json.dumps({"camera": LEVEL.to_dict() | {"lens": "pinhole"}}), "lens is 'pinhole'"),
        (json.dumps({"camera": LEVEL.to_dict() | {"z_m": True}}), "z_m is True"),
        (json.dumps({"camera": LEVEL.to_dict() | {"width_px": 0}}), "width_px is 0: give 1 or"),
        (json.dumps({"camera": LEVEL.to_dict() | {"width_px": 10**24}}), "give a finite number"),
        (json.dumps({"camera": LEVEL.to_dict() | {"focal_px": 0}}), "focal_px is 0: give 1 or"),
        (json.dumps({"points": POINTS, "field_m": 105}), "field_m is 105"),
        (json.dumps({"points": POINTS, "field_m": [-105, 68]}), "field is -105.0 × 68.0 m"),
    ],
)
def test_what_is_no_calibration_is_refused_in_words(told: str, why: str) -> None:
    with pytest.raises(SourceError, match=why):
        Calibration.from_json(told)
