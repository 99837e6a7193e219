"""Drop manifest, version 1: the contract between edge and lakehouse.

A drop is a folder of Parquet files and `manifest.json`. The manifest is written last, so a folder
without one is a drop still being written. A stream is what one device says of one session; a new
revision of a stream replaces the one before it.
"""

import hashlib
import json
import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from edge_ingest.records import SPORTS

MANIFEST_VERSION: Literal[1] = 1
MANIFEST_NAME = "manifest.json"
#: Stands beside the manifest of a drop that the lakehouse would not load, and says why.
REFUSAL_NAME = "refused.json"
#: Stands beside the manifest of a drop in a node's outbox that the landing zone has confirmed.
SENT_NAME = "sent.json"

_SLUG = r"[a-z0-9]+(?:[._-][a-z0-9]+)*"
Slug = Annotated[str, StringConstraints(pattern=f"^{_SLUG}$", max_length=120)]
#: With a quarantine's id behind it a node's name is a device, which is a slug too.
LONGEST_NODE_ID = 100
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Kind = Literal[
    "tracking",
    "events",
    "wearable",
    "footage",
    "wellness",
    "injuries",
    "fixtures",
    "quarantine",
    "acknowledgement",
    "approval",
]

#: How numbers stand in the Parquet files; `edge_ingest/drops/stored.py` says what each one means.
Encoding = Literal[1, 2]
#: The one that we write.
ENCODING: Encoding = 2

#: No Parquet file of a drop is larger, B: one that claims it is refused before a byte is read.
LARGEST_TABLE_FILE = 2 * 1024**3
#: Raw tables count revisions in 32 bits.
LAST_REVISION = 2**31 - 1
#: Instants of recordings lie in these years: at the ends of the calendar no zone can be told.
FIRST_YEAR, LAST_YEAR = 1900, 2199


def _of_our_time(instant: datetime) -> datetime:
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"use an instant of the years {FIRST_YEAR} to {LAST_YEAR}")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_of_our_time)]


def is_node_id(text: str) -> bool:
    """Whether a text can name an edge node; the one rule for settings, keys and signatures."""
    return len(text) <= LONGEST_NODE_ID and re.fullmatch(_SLUG, text) is not None


def _of_a_node(text: str) -> str:
    if not is_node_id(text):
        raise ValueError(NODE_ID_RULE)
    return text


NODE_ID_RULE = (
    "use lower-case letters and digits, joined by single hyphens, dots or underscores, "
    f"{LONGEST_NODE_ID} at most, such as stadium-1"
)
NodeId = Annotated[
    str,
    AfterValidator(_of_a_node),
    Field(json_schema_extra={"pattern": f"^{_SLUG}$", "maxLength": LONGEST_NODE_ID}),
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")


class DropFile(_Frozen):
    """One Parquet file of a drop. `table` is the name of a raw table (`positions`, …)."""

    path: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+\.parquet$")]
    table: str
    rows: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=1, le=LARGEST_TABLE_FILE)]
    sha256: Sha256


class MediaFile(_Frozen):
    """One file of a drop that is no table: a video. Rows of `footage` tell what it is."""

    path: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+\.(mp4|mov|mkv|ts|avi)$")]
    bytes: Annotated[int, Field(ge=1)]
    sha256: Sha256


class Signature(_Frozen):
    """Who packed the drop, and the proof: Ed25519 over the manifest without its signature.

    Attributes:
        node_id: the edge node; its public key is known to the lakehouse by that name.
        ed25519: 64 bytes, base64.
    """

    node_id: NodeId
    ed25519: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{86}==$")]


class Clock(_Frozen):
    """What the instants in the drop rest on.

    Attributes:
        source: device clock, satellite time, the scheduled start, or an operator's entry.
        uncertainty_s: how far instants may be off, s; None where nobody can say.
        offset_s: what was added to the source's own clock to reach UTC, s.
    """

    source: Literal["device", "gnss", "scheduled_start", "operator"]
    uncertainty_s: Annotated[float, Field(ge=0)] | None = None
    offset_s: float = 0.0


class SessionGuess(_Frozen):
    """What the edge knows of the session. `session_id` is a best guess; core has the last word."""

    session_id: Annotated[
        str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}_[a-z]+_[a-z0-9]+(?:-[a-z0-9]+)*$")
    ]
    sport: str
    started_at_utc: Instant
    site: Slug | None = None
    source_session_id: str | None = None

    @model_validator(mode="after")
    def _known_sport(self) -> "SessionGuess":
        if self.sport not in SPORTS:
            raise ValueError(f"sport {self.sport!r} is not one of {', '.join(SPORTS)}")
        date.fromisoformat(self.session_id[:10])  # raises ValueError where there is no such day
        return self


class DayRange(_Frozen):
    """For data of days rather than sessions (wellness, injuries): what the drop replaces."""

    first_day: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    last_day: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]

    @model_validator(mode="after")
    def _in_order(self) -> "DayRange":
        if date.fromisoformat(self.first_day) > date.fromisoformat(self.last_day):
            raise ValueError(f"{self.first_day} comes after {self.last_day}")
        return self


class Manifest(_Frozen):
    """A drop, described.

    Attributes:
        drop_id: names these exact bytes in this place of the stream's history.
        stream_id: session guess, device and kind; revisions of one stream replace each other.
        revision: 1 for the first; `supersedes` names the drop before it.
        content_sha256: hash of the files' hashes, the scale and the encoding; a re-pack of the same
            content is no new revision.
        encoding: how numbers stand in the files; 1 where a manifest does not say.
        scale: metres (or the column's unit) in one count, for columns stored as whole numbers; for
            signals by channel (`signals.heart_rate`), in the channel's unit. What comes back is
            within half of it.
        filter_settings: what the noise filters were told; `dead_band.<channel>`, in the channel's
            unit, is how much further than that a signal may be off. `rows_by_rule`: what each
            filter found.
        media: files that are no tables; a drop of footage has one.
        signature: of the edge node; None where it has no key.
    """

    manifest_version: Literal[1] = MANIFEST_VERSION
    drop_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    stream_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]+$", max_length=250)]
    kind: Kind
    revision: Annotated[int, Field(ge=1, le=LAST_REVISION)]
    supersedes: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None = None
    content_sha256: Sha256
    source: Slug
    device_id: Slug
    reader: str
    reader_version: str
    packed_at_utc: Instant
    clock: Clock
    session: SessionGuess | None = None
    days: DayRange | None = None
    encoding: Encoding = 1
    scale: dict[str, Annotated[float, Field(ge=1e-9, le=1e3, allow_inf_nan=False)]] = Field(
        default_factory=dict
    )
    filter_settings: dict[str, str | float | int | bool] = Field(default_factory=dict)
    rows_by_rule: dict[str, int] = Field(default_factory=dict)
    files: Annotated[tuple[DropFile, ...], Field(min_length=1)]
    media: tuple[MediaFile, ...] = ()
    signature: Signature | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        if (self.session is None) == (self.days is None):
            raise ValueError("a drop is about a session or about days: give exactly one of the two")
        # The stream names a folder: a name of another making could lead anywhere.
        if self.session is not None:
            stream = stream_id(self.session.session_id, self.device_id, self.kind)
            if self.stream_id != stream:
                raise ValueError(f"stream_id is {self.stream_id}, and its parts give {stream}")
        elif self.days is not None:
            stream = days_stream_id(self.days, self.device_id, self.kind)
            if self.stream_id != stream:
                raise ValueError(f"stream_id is {self.stream_id}, and its parts give {stream}")
        names = [file.path for file in self.files] + [file.path for file in self.media]
        for what, named in (("path", names), ("table", [file.table for file in self.files])):
            if len(set(named)) < len(named):
                raise ValueError(f"each {what} stands in files once, and not: {', '.join(named)}")
        if (self.revision == 1) != (self.supersedes is None):
            raise ValueError("revision 1 supersedes nothing, every later one names a drop")
        expected = drop_id(self.stream_id, self.revision, self.content_sha256)
        if self.drop_id != expected:
            raise ValueError(f"drop_id is {self.drop_id}, and these contents give {expected}")
        content = content_sha256(self.files, self.scale, self.media, self.encoding)
        if content != self.content_sha256:
            raise ValueError(f"content_sha256 is {self.content_sha256}, the files give {content}")
        return self

    def to_json(self) -> str:
        """The manifest as it stands on disk: stable key order, two-space indent, final newline."""
        return json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True) + "\n"


def stream_id(session_id: str, device_id: str, kind: str) -> str:
    """Name a stream: what one device says, of one kind, of one session (the edge's guess)."""
    return f"{session_id}.{device_id}.{kind}"


def days_stream_id(days: DayRange, device_id: str, kind: str) -> str:
    """Name a stream of days: what one source says, of one kind, of a range of days."""
    return f"days_{days.first_day}_{days.last_day}.{device_id}.{kind}"


def content_sha256(
    files: tuple[DropFile, ...],
    scale: dict[str, float],
    media: tuple[MediaFile, ...] = (),
    encoding: Encoding = 1,
) -> str:
    """Hash of what a drop holds, whatever the order of its files."""
    lines = sorted(f"{file.table} {file.path} {file.sha256}" for file in files)
    lines += sorted(f"media {file.path} {file.sha256}" for file in media)
    lines += [f"{column} {scale[column]!r}" for column in sorted(scale)]
    if encoding > 1:  # the first drops knew of no other
        lines.append(f"encoding {encoding}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def drop_id(stream: str, revision: int, content: str) -> str:
    """Name a drop: the same content as a later revision is another drop."""
    return hashlib.sha256(f"{stream} {revision} {content}".encode()).hexdigest()[:16]
