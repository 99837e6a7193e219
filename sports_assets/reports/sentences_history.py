"""How a sentence sets a number beside the athlete's own earlier sessions."""

from typing import Final

from sports_assets.reports.facts_athlete import AthleteFacts
from sports_assets.reports.numerals import BASELINE, Numeral, number_id, numeral

#: A standard deviation of fewer is a guess.
_LEAST_FOR_SPREAD: Final = 3


def beside_own(one: AthleteFacts, metric: str) -> tuple[str, dict[str, str | Numeral]]:
    """A clause for `say` and its slots: the difference from the own mean, or that there is none."""
    baseline = one.baseline(metric)
    if baseline is None or baseline.difference_percent is None:
        return "no earlier session", {}

    def column(name: str) -> str:
        return number_id(BASELINE, one.athlete_id, metric, name)

    difference, sessions = baseline.difference_percent, baseline.earlier_session_count
    slots: dict[str, str | Numeral] = {
        "percent": numeral(column("difference_percent"), abs(difference), "%"),
        "direction": "above" if difference >= 0 else "below",
        "count": numeral(column("earlier_session_count"), sessions),
    }
    beside = "{percent} {direction}" if round(difference) else "level with"
    if sessions == 1:
        return beside + " the only earlier session", slots
    clause = beside + " the own mean of {count} earlier sessions"
    if sessions < _LEAST_FOR_SPREAD or baseline.earlier_sd is None or not baseline.earlier_mean:
        return clause, slots
    slots["spread"] = numeral(
        column("earlier_sd"), baseline.earlier_sd, "%", factor=100 / abs(baseline.earlier_mean)
    )
    return clause + " (SD ±{spread})", slots
