"""The drawn match of the demo: a video that nobody filmed, as the drop of a camera.

It is there because no club's footage may be given away. Who stands where is taken from the real
broadcast tracking of `edge_ingest.samples`; people, kits, ground and picture are drawn. The
session's name, the camera's name and the grass in the picture say so.
"""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from edge_ingest.cleaning.settings import load_settings
from edge_ingest.drops.drop import PackedDrop
from edge_ingest.identity import CalendarEntry
from edge_ingest.intake.packing import Intake
from edge_ingest.readers import read_recording
from edge_ingest.recording import Told
from edge_ingest.samples import CLUB_TIMEZONE
from resources.environment import Settings

#: A day of the simulated club's last season.
STARTED_AT_UTC = datetime(2026, 5, 9, 14, 0, tzinfo=UTC)
SLUG, CAMERA = "drawn-match", "simulated-camera"
#: From 670 s after kick-off the broadcast showed ten people or more of one half without a break,
#: most of them on the side that the camera is drawn on.
BEGIN_S, SECONDS = 670.0, 20.0
#: A high camera without sun, and kits that differ: people are easily told apart.
SEED = 4
_SIZE_PX, _FPS = (1280, 720), 25


def pack(settings: Settings, console: Console) -> PackedDrop:
    """Pack the drawn match, which is drawn the first time only."""
    video = settings.home / "demo" / f"{SLUG}.mp4"
    if not video.is_file():
        with console.status(f"   drawing {SECONDS:g} s of a match, a picture after the other"):
            draw(video)
    recording = read_recording(
        "video",
        {"video": video},
        Told(started_at_utc=STARTED_AT_UTC, sport="football", device_id=CAMERA),
    )
    calendar = [CalendarEntry(STARTED_AT_UTC, "football", SLUG)]
    intake = Intake(Path(settings.landing_uri), load_settings(), calendar, CLUB_TIMEZONE)
    drop = intake.take(recording, datetime.now(UTC))
    console.print(
        f"\n   and {SECONDS:g} s of footage: [bold]drawn[/], not filmed, where real players stood: "
        f"{video.stat().st_size / 1e6:.1f} MB"
    )
    return drop


def draw(video: Path) -> None:
    """Draw the match; the file appears when it is whole."""
    from edge_ingest.simulate.footage import draw_match, draw_parameters, read_stretch

    video.parent.mkdir(parents=True, exist_ok=True)
    tracking = read_stretch("skillcorner", BEGIN_S, SECONDS)
    scene = draw_parameters(SEED, tracking.field_m, "left half", _SIZE_PX, _FPS)
    scene = replace(scene, lines=replace(scene.lines, lettering="Drawn"))
    part = video.with_name(f".{video.name}.{os.getpid()}.part")
    try:
        draw_match(tracking, scene, part, SECONDS)
        part.replace(video)
    finally:
        part.unlink(missing_ok=True)
