"""Each reader and cleaner of the edge, and what one would take instead.

A line for each: to add a reader or a cleaner, add its line. The other side does what its manual
says, and no more than that: it need not bring rows into our axes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from pyarrow import csv

from benchmarks.layouts import read_frames, write_gpx, write_tracab
from benchmarks.named_sets import NamedSet, named_sets, real_data, why_not
from edge_ingest.cleaning.beats import correct_beats
from edge_ingest.cleaning.gnss import clean_gnss
from edge_ingest.cleaning.heart import clean_heart_rate
from edge_ingest.cleaning.optical import clean_optical
from edge_ingest.cleaning.settings import CleaningSettings, load_settings
from edge_ingest.readers import READERS, read_recording
from edge_ingest.recording import Recording, Told
from edge_ingest.samples import Sample, broadcast_match, match_samples

Work = Callable[[], object]

#: What our readers by way of kloppy ask of it: its change of coordinates would take as long again.
_KLOPPY = "kloppy, the vendor's own coordinates"


@dataclass(frozen=True)
class Rival:
    """Ours and theirs.

    Attributes:
        name: of the reader or the cleaner.
        beside: what one would take instead.
        given: what both are given.
        make: both, ready to run again and again; heavy imports within.
        wraps: ours is built on theirs.
        missing: what is not here to measure it with.
    """

    name: str
    beside: str
    given: str
    make: Callable[[], tuple[Work, Work]]
    wraps: bool = False
    missing: str | None = None


@dataclass(frozen=True)
class Alone:
    """A filter that no library offers: timed, and held against nothing.

    Attributes:
        make: it, ready to run again and again, and how many rows it is given.
    """

    name: str
    given: str
    make: Callable[[], tuple[Work, int]]
    missing: str | None = None


def rivals(work: Path) -> list[Rival]:
    """Every pair; files that must be made are written into `work`."""
    sets = {one.name: one for one in named_sets(work)}
    wheel = broadcast_match().parts["match"].parent
    wyscout = next(sample for sample in match_samples() if sample.source == "wyscout")
    events = Sample(
        "statsbomb",
        {"match": wheel / "statsbomb_lineup.json", "events": wheel / "statsbomb_event.json"},
        Told(started_at_utc=datetime(2020, 1, 1, 20, tzinfo=UTC)),
    )
    return [
        _of_set("skillcorner", "kloppy", sets["tracking_json"], _skillcorner),
        _of_set("metrica", "kloppy", sets["tracking_csv"], _metrica),
        _tracab(work),
        _sportec(),
        Rival("wyscout", _KLOPPY, "Leicester – Liverpool", lambda: _wyscout(wyscout), wraps=True),
        Rival("kloppy_tracking", _KLOPPY, "Hawk-Eye, kloppy's minute", lambda: _hawkeye(wheel),
              wraps=True),
        Rival("kloppy_events", _KLOPPY, "StatsBomb, one match", lambda: _statsbomb(events),
              wraps=True),
        _of_set("catapult", "pandas: CSV, and its days as instants", sets["gnss_csv"], _catapult),
        _gpx(work, sets["gnss_csv"]),
        _of_set("fit", "fitdecode, to dicts", sets["fit"], _fit, wraps=True),
        _beats(),
    ]  # fmt: skip


def alone(work: Path) -> list[Alone]:
    """Filters without a rival, each on the largest recording of a set."""
    sets = {one.name: one for one in named_sets(work)}
    return [
        _filter("clean_optical", sets["tracking_csv"], "positions", _clean_optical),
        _filter("clean_gnss", sets["gnss_csv"], "positions", _clean_gnss),
        _filter("clean_heart_rate", sets["fit"], "signals", _clean_heart_rate),
    ]


def _filter(
    name: str, one: NamedSet, table: str, run: Callable[[Recording, CleaningSettings], object]
) -> Alone:
    def make() -> tuple[Work, int]:
        recording = _read(largest(one))()
        return partial(run, recording, load_settings()), recording.tables[table].num_rows

    return Alone(name, one.what, make, why_not(one))


def _clean_optical(recording: Recording, settings: CleaningSettings) -> object:
    facts = recording.session
    field_m = (facts.field_length_m or 105.0, facts.field_width_m or 68.0)
    return clean_optical(recording.tables["positions"], field_m, facts.sport, settings)


def _clean_gnss(recording: Recording, settings: CleaningSettings) -> object:
    tables = recording.tables
    sport = recording.session.sport
    return clean_gnss(tables["positions"], tables.get("signals"), sport, settings)


def _clean_heart_rate(recording: Recording, settings: CleaningSettings) -> object:
    return clean_heart_rate(recording.tables["signals"], settings)


def _of_set(
    name: str,
    beside: str,
    one: NamedSet,
    make: Callable[[Sample], tuple[Work, Work]],
    *,
    wraps: bool = False,
) -> Rival:
    """On the largest recording of a set."""
    return Rival(name, beside, one.what, lambda: make(largest(one)), wraps, why_not(one))


def largest(one: NamedSet) -> Sample:
    """The recording of a set with the most bytes."""
    return max(one.samples, key=lambda s: sum(path.stat().st_size for path in s.parts.values()))


def _read(sample: Sample) -> Callable[[], Recording]:
    return partial(read_recording, sample.source, sample.parts, sample.told)


def _skillcorner(sample: Sample) -> tuple[Work, Work]:
    from kloppy import skillcorner

    match, tracking = (str(sample.parts[part]) for part in ("match", "tracking"))
    # All frames that carry data, as our reader gives them.
    theirs = partial(skillcorner.load, meta_data=match, raw_data=tracking, only_alive=False)
    return _read(sample), theirs


def _metrica(sample: Sample) -> tuple[Work, Work]:
    from kloppy import metrica

    home, away = (str(sample.parts[part]) for part in ("home", "away"))
    return _read(sample), partial(metrica.load_tracking_csv, home_data=home, away_data=away)


def _tracab(work: Path) -> Rival:
    frames = real_data() / "tracking_events" / "idsse_j03wmx_frames.parquet"
    missing = None if frames.is_file() else f"no {frames}: set SPORTS_REAL_DATA"

    def make() -> tuple[Work, Work]:
        from kloppy import tracab

        parts = write_tracab(read_frames(frames), work)
        match, tracking = (str(parts[part]) for part in ("match", "tracking"))
        theirs = partial(tracab.load, meta_data=match, raw_data=tracking, only_alive=False)
        return _read(Sample("tracab", parts)), theirs

    given = "IDSSE J03WMX, 20 minutes at 12.5 Hz, rendered in TRACAB's layout"
    return Rival("tracab", "kloppy", given, make, missing=missing)


def _sportec() -> Rival:
    folder = real_data() / "tracking_events"
    parts = {
        "match": folder / "idsse_j03wmx_info.xml",
        "tracking": folder / "idsse_j03wmx_positions.xml",
    }
    lacking = [str(path) for path in parts.values() if not path.is_file()]
    missing = f"no {', '.join(lacking)}: set SPORTS_REAL_DATA" if lacking else None

    def make() -> tuple[Work, Work]:
        from kloppy import sportec

        match, tracking = (str(parts[part]) for part in ("match", "tracking"))
        theirs = partial(
            sportec.load_tracking, meta_data=match, raw_data=tracking, only_alive=False
        )
        return _read(Sample("sportec", parts)), theirs

    return Rival("sportec", "kloppy", "IDSSE J03WMX, a slice of the XML", make, missing=missing)


def _hawkeye(wheel: Path) -> tuple[Work, Work]:
    from kloppy import hawkeye

    parts = {
        "ball": wheel / "hawkeye_2_46.football.samples.ball",
        "tracking": wheel / "hawkeye_2_46.football.samples.centroids",
        "match": wheel / "hawkeye_meta.json",
    }
    told = Told(started_at_utc=datetime(2020, 1, 1, 20, tzinfo=UTC))
    theirs = partial(
        hawkeye.load,
        ball_feeds=[str(parts["ball"])],
        player_centroid_feeds=[str(parts["tracking"])],
        meta_data=str(parts["match"]),
        coordinates="hawkeye",
    )
    return _read(Sample("hawkeye", parts, told)), theirs


def _statsbomb(sample: Sample) -> tuple[Work, Work]:
    from kloppy import statsbomb

    match, events = (str(sample.parts[part]) for part in ("match", "events"))
    theirs = partial(statsbomb.load, event_data=events, lineup_data=match, coordinates="statsbomb")
    return _read(sample), theirs


def _catapult(sample: Sample) -> tuple[Work, Work]:
    import pandas as pd

    def theirs() -> object:
        frame = pd.read_csv(sample.parts["positions"])
        # Days since the spreadsheet's nought; no metres, no pitch.
        frame["when"] = pd.to_datetime(frame["Timestamp"], unit="D", origin="1899-12-30")
        return frame

    return _read(sample), theirs


def _gpx(work: Path, one: NamedSet) -> Rival:
    missing = one.missing or (None if "gpx" in READERS else "no reader of gpx")

    def make() -> tuple[Work, Work]:
        import gpxpy

        parts = write_gpx(largest(one).parts["positions"], work)

        def theirs() -> object:
            with parts["activity"].open() as handle:
                return gpxpy.parse(handle)

        return _read(Sample("gpx", parts)), theirs

    return Rival("gpx", "gpxpy", "an hour of a GNSS vest, a point a second", make, missing=missing)


def _beats() -> Rival:
    path = real_data() / "rr_intervals" / "nn_60min.csv"
    missing = None if path.is_file() else f"no {path}: set SPORTS_REAL_DATA"

    def make() -> tuple[Work, Work]:
        import neurokit2

        rr_ms = csv.read_csv(path)["rr_ms"].to_numpy().astype(np.float64)
        # One beat in forty comes late and the next early, so that there is something to mend.
        late = np.random.default_rng(0).choice(rr_ms.size - 1, rr_ms.size // 40, replace=False)
        rr_ms[late] += 120
        rr_ms[late + 1] -= 120
        peaks = np.concatenate([[0], np.cumsum(np.rint(rr_ms))]).astype(int)
        ours = partial(correct_beats, rr_ms, load_settings().beats)
        theirs = partial(
            neurokit2.signal_fixpeaks, peaks, sampling_rate=1000, iterative=True, method="Kubios"
        )
        return ours, theirs

    return Rival("beats", "NeuroKit2, Kubios' method", "an hour of beats, one in forty misplaced",
                 make, missing=missing)  # fmt: skip


def _wyscout(sample: Sample) -> tuple[Work, Work]:
    from kloppy import wyscout

    theirs = partial(
        wyscout.load,
        event_data=str(sample.parts["events"]),
        data_version="V2",
        coordinates="wyscout",
    )
    return _read(sample), theirs


def _fit(sample: Sample) -> tuple[Work, Work]:
    import fitdecode

    path = sample.parts["activity"]

    def theirs() -> object:
        with fitdecode.FitReader(path) as reader:
            return [
                {entry.name: entry.value for entry in frame.fields}
                for frame in reader
                if frame.frame_type == fitdecode.FIT_FRAME_DATA
            ]

    return _read(sample), theirs
