"""Which satellite fixes are to be trusted, as they come: `gnss.py` without a look ahead.

Belongs here: POOR_FIX and FROZEN of one athlete's fixes, by the same settings. Does not belong
here: jumps, speed and acceleration, which `causal.py` judges.

What is known later is not known here. A frozen stretch is told from a standstill once it has lasted
for `shortest_s`, so its first half second counts as one; and only by the device's own speed, or by
an athlete who came in too fast to stop. The leap at its end, by which the lakehouse knows most slow
ones, comes when the stretch is over.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

from edge_ingest.cleaning.settings import CleaningSettings, FrozenSettings, GnssSettings

_SECOND_US = 1_000_000
_SLACK_US = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """What a device says of a fix besides its place; None: nothing."""

    hdop: float | None = None
    satellites: float | None = None
    speed_mps: float | None = None


class CausalFixes:
    """Judges one athlete's fixes.

    Args:
        settings: of the filters.
        sport: whose largest acceleration holds.

    Attributes:
        poor, frozen: how many were found.
    """

    def __init__(self, settings: CleaningSettings, sport: str) -> None:
        self._gnss: GnssSettings = settings.gnss
        self._frozen: FrozenSettings = settings.frozen
        self._limits = settings.limits_of(sport)
        self._window_us = self._frozen.entry_window_s * _SECOND_US - _SLACK_US
        self.poor = 0
        self.frozen = 0
        #: Instant, µs, and place of the fixes of the last window, the newest last.
        self._recent: deque[tuple[int, float, float]] = deque()
        #: Of the run of exact repeats that goes on: when it began, how often it repeated, how often
        #: a speed was told, whether one was slow, and whether nobody could stop where it began.
        self._since_us = 0
        self._repeats = 0
        self._speeds = 0
        self._is_slow = False
        self._is_no_stop = False

    def is_trusted(
        self, captured_us: int, x_m: float | None, y_m: float | None, told: Told
    ) -> bool:
        """Take the next fix, in order of time; whether it may be used."""
        is_poor = (told.hdop is not None and told.hdop > self._gnss.max_hdop) or (
            told.satellites is not None and told.satellites < self._gnss.min_satellites
        )
        self.poor += is_poor
        if x_m is None or y_m is None or not (math.isfinite(x_m) and math.isfinite(y_m)):
            return not is_poor
        is_frozen = self._is_frozen(captured_us, x_m, y_m, told.speed_mps)
        self.frozen += is_frozen
        return not (is_poor or is_frozen)

    def state(self) -> dict[str, Any]:
        """Everything that the next fix depends on, as JSON can hold it."""
        return {name: value for name, value in vars(self).items() if name in _KEPT} | {
            "_recent": list(self._recent)
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        for name in _KEPT:
            setattr(self, name, state[name])
        self._recent = deque((at, x, y) for at, x, y in state["_recent"])

    def _is_frozen(self, at_us: int, x_m: float, y_m: float, speed_mps: float | None) -> bool:
        last = self._recent[-1] if self._recent else None
        if last is not None and at_us <= last[0]:
            # A clock that stands or steps back: nothing can be told across it.
            self._recent.clear()
            last = None
        if last is None or (x_m, y_m) != last[1:]:
            if last is not None and self._is_jump(last, at_us, x_m, y_m):
                # Nobody came in by it, so it says nothing of a stop.
                self._recent.clear()
            self._begin_run(at_us, x_m, y_m)
            return False
        self._remember(at_us, x_m, y_m)
        self._repeats += 1
        if speed_mps is not None and math.isfinite(speed_mps):
            self._speeds += 1
            self._is_slow |= speed_mps < self._frozen.missed_speed_mps
        lasted_us = at_us - self._since_us
        if (
            self._repeats < self._frozen.shortest_repeats
            or lasted_us < self._frozen.shortest_s * _SECOND_US - _SLACK_US
        ):
            return False
        moves = 2 * self._speeds >= self._repeats and not self._is_slow
        return moves or self._is_no_stop

    def _is_jump(self, last: tuple[int, float, float], at_us: int, x_m: float, y_m: float) -> bool:
        reach_m = self._limits.speed_mps * (at_us - last[0]) / _SECOND_US + self._gnss.noise_m
        return math.hypot(x_m - last[1], y_m - last[2]) > reach_m

    def _remember(self, at_us: int, x_m: float, y_m: float) -> None:
        """Keep the fix, and of those a whole window back the newest alone."""
        self._recent.append((at_us, x_m, y_m))
        while len(self._recent) > 1 and at_us - self._recent[1][0] >= self._window_us:
            self._recent.popleft()

    def _begin_run(self, at_us: int, x_m: float, y_m: float) -> None:
        self._remember(at_us, x_m, y_m)
        since_us, from_x, from_y = self._recent[0]
        entry_s = (at_us - since_us) / _SECOND_US
        reach_m = self._limits.acceleration_mps2 * entry_s**2 / 2 + self._gnss.noise_m
        self._is_no_stop = at_us - since_us >= self._window_us and (
            math.hypot(x_m - from_x, y_m - from_y) > reach_m
        )
        self._since_us, self._repeats, self._speeds, self._is_slow = at_us, 0, 0, False


_KEPT = (
    "poor", "frozen", "_since_us", "_repeats", "_speeds", "_is_slow", "_is_no_stop",
)  # fmt: skip
