"""How a sentence sets a number beside the athlete's own earlier sessions."""

from sports_assets.reports.facts import AthleteFacts, Baseline
from sports_assets.reports.numerals import BASELINE, Numeral, number_id, numeral


def beside_own(one: AthleteFacts, metric: str) -> tuple[str, dict[str, str | Numeral]]:
    """A clause for `say` and its slots: the difference from the own mean, or that there is none."""
    baseline = one.baseline(metric)
    if baseline is None or baseline.difference_percent is None:
        return "no earlier session to set it beside", {}
    slots = difference_slots(one, baseline)
    clause = "{percent} {direction} the own mean of {count} earlier session{plural}{spread}"
    return clause.replace("{spread}", " (SD ±{spread})" if "spread" in slots else ""), slots


def difference_slots(one: AthleteFacts, baseline: Baseline) -> dict[str, str | Numeral]:
    """`percent`, `direction`, `count`, `plural`, and `spread` where there are two or more."""

    def column(name: str) -> str:
        return number_id(BASELINE, one.athlete_id, baseline.metric, name)

    difference = baseline.difference_percent or 0.0
    slots: dict[str, str | Numeral] = {
        "percent": numeral(column("difference_percent"), abs(difference), "%"),
        "direction": "above" if difference >= 0 else "below",
        "count": numeral(column("earlier_session_count"), baseline.earlier_session_count),
        "plural": "s" if baseline.earlier_session_count > 1 else "",
    }
    if baseline.earlier_sd is not None and baseline.earlier_mean:
        slots["spread"] = numeral(
            column("earlier_sd"), baseline.earlier_sd, "%", factor=100 / abs(baseline.earlier_mean)
        )
    return slots
