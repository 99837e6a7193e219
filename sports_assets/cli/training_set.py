"""`training-set`: frames and boxes of the club's own footage, to train a detector on."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from edge_ingest.cli.console import facts
from sports_assets.cli.console import app, errors_in_a_line


@app.command("training-set")
def training_set_command(
    sessions: Annotated[list[str], typer.Argument(help="Sessions; a match is in one part alone.")],
    into: Annotated[Path, typer.Option("--into", help="A new or empty folder.")],
    every_s: Annotated[
        float, typer.Option("--every", min=0.04, help="One frame of so many seconds of a clip.")
    ] = 1.0,
) -> None:
    """Write frames of clips, with boxes in COCO's form, split by match into train and val."""
    with errors_in_a_line():
        from resources.environment import load_settings
        from resources.installation import lakehouse_of
        from sports_assets.vision.clips.training_material import export_training_set
        from sports_assets.vision.clips.training_set import SetSettings

        settings = load_settings()
        with lakehouse_of(settings) as store:
            made = export_training_set(
                store, settings.s3, sessions, into, SetSettings(every_s=every_s)
            )
    sides = tuple(made.sessions.values())
    parts = []
    for part in ("train", "val"):
        people, balls = made.boxes[part], made.ball_boxes[part]
        what = f"{made.images[part]:,} frames, {people:,} people, {balls:,} balls"
        parts.append((part, f"{what}, of {sides.count(part):,} sessions"))
    note = "boxes are what a detector saw: check a sample before you train on it"
    facts(
        [
            ("version", f"[bold]{made.version}[/]"),
            *parts,
            ("folder", escape(str(into))),
            ("next", note),
        ]
    )
