"""`python -m sports_assets.models.recovery`: judge the model on a club's own history."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sports_assets.models.judging import errors_in_a_line, screen, write_evaluation
from sports_assets.models.recovery.card import NAME, card_of
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
        typer.Option(help="Write the model card here; else to FILE.recovery.html beside the file."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write every figure here.")] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of athletes.")] = 5,
    seed: Seed = 0,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Say on the card that the athletes are simulated.")
    ] = False,
) -> None:
    """Judge the model beside the overall median, on athletes and days that it never saw."""
    console = screen()
    with errors_in_a_line(InjuriesError):
        history = read_injuries(injuries)
        evaluation = evaluate(history, folds=folds, seed=seed)
        model = fit(history)
    console.print(table_of(evaluation), markup=False, soft_wrap=True)
    made_on = datetime.now(UTC).date().isoformat()
    with errors_in_a_line():
        page = write_evaluation(
            card_of(evaluation, model, made_on=made_on, is_simulated=simulated),
            evaluation.to_json(),
            data=injuries,
            model=NAME,
            card=card,
            json=json,
        )
    console.print(f"Model card: {page}", markup=False, soft_wrap=True)


@app.command("learning-curve")
def learning_curve_command(
    injuries: Injuries,
    repeats: Annotated[int, typer.Option(min=1, help="Fits for each number of injuries.")] = 10,
    seed: Seed = 0,
) -> None:
    """What so many injuries support: error, coverage and width on other athletes."""
    console = screen()
    with errors_in_a_line(InjuriesError):
        steps = list(learning_curve(read_injuries(injuries), repeats=repeats, seed=seed))
    console.print(curve_table_of(steps), markup=False, soft_wrap=True)


if __name__ == "__main__":
    app(prog_name="python -m sports_assets.models.recovery")
