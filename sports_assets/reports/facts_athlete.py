"""What was measured of one athlete: loads, events, and their earlier sessions beside them."""

from dataclasses import dataclass
from typing import Final

#: Below so much time in view, the numbers of an athlete are an anecdote, s.
LEAST_TRACKED_S: Final = 600.0


@dataclass(frozen=True)
class ExternalLoad:
    """A row of mart/athlete_session_external_load."""

    tracked_s: float | None = None
    total_distance_m: float | None = None
    distance_per_min_m: float | None = None
    high_speed_distance_m: float | None = None
    high_speed_distance_per_min_m: float | None = None
    high_speed_effort_count: int | None = None
    sprint_distance_m: float | None = None
    sprint_effort_count: int | None = None
    acceleration_count: int | None = None
    deceleration_count: int | None = None
    top_speed_mps: float | None = None
    mean_metabolic_power_w_per_kg: float | None = None
    metabolic_energy_kj_per_kg: float | None = None
    high_speed_threshold_mps: float | None = None
    sprint_threshold_mps: float | None = None
    effort_dwell_s: float | None = None
    acceleration_threshold_mps2: float | None = None
    speed_filter: str | None = None


@dataclass(frozen=True)
class InternalLoad:
    """A row of mart/athlete_session_internal_load."""

    heart_rate_s: float | None = None
    mean_heart_rate_bpm: float | None = None
    peak_heart_rate_bpm: float | None = None
    heart_rate_zone_1_s: float | None = None
    heart_rate_zone_2_s: float | None = None
    heart_rate_zone_3_s: float | None = None
    heart_rate_zone_4_s: float | None = None
    heart_rate_zone_5_s: float | None = None
    edwards_trimp_au: float | None = None
    banister_trimp_au: float | None = None
    max_heart_rate_reference_bpm: float | None = None
    max_heart_rate_source: str | None = None
    power_s: float | None = None
    mean_power_w: float | None = None
    peak_power_w: float | None = None
    normalized_power_w: float | None = None
    work_kj: float | None = None

    @property
    def zone_seconds(self) -> tuple[float, ...]:
        """Time in zones 1 to 5, s; a zone without a value counts as 0."""
        return tuple(
            seconds or 0.0
            for seconds in (
                self.heart_rate_zone_1_s,
                self.heart_rate_zone_2_s,
                self.heart_rate_zone_3_s,
                self.heart_rate_zone_4_s,
                self.heart_rate_zone_5_s,
            )
        )


@dataclass(frozen=True)
class EventCounts:
    """A row of mart/athlete_session_events."""

    pass_count: int | None = None
    completed_pass_count: int | None = None
    shot_count: int | None = None
    shot_on_target_count: int | None = None
    goal_count: int | None = None
    duel_count: int | None = None
    won_duel_count: int | None = None
    recovery_count: int | None = None
    interception_count: int | None = None
    foul_count: int | None = None


@dataclass(frozen=True)
class Baseline:
    """A row of mart/athlete_session_baseline: one metric beside the athlete's earlier sessions."""

    metric: str
    observed: float | None
    earlier_session_count: int
    earlier_mean: float | None
    earlier_sd: float | None
    difference_percent: float | None


@dataclass(frozen=True)
class AthleteFacts:
    """One athlete of the session and all that was measured of them."""

    athlete_id: str
    display_name: str | None
    team_side: str | None = None
    team_name: str | None = None
    shirt_number: int | None = None
    external: ExternalLoad | None = None
    internal: InternalLoad | None = None
    events: EventCounts | None = None
    baselines: tuple[Baseline, ...] = ()

    @property
    def label(self) -> str:
        """What people call them; the id where no source gives a name."""
        return (self.display_name or "").strip() or self.athlete_id

    @property
    def is_scarcely_seen(self) -> bool:
        """Whether they were tracked, but for too short a time to judge."""
        seen = self.external.tracked_s if self.external else None
        return seen is not None and seen < LEAST_TRACKED_S

    def baseline(self, metric: str) -> Baseline | None:
        """Their earlier sessions in one metric, None where there are none."""
        found = (each for each in self.baselines if each.metric == metric)
        return next((each for each in found if each.earlier_session_count > 0), None)


@dataclass(frozen=True)
class UnmatchedAthlete:
    """Rows of core/unmatched_athlete that share a reason."""

    reason: str
    count: int
    names: tuple[str, ...]
