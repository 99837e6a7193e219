"""The command about videos: what one is, before it is packed."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from edge_ingest.cli.console import app, errors_in_a_line, out


@app.command("probe")
def probe_command(
    file: Annotated[Path, typer.Argument(help="A video.")],
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Read all of it for its sha256, too.")
    ] = False,
) -> None:
    """Say what is known of a video: codec, frames, times, size."""
    from edge_ingest.drops.media import sha256_of
    from edge_ingest.inputs import LARGEST_VIDEO, check_file
    from edge_ingest.video import probe

    with errors_in_a_line():
        check_file(file, LARGEST_VIDEO)
        with out.status("looking"):
            facts = probe(file)
            digest = sha256_of(file) if checksum else None
        rate = f"{float(facts.frame_rate):.5g} Hz ({facts.frame_rate})"
        size = f"{facts.width_px} × {facts.height_px} px" if facts.can_decode else "unknown"
        turned = f", to be turned by {facts.rotation_deg}°" if facts.rotation_deg else ""
        began = facts.recorded_at_utc
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column()
        table.add_column(overflow="fold")
        for name, value in (
            ("file", escape(str(file))),
            ("container", facts.container),
            ("codec", facts.codec if facts.can_decode else f"{facts.codec}: it can only go whole"),
            ("picture", size + turned),
            ("frames", f"{facts.frame_count:,}"),
            ("rate", rate + (", variable" if facts.is_variable_rate else "")),
            ("length", f"{facts.duration_s:,.2f} s"),
            ("key frames", f"at most {facts.key_interval_s:.2f} s apart"),
            ("began", f"{began:%Y-%m-%d %H:%M:%S} UTC" if began else "not told: --started-at"),
            ("tracks", f"{facts.track_count}" + (" (1 of pictures)" * (facts.track_count > 1))),
            ("size", f"{file.stat().st_size / 1e6:,.1f} MB"),
            *((("sha256", digest),) if digest else ()),
        ):
            table.add_row(f"[bold]{name}[/]", value)
        out.print(table)
