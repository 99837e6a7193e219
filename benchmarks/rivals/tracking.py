"""Tracking: kloppy reads every one of these formats."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.layouts import read_frames, write_tracab
from benchmarks.named_sets import NamedSet, real_data
from benchmarks.rivals.pair import Alone, Rival, Work, of_set, reading
from edge_ingest.recording import Told
from edge_ingest.samples import Sample, broadcast_match


def rivals(sets: Mapping[str, NamedSet], work: Path) -> list[Rival]:
    """Own readers, and the one that wraps kloppy."""
    return [
        of_set("skillcorner", "kloppy", sets["tracking_json"], _skillcorner),
        of_set("metrica", "kloppy", sets["tracking_csv"], _metrica),
        _tracab(work),
        _sportec(),
        Rival("hawkeye", "kloppy, the vendor's own coordinates",
              "Hawk-Eye, kloppy's minute", _hawkeye),
        # kloppy's change of coordinates would take as long again, and ours asks for none.
        Rival("kloppy_tracking", "kloppy, the vendor's own coordinates",
              "Second Spectrum, kloppy's sample", _second_spectrum, wraps=True),
    ]  # fmt: skip


def alone() -> list[Alone]:
    """A video's facts: FFmpeg's own library is what reads them, here and wherever else."""
    path = real_data() / "footage" / "left_camera.mp4"
    missing = None if path.is_file() else f"no {path}: set SPORTS_REAL_DATA"
    told = Told(started_at_utc=datetime(2022, 1, 1, 12, tzinfo=UTC), sport="football")
    sample = Sample("video", {"video": path}, told)
    reason = "FFmpeg's library does it, and nearly all of the time is the checksum's"
    return [Alone("video", "ten seconds of a static camera", reason,
                  lambda: (reading(sample), 250), missing)]  # fmt: skip


def _skillcorner(sample: Sample) -> tuple[Work, Work]:
    from kloppy import skillcorner

    match, tracking = (str(sample.parts[part]) for part in ("match", "tracking"))
    # All frames that carry data, as our reader gives them.
    theirs = partial(skillcorner.load, meta_data=match, raw_data=tracking, only_alive=False)
    return reading(sample), theirs


def _metrica(sample: Sample) -> tuple[Work, Work]:
    from kloppy import metrica

    home, away = (str(sample.parts[part]) for part in ("home", "away"))
    return reading(sample), partial(metrica.load_tracking_csv, home_data=home, away_data=away)


def _tracab(work: Path) -> Rival:
    frames = real_data() / "tracking_events" / "idsse_j03wmx_frames.parquet"
    missing = None if frames.is_file() else f"no {frames}: set SPORTS_REAL_DATA"

    def make() -> tuple[Work, Work]:
        from kloppy import tracab

        parts = write_tracab(read_frames(frames), work)
        match, tracking = (str(parts[part]) for part in ("match", "tracking"))
        theirs = partial(tracab.load, meta_data=match, raw_data=tracking, only_alive=False)
        return reading(Sample("tracab", parts)), theirs

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
        return reading(Sample("sportec", parts)), theirs

    return Rival("sportec", "kloppy", "IDSSE J03WMX, a slice of the XML", make, missing=missing)


def _second_spectrum() -> tuple[Work, Work]:
    from kloppy import secondspectrum

    folder = broadcast_match().parts["match"].parent
    parts = {
        "match": folder / "second_spectrum_fake_metadata.xml",
        "tracking": folder / "second_spectrum_fake_data.jsonl",
    }
    told = Told(started_at_utc=datetime(2020, 1, 1, 20, tzinfo=UTC))
    theirs = partial(
        secondspectrum.load,
        meta_data=str(parts["match"]),
        raw_data=str(parts["tracking"]),
        coordinates="secondspectrum",
        only_alive=False,
    )
    return reading(Sample("second_spectrum", parts, told)), theirs


def _hawkeye() -> tuple[Work, Work]:
    from kloppy import hawkeye

    folder = broadcast_match().parts["match"].parent
    parts = {
        "ball": folder / "hawkeye_2_46.football.samples.ball",
        "tracking": folder / "hawkeye_2_46.football.samples.centroids",
        "match": folder / "hawkeye_meta.json",
    }
    told = Told(started_at_utc=datetime(2020, 1, 1, 20, tzinfo=UTC))
    theirs = partial(
        hawkeye.load,
        ball_feeds=[str(parts["ball"])],
        player_centroid_feeds=[str(parts["tracking"])],
        meta_data=str(parts["match"]),
        coordinates="hawkeye",
    )
    return reading(Sample("hawkeye", parts, told)), theirs
