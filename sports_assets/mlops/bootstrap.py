"""How sure is a metric? Bootstrap by athlete: days of one athlete are no independent evidence.

Whole athletes are drawn with replacement (Field and Welsh 2007, J. R. Stat. Soc. B 69:369), as
weights of their rows, so that whatever is prepared once (sorting) serves all draws. What was
predicted stays as it is: the interval tells of the athletes, not of fitting again. With fewer than
about twenty athletes percentile intervals are too narrow; with one there is none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.metrics import Metric
from sports_assets.mlops.rows import FloatArray, coded

#: Several figures at once, by name, as a function of the weight of each row.
Measure = Callable[[FloatArray], Mapping[str, float]]
#: An interval needs this share of the draws to be defined; with few events some have none.
_LEAST_DEFINED: Final = 0.5


@dataclass(frozen=True)
class Interval:
    """A figure with its interval; NaN for what there is not."""

    value: float
    low: float = float("nan")
    high: float = float("nan")

    def to_list(self) -> list[float | None]:
        """For JSON, which has no NaN."""
        return [one if np.isfinite(one) else None for one in (self.value, self.low, self.high)]


@dataclass(frozen=True)
class Draws:
    """Figures of the rows as they are, and of each draw of athletes.

    Attributes:
        values: by name, of all rows.
        draws: by name, one figure a draw.
        level: of the intervals.
    """

    values: Mapping[str, float]
    draws: Mapping[str, FloatArray]
    level: float

    def interval(self, name: str) -> Interval:
        """Percentile interval of one figure."""
        return self._interval(self.values[name], self.draws[name])

    def difference(self, name: str, other: str) -> Interval:
        """Of `name` less `other`, paired: both in the same draws."""
        return self._interval(
            self.values[name] - self.values[other], self.draws[name] - self.draws[other]
        )

    def _interval(self, value: float, drawn: FloatArray) -> Interval:
        defined = drawn[np.isfinite(drawn)]
        if not drawn.size or defined.size < _LEAST_DEFINED * drawn.size:
            return Interval(value)
        tail = (1 - self.level) / 2
        low, high = np.quantile(defined, (tail, 1 - tail))
        return Interval(value, float(low), float(high))


def together(**metrics: Metric) -> Measure:
    """Several metrics as one measure."""
    return lambda weights: {name: metric(weights) for name, metric in metrics.items()}


def draw_by_athlete(
    measure: Measure,
    athlete_id: npt.ArrayLike,
    *,
    seed: int,
    replicates: int = 200,
    level: float = 0.95,
) -> Draws:
    """Draw athletes with replacement and measure each draw.

    Args:
        measure: of rows in the order of `athlete_id`, e.g. `together(auc=prepare_roc_auc(y, p))`.
        athlete_id: whom each row is of; anything that can be told apart.
        seed: the same seed gives the same draws.
        replicates: number of draws.
        level: of the intervals.

    Returns:
        No draws, and so no intervals, where there are fewer than two athletes.
    """
    codes, athletes = coded(athlete_id)
    values = dict(measure(np.ones(codes.size)))
    drawn: dict[str, list[float]] = {name: [] for name in values}
    if athletes > 1:
        generator = np.random.default_rng(seed)
        shares = np.full(athletes, 1 / athletes)
        for _ in range(replicates):
            weights = generator.multinomial(athletes, shares).astype(np.float64)[codes]
            for name, value in measure(weights).items():
                drawn[name].append(value)
    return Draws(values, {name: np.array(told) for name, told in drawn.items()}, level)


def paired_difference(
    challenger: Metric,
    champion: Metric,
    athlete_id: npt.ArrayLike,
    *,
    seed: int,
    replicates: int = 200,
    level: float = 0.95,
) -> Interval:
    """A metric of the challenger less that of the champion, both on the same rows and draws."""
    measure = together(challenger=challenger, champion=champion)
    draws = draw_by_athlete(measure, athlete_id, seed=seed, replicates=replicates, level=level)
    return draws.difference("challenger", "champion")
