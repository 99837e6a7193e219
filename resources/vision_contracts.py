"""Tables that footage is turned into. `resources.contracts.ALL` holds all of them.

Of a video object: `vision/camera` (how its camera stands, or why it was not looked at),
`vision/look` (when it was looked at) and `vision/detection` (what a detector saw). Of a session,
from all its cameras: `vision/track`, `vision/positions`, `vision/formation`, and `vision/quality`,
which blocks what follows when it is bad.
"""

import pyarrow as pa

from edge_ingest.contract import Column, TableContract
from edge_ingest.records import INSTANT, MISSING_REASONS, NUMBER, TEXT
from resources.page_contracts import SESSION_ID, page_ledger

#: What is seen. Whoever belongs to neither side (coaches, ball boys) is `other`.
OBJECT_KINDS = ("athlete", "ball", "official", "other")
ROLES = ("outfield", "goalkeeper", "referee")
PHASES = ("all", "in_possession", "out_of_possession")

_FOOTAGE = Column("footage_sha256", TEXT, "video object that was looked at")
_CAMERA = Column("camera", TEXT, "which camera")
_FRAME = Column("frame_id", pa.int32(), "frame of the video, from 0, as it is shown", minimum=0)
_WHEN = Column("captured_at_utc", INSTANT, "instant of the frame")
_SIDE = Column(
    "team_side", TEXT, "side of the team", allowed=("home", "away"),
    null_means="not told apart, ball or official",
)  # fmt: skip
_NOT_CALIBRATED = "the camera is not calibrated"
_MADE_BY = Column("made_by", TEXT, "hash of detector, settings and code that made it")


def _metres(name: str, description: str, null_means: str = _NOT_CALIBRATED) -> Column:
    return Column(name, NUMBER, description, "m", -1000, 1000, null_means=null_means)


def _pixels(name: str, description: str, null_means: str | None = None) -> Column:
    return Column(name, NUMBER, description, "px", -100_000, 100_000, null_means=null_means)


def _share(name: str, description: str, null_means: str | None = None) -> Column:
    return Column(name, NUMBER, description, "1", 0, 1, null_means=null_means)


#: What is told of a person's colours: two that a team shares, and two of his own.
BODY_PARTS = ("shirt", "shorts", "head", "boots")


def _lab(what: str) -> tuple[Column, ...]:
    """A colour in CIE L*a*b*, as medians over what is seen of it."""
    told = "too little of it is seen, or it is the ball"
    return (
        Column(f"{what}_l", NUMBER, f"lightness L* of the {what}", "1", 0, 100, null_means=told),
        Column(f"{what}_a", NUMBER, f"a* of the {what}", "1", -128, 128, null_means=told),
        Column(f"{what}_b", NUMBER, f"b* of the {what}", "1", -128, 128, null_means=told),
    )


VISION_CAMERA = TableContract(
    key="vision/camera",
    grain="one row a video object: how its camera stands, or why it was not looked at",
    columns=(
        SESSION_ID,
        _FOOTAGE,
        _CAMERA,
        Column("state", TEXT, "what can be told from it: calibrated gives metres, uncalibrated "
               "pixels alone, refused nothing",
               allowed=("calibrated", "uncalibrated", "refused")),
        Column("reason", TEXT, "why it is not calibrated, or was refused, and what to do",
               null_means="calibrated"),
        Column("method", TEXT, "who says where the camera stands: lines of the pitch, or a person",
               allowed=("lines", "points", "told"), null_means="not calibrated"),
        Column("model", TEXT, "JSON: edge_ingest.camera.Camera", null_means="not calibrated"),
        Column("field_length_m", NUMBER, "length of the field along x", "m", 5, 1000,
               null_means="not calibrated"),
        Column("field_width_m", NUMBER, "width of the field along y", "m", 5, 1000,
               null_means="not calibrated"),
        Column("reprojection_error_px", NUMBER,
               "lines of the pitch as they are seen beside those of the model, root mean square",
               "px", 0, 10_000, null_means="not calibrated"),
        Column("reprojection_error_m", NUMBER, "the same on the ground, median", "m", 0, 1000,
               null_means="not calibrated"),
        _share("pitch_seen_share", "share of the field's area that is in the picture",
               "not calibrated"),
        Column("width_px", pa.int32(), "width of the picture, upright", "px", minimum=1,
               null_means="refused before a frame was decoded"),
        Column("height_px", pa.int32(), "height of the picture, upright", "px", minimum=1,
               null_means="refused before a frame was decoded"),
        Column("detector", TEXT, "who looked for people", null_means="refused"),
        Column("looks", pa.int32(), "frames that were looked at", minimum=0),
        Column("frames_damaged", pa.int32(), "frames due that did not decode", minimum=0),
        _MADE_BY,
    ),
    primary_key=("session_id", "footage_sha256"),
    sort_by=("session_id", "camera", "footage_sha256"),
)  # fmt: skip

VISION_LOOK = TableContract(
    key="vision/look",
    grain="one row a frame that was looked at, also where nobody was seen",
    columns=(
        SESSION_ID,
        _FOOTAGE,
        _FRAME,
        _WHEN,
        Column("people", pa.int32(), "people that the detector saw", minimum=0),
        Column("balls", pa.int32(), "things that may be the ball", minimum=0),
    ),
    primary_key=("session_id", "footage_sha256", "frame_id"),
    sort_by=("session_id", "footage_sha256", "frame_id"),
)  # fmt: skip

VISION_DETECTION = TableContract(
    key="vision/detection",
    grain="one row a video object, frame and thing that a detector saw there",
    columns=(
        SESSION_ID,
        _FOOTAGE,
        _FRAME,
        Column("detection_id", pa.int32(), "within the frame, from 0", minimum=0),
        _WHEN,
        Column("object_kind", TEXT, "what the detector takes it for", allowed=("person", "ball")),
        _pixels("left_px", "left side of its box"),
        _pixels("top_px", "upper side of its box"),
        _pixels("right_px", "right side of its box"),
        _pixels("bottom_px", "lower side of its box"),
        _pixels("ground_x_px", "where it stands, or is above, along the picture"),
        _pixels("ground_y_px", "where it stands, or is above, down the picture"),
        _metres("x_m", "where that is along the field's length", "not calibrated, or beyond it"),
        _metres("y_m", "where that is across the field", "not calibrated, or beyond it"),
        Column("position_sd_m", NUMBER, "standard deviation of the place", "m", 0, 1000,
               null_means="not calibrated, or beyond it"),
        _share("confidence", "of the detector"),
        Column("is_interpolated", pa.bool_(),
               "the ball between two frames that show it, in one that does not"),
        *(column for part in BODY_PARTS for column in _lab(part)),
    ),
    primary_key=("session_id", "footage_sha256", "frame_id", "detection_id"),
    sort_by=("session_id", "footage_sha256", "frame_id", "detection_id"),
)  # fmt: skip

VISION_TRACK = TableContract(
    key="vision/track",
    grain="one row a person or ball that was followed, over all cameras of the session",
    columns=(
        SESSION_ID,
        Column("track_id", pa.int32(), "within the session", minimum=0),
        Column("object_kind", TEXT, "what is seen", allowed=OBJECT_KINDS),
        Column("team_side", TEXT, "side of the team", allowed=("home", "away"),
               null_means="not sure, ball, official or other"),
        Column("role", TEXT, "what the person does", allowed=ROLES,
               null_means="not sure, ball or other"),
        _share("team_confidence", "how far the colours of one side are nearer than those of all "
               "others, over the whole track", "the ball, or no colour was seen"),
        Column("athlete_id", TEXT, "our athlete", null_means="not linked to tracking data"),
        Column("link_distance_m", NUMBER, "distance to that athlete in tracking data, median",
               "m", 0, 1000, null_means="not linked"),
        Column("first_seen_at_utc", INSTANT, "first look that saw it"),
        Column("last_seen_at_utc", INSTANT, "last look that saw it"),
        Column("seen", pa.int32(), "looks of a camera that saw it", minimum=1),
        Column("missed", pa.int32(), "looks between first and last in which none saw it",
               minimum=0),
        Column("longest_gap_s", NUMBER, "longest time between two looks that saw it", "s", 0),
    ),
    primary_key=("session_id", "track_id"),
    sort_by=("session_id", "track_id"),
)  # fmt: skip

VISION_POSITIONS = TableContract(
    key="vision/positions",
    grain="one row a camera, look and followed person or ball",
    columns=(
        SESSION_ID,
        _FOOTAGE,
        _FRAME,
        _WHEN,
        Column("track_id", pa.int32(), "track within the session", minimum=0),
        Column("object_kind", TEXT, "what is seen", allowed=OBJECT_KINDS),
        Column("athlete_id", TEXT, "our athlete", null_means="not recognised"),
        _SIDE,
        Column("role", TEXT, "what the person does", allowed=ROLES,
               null_means="not sure, ball or other"),
        _metres("x_m", "along the field's length", "not calibrated, or see missing_reason"),
        _metres("y_m", "across the field", "not calibrated, or see missing_reason"),
        Column("position_sd_m", NUMBER, "standard deviation of the place", "m", 0, 1000,
               null_means="not calibrated, or see missing_reason"),
        _pixels("left_px", "left side of the box", "see missing_reason"),
        _pixels("top_px", "upper side of the box", "see missing_reason"),
        _pixels("right_px", "right side of the box", "see missing_reason"),
        _pixels("bottom_px", "lower side of the box", "see missing_reason"),
        Column("is_interpolated", pa.bool_(),
               "between two looks that saw it, in one that did not"),
        Column("missing_reason", TEXT, "why there is no place and no box", allowed=MISSING_REASONS,
               null_means="they are there"),
        _share("confidence", "of the detector; 0 where it saw nothing"),
    ),
    primary_key=("session_id", "footage_sha256", "frame_id", "track_id"),
    sort_by=("session_id", "footage_sha256", "frame_id", "track_id"),
)  # fmt: skip

VISION_FORMATION = TableContract(
    key="vision/formation",
    grain="one row a side, window of minutes and phase of play",
    columns=(
        SESSION_ID,
        Column("team_side", TEXT, "side of the team", allowed=("home", "away")),
        Column("window_start_utc", INSTANT, "begin of the window"),
        Column("window_end_utc", INSTANT, "end of the window"),
        Column("phase", TEXT, "which looks of the window count", allowed=PHASES),
        Column("formation", TEXT, "as templates name it: 4-4-2, from the back",
               null_means="too few athletes seen for long enough"),
        _share("confidence", "how much dearer the next other shape is: 0 as dear, 1 far dearer",
               "no formation"),
        Column("mean_distance_m", NUMBER, "mean distance of athletes to their places in it", "m",
               0, 1000, null_means="no formation"),
        Column("athletes", pa.int32(), "outfield athletes that it rests on", minimum=0),
        Column("seen_s", NUMBER, "time of the window that counts", "s", 0),
    ),
    primary_key=("session_id", "team_side", "window_start_utc", "phase"),
    sort_by=("session_id", "window_start_utc", "team_side", "phase"),
)  # fmt: skip

VISION_QUALITY = TableContract(
    key="vision/quality",
    grain="one row a session: how far its footage can be believed",
    columns=(
        SESSION_ID,
        Column("footage_s", NUMBER, "length of all footage", "s", 0),
        Column("looks", pa.int32(), "frames that were looked at", minimum=0),
        _share("calibrated_share", "share of looks whose camera is calibrated"),
        Column("reprojection_error_m", NUMBER, "worst of the calibrated cameras", "m", 0, 1000,
               null_means="none is calibrated"),
        Column("people_seen", NUMBER, "people on the field in a look, median, of calibrated "
               "cameras where there are any", minimum=0,
               null_means="nothing was looked at"),
        _share("followed_share", "share of people seen on the field who are part of a track of "
               "10 s or more, or half of a shorter footage", "nobody was seen"),
        _share("team_share", "share of people on the field whose side is told, officials apart",
               "nobody was seen"),
        _share("ball_share", "share of looks with the ball", "nothing was looked at"),
        Column("longest_gap_s", NUMBER, "longest time in which nobody was seen", "s", 0,
               null_means="nothing was looked at"),
        Column("swaps", pa.int32(), "jumps within a track that no athlete can run", minimum=0),
        Column("is_good", pa.bool_(), "whether what follows may be made from it"),
        Column("reason", TEXT, "what is bad, with the number and the limit",
               null_means="nothing is"),
    ),
    primary_key=("session_id",),
    sort_by=("session_id",),
)  # fmt: skip

VISION_CLIP = TableContract(
    key="vision/clip",
    grain="one row a stretch of footage with what happens in it: what a training set is made of",
    columns=(
        SESSION_ID,
        Column("clip_id", TEXT, "hash of footage, times and label"),
        _FOOTAGE,
        _CAMERA,
        Column("start_s", NUMBER, "begin, since the first frame of the footage", "s", 0),
        Column("end_s", NUMBER, "end, since the first frame of the footage", "s", 0),
        Column("started_at_utc", INSTANT, "instant of its begin"),
        Column("label", TEXT, "type of the event that it shows, or `play`"),
        Column("source_event_id", TEXT, "the event in raw/events", null_means="no event"),
        Column("stream_id", TEXT, "stream of the event", null_means="no event"),
        Column("athlete_id", TEXT, "whose event it is, if linked",
               null_means="no event, nobody's, or not linked"),
        Column("boxes", pa.int64(), "boxes of people that stand in vision/positions for it",
               minimum=0),
        Column("ball_boxes", pa.int64(), "boxes of the ball", minimum=0),
        Column("version", TEXT, "hash of all clips of the session and of the rows behind them"),
    ),
    primary_key=("session_id", "clip_id"),
    sort_by=("session_id", "started_at_utc", "clip_id"),
)  # fmt: skip

REPORT_FOOTAGE = page_ledger("report/footage", "footage page")

OF_VISION: tuple[TableContract, ...] = (
    VISION_CAMERA, VISION_LOOK, VISION_DETECTION, VISION_TRACK, VISION_POSITIONS, VISION_FORMATION,
    VISION_QUALITY, VISION_CLIP, REPORT_FOOTAGE,
)  # fmt: skip
