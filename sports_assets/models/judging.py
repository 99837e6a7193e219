"""What the `evaluate` commands of the models share: errors in a line, the screen, what is written.

An evaluation takes a minute or more and is printed before anything is written: a folder that cannot
be written costs nobody the figures.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from sports_assets.mlops.rows import EvaluationError
from sports_assets.workload.errors import WorkloadError

if TYPE_CHECKING:
    from rich.console import Console

    from sports_assets.mlops.model_card import ModelCard

#: A log has no width of its own, and a table must not be cut in it.
_LOG_WIDTH: Final = 160


@contextmanager
def errors_in_a_line(*own: type[Exception]) -> Iterator[None]:
    """What is wrong with a file or a history becomes one line and exit code 2.

    Args:
        own: errors of the model, beside those of athlete-days, evaluations and files.
    """
    known: tuple[type[Exception], ...] = (EvaluationError, WorkloadError, OSError, *own)
    try:
        yield
    except known as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(2) from None


def screen() -> "Console":
    """Standard output; a sign that its encoding does not know becomes a question mark."""
    from rich.console import Console

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_LOG_WIDTH)


def write_evaluation(
    page: "ModelCard",
    figures: str,
    *,
    data: Path,
    model: str,
    card: Path | None,
    json: Path | None,
) -> Path:
    """Write the model card, and the figures where asked for; gives the card's path back.

    Args:
        page: the card.
        figures: JSON text.
        data: the club's file. Without `card` the card is FILE.<model>.html beside it or, where that
            folder cannot be written, in the working directory.
        model: its name.
        card, json: as asked for.

    Raises:
        OSError: one of them cannot be written; the other one is, where it can be.
    """
    written, failures = Path(), []
    try:
        written = _write_card(page, data.with_suffix(f".{model}.html"), card)
    except OSError as error:
        failures.append(f"the model card was not written: {error}; name a file with --card")
    if json is not None:
        try:
            json.write_text(figures + "\n", encoding="utf-8")
        except OSError as error:
            failures.append(f"the figures were not written: {error}; name a file with --json")
    if failures:
        raise OSError("; ".join(failures))
    return written


def _write_card(page: "ModelCard", beside: Path, card: Path | None) -> Path:
    from sports_assets.mlops.model_card import write_model_card

    if card is not None:
        return write_model_card(page, card)
    try:
        return write_model_card(page, beside)
    except OSError:
        return write_model_card(page, Path(beside.name))
