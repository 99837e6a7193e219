"""What every command shares: the app, the two consoles, options, and errors in one line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from edge_ingest.errors import EdgeError

app = typer.Typer(
    name="edge-ingest",
    help="Turn vendors' recordings into drops, check them, and send them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold athletes' data
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def _local_folder(path: Path) -> Path:
    if path.parts and path.parts[0].endswith(":"):
        raise typer.BadParameter(
            f"{path.parts[0]}//… is an object store, and this command writes folders: pack into a "
            "folder, and `edge-ingest send` it"
        )
    return path


Landing = Annotated[
    Path,
    typer.Option(
        "--into",
        envvar="SPORTS_LANDING_URI",
        help="Landing zone: a folder.",
        file_okay=False,
        callback=_local_folder,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings. Default: SPORTS_EDGE_CONFIG, or .edge/edge.toml."),
]
LANDING = Path(".sports/landing")
#: How the command line calls what a reader may be told.
OPTIONS = {
    "started_at_utc": "--started-at", "home_team_id": "--home-team", "athlete_id": "--athlete",
    "clock_timezone": "--clock-timezone",
    "sport": "--sport",
}  # fmt: skip


@contextmanager
def errors_in_a_line() -> Iterator[None]:
    """An error of ours becomes one line and exit code 2."""
    try:
        yield
    except (EdgeError, OSError) as error:
        message = str(error)
        for field, option in OPTIONS.items():
            if "_" not in field:
                continue  # a plain word, which may stand in a message as such
            message = re.sub(rf"\b{field}\b", option, message)
        err.print(f"[red]error[/] {escape(message)}", soft_wrap=True)
        raise typer.Exit(2) from None
