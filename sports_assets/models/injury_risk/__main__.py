"""`python -m sports_assets.models.injury_risk`: judge the model on a club's own history."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sports_assets.mlops.evaluation import Evaluation
from sports_assets.mlops.leak_audit import LeakAudit
from sports_assets.models.injury_risk.card import NAME
from sports_assets.models.injury_risk.evaluate import EvaluationSettings
from sports_assets.models.injury_risk.fit import FitSettings, TooFewInjuriesError
from sports_assets.models.injury_risk.history import in_usual_units
from sports_assets.models.injury_risk.table import tables_of
from sports_assets.models.injury_risk.train import train
from sports_assets.models.judging import errors_in_a_line, screen, write_evaluation
from sports_assets.workload.athlete_days import read_athlete_days
from sports_assets.workload.fixtures import fixtures_of

app = typer.Typer(
    name=NAME,
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold athletes' data
)

COLUMNS = """Judge the model on a club's own history, on athletes and seasons that it never saw.

The file is Parquet, one row an athlete and calendar day. Columns:

* athlete_id: any id
* date: the club's local day
* load_au: RPE × minutes of the day; rest 0, empty where not told; any scale will do
* minutes: of training and match; empty where not told
* is_match: the athlete played a match
* injury_start: a time-loss injury began
* is_injured: not available because of injury or illness, from the day of onset on

Optional: team, age_years, prior_injuries (before the first row), and of the morning readiness,
fatigue, soreness, stress, mood, sleep_quality (higher is better), sleep_duration (h),
resting_heart_rate_bpm, ln_rmssd. Days without a row are filled in as not told. Fixtures are the
days on which somebody played, known two weeks before.

It needs a squad of at least two, 90 days and 5 injuries; two seasons or more to say anything.
Takes about a minute, prints a table, and writes the model card as one HTML page."""


@app.callback()
def main() -> None:
    """Judge the injury model on a club's own history."""


@app.command("evaluate", help=COLUMNS)
def evaluate_command(
    athlete_days: Annotated[
        Path, typer.Option(help="Parquet, one row an athlete and day; columns as above.")
    ],
    card: Annotated[
        Path | None,
        typer.Option(
            help="Write the model card here; else to FILE.injury_risk.html beside the file."
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write every figure here.")] = None,
    seed: Annotated[int, typer.Option(help="Decides who is held out, and the draws.")] = 1,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Say on the card that the athletes are simulated.")
    ] = False,
) -> None:
    """Judge the model; see `COLUMNS`."""
    console = screen()
    with errors_in_a_line(TooFewInjuriesError):
        days = in_usual_units(read_athlete_days(athlete_days))
        trained = train(
            days,
            fixtures_of(days),
            made_on=datetime.now(UTC).date().isoformat(),
            is_simulated=simulated,
            fit_settings=FitSettings(seed=seed),
            settings=EvaluationSettings(seed=seed),
        )
    console.print(summary_of(trained.evaluation))
    for table in tables_of(trained.evaluation):
        console.print(table)
    for line in (_leak(trained.audit), *trained.card.limits):
        console.print(line, soft_wrap=True)
    with errors_in_a_line():
        page = write_evaluation(
            trained.card,
            trained.evaluation.to_json(),
            data=athlete_days,
            model=NAME,
            card=card,
            json=json,
        )
    console.print(f"Model card: {page}", markup=False, soft_wrap=True)


def summary_of(evaluation: Evaluation) -> str:
    """What was judged, in a sentence."""
    return (
        f"{evaluation.events} injuries, {evaluation.athletes} athletes, {evaluation.rows} "
        f"athlete-days from {evaluation.first_day} to {evaluation.last_day}: {evaluation.splits}."
    )


def _leak(audit: LeakAudit) -> str:
    return f"Leak audit, {audit.verdict}: {audit.reason}"


if __name__ == "__main__":
    app(prog_name="python -m sports_assets.models.injury_risk")
