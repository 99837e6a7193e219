"""How a session went over time, where there is no field: its course, its laps, a lap by samples."""

import re
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Trace:
    """One athlete's session in even bins: means of what each holds, None where it holds nothing.

    All tuples have the same length. `t_s` is the middle of the bin since the start of the session.
    """

    athlete_id: str
    bin_s: float
    t_s: tuple[float, ...]
    x_m: tuple[float | None, ...]
    y_m: tuple[float | None, ...]
    speed_mps: tuple[float | None, ...]
    heart_rate_bpm: tuple[float | None, ...]
    power_w: tuple[float | None, ...]
    altitude_m: tuple[float | None, ...]


@dataclass(frozen=True)
class Lap:
    """A row of mart/athlete_lap."""

    athlete_id: str
    source_event_id: str
    lap_number: int
    started_at_utc: datetime
    ended_at_utc: datetime
    duration_s: float
    tracked_s: float | None = None
    distance_m: float | None = None
    top_speed_mps: float | None = None
    mean_heart_rate_bpm: float | None = None
    mean_power_w: float | None = None
    description: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What the source says of the lap beside its number and time, such as the tyres."""
        return tuple(
            part
            for part in self.description.split(", ")
            if not re.fullmatch(r"lap\b.*|[\d.]+ s", part)
        )

    @property
    def run_words(self) -> tuple[str, ...]:
        """Those that stay the same while a car stays out on its tyres: compound and stint."""
        return tuple(word for word in self.words if not word.startswith("tyre lap "))


@dataclass(frozen=True)
class LapTrace:
    """One lap sample by sample, where the device tells its speed. All tuples have one length.

    Attributes:
        distance_m: since the lap began, by the device's speed.
        x_m, y_m: None where there is no place.
    """

    athlete_id: str
    lap_number: int
    duration_s: float
    distance_m: tuple[float, ...]
    speed_mps: tuple[float, ...]
    x_m: tuple[float | None, ...]
    y_m: tuple[float | None, ...]
