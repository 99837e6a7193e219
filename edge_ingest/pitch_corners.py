"""A pitch from the places of its four corners: degrees to metres on it, and back.

Four corners paced out with a receiver never make a rectangle. The pitch is the rectangle that fits
them best, by least squares over its centre, direction, length and width; how far the corners lie
from it is kept as the residual. The way onto the pitch is a shift and a turn, so distances stay
true.

Convention. Origin at the centre, +x along the long side towards the end that lies further east
(north where the long side runs due north), +y to the left of that. Satellites do not tell which way
a side plays, so unlike in optical tracking +x is not the home side's direction of attack.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_ingest.errors import SourceError
from edge_ingest.geodesy import from_local, to_local

#: Fields of play that are played on, m: futsal's width to polo's length.
SHORTEST_M, LONGEST_M = 10.0, 300.0
#: Corners further than this share of the width from any rectangle are not one pitch's.
_WORST_RESIDUAL = 0.05
_CORNERS = 4

Metres = NDArray[np.float64]


@dataclass(frozen=True)
class Pitch:
    """A rectangle on the ground.

    Attributes:
        latitude_deg, longitude_deg: of the centre.
        heading_deg: of the +x axis, anticlockwise from east.
        length_m, width_m: along x and y.
        residual_m: root mean square distance of the given corners from the rectangle's.
    """

    latitude_deg: float
    longitude_deg: float
    heading_deg: float
    length_m: float
    width_m: float
    residual_m: float

    def to_metres(self, latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> tuple[Metres, Metres]:
        """x and y on the pitch, m; any shape; NaN stays NaN."""
        east, north, _ = to_local(
            latitude_deg, longitude_deg, self.latitude_deg, self.longitude_deg
        )
        along, across = self._axes()
        return along[0] * east + along[1] * north, across[0] * east + across[1] * north

    def to_degrees(self, x_m: ArrayLike, y_m: ArrayLike) -> tuple[Metres, Metres]:
        """Latitude and longitude of places on the pitch, degrees: the inverse of `to_metres`."""
        x, y = np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)
        along, across = self._axes()
        return from_local(
            along[0] * x + across[0] * y,
            along[1] * x + across[1] * y,
            self.latitude_deg,
            self.longitude_deg,
        )

    def settings(self) -> dict[str, float]:
        """What a drop tells of the pitch, so that its positions lead back to degrees."""
        return {
            "pitch_latitude_deg": round(self.latitude_deg, 9),
            "pitch_longitude_deg": round(self.longitude_deg, 9),
            "pitch_heading_deg": round(self.heading_deg, 6),
            "pitch_residual_m": round(self.residual_m, 3),
        }

    def _axes(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Unit vectors of x and y in east and north."""
        angle = np.radians(self.heading_deg)
        cosine, sine = float(np.cos(angle)), float(np.sin(angle))
        return (cosine, sine), (-sine, cosine)


def fit_pitch(latitude_deg: ArrayLike, longitude_deg: ArrayLike, where: str) -> Pitch:
    """The rectangle nearest to four corners, given in any order.

    With corners c, and signs s and t that say which end and which side each belongs to, the sum of
    squares splits into parts for the centre, for a = mean(s c) and for b = mean(t c): the best
    direction u is the one in which (a·u)² + (b·v)² is largest, v square to u, and then
    length = 2 a·u and width = 2 b·v.

    Args:
        latitude_deg, longitude_deg: of the corners.
        where: what to call them in an error.

    Raises:
        SourceError: not four corners, not on the globe, or no rectangle fits them.
    """
    latitude, longitude = np.asarray(latitude_deg, float), np.asarray(longitude_deg, float)
    if latitude.shape != (_CORNERS,) or longitude.shape != (_CORNERS,):
        raise SourceError(
            f"{where} has {latitude.size} corners, and a pitch has four: give each one once",
            rule="incomplete",
        )
    if not ((np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)).all():  # noqa: PLR2004
        raise SourceError(
            f"{where}: a corner is on no globe: give latitude and longitude in degrees",
            rule="absurd_values",
        )
    # Plane at the first corner to find the centre, then again at the centre.
    origin = float(latitude[0]), float(longitude[0])
    for _ in range(2):
        east, north, _ = to_local(latitude, longitude, *origin)
        middle = from_local(east.mean(), north.mean(), *origin)
        origin = float(middle[0]), float(middle[1])
    east, north, _ = to_local(latitude, longitude, *origin)
    corners = np.stack([east, north], axis=1)
    corners = corners[np.argsort(np.arctan2(north, east))]  # anticlockwise
    # From the first corner, the first and third sides run along x: or the other two do.
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    if sides[0] + sides[2] < sides[1] + sides[3]:
        corners = np.roll(corners, -1, axis=0)
    end, side = np.array([-1, 1, 1, -1]), np.array([-1, -1, 1, 1])
    a, b = end @ corners / _CORNERS, side @ corners / _CORNERS
    turned = np.array([b[1], -b[0]])  # b·v = turned·u, for v a quarter turn left of u
    _, vectors = np.linalg.eigh(np.outer(a, a) + np.outer(turned, turned))
    along = vectors[:, -1]
    if along[0] < 0 or (np.isclose(along[0], 0) and along[1] < 0):
        along = -along
    length, width = 2 * abs(float(a @ along)), 2 * abs(float(turned @ along))
    across = np.array([-along[1], along[0]])
    signs = np.stack([np.sign(corners @ along), np.sign(corners @ across)], axis=1)
    nearest = signs[:, :1] * along * length / 2 + signs[:, 1:] * across * width / 2
    residual = float(np.sqrt(((corners - nearest) ** 2).sum(axis=1).mean()))
    if not (SHORTEST_M <= width <= length <= LONGEST_M) or residual > _WORST_RESIDUAL * width:
        raise SourceError(
            f"{where} gives a pitch of {length:.1f} × {width:.1f} m with corners {residual:.1f} m "
            "off: check the corners' places",
            rule="absurd_values",
        )
    heading = float(np.degrees(np.arctan2(along[1], along[0])))
    return Pitch(origin[0], origin[1], heading, length, width, residual)


def read_pitch(path: Path) -> Pitch:
    """Read a CSV of four corners with the columns `latitude` and `longitude`, degrees.

    Raises:
        SourceError: a column is missing, a value is no number, or no rectangle fits.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            heading, *rows = (row for row in csv.reader(handle) if row)
            names = [name.strip().lower() for name in heading]
            columns = [names.index(name) for name in ("latitude", "longitude")]
            latitude, longitude = ([float(row[index]) for row in rows] for index in columns)
    except (csv.Error, ValueError, IndexError) as error:
        raise SourceError(
            f"{path} is no list of corners ({type(error).__name__}): write four lines below "
            "latitude,longitude"
        ) from error
    return fit_pitch(latitude, longitude, str(path))
