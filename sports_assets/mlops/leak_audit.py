"""How much would these features, labels and this model claim if rows were split carelessly?

The same features and labels are scored under four designs. Labels that look seven days ahead
overlap, and days of one athlete resemble each other, so a model that can memorise looks brilliant
when rows are split at random, and only then. What a model may claim is the honest figure; the gap
between the two tells how far it would fool us, and how much of what it learned is who and when
instead of why.

What makes the gate usable:

- All designs are scored on the same rows, those which the honest one tests, and fitted on equally
  many: a later test period and fewer rows to learn from are no leak.
- The gap is the row-random figure less the *lower* of grouped and chronological. The lower of two
  noisy figures is too low on average, and with ten injuries a gap of 0.05 is nothing: a plain line
  through two true causes shows such gaps on every second squad of so few. So the gap is drawn by
  athlete, the choice of the lower one included. Above the limit it is `blocked` only where its 95 %
  interval is above zero and at least 20 injuries stand behind the tested rows (below that, the
  interval itself is a matter of luck, as fits on few injuries are). Otherwise it is `undecided`:
  not promoted by itself, but a person may, with name, reason and the picture before them.
- A claim above the honest interval by more than the limit blocks too, whatever the gap is.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.bootstrap import Interval, draw_by_athlete, together
from sports_assets.mlops.metrics import Metric, prepare_roc_auc
from sports_assets.mlops.nan_json import with_nan, without_nan
from sports_assets.mlops.rows import EvaluationError, FloatArray, IntArray, as_days, count_events
from sports_assets.mlops.splits import (
    FitPredict,
    Split,
    out_of_fold,
    split_chronological,
    split_disjoint_and_forward,
    split_grouped,
    split_row_random,
)

#: A gap above it blocks promotion.
LIMIT: Final = 0.05
#: With fewer injuries in the tested rows no gap proves a leak.
LEAST_EVENTS: Final = 20
Verdict = Literal["passed", "undecided", "blocked"]


@dataclass(frozen=True)
class LeakAudit:
    """The same features, labels and model under four designs.

    Attributes:
        metric: what is compared, e.g. `ROC AUC`; higher is better.
        row_random: rows split at random, what must never be reported.
        grouped: athletes never seen.
        chronological: days never seen.
        honest: athletes and days never seen, what is reported.
        gap: row-random less the lower of grouped and chronological, paired.
        claimed: the figure that was reported for the model; NaN for none.
        rows: how many all four were scored on.
        events: distinct injuries behind them.
        fit_rows: how many at most each fit saw.
        limit: of the gap.
    """

    metric: str
    row_random: Interval
    grouped: Interval
    chronological: Interval
    honest: Interval
    gap: Interval
    claimed: float
    rows: int
    events: int
    fit_rows: int
    limit: float = LIMIT

    @property
    def verdict(self) -> Verdict:
        """Whether the model may be promoted, as far as leaks go."""
        is_sure = self.gap.low > 0 and self.events >= LEAST_EVENTS
        if self._claims_too_much or (self.gap.value > self.limit and is_sure):
            return "blocked"
        return "passed" if self.gap.value <= self.limit else "undecided"

    @property
    def reason(self) -> str:
        """The verdict in words."""
        if self._claims_too_much:
            return (
                f"Claimed {self.claimed:.2f}, but on athletes and days never seen it is "
                f"{self.honest.value:.2f}: report the honest figure."
            )
        if not np.isfinite(self.gap.value):
            return "Nothing to compare: the tested rows are all of one class."
        told = (
            f"Rows split at random give {self.row_random.value:.2f}, unseen athletes "
            f"{self.grouped.value:.2f}, later days {self.chronological.value:.2f}: "
            f"a gap of {self.gap.value:.2f}"
        )
        if self.verdict == "passed":
            return f"{told}, within the limit of {self.limit:.2f}."
        if self.verdict == "undecided":
            return f"{told}, above {self.limit:.2f}, but too few injuries to tell it from chance."
        return f"{told}, above {self.limit:.2f}: the model remembers whom and when it saw."

    @property
    def _claims_too_much(self) -> bool:
        excess = self.claimed - self.honest.value
        is_beyond = not np.isfinite(self.honest.high) or self.claimed > self.honest.high
        return bool(excess > self.limit and is_beyond)

    def to_json(self) -> str:
        """Canonical text."""
        return json.dumps(
            without_nan(asdict(self)), sort_keys=True, separators=(",", ":"), allow_nan=False
        )

    @classmethod
    def from_json(cls, text: str) -> "LeakAudit":
        """The inverse of `to_json`."""
        told: dict[str, Any] = with_nan(json.loads(text))
        intervals = {name: Interval(**told.pop(name)) for name in _INTERVALS}
        return cls(**{**told, **intervals})


_INTERVALS: Final = ("row_random", "grouped", "chronological", "honest", "gap")


def audit_leaks(
    fit_predict: FitPredict,
    *,
    athlete_id: npt.ArrayLike,
    day: npt.ArrayLike,
    y: npt.ArrayLike,
    cuts: Sequence[np.datetime64],
    horizon_d: int = 7,
    folds: int = 4,
    seed: int,
    replicates: int = 200,
    claimed: float | None = None,
    prepare: Callable[[FloatArray, FloatArray], Metric] = prepare_roc_auc,
    metric: str = "ROC AUC",
    limit: float = LIMIT,
) -> LeakAudit:
    """Score one way of fitting under row-random, grouped, chronological and honest splits.

    Args:
        fit_predict: fits on rows at the first positions, predicts those at the second.
        athlete_id, day, y: of each row; labels all closed.
        cuts: days from which rows are tested, see `splits.time_cuts`.
        horizon_d: days that a label looks ahead; the embargo.
        folds: of rows and of athletes.
        seed: of folds, of what is fitted on, and of the draws.
        replicates: draws of athletes.
        claimed: the figure reported for the model elsewhere, to be held against the honest one.
        prepare: the metric; higher is better.
        metric: its name.
        limit: of the gap.

    Raises:
        EvaluationError: one athlete only, or too short a history to split in time.
    """
    labels = np.asarray(y, dtype=np.float64)
    designs: dict[str, tuple[Split, ...]] = {
        "honest": split_disjoint_and_forward(
            athlete_id, day, cuts, folds=folds, embargo_d=horizon_d, seed=seed, y=labels
        ),
        "chronological": split_chronological(day, cuts, horizon_d),
        "grouped": split_grouped(athlete_id, folds, seed, labels),
        "row_random": split_row_random(labels.size, folds, seed),
    }
    tests = [split.test.size for split in designs["honest"]]
    most = int(np.average([split.fit.size for split in designs["honest"]], weights=tests))
    generator = np.random.default_rng(seed)
    predicted = {
        name: out_of_fold(fit_predict, _with_at_most(splits, most, generator), labels.size)
        for name, splits in designs.items()
    }
    scored = np.all([np.isfinite(p) for p in predicted.values()], axis=0)
    if not scored.any():
        raise EvaluationError("no row was tested under every design: give a longer history")
    who = np.asarray(athlete_id, dtype=object)[scored]
    measure = together(
        **{name: prepare(labels[scored], p[scored]) for name, p in predicted.items()}
    )
    drawn = draw_by_athlete(
        lambda weights: _with_gap(dict(measure(weights))), who, seed=seed, replicates=replicates
    )
    return LeakAudit(
        metric=metric,
        row_random=drawn.interval("row_random"),
        grouped=drawn.interval("grouped"),
        chronological=drawn.interval("chronological"),
        honest=drawn.interval("honest"),
        gap=drawn.interval("gap"),
        claimed=float("nan") if claimed is None else claimed,
        rows=int(scored.sum()),
        events=count_events(who, as_days(day)[scored], labels[scored]),
        fit_rows=most,
        limit=limit,
    )


def _with_gap(found: dict[str, float]) -> dict[str, float]:
    lower = min(found["grouped"], found["chronological"])
    return {**found, "gap": found["row_random"] - lower}


def _with_at_most(
    splits: Sequence[Split], most: int, generator: np.random.Generator
) -> tuple[Split, ...]:
    """The same splits, fitted on rows drawn at random where there are more than `most`."""
    return tuple(
        Split(split.name, _drawn(split.fit, most, generator), split.test) for split in splits
    )


def _drawn(rows: IntArray, most: int, generator: np.random.Generator) -> IntArray:
    if rows.size <= most:
        return rows
    return np.sort(generator.choice(rows, most, replace=False))
