"""Evaluates predictions that were made out of fold, beside prevalence, random flags and others.

Nothing is fitted here: `splits.out_of_fold` makes the predictions, disjoint by athlete and forward
in time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.bootstrap import Draws, Interval, Measure, draw_by_athlete, together
from sports_assets.mlops.curves import pr_points, roc_points
from sports_assets.mlops.evaluation import (
    MODEL,
    PREVALENCE,
    RANDOM,
    Evaluation,
    LearningPoint,
    Scores,
)
from sports_assets.mlops.flags import FLAGS_A_DAY, FlaggedDays, flag_highest
from sports_assets.mlops.metrics import (
    Metric,
    prepare_calibration_line,
    prepare_mean,
    prepare_pr_auc,
    prepare_ratio,
    prepare_roc_auc,
    running_base_rate,
)
from sports_assets.mlops.reliability import observed_expected_by_period, reliability_bins
from sports_assets.mlops.rows import (
    EvaluationError,
    FloatArray,
    as_days,
    checked,
    coded,
    count_events,
)


@dataclass(frozen=True)
class Comparator:
    """Something to stand beside the model: a simple rule, the champion.

    Attributes:
        name: in the table, e.g. `previous champion`.
        p: its prediction of each row.
        is_probability: a mere score is judged by how it ranks and whom it flags, no more.
    """

    name: str
    p: npt.ArrayLike
    is_probability: bool = True


def evaluate_binary(
    *,
    target: str,
    athlete_id: npt.ArrayLike,
    day: npt.ArrayLike,
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    splits: str,
    seed: int,
    team: npt.ArrayLike | None = None,
    comparators: Sequence[Comparator] = (),
    prior_rate: float | None = None,
    events: int | None = None,
    learning_curve: tuple[LearningPoint, ...] = (),
    horizon_d: int = 7,
    flags_a_day: int = FLAGS_A_DAY,
    replicates: int = 200,
    level: float = 0.95,
) -> Evaluation:
    """Evaluate predictions that were made out of fold.

    Args:
        target: what is predicted, in words.
        athlete_id, day, y, p: of each row; only rows with a closed label and a prediction.
        splits: how the predictions were made, in words.
        seed: of the draws.
        team: squad of each row; None for one squad.
        comparators: what else was predicted for the same rows. Prevalence and random flags come by
            themselves.
        prior_rate: base rate known before the first of these rows, e.g. in the fitted ones; None
            takes the rate of all rows, which is generous to the reference, never to the model.
        events: distinct injuries; None counts unbroken stretches of positive days of an athlete.
        learning_curve: to be kept beside.
        horizon_d: days that a label looks ahead.
        flags_a_day: flags a squad and day.
        replicates, level: of the intervals, by athlete.

    Raises:
        EvaluationError: no rows, labels not 0 or 1, or predictions that are not finite.
    """
    labels, scores = checked(y, p)
    if not labels.size:
        raise EvaluationError("no row has both a closed label and a prediction: nothing to judge")
    days = as_days(day)
    codes, athletes = coded(athlete_id)
    rate = float(labels.mean()) if prior_rate is None else prior_rate
    base = running_base_rate(days, labels, horizon_d=horizon_d, prior_rate=rate)
    lines = (Comparator(MODEL, scores), Comparator(PREVALENCE, base), *comparators)
    names = [*(line.name for line in lines), RANDOM]
    if len(set(names)) < len(names):
        raise EvaluationError(f"two lines of one name among {names}: name them apart")
    flags = partial(flag_highest, day=days, team=team, n=flags_a_day)
    measures = [
        *(_prepare(line, labels, base, flags) for line in lines),
        _random(labels, flags),
    ]
    drawn = draw_by_athlete(
        lambda weights: {
            f"{name}/{metric}": value
            for name, measure in zip(names, measures, strict=True)
            for metric, value in measure(weights).items()
        },
        codes, seed=seed, replicates=replicates, level=level,
    )  # fmt: skip
    model, *others = (_line(name, drawn) for name in names)
    return Evaluation(
        target=target,
        model=model,
        comparators=tuple(others),
        rows=int(labels.size),
        athletes=athletes,
        positives=int(labels.sum()),
        events=count_events(codes, days, labels) if events is None else events,
        first_day=str(days.min()),
        last_day=str(days.max()),
        splits=splits,
        horizon_d=horizon_d,
        flags_a_day=flags_a_day,
        level=level,
        replicates=replicates,
        seed=seed,
        reliability=reliability_bins(labels, scores, codes, replicates=replicates, seed=seed),
        over_time=observed_expected_by_period(
            labels, scores, days, codes, replicates=replicates, seed=seed
        ),
        roc=roc_points(labels, scores),
        pr=pr_points(labels, scores),
        learning_curve=learning_curve,
    )


def _prepare(
    line: Comparator,
    labels: FloatArray,
    base: FloatArray,
    flags: Callable[[FloatArray], FlaggedDays],
) -> Measure:
    """All metrics of one line, as a function of the rows' weights."""
    _, p = checked(labels, line.p)
    flagged = flags(p)
    metrics: dict[str, Metric] = {
        "roc_auc": prepare_roc_auc(labels, p),
        "pr_auc": prepare_pr_auc(labels, p),
        "precision": prepare_ratio(flagged.flags * labels, flagged.flags),
        "day_recall": prepare_ratio(flagged.flags * labels, labels),
    }
    if not line.is_probability:
        return together(**metrics)
    metrics["observed_expected"] = prepare_ratio(labels, p)
    brier, reference = prepare_mean((p - labels) ** 2), prepare_mean((base - labels) ** 2)
    calibration = prepare_calibration_line(labels, p)

    def measure(weights: FloatArray) -> dict[str, float]:
        found = {name: metric(weights) for name, metric in metrics.items()}
        score, of_reference = brier(weights), reference(weights)
        found["brier"] = score
        found["brier_skill"] = 1 - score / of_reference if of_reference > 0 else float("nan")
        # Hardly any two predictions of a base rate differ: a slope of them says nothing.
        if line.name != PREVALENCE:
            slope_and_intercept = calibration(weights)
            found["calibration_slope"] = slope_and_intercept.slope
            found["calibration_intercept"] = slope_and_intercept.intercept
        return found

    return measure


def _random(labels: FloatArray, flags: Callable[[FloatArray], FlaggedDays]) -> Measure:
    """What random flags are expected to get."""
    share = flags(np.zeros_like(labels)).random
    return together(
        precision=prepare_ratio(share * labels, share),
        day_recall=prepare_ratio(share * labels, labels),
    )


def _line(name: str, drawn: Draws) -> Scores:
    """One line of the table: its own figures, and the model's less them."""
    prefix = f"{name}/"
    own = [key.removeprefix(prefix) for key in drawn.values if key.startswith(prefix)]
    difference: dict[str, Interval] = {}
    if name != MODEL:
        difference = {
            metric: drawn.difference(f"{MODEL}/{metric}", prefix + metric)
            for metric in own
            if f"{MODEL}/{metric}" in drawn.values
        }
    return Scores(name, {metric: drawn.interval(prefix + metric) for metric in own}, difference)
