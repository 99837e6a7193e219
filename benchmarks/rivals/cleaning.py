"""Cleaners. Beats and footage have rivals; what flags positions and heart rates has none."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

import numpy as np
from pyarrow import csv

from benchmarks.named_sets import NamedSet, real_data, why_not
from benchmarks.rivals.pair import Alone, Rival, Work, largest
from edge_ingest.cleaning.beats import correct_beats
from edge_ingest.cleaning.footage import motion
from edge_ingest.cleaning.gnss import clean_gnss
from edge_ingest.cleaning.heart import clean_beats, clean_heart_rate, ln_rmssd_rows
from edge_ingest.cleaning.optical import clean_optical, leave_out_dead_time
from edge_ingest.cleaning.settings import CleaningSettings, load_settings
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording, Told

_NO_LIBRARY = "no library that we know flags these: {}"
_PICTURE = (384, 216)


def rivals() -> list[Rival]:
    """Filters that a library offers, too."""
    return [_beats(), _ln_rmssd(), _footage()]


def alone(sets: Mapping[str, NamedSet]) -> list[Alone]:
    """Filters without a rival, each on the largest recording of a set."""
    smooth = "kloppy, floodlight and databallpy smooth and gate by speed, and name no rows"
    return [
        _filter("clean_optical", sets["tracking_csv"], "positions", _clean_optical,
                f"swaps, jumps, idle time: {smooth}"),
        _filter("leave_out_dead_time", sets["tracking_csv"], "positions", _dead_time,
                "which rows are dead time is what our own flags say"),
        _filter("clean_gnss", sets["gnss_csv"], "positions", _clean_gnss,
                _NO_LIBRARY.format("poor and frozen fixes, teleports that come back")),
        _filter("clean_heart_rate", sets["fit"], "signals", _clean_heart_rate,
                _NO_LIBRARY.format("NeuroKit2 mends beats, and takes no rates")),
    ]  # fmt: skip


def _filter(
    name: str,
    one: NamedSet,
    table: str,
    run: Callable[[Recording, CleaningSettings], object],
    reason: str,
) -> Alone:
    def make() -> tuple[Work, int]:
        sample = largest(one)
        recording = read_recording(sample.source, sample.parts, sample.told)
        return partial(run, recording, load_settings()), recording.tables[table].num_rows

    return Alone(name, one.what, reason, make, why_not(one))


def _clean_optical(recording: Recording, settings: CleaningSettings) -> object:
    facts = recording.session
    field_m = (facts.field_length_m or 105.0, facts.field_width_m or 68.0)
    return clean_optical(recording.tables["positions"], field_m, facts.sport, settings)


def _dead_time(recording: Recording, settings: CleaningSettings) -> object:
    return leave_out_dead_time(recording.tables["positions"], settings)


def _clean_gnss(recording: Recording, settings: CleaningSettings) -> object:
    tables = recording.tables
    sport = recording.session.sport
    return clean_gnss(tables["positions"], tables.get("signals"), sport, settings)


def _clean_heart_rate(recording: Recording, settings: CleaningSettings) -> object:
    return clean_heart_rate(recording.tables["signals"], settings)


def _beats() -> Rival:
    path = real_data() / "rr_intervals" / "nn_60min.csv"

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

    missing = None if path.is_file() else f"no {path}: set SPORTS_REAL_DATA"
    return Rival("beats", "NeuroKit2, Kubios' method", "an hour of beats, one in forty misplaced",
                 make, missing=missing)  # fmt: skip


def _ln_rmssd() -> Rival:
    """From beats to lnRMSSD in windows; theirs has no way to ask for RMSSD alone."""
    path = real_data() / "rr_intervals" / "nn_60min.csv"

    def make() -> tuple[Work, Work]:
        import neurokit2

        told = Told(started_at_utc=datetime(2024, 5, 4, 13, tzinfo=UTC))
        settings = load_settings()
        signals = read_recording("rr", {"intervals": path}, told).tables["signals"]
        peaks = np.cumsum(signals["value"].to_numpy()).astype(int)
        window_ms = round(1000 * settings.beats.window_s)
        stretches = np.split(peaks, np.searchsorted(peaks, range(window_ms, peaks[-1], window_ms)))

        def ours() -> object:
            return ln_rmssd_rows(clean_beats(signals, settings).table, settings)

        def theirs() -> object:
            return [
                neurokit2.hrv_time(
                    neurokit2.signal_fixpeaks(one, sampling_rate=1000, method="Kubios")[1],
                    sampling_rate=1000,
                )
                for one in stretches
            ]

        return ours, theirs

    missing = None if path.is_file() else f"no {path}: set SPORTS_REAL_DATA"
    return Rival("ln_rmssd", "NeuroKit2, artefacts and hrv_time by window", "an hour of beats",
                 make, missing=missing)  # fmt: skip


def _footage() -> Rival:
    """Looks as far apart as ours, on pictures as small; theirs knows no pitch."""
    path = real_data() / "footage" / "left_camera.mp4"

    def make() -> tuple[Work, Work]:
        import cv2

        settings = load_settings().footage

        def theirs() -> object:
            video = cv2.VideoCapture(str(path))
            rate_hz = video.get(cv2.CAP_PROP_FPS)
            apart = max(1, round(settings.look_s * rate_hz))
            before, shares, number = None, [], 0
            while video.grab():
                if number % apart == 0:
                    picture = cv2.resize(
                        video.retrieve()[1], _PICTURE, interpolation=cv2.INTER_AREA
                    )
                    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
                    if before is not None:
                        changed = cv2.absdiff(grey, before) > settings.changed_levels
                        shares.append(float(changed.mean()))
                    before = grey
                number += 1
            video.release()
            return shares

        return partial(motion, path, settings), theirs

    missing = None if path.is_file() else f"no {path}: set SPORTS_REAL_DATA"
    given = "ten seconds of a static camera, 3072 × 1728, HEVC"
    return Rival("footage", "OpenCV, differences of small pictures", given, make, missing=missing)
