"""Judges the injury model on a club's own history: on athletes and seasons that it never saw.

Every judged row is predicted by a model that was fitted anew without the row's athlete, on days
whose labels had closed before the row's season began; penalty, weight and calibration were chosen
inside those. Its level then follows labels as they close, as it does in use. Which rows count says
`seasons`; who stands beside it: prevalence, random flags, the simple rule, the trees or the
regression alone, the champion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sports_assets.mlops.base_rate import BaseRateSettings, BaseRateShift, follow_base_rate
from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.evaluate import Comparator, evaluate_binary
from sports_assets.mlops.evaluation import Evaluation, LearningPoint
from sports_assets.mlops.leak_audit import LeakAudit, audit_leaks
from sports_assets.mlops.learning_curve import learning_curve
from sports_assets.mlops.metrics import expit
from sports_assets.mlops.recalibration import level_shift
from sports_assets.mlops.rows import EvaluationError, FloatArray, IntArray
from sports_assets.mlops.splits import FitPredict, Split, athlete_folds, split_disjoint_and_forward
from sports_assets.models.injury_risk import rule
from sports_assets.models.injury_risk.calibrate import LEAST_EVENTS, calibrate
from sports_assets.models.injury_risk.fit import (
    Choice,
    FitSettings,
    Rows,
    choose,
    fit_trees,
    parts,
    raw,
    thinned,
)
from sports_assets.models.injury_risk.history import HORIZON_D, History
from sports_assets.models.injury_risk.model import InjuryRiskModel

TARGET: Final = "a time-loss injury begins within the next 7 days"
LINEAR: Final = "regression alone"
TREES: Final = "trees alone"
CHAMPION: Final = "previous champion"
MODEL: Final = "model"
_SPLITS: Final = "athletes never seen, in later seasons than those fitted on"
_CURVE_COUNTS: Final = (5, 8, 12, 18, 27, 40, 60, 90, 140, 200, 400, 800, 1600)


@dataclass(frozen=True)
class EvaluationSettings:
    """Everything that changes the evaluation.

    Attributes:
        seed: of folds and draws.
        folds: of athletes, for each season that is judged.
        audit_folds: of athletes and of rows, in the leak audit.
        curve_repeats: squads drawn for each number of injuries of the learning curve.
        replicates: draws of athletes behind each interval.
    """

    seed: int = 1
    folds: int = 5
    audit_folds: int = 3
    curve_repeats: int = 12
    replicates: int = 200


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of each row by models that saw neither its athlete nor its season.

    Attributes:
        model: at the level that was followed; NaN where no row is judged.
        unfollowed: at the level of the seasons fitted on.
        linear, trees, rule: what stands beside it, each put on scale on the same rows.
        carries_trees: whether any of the fits gave them weight.
        choice: penalty and weight of the first fit.
    """

    model: FloatArray
    unfollowed: FloatArray
    linear: FloatArray
    trees: FloatArray
    rule: FloatArray
    carries_trees: bool
    choice: Choice


def evaluate(
    history: History,
    *,
    fit_settings: FitSettings | None = None,
    settings: EvaluationSettings | None = None,
    champion: tuple[InjuryRiskModel, FloatArray] | None = None,
) -> tuple[Evaluation, LeakAudit]:
    """The whole evaluation, and the leak audit.

    Args:
        history: of `history_of`.
        fit_settings: of every fit.
        settings: see there.
        champion: a model that never saw these athletes, and its inputs of the same rows.

    Raises:
        EvaluationError: too little to fit on and to judge on.
    """
    how = settings or EvaluationSettings()
    fitted = replace(fit_settings or FitSettings(), least_injuries=0)
    told = out_of_fold(history, fitted, how)
    rows = history.rows
    judged = np.isfinite(told.model)
    if not 0 < rows.labels[judged].sum() < judged.sum():
        raise EvaluationError(
            "no injury in the later part of the history: nothing to judge; give a longer one"
        )
    others = [Comparator(rule.NAME, told.rule[judged]), Comparator(TREES, told.trees[judged])]
    if told.carries_trees:
        others.append(Comparator(LINEAR, told.linear[judged]))
    if champion is not None:
        model, values = champion
        others.append(Comparator(CHAMPION, model.probability(values)[judged]))
    evaluation = evaluate_binary(
        target=TARGET,
        athlete_id=history.athlete_id[judged],
        day=rows.days[judged],
        y=rows.labels[judged],
        p=told.model[judged],
        splits=f"{_SPLITS}: from {', '.join(str(cut) for cut in history.cuts)}; "
        f"{how.folds} folds of athletes",
        seed=how.seed,
        team=history.team[judged],
        comparators=others,
        prior_rate=history.first_rate,
        learning_curve=_learning_curve(history, told.choice, fitted, how),
        horizon_d=HORIZON_D,
        replicates=how.replicates,
    )
    audit = audit_leaks(
        _fit_predict(rows, told.choice, fitted),
        athlete_id=history.athlete_id,
        day=rows.days,
        y=rows.labels,
        cuts=history.cuts,
        horizon_d=HORIZON_D,
        folds=how.audit_folds,
        seed=how.seed,
        replicates=how.replicates,
        claimed=evaluation.model.metrics["roc_auc"].value,
    )
    return evaluation, audit


def out_of_fold(history: History, fitted: FitSettings, how: EvaluationSettings) -> OutOfFold:
    """Predict every judged row by a model fitted without its athlete and before its season."""
    rows = history.rows
    splits = split_disjoint_and_forward(
        history.athlete_id, rows.days, history.cuts,
        folds=how.folds, embargo_d=HORIZON_D, seed=how.seed, y=rows.labels,
    )  # fmt: skip
    told = nothing_told(rows.labels.size)
    injuries = np.zeros(rows.labels.size)
    weights, first = [], None
    for split in splits:
        part = rows.at(split.fit)
        injuries[split.test] = part.injuries
        choice = predict_split(history, part, split, fitted, told)
        weights.append(choice.trees_weight)
        first = first or choice
    if first is None:
        raise EvaluationError("no rows are left to fit on and to test on: give a longer history")
    return OutOfFold(
        model=_followed(history, told[MODEL], injuries),
        unfollowed=told[MODEL],
        linear=told[LINEAR],
        trees=told[TREES],
        rule=told[rule.NAME],
        carries_trees=max(weights) > 0,
        choice=first,
    )


def nothing_told(rows: int) -> dict[str, FloatArray]:
    """Predictions by name, NaN."""
    return {name: np.full(rows, np.nan) for name in (MODEL, LINEAR, TREES, rule.NAME)}


def predict_split(
    history: History,
    part: Rows,
    split: Split,
    fitted: FitSettings,
    told: dict[str, FloatArray],
) -> Choice:
    """Fit on a part of the history, and predict the tested rows by all that stand beside.

    Args:
        told: of `nothing_told`; the tested rows are filled in.
    """
    events, test = part.injuries, history.rows.values[split.test]
    if not 0 < part.labels.sum() < part.labels.size:
        # Nobody has been injured so far: about half an injury may have been expected.
        for values in told.values():
            values[split.test] = (0.5 * HORIZON_D) / (part.labels.size + HORIZON_D)
        return Choice(fitted.penalties[-1], 0.0, np.zeros(0), np.zeros(0))
    kept = thinned(part, fitted.most_rows)
    choice = choose(kept, fitted, events)
    linear, trees = parts(kept, choice, fitted)
    alone = linear.log_odds(test)
    told[LINEAR][split.test] = _on_scale(kept.labels, choice.unseen_linear, alone, events)
    by_trees = raw(trees or fit_trees(kept, fitted), test)
    told[TREES][split.test] = expit(by_trees)
    blended = (1 - choice.trees_weight) * alone + choice.trees_weight * by_trees
    told[MODEL][split.test] = _on_scale(kept.labels, choice.unseen, blended, events)
    known = rule.POINT * history.points
    told[rule.NAME][split.test] = _rule_on_scale(
        part.labels, known[split.fit], known[split.test], events
    )
    return choice


def _on_scale(labels: FloatArray, unseen: FloatArray, test: FloatArray, events: int) -> FloatArray:
    return calibrate(labels, unseen, events).apply(expit(test))


def _rule_on_scale(
    labels: FloatArray, unseen: FloatArray, test: FloatArray, events: int
) -> FloatArray:
    """As `_on_scale`; with few injuries the level alone is fitted, at slope 1.

    A model has a level of its own and keeps it there. Points have none: as they are they would be
    log odds around one half, and rank nothing beside the folds with more injuries.
    """
    if events < LEAST_EVENTS:
        return expit(test + level_shift(labels, expit(unseen)))
    return _on_scale(labels, unseen, test, events)


def _followed(history: History, p: FloatArray, injuries: FloatArray) -> FloatArray:
    """The level follows labels that close; with each season's new fit it begins anew."""
    rows, followed = history.rows, p.copy()
    ends = [*history.cuts[1:], np.datetime64("9999-12-31", "D")]
    for cut, end in zip(history.cuts, ends, strict=True):
        at = np.flatnonzero(np.isfinite(p) & (rows.days >= cut) & (rows.days < end))
        if at.size:
            start = BaseRateShift(BaseRateSettings.learned_from(float(injuries[at].mean())))
            followed[at] = follow_base_rate(p[at], rows.labels[at], rows.days[at], start=start)
    return followed


def _fit_predict(rows: Rows, choice: Choice, fitted: FitSettings) -> FitPredict:
    """The same model with penalty and weight as chosen before the first judged day."""

    def fit_predict(fit_on: IntArray, test: IntArray) -> FloatArray:
        part = thinned(rows.at(fit_on), fitted.most_rows)
        if not 0 < part.labels.sum() < part.labels.size:
            return np.full(test.size, part.labels.mean())
        linear, trees = parts(part, choice, fitted)
        told = linear.log_odds(rows.values[test])
        if trees is not None:
            weight = choice.trees_weight
            told = (1 - weight) * told + weight * raw(trees, rows.values[test])
        return expit(told)

    return fit_predict


def _learning_curve(
    history: History, choice: Choice, fitted: FitSettings, how: EvaluationSettings
) -> tuple[LearningPoint, ...]:
    """What so many injuries teach: each repeat draws other athletes to fit on and to test on."""
    rows, cut = history.rows, history.cuts[-1]
    before = rows.days + np.timedelta64(HORIZON_D, "D") < cut
    found: dict[int, list[LearningPoint]] = {}
    for repeat in range(how.curve_repeats):
        seed = how.seed + repeat
        fold = athlete_folds(history.athlete_id, 3, seed, rows.labels)
        pool, test = np.flatnonzero(before & (fold != 0)), np.flatnonzero(~before & (fold == 0))
        test = test[rows.days[test] >= cut]
        if not pool.size or not test.size:
            continue
        points = learning_curve(
            _fit_predict(rows, choice, fitted), pool=pool, test=test, unit_id=history.athlete_id,
            events=history.onset, y=rows.labels, counts=_CURVE_COUNTS, repeats=1, seed=seed,
        )  # fmt: skip
        for count, point in zip(_CURVE_COUNTS, points, strict=False):
            found.setdefault(count, []).append(point)
    # Sizes that only some of the draws could fill are of other squads than the rest.
    full = [points for points in found.values() if len(points) >= how.curve_repeats / 2]
    return tuple(_together(points) for points in full)


def _together(points: Sequence[LearningPoint]) -> LearningPoint:
    return LearningPoint(
        events=float(np.mean([point.events for point in points])),
        roc_auc=_spread([point.roc_auc.value for point in points]),
        calibration_slope=_spread([point.calibration_slope.value for point in points]),
        repeats=len(points),
    )


def _spread(values: Sequence[float]) -> Interval:
    told = np.array([value for value in values if np.isfinite(value)])
    if not told.size:
        return Interval(float("nan"))
    low, high = np.quantile(told, (0.1, 0.9))
    return Interval(float(np.median(told)), float(low), float(high))
