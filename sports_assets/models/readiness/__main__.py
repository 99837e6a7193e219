"""`python -m sports_assets.models.readiness`: judge the model on a club's own history."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sports_assets.mlops.rows import EvaluationError
from sports_assets.models.readiness.errors import ReadinessError
from sports_assets.workload.errors import WorkloadError

app = typer.Typer(
    name="readiness",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold athletes' data
)
#: A log has no width of its own, and a table must not be cut in it.
_LOG_WIDTH = 160


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
    card: Annotated[Path, typer.Option(help="Write the model card (HTML) here.")] = Path(
        "readiness-model-card.html"
    ),
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
    from sports_assets.mlops.model_card import write_model_card
    from sports_assets.models.readiness.card import card_of
    from sports_assets.models.readiness.evaluate import evaluate, evaluate_teams, read_history
    from sports_assets.models.readiness.table import MEANINGS, summary_of, table_of

    if (train_team is None) != (test_team is None):
        raise typer.BadParameter("give both --train-team and --test-team, or neither")
    with _errors_in_a_line():
        frame = read_history(athlete_days)
        if train_team is not None and test_team is not None:
            evaluation = evaluate_teams(frame, train_team, test_team, seed=seed)
        else:
            evaluation = evaluate(frame, seed=seed, folds=folds, months_too=months_too)
        last = str(frame["day"].max().date())
        page = card_of(evaluation, model=None, made_on=last, is_simulated=is_simulated)
        write_model_card(page, card)
        if json is not None:
            json.write_text(evaluation.to_json() + "\n", encoding="utf-8")
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_LOG_WIDTH)
    console.print(table_of(evaluation))
    for line in (*summary_of(evaluation), MEANINGS):
        console.print(line, markup=False)
    for claim, verdict in evaluation.verdicts().items():
        console.print(f"{verdict:<16}{claim}", markup=False)
    console.print(f"model card: {card}", markup=False)


@contextmanager
def _errors_in_a_line() -> Iterator[None]:
    try:
        yield
    except (ReadinessError, WorkloadError, EvaluationError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app(prog_name="python -m sports_assets.models.readiness")
