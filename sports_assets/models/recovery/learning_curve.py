"""What do so many injuries support? The model on ever longer histories, judged on others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sports_assets.models.recovery.held_out import Split, answer
from sports_assets.models.recovery.model import RecoverySettings

#: Injuries to fit on: a month of one squad to several clubs.
SIZES: Final = (5, 10, 20, 40, 65, 130, 260, 520)
_TEST_SHARE: Final = 1 / 3


@dataclass(frozen=True)
class Step:
    """The model after so many injuries, over repeats with other athletes each time.

    Attributes:
        injuries: fitted on.
        mae_d, overall_median_mae_d: mean absolute error of the model and of the overall median of
            the same injuries.
        coverage: share of returns within the 80 % interval.
        coverage_low, coverage_high: in which coverage lay in four of five repeats: what one club
            with so many injuries may have drawn.
        log_width: mean ln(high/low).
    """

    injuries: int
    mae_d: float
    overall_median_mae_d: float
    coverage: float
    coverage_low: float
    coverage_high: float
    log_width: float


def learning_curve(
    injuries: pd.DataFrame,
    settings: RecoverySettings | None = None,
    *,
    seed: int = 0,
    repeats: int = 10,
    sizes: Sequence[int] = SIZES,
) -> Iterator[Step]:
    """Fit on the injuries of some athletes, as many as a size says; test on a third of athletes.

    Args:
        injuries: a frame of `features.as_injuries`.
        settings: of the model; defaults where None.
        seed: decides who is tested and fitted on in each repeat.
        repeats: for each size.
        sizes: injuries to fit on; those that the history has not enough for are left out.
    """
    settings = settings or RecoverySettings()
    athletes = np.sort(injuries["athlete_id"].unique().astype(str))
    tested = int(np.ceil(len(athletes) * _TEST_SHARE))
    for size in sizes:
        generator = np.random.default_rng([seed, size])
        told = []
        for _ in range(repeats):
            order = generator.permutation(athletes)
            is_test = injuries["athlete_id"].isin(order[:tested])
            others = injuries[~is_test]
            if len(others) < size or not is_test.any():
                break
            chosen = np.sort(generator.permutation(len(others))[:size])
            told.append(answer(Split(others.iloc[chosen], injuries[is_test]), settings))
        if len(told) == repeats:
            yield _step(size, told)


def _step(size: int, told: list[pd.DataFrame]) -> Step:
    coverage = []
    error, base, width = [], [], []
    for rows in told:
        back = rows[rows["is_returned"]]
        coverage.append(back["days"].between(back["model_low"], back["model_high"]).mean())
        error.append((back["days"] - back["model_d"]).abs().mean())
        base.append((back["days"] - back["overall_median_d"]).abs().mean())
        width.append(np.log(rows["model_high"] / rows["model_low"]).mean())
    low, high = np.nanquantile(coverage, [0.1, 0.9])
    return Step(
        injuries=size,
        mae_d=float(np.nanmean(error)),
        overall_median_mae_d=float(np.nanmean(base)),
        coverage=float(np.nanmean(coverage)),
        coverage_low=float(low),
        coverage_high=float(high),
        log_width=float(np.mean(width)),
    )
