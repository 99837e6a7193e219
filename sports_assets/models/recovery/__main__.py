"""`python -m sports_assets.models.recovery`: judge the model on a club's own history."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sports_assets.mlops.model_card import write_model_card
from sports_assets.mlops.rows import EvaluationError
from sports_assets.models.recovery.card import card_of
from sports_assets.models.recovery.evaluate import evaluate
from sports_assets.models.recovery.features import InjuriesError, read_injuries
from sports_assets.models.recovery.fit import fit
from sports_assets.models.recovery.learning_curve import learning_curve
from sports_assets.models.recovery.table import curve_table_of, table_of

app = typer.Typer(
    name="recovery",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold athletes' data
)

Injuries = Annotated[
    Path,
    typer.Option(
        help="Parquet, one row an injury: injury_id, athlete_id, day, return_day (empty: not back "
        "yet), and where told observed_through, team, kind, body_part, age_years, previous_injuries"
    ),
]
Seed = Annotated[int, typer.Option(help="Decides who is held out.")]


@app.command("evaluate")
def evaluate_command(  # noqa: PLR0917 - options, each named
    injuries: Injuries,
    card: Annotated[
        Path | None,
        typer.Option(help="Write the model card here; FILE.recovery.html beside the file."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write every figure here.")] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of athletes.")] = 5,
    seed: Seed = 0,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Say on the card that the athletes are simulated.")
    ] = False,
) -> None:
    """Judge the model beside the overall median, on athletes and days that it never saw."""
    with _errors_in_a_line():
        history = read_injuries(injuries)
        evaluation = evaluate(history, folds=folds, seed=seed)
        page = write_model_card(
            card_of(
                evaluation,
                fit(history),
                made_on=datetime.now(UTC).date().isoformat(),
                is_simulated=simulated,
            ),
            card or injuries.with_suffix(".recovery.html"),
        )
        if json is not None:
            json.write_text(evaluation.to_json() + "\n", encoding="utf-8")
    typer.echo(table_of(evaluation))
    typer.echo(f"Model card: {page}")


@app.command("learning-curve")
def learning_curve_command(
    injuries: Injuries,
    repeats: Annotated[int, typer.Option(min=1, help="Fits for each number of injuries.")] = 10,
    seed: Seed = 0,
) -> None:
    """What so many injuries support: error, coverage and width on other athletes."""
    with _errors_in_a_line():
        steps = list(learning_curve(read_injuries(injuries), repeats=repeats, seed=seed))
    typer.echo(curve_table_of(steps))


@contextmanager
def _errors_in_a_line() -> Iterator[None]:
    try:
        yield
    except (InjuriesError, EvaluationError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app(prog_name="python -m sports_assets.models.recovery")
