"""`clip`: any moment of any athlete, as a file that can be played."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from edge_ingest.cli.console import facts, size
from sports_assets.cli.console import app, errors_in_a_line
from sports_assets.cli.play_time import instant_of

if TYPE_CHECKING:
    from sports_assets.vision.clips.athlete_clip import Clip

_WHEN = "An instant such as 2026-05-02T14:03:10Z, or the time since the footage began: 33:10."

#: A frame that is on show when the moment begins is no lead, s.
_LEAD_S = 0.1


@app.command("clip")
def clip_command(  # noqa: PLR0917 - the options of the command
    session: Annotated[str, typer.Argument(help="The session.")],
    start: Annotated[str, typer.Option("--from", help=_WHEN)],
    end: Annotated[str, typer.Option("--to", help="Likewise.")],
    out: Annotated[Path, typer.Option("--out", help="File to write; several are numbered.")],
    athlete: Annotated[str, typer.Option(help="Who is to be seen: our athlete_id.")] = "",
    track: Annotated[
        int | None, typer.Option(min=0, help="Or a track of vision/track, of nobody we know.")
    ] = None,
    camera: Annotated[str, typer.Option(help="From this camera alone.")] = "",
    *,
    is_exact: Annotated[
        bool, typer.Option("--exact", help="Begin and end at the frame; encodes anew, as H.264.")
    ] = False,
    is_following: Annotated[
        bool, typer.Option("--follow", help="Cut out what is around the athlete, for a phone.")
    ] = False,
) -> None:
    """Cut a moment out of a session's footage; the camera that saw the athlete best is chosen."""
    with errors_in_a_line():
        from resources.environment import load_settings
        from resources.installation import lakehouse_of
        from sports_assets.vision.clips.athlete_clip import Wanted, frames, session_footage

        settings = load_settings()
        with lakehouse_of(settings) as store:
            began = min(session_footage(store, session)["started_at_utc"].to_pylist())
            wanted = Wanted(
                instant_of(start, began), instant_of(end, began), athlete or None, track,
                camera or None, is_exact, is_following,
            )  # fmt: skip
            clips = frames(store, settings.s3, session, wanted, out)
    for clip in clips:
        facts(_told(clip))


def _told(clip: "Clip") -> list[tuple[str, str]]:
    file, moment = clip.file, clip.moment
    asked = moment.at(moment.start_s)
    lead_s = (asked - clip.starts_utc).total_seconds()
    how = "encoded anew" if file.is_encoded_anew else "the camera's own pictures"
    begins = "at the moment"
    if lead_s > _LEAD_S:
        begins = f"{lead_s:.2f} s before the moment, at a key frame"
    rows = [
        ("clip", f"[bold]{escape(str(file.path))}[/], {size(file.path.stat().st_size)}"),
        ("shows", f"{_when(clip.starts_utc)} to {_when(clip.ends_utc)}, {file.frame_count} frames"),
        ("begins", begins),
        ("pictures", f"{how}, {file.width_px} × {file.height_px}"),
        ("camera", escape(moment.camera)),
        ("footage", escape(moment.uri)),
    ]
    return [*rows, ("seen", f"in {moment.boxes} looks")] if moment.boxes else rows


def _when(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%H:%M:%S.%f}"[:-4] + "Z"
