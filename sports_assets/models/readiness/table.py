"""The evaluation for a reader: cells that the terminal and the card share."""

import math
from typing import Final

from rich.table import Table

from sports_assets.mlops.bootstrap import Interval
from sports_assets.models.readiness.evaluate import Evaluation
from sports_assets.models.readiness.scores import HALF_AND_HALF, METHODS

HEAD: Final = ("answer", "MAE", "RMSE", "MAE, paired", "RMSE, paired", "athletes nearer")

#: What a method is, for the line below the table.
MEANINGS: Final = (
    "persistence: the last answer; half and half: ½ mean of 28 days + ½ last answer; "
    "model, mean: the expected answer (smallest RMSE); model, screen: the median answer, whole "
    "points, which is what a screen shows (smallest MAE). Paired: less half and half, same "
    "athletes. In brackets 95 % over athletes."
)


def lines_of(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """One line a method, in the order of `HEAD`."""
    return [
        (
            score.method,
            figure(score.mae),
            figure(score.rmse),
            "-" if score.method == HALF_AND_HALF else figure(score.mae_difference, sign="+"),
            "-" if score.method == HALF_AND_HALF else figure(score.rmse_difference, sign="+"),
            "-"
            if score.method == HALF_AND_HALF
            else f"{score.athletes_better} of {evaluation.athletes}",
        )
        for score in (evaluation.of(method) for method in METHODS)
    ]


def summary_of(evaluation: Evaluation) -> list[str]:
    """What was tested, and what the intervals held."""
    held = evaluation.held
    tested = (
        f"{evaluation.design}: {evaluation.rows} answers of {evaluation.athletes} athletes on "
        f"{evaluation.days} days; {evaluation.not_predicted} more answers came with too few or too "
        "old ones before them, and were not predicted"
    )
    intervals = (
        f"{held.level:.0%} interval: holds {figure(held.coverage)} of answers (single athletes, "
        f"10-90 %: {held.lowest:.2f} to {held.highest:.2f}), mean width {held.width:.2f} points"
    )
    return [tested, intervals, *evaluation.notes]


def table_of(evaluation: Evaluation) -> Table:
    """For the terminal."""
    table = Table(title="Readiness of tomorrow", title_justify="left", box=None, pad_edge=False)
    for at, name in enumerate(HEAD):
        table.add_column(name, justify="right" if at else "left", no_wrap=True)
    for line in lines_of(evaluation):
        table.add_row(*line)
    return table


def figure(interval: Interval, sign: str = "") -> str:
    """A value with its interval."""
    if not math.isfinite(interval.value):
        return "-"
    value = f"{interval.value:{sign}.3f}"
    if not math.isfinite(interval.low):
        return value
    return f"{value} ({interval.low:{sign}.3f} to {interval.high:{sign}.3f})"
