"""`edge-ingest watch`: recordings that are put into a folder become drops."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from edge_ingest.cli.console import Config, Once, app, err, errors_in_a_line, out, say
from edge_ingest.cli.signals import until_told
from edge_ingest.cli.words import COLOURS, heading, now, trouble
from edge_ingest.errors import EdgeError, SettingsError

if TYPE_CHECKING:
    from edge_ingest.intake.watch import Outcome, Watcher

#: A wait may end a little early by the clock that files are judged by, s.
_SLACK_S = 0.05


@app.command("watch")
def watch_command(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Where recordings are put. Default: watch.folder of the settings."),
    ] = None,
    once: Once = False,
    config: Config = None,
) -> None:
    """Make drops of the recordings that are put into a folder.

    With --once the exit code is 1 if a file was refused, or could not be taken in.
    """
    from edge_ingest.intake.isolation import in_child
    from edge_ingest.intake.watch import Watcher
    from edge_ingest.node.load import load_node
    from edge_ingest.node.lock import only_one

    with errors_in_a_line(), until_told() as (stop, sleep):
        node = load_node(config)
        watched = folder or node.watch.folder
        if watched is None:
            raise SettingsError("which folder? Give it, or set folder in [watch] of the settings")
        attempt = in_child(node.watch.read_limit_s, stop)
        watcher = Watcher(node, watched, now, time.monotonic, attempt, stop)
        with only_one(node.state, "watch"):
            watcher.start()
            if once:
                raise typer.Exit(_watch_once(watcher, sleep))
            say(f"watching {escape(str(watched))}")
            _watch(watcher, stop, sleep)


def _watch_once(watcher: "Watcher", sleep: Callable[[float], None]) -> int:
    if watcher.unsettled():
        sleep(watcher.node.watch.settle_s + _SLACK_S)
    refused, hints, problems, seen = [], dict[str, None](), 0, 0
    for outcome in watcher.once(trust_times=True):
        seen += 1
        problems += outcome.state in {"no space", "failed"}
        if outcome.state == "refused":
            refused.append(outcome)
        else:
            _print_outcome(outcome, watcher.folder)
        hints |= dict.fromkeys([outcome.hint] if outcome.hint else [])
    for hint in hints:
        say(f"[yellow]hint[/]     {escape(hint)}")
    if watcher.unsettled():
        out.print("some files are still being written: they are taken the next time")
    elif not seen:
        say(f"nothing new in {escape(str(watcher.folder))}")
    if refused:
        heading("refused")
        for one in refused:
            trouble(one.name, one.rule, _within(watcher.folder, one.detail))
        say(f"\n{len(refused)} refused; kept in {escape(str(watcher.node.quarantine))}")
    return 1 if refused or problems else 0


def _watch(watcher: "Watcher", stop: Callable[[], bool], sleep: Callable[[float], None]) -> None:
    told: dict[Path | None, tuple[str, str]] = {}
    while not stop():
        standing: dict[Path | None, tuple[str, str]] = {}
        try:
            for outcome in watcher.once():
                # Two folders may each have a file of that name.
                standing[outcome.file] = (outcome.state, outcome.rule)
                if told.get(outcome.file) != standing[outcome.file]:
                    _print_outcome(outcome, watcher.folder)
        except (
            EdgeError,
            OSError,
        ) as error:  # a calendar that cannot be read, a share that is away
            standing[None] = ("failed", str(error))
            if told.get(None) != standing[None]:
                say(f"[red]error[/] {escape(str(error))}", to=err)
        told = standing
        sleep(watcher.node.watch.poll_s)


def _within(folder: Path, text: str) -> str:
    """A message with names as they stand in the watched folder."""
    return text.replace(f"{folder}{os.sep}", "")


def _print_outcome(outcome: "Outcome", folder: Path) -> None:
    state = f"[{COLOURS[outcome.state]}]{outcome.state:<8}[/]"
    rule = f"({outcome.rule}) " if outcome.rule else ""
    detail = _within(folder, outcome.detail)
    say(f"{state} {escape(outcome.name)}: {rule}{escape(detail)}")
