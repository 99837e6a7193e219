"""What a session on a circuit says: the best lap, how even the quick ones were, how tyres went."""

from typing import Final

from resources.explain.basis import Basis, basis, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_course import Lap
from sports_assets.reports.laps import (
    QUICK_SHARE,
    is_on_circuit,
    laps_of_best,
    longest_run,
    quick,
)
from sports_assets.reports.numerals import (
    DERIVED,
    LAP,
    Numeral,
    derived,
    lap_time,
    number_id,
    numeral,
)
from sports_assets.reports.spread import mean_and_sd, median
from sports_assets.reports.wording import Sentence, Writer, say

_LEAST_FOR_SPREAD: Final = 3
_QUICK: Final = f"whole laps within {100 * QUICK_SHARE:.0f} % of the best"


def pace(facts: SessionFacts) -> Sentence | None:
    """The best lap, beside the other quick ones."""
    laps = laps_of_best(facts)
    if not laps or not is_on_circuit(facts.header):
        return None
    fast = quick(laps)
    best = min(fast, key=lambda lap: (lap.duration_s, lap.lap_number))
    slots: dict[str, str | Numeral] = {
        "who": _name(facts, best.athlete_id),
        "time": lap_time(_id(best, "duration_s"), best.duration_s),
        "number": numeral(_id(best, "lap_number"), best.lap_number),
        "tyres": f" ({', '.join(best.words)})" if best.words else "",
        "all": derived(
            best.athlete_id, "timed_lap_count", len(laps), made_of=_of(best, "laps, counted")
        ),
    }
    spread = (
        mean_and_sd([lap.duration_s for lap in fast]) if len(fast) > _LEAST_FOR_SPREAD else None
    )
    if spread is None:
        wording = "{who}: best lap {time} on lap {number}{tyres}, of {all} timed."
        return say("Pace", wording, **slots)
    middle = median(lap.duration_s for lap in fast)
    return say(
        "Pace",
        "{who}: best lap {time} on lap {number}{tyres}. The {count} quick laps of {all} timed "
        "have a median of {median} and spread by ±{sd} (SD).",
        count=derived(
            best.athlete_id, "quick_lap_count", len(fast), made_of=_of(best, f"{_QUICK}, counted")
        ),
        median=lap_time(
            number_id(DERIVED, best.athlete_id, "quick_lap_median_s"),
            middle or 0,
            _of(best, f"median time of {_QUICK}"),
        ),
        sd=derived(
            best.athlete_id,
            "quick_lap_sd_s",
            spread[1],
            "s",
            digits=2,
            made_of=_of(best, f"standard deviation, n − 1, of the time of {_QUICK}"),
        ),
        **slots,
    )


def long_run(facts: SessionFacts) -> Sentence | None:
    """Whether lap times rose or fell over the longest run of quick laps."""
    laps = laps_of_best(facts)
    run = longest_run(laps) if is_on_circuit(facts.header) else None
    if run is None:
        return None
    first, last = run.laps[0], run.laps[-1]
    run_laps = f"laps {first.lap_number} to {last.lap_number}, the longest run of {_QUICK}"
    if abs(run.slope_s) <= run.half_width_s:
        advice = "no trend beyond the laps’ own scatter."
    elif run.slope_s > 0:
        advice = "time goes with each lap; plan the stop by it."
    else:
        advice = "still getting quicker; no reason to stop for tyres yet."
    return say(
        "Long run",
        "Laps {first} to {last}{tyres}: {slope} {direction} a lap (±{error}, 95 %, over {count} "
        "laps): {advice}",
        slope=derived(
            first.athlete_id,
            "run_slope_s",
            run.slope_s,
            "s",
            digits=3,
            factor=-1.0 if run.slope_s < 0 else 1.0,
            made_of=_of(first, f"slope of the straight line through the times of {run_laps}"),
        ),
        first=numeral(_id(first, "lap_number"), first.lap_number),
        last=numeral(_id(last, "lap_number"), last.lap_number),
        tyres=f" ({first.words[0]})" if first.words else "",
        direction="slower" if run.slope_s > 0 else "quicker",
        error=derived(
            first.athlete_id,
            "run_slope_half_width_s",
            run.half_width_s,
            "s",
            digits=3,
            made_of=_of(first, f"half of the slope’s 95 % interval, over {run_laps}"),
        ),
        count=derived(
            first.athlete_id,
            "run_lap_count",
            len(run.laps),
            made_of=_of(first, f"{run_laps}, counted"),
        ),
        advice=advice,
    )


def top_speed(facts: SessionFacts) -> Sentence | None:
    """Where the car was fastest, and on the best lap."""
    laps = laps_of_best(facts) if is_on_circuit(facts.header) else ()
    measured = [(lap.top_speed_mps, lap) for lap in laps if lap.top_speed_mps is not None]
    if not measured:
        return None
    fastest = max(measured, key=lambda pair: (pair[0], -pair[1].lap_number))[1]
    # Of the laps that were measured; where no whole one was, of all of them.
    whole = quick([lap for _, lap in measured])
    best = min(whole, key=lambda lap: (lap.duration_s, lap.lap_number))
    slots: dict[str, str | Numeral] = {
        "top": numeral(_id(fastest, "top_speed_mps"), fastest.top_speed_mps, "km/h", factor=3.6),
        "number": numeral(_id(fastest, "lap_number"), fastest.lap_number),
        "laps": derived(
            best.athlete_id,
            "laps_with_telemetry_count",
            len(measured),
            made_of=basis(
                "laps with a top speed, counted",
                rows_of(LAP, "top_speed_mps", athlete_id=best.athlete_id),
            ),
        ),
    }
    beside = "the best lap"
    if best is not fastest:
        beside = "{best} on the best lap"
        slots["best"] = numeral(_id(best, "top_speed_mps"), best.top_speed_mps, "km/h", factor=3.6)
    wording = "{top} on lap {number}, " + beside + "; {laps} timed laps have telemetry."
    return say("Top speed", wording, **slots)


def _name(facts: SessionFacts, athlete_id: str) -> str:
    return next((one.label for one in facts.athletes if one.athlete_id == athlete_id), athlete_id)


def _of(lap: Lap, how: str) -> Basis:
    """Of all laps of the lap's athlete."""
    return basis(how, rows_of(LAP, "lap_number", "duration_s", athlete_id=lap.athlete_id))


def _id(lap: Lap, column: str) -> str:
    return number_id(LAP, lap.athlete_id, lap.source_event_id, column)


WRITERS: Final[tuple[Writer, ...]] = (pace, long_run, top_speed)
