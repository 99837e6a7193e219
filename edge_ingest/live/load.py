"""Load of one athlete, sample by sample: what the marts' SQL adds up afterwards.

Each number is reckoned as in `dbt_project/models` (mart/athlete_session_external_load,
int_speed_effort, mart/athlete_session_internal_load): the same thresholds, dwell times and slack,
so that only the filter differs. A test holds both against each other on the same samples.

What the lakehouse knows and this does not is what comes later. A frozen stretch counts as a
standstill for its first half second, and longer where only the leap at its end tells
(`causal_fix.py`); a heart rate that leaps and comes back, or stands still for minutes, counts as it
came, for only its range is judged; names that two athletes exchanged (IDENTITY_SWAP) stay so;
batches that came too late are left out.
"""

import copy
import math
from collections import deque
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from edge_ingest.cleaning.causal import Movement
from edge_ingest.cleaning.settings import load_settings
from edge_ingest.norms import Thresholds

#: How much an effort, or a speed that is held, may fall short of its dwell by a clock's rounding.
DWELL_SLACK_S = 0.01
#: A heart rate stands for the time to the next one, but for no longer than this, s.
SAMPLE_REACH_S = 5.0
_NS = 1_000_000_000
_SECOND_US = 1_000_000


@dataclass
class Tally:
    """Sums over a session's samples. A sum's unit stands in its name."""

    thresholds: Thresholds
    last_us: int = 0
    speed_mps: float | None = None
    tracked_s: float = 0.0
    total_distance_m: float = 0.0
    high_speed_distance_m: float = 0.0
    sprint_distance_m: float = 0.0
    high_speed_effort_count: int = 0
    sprint_effort_count: int = 0
    top_speed_mps: float | None = None
    metabolic_energy_kj_per_kg: float = 0.0
    energy_us: int = 0
    _segment: int = -1
    _seen_ns: int = 0
    _high_speed_run_ns: int = 0
    _sprint_run_ns: int = 0
    _held: deque[tuple[int, float | None]] = field(default_factory=deque)

    def add(self, one: Movement) -> None:
        """Take the next sample of the athlete."""
        if one.segment != self._segment:
            self._segment, self._seen_ns = one.segment, 0
            self._high_speed_run_ns = self._sprint_run_ns = 0
            self._held.clear()
        dt_ns = round(one.dt_s * _NS)
        self._seen_ns += dt_ns
        self.last_us, self.speed_mps = one.captured_us, one.speed_mps
        self._hold(one.speed_mps)
        speed, limits = one.speed_mps, self.thresholds
        is_fast = _beyond(speed, limits.high_speed_threshold_mps)
        is_sprint = _beyond(speed, limits.sprint_threshold_mps)
        self._high_speed_run_ns, counted = self._run(self._high_speed_run_ns, dt_ns, is_fast)
        self.high_speed_effort_count += counted
        self._sprint_run_ns, counted = self._run(self._sprint_run_ns, dt_ns, is_sprint)
        self.sprint_effort_count += counted
        if speed is None:
            return
        way_m = speed * one.dt_s
        self.tracked_s += one.dt_s
        self.total_distance_m += way_m
        self.high_speed_distance_m += way_m if is_fast else 0.0
        self.sprint_distance_m += way_m if is_sprint else 0.0
        if one.acceleration_mps2 is not None and limits.is_on_foot:
            power = metabolic_power(speed, one.acceleration_mps2)
            self.metabolic_energy_kj_per_kg += power * one.dt_s / 1000
            self.energy_us = one.captured_us

    def break_off(self) -> None:
        """What comes next is of another segment, whatever its number."""
        self._segment = -1

    def with_unsettled(self, movements: list[Movement]) -> "Tally":
        """The tally as it looks with samples that may still be refused; this one stays."""
        if not movements:
            return self
        other = copy.copy(self)
        other._held = self._held.copy()  # noqa: SLF001 - its own kind
        for one in movements:
            other.add(one)
        return other

    def value(self, metric: str) -> float | None:
        """A metric of `edge_ingest.norms.METRICS`; None where the sport has none, or not yet."""
        limits = self.thresholds
        if "high_speed" in metric and limits.high_speed_threshold_mps is None:
            return None
        if "sprint" in metric and limits.sprint_threshold_mps is None:
            return None
        if metric == "metabolic_energy_kj_per_kg" and not limits.is_on_foot:
            return None
        value: float | None = getattr(self, metric, None)
        return value

    def at_us(self, metric: str) -> int:
        """Instant of the newest sample that a metric counts; energy needs acceleration."""
        return self.energy_us if metric == "metabolic_energy_kj_per_kg" else self.last_us

    def state(self) -> dict[str, Any]:
        """As JSON can hold it."""
        told = {name: value for name, value in vars(self).items() if name != "thresholds"}
        return told | {"thresholds": self.thresholds.model_dump(), "_held": list(self._held)}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> "Tally":
        """Go on where `state` was taken."""
        held = deque((seen, speed) for seen, speed in state["_held"])
        thresholds = Thresholds.model_validate(state["thresholds"])
        return cls(**state | {"thresholds": thresholds, "_held": held})

    def _run(self, lasted_ns: int, dt_ns: int, is_beyond: bool) -> tuple[int, int]:
        """How long the run beyond a threshold lasts now, and whether it just became an effort."""
        if not is_beyond:
            return 0, 0
        dwell_ns = round(((self.thresholds.effort_dwell_s or 0) - DWELL_SLACK_S) * _NS)
        after_ns = lasted_ns + dt_ns
        # One that begins has lasted nothing, and a dwell of nothing is reached by its first sample.
        return after_ns, int(after_ns >= dwell_ns and (lasted_ns < dwell_ns or not lasted_ns))

    def _hold(self, speed: float | None) -> None:
        """A single fast sample is noise: top speed is what was held for the dwell."""
        dwell_ns = round((self.thresholds.top_speed_dwell_s - DWELL_SLACK_S) * _NS)
        held = self._held
        held.append((self._seen_ns, speed))
        while held[0][0] < self._seen_ns - dwell_ns:
            held.popleft()
        if self._seen_ns < dwell_ns:
            return
        speeds = [one for _, one in held if one is not None]
        if len(speeds) == len(held):
            self.top_speed_mps = max(self.top_speed_mps or 0.0, min(speeds))


@dataclass
class HeartTally:
    """Heart rate of one athlete from one source.

    Attributes:
        heart_rate_bpm, last_us: the newest sample; None before the first.
        heart_rate_s: time that the samples stand for.
        high_s: time at or above 90 % of `max_bpm`; zone 5 of Edwards.
    """

    max_bpm: float | None = None
    heart_rate_bpm: float | None = None
    last_us: int = 0
    heart_rate_s: float = 0.0
    high_s: float = 0.0

    def add(self, captured_us: int, heart_rate_bpm: float | None) -> None:
        """Take the next sample; one outside of what a heart can do counts as none."""
        if heart_rate_bpm is None:
            return
        lowest_bpm, highest_bpm = _heart_rates_bpm()
        if not lowest_bpm <= heart_rate_bpm <= highest_bpm:
            return
        step_s = (captured_us - self.last_us) / _SECOND_US
        if self.heart_rate_bpm is not None and step_s > 0:
            stands_for_s = min(step_s, SAMPLE_REACH_S)
            self.heart_rate_s += stands_for_s
            # In whole tenths, so that 90 % of 200 is exactly 180.
            if self.max_bpm is not None and self.heart_rate_bpm * 10 >= self.max_bpm * 9:
                self.high_s += stands_for_s
        self.heart_rate_bpm, self.last_us = heart_rate_bpm, captured_us

    def state(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


class Windows:
    """Distance over the last minutes, in steps of whole seconds of the athlete's clock."""

    def __init__(self, longest_s: int) -> None:
        self._longest_s = longest_s
        #: Second; tracked time, distance, high-speed distance within it.
        self._seconds: deque[list[float]] = deque()

    def add(self, one: Movement, high_speed_threshold_mps: float | None) -> None:
        """Take the next settled sample."""
        if one.speed_mps is None:
            return
        second = one.captured_us // _SECOND_US
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0.0, 0.0, 0.0])
            while self._seconds[0][0] <= second - self._longest_s:
                self._seconds.popleft()
        newest, way_m = self._seconds[-1], one.speed_mps * one.dt_s
        newest[1] += one.dt_s
        newest[2] += way_m
        newest[3] += way_m if _beyond(one.speed_mps, high_speed_threshold_mps) else 0.0

    def over(self, window_s: int, until_us: int) -> dict[str, float]:
        """Sums over the window that ends at an instant."""
        first = until_us // _SECOND_US - window_s
        rows = [row for row in self._seconds if row[0] > first]
        tracked_s, distance_m, high_speed_m = (sum(row[i] for row in rows) for i in (1, 2, 3))
        return {
            "tracked_s": tracked_s,
            "distance_m": distance_m,
            "distance_per_min_m": 60 * distance_m / tracked_s if tracked_s else 0.0,
            "high_speed_distance_m": high_speed_m,
        }

    def state(self) -> list[list[float]]:
        """As JSON can hold it."""
        return list(self._seconds)

    def restore(self, state: list[list[float]]) -> None:
        """Go on where `state` was taken."""
        self._seconds = deque(state)


@cache
def _heart_rates_bpm() -> tuple[float, float]:
    """What a heart can do: as the filter flags what the lakehouse then leaves out, bpm."""
    told = load_settings().heart_rate
    return told.lowest_bpm, told.highest_bpm


def metabolic_power(speed_mps: float, acceleration_mps2: float) -> float:
    """Metabolic power of running, W/kg, from speed and acceleration along the path.

    Energy cost of constant running up the slope that equals the acceleration, times speed (di
    Prampero 2005; 3.6 J/kg/m and terrain factor 1.29 as in Osgnach 2010). Braking gives no energy
    back, so never below zero.
    """
    slope = acceleration_mps2 / 9.81
    cost = (
        155.4 * slope**5 - 30.4 * slope**4 - 43.3 * slope**3 + 46.3 * slope**2 + 19.5 * slope + 3.6
    )
    return max(0.0, cost * math.sqrt(1 + slope**2) * 1.29 * speed_mps)


def _beyond(speed: float | None, threshold: float | None) -> bool:
    return speed is not None and threshold is not None and speed >= threshold
