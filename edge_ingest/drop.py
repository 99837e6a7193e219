"""Drops: a recording as a folder of Parquet files and a manifest, whole or not there at all.

`<landing>/<stream_id>/r0001/` holds the files of a revision. A folder is filled beside its place
and renamed into it, so a reader sees all of a drop or nothing, and two packers of one stream cannot
both take the same number.
"""

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from edge_ingest import manifest as manifests
from edge_ingest.arrival import read_manifest
from edge_ingest.contract import TableContract
from edge_ingest.encoding import add_constants, complete, encode, scale_of
from edge_ingest.errors import ContractError, DropError
from edge_ingest.identity import SessionIdentity, slugify
from edge_ingest.manifest import MANIFEST_NAME, REFUSAL_NAME, DropFile, Manifest, SessionGuess
from edge_ingest.recording import Recording
from edge_ingest.records import SESSION_TABLES

#: How often a packer tries again when another one took the revision it was about to take.
ATTEMPTS = 20
#: A half-filled folder of a killed packer is swept after this time.
ABANDONED = timedelta(days=1)

#: Folders that begin so are being filled.
UNFINISHED = ".packing-"


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


def pack(
    recording: Recording, landing: Path, identity: SessionIdentity, packed_at_utc: datetime
) -> PackedDrop:
    """Write a recording into the landing zone, as the next revision of its stream.

    The same content as the stream's last revision writes nothing and returns that revision, unless
    that one is damaged or was refused: then it is sent again, as the next revision.

    Args:
        landing: the landing zone; made if it is not there.
        identity: what `mint_session_id` says of the recording.
        packed_at_utc: now.

    Raises:
        ContractError: rows do not fit their contract.
        DropError: the stream's folder is unfinished or damaged, holds another recording of the same
            device, or other packers kept winning.
    """
    stream = manifests.stream_id(identity.session_id, recording.device_id, recording.kind)
    payloads, files = _encoded(recording, stream, identity.session_id)
    content = manifests.content_sha256(files, _scale(files, recording))
    folder = landing / stream
    folder.mkdir(parents=True, exist_ok=True)
    _sync_folder(landing)
    _sweep(folder, packed_at_utc)
    unfinished: Path | None = None
    try:
        for _ in range(ATTEMPTS):
            # One listing for both: a drop published between two would be skipped over.
            taken = _revisions(folder)
            previous = _last_finished(taken)
            if previous is not None:
                _refuse_another_recording(recording, previous)
                if previous.manifest.content_sha256 == content and is_sound(previous):
                    return previous
            revision = _next_revision(taken, previous)
            manifest = _manifest(
                recording, identity, files, revision, previous=previous, packed_at_utc=packed_at_utc
            )
            if unfinished is None:
                unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
                unfinished.chmod(0o755)
                for file in files:
                    write_durably(unfinished / file.path, payloads[file.path])
            write_durably(unfinished / MANIFEST_NAME, manifest.to_json().encode())
            target = folder / f"r{revision:04d}"
            if publish(unfinished, target):
                return PackedDrop(target, manifest, is_new=True)
    finally:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
    raise DropError(f"{stream}: {ATTEMPTS} times another packer took the next revision: try again")


def _scale(files: tuple[DropFile, ...], recording: Recording) -> dict[str, float]:
    scale: dict[str, float] = {}
    for file in files:
        scale |= scale_of(SESSION_TABLES[file.table], recording.metres_per_count)
    return scale


def _manifest(
    recording: Recording,
    identity: SessionIdentity,
    files: tuple[DropFile, ...],
    revision: int,
    *,
    previous: PackedDrop | None,
    packed_at_utc: datetime,
) -> Manifest:
    stream = manifests.stream_id(identity.session_id, recording.device_id, recording.kind)
    scale = _scale(files, recording)
    content = manifests.content_sha256(files, scale)
    try:
        return Manifest(
            drop_id=manifests.drop_id(stream, revision, content),
            stream_id=stream,
            kind=recording.kind,
            revision=revision,
            supersedes=previous.manifest.drop_id if previous else None,
            content_sha256=content,
            source=recording.source,
            device_id=recording.device_id,
            reader=recording.reader,
            reader_version=recording.reader_version,
            packed_at_utc=packed_at_utc.astimezone(UTC),
            clock=recording.clock,
            session=SessionGuess(
                session_id=identity.session_id,
                sport=recording.session.sport,
                started_at_utc=recording.session.started_at_utc.astimezone(UTC),
                site=slugify(recording.session.site or "") or None,
                source_session_id=recording.session.source_session_id,
            ),
            scale=scale,
            filter_settings=dict(recording.filter_settings),
            rows_by_rule=dict(recording.rows_by_rule),
            files=files,
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        told = f"{place} is {first['input']!r}: " if isinstance(first["input"], str) else place
        raise DropError(f"{stream}: {told} {first['msg']}") from error


def is_sound(drop: PackedDrop) -> bool:
    """Whether a drop stands as it was packed, and nobody refused it."""
    if (drop.folder / REFUSAL_NAME).exists():
        return False
    try:
        found = [(drop.folder / file.path).read_bytes() for file in drop.manifest.files]
    except FileNotFoundError:
        return False
    return [hashlib.sha256(payload).hexdigest() for payload in found] == [
        file.sha256 for file in drop.manifest.files
    ]


def write_durably(path: Path, payload: bytes) -> None:
    """Write a file and force it to the disk."""
    with path.open("wb") as handle:
        handle.write(payload)
        handle.flush()
        os.fsync(handle.fileno())


def publish(unfinished: Path, target: Path) -> bool:
    """Rename a filled folder into its place, durably; false if something stands there already."""
    _sync_folder(unfinished)
    try:
        unfinished.rename(target)
    except OSError:
        if target.exists():
            return False
        raise
    _sync_folder(target.parent)
    return True


def _encoded(
    recording: Recording, stream: str, session_id: str
) -> tuple[dict[str, bytes], tuple[DropFile, ...]]:
    facts = asdict(recording.session) | {
        "source": recording.source,
        "device_id": recording.device_id,
        "kind": recording.kind,
        "clock_source": recording.clock.source,
    }
    schema = SESSION_TABLES["sessions"].schema
    sessions = pa.Table.from_pylist(
        [facts], pa.schema([pa.field(name, schema.field(name).type) for name in facts])
    )
    payloads, files = {}, []
    for name, table in sorted({"sessions": sessions, **recording.tables}.items()):
        contract = SESSION_TABLES.get(name)
        if contract is None:
            raise ContractError(f"no drop carries {name!r}: use {', '.join(SESSION_TABLES)}")
        rows = complete(contract, table)
        _refuse_misfits(contract, rows, stream, session_id)
        payload = encode(contract, rows, recording.metres_per_count)
        path = f"{name}.parquet"
        payloads[path] = payload
        digest = hashlib.sha256(payload).hexdigest()
        files.append(
            DropFile(path=path, table=name, rows=rows.num_rows, bytes=len(payload), sha256=digest)
        )
    return payloads, tuple(files)


def _refuse_misfits(contract: TableContract, rows: pa.Table, stream: str, session_id: str) -> None:
    constants: dict[str, str | int] = {
        "session_id": session_id, "stream_id": stream, "drop_id": "", "revision": 1,
        "edge_session_id": session_id, "filter_settings": "{}",
    }  # fmt: skip
    if broken := contract.violations(add_constants(contract, rows, constants)):
        listed = "; ".join(f"{v.rows} rows break {v.column} {v.limit}" for v in broken)
        raise ContractError(
            f"{contract.key} of {stream}: {listed}: the reader must flag or mend it"
        )


def _revisions(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("r[0-9]*") if path.name[1:].isdigit() and path.is_dir()]
    return sorted(found, key=lambda path: int(path.name[1:]))


def _last_finished(taken: list[Path]) -> PackedDrop | None:
    """The newest revision whose manifest can be read."""
    for path in reversed(taken):
        with suppress(DropError):
            return PackedDrop(path, read_manifest(path), is_new=False)
    return None


def _refuse_another_recording(recording: Recording, previous: PackedDrop) -> None:
    """A second recording of one device at one session is not a correction of the first."""
    assert previous.manifest.session is not None
    known = previous.manifest.session.source_session_id
    given = recording.session.source_session_id
    if known and given and known != given:
        raise DropError(
            f"{previous.folder} holds another recording of {recording.device_id} at this session "
            f"({known}; this one is {given}): name the device differently (--device), so that both "
            "are kept, or remove that folder if it was packed by mistake"
        )


def _next_revision(taken: list[Path], previous: PackedDrop | None) -> int:
    if taken and previous is None:
        raise DropError(
            f"{taken[-1]} has no {MANIFEST_NAME} that can be read: something else is still copying "
            "it, or broke off; wait, or remove that folder, and pack again"
        )
    return int(taken[-1].name[1:]) + 1 if taken else 1


def _sweep(folder: Path, now: datetime) -> None:
    """Remove what a killed packer left, once nobody can still be working on it."""
    for path in folder.glob(f"{UNFINISHED}*"):
        try:
            touched = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            continue  # another packer swept it, or published it
        if now - touched > ABANDONED:
            shutil.rmtree(path, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
