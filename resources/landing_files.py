"""Which drops stand in the landing zone, and since when; here in a folder of this machine.

A drop is a `<stream_id>/r0001/` folder that has a manifest. What begins with `.` or `_`, and
`identity/`, is no drop. The same in an object store: `landing_files_s3.py`.
"""

import errno
import io
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge_ingest.errors import DropError
from edge_ingest.manifest import MANIFEST_NAME, REFUSAL_NAME
from resources.object_folder import LocalFolder, ObjectFolder, check_size, written_beside

_PLACE = re.compile(r"(?P<stream>[^/._][^/]*)/(?P<revision>r\d{4,})")
#: Folder of the club's own files.
IDENTITY = "identity"


@dataclass(frozen=True)
class FoundDrop:
    """A drop that has its manifest; other files of it may still be arriving.

    Attributes:
        place: `<stream_id>/r0001`, relative to the landing zone.
        arrived_ns: when the last of it came, ns since 1970, by the storage's own clock.
        refused_ns: when it was refused, if it was since then: what is sent over a refused drop
            makes the refusal void.
        resent_ns: when it was sent over a refusal; None where that never happened.
        sizes: bytes of each of its files, by name.
    """

    place: str
    arrived_ns: int
    refused_ns: int | None
    resent_ns: int | None
    sizes: Mapping[str, int]

    @property
    def is_refused(self) -> bool:
        """Whether it counts as refused."""
        return self.refused_ns is not None


@dataclass(frozen=True)
class Stray:
    """What stands in the landing zone and is no drop.

    Attributes:
        place: relative to the landing zone.
        rule: `no_manifest`, or `symlink` for a link, which is not followed.
        changed_ns: when it last changed, ns since 1970, by the storage's own clock.
    """

    place: str
    rule: str
    changed_ns: int


@dataclass(frozen=True)
class Listing:
    """What stands in a landing zone at one moment, in no order."""

    drops: tuple[FoundDrop, ...]
    strays: tuple[Stray, ...]


class DropFiles(ObjectFolder, Protocol):
    """A landing zone's storage."""

    def look(self, stream_prefixes: Sequence[str] = ("",), *, is_anew: bool = False) -> Listing:
        """Drops, files outside of any drop, drops without a manifest, and links.

        Args:
            stream_prefixes: of streams whose name begins with one of these; "": of all, and loose
                files too.
            is_anew: as it stands now, whatever was listed before.
        """
        ...


class LocalDropFiles(LocalFolder):
    """Drops in a folder of this machine.

    A drop arrives when a file of it is written, and also when a folder around it is renamed into
    place: the latest change of all counts. So older revisions of a stream arrive again with a new
    one, which costs a look at them and no more.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._landing = root

    def look(self, stream_prefixes: Sequence[str] = ("",), *, is_anew: bool = False) -> Listing:  # noqa: ARG002
        """See `DropFiles.look`; it is anew each time, and what vanishes meanwhile is left out."""
        drops: list[FoundDrop] = []
        strays: list[Stray] = []
        for entry in _entries(self._landing):
            if not entry.name.startswith(tuple(stream_prefixes)) or entry.name == IDENTITY:
                continue
            with suppress(FileNotFoundError, NotADirectoryError):
                if not entry.is_dir(follow_symlinks=False):
                    strays.append(_stray(entry.name, entry))
                    continue
                found = list(self._in_stream(entry))
                drops += [one for one in found if isinstance(one, FoundDrop)]
                strays += [one for one in found if isinstance(one, Stray)]
        return Listing(tuple(drops), tuple(strays))

    def _in_stream(self, stream: os.DirEntry[str]) -> Iterator[FoundDrop | Stray]:
        for drop in _entries(stream):
            place = f"{stream.name}/{drop.name}"
            if not is_place(place):
                continue
            with suppress(FileNotFoundError, NotADirectoryError):
                if not drop.is_dir(follow_symlinks=False):
                    yield _stray(place, drop)
                    continue
                around = max(stream.stat().st_ctime_ns, drop.stat().st_ctime_ns)
                files = _local_files(drop)
                if found := found_drop(place, files, around):
                    yield found
                elif files:
                    changed_ns = max(one.changed_ns for one in files.values())
                    yield Stray(place, "no_manifest", changed_ns)

    def replace(self, name: str, payload: bytes) -> None:
        """See `ObjectFolder.replace`.

        Raises:
            FileNotFoundError: it is a file of a drop that is not there.
        """
        target = self._path(name)
        is_of_drop = is_place(name.rpartition("/")[0])
        with written_beside(target, payload, may_make_folder=not is_of_drop) as unfinished:
            unfinished.replace(target)

    @contextmanager
    def _opened(self, name: str, at_most: int | None) -> Iterator[io.BufferedReader]:
        """As of any folder, but no link is followed to a drop's file.

        Raises:
            DropError: a link, or something that is no file, stands there.
        """
        if not is_place(name.rpartition("/")[0]):
            with super()._opened(name, at_most) as opened:
                yield opened
            return
        with ExitStack() as stack:
            *folders, file = name.split("/")
            handle = _handle(str(self._landing), os.O_DIRECTORY, None, stack)
            for folder in folders:
                handle = _handle(folder, os.O_NOFOLLOW | os.O_DIRECTORY, handle, stack)
            # Without waiting: a pipe would never open.
            handle = _handle(file, os.O_NOFOLLOW | os.O_NONBLOCK, handle, stack)
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise DropError(
                    f"{name} is no file: remove it, and send the drop again", rule="unreadable"
                )
            check_size(self.uri(name), found.st_size, at_most)
            with os.fdopen(os.dup(handle), "rb") as opened:
                yield opened


@dataclass(frozen=True)
class StoredFile:
    """A file of a folder: size, B, and when it last changed, by the storage's own clock."""

    bytes: int
    changed_ns: int


def found_drop(place: str, files: Mapping[str, StoredFile], moved_ns: int = 0) -> FoundDrop | None:
    """What the files of a folder make of it; None where they have no manifest."""
    if MANIFEST_NAME not in files:
        return None
    sent = {name: file for name, file in files.items() if name != REFUSAL_NAME}
    sent_ns = max(file.changed_ns for file in sent.values())
    refusal = files.get(REFUSAL_NAME)
    return FoundDrop(
        place,
        arrived_ns=max(sent_ns, moved_ns),
        refused_ns=refusal.changed_ns if refusal and refusal.changed_ns >= sent_ns else None,
        resent_ns=sent_ns if refusal and refusal.changed_ns < sent_ns else None,
        sizes={name: file.bytes for name, file in sent.items()},
    )


def _local_files(drop: os.DirEntry[str]) -> dict[str, StoredFile]:
    """Files of a folder but for hidden ones, which are being written.

    A link is not followed. It counts as whole, so that reading it refuses the drop: it is not
    waited for as if its file were still arriving.
    """
    with os.scandir(drop) as entries:
        found = [
            (entry.name, entry.stat(follow_symlinks=False), entry.is_symlink())
            for entry in entries
            if entry.name[0] != "."
        ]
    return {
        name: StoredFile(sys.maxsize if is_link else stat.st_size, stat.st_ctime_ns)
        for name, stat, is_link in found
    }


def _entries(folder: Path | os.DirEntry[str]) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.name[0] not in "._")


def _stray(place: str, entry: os.DirEntry[str]) -> Stray:
    rule = "symlink" if entry.is_symlink() else "no_manifest"
    return Stray(place, rule, entry.stat(follow_symlinks=False).st_ctime_ns)


def _handle(name: str, flags: int, folder: int | None, stack: ExitStack) -> int:
    """Open an entry of an open folder, for as long as the stack stands."""
    try:
        handle = os.open(name, os.O_RDONLY | flags, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise DropError(
                f"{name} is a link, or no folder: put the file itself there", rule="symlink"
            ) from error
        raise
    stack.callback(os.close, handle)
    return handle


def is_place(place: str) -> bool:
    """Whether a folder can be a drop's."""
    match = _PLACE.fullmatch(place)
    return match is not None and match["stream"] != IDENTITY
