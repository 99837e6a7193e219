"""Where the edge delivers: a landing zone as the sender sees it, in a folder or in an object store.

Belongs here: putting one file there for certain, and what can go wrong with that. Which files make
a drop, and in which order they go, stands in `spool.py`.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edge_ingest.durable import sync_folder
from edge_ingest.errors import EdgeError

if TYPE_CHECKING:
    from edge_ingest.node.settings import Node

#: Files are copied and hashed in pieces of this size, B.
CHUNK = 1 << 20
#: Asked between two pieces: whether to break off now, to go on later.
Pause = Callable[[], bool]

_PROBE = "_probe"
_ASKS_A_PERSON = {
    errno.EACCES: "give the service the right to write there",
    errno.EPERM: "give the service the right to write there",
    errno.EROFS: "mount it writable",
    errno.ENOSPC: "free space there",
    errno.EDQUOT: "free space there, or raise the quota",
    errno.ENOTDIR: "give a folder",
}


class LandingError(EdgeError):
    """The landing zone did not take a file.

    Attributes:
        is_permanent: trying again will not help before a person does what the message says.
    """

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


class AlteredHereError(EdgeError):
    """A file of a drop is no longer what was packed: the fault is on this machine's disk."""


class BrokenOffError(EdgeError):
    """The upload was told to give way; what was sent stays, and the next one goes on from there."""


@dataclass(frozen=True)
class Parcel:
    """One file to deliver.

    Attributes:
        path: where it is here. It may be gone, if the landing zone has it already.
        name: relative to the landing zone.
    """

    path: Path
    name: str
    bytes: int
    sha256: str


class LandingTarget(Protocol):
    """A landing zone's storage. Every method raises LandingError if the zone cannot be reached."""

    @property
    def uri(self) -> str:
        """What people call it."""
        ...

    @property
    def server_time_utc(self) -> datetime | None:
        """What the zone's own clock said when it last answered; None before that."""
        ...

    def read(self, name: str, most_bytes: int | None = None) -> bytes | None:
        """The bytes of a small file; None where there is none.

        Args:
            most_bytes: a larger one is not read; it raises LandingError.
        """
        ...

    def holds(self, parcel: Parcel) -> bool:
        """Whether the file stands there with this size and this checksum, as the storage has it."""
        ...

    def put(self, parcel: Parcel, pause: Pause) -> None:
        """Write a file durably and make sure of it; what stood there is replaced.

        Raises:
            AlteredHereError: the file here is not what the parcel says.
            BrokenOffError: `pause` said so.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...


def landing_target(node: "Node") -> LandingTarget:
    """The landing zone of a node.

    Raises:
        LandingError: the URI is of no kind that we know.
    """
    uri = node.landing.uri
    if uri.startswith("s3://"):
        from edge_ingest.node.settings import MEGABYTE
        from edge_ingest.spool.landing_s3 import S3Landing, s3_client

        part_bytes = int(node.landing.part_mb * MEGABYTE)
        return S3Landing(s3_client(node.s3), uri, part_bytes)
    if "://" in uri:
        raise LandingError(
            f"the landing zone {uri} is of no kind that we know: give a folder or s3://bucket/prefix",
            is_permanent=True,
        )
    return FolderLanding(Path(uri), is_mount=node.landing.is_mount)


def never() -> bool:
    """A pause that never comes."""
    return False


def probe(target: LandingTarget, scratch: Path, node_id: str) -> None:
    """Write a small file, read it back and remove it.

    Args:
        scratch: a folder of ours to make the file in.

    Raises:
        LandingError: one of the three did not work.
    """
    name = f"{_PROBE}/{node_id}.txt"
    payload = f"{node_id} can write here\n".encode()
    path = scratch / "probe.txt"
    path.write_bytes(payload)
    try:
        parcel = Parcel(path, name, len(payload), hashlib.sha256(payload).hexdigest())
        target.put(parcel, never)
        if target.read(name) != payload:
            raise LandingError(
                f"{target.uri} gave back something else than was written", is_permanent=True
            )
        target.remove(name)
    finally:
        path.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class FolderLanding:
    """A landing zone in a folder: of this machine, or of a share.

    The folder itself is never made: a share that is not mounted must not be mistaken for one.

    Args:
        is_mount: it must lie on a mounted file system other than the root's.
    """

    def __init__(self, root: Path, *, is_mount: bool = False) -> None:
        self._root = root
        self._is_mount = is_mount
        self._server_time: datetime | None = None

    @property
    def uri(self) -> str:
        """See `LandingTarget`."""
        return str(self._root)

    @property
    def server_time_utc(self) -> datetime | None:
        """The change time of what was written last, which a share's server sets."""
        return self._server_time

    def read(self, name: str, most_bytes: int | None = None) -> bytes | None:
        """See `LandingTarget`."""
        with self._faults():
            try:
                with (self._root / name).open("rb") as handle:
                    refuse_larger(
                        f"{self.uri}/{name}", os.fstat(handle.fileno()).st_size, most_bytes
                    )
                    return handle.read()
            except FileNotFoundError:
                return None

    def holds(self, parcel: Parcel) -> bool:
        """See `LandingTarget`: reads the file back."""
        with self._faults():
            path = self._root / parcel.name
            try:
                return path.stat().st_size == parcel.bytes and sha256_of(path) == parcel.sha256
            except FileNotFoundError:
                return False

    def put(self, parcel: Parcel, pause: Pause) -> None:
        """See `LandingTarget`: fills a hidden file beside the place, and renames it there."""
        target = self._root / parcel.name
        partial = target.with_name(f".sending-{target.name}")
        with self._faults():
            self._make_folders(target.parent)
            if self._copy(parcel, partial, pause) != parcel.sha256:
                partial.unlink()
                if sha256_of(parcel.path) != parcel.sha256:
                    raise AlteredHereError(_altered(parcel))
                raise LandingError(f"{target} arrived altered: it is sent again")
            partial.replace(target)
            self._server_time = datetime.fromtimestamp(target.stat().st_mtime, UTC)
            sync_folder(target.parent)

    def remove(self, name: str) -> None:
        """See `LandingTarget`."""
        with self._faults():
            path = self._root / name
            path.unlink(missing_ok=True)
            with suppress(OSError):  # others may have put something beside it
                path.parent.rmdir()

    def _copy(self, parcel: Parcel, partial: Path, pause: Pause) -> str:
        """Append to the partial file what it lacks; the hash of the whole, as it was read back."""
        with partial.open("ab") as sink:
            if sink.tell() > parcel.bytes:
                sink.truncate(0)
            for chunk in _pieces(parcel, sink.tell()):
                if pause():
                    raise BrokenOffError(parcel.name)
                sink.write(chunk)
            sink.flush()
            os.fsync(sink.fileno())
        return sha256_of(partial)

    def _make_folders(self, folder: Path) -> None:
        missing = []
        while folder != self._root and not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for one in reversed(missing):
            one.mkdir(exist_ok=True)
            sync_folder(one.parent)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn errors of the storage into ours; make sure that the zone is there at all."""
        try:
            if not self._root.is_dir():
                raise LandingError(
                    f"the landing zone {self._root} is not there: mount the share, or make the "
                    "folder once"
                )
            if self._is_mount and not _is_on_a_mount(self._root):
                raise LandingError(f"{self._root} is not on a mounted share: mount it")
            yield
        except OSError as error:
            remedy = _ASKS_A_PERSON.get(error.errno or 0)
            told = f"{self._root}: {error.strerror or error}"
            raise LandingError(
                f"{told}: {remedy}" if remedy else told, is_permanent=remedy is not None
            ) from error


def refuse_larger(name: str, size_bytes: int, most_bytes: int | None) -> None:
    """Refuse to read a file that is larger than it may be.

    Raises:
        LandingError: it is.
    """
    if most_bytes is not None and size_bytes > most_bytes:
        raise LandingError(
            f"{name} has {size_bytes:,} B, and {most_bytes:,} B are read at most: check what it is",
            is_permanent=True,
        )


def _pieces(parcel: Parcel, start: int) -> Iterator[bytes]:
    """What a file here holds from a byte on.

    Raises:
        AlteredHereError: it cannot be read, which is no fault of the landing zone.
    """
    try:
        with parcel.path.open("rb") as source:
            source.seek(start)
            while chunk := source.read(CHUNK):
                yield chunk
    except OSError as error:
        raise AlteredHereError(
            f"{parcel.path} cannot be read ({error.strerror or error}): check this machine's disk, "
            "and put the original back into the watched folder"
        ) from error


def altered(parcel: Parcel) -> AlteredHereError:
    """What to say of a file that is not what was packed."""
    return AlteredHereError(_altered(parcel))


def _altered(parcel: Parcel) -> str:
    return (
        f"{parcel.path} is no longer what was packed: check this machine's disk, and put the "
        "original back into the watched folder"
    )


def _is_on_a_mount(folder: Path) -> bool:
    folder = folder.resolve()
    return any(one.is_mount() for one in (folder, *folder.parents) if one != Path(folder.anchor))
