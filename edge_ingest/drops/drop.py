"""Drops: a recording as a folder of Parquet files and a manifest, whole or not there at all.

`<landing>/<stream_id>/r0001/` holds the files of a revision. A folder is filled beside its place
and renamed into it, so a reader sees all of a drop or nothing, and two packers of one stream cannot
both take the same number.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edge_ingest import manifest as manifests
from edge_ingest.drops import history
from edge_ingest.drops import media as media_files
from edge_ingest.drops.content import encode_days, encode_recording, settings_of
from edge_ingest.drops.signing import NodeKey, is_signed_by, sign
from edge_ingest.durable import publish, sync_folder, write_durably
from edge_ingest.errors import DropError
from edge_ingest.identity import SessionIdentity, slugify
from edge_ingest.manifest import (
    ENCODING,
    MANIFEST_NAME,
    Clock,
    DayRange,
    DropFile,
    Manifest,
    MediaFile,
)
from edge_ingest.recording import DayRecords, Recording
from edge_ingest.scratch import scratch_folder, sweep

#: How often a packer tries again when another one took the revision it was about to take.
ATTEMPTS = 20


@dataclass(frozen=True)
class PackedDrop:
    """Where a drop stands. `is_new` is false when the stream's last revision held the same."""

    folder: Path
    manifest: Manifest
    is_new: bool

    @property
    def session_id(self) -> str:
        """The edge's guess of the session."""
        assert self.manifest.session is not None  # `pack` packs sessions only
        return self.manifest.session.session_id

    @property
    def bytes(self) -> int:
        """Size of the Parquet files, B."""
        return sum(file.bytes for file in self.manifest.files)

    @property
    def media_bytes(self) -> int:
        """Size of the files that are no tables, B."""
        return sum(file.bytes for file in self.manifest.media)


def pack(
    recording: Recording,
    landing: Path,
    identity: SessionIdentity,
    packed_at_utc: datetime,
    key: NodeKey | None = None,
) -> PackedDrop:
    """Write a recording into the landing zone, as the next revision of its stream.

    The same content as the stream's last revision writes nothing and returns that revision, unless
    that one is damaged or was refused, or is not signed and this one is (or was signed with a key
    that the node has no more): then it is sent again, as the next revision.

    Args:
        landing: the landing zone; made if it is not there.
        identity: what `mint_session_id` says of the recording.
        packed_at_utc: now.
        key: signs the drop; None leaves it unsigned.

    Raises:
        ContractError: rows do not fit their contract.
        DropError: the stream's folder is unfinished or damaged, holds another recording of the same
            device, other packers kept winning, or a file of media changed meanwhile.
    """
    stream = manifests.stream_id(identity.session_id, recording.device_id, recording.kind)
    payloads, files, scale = encode_recording(recording, stream, identity.session_id)
    media = media_files.describe(recording.media, recording.tables.get("footage"))
    content = manifests.content_sha256(files, scale, media, encoding=ENCODING)

    def describe(revision: int, previous: PackedDrop | None) -> Manifest:
        if previous is not None:
            _refuse_another_recording(recording, previous)
        return _manifest(
            recording, identity, files, scale, revision,
            media=media, previous=previous, packed_at_utc=packed_at_utc,
        )  # fmt: skip

    return _put(
        landing, stream, payloads, [(one, recording.media[one.path]) for one in media],
        content=content, describe=describe, packed_at_utc=packed_at_utc, key=key,
    )  # fmt: skip


def pack_days(
    records: DayRecords, landing: Path, packed_at_utc: datetime, key: NodeKey | None = None
) -> PackedDrop:
    """Write what a source says of a range of days into the landing zone; as `pack`.

    Raises:
        ContractError: rows do not fit their contract, or are of other days or another source than
            the records say.
        DropError: as `pack`.
    """
    days = DayRange(first_day=records.first_day.isoformat(), last_day=records.last_day.isoformat())
    stream = manifests.days_stream_id(days, records.device_id, records.kind)
    payloads, files, scale = encode_days(records, days, stream)
    content = manifests.content_sha256(files, scale, encoding=ENCODING)

    def describe(revision: int, previous: PackedDrop | None) -> Manifest:
        return _described(
            stream, content, revision, previous,
            kind=records.kind,
            source=records.source,
            device_id=records.device_id,
            reader=records.reader,
            reader_version=records.reader_version,
            packed_at_utc=packed_at_utc.astimezone(UTC),
            clock=Clock(source="operator"),
            days=days,
            scale=scale,
            filter_settings=dict(records.filter_settings),
            rows_by_rule=dict(records.rows_by_rule),
            files=files,
        )  # fmt: skip

    return _put(
        landing, stream, payloads, (),
        content=content, describe=describe, packed_at_utc=packed_at_utc, key=key,
    )  # fmt: skip


def _put(
    landing: Path,
    stream: str,
    payloads: Mapping[str, bytes],
    media: Sequence[tuple[MediaFile, Path]],
    *,
    content: str,
    describe: Callable[[int, PackedDrop | None], Manifest],
    packed_at_utc: datetime,
    key: NodeKey | None,
) -> PackedDrop:
    """Write files as the next revision of a stream, unless its last one says the same.

    Args:
        media: files that go with them as they are, and where each stands now.
        content: hash of both.
        describe: gives the manifest of a revision that comes after this one.
    """
    landing.mkdir(parents=True, exist_ok=True)
    sweep(landing, packed_at_utc)
    with ExitStack() as stack:
        unfinished: Path | None = None
        for _ in range(ATTEMPTS):
            # One listing for both: a drop published between two would be skipped over.
            taken = history.revisions(landing, stream)
            last = history.last_finished(taken)
            previous = PackedDrop(*last, is_new=False) if last else None
            if (
                previous is not None
                and previous.manifest.content_sha256 == content
                and is_sound(previous)
                and _is_signed_well_enough(previous.manifest, key)
            ):
                return previous
            revision = _next_revision(taken, previous)
            manifest = describe(revision, previous)
            if key is not None:
                manifest = sign(manifest, key)
            if unfinished is None:
                unfinished = stack.enter_context(scratch_folder(landing))
                for name, payload in payloads.items():
                    write_durably(unfinished / name, payload)
                for one, source in media:
                    media_files.place(source, unfinished / one.path, one)
            write_durably(unfinished / MANIFEST_NAME, manifest.to_json().encode())
            if target := _take_place(unfinished, landing, stream, revision):
                return PackedDrop(target, manifest, is_new=True)
    raise DropError(f"{stream}: {ATTEMPTS} times another packer took the next revision: try again")


def _is_signed_well_enough(manifest: Manifest, key: NodeKey | None) -> bool:
    """Whether packing with this key would say no more of who vouches for the drop."""
    if key is None:
        return True
    if manifest.signature is None:
        return False
    # Another node's signature stands: two nodes must not outbid each other for ever.
    is_ours = manifest.signature.node_id == key.node_id
    return not is_ours or is_signed_by(manifest, key.private.public_key())


def _manifest(
    recording: Recording,
    identity: SessionIdentity,
    files: tuple[DropFile, ...],
    scale: dict[str, float],
    revision: int,
    *,
    media: tuple[MediaFile, ...],
    previous: PackedDrop | None,
    packed_at_utc: datetime,
) -> Manifest:
    stream = manifests.stream_id(identity.session_id, recording.device_id, recording.kind)
    content = manifests.content_sha256(files, scale, media, encoding=ENCODING)
    return _described(
        stream, content, revision, previous,
        kind=recording.kind,
        source=recording.source,
        device_id=recording.device_id,
        reader=recording.reader,
        reader_version=recording.reader_version,
        packed_at_utc=packed_at_utc.astimezone(UTC),
        clock=recording.clock,
        session={
            "session_id": identity.session_id,
            "sport": recording.session.sport,
            "started_at_utc": recording.session.started_at_utc.astimezone(UTC),
            "site": slugify(recording.session.site or "") or None,
            "source_session_id": recording.session.source_session_id,
        },
        scale=scale,
        filter_settings=settings_of(recording, scale),
        rows_by_rule=dict(recording.rows_by_rule),
        files=files,
        media=media,
    )  # fmt: skip


def _described(
    stream: str,
    content: str,
    revision: int,
    previous: PackedDrop | None,
    **facts: Any,  # noqa: ANN401 - fields of the manifest, which checks them
) -> Manifest:
    """A manifest of these facts, at this place of the stream's history.

    Raises:
        DropError: a fact does not fit; names it.
    """
    try:
        return Manifest(
            drop_id=manifests.drop_id(stream, revision, content),
            stream_id=stream,
            revision=revision,
            supersedes=previous.manifest.drop_id if previous else None,
            content_sha256=content,
            encoding=ENCODING,
            **facts,
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        told = f"{place} is {first['input']!r}: " if isinstance(first["input"], str) else place
        raise DropError(f"{stream}: {told} {first['msg']}") from error


def is_sound(drop: PackedDrop) -> bool:
    """Whether a drop stands as it was packed, or was confirmed elsewhere, and nobody refused it."""
    return history.is_whole(drop.folder, drop.manifest)


def _refuse_another_recording(recording: Recording, previous: PackedDrop) -> None:
    """A second recording of one device at one session is no correction, nor is a damaged copy."""
    assert previous.manifest.session is not None
    known = previous.manifest.session.source_session_id
    given = recording.session.source_session_id
    if known and given and known != given:
        raise DropError(
            f"{previous.folder} holds another recording of {recording.device_id} at this session "
            f"({known}; this one is {given}): name the device differently (--device), so that both "
            "are kept, or remove that folder if it was packed by mistake"
        )
    # What was saved of a damaged copy is less than what a sound one gave.
    if recording.rows_by_rule.get("recovered") and not previous.manifest.rows_by_rule.get(
        "recovered"
    ):
        raise DropError(
            f"{previous.folder} holds this recording whole, and this copy of it is damaged: "
            "nothing to do; remove that folder if it was packed by mistake",
            rule="malformed",
        )


def _next_revision(taken: Mapping[int, Path], previous: PackedDrop | None) -> int:
    if not taken:
        return 1
    newest = max(taken)
    if previous is None:
        raise DropError(
            f"{taken[newest]} has no {MANIFEST_NAME} that can be read: something else is still "
            "copying it, or broke off; wait, or remove that folder, and pack again"
        )
    return newest + 1


def _take_place(unfinished: Path, landing: Path, stream: str, revision: int) -> Path | None:
    """Publish a filled folder as a revision; None where another packer was quicker."""
    target = landing / stream / f"r{revision:04d}"
    if not target.parent.is_dir():
        target.parent.mkdir(exist_ok=True)
        sync_folder(landing)
    try:
        if not publish(unfinished, target):
            return None
    except FileNotFoundError:
        if not unfinished.is_dir():
            raise
        return None  # the sender removed the stream's folder, which was empty
    stands = history.revisions(landing, stream).get(revision, target)
    if stands == target or not target.is_dir():
        return stands
    # What another packer put there was sent meanwhile, and moved on.
    target.rename(unfinished)
    return None
