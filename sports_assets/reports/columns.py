"""The columns that a table of athletes can have: what each means, its unit, how it is rounded."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from resources.explain.basis import Basis, basis, rows_of
from sports_assets.reports.facts_athlete import AthleteFacts
from sports_assets.reports.numerals import (
    DERIVED,
    EVENTS,
    EXTERNAL,
    INTERNAL,
    Numeral,
    number_id,
    numeral,
)

Read = Callable[[AthleteFacts], float | None]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: of the mart's column; the last part of each number's id, and the metric of a baseline.
        title: heading; short, for a phone.
        unit: as shown.
        meaning: in words, for the heading's tooltip and for tables of one athlete.
        read: the value of an athlete, in the mart's unit.
        table: first part of each number's id.
        is_bar: whether a bar shows the value beside those of the others.
        is_total: grows with the time in view, so that sessions compare only if all of it was seen.
        made_of: what an athlete's number is computed from, where it is no column of a mart.
    """

    name: str
    title: str
    unit: str
    meaning: str
    read: Read
    table: str = DERIVED
    digits: int = 0
    factor: float = 1.0
    is_bar: bool = False
    absent: str = "not measured"
    is_total: bool = False
    made_of: Callable[[AthleteFacts], Basis] | None = None

    def show(self, one: AthleteFacts) -> Numeral:
        """The athlete's number in this column."""
        return numeral(
            number_id(self.table, one.athlete_id, self.name),
            self.read(one),
            self.unit,
            digits=self.digits,
            factor=self.factor,
            absent=self.absent,
            made_of=self.made_of(one) if self.made_of else None,
        )


def _external(
    name: str, title: str, unit: str, meaning: str, *, digits: int = 0, factor: float = 1.0,
    is_total: bool = False,
) -> Column:  # fmt: skip
    def read(one: AthleteFacts) -> float | None:
        value: float | None = getattr(one.external, name, None)
        return value

    return Column(
        name, title, unit, meaning, read, EXTERNAL, digits, factor,
        absent="too little time in view, or not measured", is_total=is_total,
    )  # fmt: skip


def _internal(
    name: str, title: str, unit: str, meaning: str, *, factor: float = 1.0, is_bar: bool = False
) -> Column:
    def read(one: AthleteFacts) -> float | None:
        value: float | None = getattr(one.internal, name, None)
        return value

    return Column(
        name, title, unit, meaning, read, INTERNAL, 0, factor, is_bar, "the sensor was not worn"
    )


def _event(name: str, title: str, meaning: str) -> Column:
    def read(one: AthleteFacts) -> float | None:
        value: float | None = getattr(one.events, name, None)
        return value

    return Column(name, title, "", meaning, read, EVENTS, absent="the event feed does not tell it")


def _event_share(name: str, title: str, counted: str, total: str, meaning: str) -> Column:
    def read(one: AthleteFacts) -> float | None:
        part: float | None = getattr(one.events, counted, None)
        whole: float | None = getattr(one.events, total, None)
        return 100 * part / whole if part is not None and whole else None

    def made_of(one: AthleteFacts) -> Basis:
        return basis(
            f"100 × {counted} ÷ {total}",
            rows_of(EVENTS, counted, total, athlete_id=one.athlete_id),
        )

    return Column(name, title, "%", meaning, read, absent="no attempts", made_of=made_of)


_TRACKED: Final = _external("tracked_s", "In view", "min", "Time tracked", factor=1 / 60)
_PACE: Final = _external(
    "distance_per_min_m", "Distance", "m/min", "Metres for each minute in view"
)
_FAST: Final = _external(
    "high_speed_distance_m", "High speed", "m", "Metres at high speed", is_total=True
)
_FAST_PACE: Final = _external(
    "high_speed_distance_per_min_m",
    "High speed",
    "m/min",
    "Metres at high speed for each minute in view",
)
_DISTANCE: Final = _external(
    "total_distance_m", "Distance", "km", "Distance", digits=1, factor=0.001, is_total=True
)
_TOP: Final = _external("top_speed_mps", "Top", "km/h", "Top speed", digits=1, factor=3.6)

_REST: Final = (
    _external("sprint_effort_count", "Sprints", "", "Sprints", is_total=True),
    _external("sprint_distance_m", "Sprinted", "m", "Metres at sprint speed", is_total=True),
    _DISTANCE,
    _external("acceleration_count", "Acc.", "", "Accelerations", is_total=True),
    _external("deceleration_count", "Dec.", "", "Decelerations", is_total=True),
)
#: Movement of a team sport; the first four fit a phone without scrolling.
EXTERNAL_COLUMNS: Final = (
    _TRACKED,
    _PACE,
    replace(_FAST, is_bar=True),
    _TOP,
    _FAST_PACE,
    *_REST,
    _external(
        "mean_metabolic_power_w_per_kg", "Met. power", "W/kg",
        "Mean metabolic power, reckoned from speed", digits=1,
    ),
)  # fmt: skip
#: The same where athletes were in view for part of the session: rates compare, totals do not. No
#: metabolic power: from a broadcast camera's accelerations it comes out about twice too high.
PARTIAL_COLUMNS: Final = (_TRACKED, _PACE, replace(_FAST_PACE, is_bar=True), _TOP, _FAST, *_REST)
#: Movement of a sport without sides.
MOVEMENT_COLUMNS: Final = (
    _DISTANCE,
    _TRACKED,
    _external("distance_per_min_m", "Mean", "km/h", "Mean speed", digits=1, factor=0.06),
    _TOP,
)
INTERNAL_COLUMNS: Final = (
    _internal("edwards_trimp_au", "TRIMP", "au", "Edwards TRIMP", is_bar=True),
    _internal("banister_trimp_au", "Banister", "au", "Banister TRIMP"),
    _internal("mean_heart_rate_bpm", "Mean HR", "bpm", "Mean heart rate"),
    _internal("peak_heart_rate_bpm", "Peak HR", "bpm", "Highest heart rate"),
    _internal("heart_rate_s", "HR time", "min", "Time with heart rate", factor=1 / 60),
    *(
        _internal(
            f"heart_rate_zone_{zone}_s", f"Zone {zone}", "min",
            f"Zone {zone}: {low}–{low + 10}\u202f% of maximum", factor=1 / 60,
        )
        for zone, low in enumerate((50, 60, 70, 80, 90), start=1)
    ),
    _internal("mean_power_w", "Mean W", "W", "Mean power"),
    _internal("normalized_power_w", "Norm. W", "W", "Normalised power"),
    _internal("peak_power_w", "Peak W", "W", "Highest power"),
    _internal("work_kj", "Work", "kJ", "Work"),
)  # fmt: skip
EVENT_COLUMNS: Final = (
    _event("pass_count", "Passes", "Passes"),
    _event_share(
        "pass_completion_percent", "Compl.", "completed_pass_count", "pass_count",
        "Share of passes completed",
    ),
    _event("shot_count", "Shots", "Shots"),
    _event("goal_count", "Goals", "Goals"),
    _event("shot_on_target_count", "On target", "Shots on target"),
    _event("duel_count", "Duels", "Duels"),
    _event_share(
        "duels_won_percent", "Won", "won_duel_count", "duel_count", "Share of duels won"
    ),
    _event("recovery_count", "Recov.", "Recoveries"),
    _event("interception_count", "Interc.", "Interceptions"),
    _event("foul_count", "Fouls", "Fouls"),
)  # fmt: skip
