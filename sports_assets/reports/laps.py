"""What laps say together: which of them count as quick, and how a run of them develops."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Final

from sports_assets.reports.facts import SessionFacts, SessionHeader
from sports_assets.reports.facts_course import Lap
from sports_assets.reports.spread import known

#: A lap slower than this share of the best is an out-lap, an in-lap or traffic: the limit that
#: Formula 1 sets for taking part in a race.
QUICK_SHARE: Final = 1.07
#: A lap that is so much longer or shorter than the others led through the pit lane, or was cut.
LENGTH_SHARE: Final = 0.1
#: A slope through fewer laps is a guess.
LEAST_FOR_SLOPE: Final = 5
#: 97.5 % points of Student's t for 3 to 30 degrees of freedom; beyond, the normal's.
_T975: Final = (
    3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048,
    2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """Consecutive quick laps.

    Attributes:
        slope_s: change of the lap time from one lap to the next, s.
        half_width_s: of its 95 % interval, s.
    """

    laps: tuple[Lap, ...]
    slope_s: float
    half_width_s: float


def is_on_circuit(header: SessionHeader) -> bool:
    """Whether laps of the session are comparable: always the same way round."""
    return header.sport == "motorsport"


def laps_of_best(facts: SessionFacts) -> tuple[Lap, ...]:
    """All laps of the athlete who has the quickest whole lap of the session, by time."""
    order = sorted(
        quick(facts.laps), key=lambda lap: (lap.duration_s, lap.athlete_id, lap.lap_number)
    )
    return tuple(lap for lap in facts.laps if order and lap.athlete_id == order[0].athlete_id)


def quick(laps: Sequence[Lap]) -> tuple[Lap, ...]:
    """Whole laps within `QUICK_SHARE` of the best of them, in their order; none only of none.

    A lap without telemetry counts as whole: nobody knows better.
    """
    # The length of a lap, not one between two lengths, of which every lap might be far.
    lengths = known(map(_length_m, laps))
    usual = median_low(lengths) if lengths else None
    whole = [
        lap
        for lap in laps
        if usual is None
        or (length := _length_m(lap)) is None
        or abs(length / usual - 1) <= LENGTH_SHARE
    ]
    limit = QUICK_SHARE * min((lap.duration_s for lap in whole), default=0.0)
    return tuple(lap for lap in whole if lap.duration_s <= limit)


def _length_m(lap: Lap) -> float | None:
    """Its length, the part that was not tracked reckoned at the mean speed of the rest."""
    if not lap.distance_m or not lap.tracked_s or lap.tracked_s < lap.duration_s / 2:
        return None
    return lap.distance_m / lap.tracked_s * lap.duration_s


def longest_run(laps: Sequence[Lap]) -> Run | None:
    """The longest stretch of quick laps of one run on one set of tyres; the earlier of two.

    Their numbers follow each other, and the source says the same of stint and compound: a stop for
    tyres ends a run, also where the lap in or out was quick. What it does not tell ends none.
    A straight line through its lap times by least squares, with the t interval of its slope.
    None where no stretch has `LEAST_FOR_SLOPE` laps.
    """
    stretches: list[list[Lap]] = []
    for lap in quick(laps):
        before = stretches[-1][-1] if stretches else None
        if before and lap.lap_number == before.lap_number + 1 and lap.run_words == before.run_words:
            stretches[-1].append(lap)
        else:
            stretches.append([lap])
    longest = max(stretches, key=len, default=[])
    count = len(longest)
    if count < LEAST_FOR_SLOPE:
        return None
    middle = (count - 1) / 2
    mean = math.fsum(lap.duration_s for lap in longest) / count
    spread = count * (count * count - 1) / 12  # sum of squares of 0 … n-1 around their mean
    slope = math.fsum((n - middle) * (lap.duration_s - mean) for n, lap in enumerate(longest))
    slope /= spread
    left = math.fsum(
        (lap.duration_s - mean - slope * (n - middle)) ** 2 for n, lap in enumerate(longest)
    )
    error = math.sqrt(left / (count - 2) / spread)
    freedom = count - 2
    factor = _T975[freedom - 3] if freedom - 3 < len(_T975) else 1.96
    return Run(tuple(longest), slope, factor * error)
