"""Drops for the landing-zone tests: a manifest of one file, as the edge writes it."""

import hashlib
from datetime import UTC, datetime

from edge_ingest import manifest as manifests
from edge_ingest.manifest import Clock, DayRange, DropFile, Manifest, SessionGuess

PACKED = datetime(2019, 11, 9, 22, 0, tzinfo=UTC)
KICK_OFF = datetime(2019, 11, 9, 17, 30, tzinfo=UTC)
GUESS = "2019-11-09_football_muenchen-1830"


def drop(
    guess: str = GUESS,
    device: str = "camera",
    revision: int = 1,
    started: datetime = KICK_OFF,
    payload: bytes = b"rows",
) -> tuple[Manifest, bytes]:
    """A manifest, and the bytes of its one file."""
    file = DropFile(
        path="positions.parquet",
        table="positions",
        rows=1,
        bytes=len(payload),
        sha256=hashlib.sha256(payload).hexdigest(),
    )
    stream = manifests.stream_id(guess, device, "tracking")
    content = manifests.content_sha256((file,), {})
    manifest = Manifest(
        drop_id=manifests.drop_id(stream, revision, content),
        stream_id=stream,
        kind="tracking",
        revision=revision,
        supersedes="0" * 16 if revision > 1 else None,
        content_sha256=content,
        source="vendor",
        device_id=device,
        reader="test",
        reader_version="1",
        packed_at_utc=PACKED,
        clock=Clock(source="device"),
        session=SessionGuess(session_id=guess, sport="football", started_at_utc=started),
        files=(file,),
    )
    return manifest, payload


def days_drop(
    first: str,
    last: str,
    kind: str = "wellness",
    revision: int = 1,
    payload: bytes = b"rows",
) -> tuple[Manifest, bytes]:
    """As `drop`, of a range of days."""
    file = DropFile(
        path=f"{kind}.parquet",
        table=kind,
        rows=1,
        bytes=len(payload),
        sha256=hashlib.sha256(payload).hexdigest(),
    )
    days = DayRange(first_day=first, last_day=last)
    stream = manifests.days_stream_id(days, "diary", kind)
    content = manifests.content_sha256((file,), {})
    manifest = Manifest(
        drop_id=manifests.drop_id(stream, revision, content),
        stream_id=stream,
        kind=kind,
        revision=revision,
        supersedes="0" * 16 if revision > 1 else None,
        content_sha256=content,
        source="vendor",
        device_id="diary",
        reader="test",
        reader_version="1",
        packed_at_utc=PACKED,
        clock=Clock(source="operator"),
        days=days,
        files=(file,),
    )
    return manifest, payload


def place_of(manifest: Manifest) -> str:
    return f"{manifest.stream_id}/r{manifest.revision:04d}"
