"""Latitude and longitude to local metres, and back.

Formulas: WGS 84 (NIMA TR8350.2, 3rd edition) geodetic to earth-centred coordinates, then the
rotation into east, north and up at the origin (Misra and Enge, Global Positioning System, 2nd
edition, section 4.A).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: WGS 84: semi-major axis, m, and first eccentricity squared.
SEMI_MAJOR_AXIS_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
ECCENTRICITY_SQUARED = _FLATTENING * (2 - _FLATTENING)

Metres = NDArray[np.float64]


def to_earth_centred(
    latitude_deg: ArrayLike, longitude_deg: ArrayLike, height_m: ArrayLike = 0.0
) -> tuple[Metres, Metres, Metres]:
    """Earth-centred, earth-fixed x, y, z of places on or above the ellipsoid, m.

    Args:
        latitude_deg, longitude_deg: geodetic, degrees; any shape.
        height_m: above the ellipsoid, m.
    """
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    height = np.asarray(height_m, np.float64)
    # Radius of curvature in the prime vertical.
    sine = np.sin(latitude)
    radius = SEMI_MAJOR_AXIS_M / np.sqrt(1 - ECCENTRICITY_SQUARED * sine**2)
    across = (radius + height) * np.cos(latitude)
    return (
        np.asarray(across * np.cos(longitude)),
        np.asarray(across * np.sin(longitude)),
        np.asarray((radius * (1 - ECCENTRICITY_SQUARED) + height) * sine),
    )


def to_local(
    latitude_deg: ArrayLike,
    longitude_deg: ArrayLike,
    origin_latitude_deg: float,
    origin_longitude_deg: float,
) -> tuple[Metres, Metres, Metres]:
    """East, north and up in the plane that touches the ellipsoid at the origin, m.

    Heights are left out: places are taken on the ellipsoid, so `up` only tells how far the ground
    curves away below the plane. At 60 km from the origin, distances are short by under 0.01 %.

    Args:
        latitude_deg, longitude_deg: geodetic, degrees; any shape; NaN stays NaN.
        origin_latitude_deg, origin_longitude_deg: where the plane touches.
    """
    x, y, z = to_earth_centred(latitude_deg, longitude_deg)
    x0, y0, z0 = to_earth_centred(origin_latitude_deg, origin_longitude_deg)
    dx, dy, dz = x - x0, y - y0, z - z0
    latitude, longitude = np.radians(origin_latitude_deg), np.radians(origin_longitude_deg)
    outward = np.cos(longitude) * dx + np.sin(longitude) * dy
    east = -np.sin(longitude) * dx + np.cos(longitude) * dy
    north = -np.sin(latitude) * outward + np.cos(latitude) * dz
    up = np.cos(latitude) * outward + np.sin(latitude) * dz
    return np.asarray(east), np.asarray(north), np.asarray(up)


def from_local(
    east_m: ArrayLike,
    north_m: ArrayLike,
    origin_latitude_deg: float,
    origin_longitude_deg: float,
) -> tuple[Metres, Metres]:
    """Latitude and longitude of places in the plane of `to_local`, degrees: its inverse.

    The plane does not tell how far the ground curves away below a place, so that is found on the
    way: three turns leave less than a micrometre within 100 km of the origin.

    Args:
        east_m, north_m: m; any shape; NaN stays NaN.
        origin_latitude_deg, origin_longitude_deg: where the plane touches.
    """
    east, north = np.asarray(east_m, np.float64), np.asarray(north_m, np.float64)
    latitude, longitude = np.radians(origin_latitude_deg), np.radians(origin_longitude_deg)
    x0, y0, z0 = to_earth_centred(origin_latitude_deg, origin_longitude_deg)
    up = -(east**2 + north**2) / (2 * SEMI_MAJOR_AXIS_M)
    for _ in range(4):
        outward = np.cos(latitude) * up - np.sin(latitude) * north
        x = x0 + np.cos(longitude) * outward - np.sin(longitude) * east
        y = y0 + np.sin(longitude) * outward + np.cos(longitude) * east
        z = z0 + np.sin(latitude) * up + np.cos(latitude) * north
        found = _latitude(np.hypot(x, y), z)
        # What is left is the height of the place above the ellipsoid: take it off.
        sine = np.sin(found)
        radius = SEMI_MAJOR_AXIS_M / np.sqrt(1 - ECCENTRICITY_SQUARED * sine**2)
        across = np.hypot(x, y) - radius * np.cos(found)
        along = z - radius * (1 - ECCENTRICITY_SQUARED) * sine
        up = up - (across * np.cos(found) + along * sine)
    return np.degrees(found), np.degrees(np.arctan2(y, x))


def _latitude(across: Metres, z: Metres) -> Metres:
    """Geodetic latitude, radians, by fixed-point iteration; near the ground five turns do."""
    found = np.arctan2(z, across * (1 - ECCENTRICITY_SQUARED))
    for _ in range(5):
        radius = SEMI_MAJOR_AXIS_M / np.sqrt(1 - ECCENTRICITY_SQUARED * np.sin(found) ** 2)
        found = np.arctan2(z + ECCENTRICITY_SQUARED * radius * np.sin(found), across)
    return np.asarray(found)
