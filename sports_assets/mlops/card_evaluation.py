"""What a model card says of a yes-or-no model: its evaluation as sentences, table and limits."""

import math
from collections.abc import Mapping
from typing import Final

from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.evaluation import MODEL, RANDOM, Evaluation, Scores
from sports_assets.mlops.leak_audit import LeakAudit
from sports_assets.mlops.model_card import CardCell, CardRow, CardTable, Told
from sports_assets.reports.numerals import NARROW, grouped

#: Metric, its name and what is good; percent, or digits after the point.
_METRICS: Final = (
    ("roc_auc", "ROC AUC", "0.5 is chance, 1 perfect", 2),
    ("pr_auc", "PR AUC", "chance is the base rate", 3),
    ("calibration_slope", "Calibration slope", "1 is right", 2),
    ("observed_expected", "Observed / expected", "1 is right", 2),
    ("brier", "Brier score", "lower is better", 4),
    ("brier_skill", "Brier saved against the running base rate", "above 0 is better", None),
    ("precision", "Precision", "flags that an injury follows", None),
    ("day_recall", "Day recall", "positive days that are flagged", None),
)
#: A calibration curve wants at least 200 events (Van Calster et al. 2016); slope and level 100.
_FEW: Final = 100
_ENOUGH: Final = 200
#: Above it, on a real squad, one looks for the leak first.
_TOO_GOOD: Final = 0.8
_IS_RIGHT: Final = (0.9, 1.1)
_APART: Final = "high and low risks are as far apart as they should be"


def evaluation_table(evaluation: Evaluation) -> CardTable:
    """Every metric of the model and of what stands beside it, with intervals."""
    lines = (evaluation.model, *evaluation.comparators)
    rows = []
    for metric, name, meaning, digits in _METRICS:
        cells = tuple(_cell(scores, metric, digits) for scores in lines)
        rows.append(CardRow(name, cells, meaning))
    return CardTable(
        title="How good it is, and beside what",
        columns=("", *("this model" if one.name == MODEL else one.name for one in lines)),
        rows=tuple(rows),
        note=(
            f"{grouped(100 * evaluation.level)} % intervals in small, drawn by athlete "
            f"({grouped(evaluation.replicates)} times). Precision and day recall at "
            f"{evaluation.flags_a_day} flags a squad and day. A dash: does not apply."
        ),
        is_led=True,
    )


def difference_table(evaluation: Evaluation) -> CardTable:
    """The model less each of the others, paired: what decides on promotion."""
    rows = []
    for metric, name, _, digits in _METRICS:
        if metric == "calibration_slope":
            continue
        cells = tuple(
            _figure(scores.difference.get(metric), digits, signed=True)
            for scores in evaluation.comparators
        )
        rows.append(CardRow(name, cells))
    return CardTable(
        title="By how much it is better",
        columns=("this model less", *(scores.name for scores in evaluation.comparators)),
        rows=tuple(rows),
        note="Same rows, same draws of athletes. An interval that holds 0 proves nothing.",
    )


def evaluation_headlines(
    evaluation: Evaluation, audit: LeakAudit | None = None
) -> tuple[Told, ...]:
    """What to know in half a minute."""
    metrics = evaluation.model.metrics
    if not math.isfinite(metrics["roc_auc"].value):
        return (
            Told("No verdict", "There are not both injuries and days without: nothing to judge."),
        )
    chance = evaluation.scores(RANDOM).metrics
    told = [
        Told(
            "Ranking",
            f"Of a day that an injury follows and one that none follows, it gives the first the "
            f"higher risk {_percent(metrics['roc_auc'].value)} of the time"
            f"{_between(metrics['roc_auc'])}; a coin does so half of the time.",
        ),
        Told(
            "Calibration",
            f"For each 100 athlete-days expected to be followed by an injury there were "
            f"{grouped(100 * metrics['observed_expected'].value)}. {_slope(metrics)}",
        ),
        Told("Worth it", _skill(metrics["brier_skill"])),
        Told(
            "Flags",
            f"Of 100 flags {grouped(100 * metrics['precision'].value)} are followed by an injury; "
            f"of 100 random ones {grouped(100 * chance['precision'].value)}. They meet "
            f"{_percent(metrics['day_recall'].value)} of the days before an injury; random ones "
            f"{_percent(chance['day_recall'].value)}.",
        ),
    ]
    if audit is not None:
        told.append(Told("Leak", audit.reason))
    return tuple(told)


def evaluation_data(evaluation: Evaluation) -> tuple[Told, ...]:
    """Whom and when it was judged on."""
    return (
        Told("Judged on", f"{evaluation.first_day} to {evaluation.last_day}"),
        Told("Athletes", grouped(evaluation.athletes)),
        Told("Athlete-days", grouped(evaluation.rows)),
        Told(
            "Injuries",
            f"{grouped(evaluation.events)}, which make {grouped(evaluation.positives)} positive "
            f"days ({100 * evaluation.positives / evaluation.rows:.1f} %)",
        ),
        Told("Splits", evaluation.splits),
    )


def evaluation_limits(evaluation: Evaluation, *, is_simulated: bool) -> tuple[str, ...]:
    """What follows from the figures, in plain words."""
    told = []
    auc = evaluation.model.metrics["roc_auc"]
    if evaluation.events < _FEW:
        told.append(
            f"It was judged on {evaluation.events} injuries. That is too few to tell whether it is "
            "calibrated, and another season may well rank it differently."
        )
    elif evaluation.events < _ENOUGH:
        told.append(
            f"It was judged on {evaluation.events} injuries: enough for the level of its risks, "
            "too few for the shape of the reliability picture."
        )
    if auc.low <= 0.5:  # noqa: PLR2004 - chance
        told.append("It cannot be told from chance on these athletes: do not act on its ranking.")
    if auc.value > _TOO_GOOD and not is_simulated:
        told.append(
            "It ranks better than any model of a real squad that was honestly judged. Take it for "
            "a leak until somebody has shown otherwise."
        )
    low, high = _IS_RIGHT
    ratio = evaluation.model.metrics["observed_expected"]
    # By few injuries chance alone takes the ratio far from 1.
    if not low <= ratio.value <= high and (ratio.low > 1 or ratio.high < 1):
        word = "too low" if ratio.value > 1 else "too high"
        told.append(
            f"Its risks are {word} at present: {ratio.value:.2f} observed for each 1 expected."
        )
    return (
        *told,
        "Most injuries come on days that nobody would have flagged. A low risk is no promise.",
        "It tells who is likelier to be injured, not why, and not what would prevent it.",
    )


def _cell(scores: Scores, metric: str, digits: int | None) -> CardCell:
    return _figure(scores.metrics.get(metric), digits)


def _figure(one: Interval | None, digits: int | None, *, signed: bool = False) -> CardCell:
    if one is None or not math.isfinite(one.value):
        return CardCell("–")
    factor, places, unit = (100.0, 1, f"{NARROW}%") if digits is None else (1.0, digits, "")
    text = grouped(factor * one.value, places, signed=signed) + unit
    if not math.isfinite(one.low):
        return CardCell(text)
    ends = (grouped(factor * end, places, signed=signed) for end in (one.low, one.high))
    return CardCell(text, " to ".join(ends))


def _percent(share: float) -> str:
    return f"{grouped(100 * share)}{NARROW}%"


def _between(one: Interval) -> str:
    if not math.isfinite(one.low):
        return ""
    return f" ({grouped(100 * one.low)} to {grouped(100 * one.high)})"


def _slope(metrics: Mapping[str, Interval]) -> str:
    its = metrics["calibration_slope"]
    slope = its.value
    if not math.isfinite(slope):
        return "Its predictions do not differ enough for a slope."
    low, high = _IS_RIGHT
    if slope < low:
        how = "its high risks are too high and its low ones too low"
    elif slope > high:
        how = "its risks lie closer together than they should"
    else:
        how = _APART
    is_chance = how is not _APART and its.low <= 1 <= its.high
    return f"Slope {slope:.2f}: {how}{', which may be chance' if is_chance else ''}."


def _skill(skill: Interval) -> str:
    share = f"{grouped(100 * abs(skill.value), 1)}{NARROW}%"
    if skill.value <= 0:
        return f"It is worse than knowing only the base rate, by {share} of the Brier score."
    if not skill.low > 0:
        return f"It saves {share} of the base rate’s Brier score; that may be chance."
    return f"It saves {share} of the Brier score of knowing only the base rate."
