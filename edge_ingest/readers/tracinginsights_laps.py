"""Formula 1 laps laid out in time, and their telemetry as track points and places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.readers.track_points import TrackPoints
from edge_ingest.records import INSTANT, Quality

_METRES_PER_UNIT = 0.1
_KMH = 3.6
#: Clocks of a lap may step back by so much where two feeds are merged, s.
_DISORDER_S = 2.0
#: A lap ends with the day's session at the latest, s.
_LONGEST_S = 86_400.0
#: A circuit reaches no further from its origin, m.
_REACH_M = 100_000.0

Columns = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Lap:
    """One lap.

    Attributes:
        lap_time_s: None where the source has none.
        words: compound, stint and age of the tyre, in words.
        telemetry: by the source's names; `time` in s since the lap began. None: there is none.
        start_s: since the first lap began; `is_misplaced` says that it is at least so late.
    """

    number: int
    lap_time_s: float | None
    words: tuple[str, ...]
    telemetry: Columns | None = None
    start_s: float = 0.0
    is_misplaced: bool = False

    @property
    def length_s(self) -> float | None:
        """Its lap time, else the length of its telemetry, else None."""
        if self.lap_time_s is not None:
            return self.lap_time_s
        if self.telemetry is None or not np.isfinite(self.telemetry["time"]).any():
            return None
        return float(np.nanmax(self.telemetry["time"]))

    def with_telemetry(self, telemetry: Columns) -> "Lap":
        """The lap with its telemetry."""
        return replace(self, telemetry=telemetry)


@dataclass(frozen=True)
class Telemetry:
    """Telemetry of all laps by time; all arrays have one entry a sample.

    Attributes:
        points: instants and channels.
        x_m, y_m: in the circuit's frame; `place_quality` their quality bits.
        found: what was wrong, by rule.
    """

    points: TrackPoints
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    place_quality: NDArray[np.int32]
    found: Mapping[str, int]


def lay_out(laps: Sequence[Lap]) -> tuple[list[Lap], int]:
    """Laps with their starts, by number; and how many stand behind one of unknown length."""
    placed: list[Lap] = []
    start, is_misplaced, expected = 0.0, False, laps[0].number
    for lap in laps:
        is_misplaced = is_misplaced or lap.number != expected
        placed.append(replace(lap, start_s=start, is_misplaced=is_misplaced))
        length = lap.length_s
        start += length or 0.0
        is_misplaced = is_misplaced or length is None
        expected = lap.number + 1
    return placed, sum(lap.is_misplaced for lap in placed)


def telemetry_of(laps: Sequence[Lap], start: np.datetime64, path: Path) -> Telemetry:
    """All telemetry in our units, by time.

    Args:
        laps: laid out in time.
        start: of the first lap, UTC.
        path: of the lap times, for an error.

    Raises:
        SourceError: there is no sample, or a lap's clock was set back.
    """
    driven = [(lap, lap.telemetry) for lap in laps if lap.telemetry and len(lap.telemetry["time"])]
    if not driven:
        raise SourceError(f"the telemetry beside {path} holds no sample", rule="empty")
    for lap, columns in driven:
        _refuse_a_clock_set_back(lap.number, columns["time"], path)
    joined = {
        name: np.concatenate([columns[name] for _, columns in driven]) for name in driven[0][1]
    }
    since = np.concatenate([columns["time"] + lap.start_s for lap, columns in driven])
    misplaced = np.concatenate(
        [np.full(len(columns["time"]), lap.is_misplaced) for lap, columns in driven]
    )
    timed = np.isfinite(since)
    micros = np.rint(1e6 * np.nan_to_num(since)).astype(np.int64)
    order = np.argsort(micros, kind="stable")
    order = order[timed[order]]
    if not order.size:
        raise SourceError(f"the telemetry beside {path} holds no sample", rule="empty")
    # The last sample of a lap and the first of the next are one instant, filled in from both.
    is_first = np.concatenate([[True], np.diff(micros[order]) > 0])
    kept = order[is_first]
    found = {
        "same_instant": int((~is_first).sum()),
        "out_of_order": int((np.diff(micros[timed]) < 0).sum()),
        "without_time": int((~timed).sum()),
    }
    taken = {name: values[kept] for name, values in joined.items()}
    place = misplaced[kept] * Quality.MISPLACED_CLOCK.value
    filled = Quality.ESTIMATED.value
    car = place | ((taken["rpm"] != np.rint(taken["rpm"])) * filled)
    there = place | (((taken["x"] != np.rint(taken["x"])) | (taken["y"] != np.rint(taken["y"])))
                     * filled)  # fmt: skip
    channels = {
        "speed": taken["speed"] / _KMH,
        "engine_speed": taken["rpm"],
        "gear": taken["gear"],
        "throttle": taken["throttle"],
        "brake": 100.0 * taken["brake"],
        "longitudinal_acceleration": taken["acc_x"],
        "lateral_acceleration": taken["acc_y"],
    }
    quality = {name: car.astype(np.int32) for name in channels}
    for name in ("longitudinal_acceleration", "lateral_acceleration"):
        quality[name] = (place | filled).astype(np.int32)
    found["estimated"] = int((car & filled > 0).sum())
    found["filled_in_places_left_out"] = int((there & filled > 0).sum())
    instants = start + micros[kept].astype("timedelta64[us]")
    return Telemetry(
        TrackPoints(instants, channels, quality=quality),
        taken["x"] * _METRES_PER_UNIT,
        taken["y"] * _METRES_PER_UNIT,
        there.astype(np.int32),
        found,
    )


def positions_table(telemetry: Telemetry, start: np.datetime64, athlete: str) -> pa.Table:
    """Rows of x and y in the circuit's frame, m, where they were measured.

    A place that the source filled in says nothing that its neighbours do not, and a millisecond
    from them it makes the car leap: those are left out. `frame_id` is the `sample_index` of the
    signals.
    """
    is_measured = telemetry.place_quality & Quality.ESTIMATED.value == 0
    x, y = telemetry.x_m[is_measured], telemetry.y_m[is_measured]
    instants = telemetry.points.instants[is_measured]
    seen = (np.abs(x) < _REACH_M) & (np.abs(y) < _REACH_M)
    unseen = np.isnan(x) | np.isnan(y)
    count = len(instants)
    return pa.table(
        {
            "frame_id": pa.array(np.flatnonzero(is_measured).astype(np.int32)),
            "captured_at_utc": pa.array(instants).cast(INSTANT),
            "period_time_s": pa.array((instants - start) / np.timedelta64(1, "s")),
            "object_kind": pa.repeat("athlete", count),
            "source_athlete_id": pa.repeat(athlete, count),
            "x_m": pa.array(x, mask=~seen),
            "y_m": pa.array(y, mask=~seen),
            "missing_reason": pa.array(
                np.where(unseen, "no_signal", "out_of_range").astype(object), pa.string(),
                mask=seen,
            ),
            "quality": pa.array(telemetry.place_quality[is_measured]),
        }
    )  # fmt: skip


def _refuse_a_clock_set_back(number: int, time: NDArray[np.float64], path: Path) -> None:
    if (time < -_DISORDER_S).any() or (time > _LONGEST_S).any():
        raise SourceError(
            f"{path.parent / f'{number}_tel.json'}: times within a lap lie between 0 and "
            f"{_LONGEST_S:.0f} s: download it again",
            rule="absurd_values",
        )
    behind = np.fmax.accumulate(time) - time
    if (behind > _DISORDER_S).any():
        raise SourceError(
            f"{path.parent / f'{number}_tel.json'}: the clock steps back by "
            f"{np.nanmax(behind):.1f} s: download it again",
            rule="clock_backwards",
        )
