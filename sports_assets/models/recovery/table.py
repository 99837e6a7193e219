"""The evaluation as text: one line a method, for a terminal and for the model card."""

import math
from collections.abc import Iterable, Sequence

from sports_assets.mlops.bootstrap import Interval
from sports_assets.models.recovery.evaluate import Evaluation
from sports_assets.models.recovery.learning_curve import Step
from sports_assets.models.recovery.scores import Score

_HEAD = (
    "kind", "method", "injuries", "returns", "MAE d", "beside the median", "coverage",
    "ln width", "Brier 7 d", "Brier 28 d", "early", "late",
)  # fmt: skip
_CURVE_HEAD = (
    "injuries fitted on", "MAE d", "overall median d", "coverage", "10-90 % of repeats", "ln width"
)  # fmt: skip


def table_of(evaluation: Evaluation) -> str:
    """The scores by design, then what must hold, then what could not be tested."""
    counts = f"{evaluation.injuries} injuries, {evaluation.returns} returns"
    parts = [f"{counts}, {evaluation.athletes} athletes"]
    designs = dict.fromkeys(score.design for score in evaluation.scores)
    for design in designs:
        lines = [_line(score) for score in evaluation.scores if score.design == design]
        parts.append(f"{design}\n{_aligned([_HEAD, *lines])}")
    parts.append("\n".join(f"{told:<16}{name}" for name, told in evaluation.verdicts().items()))
    parts += [f"not tested: {reason}" for reason in evaluation.skipped]
    return "\n\n".join(parts)


def curve_table_of(steps: Iterable[Step]) -> str:
    """The learning curve."""
    lines = [
        (
            str(step.injuries),
            _number(step.mae_d, 2),
            _number(step.overall_median_mae_d, 2),
            _number(step.coverage, 3),
            f"{_number(step.coverage_low, 2)} to {_number(step.coverage_high, 2)}",
            _number(step.log_width, 2),
        )
        for step in steps
    ]
    return _aligned([_CURVE_HEAD, *lines])


def _line(score: Score) -> tuple[str, ...]:
    return (
        score.group,
        score.method,
        str(score.injuries),
        str(score.returns),
        _number(score.mae_d, 2),
        _interval(score.worse_by_d, 2, sign="+"),
        _interval(score.coverage, 2),
        _number(score.log_width, 2),
        *(_number(each, 3) for each in score.brier),
        _number(score.too_early, 2),
        _number(score.too_late, 2),
    )


def _interval(interval: Interval, digits: int, sign: str = "") -> str:
    if not math.isfinite(interval.value):
        return "-"
    value = f"{interval.value:{sign}.{digits}f}"
    if not math.isfinite(interval.low):
        return value
    return f"{value} ({interval.low:{sign}.{digits}f} to {interval.high:{sign}.{digits}f})"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def _aligned(lines: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as their widest cell; words to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    words = 2 if lines[0] is _HEAD else 0
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at < words else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
