"""The command that draws scenes: `python -m edge_ingest.simulate.footage`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from edge_ingest.cli.console import errors_in_a_line, out
from edge_ingest.simulate.footage.sources import BEGINS_S, SourceName

#: The longest that is drawn at once: a half.
_LONGEST_S = 3600.0

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


@app.command()
def draw_command(  # noqa: PLR0917 - options
    into: Annotated[Path, typer.Option("--into", help="Folder to write to.", file_okay=False)],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Decides what the scene looks like.")],
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.2, max=_LONGEST_S, help="How long.")
    ] = 120.0,
    source: Annotated[SourceName, typer.Option("--source", help="Whose tracking.")] = "skillcorner",
    start: Annotated[
        float | None,
        typer.Option("--start", min=0, help="From so many seconds after kick-off; default: where "
                     "the source has most people."),
    ] = None,
    kind: Annotated[
        Literal["still", "moving", "court", "pair", "black"],
        typer.Option("--kind", help="A still camera, one that follows the ball, a hall, "
                     "two half-pitch cameras, or black frames."),
    ] = "still",
    name: Annotated[
        str, typer.Option("--name", help="Of the files; default: scene_SEED.")
    ] = "",
    recordings: Annotated[
        Path | None,
        typer.Option("--recordings", envvar="SPORTS_REAL_DATA", file_okay=False,
                     help="Folder that holds tracking_events/, for j03wmx."),
    ] = None,
) -> None:  # fmt: skip
    """Draw real tracking as match footage: NAME.mp4, NAME.truth.parquet, NAME.scene.json."""
    from edge_ingest.simulate.footage.parameters import draw_parameters
    from edge_ingest.simulate.footage.scene import Kind, SceneFiles, write_scene
    from edge_ingest.simulate.footage.sources import read_stretch
    from edge_ingest.simulate.footage.textures import require_cv2
    from edge_ingest.simulate.footage.variants import (
        court_parameters,
        draw_black,
        on_court,
        pair_parameters,
    )

    name = name or f"scene_{seed:04d}"
    with errors_in_a_line():
        require_cv2()
        if kind == "black":
            into.mkdir(parents=True, exist_ok=True)
            draw_black(into / f"{name}.mp4", seconds, seed=seed)
            out.print(f"{into / name}.mp4: {seconds:g} s of black")
            return
        begin_s = BEGINS_S[source] if start is None else start
        tracking = read_stretch(source, begin_s, seconds, recordings)
        scenes = {name: draw_parameters(seed, tracking.field_m)}
        drawn: Kind = "still" if kind == "pair" else kind
        if kind == "pair":
            left, right = pair_parameters(seed)
            scenes = {f"{name}_left": left, f"{name}_right": right}
        elif kind == "court":
            tracking, scenes = on_court(tracking), {name: court_parameters(seed)}
        for one, parameters in scenes.items():
            with out.status(f"drawing {one}"):
                files = SceneFiles.of(into, one)
                truth = write_scene(tracking, parameters, files, seconds, drawn)
            out.print(f"{files.video}: {seconds:g} s, {truth.table.num_rows:,} rows of truth")


if __name__ == "__main__":
    app(prog_name="python -m edge_ingest.simulate.footage")
