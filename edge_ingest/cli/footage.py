"""The command about videos: what one is, before it is packed."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from edge_ingest.cli.console import app, errors_in_a_line, facts, out, size


@app.command("probe")
def probe_command(
    file: Annotated[Path, typer.Argument(help="A video.")],
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Read all of it for its sha256, too.")
    ] = False,
) -> None:
    """Say what is known of a video: codec, frames, times, size."""
    from edge_ingest.checksum import sha256_of
    from edge_ingest.inputs import LARGEST_VIDEO, check_file
    from edge_ingest.video import probe

    with errors_in_a_line():
        check_file(file, LARGEST_VIDEO)
        with out.status("looking"):
            found = probe(file)
            digest = sha256_of(file) if checksum else None
        rate = f"{float(found.frame_rate):.5g} Hz ({found.frame_rate})"
        picture = f"{found.width_px} × {found.height_px} px" if found.can_decode else "unknown"
        turned = f", to be turned by {found.rotation_deg}°" if found.rotation_deg else ""
        began = found.recorded_at_utc
        facts((
            ("file", escape(str(file))),
            ("container", found.container),
            ("codec", found.codec if found.can_decode else f"{found.codec}: it can only go whole"),
            ("picture", picture + turned),
            ("frames", f"{found.frame_count:,}"),
            ("rate", rate + (", variable" if found.is_variable_rate else "")),
            ("length", f"{found.duration_s:,.2f} s"),
            ("key frames", f"at most {found.key_interval_s:.2f} s apart"),
            ("began", f"{began:%Y-%m-%d %H:%M:%S} UTC" if began else "not told: --started-at"),
            ("tracks", f"{found.track_count}" + (" (1 of pictures)" * (found.track_count > 1))),
            ("size", size(file.stat().st_size)),
            *((("sha256", digest),) if digest else ()),
        ))  # fmt: skip
