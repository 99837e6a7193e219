"""What tracking says of a match: whose load stands out, whose shape gave way, what was seen."""

from collections.abc import Sequence
from typing import Final

from resources.explain.basis import Basis, basis, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import LEAST_TRACKED_S, AthleteFacts, Baseline
from sports_assets.reports.facts_team import ShapeWindow
from sports_assets.reports.length import LENGTH, length_rows
from sports_assets.reports.numerals import (
    EXTERNAL,
    TEAM_SHAPE,
    Numeral,
    derived,
    number_id,
    numeral,
)
from sports_assets.reports.sentences_history import beside_own
from sports_assets.reports.spread import known, mean_and_sd, median
from sports_assets.reports.wording import Sentence, Writer, say

#: Fewer earlier sessions are no norm.
LEAST_SESSIONS: Final = 3
#: A difference from the own mean is worth a sentence from this on, %, and beyond the own spread.
WORTH_TELLING_PERCENT: Final = 5.0
_SIDES: Final = ("home", "away")
_SEEN: Final = f"tracked for {LEAST_TRACKED_S:.0f} s or more"
#: The median of fewer athletes is no norm of a squad.
LEAST_ATHLETES: Final = 5
#: Less high-speed running is no load to plan by, m.
LEAST_HIGH_SPEED_M: Final = 100.0
#: From this many times the median on, somebody stands out.
STANDS_OUT: Final = 1.25
_RATES: Final = {
    "distance_per_min_m": "metres a minute",
    "high_speed_distance_per_min_m": "high-speed metres a minute",
}
_TOTALS: Final = {
    "high_speed_distance_m": "high-speed running",
    "total_distance_m": "distance",
}


def own_norm(facts: SessionFacts) -> Sentence | None:
    """The largest difference from an athlete's own earlier sessions.

    Of totals only where everybody was tracked throughout: else they compare camera work.
    """
    metrics = _RATES if facts.is_partial else _RATES | _TOTALS
    told = [
        (abs(baseline.difference_percent), one.athlete_id, one, baseline)
        for one in _well_seen(facts)
        for baseline in one.baselines
        if baseline.metric in metrics
        and baseline.earlier_session_count >= LEAST_SESSIONS
        and baseline.difference_percent is not None
        and abs(baseline.difference_percent) >= _least_difference(baseline)
    ]
    if not told:
        return None
    _, _, one, baseline = max(told, key=lambda each: each[:2])
    clause, slots = beside_own(one, baseline.metric)
    return say(
        "Own norm",
        "{who}: " + clause + " in {metric}. {advice}",
        who=label(one),
        metric=metrics[baseline.metric] + (" in view" if facts.is_partial else ""),
        advice="Plan this recovery first."
        if (baseline.difference_percent or 0.0) > 0
        else "Ask whether the game or the body held back.",
        **slots,
    )


def high_speed(facts: SessionFacts) -> Sentence | None:
    """Who ran most at high speed, for the time that they were seen.

    None where too few were seen for a median, or nobody ran far enough for it to be a load.
    """
    rates = {
        one: rate
        for one in _well_seen(facts)
        if one.external and (rate := one.external.high_speed_distance_per_min_m) is not None
    }
    usual = median(rates.values())
    if not usual or len(rates) < LEAST_ATHLETES:
        return None
    loads = {
        each: load
        for each in rates
        if (load := each.external) and (load.high_speed_distance_m or 0.0) >= LEAST_HIGH_SPEED_M
    }
    if not loads:
        return None
    one = max(loads, key=lambda each: (rates[each], each.athlete_id))
    load = loads[one]
    seen = "in view" if facts.is_partial else "tracked"

    def column(name: str) -> str:
        return number_id(EXTERNAL, one.athlete_id, name)

    return say(
        "Load",
        "{who} ran {metres} at {threshold} or faster in {minutes} " + seen + ": {rate} a minute, "
        "{times} times the median of the {count} players "
        + seen
        + " for {least} or more. {advice}",
        who=label(one),
        metres=numeral(column("high_speed_distance_m"), load.high_speed_distance_m, "m"),
        threshold=numeral(
            column("high_speed_threshold_mps"),
            load.high_speed_threshold_mps,
            "km/h",
            digits=1,
            factor=3.6,
        ),
        minutes=numeral(column("tracked_s"), load.tracked_s, "min", factor=1 / 60),
        rate=numeral(column("high_speed_distance_per_min_m"), rates[one], "m"),
        times=derived(
            one.athlete_id,
            "high_speed_rate_over_median",
            rates[one] / usual,
            digits=1,
            made_of=basis(
                f"the athlete’s rate ÷ the median rate of all {_SEEN}",
                rows_of(
                    EXTERNAL,
                    "high_speed_distance_per_min_m",
                    "tracked_s",
                    athlete_id=one.athlete_id,
                ),
                rows_of(EXTERNAL, "high_speed_distance_per_min_m", "tracked_s"),
            ),
        ),
        count=derived(
            "all",
            "well_seen_count",
            len(rates),
            made_of=basis(
                f"athletes {_SEEN}, with a rate, counted",
                rows_of(EXTERNAL, "high_speed_distance_per_min_m", "tracked_s"),
            ),
        ),
        least=least_tracked(),
        advice="Start this recovery first."
        if rates[one] >= STANDS_OUT * usual
        else "Nobody stands out: recovery as planned.",
    )


def shape(facts: SessionFacts) -> Sentence | None:
    """The side whose block changed its length most from the first third to the last."""
    changes = []
    for side in _SIDES:
        windows = facts.solid_shape(side)
        third = len(windows) // 3
        early, late = _length(windows[:third]), _length(windows[-third:] if third else ())
        if early and late:
            changes.append((late[0] - early[0], side, early, late, third))
    if not changes:
        return None
    change, side, early, late, third = max(changes, key=lambda each: abs(each[0]))
    if abs(change) <= max(early[1], late[1]):
        advice = "That is within the spread: nothing to act on."
    elif facts.is_partial:
        advice = "Look at the video before acting: who is out of view is not counted."
    elif change > 0:
        advice = "Bring the lines closer late in the game."
    else:
        advice = "The block closed up: look whether by plan or under pressure."

    def windows_of(how: str) -> Basis:
        return basis(
            f"{how} the side’s windows that rest on enough frames",
            rows_of(TEAM_SHAPE, "length_m", "frame_count", team_side=side),
        )

    def length(name: str, metres: float, how: str) -> Numeral:
        return derived(side, name, metres, "m", digits=1, made_of=windows_of(how))

    return say(
        "Shape",
        "{side} stood {late} long (±{late_sd} SD over {count} five-minute windows) in the last "
        "third, {early} (±{early_sd}) in the first. {advice}",
        side=facts.side_name(side),
        late=length("late_length_m", late[0], "mean length in the last third of"),
        late_sd=length("late_length_sd_m", late[1], "SD of the length in the last third of"),
        count=derived(side, "window_count", third, made_of=windows_of("a third of")),
        early=length("early_length_m", early[0], "mean length in the first third of"),
        early_sd=length("early_length_sd_m", early[1], "SD of the length in the first third of"),
        advice=advice,
    )


def coverage(facts: SessionFacts) -> Sentence | None:
    """How much of the session was seen, and whose totals must not be used."""
    seen = known(one.external.tracked_s for one in facts.athletes if one.external)
    middle, length = median(seen), facts.length_s
    if middle is None or not length:
        return None
    few = sum(seconds < LEAST_TRACKED_S for seconds in seen)
    tracked = rows_of(EXTERNAL, "tracked_s")
    return say(
        "Coverage",
        "The median player was " + ("in view" if facts.is_partial else "tracked") + " for {median} "
        "of {length} ({share}); "
        + (
            "{few} of {count} for under {least}: leave their totals out of the plan{partial}."
            if few
            else "all {count} for {least} or more{partial}."
        ),
        median=derived(
            "all",
            "median_tracked_s",
            middle,
            "min",
            factor=1 / 60,
            made_of=basis("median of tracked_s", tracked),
        ),
        length=derived(
            "all",
            "length_s",
            length,
            "min",
            factor=1 / 60,
            made_of=basis(LENGTH, *length_rows(facts)),
        ),
        share=derived(
            "all",
            "median_tracked_percent",
            100 * middle / length,
            "%",
            made_of=basis(f"100 × median of tracked_s ÷ {LENGTH}", tracked, *length_rows(facts)),
        ),
        few=derived(
            "all",
            "scarcely_seen_count",
            few,
            made_of=basis(f"athletes tracked for less than {LEAST_TRACKED_S:.0f} s", tracked),
        ),
        count=derived(
            "all",
            "tracked_athlete_count",
            len(seen),
            made_of=basis("athletes with tracked_s, counted", tracked),
        ),
        least=least_tracked(),
        partial=", and compare metres a minute, not metres" if facts.is_partial else "",
    )


def least_tracked() -> Numeral:
    """The limit below which nobody is judged; the same on every page."""
    return derived(
        "all",
        "least_tracked_min",
        LEAST_TRACKED_S / 60,
        "min",
        made_of=basis("a limit of this page: less time in view is too little to judge"),
    )


def label(one: AthleteFacts) -> str:
    """Name and shirt number."""
    return one.label if one.shirt_number is None else f"{one.label} ({one.shirt_number})"


def _well_seen(facts: SessionFacts) -> list[AthleteFacts]:
    return [
        one
        for one in facts.athletes
        if one.external and one.external.tracked_s is not None and not one.is_scarcely_seen
    ]


def _length(windows: Sequence[ShapeWindow]) -> tuple[float, float] | None:
    return mean_and_sd([each.length_m for each in windows])


def _least_difference(baseline: Baseline) -> float:
    """Beyond the own spread; a mean of 0 has no difference in percent, and does not come here."""
    spread = 100 * (baseline.earlier_sd or 0.0) / abs(baseline.earlier_mean or 1.0)
    return max(WORTH_TELLING_PERCENT, spread)


def _individual(facts: SessionFacts) -> Sentence | None:
    return own_norm(facts) or high_speed(facts)


WRITERS: Final[tuple[Writer, ...]] = (_individual, shape, coverage, high_speed)
