"""What speed and acceleration depend on besides positions: the filter, the gaps and the gates.

One definition for both sides: the lakehouse smooths forward and backward, the live node forward
only, under the same settings.
"""

import dataclasses
from dataclasses import dataclass
from typing import Final

from edge_ingest.cleaning.settings import load_settings

#: The contract allows a sample to stand for no longer than this, s.
LONGEST_STEP_S: Final = 60.0
#: A thousandth of slack: a rate written in whole microseconds or milliseconds is still that rate.
_ONE_INTERVAL: Final = 1.001


@dataclass(frozen=True)
class KinematicsSettings:
    """Everything that changes speed and acceleration; goes into provenance.

    Attributes:
        cutoff_hz: −3 dB point of the low pass on velocity, both passes together, Hz.
        order: of the low pass, both passes together.
        lowest_rate_hz: streams sampled more slowly are not filtered, Hz. A low pass at 1 Hz needs
            more than 2 Hz (Nyquist), and below about 4 Hz it only adds ringing at the ends.
        gap_intervals: a filtered stream breaks where a step is longer than this many of its
            nominal (median) intervals. What is lost within a shorter one is bridged: the filter,
            which needs even sampling, is given velocity interpolated at the instants without a
            sample, and no row is made of it. A football GNSS unit loses one fix in seven; broken
            at each, 5 % of its hour were long enough to smooth.
        coarse_gap_s: an unfiltered stream breaks where a step is longer than this, s, so that smart
            recording (a fix every 1–7 s) holds together and a pause does not.
        speed_limit_mps: gate for athletes, m/s.
        acceleration_limit_mps2: gate for athletes, m/s².
        ball_speed_limit_mps: gate for the ball, m/s.
        ball_acceleration_limit_mps2: gate for the ball, m/s².
        jump_tolerance_m: reading noise, m. A step longer than the speed limit allows by more than
            this is a jump: never differentiated, it ends the segment.
        refusal_reach_s: the filter spreads one bad position over the main lobe of its impulse
            response; samples so near to an implausible one go with it, in filtered streams, s.
    """

    cutoff_hz: float = 1.0
    order: int = 4
    lowest_rate_hz: float = 4.0
    gap_intervals: float = 3.5
    coarse_gap_s: float = 10.0
    speed_limit_mps: float = 12.0
    acceleration_limit_mps2: float = 10.0
    ball_speed_limit_mps: float = 50.0
    ball_acceleration_limit_mps2: float = 100.0
    jump_tolerance_m: float = 0.5
    refusal_reach_s: float = 0.3

    @classmethod
    def for_sport(cls, sport: str) -> "KinematicsSettings":
        """Settings with the plausibility limits of a sport: the same as at the edge.

        Raises:
            ValueError: the sport has no limits.
        """
        limits = load_settings().limits
        if sport not in limits:
            raise ValueError(
                f"no speed limit for sport {sport!r}: add it to the filters' settings at the edge, "
                f"which know {', '.join(limits)}"
            )
        return cls(
            speed_limit_mps=limits[sport].speed_mps,
            acceleration_limit_mps2=limits[sport].acceleration_mps2,
        )

    def to_dict(self) -> dict[str, str]:
        """Every setting by name, as text, for a ProvenanceRef."""
        return {
            f"kinematics.{key}": f"{value:g}" for key, value in dataclasses.asdict(self).items()
        }

    def is_filtered(self, interval_s: float) -> bool:
        """Whether a stream of this nominal interval is sampled fast enough to be filtered."""
        return interval_s * self.lowest_rate_hz <= _ONE_INTERVAL

    def longest_step_s(self, interval_s: float) -> float:
        """Step beyond which a stream of this nominal interval breaks, s."""
        step = self.gap_intervals * interval_s
        if not self.is_filtered(interval_s):
            step = max(step, self.coarse_gap_s)
        return min(step, LONGEST_STEP_S)

    def padding(self, interval_s: float) -> int:
        """Samples in one period of the cut-off: a segment must be longer to be smoothed."""
        # Rounded first, so that ten intervals of 0.1 s are ten and not eleven.
        return -int(-round(1.0 / (self.cutoff_hz * interval_s), 6) // 1)

    def reach_samples(self, interval_s: float) -> int:
        """Samples to each side of an implausible one that go with it."""
        return round(self.refusal_reach_s / interval_s) if self.is_filtered(interval_s) else 0

    def describe(self, interval_s: float, *, ball: bool) -> str:
        """The filter and its settings as one readable text: the column `speed_filter`."""
        filtered = self.is_filtered(interval_s)
        made = (
            f"butterworth(order={self.order},cutoff_hz={self.cutoff_hz:.1f},zero_phase)"
            if filtered
            else "central_difference(unfiltered)"
        )
        speed = self.ball_speed_limit_mps if ball else self.speed_limit_mps
        acceleration = self.ball_acceleration_limit_mps2 if ball else self.acceleration_limit_mps2
        return (
            f"{made}@{1 / interval_s:.4g}hz;gap>{self.longest_step_s(interval_s):g}s;"
            f"jump>{speed:g}m/s+{self.jump_tolerance_m:g}m;speed<={speed:g}m/s;"
            f"|acceleration|<={acceleration:g}m/s2;"
            f"reach={self.refusal_reach_s if filtered else 0:g}s"
        )
