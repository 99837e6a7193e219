"""What a reader hands over: a vendor's file in our units and axes, not yet a drop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from edge_ingest.manifest import Clock, Kind
from edge_ingest.records import FIDELITY

#: Coordinates are whole counts of this many metres on disk: read back within half of it.
METRES_PER_COUNT = 0.005
#: Channels that are written less often than they are measured, and how much that may be off.
DEAD_BANDS = {channel: band for channel, (_, band) in FIDELITY.items() if band}


@dataclass(frozen=True)
class SessionFacts:
    """What a source says of a session; the columns of `raw/sessions` that a reader fills.

    Attributes:
        site: where it took place, in the source's or the operator's words.
        sampling_rate_hz: nominal, Hz; None for events.
        field_length_m, field_width_m: along x and y, m; None in a sport without a field.
        origin_latitude_deg, origin_longitude_deg: WGS84 place of x = y = 0; None on a field.
    """

    sport: str
    started_at_utc: datetime
    ended_at_utc: datetime
    source_session_id: str | None = None
    name: str | None = None
    site: str | None = None
    sampling_rate_hz: float | None = None
    field_length_m: float | None = None
    field_width_m: float | None = None
    origin_latitude_deg: float | None = None
    origin_longitude_deg: float | None = None
    home_team_name: str | None = None
    away_team_name: str | None = None
    home_score: int | None = None
    away_score: int | None = None


@dataclass(frozen=True)
class Told:
    """What the operator knows and the files may not say. None: not told.

    Attributes:
        started_at_utc: true start of play.
        site: where.
        device_id: which device, where one club owns several.
        athlete_id: who wore it, by an id that the crosswalk knows.
        home_team_id: the source's id of the home side.
        clock_timezone: IANA zone of the device's clock, where the file tells local time.
        sport: one of `edge_ingest.records.SPORTS`, where no file says it.
    """

    started_at_utc: datetime | None = None
    site: str | None = None
    device_id: str | None = None
    athlete_id: str | None = None
    home_team_id: str | None = None
    clock_timezone: str | None = None
    sport: str | None = None


@dataclass(frozen=True)
class Recording:
    """One stream of one session, read.

    Attributes:
        source: vendor or device family; a slug.
        device_id: recording device or feed; a slug.
        reader, reader_version: what read it.
        tables: rows by raw table (`positions`, `signals`, `events`, `athletes`), with the columns
            of the contract but for those of `edge_ingest.drops.encoding.ADDED_IN_RAW`; columns that
            may be null may be left out. `sessions` is made from `session`.
        filter_settings: what the filters were told; `rows_by_rule`: what each of them found.
        metres_per_count: step of coordinates on disk, m.
        dead_bands: by channel, in its unit: a value within it of the one last kept is written as
            that one.
        media: files that go with the drop as they are, by their name in it: videos.
    """

    source: str
    device_id: str
    kind: Kind
    reader: str
    reader_version: str
    session: SessionFacts
    clock: Clock
    tables: Mapping[str, pa.Table]
    filter_settings: Mapping[str, str | float | int | bool] = field(default_factory=dict)
    rows_by_rule: Mapping[str, int] = field(default_factory=dict)
    metres_per_count: float = METRES_PER_COUNT
    dead_bands: Mapping[str, float] = field(default_factory=lambda: DEAD_BANDS)
    media: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class DayRecords:
    """What a source says of a range of days rather than of a session: wellness, injuries, …

    Attributes:
        source, device_id, reader, reader_version: as in `Recording`.
        first_day, last_day: the club's local days that this replaces, both included: a day without
            a row is a day on which nothing was told.
        tables: rows by raw table (`wellness`, `injuries`, …: one), in the columns of the contract.
        rows_by_rule: what the reader found wrong and left null, or left out.
        filter_settings: what the reader was told, such as the column mapping.
    """

    source: str
    device_id: str
    kind: Kind
    reader: str
    reader_version: str
    first_day: date
    last_day: date
    tables: Mapping[str, pa.Table]
    rows_by_rule: Mapping[str, int] = field(default_factory=dict)
    filter_settings: Mapping[str, str | float | int | bool] = field(default_factory=dict)
