"""`python -m sports_assets.models.readiness`: judge the model on a club's own history."""

from pathlib import Path
from typing import Annotated

import typer

from sports_assets.models.judging import errors_in_a_line, screen, write_evaluation
from sports_assets.models.readiness.errors import ReadinessError

app = typer.Typer(
    name="readiness",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold athletes' data
)


@app.callback()
def _commands() -> None:
    """Also one command alone is called by its name."""


@app.command("evaluate")
def evaluate_command(  # noqa: PLR0917 - options of the command line, called by name
    athlete_days: Annotated[
        Path,
        typer.Option(
            help="Parquet, one row an athlete and day: athlete_id, date, team, readiness (1-10), "
            "and where told fatigue, mood, sleep_duration, sleep_quality, soreness, stress, load_au"
        ),
    ],
    train_team: Annotated[str | None, typer.Option(help="Fit on this team ...")] = None,
    test_team: Annotated[str | None, typer.Option(help="... and test on this one.")] = None,
    card: Annotated[
        Path | None,
        typer.Option(
            help="Write the model card here; else to FILE.readiness.html beside the file."
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write every figure here.")] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of athletes.")] = 5,
    seed: Annotated[int, typer.Option(help="Decides who is held out.")] = 0,
    is_simulated: Annotated[
        bool, typer.Option("--simulated", help="Say on the card that no athlete of these exists.")
    ] = False,
    months_too: Annotated[
        bool, typer.Option("--months-too", help="Hold out the tested months, too (four fits more).")
    ] = False,
) -> None:
    """Judge the model beside simple rules, on athletes that it never saw."""
    from sports_assets.models.readiness.card import NAME, card_of
    from sports_assets.models.readiness.evaluate import evaluate, evaluate_teams, read_history
    from sports_assets.models.readiness.table import MEANINGS, summary_of, table_of

    if (train_team is None) != (test_team is None):
        raise typer.BadParameter("give both --train-team and --test-team, or neither")
    console = screen()
    with errors_in_a_line(ReadinessError):
        frame = read_history(athlete_days)
        if train_team is not None and test_team is not None:
            evaluation = evaluate_teams(frame, train_team, test_team, seed=seed)
        else:
            evaluation = evaluate(frame, seed=seed, folds=folds, months_too=months_too)
    console.print(table_of(evaluation))
    for line in (*summary_of(evaluation), MEANINGS):
        console.print(line, markup=False)
    for claim, verdict in evaluation.verdicts().items():
        console.print(f"{verdict:<16}{claim}", markup=False)
    last = str(frame["day"].max().date())
    with errors_in_a_line():
        page = write_evaluation(
            card_of(evaluation, model=None, made_on=last, is_simulated=is_simulated),
            evaluation.to_json(),
            data=athlete_days,
            model=NAME,
            card=card,
            json=json,
        )
    console.print(f"Model card: {page}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    app(prog_name="python -m sports_assets.models.readiness")
