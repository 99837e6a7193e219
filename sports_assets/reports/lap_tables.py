"""Laps as tables, one an athlete: how long each took, and what it was beside its time."""

from collections.abc import Callable, Sequence
from typing import Final

from resources.explain.basis import basis, rows_of
from sports_assets.reports.columns import Column
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_course import Lap
from sports_assets.reports.laps import is_on_circuit, laps_of_best, quick
from sports_assets.reports.numerals import DERIVED, LAP, Numeral, lap_time, number_id, numeral
from sports_assets.reports.spread import known
from sports_assets.reports.table import Cell, Row, Table

#: One lap is the session itself.
_LEAST: Final = 2

_Show = Callable[[Lap, Lap], Numeral]


def make_lap_tables(facts: SessionFacts) -> tuple[Table, ...]:
    """A table for each athlete with several laps; on a circuit the one with the best lap first."""
    if is_on_circuit(facts.header):
        first = laps_of_best(facts)
        order = {lap.athlete_id: None for lap in (*first, *facts.laps)}
    else:
        order = {lap.athlete_id: None for lap in facts.laps}
    tables = []
    for athlete_id in order:
        laps = [lap for lap in facts.laps if lap.athlete_id == athlete_id]
        if len(laps) >= _LEAST:
            tables.append(_table(facts, athlete_id, laps))
    return tuple(tables)


def _table(facts: SessionFacts, athlete_id: str, laps: Sequence[Lap]) -> Table:
    on_circuit = is_on_circuit(facts.header)
    columns = [
        (column, show)
        for column, show, read in (_CIRCUIT if on_circuit else _ROAD)
        if known(read(lap) for lap in laps)
    ]
    whole = quick(laps)
    best = min(whole, key=lambda lap: (lap.duration_s, lap.lap_number))
    fast = {lap.source_event_id for lap in whole} if on_circuit else None
    label = next((one.label for one in facts.athletes if one.athlete_id == athlete_id), athlete_id)
    rows = tuple(
        Row(
            " ".join([f"Lap {lap.lap_number}", *(_words(lap) if on_circuit else ())]),
            "",
            tuple(Cell(show(lap, best)) for _, show in columns),
            is_faint=fast is not None and lap.source_event_id not in fast,
        )
        for lap in laps
    )
    return Table(
        "laps", None, label, "laps", "Lap", tuple(column for column, _ in columns), rows,
        faint_note="no whole lap, or slower than 107 % of the best: out-laps, in-laps, traffic.",
    )  # fmt: skip


def _words(lap: Lap) -> tuple[str, ...]:
    return ("· " + " · ".join(lap.words),) if lap.words else ()


def _time(lap: Lap, _: Lap) -> Numeral:
    return lap_time(
        number_id(LAP, lap.athlete_id, lap.source_event_id, "duration_s"), lap.duration_s
    )


def _gap(lap: Lap, best: Lap) -> Numeral:
    identity = number_id(DERIVED, lap.athlete_id, f"gap_of_{lap.source_event_id}_s")
    made_of = basis(
        "time of this lap less that of the quickest whole lap of the athlete",
        *(
            rows_of(
                LAP, "duration_s", athlete_id=one.athlete_id, source_event_id=one.source_event_id
            )
            for one in dict.fromkeys((lap, best))
        ),
    )
    gap_s = lap.duration_s - best.duration_s
    return numeral(identity, gap_s, "s", digits=3, signed=True, made_of=made_of)


def _column(name: str, unit: str, *, digits: int = 0, factor: float = 1.0) -> _Show:
    def show(lap: Lap, _: Lap) -> Numeral:
        return numeral(
            number_id(LAP, lap.athlete_id, lap.source_event_id, name),
            getattr(lap, name), unit, digits=digits, factor=factor,
        )  # fmt: skip

    return show


def _speed(lap: Lap, _: Lap) -> Numeral:
    identity = number_id(DERIVED, lap.athlete_id, f"mean_speed_of_{lap.source_event_id}_mps")
    made_of = basis(
        "distance_m ÷ tracked_s",
        rows_of(
            LAP, "distance_m", "tracked_s",
            athlete_id=lap.athlete_id, source_event_id=lap.source_event_id,
        ),
    )  # fmt: skip
    return numeral(identity, _mean_speed(lap), "km/h", digits=1, factor=3.6, made_of=made_of)


def _mean_speed(lap: Lap) -> float | None:
    return lap.distance_m / lap.tracked_s if lap.distance_m and lap.tracked_s else None


def _heading(title: str, unit: str, meaning: str) -> Column:
    return Column(title, title, unit, meaning, lambda _: None)


_Told = tuple[Column, _Show, Callable[[Lap], float | None]]
_TIME: Final[_Told] = (_heading("Time", "", "Lap time"), _time, lambda lap: lap.duration_s)
_TOP: Final[_Told] = (
    _heading("Top", "km/h", "Top speed by the device’s own reckoning"),
    _column("top_speed_mps", "km/h", factor=3.6),
    lambda lap: lap.top_speed_mps,
)
_CIRCUIT: Final[tuple[_Told, ...]] = (
    _TIME,
    (_heading("Gap", "s", "Behind the best lap"), _gap, lambda lap: lap.duration_s),
    _TOP,
)
_ROAD: Final[tuple[_Told, ...]] = (
    _TIME,
    (_heading("Distance", "km", "Distance while tracked"),
     _column("distance_m", "km", digits=2, factor=0.001), lambda lap: lap.distance_m),
    (_heading("Speed", "km/h", "Mean speed while tracked"), _speed, _mean_speed),
    (_heading("HR", "bpm", "Mean heart rate"),
     _column("mean_heart_rate_bpm", "bpm"), lambda lap: lap.mean_heart_rate_bpm),
    (_heading("Power", "W", "Mean power"),
     _column("mean_power_w", "W"), lambda lap: lap.mean_power_w),
)  # fmt: skip
