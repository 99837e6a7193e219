"""What a session's page is made from: plain frozen data, every number nullable unless it counts.

Belongs here: the shape of the facts. Does not belong here: how they are read (`facts_query.py`) or
told (`sentences.py`, `tables.py`, `pictures.py`). Field names are the column names of the tables
that they come from; units are in the names.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from resources.provenance import ProvenanceRef

#: Below so much time in view, the numbers of an athlete are an anecdote, s.
LEAST_TRACKED_S: Final = 600.0
#: Whoever is seen longest is seen for less than this share of the session: coverage is partial.
PARTIAL_SHARE: Final = 0.75


@dataclass(frozen=True)
class SessionHeader:
    """A row of core/session, and the zone in which the club reads its clock."""

    session_id: str
    sport: str
    name: str | None
    local_day: date
    started_at_utc: datetime
    ended_at_utc: datetime | None
    duration_s: float | None
    site: str | None
    home_team_name: str | None
    away_team_name: str | None
    home_score: int | None
    away_score: int | None
    field_length_m: float | None
    field_width_m: float | None
    timezone: str

    @property
    def title(self) -> str:
        """The sides; else what the club's calendar calls it, which its session id ends with.

        A device's own name (`Bike`) comes after that: it names an activity, not a session. An id
        made without a calendar ends with a clock time, and says nothing.
        """
        if self.home_team_name and self.away_team_name:
            return f"{self.home_team_name} – {self.away_team_name}"
        slug = self.session_id.rpartition("_")[2]
        if not re.search(r"-\d{4}$", slug):
            return slug.replace("-", " ").capitalize()
        return self.name or f"{self.sport.capitalize()}, {self.local_day:%d %B %Y}"


@dataclass(frozen=True)
class SourceStream:
    """A row of core/session_source."""

    stream_id: str
    source: str
    device_id: str | None
    kind: str
    drop_id: str
    revision: int


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


@dataclass(frozen=True)
class Quality:
    """How good the data is. Counts of rows; None where the session has no such data."""

    position_count: int | None = None
    unseen_position_count: int | None = None
    speedless_position_count: int | None = None
    implausible_position_count: int | None = None
    unidentified_position_count: int | None = None
    signal_count: int | None = None
    missing_signal_count: int | None = None
    event_count: int | None = None
    placeless_event_count: int | None = None


@dataclass(frozen=True)
class SessionFacts:
    """All that the page says of a session; equal facts give the same content.

    Attributes:
        played_s: time of play without the breaks between periods; None in a sport without periods.
        laps: by athlete and time.
        lap_traces: of the two best laps of whoever has the best, in a sport on a circuit.
    """

    header: SessionHeader
    played_s: float | None = None
    sources: tuple[SourceStream, ...] = ()
    athletes: tuple[AthleteFacts, ...] = ()
    unmatched: tuple[UnmatchedAthlete, ...] = ()
    shape: tuple[ShapeWindow, ...] = ()
    mean_places: tuple[MeanPlace, ...] = ()
    event_marks: tuple[EventMark, ...] = ()
    pass_windows: tuple[PassWindow, ...] = ()
    trace: Trace | None = None
    laps: tuple[Lap, ...] = ()
    lap_traces: tuple[LapTrace, ...] = ()
    quality: Quality = Quality()

    @property
    def length_s(self) -> float | None:
        """Time of play where there are periods, else from start to end; None where neither is."""
        return self.played_s or self.header.duration_s or None

    @property
    def is_partial(self) -> bool:
        """Whether athletes were tracked for only part of the session, as by a broadcast camera."""
        seen = [one.external.tracked_s for one in self.athletes if one.external]
        longest = max((seconds for seconds in seen if seconds is not None), default=0.0)
        return 0.0 < longest < PARTIAL_SHARE * (self.length_s or 0.0)

    def side(self, team_side: str) -> tuple[AthleteFacts, ...]:
        """Athletes of one side."""
        return tuple(each for each in self.athletes if each.team_side == team_side)

    def solid_shape(self, team_side: str) -> tuple[ShapeWindow, ...]:
        """Windows of a side that rest on a fifth or more of the frames that its windows usually do.

        A window cut short by the end of a period, or with few moments of seven in view, says
        little of how the side stood.
        """
        mine = [each for each in self.shape if each.team_side == team_side]
        frames = sorted(each.frame_count for each in mine)
        usual = frames[len(frames) // 2] if frames else 0
        return tuple(
            each for each in mine if each.length_m is not None and 5 * each.frame_count >= usual
        )

    def side_name(self, team_side: str) -> str:
        """What the side is called."""
        name = (
            self.header.home_team_name if team_side == "home" else self.header.away_team_name
        ) or next((each.team_name for each in self.side(team_side) if each.team_name), None)
        return name or f"the {team_side} side"


@dataclass(frozen=True)
class StageTime:
    """One stage on the way from manifest to page."""

    stage: str
    started_at_utc: datetime
    seconds: float


@dataclass(frozen=True)
class Colophon:
    """What stands at the foot and is no part of the content: a re-run changes it, the match not."""

    revision: int
    stopwatch: tuple[StageTime, ...]
    provenance: ProvenanceRef
