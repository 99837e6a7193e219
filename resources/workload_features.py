"""What is known of an athlete on a day: the list of workload features, with unit, meaning and sign.

The formulas stand in `sports_assets.workload`; the list stands here, as it is the contract of a
table (`feature/workload`) that others read.
"""

from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

from edge_ingest.contract import Column

Family = Literal["load", "minutes", "plan", "wellness", "heart", "availability", "reporting"]


@dataclass(frozen=True)
class Feature:
    """One feature.

    Attributes:
        description: what it is, in words that a reason can be made of.
        increases_risk: 1 or −1 where more of it raises or lowers the risk of injury whatever else
            is so; 0 where that is not sensible to demand.
        null_means: why it may be missing; None where it never is.
        minimum, maximum: inclusive bounds that hold by its definition.
        is_input: False for what is only described, and goes into no model.
    """

    name: str
    unit: str
    description: str
    family: Family
    increases_risk: Literal[-1, 0, 1] = 0
    null_means: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    is_input: bool = True


_NO_LOAD: Final = "no load was told up to this day"
_NO_MINUTES: Final = "no minutes were told up to this day"
_NO_PLAN: Final = "no fixture had been published by this day"
_NO_MATCH: Final = "the team has not played in this history"
_NO_NORM: Final = "too few answers for a norm, or the newest is more than three days old"


def _answer(name: str, words: str) -> Feature:
    return Feature(f"{name}_z", "SD", f"{words}, against the athlete's last four weeks", "wellness",
                   null_means=_NO_NORM)  # fmt: skip


FEATURES: Final[tuple[Feature, ...]] = (
    Feature("load_today_au", "au", "load of the day", "load",
            null_means="the day's load was not told", minimum=0),
    Feature("load_yesterday_au", "au", "load of the day before", "load",
            null_means="that load was not told, or it is the first day", minimum=0),
    Feature("load_acute_au", "au/d", "load of the last week (weighted average, span 7 days)",
            "load", null_means=_NO_LOAD, minimum=0),
    Feature("load_chronic_au", "au/d", "load of the last four weeks (weighted average, span 28)",
            "load", null_means=_NO_LOAD, minimum=0),
    Feature("load_long_au", "au/d", "load of the last four months (weighted average, span 120)",
            "load", null_means=_NO_LOAD, minimum=0),
    Feature("load_log_ratio", "1", "last week's load against the last four weeks', as a logarithm",
            "load", null_means=_NO_LOAD),
    Feature("load_log_ratio_hinge", "1", "how far last week's load exceeds 1.2 times the last four "
            "weeks', as a logarithm", "load", 1, _NO_LOAD, 0),
    Feature("load_acute_to_long", "1", "last week's load against the last four months'", "load", 1,
            _NO_LOAD, 0),
    Feature("load_chronic_to_long", "1", "the last four weeks' load against the last four months'",
            "load", 0, _NO_LOAD, 0),
    Feature("load_acwr_uncoupled", "1", "acute to chronic load, the chronic one before the acute "
            "week: a description", "load", null_means="the first week, or hardly any load before",
            minimum=0, is_input=False),
    Feature("load_monotony_7d", "1", "how alike the last seven days' loads are (mean / SD)", "load",
            null_means="fewer than five days told, or all the same", minimum=0),
    Feature("load_strain_7d_au", "au", "the week's load times its monotony", "load",
            null_means="fewer than five days told, or all the same", minimum=0),
    Feature("load_fitness_au", "au", "training that still carries fitness (time constant 42 days)",
            "load", null_means=_NO_LOAD, minimum=0),
    Feature("load_fatigue_au", "au", "training that still tires (time constant 7 days)", "load",
            null_means=_NO_LOAD, minimum=0),
    Feature("load_missing_28d", "d", "days of the last 28 without a load report", "reporting",
            minimum=0, maximum=28),
    Feature("minutes_acute", "min/d", "minutes a day in the last week", "minutes",
            null_means=_NO_MINUTES, minimum=0),
    Feature("minutes_chronic", "min/d", "minutes a day in the last four weeks", "minutes",
            null_means=_NO_MINUTES, minimum=0),
    Feature("match_minutes_chronic", "min/d", "match minutes a day in the last four weeks",
            "minutes", null_means=_NO_MINUTES, minimum=0),
    Feature("minutes_per_fixture", "min", "minutes played in the team's last matches", "minutes",
            null_means=_NO_MINUTES, minimum=0),
    Feature("matches_7d", "1", "matches played in the last 7 days", "minutes",
            null_means=_NO_MATCH, minimum=0, maximum=7),
    Feature("matches_14d", "1", "matches played in the last 14 days", "minutes",
            null_means=_NO_MATCH, minimum=0, maximum=14),
    Feature("matches_28d", "1", "matches played in the last 28 days", "minutes",
            null_means=_NO_MATCH, minimum=0, maximum=28),
    Feature("days_since_match", "d", "days since the last match played, up to 120", "minutes",
            null_means="no match played in this history", minimum=0, maximum=120),
    Feature("is_fixture_tomorrow", "1", "the team plays tomorrow", "plan", 0, _NO_PLAN, 0, 1),
    Feature("fixtures_next_2d", "1", "fixtures in the next 2 days", "plan", 0, _NO_PLAN, 0, 2),
    Feature("fixtures_next_7d", "1", "fixtures in the next 7 days", "plan", 1, _NO_PLAN, 0, 7),
    Feature("days_to_next_fixture", "d", "days to the next fixture; 29 where none is planned "
            "within 28 days", "plan", 0, _NO_PLAN, 1, 29),
    Feature("is_without_fixture", "1", "no fixture is planned within 28 days, as between seasons",
            "plan", 0, _NO_PLAN, 0, 1),
    Feature("days_since_fixture", "d", "days since the team last played, up to 120", "plan",
            null_means=_NO_MATCH, minimum=0, maximum=120),
    Feature("expected_match_minutes_7d", "min", "match minutes to expect in the next 7 days: "
            "fixtures times the athlete's minutes a fixture", "plan", 1,
            f"{_NO_PLAN}, or {_NO_MINUTES}", 0),
    Feature("expected_training_minutes_7d", "min", "training minutes to expect in the next 7 days: "
            "the squad's usual ones at that distance to fixtures", "plan", 0,
            "nobody's training minutes were told up to this day", 0),
    Feature("log_exposure_7d", "ln h", "exposure to expect in the next 7 days, an hour of match "
            "worth nine of training, as a logarithm", "plan", 1,
            "expected match or training minutes are missing"),
    _answer("readiness", "readiness"),
    _answer("fatigue", "freshness"),
    _answer("soreness", "muscles free of soreness"),
    _answer("stress", "freedom from stress"),
    _answer("mood", "mood"),
    _answer("sleep_quality", "quality of sleep"),
    _answer("sleep_duration", "hours asleep"),
    Feature("sleep_z", "SD", "sleep, in quality and hours, against the athlete's last four weeks",
            "wellness", -1, _NO_NORM),
    Feature("wellness_z", "SD", "all answers together, against the athlete's last four weeks",
            "wellness", 0, _NO_NORM),
    Feature("ln_rmssd_week_z", "SD", "the week's mean lnRMSSD against the athlete's 60 days before "
            "it; beyond ±0.5 is a change worth noting (Plews et al. 2014)", "heart",
            null_means="fewer than 3 mornings this week, or than 14 in the 60 days before"),
    Feature("ln_rmssd_z", "SD", "the newest lnRMSSD against the athlete's last four weeks", "heart",
            null_means=_NO_NORM),
    Feature("resting_heart_rate_deviation_bpm", "bpm", "the newest resting heart rate above the "
            "athlete's mean of four weeks", "heart", null_means=_NO_NORM),
    Feature("answers_7d", "d", "days of the last 7 with any answer", "reporting", minimum=0,
            maximum=7),
    Feature("days_since_answer", "d", "days since the last answer, up to 120", "reporting",
            null_means="no answer in this history", minimum=0, maximum=120),
    Feature("heart_mornings_7d", "d", "mornings of the last 7 with a heart measurement",
            "reporting", minimum=0, maximum=7),
    Feature("is_absent", "1", "not available because of injury or illness", "availability",
            minimum=0, maximum=1),
    Feature("injuries_before", "1", "time-loss injuries before, at most counted as 3",
            "availability", 1, minimum=0, maximum=3),
    Feature("injury_tendency", "1", "injuries in this history against those that the squad's rate "
            "leads to expect for the same exposure, drawn to 1", "availability", 1,
            _NO_MINUTES, 0),
    Feature("days_since_return", "d", "days since the return from the last injury, up to 120",
            "availability",
            null_means="no return from an injury in this history", minimum=0, maximum=120),
    Feature("return_recency", "1", "how recent the last return from an injury is: e^(−days/21), 0 "
            "without one", "availability", 1, minimum=0, maximum=1),
    Feature("days_since_absence", "d", "days since the return from the last absence, illness "
            "included, up to 120", "availability",
            null_means="no return in this history", minimum=0, maximum=120),
    Feature("days_since_onset", "d", "days since the last injury began, up to 120", "availability",
            null_means="no injury began in this history", minimum=0, maximum=120),
    Feature("available_share_28d", "1", "share of the last 28 days on which the athlete was "
            "available", "availability", minimum=0, maximum=1),
    Feature("age_years", "a", "age", "availability", 1, "not told", 5, 90),
    Feature("history_days", "d", "days of history, today included, up to 120", "reporting",
            minimum=1, maximum=120),
)  # fmt: skip


def feature_columns() -> list[Column]:
    """`FEATURES` as columns of a table contract; keys and provenance are the table's own."""
    return [
        Column(f.name, pa.float64(), f.description, f.unit, f.minimum, f.maximum,
               null_means=f.null_means)
        for f in FEATURES
    ]  # fmt: skip
