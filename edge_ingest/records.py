"""The raw tables: one definition for Iceberg schemas, checks and the data dictionary.

Raw says what a source told us, in our units and axes, with the source's own ids. Positions are
metres from the field's centre; the home side attacks towards +x in period 1 and towards −x in
period 2. Without a field they are local east-north-up from the first valid fix. Instants are UTC.
Whoever the source's ids stand for is settled later, in `core`.
"""

from enum import IntFlag

import pyarrow as pa

from edge_ingest.contract import Column, TableContract

TEXT = pa.string()
INSTANT = pa.timestamp("us", tz="UTC")
NUMBER = pa.float64()


class Quality(IntFlag):
    """Bits of the `quality` column. Zero is a plain, trusted sample. Bits are never reused."""

    ESTIMATED = 1  # the source filled this in; it was not measured
    UNIDENTIFIED = 2  # tracked, but the source does not know who it is
    OUT_OF_FIELD = 4  # further than the run-off from the field of play
    IMPLAUSIBLE_SPEED = 8  # faster than a human (or vehicle) of this sport
    IMPLAUSIBLE_ACCELERATION = 16
    FROZEN = 32  # the same value for longer than the device can repeat by chance
    POOR_FIX = 64  # satellite geometry or count below the gate
    IDENTITY_SWAP = 128  # jumps as if two athletes had changed places
    OUT_OF_RANGE = 256  # outside the channel's physical bounds
    RECOVERED = 512  # read from a damaged file
    ARTEFACT = 1024  # no true beat interval (ectopic, missed, extra, misplaced); a leap of the rate
    IDLE = 2048  # play was stopped
    MISPLACED_CLOCK = 4096  # the clock stood still or stepped back here


MISSING_REASONS = (
    "not_seen",  # the source looked and did not find it
    "no_signal",  # the sensor was on and had nothing to say
    "not_recorded",  # the source does not carry this quantity
    "out_of_range",  # a value stood there that cannot be true
)

CLOCK_SOURCES = ("device", "gnss", "scheduled_start", "operator")

SPORTS = ("football", "running", "cycling", "motorsport", "swimming", "rowing", "other")

#: Signal channels: unit, lowest and highest plausible value, meaning.
CHANNELS: dict[str, tuple[str, float, float, str]] = {
    "heart_rate": ("bpm", 20, 250, "heart rate"),
    "rr_interval": ("ms", 200, 3000, "time between two heart beats"),
    "power": ("W", 0, 3000, "mechanical power"),
    "cadence": ("1/min", 0, 300, "revolutions or strides of one leg a minute"),
    "speed": ("m/s", 0, 120, "speed by the device's own reckoning"),
    "distance": ("m", 0, 2_000_000, "distance since the start by the device's own reckoning"),
    "altitude": ("m", -500, 9000, "height above sea level"),
    "temperature": ("°C", -40, 85, "temperature at the device"),
    "left_power_share": ("%", 0, 100, "share of power that the left leg gives"),
    "hdop": ("1", 0, 100, "horizontal dilution of precision of the satellite fix"),
    "satellites": ("1", 0, 100, "satellites used for the fix"),
    "ln_rmssd": ("ln(ms)", 0, 7, "natural logarithm of RMSSD over the normal beats of a window"),
    "engine_speed": ("1/min", 0, 25_000, "engine revolutions a minute"),
    "gear": ("1", -1, 10, "gear engaged"),
    "throttle": ("%", 0, 100, "throttle opening"),
    "brake": ("%", 0, 100, "brake application"),
    "longitudinal_acceleration": ("m/s²", -100, 100, "along the direction of travel"),
    "lateral_acceleration": ("m/s²", -100, 100, "across the direction of travel"),
}

#: How finely a drop tells each channel, in its unit: the finest step that values are counted in,
#: and the dead band, within which a value is written as the one last kept (0: each is written).
#: A value comes back within half a step, or within the dead band and half a step; values that
#: stand on a coarser step of their device already (1 bpm, 1 W, 0.2 m) come back as they were. What
#: load is reckoned from has no dead band: it would save little, and zones count single samples.
FIDELITY: dict[str, tuple[float, float]] = {
    "heart_rate": (0.1, 0),
    "rr_interval": (0.1, 0),
    "power": (0.1, 0),
    "cadence": (1 / 128, 0),
    "speed": (0.001, 0),
    "distance": (0.01, 0),
    "altitude": (0.01, 0.2),
    "temperature": (0.1, 0.5),
    "left_power_share": (0.1, 0),
    "hdop": (0.01, 0.1),
    "satellites": (1, 0),
    "ln_rmssd": (0.001, 0),
    "engine_speed": (1, 0),
    "gear": (1, 0),
    "throttle": (0.1, 0),
    "brake": (0.1, 0),
    "longitudinal_acceleration": (0.01, 0),
    "lateral_acceleration": (0.01, 0),
}

EVENT_TYPES = (
    "pass", "carry", "take_on", "duel", "shot", "recovery", "interception", "clearance",
    "miscontrol", "foul", "card", "substitution", "ball_out", "goalkeeper", "pressure",
    "formation_change", "lap", "timer_start", "timer_stop", "other",
)  # fmt: skip

_SESSION = Column("session_id", TEXT, "our session: <date>_<sport>_<slug>")
_STREAM = Column("stream_id", TEXT, "session guessed by the edge, device and kind of data")
_SOURCE = Column("source", TEXT, "who made the data: a vendor or device family, lower case")
_WHEN = Column("captured_at_utc", INSTANT, "instant of the sample")
_PERIOD = Column(
    "period_id", pa.int32(), "playing period, from 1", minimum=1, maximum=20,
    null_means="the sport has no periods",
)  # fmt: skip
_PERIOD_TIME = Column(
    "period_time_s", NUMBER, "time since the period (or the session) began", "s",
    minimum=-600, maximum=604_800,
)  # fmt: skip
_QUALITY = Column("quality", pa.int32(), "bits of edge_ingest.records.Quality", minimum=0)
_MISSING = Column(
    "missing_reason", TEXT, "why the value is null", allowed=MISSING_REASONS,
    null_means="the value is there",
)  # fmt: skip
_SIDE = Column(
    "team_side", TEXT, "side of the team", allowed=("home", "away"),
    null_means="ball, official, or a sport without sides",
)  # fmt: skip


def _metres(name: str, description: str, null_means: str, reach: float = 2_000_000) -> Column:
    return Column(name, NUMBER, description, "m", -reach, reach, null_means=null_means)


SESSIONS = TableContract(
    key="raw/sessions",
    grain="one row a stream but those of footage, which raw/footage lists: a session as told",
    columns=(
        _SESSION,
        _STREAM,
        Column("drop_id", TEXT, "drop that these rows came in"),
        Column("revision", pa.int32(), "revision of the stream", minimum=1),
        Column("edge_session_id", TEXT, "the edge's best guess of the session"),
        _SOURCE,
        Column("source_session_id", TEXT, "the source's own id", null_means="the source has none"),
        Column("kind", TEXT, "kind of stream"),
        Column("device_id", TEXT, "recording device or feed"),
        Column("sport", TEXT, "sport", allowed=SPORTS),
        Column("name", TEXT, "what people call it", null_means="the source names it nothing"),
        Column("site", TEXT, "where it took place", null_means="the source does not say"),
        Column("started_at_utc", INSTANT, "start of play or recording"),
        Column("ended_at_utc", INSTANT, "last sample"),
        Column("filter_settings", TEXT, "JSON: what the edge's noise filters were told"),
        Column("clock_source", TEXT, "what set the clock", allowed=CLOCK_SOURCES),
        Column("sampling_rate_hz", NUMBER, "nominal sampling rate", "Hz", 0.001, 10_000,
               null_means="events, which come when they come"),
        Column("field_length_m", NUMBER, "length of the field along x", "m", 5, 1000,
               null_means="a sport without a field"),
        Column("field_width_m", NUMBER, "width of the field along y", "m", 5, 1000,
               null_means="a sport without a field"),
        Column("origin_latitude_deg", NUMBER, "latitude of x = y = 0", "°", -90, 90,
               null_means="positions are relative to a field, or there are none"),
        Column("origin_longitude_deg", NUMBER, "longitude of x = y = 0", "°", -180, 180,
               null_means="positions are relative to a field, or there are none"),
        Column("home_team_name", TEXT, "home side", null_means="a sport without sides"),
        Column("away_team_name", TEXT, "away side", null_means="a sport without sides"),
        Column("home_score", pa.int32(), "final score of the home side", minimum=0,
               null_means="not told by the source"),
        Column("away_score", pa.int32(), "final score of the away side", minimum=0,
               null_means="not told by the source"),
    ),
    primary_key=("session_id", "stream_id"),
    sort_by=("session_id", "stream_id"),
)  # fmt: skip

ATHLETES = TableContract(
    key="raw/athletes",
    grain="one row an athlete of a stream, as the source tells it",
    columns=(
        _SESSION,
        _STREAM,
        _SOURCE,
        Column("source_athlete_id", TEXT, "the source's own id"),
        Column("display_name", TEXT, "name as the source writes it",
               null_means="the source gives no name"),
        _SIDE,
        Column("team_name", TEXT, "team", null_means="no team, or unknown"),
        Column("shirt_number", pa.int32(), "number on the shirt", minimum=0, maximum=999,
               null_means="none, or unknown"),
        Column("role", TEXT, "position or role in the source's words", null_means="not told"),
        Column("is_identified", pa.bool_(), "false for a track that the source could not name"),
        Column("max_heart_rate_bpm", NUMBER, "highest heart rate, as set in the device", "bpm",
               80, 250, null_means="not set"),
        Column("resting_heart_rate_bpm", NUMBER, "resting heart rate, as set in the device", "bpm",
               20, 120, null_means="not set"),
    ),
    primary_key=("session_id", "stream_id", "source_athlete_id"),
    sort_by=("session_id", "stream_id", "source_athlete_id"),
)  # fmt: skip

POSITIONS = TableContract(
    key="raw/positions",
    grain="one row a stream, instant and tracked object",
    columns=(
        _SESSION,
        _STREAM,
        _PERIOD,
        Column("frame_id", pa.int32(), "the source's frame number, or the record's index",
               minimum=0),
        _WHEN,
        _PERIOD_TIME,
        Column("object_kind", TEXT, "what is tracked", allowed=("athlete", "ball", "official")),
        Column("source_athlete_id", TEXT, "the source's own id", null_means="the ball"),
        _SIDE,
        _metres("x_m", "along the field's length, or east", "not seen: see missing_reason"),
        _metres("y_m", "across the field, or north", "not seen: see missing_reason"),
        _metres("z_m", "above the ground", "not seen, or the source has two dimensions", 10_000),
        _MISSING,
        _QUALITY,
    ),
    primary_key=("session_id", "stream_id", "period_id", "frame_id", "object_kind",
                 "source_athlete_id"),
    sort_by=("session_id", "stream_id", "object_kind", "source_athlete_id", "period_id",
             "frame_id"),
)  # fmt: skip

SIGNALS = TableContract(
    key="raw/signals",
    grain="one row a stream, athlete, channel and instant",
    columns=(
        _SESSION,
        _STREAM,
        Column("source_athlete_id", TEXT, "the source's own id"),
        Column("channel", TEXT, "quantity; its unit stands in edge_ingest.records.CHANNELS",
               allowed=tuple(CHANNELS)),
        Column("sample_index", pa.int32(), "index of the record in its file", minimum=0),
        _WHEN,
        Column("value", NUMBER, "in the channel's unit", null_means="see missing_reason"),
        _MISSING,
        _QUALITY,
    ),
    primary_key=("session_id", "stream_id", "source_athlete_id", "channel", "sample_index"),
    sort_by=("session_id", "stream_id", "source_athlete_id", "channel", "sample_index"),
)  # fmt: skip

EVENTS = TableContract(
    key="raw/events",
    grain="one row an event",
    columns=(
        _SESSION,
        _STREAM,
        Column("source_event_id", TEXT, "the source's own id"),
        _PERIOD,
        _WHEN,
        _PERIOD_TIME,
        Column("event_type", TEXT, "our vocabulary", allowed=EVENT_TYPES),
        Column("source_event_type", TEXT, "the source's own word"),
        Column("outcome", TEXT, "how it ended, in our vocabulary",
               allowed=("success", "failure", "goal", "out", "offside", "blocked", "saved",
                        "off_target", "woodwork", "own_goal", "won", "lost", "neutral",
                        "yellow_card", "second_yellow_card", "red_card"),
               null_means="the event has no outcome, or the source does not tell it"),
        Column("source_athlete_id", TEXT, "who did it", null_means="nobody, or not told"),
        _SIDE,
        _metres("x_m", "start, along the field's length", "no place, or not told", 1000),
        _metres("y_m", "start, across the field", "no place, or not told", 1000),
        _metres("end_x_m", "end, along the field's length", "no end, or not told", 1000),
        _metres("end_y_m", "end, across the field", "no end, or not told", 1000),
        Column("duration_s", NUMBER, "how long it lasted: a lap ends at its instant, everything "
               "else begins at it", "s", 0, 604_800, null_means="a moment, or not told"),
        _QUALITY,
    ),
    primary_key=("session_id", "stream_id", "source_event_id"),
    sort_by=("session_id", "stream_id", "period_id", "period_time_s", "source_event_id"),
)  # fmt: skip

_DAY = Column("day", pa.date32(), "the club's local day")


def _scale(name: str, description: str, maximum: float = 10) -> Column:
    return Column(name, NUMBER, description, "1", 0, maximum, null_means="not answered")


WELLNESS = TableContract(
    key="raw/wellness",
    grain="one row a source, athlete and day",
    columns=(
        _SOURCE,
        Column("source_athlete_id", TEXT, "the source's own id"),
        _DAY,
        _scale("readiness", "readiness to train, 1 worst to 10 best"),
        _scale("fatigue", "freshness, 1 exhausted to 10 fresh"),
        _scale("soreness", "1 very sore to 10 not sore"),
        _scale("stress", "1 very stressed to 10 relaxed"),
        _scale("mood", "1 very bad to 10 very good"),
        _scale("sleep_quality", "1 very bad to 10 very good"),
        Column("sleep_duration_h", NUMBER, "sleep of the night before", "h", 0, 24,
               null_means="not answered"),
        Column("session_load_au", NUMBER, "sRPE × minutes, summed over the day", "au", 0, 10_000,
               null_means="not answered; a day of rest is 0"),
        Column("session_minutes", NUMBER, "training and match that the day's load is of", "min",
               0, 1440, null_means="not told; a day of rest is 0"),
        Column("match_minutes", NUMBER, "of these, in matches", "min", 0, 1440,
               null_means="not told; a day without a match is 0"),
        Column("resting_heart_rate_bpm", NUMBER, "on waking", "bpm", 20, 150,
               null_means="not measured"),
        Column("ln_rmssd", NUMBER, "natural logarithm of RMSSD in ms, on waking", "ln(ms)", 0, 7,
               null_means="not measured"),
    ),
    primary_key=("source", "source_athlete_id", "day"),
    replaced_by="slice",
    sort_by=("source", "day", "source_athlete_id"),
)  # fmt: skip

INJURIES = TableContract(
    key="raw/injuries",
    grain="one row a source and injury",
    columns=(
        _SOURCE,
        Column("source_injury_id", TEXT, "the source's own id"),
        Column("source_athlete_id", TEXT, "the source's own id"),
        Column("day", pa.date32(), "the club's local day of onset"),
        Column("return_day", pa.date32(), "first day of full training",
               null_means="not yet returned, or not told"),
        Column("kind", TEXT, "tissue", allowed=("contusion", "muscle", "ligament", "bone",
                                                "tendon", "concussion", "illness", "other")),
        Column("body_part", TEXT, "body part, in the source's words", null_means="not told"),
        Column("is_time_loss", pa.bool_(), "missed at least one session or match",
               null_means="not told"),
        Column("is_contact", pa.bool_(), "caused by contact", null_means="not told"),
    ),
    primary_key=("source", "source_injury_id"),
    replaced_by="slice",
    sort_by=("source", "day", "source_injury_id"),
)  # fmt: skip

#: A plan as it was known: what it said on a day is what was known by then. A fixture that is moved
#: leaves a row on each day: where it was, once more as withdrawn, and where it is now.
FIXTURES = TableContract(
    key="raw/fixtures",
    grain="one row a source, fixture and day that its plan gave it, and one more if it was "
    "withdrawn from that day",
    columns=(
        _SOURCE,
        Column("source_fixture_id", TEXT, "the source's own id"),
        Column("day", pa.date32(), "the club's local day of the match"),
        Column("team", TEXT, "the club's team that plays", null_means="the club's only team"),
        Column("known_from", pa.date32(), "the club's local day since which the plan says so",
               null_means="not told; a reader takes 14 days before the match"),
        Column("is_withdrawn", pa.bool_(), "cancelled, or moved to another day"),
        Column("competition", TEXT, "in the source's words", null_means="not told"),
    ),
    primary_key=("source", "source_fixture_id", "day", "is_withdrawn"),
    replaced_by="slice",
    sort_by=("source", "day", "source_fixture_id"),
)  # fmt: skip

APPROVALS = TableContract(
    key="raw/approvals",
    grain="one row a person's word on a version of a model; of several the last counts",
    columns=(
        _SOURCE,
        Column("source_approval_id", TEXT, "the source's own id"),
        Column("day", pa.date32(), "the club's local day of the word"),
        Column("model_name", TEXT, "registered model"),
        Column("model_version", pa.int32(), "its version in the registry", minimum=1),
        Column("verdict", TEXT, "whether the version may serve", allowed=("approved", "refused")),
        Column("approved_by", TEXT, "who says so, by name"),
        Column("reason", TEXT, "why, in that person's words"),
        Column("approved_at_utc", INSTANT, "when it was said"),
    ),
    primary_key=("source", "source_approval_id"),
    replaced_by="slice",
    sort_by=("source", "day", "source_approval_id"),
)  # fmt: skip

FOOTAGE = TableContract(
    key="raw/footage",
    grain="one row a video object: a camera's recording, or a stretch of it that was worth sending",
    columns=(
        _SESSION,
        _STREAM,
        Column("drop_id", TEXT, "drop that the object came in"),
        Column("revision", pa.int32(), "revision of the stream", minimum=1),
        Column("uri", TEXT, "where the object is"),
        Column("sha256", TEXT, "checksum of the object"),
        Column("bytes", pa.int64(), "size", "B", minimum=1),
        Column("codec", TEXT, "video codec"),
        Column("frame_rate_hz", NUMBER, "frames a second, on average", "Hz", 0.001, 10_000),
        Column("is_variable_rate", pa.bool_(),
               "intervals differ: the time of a frame stands in the file and not in its number"),
        Column("frame_count", pa.int64(), "frames", minimum=1),
        Column("duration_s", NUMBER, "from the first frame to the end of the last", "s", 0),
        Column("width_px", pa.int32(), "width as stored", "px", minimum=1,
               null_means="the edge does not know the codec"),
        Column("height_px", pa.int32(), "height as stored", "px", minimum=1,
               null_means="the edge does not know the codec"),
        Column("rotation_deg", pa.int32(), "turn counter-clockwise by this to see it upright", "°",
               0, 359),
        Column("camera", TEXT, "which camera"),
        Column("started_at_utc", INSTANT,
               "instant of the first frame; a frame's time in the file counts from here"),
        Column("source_start_s", NUMBER,
               "where the first frame stands in the camera's own recording", "s"),
        Column("clock_source", TEXT, "what set the clock", allowed=CLOCK_SOURCES),
        Column("clock_uncertainty_s", NUMBER, "how far instants may be off", "s", 0,
               null_means="nobody can say"),
        Column("calibration", TEXT, "JSON: image to field", null_means="not calibrated"),
    ),
    primary_key=("session_id", "stream_id", "sha256"),
    sort_by=("session_id", "stream_id", "camera", "started_at_utc"),
)  # fmt: skip

QUARANTINE = TableContract(
    key="raw/quarantine",
    grain="one row a refused drop, or a file that the edge could not read",
    columns=(
        Column("quarantine_id", TEXT, "hash of place and rule"),
        _SOURCE,
        Column("day", pa.date32(), "UTC day of refusal"),
        Column("refused_at_utc", INSTANT, "when"),
        Column("rule", TEXT, "which of edge_ingest.errors.RULES it breaks"),
        Column("reason", TEXT, "what is wrong and what to do, for the person at the device"),
        Column("kept_at_uri", TEXT, "where the refused files are kept"),
        Column("drop_id", TEXT, "the drop", null_means="no manifest that could be read"),
    ),
    primary_key=("quarantine_id",),
    replaced_by="slice",
    sort_by=("refused_at_utc",),
)  # fmt: skip

RAW: tuple[TableContract, ...] = (
    SESSIONS, ATHLETES, POSITIONS, SIGNALS, EVENTS, WELLNESS, INJURIES, FIXTURES, APPROVALS,
    FOOTAGE, QUARANTINE,
)  # fmt: skip

#: Tables whose rows come in a drop of a session, by name.
SESSION_TABLES: dict[str, TableContract] = {
    contract.name: contract for contract in RAW if contract.replaced_by == "session"
}

#: Tables whose rows come in a drop about days, by name.
DAY_TABLES: dict[str, TableContract] = {
    contract.name: contract for contract in RAW if contract.replaced_by == "slice"
}

#: The table that a drop about days fills, by the kind of the drop.
DAY_TABLE_OF: dict[str, TableContract] = {
    "approval" if contract is APPROVALS else name: contract for name, contract in DAY_TABLES.items()
}

#: The kind of the drops that fill a table about days, by the table's name.
DAY_KIND_OF: dict[str, str] = {contract.name: kind for kind, contract in DAY_TABLE_OF.items()}

#: Every table that a drop may carry, by name.
DROP_TABLES: dict[str, TableContract] = SESSION_TABLES | DAY_TABLES
