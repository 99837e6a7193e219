"""Wearables: a library of the format where there is one, else pandas, lxml or NumPy.

pandas knows neither pitch nor metres. Whoever takes it for a vest writes what follows the parsing
as well, in the shortest way there is: a plane tangent to the globe, turned as the pitch lies.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.layouts import write_gpx, write_statsports, write_tcx
from benchmarks.named_sets import NamedSet, real_data, why_not
from benchmarks.rivals.pair import Rival, Work, largest, of_set, reading
from edge_ingest.pitch_corners import read_pitch
from edge_ingest.recording import Told
from edge_ingest.samples import Sample

if TYPE_CHECKING:
    import pandas as pd

START = datetime(2021, 11, 19, 17, 10, tzinfo=UTC)
_RADIUS_M = 6_371_000.0


def rivals(sets: Mapping[str, NamedSet], work: Path) -> list[Rival]:
    """Every reader of wearables."""
    vests, rides = sets["gnss_csv"], sets["fit"]
    return [
        _catapult(vests),
        _statsports(vests, work),
        _gpx(vests, work),
        _tcx(rides, work),
        of_set("fit", "fitdecode, to dicts", rides, _fit, wraps=True),
        _rr(),
        _tracinginsights(),
    ]


def _catapult(one: NamedSet) -> Rival:
    def make() -> tuple[Work, Work]:
        sample = largest(one)
        return reading(sample), partial(_pandas_to_metres, sample.parts, _spreadsheet_days)

    def parse() -> Work:
        import pandas as pd

        return partial(pd.read_csv, largest(one).parts["positions"])

    return Rival(
        "catapult", "pandas, to instants and metres on the pitch", one.what, make,
        missing=why_not(one), less=("pandas.read_csv alone", parse),
    )  # fmt: skip


def _statsports(one: NamedSet, work: Path) -> Rival:
    def parts() -> dict[str, Path]:
        made = write_statsports([sample.parts["positions"] for sample in one.samples], work)
        return made | {"pitch": one.samples[0].parts["pitch"]}

    def make() -> tuple[Work, Work]:
        given = parts()
        sample = Sample("statsports", given, Told(clock_timezone="Europe/Lisbon"))
        return reading(sample), partial(_pandas_to_metres, given, _iso_times)

    def parse() -> Work:
        import pandas as pd

        return partial(pd.read_csv, parts()["positions"])

    return Rival(
        "statsports", "pandas, to instants and metres on the pitch",
        "the four vests, rendered in the layout of STATSports", make, missing=why_not(one),
        less=("pandas.read_csv alone", parse),
    )  # fmt: skip


def _pandas_to_metres(
    parts: Mapping[str, Path], instants: Callable[["pd.DataFrame"], "pd.Series[Any]"]
) -> "pd.DataFrame":
    """A vest's file as one would write it with pandas; the corners are fitted as ours are."""
    import pandas as pd

    frame = pd.read_csv(parts["positions"], skipinitialspace=True)
    frame["captured_at_utc"] = instants(frame)
    frame["period_time_s"] = (
        frame["captured_at_utc"] - frame["captured_at_utc"].min()
    ).dt.total_seconds()
    pitch = read_pitch(parts["pitch"])
    latitude, longitude = np.radians(frame["Latitude"]), np.radians(frame["Longitude"])
    middle = np.radians([pitch.latitude_deg, pitch.longitude_deg])
    north = _RADIUS_M * (latitude - middle[0])
    east = _RADIUS_M * (longitude - middle[1]) * np.cos(middle[0])
    turn = np.radians(pitch.heading_deg)
    frame["x_m"] = east * np.cos(turn) + north * np.sin(turn)
    frame["y_m"] = north * np.cos(turn) - east * np.sin(turn)
    return frame


def _spreadsheet_days(frame: "pd.DataFrame") -> "pd.Series[Any]":
    import pandas as pd

    days = pd.to_datetime(frame["Timestamp"], unit="D", origin="1899-12-30").dt.round("ms")
    return days + (pd.Timestamp(START).tz_localize(None) - days.iloc[0])


def _iso_times(frame: "pd.DataFrame") -> "pd.Series[Any]":
    import pandas as pd

    local = pd.to_datetime(frame["Time"], format="ISO8601")
    return local.dt.tz_localize("Europe/Lisbon").dt.tz_convert("UTC")


def _gpx(one: NamedSet, work: Path) -> Rival:
    def make() -> tuple[Work, Work]:
        import gpxpy

        parts = write_gpx(largest(one).parts["positions"], work)

        def theirs() -> object:
            with parts["activity"].open() as handle:
                return gpxpy.parse(handle)

        return reading(Sample("gpx", parts)), theirs

    given = "an hour of a GNSS vest, a point a second"
    return Rival("gpx", "gpxpy", given, make, missing=why_not(one))


def _tcx(one: NamedSet, work: Path) -> Rival:
    """No library of TCX is among our dependencies; those that exist go over a tree, too."""

    def make() -> tuple[Work, Work]:
        from lxml import etree

        parts = write_tcx(largest(one), work)
        space = "{http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2}"

        def theirs() -> object:
            points = []
            for point in etree.parse(parts["activity"]).iter(f"{space}Trackpoint"):
                told: dict[str, object] = {}
                for element in point.iter():
                    text = (element.text or "").strip()
                    if text:
                        name = element.tag.rpartition("}")[2]
                        told[name] = datetime.fromisoformat(text) if name == "Time" else float(text)
                points.append(told)
            return points

        return reading(Sample("tcx", parts)), theirs

    given = "the largest of sweat's activities, rendered in TCX's layout"
    return Rival("tcx", "lxml, to dicts of numbers and instants", given, make, missing=why_not(one))


def _fit(sample: Sample) -> tuple[Work, Work]:
    """Ours asks fitdecode for raw frames and turns whole columns into values itself."""
    import fitdecode

    path = sample.parts["activity"]

    def theirs() -> object:
        with fitdecode.FitReader(path) as reader:
            return [
                {entry.name: entry.value for entry in frame.fields}
                for frame in reader
                if frame.frame_type == fitdecode.FIT_FRAME_DATA
            ]

    return reading(sample), theirs


def _rr() -> Rival:
    path = real_data() / "rr_intervals" / "nn_60min.csv"

    def make() -> tuple[Work, Work]:
        def theirs() -> object:
            rr_ms = np.loadtxt(path, skiprows=1)
            return np.datetime64("2024-05-04T13:00", "us") + np.cumsum(1000 * rr_ms).astype(
                "timedelta64[us]"
            )

        return reading(Sample("rr", {"intervals": path}, Told(started_at_utc=START))), theirs

    missing = None if path.is_file() else f"no {path}: set SPORTS_REAL_DATA"
    return Rival("rr", "NumPy, to intervals and instants", "an hour of beats", make,
                 missing=missing)  # fmt: skip


def _tracinginsights() -> Rival:
    path = real_data() / "motorsport" / "VER" / "laptimes.json"

    def make() -> tuple[Work, Work]:
        import json

        import pandas as pd

        def theirs() -> object:
            laps = pd.DataFrame(json.loads(path.read_bytes()))
            telemetry = [
                pd.DataFrame(json.loads(file.read_bytes())["tel"]).assign(
                    lap=file.name.split("_")[0]
                )
                for file in sorted(path.parent.glob("*_tel.json"))
            ]
            return laps, pd.concat(telemetry)

        sample = Sample("tracinginsights", {"laptimes": path}, Told(started_at_utc=START))
        return reading(sample), theirs

    missing = None if path.is_file() else f"no {path}: set SPORTS_REAL_DATA"
    return Rival("tracinginsights", "json and pandas", "24 laps of a car", make, missing=missing)
