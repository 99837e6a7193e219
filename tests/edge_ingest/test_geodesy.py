"""Latitude and longitude to local metres, against an inverse of its own and known lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_ingest.geodesy import (
    ECCENTRICITY_SQUARED,
    SEMI_MAJOR_AXIS_M,
    from_local,
    to_earth_centred,
    to_local,
)

LATITUDE, LONGITUDE = st.floats(-85, 85), st.floats(-180, 180)


def _from_local(
    east: float, north: float, up: float, origin: tuple[float, float]
) -> tuple[float, float]:
    """Back to latitude and longitude: rotate, then iterate on the latitude."""
    latitude, longitude = np.radians(origin)
    rotation = np.array(
        [
            [-np.sin(longitude), -np.sin(latitude) * np.cos(longitude),
             np.cos(latitude) * np.cos(longitude)],
            [np.cos(longitude), -np.sin(latitude) * np.sin(longitude),
             np.cos(latitude) * np.sin(longitude)],
            [0, np.cos(latitude), np.sin(latitude)],
        ]
    )  # fmt: skip
    x, y, z = np.array(to_earth_centred(*origin)) + rotation @ (east, north, up)
    across = np.hypot(x, y)
    found = np.arctan2(z, across * (1 - ECCENTRICITY_SQUARED))
    for _ in range(20):
        radius = SEMI_MAJOR_AXIS_M / np.sqrt(1 - ECCENTRICITY_SQUARED * np.sin(found) ** 2)
        found = np.arctan2(z + ECCENTRICITY_SQUARED * radius * np.sin(found), across)
    return float(np.degrees(found)), float(np.degrees(np.arctan2(y, x)))


@given(
    origin=st.tuples(LATITUDE, LONGITUDE),
    step=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
)
def test_local_metres_lead_back_to_the_place(
    origin: tuple[float, float], step: tuple[float, float]
) -> None:
    place = origin[0] + step[0], origin[1] + step[1]

    east, north, up = (float(axis) for axis in to_local(*place, *origin))

    latitude, longitude = _from_local(east, north, up, origin)
    assert latitude == pytest.approx(place[0], abs=1e-9)
    assert (longitude - place[1] + 180) % 360 - 180 == pytest.approx(0, abs=1e-8)
    assert up <= 1e-6  # the ground curves away below the plane


@given(origin=st.tuples(LATITUDE, LONGITUDE))
def test_the_origin_is_nought_and_the_axes_point_east_and_north(
    origin: tuple[float, float],
) -> None:
    latitude = np.array([origin[0], origin[0], origin[0] + 0.001])
    longitude = np.array([origin[1], origin[1] + 0.001, origin[1]])

    east, north, _ = to_local(latitude, longitude, *origin)

    np.testing.assert_allclose([east[0], north[0]], 0, atol=1e-9)
    assert east[1] > 0
    assert abs(north[1]) < 0.01
    assert north[2] > 110
    assert abs(east[2]) < 0.01


def test_lengths_of_a_degree_worked_by_hand() -> None:
    # A minute is π / 10,800 of the radius of curvature. On WGS 84 that is, along the meridian,
    # 6,335,439.3 m at the equator and 6,367,381.8 m at 45°; along the parallel 6,378,137 m at the
    # equator and 6,388,838.3 m · cos 45° at 45°.
    east, north, _ = to_local([1 / 60, 0], [0, 1 / 60], 0, 0)
    assert north[0] == pytest.approx(1842.90, abs=0.01)
    assert east[1] == pytest.approx(1855.32, abs=0.01)

    east, north, _ = to_local([45 + 1 / 60, 45], [10, 10 + 1 / 60], 45, 10)
    assert north[0] == pytest.approx(1852.20, abs=0.01)
    assert east[1] == pytest.approx(1314.11, abs=0.01)


def test_what_is_not_there_stays_not_there() -> None:
    east, north, up = to_local([np.nan, 1.0], [0.0, np.nan], 0, 0)

    assert np.isnan([east[0], north[0], up[0], east[1], north[1]]).all()


@given(
    origin=st.tuples(LATITUDE, LONGITUDE),
    east=st.floats(-50_000, 50_000),
    north=st.floats(-50_000, 50_000),
)
def test_the_plane_leads_back_to_the_ellipsoid(
    origin: tuple[float, float], east: float, north: float
) -> None:
    latitude, longitude = from_local(east, north, *origin)

    back = to_local(latitude, longitude, *origin)

    assert (float(back[0]), float(back[1])) == pytest.approx((east, north), abs=1e-6)
    known = _from_local(east, north, float(back[2]), origin)
    assert float(latitude) == pytest.approx(known[0], abs=1e-10)
