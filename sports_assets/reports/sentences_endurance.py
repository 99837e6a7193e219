"""What a watch or bike computer says: how hard, how even, and whether heart and legs drifted."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import AthleteFacts, InternalLoad
from sports_assets.reports.numerals import EXTERNAL, INTERNAL, derived, number_id, numeral
from sports_assets.reports.sentences_history import beside_own
from sports_assets.reports.spread import mean_and_sd
from sports_assets.reports.wording import Sentence, Writer, say

#: Of less heart rate or power, and of less in each half, nothing can be judged, s.
LEAST_S: Final = 600.0
#: Customary limit of decoupling between halves, %.
DECOUPLING_PERCENT: Final = 5.0
#: Normalised over mean power from which a ride was uneven.
UNEVEN: Final = 1.1
#: Share of time in zones 4 and 5, and time there in s, from which a session was hard.
HARD_SHARE: Final = 0.2
HARD_S: Final = 1200.0
_MOVING_MPS: Final = 1.0
_MOVING_W: Final = 1.0


def heart_load(facts: SessionFacts) -> Sentence | None:
    """Whose session weighed most by heart rate, and how much of it was hard."""
    found = _heaviest(facts)
    if found is None:
        return None
    one, load = found
    hard_s = sum(load.zone_seconds[3:])
    hard = hard_s / (load.heart_rate_s or 1.0)
    beside, slots = beside_own(one, "edwards_trimp_au")
    column = _columns(INTERNAL, one)
    return say(
        "Load",
        "{who}: {load} Edwards TRIMP (" + beside + ") from {minutes} of heart rate ({covered} of "
        "the session), {hard} of it above 80\u202f% of {reference}{source}. {advice}",
        who=one.label,
        load=numeral(column("edwards_trimp_au"), load.edwards_trimp_au, "au"),
        minutes=numeral(column("heart_rate_s"), load.heart_rate_s, "min", factor=1 / 60),
        covered=derived(
            one.athlete_id, "heart_rate_covered_percent", _covered(facts, load.heart_rate_s), "%"
        ),
        hard=derived(one.athlete_id, "hard_share_percent", hard, "%", factor=100),
        reference=numeral(
            column("max_heart_rate_reference_bpm"), load.max_heart_rate_reference_bpm, "bpm"
        ),
        source=" (today’s highest; the true maximum may be higher)"
        if load.max_heart_rate_source == "observed"
        else "",
        advice="Make tomorrow easy."
        if hard > HARD_SHARE and hard_s >= HARD_S
        else "By heart rate, not a hard session.",
        **slots,
    )


def power(facts: SessionFacts) -> Sentence | None:
    """How evenly the work was done."""
    found = [
        (load.work_kj or 0.0, one.athlete_id, one, load)
        for one in facts.athletes
        if (load := one.internal)
        and load.mean_power_w
        and load.normalized_power_w
        and (load.power_s or 0.0) >= LEAST_S
    ]
    if not found:
        return None
    _, _, one, load = max(found, key=lambda each: each[:2])
    index = (load.normalized_power_w or 0.0) / (load.mean_power_w or 1.0)
    column = _columns(INTERNAL, one)
    beside, slots = beside_own(one, "normalized_power_w")
    return say(
        "Power",
        "Normalised power {normalized} (" + beside + "), {index} times the mean of {mean}; "
        "{covered} of the session has power. {advice}",
        normalized=numeral(column("normalized_power_w"), load.normalized_power_w, "W"),
        mean=numeral(column("mean_power_w"), load.mean_power_w, "W"),
        index=derived(one.athlete_id, "variability_index", index, digits=2),
        covered=derived(
            one.athlete_id, "power_covered_percent", _covered(facts, load.power_s), "%"
        ),
        advice="Uneven: it cost more than the mean says."
        if index > UNEVEN
        else "Evenly ridden: the mean tells the cost.",
        **slots,
    )


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
    return say(
        "Drift",
        "{what} per heartbeat was {change} {direction} in the second half than in the first "
        "(±{error}, over {minutes} of moving time): {advice}",
        what="Power" if by_power else "Speed",
        change=derived(who, "decoupling_percent", abs(change), "%", digits=1),
        direction="lower" if change < 0 else "higher",
        error=derived(who, "decoupling_error_percent", error, "%", digits=1),
        minutes=derived(who, "decoupling_s", len(pairs) * trace.bin_s, "min", factor=1 / 60),
        advice=_drift_advice(change, error),
    )


def pace(facts: SessionFacts) -> Sentence | None:
    """How far and how fast."""
    found = [
        (load.total_distance_m, one.athlete_id, one, load)
        for one in facts.athletes
        if (load := one.external) and load.total_distance_m and load.tracked_s
    ]
    if not found:
        return None
    _, _, one, load = max(found, key=lambda each: each[:2])
    column = _columns(EXTERNAL, one)
    # What was tracked in part compares by its pace only.
    beside, slots = beside_own(
        one, "distance_per_min_m" if facts.is_partial else "total_distance_m"
    )
    of_distance, of_pace = ("", f" ({beside})") if facts.is_partial else (f" ({beside})", "")
    return say(
        "Distance",
        f"{{who}} covered {{distance}}{of_distance} in {{minutes}} with a position ({{covered}} of "
        f"the session), {{speed}} on average{of_pace}.",
        who=one.label,
        distance=numeral(
            column("total_distance_m"), load.total_distance_m, "km", digits=1, factor=0.001
        ),
        minutes=numeral(column("tracked_s"), load.tracked_s, "min", factor=1 / 60),
        covered=derived(
            one.athlete_id, "position_covered_percent", _covered(facts, load.tracked_s), "%"
        ),
        speed=numeral(
            column("distance_per_min_m"), load.distance_per_min_m, "km/h", digits=1, factor=0.06
        ),
        **slots,
    )


def intensity(facts: SessionFacts) -> Sentence | None:
    """The heart-rate zone that took most of the time."""
    found = _heaviest(facts)
    if found is None or not any(found[1].zone_seconds):
        return None
    one, load = found
    zone, seconds = max(enumerate(load.zone_seconds, start=1), key=lambda each: each[1])
    column = _columns(INTERNAL, one)
    return say(
        "Intensity",
        f"Most time, {{minutes}} ({{share}} of that with heart rate), went into zone {zone}: "
        f"{40 + 10 * zone} to {50 + 10 * zone}\u202f% of {{reference}}.",
        minutes=numeral(column(f"heart_rate_zone_{zone}_s"), seconds, "min", factor=1 / 60),
        share=derived(
            one.athlete_id, "main_zone_percent", 100 * seconds / (load.heart_rate_s or seconds), "%"
        ),
        reference=numeral(
            column("max_heart_rate_reference_bpm"), load.max_heart_rate_reference_bpm, "bpm"
        ),
    )


def _heaviest(facts: SessionFacts) -> tuple[AthleteFacts, InternalLoad] | None:
    """Whoever has most Edwards TRIMP, of those with enough heart rate to judge."""
    found = [
        (load.edwards_trimp_au, one.athlete_id, one, load)
        for one in facts.athletes
        if (load := one.internal)
        and load.edwards_trimp_au is not None
        and (load.heart_rate_s or 0.0) >= LEAST_S
    ]
    return max(found, key=lambda each: each[:2])[2:] if found else None


def _columns(table: str, one: AthleteFacts) -> Callable[[str], str]:
    return lambda name: number_id(table, one.athlete_id, name)


def _covered(facts: SessionFacts, seconds: float | None) -> float | None:
    length = facts.length_s
    return None if seconds is None or not length else min(100.0, 100 * seconds / length)


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


WRITERS: Final[tuple[Writer, ...]] = (heart_load, power, drift, pace, intensity)
