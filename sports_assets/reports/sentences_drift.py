"""Whether heart and legs drifted apart: output a heartbeat, half beside half."""

import math
from collections.abc import Sequence
from typing import Final

from resources.explain.basis import Basis, basis, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.numerals import KINEMATICS, SIGNALS, derived
from sports_assets.reports.spread import mean_and_sd
from sports_assets.reports.wording import Sentence, say

#: Of less heart rate or power, and of less in each half, nothing can be judged, s.
LEAST_S: Final = 600.0
#: Customary limit of decoupling between halves, %.
DECOUPLING_PERCENT: Final = 5.0
_MOVING_MPS: Final = 1.0
_MOVING_W: Final = 1.0


def drift(facts: SessionFacts) -> Sentence | None:
    """Output a heartbeat in the second half beside the first: aerobic decoupling.

    None where it would tell nothing: wind and hills decide the speed of a ride, and an uncertainty
    beyond the customary limit hides what it should show.
    """
    trace = facts.trace
    if trace is None:
        return None
    by_power = any(value is not None for value in trace.power_w)
    if not by_power and facts.header.sport != "running":
        return None
    values, least = (trace.power_w, _MOVING_W) if by_power else (trace.speed_mps, _MOVING_MPS)
    pairs = _pairs(values, trace.heart_rate_bpm, least)
    middle = len(pairs) // 2
    if middle * trace.bin_s < LEAST_S:
        return None
    first, second = _ratio(pairs[:middle]), _ratio(pairs[middle:])
    change = 100 * (second / first - 1)
    error = _half_width(pairs, middle)
    if error is None or error > max(abs(change), DECOUPLING_PERCENT):
        return None
    who = trace.athlete_id

    def of_halves(how: str) -> Basis:
        signals = rows_of(SIGNALS, "channel", "value", athlete_id=who)
        moves = () if by_power else (rows_of(KINEMATICS, "speed_mps", athlete_id=who),)
        return basis(f"{how}, in means of {trace.bin_s:g} s while moving", signals, *moves)

    return say(
        "Drift",
        "{what} per heartbeat was {change} {direction} in the second half than in the first "
        "(±{error}, over {minutes} of moving time): {advice}",
        what="Power" if by_power else "Speed",
        change=derived(
            who,
            "decoupling_percent",
            change,
            "%",
            digits=1,
            factor=-1.0 if change < 0 else 1.0,
            made_of=of_halves("change of output ÷ heart rate from the first half to the second"),
        ),
        direction="lower" if change < 0 else "higher",
        error=derived(
            who,
            "decoupling_error_percent",
            error,
            "%",
            digits=1,
            made_of=of_halves("half of the 95 % interval of the change, from five blocks a half"),
        ),
        minutes=derived(
            who,
            "decoupling_s",
            len(pairs) * trace.bin_s,
            "min",
            factor=1 / 60,
            made_of=of_halves("time that has both output and heart rate"),
        ),
        advice=_drift_advice(change, error),
    )


def _pairs(
    output: Sequence[float | None], heart_rate: Sequence[float | None], least: float
) -> list[tuple[float, float]]:
    return [
        (value, rate)
        for value, rate in zip(output, heart_rate, strict=True)
        if value is not None and rate is not None and value >= least and rate > 0
    ]


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return sum(value for value, _ in pairs) / sum(rate for _, rate in pairs)


def _half_width(pairs: Sequence[tuple[float, float]], middle: int) -> float | None:
    """95 % half-width of the change, %, from five blocks a half: neighbours are not independent."""
    spreads = []
    for half in (pairs[:middle], pairs[middle:]):
        size = max(1, len(half) // 5)
        blocks = [_ratio(half[at : at + size]) for at in range(0, size * 5, size) if half[at:]]
        spread = mean_and_sd(blocks)
        if spread is None or not spread[0]:
            return None
        spreads.append((spread[1] / spread[0]) ** 2 / len(blocks))
    return 196.0 * math.sqrt(sum(spreads))


def _drift_advice(change: float, error: float) -> str:
    if abs(change) <= error:
        return "within its own uncertainty, so no drift to act on."
    if change > DECOUPLING_PERCENT:
        return "no drift; the second half came easier to the heart."
    limit = f"the customary {DECOUPLING_PERCENT:.0f}\u202f%"
    if change < -DECOUPLING_PERCENT:
        return f"more than {limit}. Check heat, drinking, pace."
    return f"inside {limit}."
