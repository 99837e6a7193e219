"""Speed while it happens: the lakehouse's kinematics, sample by sample.

Belongs here: one athlete's positions to smoothed speed, gaps and gates, under the settings that the
lakehouse uses (`sports_assets/tracking/kinematics.py` says what each step is for). Does not belong
here: the filter itself (`causal_filter`), and what is made of speed (`edge_ingest.live`).
"""

import math
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from edge_ingest.cleaning.causal_filter import CausalLowPass, design
from edge_ingest.cleaning.kinematics_settings import KinematicsSettings

_SECOND_US = 1_000_000


@dataclass(slots=True)
class Movement:
    """One sample, smoothed.

    Attributes:
        dt_s: time that the sample stands for: half the way to the sample before and after, s.
        segment: number of the unbroken stretch that the sample belongs to, from 0.
        speed_mps, acceleration_mps2: None where refused, or in a segment too short to smooth;
            acceleration also while the sample after has no speed yet.
    """

    captured_us: int
    dt_s: float
    segment: int
    speed_mps: float | None = None
    acceleration_mps2: float | None = None


@dataclass(slots=True)
class _Fix:
    captured_us: int
    x_m: float
    y_m: float
    tick: int = 0
    is_jump: bool = False


@dataclass(slots=True)
class _Judged:
    captured_us: int
    dt_s: float
    speed_mps: float
    is_refused: bool
    acceleration_mps2: float | None = None


class CausalTrack:
    """Smooths one athlete's positions as they come.

    Args:
        rate_hz: nominal sampling rate of the source, Hz.
        settings: filter, gaps and gates, for athletes.
    """

    def __init__(self, rate_hz: float, settings: KinematicsSettings) -> None:
        interval_s = 1 / rate_hz
        self._settings = settings
        self._design = design(rate_hz, settings)
        self._interval_us = interval_s * _SECOND_US
        self._longest_step_us = settings.longest_step_s(interval_s) * _SECOND_US
        self._reach = settings.reach_samples(interval_s)
        self._segment = -1
        self._before: _Fix | None = None
        self._last: _Fix | None = None
        self._begin_segment()

    @property
    def lag_s(self) -> float:
        """How far the newest speed lies behind the newest position, s."""
        return (self._design.lag + 1) * self._interval_us / _SECOND_US

    def push(self, captured_us: int, x_m: float | None, y_m: float | None) -> list[Movement]:
        """Take the next position.

        Args:
            captured_us: instant, µs since 1970; one that is not after the last ends the segment.
            x_m, y_m: in any fixed axes, m; None or NaN where not seen, which ends the segment.

        Returns:
            Samples that are settled by it, oldest first: nothing to come can refuse them.
        """
        if x_m is None or y_m is None or not (math.isfinite(x_m) and math.isfinite(y_m)):
            return self.end()
        fix, last = _Fix(captured_us, x_m, y_m), self._last
        settled: list[Movement] = []
        if last is not None:
            step_us = captured_us - last.captured_us
            is_near = 0 < step_us <= self._longest_step_us
            if is_near and not self._is_jump(last, fix):
                fix.tick = last.tick + max(1, round(step_us / self._interval_us))
                self._measure(last, fix)
                self._before, self._last = last, fix
                return self._settle()
            last.is_jump |= is_near
            fix.is_jump = is_near
            settled = self.end()
        self._segment += 1
        self._last = fix
        return settled

    def end(self) -> list[Movement]:
        """End the segment: everything of it is settled."""
        if self._last is None:
            return []
        self._measure(self._last, self._last)
        self._judge(self._low_pass.end())
        if len(self._judged) > 1:
            self._accelerate(len(self._judged) - 1)
        unsmoothed = [Movement(fix.captured_us, dt, self._segment) for fix, dt in self._waiting]
        settled = self._settle(is_over=True) + unsmoothed
        self._before = self._last = None
        self._begin_segment()
        return settled

    def unsettled(self) -> list[Movement]:
        """Samples that have a speed and may still be refused, as they look now, oldest first."""
        return [self._told(index) for index in range(self._settled, len(self._judged))]

    def state(self) -> dict[str, Any]:
        """Everything that the next sample depends on, as JSON can hold it."""
        return {
            "segment": self._segment,
            "before": asdict(self._before) if self._before else None,
            "last": asdict(self._last) if self._last else None,
            "low_pass": self._low_pass.state(),
            "waiting": [[asdict(fix), dt_s] for fix, dt_s in self._waiting],
            "judged": [asdict(one) for one in self._judged],
            "settled": self._settled,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken, to the last bit."""
        self._begin_segment()
        self._segment = state["segment"]
        self._before = _Fix(**state["before"]) if state["before"] else None
        self._last = _Fix(**state["last"]) if state["last"] else None
        self._low_pass.restore(state["low_pass"])
        self._waiting.extend((_Fix(**fix), dt_s) for fix, dt_s in state["waiting"])
        self._judged.extend(_Judged(**one) for one in state["judged"])
        self._settled = state["settled"]

    def _begin_segment(self) -> None:
        self._low_pass = CausalLowPass(self._design)
        #: Samples without a speed yet, with the time that each stands for.
        self._waiting: deque[tuple[_Fix, float]] = deque()
        #: The newest samples with a speed; the first are settled, and kept for what follows.
        self._judged: list[_Judged] = []
        self._settled = 0

    def _is_jump(self, last: _Fix, fix: _Fix) -> bool:
        """Whether nobody can have come so far; see `KinematicsSettings.jump_tolerance_m`."""
        step_s = (fix.captured_us - last.captured_us) / _SECOND_US
        reachable_m = self._settings.speed_limit_mps * step_s + self._settings.jump_tolerance_m
        return math.hypot(fix.x_m - last.x_m, fix.y_m - last.y_m) > reachable_m

    def _measure(self, fix: _Fix, after: _Fix) -> None:
        """The velocity of a sample, now that the one after is known (at the end, itself)."""
        before = self._before or fix
        span_s = (after.captured_us - before.captured_us) / _SECOND_US
        self._waiting.append((fix, span_s / 2))
        if span_s == 0:
            return  # a lone sample
        vx, vy = (after.x_m - before.x_m) / span_s, (after.y_m - before.y_m) / span_s
        low_pass = self._low_pass
        if lost := fix.tick - low_pass.fed:
            last_x, last_y = low_pass.last
            for number in range(1, lost + 1):
                share = number / (lost + 1)
                bridge = last_x + (vx - last_x) * share, last_y + (vy - last_y) * share
                self._judge(low_pass.feed(*bridge))
        self._judge(low_pass.feed(vx, vy))

    def _judge(self, smoothed: list[tuple[int, float, float]]) -> None:
        """Samples that got a speed: hold it, and acceleration before it, against the gates."""
        for tick, vx, vy in smoothed:
            if self._waiting[0][0].tick != tick:
                continue  # an instant whose sample was lost
            fix, dt_s = self._waiting.popleft()
            speed = math.sqrt(vx * vx + vy * vy)
            refused = fix.is_jump or speed > self._settings.speed_limit_mps
            self._judged.append(_Judged(fix.captured_us, dt_s, speed, refused))
            if len(self._judged) > 1:
                self._accelerate(len(self._judged) - 2)

    def _accelerate(self, index: int) -> None:
        """Central difference of speed, one-sided at both ends of the segment."""
        before = self._judged[max(index - 1, 0)]
        after = self._judged[min(index + 1, len(self._judged) - 1)]
        span_s = (after.captured_us - before.captured_us) / _SECOND_US
        acceleration = (after.speed_mps - before.speed_mps) / span_s
        one = self._judged[index]
        one.acceleration_mps2 = acceleration
        one.is_refused |= abs(acceleration) > self._settings.acceleration_limit_mps2

    def _settle(self, *, is_over: bool = False) -> list[Movement]:
        """Samples that nothing to come can refuse, and forget what nothing to come needs."""
        end = len(self._judged) - (0 if is_over else self._reach + 1)
        settled = [self._told(index) for index in range(self._settled, end)]
        self._settled = max(self._settled, end)
        # One settled sample at least: the next acceleration starts from it.
        forgotten = self._settled - max(self._reach, 1)
        if forgotten > 0:
            del self._judged[:forgotten]
            self._settled -= forgotten
        return settled

    def _told(self, index: int) -> Movement:
        one = self._judged[index]
        near = self._judged[max(index - self._reach, 0) : index + self._reach + 1]
        if any(other.is_refused for other in near):
            return Movement(one.captured_us, one.dt_s, self._segment)
        return Movement(
            one.captured_us, one.dt_s, self._segment, one.speed_mps, one.acceleration_mps2
        )


def causal_movement(positions: pa.Table, rate_hz: float, settings: KinematicsSettings) -> pa.Table:
    """What the live node makes of recorded positions, all athletes and periods at once.

    Args:
        positions: one source's rows with `source_athlete_id`, `period_id`, `captured_at_utc`,
            `x_m` and `y_m`, each athlete's in order of time; a period's end ends a segment.

    Returns:
        `source_athlete_id`, `captured_at_utc`, `segment_id`, `dt_s`, `speed_mps`,
        `acceleration_mps2`, an athlete's rows in order; rows that were not seen are left out.
    """
    columns = [
        positions["source_athlete_id"].to_pylist(),
        positions["period_id"].to_pylist(),
        positions["captured_at_utc"].cast(pa.int64()).to_pylist(),
        positions["x_m"].to_pylist(),
        positions["y_m"].to_pylist(),
    ]
    tracks: dict[str, CausalTrack] = {}
    periods: dict[str, int | None] = {}
    made: dict[str, list[Movement]] = {}
    for athlete, period, captured_us, x_m, y_m in zip(*columns, strict=True):
        if athlete not in tracks:
            tracks[athlete], made[athlete] = CausalTrack(rate_hz, settings), []
        elif periods[athlete] != period:
            made[athlete] += tracks[athlete].end()
        periods[athlete] = period
        made[athlete] += tracks[athlete].push(captured_us, x_m, y_m)
    for athlete, track in tracks.items():
        made[athlete] += track.end()
    rows = [(athlete, one) for athlete, moved in made.items() for one in moved]
    return pa.table(
        {
            "source_athlete_id": pa.array([athlete for athlete, _ in rows], pa.string()),
            "captured_at_utc": pa.array([one.captured_us for _, one in rows], pa.int64()).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "segment_id": pa.array([one.segment for _, one in rows], pa.int32()),
            "dt_s": pa.array([one.dt_s for _, one in rows], pa.float64()),
            "speed_mps": pa.array([one.speed_mps for _, one in rows], pa.float64()),
            "acceleration_mps2": pa.array([one.acceleration_mps2 for _, one in rows], pa.float64()),
        }
    )
