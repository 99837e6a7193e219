"""What was measured of a side: its shape, where its athletes stood, its shots and passes.

The home side attacks towards +x in all of it, unless it is said otherwise.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ShapeWindow:
    """A row of mart/team_shape."""

    team_side: str
    period_id: int
    window_start_s: float
    window_s: float
    width_m: float | None
    length_m: float | None
    mean_tracked_athletes: float | None
    frame_count: int


@dataclass(frozen=True)
class MeanPlace:
    """Where an athlete was on average while in view; the home side attacks towards +x."""

    athlete_id: str
    team_side: str
    shirt_number: int | None
    x_m: float
    y_m: float
    sample_count: int


@dataclass(frozen=True)
class EventMark:
    """A shot, or a completed pass into the box; the home side attacks towards +x."""

    event_type: str
    team_side: str
    outcome: str | None
    x_m: float
    y_m: float
    end_x_m: float | None
    end_y_m: float | None


@dataclass(frozen=True)
class PassWindow:
    """Passes of one side in one window of play, and its goals."""

    team_side: str
    period_id: int
    window_start_s: float
    window_s: float
    completed_pass_count: int
    pass_count: int
    goal_count: int
