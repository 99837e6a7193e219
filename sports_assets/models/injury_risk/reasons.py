"""What moved a risk, in the words of a physio: "back from injury 12 days ago (risk × 1.5)".

The factor is that of the risk itself: what is shown, over what would be shown if the input stood
where it stands for an average athlete-day. It says what the model looked at, and no cause.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from sports_assets.mlops.metrics import expit, logit
from sports_assets.mlops.rows import FloatArray
from sports_assets.models.injury_risk.features import INPUTS

_MOST: Final = 3
#: A reason moves the risk by so much at least.
_LEAST_FACTOR: Final = 1.05

Words = Callable[[float], str]


def _number(template: str) -> Words:
    return template.format


def _count(one: str, many: str, rest: str) -> Words:
    """ "3 matches in 14 days"."""

    def words(value: float) -> str:
        number = "no" if value == 0 else f"{value:.0f}"
        return f"{number} {one if round(value) == 1 else many} {rest}".strip()

    return words


def _days_ago(template: str) -> Words:
    def words(value: float) -> str:
        if value < 1:
            return template.format("today")
        ago = "4 months or more ago" if value >= 120 else f"{value:.0f} days ago"  # noqa: PLR2004
        return template.format("yesterday" if round(value) == 1 else ago)

    return words


def _flag(yes: str, no: str) -> Words:
    return lambda value: yes if value >= 0.5 else no  # noqa: PLR2004 - a flag


def _beside(what: str, usual: str) -> Words:
    """A ratio to something usual, in percent."""
    return lambda ratio: f"{what} {100 * ratio:.0f} % of {usual}"


def _change(what: str) -> Words:
    """A distance from the athlete's own norm, in SD."""

    def words(value: float) -> str:
        side = "above" if value > 0 else "below"
        return f"{what} {abs(value):.1f} SD {side} the athlete's usual"

    return words


def _recency(value: float) -> str:
    if value <= np.exp(-120 / 21):
        return "no recent return from injury"
    return _days_ago("back from injury {}")(-21 * float(np.log(value)))


def _tendency(value: float) -> str:
    side = "more" if value > 1 else "fewer"
    return f"{side} injuries than the squad's rate leads to expect"


WORDS: Final[dict[str, Words]] = {
    "load_today_au": _number("load today {:.0f} au"),
    "load_yesterday_au": _number("load yesterday {:.0f} au"),
    "load_acute_au": _number("load of the week {:.0f} au a day"),
    "load_chronic_au": _number("load of four weeks {:.0f} au a day"),
    "load_long_au": _number("load of four months {:.0f} au a day"),
    "load_log_ratio": lambda v: _beside("this week's load", "the last four weeks'")(np.exp(v)),
    "load_log_ratio_hinge": lambda v: (
        "no jump in load" if v == 0 else f"load jumped to {120 * np.exp(v):.0f} % of four weeks'"
    ),
    "load_acute_to_long": _beside("this week's load", "the last four months'"),
    "load_chronic_to_long": _beside("four weeks' load", "the last four months'"),
    "load_monotony_7d": _number("days of the week alike (monotony {:.1f})"),
    "load_strain_7d_au": _number("strain of the week {:.0f} au"),
    "load_fitness_au": _number("training of six weeks {:.0f} au"),
    "load_fatigue_au": _number("training of the week {:.0f} au"),
    "load_missing_28d": _count("day", "days", "of 28 without a load report"),
    "minutes_acute": _number("{:.0f} minutes a day this week"),
    "minutes_chronic": _number("{:.0f} minutes a day in four weeks"),
    "match_minutes_chronic": _number("{:.0f} match minutes a day in four weeks"),
    "minutes_per_fixture": _number("plays {:.0f} minutes of a match"),
    "matches_7d": _count("match", "matches", "played in 7 days"),
    "matches_14d": _count("match", "matches", "played in 14 days"),
    "matches_28d": _count("match", "matches", "played in 28 days"),
    "days_since_match": _days_ago("last played {}"),
    "is_fixture_tomorrow": _flag("match tomorrow", "no match tomorrow"),
    "fixtures_next_2d": _count("match", "matches", "in the next 2 days"),
    "fixtures_next_7d": _count("match", "matches", "in the next 7 days"),
    "days_to_next_fixture": _count("day", "days", "to the next match"),
    "is_without_fixture": _flag("no match planned for four weeks", "matches are planned"),
    "days_since_fixture": _days_ago("the team last played {}"),
    "expected_match_minutes_7d": _number("{:.0f} match minutes to expect this week"),
    "expected_training_minutes_7d": _number("{:.0f} training minutes to expect this week"),
    "log_exposure_7d": lambda v: f"coming week as exposed as {np.exp(v):.0f} h of training",
    "readiness_z": _change("readiness"),
    "fatigue_z": _change("freshness"),
    "soreness_z": _change("muscle comfort"),
    "stress_z": _change("calm"),
    "mood_z": _change("mood"),
    "sleep_quality_z": _change("sleep quality"),
    "sleep_duration_z": _change("hours asleep"),
    "sleep_z": _change("sleep"),
    "wellness_z": _change("answers of the morning"),
    "ln_rmssd_week_z": _change("the week's lnRMSSD"),
    "ln_rmssd_z": _change("lnRMSSD"),
    "resting_heart_rate_deviation_bpm": _number("resting heart rate {:+.0f} bpm from usual"),
    "answers_7d": _count("morning", "mornings", "of 7 answered"),
    "days_since_answer": _days_ago("last answered {}"),
    "heart_mornings_7d": _count("morning", "mornings", "of 7 with a heart measurement"),
    "injuries_before": lambda v: (
        "3 or more injuries before" if v >= 3 else _count("injury", "injuries", "before")(v)  # noqa: PLR2004
    ),
    "injury_tendency": _tendency,
    "days_since_return": _days_ago("back from injury {}"),
    "return_recency": _recency,
    "days_since_absence": _days_ago("back from an absence {}"),
    "days_since_onset": _days_ago("last injured {}"),
    "available_share_28d": lambda v: f"available on {100 * v:.0f} % of 28 days",
    "age_years": _number("age {:.0f}"),
}
#: Of inputs that say nearly the same, only the one that moved most is told.
_ALIKE: Final = (
    ("load_acute_au", "load_fatigue_au", "load_acute_to_long", "load_log_ratio", "minutes_acute",
     "load_log_ratio_hinge", "load_strain_7d_au"),
    ("load_chronic_au", "load_fitness_au", "load_long_au", "load_chronic_to_long",
     "minutes_chronic"),
    ("log_exposure_7d", "fixtures_next_7d", "expected_match_minutes_7d", "fixtures_next_2d",
     "is_fixture_tomorrow", "days_to_next_fixture", "expected_training_minutes_7d",
     "is_without_fixture"),
    ("matches_7d", "matches_14d", "matches_28d", "match_minutes_chronic", "minutes_per_fixture",
     "days_since_match"),
    ("injuries_before", "injury_tendency"),
    ("days_since_return", "return_recency", "days_since_onset", "days_since_absence",
     "available_share_28d"),
    ("sleep_z", "sleep_quality_z", "sleep_duration_z"),
    ("readiness_z", "fatigue_z", "soreness_z", "stress_z", "mood_z", "wellness_z"),
)  # fmt: skip
_GROUP: Final = {name: group[0] for group in _ALIKE for name in group}


def reasons(
    values: FloatArray, contributions: FloatArray, probability: FloatArray
) -> list[str | None]:
    """What moved each row's risk most, up or down, at most three; None where nothing stood out.

    Args:
        values: (rows, `INPUTS`); what is missing is no reason.
        contributions: (rows, `INPUTS`) to the log odds.
        probability: (rows,) as it is shown.
    """
    centre = logit(probability)
    factors = probability[:, None] / expit(centre[:, None] - contributions)
    return [_told(row, moved) for row, moved in zip(values, factors, strict=True)]


def _told(row: FloatArray, factors: FloatArray) -> str | None:
    size = np.abs(np.log(factors))
    seen: set[str] = set()
    told: list[str] = []
    for at in np.argsort(-size, kind="stable"):
        name = INPUTS[at]
        group = _GROUP.get(name, name)
        if size[at] < np.log(_LEAST_FACTOR) or len(told) == _MOST:
            break
        if group not in seen and np.isfinite(row[at]):
            seen.add(group)
            told.append(f"{WORDS[name](float(row[at]))} (risk × {_rounded(factors[at])})")
    return "; ".join(told) or None


def _rounded(factor: float) -> str:
    """Two digits near 1, where one would say "× 1.0"."""
    return f"{factor:.2f}" if 0.9 < factor < 1.1 else f"{factor:.1f}"  # noqa: PLR2004
