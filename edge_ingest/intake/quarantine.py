"""Files that no drop can be made of: kept aside at the edge, and told to the lakehouse.

A refusal is written down first, then packed as a drop of kind `quarantine`, then the files are
moved. Each step leaves what the next needs, and may be taken again: a node that is killed between
any two ends with the same folder and the same row, once the file is looked at again or
`finish_refusals` has run.
"""

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

from edge_ingest.drops.drop import PackedDrop, pack_days
from edge_ingest.drops.signing import NodeKey
from edge_ingest.durable import replace_durably, sync_folder
from edge_ingest.errors import EdgeError
from edge_ingest.intake.inbox import stamp
from edge_ingest.manifest import REFUSAL_NAME
from edge_ingest.recording import DayRecords
from edge_ingest.records import QUARANTINE

READER = "quarantine"
VERSION = "1"
#: A larger file is told apart by its size, time, beginning and end, B.
HASHED_WHOLE = 2 * 1024**3

_BLOCK = 1 << 20
_UNFINISHED = ".moving-"


@dataclass(frozen=True)
class KeptFile:
    """One file of a refusal.

    Attributes:
        fingerprint: tells its content apart from any other's.
        name: what it is called in the refusal's folder.
        came_from: where it stood, an absolute path.
    """

    fingerprint: str
    name: str
    came_from: str


@dataclass(frozen=True)
class RefusedFile:
    """A refusal, as `refused.json` in its folder tells it.

    Attributes:
        reason: what is wrong and what to do, for the person at the device.
        is_reported: whether its drop was handed to the outbox.
        is_moved: whether its files were moved here; what stands at their old places since then was
            put there by a person.
    """

    quarantine_id: str
    node_id: str
    source: str
    rule: str
    reason: str
    refused_at_utc: datetime
    files: tuple[KeptFile, ...]
    is_reported: bool = False
    is_moved: bool = False

    @property
    def kept_at_uri(self) -> str:
        """Where the files are kept: the file itself, or the folder of several."""
        name = quote(os.fsencode(self.files[0].name)) if len(self.files) == 1 else ""
        return f"edge://{self.node_id}/{self.quarantine_id}/{name}"

    def to_json(self) -> str:
        """The refusal as it stands on disk; names that are no UTF-8 come back as they are."""
        told = asdict(self) | {"refused_at_utc": self.refused_at_utc.isoformat()}
        return json.dumps(told, indent=2, sort_keys=True) + "\n"


def refuse_file(
    files: Sequence[Path],
    error: EdgeError,
    *,
    quarantine: Path,
    outbox: Path,
    node_id: str,
    source: str,
    now: datetime,
    key: NodeKey | None,
) -> RefusedFile:
    """Move the files of one recording into quarantine, and pack a drop that tells of it.

    The same content refused again under the same rule is the same refusal: it makes no second row,
    and the copy is dropped, since its like is kept. A link is moved as a link; what it leads to is
    neither read nor touched.

    Args:
        files: at least one; each is there.
        error: why; its rule and message become those of the row.
        quarantine: folder in which each refusal has its own.
        outbox: where drops wait to be sent.
        source: reader that was tried, `unknown` where none was.

    Raises:
        DropError: node or source cannot be named in a drop; nothing was moved.
        OSError: a file is not there, or cannot be moved; EBUSY: another was put in its place
            meanwhile, which is left there.
    """
    found = [(path.absolute(), _fingerprint(path)) for path in files]
    rule = getattr(error, "rule", "malformed")
    content = "\n".join([node_id, rule, *sorted(fingerprint for _, fingerprint in found)])
    quarantine_id = hashlib.sha256(content.encode()).hexdigest()[:16]
    folder = quarantine / quarantine_id
    refusal = _read(folder)
    if refusal is None:
        refusal = RefusedFile(
            quarantine_id=quarantine_id,
            node_id=node_id,
            source=source,
            rule=rule,
            reason=_printable(str(error)),
            refused_at_utc=now.astimezone(UTC),
            files=tuple(_named(found)),
        )
        folder.mkdir(parents=True, exist_ok=True)
        _write(refusal, folder)
    refusal = _report(refusal, folder, outbox, key)
    for path, fingerprint in found:
        _move(refusal, fingerprint, path, folder)
    return _note_moved(refusal, folder)


def finish_refusals(quarantine: Path, outbox: Path, key: NodeKey | None) -> list[RefusedFile]:
    """Take up what a killed process left half done; for the start of a node.

    Returns:
        The refusals that were not whole.
    """
    finished = []
    for record in sorted(quarantine.glob(f"*/{REFUSAL_NAME}")):
        folder = record.parent
        refusal = _read(folder)
        if refusal is None or (refusal.is_reported and refusal.is_moved):
            continue  # not of our making, or whole
        left = [
            (kept.fingerprint, Path(kept.came_from))
            for kept in refusal.files
            if not os.path.lexists(folder / kept.name) and _is_still(kept)
        ]
        is_whole = refusal.is_reported and not left
        refusal = _report(refusal, folder, outbox, key)
        for fingerprint, path in left:
            _move(refusal, fingerprint, path, folder)
        refusal = _note_moved(refusal, folder)
        if not is_whole:
            finished.append(refusal)
    return finished


def refusals(quarantine: Path) -> list[RefusedFile]:
    """Everything that is in quarantine, the oldest first."""
    found = [_read(record.parent) for record in quarantine.glob(f"*/{REFUSAL_NAME}")]
    whole = [refusal for refusal in found if refusal is not None]
    return sorted(whole, key=lambda refusal: (refusal.refused_at_utc, refusal.quarantine_id))


def _report(refusal: RefusedFile, folder: Path, outbox: Path, key: NodeKey | None) -> RefusedFile:
    """Pack the refusal's drop, unless it stands there or was sent.

    Packed again after a crash it has the same bytes. One that was damaged or refused goes again, as
    its next revision.
    """
    _pack(refusal, outbox, key)
    if refusal.is_reported:
        return refusal
    refusal = replace(refusal, is_reported=True)
    _write(refusal, folder)
    return refusal


def _note_moved(refusal: RefusedFile, folder: Path) -> RefusedFile:
    if not refusal.is_moved:
        refusal = replace(refusal, is_moved=True)
        _write(refusal, folder)
    return refusal


def _pack(refusal: RefusedFile, outbox: Path, key: NodeKey | None) -> PackedDrop:
    day = refusal.refused_at_utc.date()
    row = {
        "quarantine_id": refusal.quarantine_id,
        "source": refusal.source,
        "day": day,
        "refused_at_utc": refusal.refused_at_utc,
        "rule": refusal.rule,
        "reason": refusal.reason,
        "kept_at_uri": refusal.kept_at_uri,
        "drop_id": None,
    }
    records = DayRecords(
        source=refusal.source,
        # A stream for each refusal: two of one day must not replace each other.
        device_id=f"{refusal.node_id}-{refusal.quarantine_id}",
        kind="quarantine",
        reader=READER,
        reader_version=VERSION,
        first_day=day,
        last_day=day,
        tables={"quarantine": pa.Table.from_pylist([row], schema=QUARANTINE.schema)},
    )
    return pack_days(records, outbox, refusal.refused_at_utc, key)


def _move(refusal: RefusedFile, fingerprint: str, path: Path, folder: Path) -> None:
    """Put a file into the refusal's folder, unless its like is there: then let it go."""
    (name,) = {kept.name for kept in refusal.files if kept.fingerprint == fingerprint}
    target = folder / name
    if os.path.lexists(target):
        if _fingerprint(path) != fingerprint:
            raise _changed(path)
        path.unlink()
    else:
        try:
            path.rename(target)
        except OSError:
            if os.path.lexists(target) or not os.path.lexists(path):
                raise
            _move_between_disks(path, target)
        sync_folder(folder)
    sync_folder(path.parent)


def _move_between_disks(path: Path, target: Path) -> None:
    """Copy, and only then let go: a half copy never bears the name of a whole one."""
    unfinished = target.with_name(f"{_UNFINISHED}{target.name}")
    if os.path.lexists(unfinished):
        unfinished.unlink()
    if stat.S_ISREG(path.lstat().st_mode):
        before = stamp(path).content
        shutil.copy2(path, unfinished, follow_symlinks=False)
        with unfinished.open("rb") as handle:
            os.fsync(handle.fileno())
        if stamp(path).content != before:
            unfinished.unlink()
            raise _changed(path)
        unfinished.rename(target)
        path.unlink()
    else:
        shutil.move(path, target)


def _changed(path: Path) -> OSError:
    return OSError(errno.EBUSY, "it changed while it was put away", str(path))


def _named(found: Sequence[tuple[Path, str]]) -> Iterator[KeptFile]:
    """A name for each content, its own unless that is taken."""
    names: dict[str, str] = {}
    taken = {REFUSAL_NAME}
    for path, fingerprint in found:
        if fingerprint not in names:
            name, number = path.name, 1
            while name in taken or name.startswith(_UNFINISHED):
                number += 1
                name = f"{number}-{path.name}"
            names[fingerprint] = name
            taken.add(name)
        yield KeptFile(fingerprint, names[fingerprint], str(path))


def _fingerprint(path: Path) -> str:
    """What tells a file's content apart; a link's is where it leads, and is not followed."""
    found = path.lstat()
    plain = f"{stat.S_IFMT(found.st_mode):o} {os.fsencode(path.name)!r}"
    if stat.S_ISLNK(found.st_mode):
        return _digest(f"{plain} {os.fsencode(path.readlink())!r}".encode())
    if not stat.S_ISREG(found.st_mode):
        return _digest(plain.encode())  # a pipe is not opened: it might never end
    whole = found.st_size <= HASHED_WHOLE
    digest = hashlib.sha256()
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as handle:
            if whole:
                while block := handle.read(_BLOCK):
                    digest.update(block)
                return digest.hexdigest()
            digest.update(handle.read(_BLOCK))
            handle.seek(found.st_size - _BLOCK)
            digest.update(handle.read(_BLOCK))
    except OSError:
        digest = hashlib.sha256(plain.encode())  # nobody may read it, or the disk is damaged
    digest.update(f"{found.st_size} {found.st_mtime_ns}".encode())
    return digest.hexdigest()


def _digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def _is_still(kept: KeptFile) -> bool:
    """Whether what was refused still stands where it stood, and not another file of that name."""
    try:
        return _fingerprint(Path(kept.came_from)) == kept.fingerprint
    except OSError:
        return False


def _read(folder: Path) -> RefusedFile | None:
    """The refusal that a folder holds; None where it holds none."""
    try:
        told = json.loads((folder / REFUSAL_NAME).read_bytes())
        files = tuple(KeptFile(**kept) for kept in told.pop("files"))
        at = datetime.fromisoformat(told.pop("refused_at_utc"))
        return RefusedFile(files=files, refused_at_utc=at, **told)
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _write(refusal: RefusedFile, folder: Path) -> None:
    replace_durably(folder / REFUSAL_NAME, refusal.to_json().encode())


def _printable(text: str) -> str:
    """Text that can be written as UTF-8, whatever bytes a file's name was made of."""
    return text.encode("utf-8", "replace").decode()
