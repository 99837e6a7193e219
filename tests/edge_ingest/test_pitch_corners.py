"""The best rectangle through four corners, and the way onto it and back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_ingest.errors import SourceError
from edge_ingest.geodesy import from_local, to_local
from edge_ingest.pitch_corners import Pitch, fit_pitch, read_pitch


def _corners(pitch: Pitch) -> tuple[np.ndarray, np.ndarray]:
    ends, sides = np.array([-1, 1, 1, -1]) / 2, np.array([-1, -1, 1, 1]) / 2
    return pitch.to_degrees(ends * pitch.length_m, sides * pitch.width_m)


@given(
    place=st.tuples(st.floats(-70, 70), st.floats(-180, 180)),
    heading=st.floats(-89.9, 89.9),
    width=st.floats(20, 90),
    longer=st.floats(1.05, 2.5),
    order=st.permutations(range(4)),
)
def test_a_rectangle_is_found_again_whatever_the_order_of_its_corners(
    place: tuple[float, float], heading: float, width: float, longer: float, order: list[int]
) -> None:
    known = Pitch(*place, heading, width * longer, width, 0)

    found = fit_pitch(*(axis[order] for axis in _corners(known)), "corners")

    assert found.length_m == pytest.approx(known.length_m, abs=1e-4)
    assert found.width_m == pytest.approx(known.width_m, abs=1e-4)
    assert found.residual_m == pytest.approx(0, abs=1e-4)
    x, y = found.to_metres(*place)
    assert (float(x), float(y)) == pytest.approx((0, 0), abs=1e-4)
    x, y = found.to_metres(*known.to_degrees(10.0, 5.0))
    assert (float(x), float(y)) == pytest.approx((10, 5), abs=1e-3)


@given(
    x=st.floats(-150, 150), y=st.floats(-150, 150), heading=st.floats(-180, 180),
    latitude=st.floats(-80, 80),
)  # fmt: skip
def test_metres_lead_back_to_the_place(x: float, y: float, heading: float, latitude: float) -> None:
    pitch = Pitch(latitude, 7.0, heading, 105, 68, 0)

    degrees = pitch.to_degrees(x, y)

    back = pitch.to_metres(*degrees)
    assert (float(back[0]), float(back[1])) == pytest.approx((x, y), abs=1e-6)
    east, north, _ = to_local(*degrees, latitude, 7.0)
    assert np.hypot(east, north) == pytest.approx(np.hypot(x, y), abs=1e-6)


def test_a_skew_quadrilateral_worked_by_hand() -> None:
    # A parallelogram: 100 m along east, 60 m north, sheared by 1 m: a = (50, 0), b = (0.5, 30).
    # u = (cos t, sin t) makes (50 cos t)² + (30 cos t − 0.5 sin t)² largest: the matrix is
    # [[2500 + 900, −15], [−15, 0.25]], so t = ½ atan(−30 / 3399.75) = −0.2528°. Then
    # length = 2 · 50 cos t = 99.9990, width = 2 (30 cos t − 0.5 sin t) = 60.0038.
    latitude, longitude = from_local([-50.5, 49.5, 50.5, -49.5], [-30, -30, 30, 30], 45, 10)

    pitch = fit_pitch(latitude, longitude, "corners")

    assert pitch.heading_deg == pytest.approx(-0.2528, abs=1e-3)
    assert pitch.length_m == pytest.approx(99.9990, abs=1e-3)
    assert pitch.width_m == pytest.approx(60.0038, abs=1e-3)
    # What is left of a across x and of b along x: 50 sin t = −0.2206 and 0.5 cos t + 30 sin t
    # = 0.3676, at each corner as the sum of squares of both.
    assert pitch.residual_m == pytest.approx(np.hypot(0.2206, 0.3676), abs=1e-3)


@pytest.mark.parametrize("heading", [0.0, 30.0, 90.0, -60.0])
def test_x_points_along_the_long_side_towards_east(heading: float) -> None:
    known = Pitch(41, -9, heading, 100, 60, 0)

    found = fit_pitch(*_corners(known), "corners")

    assert found.heading_deg == pytest.approx(heading, abs=1e-6)


@pytest.mark.realdata
def test_the_real_pitch_is_a_rectangle_within_centimetres(real_data: Path) -> None:
    """Sides of the corners as given: 98.81 and 98.74 m, 54.57 and 54.45 m."""
    pitch = read_pitch(real_data / "gnss_football" / "Dataset_B_Pitch.csv")

    assert pitch.length_m == pytest.approx((98.81 + 98.74) / 2, abs=0.01)
    assert pitch.width_m == pytest.approx((54.57 + 54.45) / 2, abs=0.01)
    assert pitch.residual_m < 0.05


@pytest.mark.parametrize(
    ("text", "rule", "words"),
    [
        ("longitude,latitude\n1,50\n1,50.001\n1.001,50\n", "incomplete", "has 3 corners"),
        ("a,b\n1,2\n", "malformed", "is no list of corners"),
        ("longitude,latitude\n1,x\n2,3\n4,5\n6,7\n", "malformed", "is no list of corners"),
        ("longitude,latitude\n1,95\n1,95.1\n2,95\n2,95.1\n", "absurd_values", "on no globe"),
        ("longitude,latitude\n1,50\n1,51\n2,51\n2,50\n", "absurd_values", "check the corners"),
        ("longitude,latitude\n1,50\n1,50\n1,50\n1,50\n", "absurd_values", "check the corners"),
        # One corner 30 m off.
        ("longitude,latitude\n0,0\n0.0009,0\n0.0009,0.0006\n0,0.00033\n", "absurd_values",
         "check the corners"),
    ],
)  # fmt: skip
def test_corners_that_make_no_pitch_are_refused(
    tmp_path: Path, text: str, rule: str, words: str
) -> None:
    path = tmp_path / "pitch.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=words) as refused:
        read_pitch(path)
    assert refused.value.rule == rule
