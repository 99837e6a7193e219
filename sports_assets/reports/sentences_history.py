"""How a sentence sets a number beside the athlete's own earlier sessions."""

from typing import Final

from resources.explain.basis import basis, rows_of
from sports_assets.reports.facts_athlete import AthleteFacts
from sports_assets.reports.numerals import BASELINE, Numeral, derived, number_id, numeral

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
        # The words tell the sign.
        "percent": numeral(
            column("difference_percent"), difference, "%", factor=-1.0 if difference < 0 else 1.0
        ),
        "direction": "above" if difference >= 0 else "below",
        "count": numeral(column("earlier_session_count"), sessions),
    }
    beside = "{percent} {direction}" if round(difference) else "level with"
    if sessions == 1:
        return beside + " the only earlier session", slots
    clause = beside + " the own mean of {count} earlier sessions"
    if sessions < _LEAST_FOR_SPREAD or baseline.earlier_sd is None or not baseline.earlier_mean:
        return clause, slots
    slots["spread"] = derived(
        one.athlete_id,
        f"earlier_sd_of_{metric}_percent",
        baseline.earlier_sd / abs(baseline.earlier_mean),
        "%",
        factor=100,
        made_of=basis(
            "100 × earlier_sd ÷ earlier_mean",
            rows_of(
                BASELINE, "earlier_sd", "earlier_mean", athlete_id=one.athlete_id, metric=metric
            ),
        ),
    )
    return clause + " (SD ±{spread})", slots
