"""Video of a camera: the reader. The file itself goes with the drop; its row says what it is."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from edge_ingest.camera import Calibration
from edge_ingest.drops.media import known_sha256
from edge_ingest.errors import SourceError
from edge_ingest.footage import FootageObject, footage_table
from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.recording import Recording, SessionFacts, Told
from edge_ingest.records import SPORTS
from edge_ingest.video import probe

VERSION = "1"

#: Whoever tells the start reads a watch, s.
_TOLD_WITHIN_S = 60.0
#: No list of points is longer, B.
_LARGEST_CALIBRATION = 1024**2


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read one recording of one camera: `video`, and what is known of the camera: `calibration`.

    Started is the instant of the first frame: as told, or as the camera wrote it. No camera knows
    the sport.
    """
    path = parts["video"]
    if told.sport not in SPORTS:
        what = f"the sport is {told.sport!r}" if told.sport else f"{path} does not tell the sport"
        raise SourceError(f"{what}: give one of {', '.join(SPORTS)} (--sport)", rule="incomplete")
    facts = probe(path)
    started = told.started_at_utc or facts.recorded_at_utc
    if started is None:
        raise SourceError(
            f"{path} does not say when it began: give started_at_utc, the instant of its first "
            "frame",
            rule="incomplete",
        )
    calibration = _calibration(parts["calibration"]) if "calibration" in parts else None
    clock = (
        Clock(source="operator", uncertainty_s=_TOLD_WITHIN_S)
        if told.started_at_utc
        else Clock(source="device")
    )
    camera = slugify(told.device_id or path.stem) or "camera"
    name = f"{camera}.{facts.container}"
    digest = known_sha256(path)
    video = FootageObject(name, digest, path.stat().st_size, facts, started)
    return Recording(
        source="video",
        device_id=camera,
        kind="footage",
        reader="video",
        reader_version=VERSION,
        session=SessionFacts(
            told.sport,
            started,
            started + timedelta(seconds=facts.duration_s),
            # Another file of the same camera is another recording, not a correction of this one.
            source_session_id=f"sha256-{digest[:16]}",
            site=told.site,
            sampling_rate_hz=float(facts.frame_rate),
        ),
        clock=clock,
        tables={"footage": footage_table([video], camera, clock, calibration)},
        media={name: path},
    )


def _calibration(path: Path) -> str:
    """What a person told of the camera, in one spelling whatever the file's."""
    if path.stat().st_size > _LARGEST_CALIBRATION:
        raise SourceError(f"{path} is too large for a calibration: give its points as JSON")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is no text: write the calibration as JSON in UTF-8") from error
    try:
        return Calibration.from_json(text).to_json()
    except SourceError as error:
        raise SourceError(f"{path}: {error}", rule=error.rule) from error
