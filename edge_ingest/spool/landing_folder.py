"""The landing zone in a folder: of this machine, or of a share."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from edge_ingest.checksum import sha256_of
from edge_ingest.durable import sync_folder
from edge_ingest.manifest import REFUSAL_NAME
from edge_ingest.spool.landing import (
    CHUNK,
    AlteredHereError,
    BrokenOffError,
    LandingError,
    Parcel,
    Pause,
    altered,
    gone,
    read_refusal,
    refuse_larger,
    unreadable,
)

_ASKS_A_PERSON = {
    errno.EACCES: "give the service the right to write there",
    errno.EPERM: "give the service the right to write there",
    errno.EROFS: "mount it writable",
    errno.ENOSPC: "free space there",
    errno.EDQUOT: "free space there, or raise the quota",
    errno.ENOTDIR: "give a folder",
}


class FolderLanding:
    """A landing zone in a folder.

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
            try:
                if not parcel.path.exists():
                    raise gone(parcel)  # before a folder is made for it
                self._make_folders(target.parent)
                if self._copy(parcel, partial, pause) != parcel.sha256:
                    if _hash_here(parcel) != parcel.sha256:
                        raise altered(parcel)
                    partial.unlink()
                    raise LandingError(f"{target} arrived altered: it is sent again")
            except AlteredHereError:
                partial.unlink(missing_ok=True)  # nobody will go on with it
                raise
            partial.replace(target)
            self._server_time = datetime.fromtimestamp(target.stat().st_mtime, UTC)
            sync_folder(target.parent)

    def refusal(self, place: str) -> bytes | None:
        """See `LandingTarget`: by when each file was last changed, as the lakehouse judges it."""
        with self._faults():
            told = read_refusal(self, place)
            if told is None:
                return None
            changed = {
                path.name: path.lstat().st_ctime_ns
                for path in (self._root / place).iterdir()
                if path.name[0] != "."
            }
            refused_ns = changed.pop(REFUSAL_NAME, 0)
            return told if refused_ns >= max(changed.values(), default=0) else None

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


def _pieces(parcel: Parcel, start: int) -> Iterator[bytes]:
    """What a file here holds from a byte on.

    Raises:
        AlteredHereError: it is gone, which is no fault of the landing zone.
        UnreadableHereError: it cannot be read, which is none either.
    """
    try:
        with parcel.path.open("rb") as source:
            source.seek(start)
            while chunk := source.read(CHUNK):
                yield chunk
    except OSError as error:
        raise unreadable(parcel, error) from error


def _hash_here(parcel: Parcel) -> str:
    try:
        return sha256_of(parcel.path)
    except OSError as error:
        raise unreadable(parcel, error) from error


def _is_on_a_mount(folder: Path) -> bool:
    folder = folder.resolve()
    return any(one.is_mount() for one in (folder, *folder.parents) if one != Path(folder.anchor))
