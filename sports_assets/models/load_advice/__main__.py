"""`python -m sports_assets.models.load_advice`: judge the advice on clubs that it never saw."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from edge_ingest.simulate.club import Settings
from sports_assets.mlops.model_card import write_model_card
from sports_assets.models.judging import errors_in_a_line, screen
from sports_assets.models.load_advice.card import card_of
from sports_assets.models.load_advice.evaluate import evaluate
from sports_assets.models.load_advice.table import CAUTION, table_of

app = typer.Typer(
    name="load_advice",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def _commands() -> None:
    """Also one command alone is called by its name."""


@app.command("evaluate")
def evaluate_command(  # noqa: PLR0917 - options, each named
    clubs: Annotated[int, typer.Option(min=1, help="Unseen clubs to play.")] = 20,
    seasons: Annotated[int, typer.Option(min=1, help="Seasons to play.")] = 1,
    seed: Annotated[int, typer.Option(help="Of the unseen clubs.")] = 9000,
    dial: Annotated[float, typer.Option(help="S of the hazard: 1.0 or 0.5.")] = 1.0,
    fit_clubs: Annotated[int, typer.Option(min=2, help="Clubs to fit on.")] = 16,
    fit_seed: Annotated[int, typer.Option(help="Of the clubs to fit on.")] = 501,
    card: Annotated[Path | None, typer.Option(help="Write the model card here.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write every figure here.")] = None,
) -> None:
    """Play unseen clubs under the advice, its baselines, and the clubs' own plans."""
    unseen = Settings(seed=seed, clubs=clubs, seasons=seasons, dial=dial)
    fit_on = Settings(seed=fit_seed, clubs=fit_clubs, seasons=2, dial=dial)
    console = screen()
    with errors_in_a_line(ValueError):
        evaluation = evaluate(unseen, fit_on=fit_on)
    console.print(table_of(evaluation))
    console.print(f"\n{CAUTION}")
    with errors_in_a_line():
        if json is not None:
            json.write_text(evaluation.to_json() + "\n", encoding="utf-8")
        if card is not None:
            made_on = datetime.now(UTC).date().isoformat()
            write_model_card(card_of(evaluation, made_on=made_on, is_simulated=True), card)


if __name__ == "__main__":
    app(prog_name="python -m sports_assets.models.load_advice")
