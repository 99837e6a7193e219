"""Pictures of a model card: does it rank, is it calibrated, does it leak, what would more teach?"""

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.curves import CurvePoint
from sports_assets.mlops.evaluation import MODEL, PREVALENCE, RANDOM, Evaluation, LearningPoint
from sports_assets.mlops.leak_audit import LeakAudit
from sports_assets.mlops.reliability import PeriodRatio, ReliabilityBin
from sports_assets.reports.numerals import grouped
from sports_assets.reports.svg import INK, Picture, new_figure, page_style, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE: Final = {"loc": "left", "fontsize": 10.5, "pad": 4}
#: A reliability picture ends a little above its highest bin.
_ROOM: Final = 1.12
#: Below this recall precision rests on a handful of rows.
_STEADY_RECALL: Final = 0.02


def draw_evaluation(evaluation: Evaluation) -> tuple[Picture, ...]:
    """All pictures that the evaluation has something for."""
    drawn = (
        reliability_picture(evaluation.reliability),
        curves_picture(evaluation),
        staff_picture(evaluation),
        over_time_picture(evaluation.over_time),
        learning_picture(evaluation.learning_curve),
    )
    return tuple(picture for picture in drawn if picture is not None)


def reliability_picture(bins: Sequence[ReliabilityBin]) -> Picture | None:
    """Observed share over predicted risk, by bins of like predictions; None of nothing."""
    if not bins:
        return None
    with page_style():
        figure = new_figure(270)
        figure.subplots_adjust(left=0.13, right=0.97, top=0.96, bottom=0.16)
        axes = figure.subplots()
        x = [100 * one.predicted for one in bins]
        y = [100 * one.observed for one in bins]
        top = _ROOM * max(*x, *(100 * _known(one.high, one.observed) for one in bins), 1e-3)
        axes.plot([0, top], [0, top], color=INK["muted"], linewidth=1, linestyle=(0, (4, 3)))
        for one, at in zip(bins, x, strict=True):
            if math.isfinite(one.low):
                axes.plot([at, at], [100 * one.low, 100 * one.high], color=INK["home"], alpha=0.45)
        axes.plot(x, y, "o", color=INK["home"], markersize=5)
        axes.grid(axis="y")
        axes.set_xlim(0, _ROOM * max(*x, 1e-3))
        axes.set_ylim(0, top)
        axes.set_xlabel("predicted, %")
        axes.set_ylabel("observed, %")
        alt = "; ".join(
            f"predicted {a:.1f} %, observed {b:.1f} %" for a, b in zip(x, y, strict=True)
        )
        svg = _svg(figure, "reliability", f"Observed share over predicted risk: {alt}.")
    return Picture(
        "Is 5 % five in a hundred?",
        svg,
        "Each dot is a tenth of the athlete-days, by prediction. On the dashed line as many were "
        "injured as predicted; above it more. Lines: 95 %, by athlete.",
    )


def curves_picture(evaluation: Evaluation) -> Picture | None:
    """ROC and precision-recall curves beside each other; None where there is one class only."""
    if not evaluation.roc or not evaluation.pr:
        return None
    base = 100 * evaluation.positives / evaluation.rows
    with page_style():
        figure = new_figure(190)
        figure.subplots_adjust(left=0.1, right=0.98, top=0.88, bottom=0.22, wspace=0.3)
        left, right = figure.subplots(1, 2)
        left.set_title("ROC", color=INK["muted"], **_TITLE)
        left.plot([0, 100], [0, 100], color=INK["muted"], linewidth=1, linestyle=(0, (4, 3)))
        left.plot(*_percent(evaluation.roc), color=INK["home"], linewidth=1.6)
        left.set_xlabel("false alarms, %")
        right.set_title("Precision over recall", color=INK["muted"], **_TITLE)
        right.axhline(base, color=INK["muted"], linewidth=1, linestyle=(0, (4, 3)))
        # Points of chance at the left end would squeeze the rest flat.
        shown = [one for one in evaluation.pr if one.x > _STEADY_RECALL] or evaluation.pr
        right.plot(*_percent(shown), color=INK["home"], linewidth=1.6)
        right.set_ylim(0, 1.1 * max(base, *(100 * point.y for point in shown)))
        right.set_xlabel("recall, %")
        for axes in (left, right):
            axes.grid(axis="y")
            axes.set_xlim(0, 100)
        left.set_ylim(0, 100)
        auc = evaluation.model.metrics["roc_auc"].value
        svg = _svg(figure, "curves", f"ROC curve with area {auc:.2f}, and precision over recall.")
    return Picture(
        "Does it tell athletes and days apart?",
        svg,
        f"Dashed: chance; on the right that is the base rate, {base:.1f} %. All in percent.",
    )


def staff_picture(evaluation: Evaluation) -> Picture | None:
    """Precision and day recall of the flags, beside the comparators' and random ones."""
    lines = [
        (scores.name, scores.metrics) for scores in (evaluation.model, *evaluation.comparators)
    ]
    # Prevalence flags nobody in particular: random flags say the same, exactly.
    lines = [(name, metrics) for name, metrics in lines if name != PREVALENCE]
    if not math.isfinite(evaluation.model.metrics["day_recall"].value):
        return None
    n = evaluation.flags_a_day
    with page_style():
        figure = new_figure(56 + 30 * len(lines))
        figure.subplots_adjust(
            left=0.3, right=0.97, top=1 - 22 / (56 + 30 * len(lines)),
            bottom=30 / (56 + 30 * len(lines)), wspace=0.16,
        )  # fmt: skip
        panels = figure.subplots(1, 2, sharey=True)
        for axes, metric, title in zip(
            panels, ("precision", "day_recall"), ("Precision, %", "Day recall, %"), strict=True
        ):
            axes.set_title(title, color=INK["muted"], **_TITLE)
            _bars(axes, [(name, metrics[metric]) for name, metrics in lines])
        alt = "; ".join(
            f"{name}: precision {100 * metrics['precision'].value:.1f} %, "
            f"day recall {100 * metrics['day_recall'].value:.1f} %"
            for name, metrics in lines
        )
        svg = _svg(figure, "staff", f"With {n} flags a squad and day. {alt}.")
    return Picture(
        f"Worth the talk? {n} flags a day",
        svg,
        "Precision: share of the flags that an injury follows. Day recall: share of the days "
        "before an injury that were flagged. Random flags by exact expectation. Lines: 95 %.",
    )


def over_time_picture(periods: Sequence[PeriodRatio]) -> Picture | None:
    """Observed over expected by period; None where nothing was expected."""
    shown = [one for one in periods if math.isfinite(one.ratio)]
    if not shown:
        return None
    with page_style():
        figure = new_figure(170)
        figure.subplots_adjust(left=0.1, right=0.97, top=0.95, bottom=0.17)
        axes = figure.subplots()
        at = range(len(shown))
        highest = max(2.0, *(_known(one.high, one.ratio) for one in shown))
        axes.axhspan(0.9, 1.1, color=INK["zone-3"], alpha=0.16, linewidth=0)
        axes.axhline(1, color=INK["muted"], linewidth=1, linestyle=(0, (4, 3)))
        for x, one in zip(at, shown, strict=True):
            if math.isfinite(one.low):
                axes.plot([x, x], [one.low, one.high], color=INK["home"], alpha=0.45)
        axes.plot(at, [one.ratio for one in shown], "o-", color=INK["home"], markersize=5)
        axes.set_ylim(0, min(4.0, 1.05 * highest))
        axes.grid(axis="y")
        axes.set_xticks(list(at)[:: max(1, -(-len(shown) // 4))])
        axes.set_xticklabels(
            [one.first_day[:7] for one in shown][:: max(1, -(-len(shown) // 4))], ha="center"
        )
        alt = "; ".join(f"from {one.first_day} {one.ratio:.2f}" for one in shown)
        svg = _svg(figure, "over-time", f"Observed over expected by period: {alt}.")
    return Picture(
        "Observed over expected, as time goes",
        svg,
        "Above 1 more happened than was predicted. Band: 0.9 to 1.1. Lines: 95 %, by athlete.",
    )


def learning_picture(points: Sequence[LearningPoint]) -> Picture | None:
    """AUC and calibration slope over the number of injuries to learn from."""
    if not points:
        return None
    with page_style():
        figure = new_figure(190)
        figure.subplots_adjust(left=0.1, right=0.98, top=0.88, bottom=0.22, wspace=0.3)
        left, right = figure.subplots(1, 2)
        events = [point.events for point in points]
        for axes, title, figures, right_one in (
            (left, "ROC AUC", [point.roc_auc for point in points], 0.5),
            (right, "Calibration slope", [point.calibration_slope for point in points], 1.0),
        ):
            axes.set_title(title, color=INK["muted"], **_TITLE)
            axes.axhline(right_one, color=INK["muted"], linewidth=1, linestyle=(0, (4, 3)))
            axes.fill_between(
                events, [one.low for one in figures], [one.high for one in figures],
                color=INK["home"], alpha=0.2, linewidth=0,
            )  # fmt: skip
            axes.plot(events, [one.value for one in figures], "o-", color=INK["home"], markersize=4)
            axes.set_xscale("log")
            _plain_counts(axes, events)
            axes.grid(axis="y")
            axes.set_xlabel("injuries to learn from")
        alt = "; ".join(
            f"{point.events:.0f} injuries: AUC {point.roc_auc.value:.2f}, slope "
            f"{point.calibration_slope.value:.2f}"
            for point in points
        )
        svg = _svg(figure, "learning", f"Learning curve. {alt}.")
    return Picture(
        "What so many injuries can teach",
        svg,
        f"Medians of {points[0].repeats} random choices of athletes; band: the middle 80 %. "
        "Dashed: chance on the left, what is right on the right.",
    )


def leak_picture(audit: LeakAudit) -> Picture:
    """The same model under four designs of splitting, and the gap."""
    lines = (
        ("rows at random", audit.row_random, "away"),
        ("unseen athletes", audit.grouped, "home"),
        ("later days", audit.chronological, "home"),
        ("both: reported", audit.honest, "home"),
    )
    with page_style():
        figure = new_figure(150)
        figure.subplots_adjust(left=0.3, right=0.94, top=0.98, bottom=0.25)
        axes = figure.subplots()
        for at, (_, one, ink) in enumerate(reversed(lines)):
            _dot(axes, at, one, ink)
        axes.set_yticks(range(len(lines)), [name for name, _, _ in reversed(lines)])
        axes.set_ylim(-0.6, len(lines) - 0.4)
        axes.axvline(0.5, color=INK["muted"], linewidth=1, linestyle=(0, (4, 3)))
        ends = [end for _, one, _ in lines for end in (one.value, one.low, one.high)]
        known = [end for end in ends if math.isfinite(end)]
        axes.set_xlim(min(0.45, *known, 0.5) - 0.02, min(1.02, max(0.75, *known, 0.5) + 0.05))
        axes.set_xlabel(audit.metric)
        alt = "; ".join(f"{name} {one.value:.2f}" for name, one, _ in lines)
        svg = _svg(figure, "leak", f"{audit.metric} by design: {alt}. Gap {audit.gap.value:.2f}.")
    return Picture(
        f"Does it leak? {_VERDICTS[audit.verdict]}",
        svg,
        f"{audit.reason} Same features, labels and model, fitted on equally many rows and scored "
        f"on the same {grouped(audit.rows)} rows. Lines: 95 %, by athlete.",
    )


_VERDICTS: Final = {
    "passed": "No.",
    "undecided": "Cannot be told.",
    "blocked": "Yes: it must not be promoted.",
}


def _svg(figure: "Figure", name: str, alt: str) -> str:
    """The picture with coordinates of a hundredth of a point, on one line: half the size."""
    drawn = re.sub(
        r"\d+\.\d{3,}", lambda found: f"{float(found.group()):.2f}", to_svg(figure, name, alt)
    )
    return re.sub(r"\s+", " ", drawn)


def _known(value: float, otherwise: float) -> float:
    return value if math.isfinite(value) else otherwise


def _percent(points: Sequence[CurvePoint]) -> tuple[list[float], list[float]]:
    return [100 * point.x for point in points], [100 * point.y for point in points]


def _dot(axes: "Axes", at: float, one: Interval, ink: str) -> None:
    if math.isfinite(one.low):
        axes.plot([one.low, one.high], [at, at], color=INK[ink], alpha=0.45)
    axes.plot([one.value], [at], "o", color=INK[ink], markersize=6)
    if math.isfinite(one.value):
        axes.annotate(
            f"{one.value:.2f}", (one.value, at), xytext=(0, 6), textcoords="offset points",
            ha="center", color=INK["ink"], fontsize=9.5,
        )  # fmt: skip


def _bars(axes: "Axes", lines: Sequence[tuple[str, Interval]]) -> None:
    for at, (name, one) in enumerate(reversed(lines)):
        ink = "home" if name == MODEL else "muted"
        axes.barh(at, 100 * one.value, height=0.52, color=INK[ink], alpha=0.6)
        if name != RANDOM and math.isfinite(one.low):
            axes.plot([100 * one.low, 100 * one.high], [at, at], color=INK["ink"], linewidth=1)
    axes.set_yticks(range(len(lines)), [name for name, _ in reversed(lines)])
    axes.grid(axis="x")
    axes.set_xlim(left=0)


def _plain_counts(axes: "Axes", counts: Sequence[float]) -> None:
    """Three ticks that are counts, instead of powers of ten."""
    from matplotlib.ticker import NullFormatter, NullLocator

    chosen = sorted({round(counts[0]), round(counts[len(counts) // 2]), round(counts[-1])})
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(chosen, [str(count) for count in chosen])
