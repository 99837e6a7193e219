"""What a session's page is made from: plain frozen data, every number nullable unless it counts.

Belongs here: the session as a whole; its parts stand in `facts_athlete.py`, `facts_team.py`,
`facts_course.py` and `facts_sources.py`. Does not belong here: how facts are read
(`facts_query.py`) or told (`sentences.py`, `tables.py`, `pictures.py`). Field names are the column
names of the tables that they come from; units are in the names.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sports_assets.reports.facts_athlete import AthleteFacts, UnmatchedAthlete
from sports_assets.reports.facts_course import Lap, LapTrace, Trace
from sports_assets.reports.facts_footage import FootageFacts
from sports_assets.reports.facts_sources import FlaggedShare, Quality, SourceStream
from sports_assets.reports.facts_team import EventMark, MeanPlace, PassWindow, ShapeWindow

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
class SessionFacts:
    """All that the page says of a session; equal facts give the same content.

    Attributes:
        played_s: time of play without the breaks between periods; None in a sport without periods.
        laps: by athlete and time.
        lap_traces: of the two best laps of whoever has the best, in a sport on a circuit.
        flagged: what the filters flagged, by stream, quantity and rule; nothing that is missing.
        footage: what the footage showed; None until its own page is published.
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
    quality: Quality = field(default_factory=Quality)
    flagged: tuple[FlaggedShare, ...] = ()
    footage: FootageFacts | None = None

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
