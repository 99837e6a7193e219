"""What a landing zone tells of its drops: those that came, that count, and that are not loaded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from edge_ingest.drops.media import Measure
from edge_ingest.manifest import Manifest


@dataclass(frozen=True)
class Arrival:
    """A drop has come.

    Attributes:
        arrived_ns: when the last of it came, by the storage's clock, ns since 1970.
        sizes: bytes of each of its files, by name; others may yet come.
    """

    place: str
    arrived_ns: int
    sizes: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class ActiveDrop:
    """The revision of a stream that counts.

    Attributes:
        fetch: gives the bytes of one of its files by name; raises FileNotFoundError.
        measure: gives size and sha256 of one of its files by name, reading it in pieces.
        uri: where its folder is, as another program finds it.
        resent_ns: when it was sent over a refusal; None where that never happened.
        signed_by: the node that vouches for it; None where none that we know does.
    """

    manifest: Manifest
    place: str
    arrived_ns: int
    fetch: Callable[[str], bytes] = field(compare=False)
    measure: Measure = field(compare=False)
    uri: str = ""
    resent_ns: int | None = None
    signed_by: str | None = None

    @property
    def delivery_id(self) -> str:
        """The drop and, if it was sent over a refusal, when: the same bytes are then asked anew."""
        drop_id = self.manifest.drop_id
        return drop_id if self.resent_ns is None else f"{drop_id}@{self.resent_ns}"


@dataclass(frozen=True)
class RefusedDrop:
    """A drop that was not loaded.

    Attributes:
        reason: what is wrong and what to do, for the person at the device.
        kept_at_uri: where its files still are.
        manifest: None where it could not be read.
    """

    place: str
    rule: str
    reason: str
    refused_at_utc: datetime
    kept_at_uri: str
    manifest: Manifest | None
