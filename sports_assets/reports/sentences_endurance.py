"""What a watch or bike computer says: how hard, how even, and whether heart and legs drifted."""

from collections.abc import Callable
from typing import Final

from resources.explain.basis import Rows, basis, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import AthleteFacts, InternalLoad
from sports_assets.reports.length import LENGTH, length_rows
from sports_assets.reports.numerals import (
    EXTERNAL,
    INTERNAL,
    Numeral,
    derived,
    number_id,
    numeral,
)
from sports_assets.reports.sentences_drift import LEAST_S, drift
from sports_assets.reports.sentences_history import beside_own
from sports_assets.reports.wording import Sentence, Writer, say

#: Normalised over mean power from which a ride was uneven.
UNEVEN: Final = 1.1
#: Share of time in zones 4 and 5, and time there in s, from which a session was hard.
HARD_SHARE: Final = 0.2
HARD_S: Final = 1200.0


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
        covered=_covered(
            facts, one, "heart_rate", load.heart_rate_s, of=(INTERNAL, "heart_rate_s")
        ),
        hard=derived(
            one.athlete_id,
            "hard_share_percent",
            hard,
            "%",
            factor=100,
            made_of=basis(
                "time in zones 4 and 5 ÷ heart_rate_s",
                _internal(one, "heart_rate_zone_4_s", "heart_rate_zone_5_s", "heart_rate_s"),
            ),
        ),
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
        index=derived(
            one.athlete_id,
            "variability_index",
            index,
            digits=2,
            made_of=basis(
                "normalized_power_w ÷ mean_power_w",
                _internal(one, "normalized_power_w", "mean_power_w"),
            ),
        ),
        covered=_covered(facts, one, "power", load.power_s, of=(INTERNAL, "power_s")),
        advice="Uneven: it cost more than the mean says."
        if index > UNEVEN
        else "Evenly ridden: the mean tells the cost.",
        **slots,
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
        covered=_covered(facts, one, "position", load.tracked_s, of=(EXTERNAL, "tracked_s")),
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
            one.athlete_id,
            "main_zone_percent",
            100 * seconds / (load.heart_rate_s or seconds),
            "%",
            made_of=basis(
                f"100 × heart_rate_zone_{zone}_s ÷ heart_rate_s",
                _internal(one, f"heart_rate_zone_{zone}_s", "heart_rate_s"),
            ),
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


def _covered(
    facts: SessionFacts,
    one: AthleteFacts,
    what: str,
    seconds: float | None,
    *,
    of: tuple[str, str],
) -> Numeral:
    """Which share of the session has a quantity of an athlete, by the column of its seconds."""
    table, name = of
    length = facts.length_s
    share = None if seconds is None or not length else min(100.0, 100 * seconds / length)
    made_of = basis(
        f"100 × {name} ÷ {LENGTH}, 100 at most",
        rows_of(table, name, athlete_id=one.athlete_id),
        *length_rows(facts),
    )
    return derived(one.athlete_id, f"{what}_covered_percent", share, "%", made_of=made_of)


def _internal(one: AthleteFacts, *columns: str) -> Rows:
    return rows_of(INTERNAL, *columns, athlete_id=one.athlete_id)


WRITERS: Final[tuple[Writer, ...]] = (heart_load, power, drift, pace, intensity)
