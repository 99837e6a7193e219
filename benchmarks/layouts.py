"""Real movement in the layouts of Metrica, TRACAB, STATSports, GPX and TCX.

No whole recording in them is here.

kloppy's wheel holds some lines of their own files. Layout and precision are taken from there
(Metrica: shares of the field with five decimals, a file for each side, the ball in both; TRACAB:
whole centimetres from the centre); the movement from twenty minutes of the match J03WMX (IDSSE,
12.5 Hz; Bassek et al. 2025, Scientific Data, doi 10.1038/s41597-025-04505-y, CC BY 4.0). GPX is
written from a GNSS vest, a track point a second, and STATSports' CSV from several; TCX from a FIT
activity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from edge_ingest.geodesy import from_local, to_local
from edge_ingest.readers import read_recording
from edge_ingest.samples import Sample

FIELD_M = (105.0, 68.0)
#: Frames are numbered at this rate, and every second one is there.
FRAME_RATE_HZ = 25

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Frames:
    """A match by frame.

    Attributes:
        number: (n,) of each frame.
        sides: (2, n) a player and side: metres from a corner, NaN where he is not there.
        ball: (2, n).
    """

    number: npt.NDArray[np.int64]
    sides: dict[str, list[FloatArray]]
    ball: FloatArray


def read_frames(path: Path) -> Frames:
    """Read one row a frame and object: frame_id, player_id, team_id, is_ball, x, y in m."""
    table = pq.read_table(path, columns=["frame_id", "player_id", "team_id", "is_ball", "x", "y"])
    number = np.unique(table["frame_id"].to_numpy())
    players = table.filter(pc.invert(table["is_ball"]))
    teams = sorted(players["team_id"].cast(pa.string()).unique().to_pylist())
    sides = {}
    for side, team in zip(("home", "away"), teams, strict=True):
        mine = players.filter(pc.equal(players["team_id"].cast(pa.string()), team))
        names = sorted(mine["player_id"].unique().to_pylist())
        sides[side] = [_places(mine.filter(pc.equal(mine["player_id"], n)), number) for n in names]
    return Frames(number, sides, _places(table.filter(table["is_ball"]), number))


def write_metrica(frames: Frames, folder: Path) -> dict[str, Path]:
    """Write the parts `home` and `away` of Metrica's CSV into a folder.

    Its shares count downwards from the upper touch line.
    """
    paths = {}
    for side, players in frames.sides.items():
        shirts = [str(number) for number in range(1, len(players) + 1)]
        lines = [
            ",,," + ",,".join([side.title()] * len(shirts)) + ",,,",
            ",,," + ",,".join(shirts) + ",,,",
            "Period,Frame,Time [s]," + ",,".join(f"Player{n}" for n in shirts) + ",,Ball,",
        ]
        shares = np.concatenate(
            [(x_m / FIELD_M[0], 1 - y_m / FIELD_M[1]) for x_m, y_m in (*players, frames.ball)]
        )
        for number, row in zip(frames.number.tolist(), shares.T.tolist(), strict=True):
            places = ",".join("NaN" if isnan(share) else _number(share, 5) for share in row)
            lines.append(f"1,{number},{_number(number / FRAME_RATE_HZ, 2)},{places}")
        paths[side] = folder / f"{side}.csv"
        paths[side].write_text("\n".join(lines) + "\n")
    return paths


def write_tracab(frames: Frames, folder: Path) -> dict[str, Path]:
    """Write the parts `match` and `tracking` of TRACAB (XML and dat) into a folder.

    Speeds, which neither our reader nor kloppy's heeds, are written as nought.
    """
    first, last = int(frames.number[0]), int(frames.number[-1])
    paths = {"match": folder / "tracab.xml", "tracking": folder / "tracab.dat"}
    paths["match"].write_text(
        f'<TracabMetaData sVersion="1.0"><match iId="1" dtDate="2023-05-27 13:30:12" '
        f'iFrameRateFps="{FRAME_RATE_HZ}" fPitchXSizeMeters="{FIELD_M[0]:.2f}" '
        f'fPitchYSizeMeters="{FIELD_M[1]:.2f}">'
        f'<period iId="1" iStartFrame="{first}" iEndFrame="{last}"/></match>'
        + "".join(
            f"<{side.title()}Team><LongName>{side}</LongName><ShortName>{side}</ShortName>"
            f"<TeamId>{team}</TeamId><Players>"
            + "".join(
                f"<Player><PlayerId>{100 * team + shirt}</PlayerId><FirstName>Player</FirstName>"
                f"<LastName>No{shirt}</LastName><JerseyNo>{shirt}</JerseyNo>"
                f"<StartFrameCount>{first}</StartFrameCount>"
                f"<EndFrameCount>{last}</EndFrameCount></Player>"
                for shirt in range(1, len(frames.sides[side]) + 1)
            )
            + f"</Players></{side.title()}Team>"
            for team, side in enumerate(("home", "away"), start=1)
        )
        + "</TracabMetaData>\n"
    )
    centimetres = {
        (team, shirt): _centimetres(place)
        for team, side in ((1, "home"), (0, "away"))
        for shirt, place in enumerate(frames.sides[side], start=1)
    }
    ball = _centimetres(frames.ball)
    with paths["tracking"].open("w") as handle:
        for row, number in enumerate(frames.number.tolist()):
            players = "".join(
                f"{team},{100 * team + shirt},{shirt},{x[row]},{y[row]},0.00;"
                for (team, shirt), (x, y) in centimetres.items()
            )
            handle.write(f"{number}:{players}:{ball[0][row]},{ball[1][row]},0,0.0,H,Alive;:\n")
    return paths


def write_gpx(vest: Path, folder: Path) -> dict[str, Path]:
    """Write the part `activity` of GPX from every tenth sample of a Catapult export at 10 Hz."""
    table = csv.read_csv(vest)
    _, longitude, latitude = (column.to_numpy()[::10] for column in table.columns)
    start = np.datetime64("2021-11-19T17:10:00")
    instants = start + np.arange(latitude.size).astype("timedelta64[s]")
    points = "\n".join(
        f'<trkpt lat="{lat:.8f}" lon="{lon:.8f}"><ele>12.0</ele><time>{when}Z</time></trkpt>'
        for lat, lon, when in zip(latitude, longitude, instants, strict=True)
    )
    path = folder / "vest.gpx"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="Touchline" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><type>running</type><trkseg>\n{points}\n</trkseg></trk></gpx>\n"
    )
    return {"activity": path}


def write_statsports(vests: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Write the part `positions` of STATSports from Catapult exports: a block a player.

    Speed is the vest's own way between samples, km/h.
    """
    path = folder / "statsports.csv"
    with path.open("w") as handle:
        handle.write("Player Id,Player Display Name,Time,Latitude,Longitude,Speed (km/h)\n")
        for number, vest in enumerate(vests, start=1):
            days, longitude, latitude = (one.to_numpy() for one in csv.read_csv(vest).columns)
            since_ms = np.rint(days * 86_400_000).astype("timedelta64[ms]")
            times = np.datetime64("1899-12-30", "ms") + since_ms
            east, north, _ = to_local(latitude, longitude, float(latitude[0]), float(longitude[0]))
            seconds = np.diff(days, prepend=days[0] - 1e-6) * 86_400
            way_m = np.hypot(np.diff(east, prepend=east[0]), np.diff(north, prepend=north[0]))
            speed_kmh = 3.6 * way_m / seconds
            for row in zip(times, latitude, longitude, speed_kmh, strict=True):
                handle.write(f"{number},Player {number},{row[0]},{row[1]},{row[2]},{row[3]:.2f}\n")
    return {"positions": path}


def write_tcx(ride: Sample, folder: Path) -> dict[str, Path]:
    """Write the part `activity` of TCX from an activity that we read: one lap, all its points."""
    recording = read_recording(ride.source, ride.parts, ride.told)
    facts, positions = recording.session, recording.tables["positions"]
    origin = facts.origin_latitude_deg, facts.origin_longitude_deg
    assert origin[0] is not None and origin[1] is not None  # noqa: PT018 - a pair
    x_m, y_m = (positions[axis].fill_null(np.nan).to_numpy() for axis in ("x_m", "y_m"))
    latitude, longitude = from_local(x_m, y_m, origin[0], origin[1])
    signals = recording.tables["signals"]
    of_channel = {
        channel: dict(zip(*(rows[name].to_pylist() for name in ("captured_at_utc", "value")),
                          strict=True))
        for channel in ("heart_rate", "cadence", "altitude", "distance")
        for rows in [signals.filter(pc.equal(signals["channel"], channel))]
    }  # fmt: skip
    begun = f"{facts.started_at_utc:%Y-%m-%dT%H:%M:%SZ}"
    points = []
    for when, north, east in zip(
        positions["captured_at_utc"].to_pylist(), latitude, longitude, strict=True
    ):
        told = {channel: values.get(when) for channel, values in of_channel.items()}
        place = "" if isnan(north) else (
            f"<Position><LatitudeDegrees>{north:.7f}</LatitudeDegrees>"
            f"<LongitudeDegrees>{east:.7f}</LongitudeDegrees></Position>"
        )  # fmt: skip
        points.append(
            f"<Trackpoint><Time>{when:%Y-%m-%dT%H:%M:%SZ}</Time>{place}"
            + _element("AltitudeMeters", told["altitude"])
            + _element("DistanceMeters", told["distance"])
            + _element("HeartRateBpm", told["heart_rate"], "<Value>{:.0f}</Value>")
            + _element("Cadence", told["cadence"], "{:.0f}")
            + "</Trackpoint>"
        )
    path = folder / "ride.tcx"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<TrainingCenterDatabase '
        'xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities>'
        f'<Activity Sport="Biking"><Id>{begun}</Id><Lap StartTime="{begun}">'
        "<TriggerMethod>Manual</TriggerMethod><Track>\n" + "\n".join(points)
        + "\n</Track></Lap></Activity></Activities></TrainingCenterDatabase>\n"
    )  # fmt: skip
    return {"activity": path}


def _element(name: str, value: float | None, form: str = "{:.2f}") -> str:
    return "" if value is None else f"<{name}>{form.format(value)}</{name}>"


def _places(rows: pa.Table, number: npt.NDArray[np.int64]) -> FloatArray:
    found = np.full((2, number.size), np.nan)
    at = np.searchsorted(number, rows["frame_id"].to_numpy())
    for axis, name in enumerate(("x", "y")):
        found[axis, at] = rows[name].to_numpy()
    return found


def _centimetres(place: FloatArray) -> list[list[int]]:
    """From the centre, in whole numbers; every object of this match is there in every frame."""
    centred = place - np.array(FIELD_M)[:, None] / 2
    whole: list[list[int]] = np.rint(100 * centred).astype(int).tolist()
    return whole


def _number(value: float, digits: int) -> str:
    return f"{round(value, digits):.{digits}f}".rstrip("0").rstrip(".")
