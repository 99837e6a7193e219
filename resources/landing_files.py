"""Which drops stand in the landing zone, and since when: on this machine, or in an object store.

Both list `<stream_id>/r0001/` folders that have a manifest. What begins with `.` or `_`, and
`identity/`, is no drop.
"""

import errno
import os
import re
import stat
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from edge_ingest.errors import DropError
from edge_ingest.manifest import MANIFEST_NAME, REFUSAL_NAME
from resources.object_folder import LocalFolder, ObjectFolder, S3Folder, check_size

_PLACE = re.compile(r"(?P<stream>[^/._][^/]*)/(?P<revision>r\d{4,})")
_IDENTITY = "identity"


@dataclass(frozen=True)
class FoundDrop:
    """A drop that has its manifest; other files of it may still be arriving.

    Attributes:
        place: `<stream_id>/r0001`, relative to the landing zone.
        arrived_ns: when the last of it came, ns since 1970, by the storage's own clock.
        is_refused: whether it was refused since then: what is sent over a refused drop makes the
            refusal void.
        resent_ns: when it was sent over a refusal; None where that never happened.
        sizes: bytes of each of its files, by name.
    """

    place: str
    arrived_ns: int
    is_refused: bool
    resent_ns: int | None
    sizes: Mapping[str, int]


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


class DropFiles(ObjectFolder, Protocol):
    """A landing zone's storage."""

    def drops(self, stream_prefixes: Sequence[str] = ("",)) -> Iterator[FoundDrop]:
        """Every drop whose stream begins with one of these, in no order."""
        ...

    def strays(self) -> Iterator[Stray]:
        """Files outside of any drop, drops without a manifest, and links, in no order."""
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

    def drops(self, stream_prefixes: Sequence[str] = ("",)) -> Iterator[FoundDrop]:
        """See `DropFiles.drops`; a folder that vanishes meanwhile is left out."""
        for stream in _folders(self._landing):
            if not stream.name.startswith(tuple(stream_prefixes)):
                continue
            for drop in _folders(stream):
                place = f"{stream.name}/{drop.name}"
                if not _is_place(place):
                    continue
                with suppress(FileNotFoundError, NotADirectoryError):
                    around = max(stream.stat().st_ctime_ns, drop.stat().st_ctime_ns)
                    if found := _found(place, _local_files(drop), around):
                        yield found

    def strays(self) -> Iterator[Stray]:
        """See `DropFiles.strays`; what vanishes meanwhile is left out."""
        for entry in _entries(self._landing):
            with suppress(FileNotFoundError, NotADirectoryError):
                if entry.is_dir(follow_symlinks=False):
                    yield from self._strays_of(entry)
                elif entry.name != _IDENTITY:
                    yield _stray(entry.name, entry)

    def _strays_of(self, stream: os.DirEntry[str]) -> Iterator[Stray]:
        for drop in _entries(stream):
            place = f"{stream.name}/{drop.name}"
            if not _is_place(place):
                continue
            if not drop.is_dir(follow_symlinks=False):
                yield _stray(place, drop)
            elif (files := _local_files(drop)) and MANIFEST_NAME not in files:
                yield Stray(place, "no_manifest", max(one.changed_ns for one in files.values()))

    def read(self, name: str, at_most: int | None = None) -> bytes:
        """See `ObjectFolder.read`; no link is followed to a drop's file.

        Raises:
            DropError: a link, or something that is no file, stands there.
        """
        if not _is_place(name.rpartition("/")[0]):
            return super().read(name, at_most)
        with ExitStack() as stack:
            *folders, file = name.split("/")
            handle = _opened(str(self._landing), os.O_DIRECTORY, None, stack)
            for folder in folders:
                handle = _opened(folder, os.O_NOFOLLOW | os.O_DIRECTORY, handle, stack)
            # Without waiting: a pipe would never open.
            handle = _opened(file, os.O_NOFOLLOW | os.O_NONBLOCK, handle, stack)
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise DropError(
                    f"{name} is no file: remove it, and send the drop again", rule="unreadable"
                )
            check_size(self.uri(name), found.st_size, at_most)
            with os.fdopen(os.dup(handle), "rb") as opened:
                return opened.read()


class S3DropFiles(S3Folder):
    """Drops under a prefix of a bucket; each file arrives when it is written.

    Listing without a prefix reads a page for each thousand objects that the zone holds.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:  # noqa: ANN401
        super().__init__(client, bucket, prefix)
        self._pages = client.get_paginator("list_objects_v2")

    def drops(self, stream_prefixes: Sequence[str] = ("",)) -> Iterator[FoundDrop]:
        """See `DropFiles.drops`."""
        for stream_prefix in stream_prefixes:
            written: dict[str, dict[str, _File]] = defaultdict(dict)
            start = self._prefix + stream_prefix
            for page in self._pages.paginate(Bucket=self._bucket, Prefix=start):
                for found in page.get("Contents", ()):
                    place, _, name = found["Key"].removeprefix(self._prefix).rpartition("/")
                    if _is_place(place):
                        at_ns = round(found["LastModified"].timestamp() * 1000) * 1_000_000
                        written[place][name] = _File(found["Size"], at_ns)
            for place, files in written.items():
                if drop := _found(place, files):
                    yield drop

    def strays(self) -> Iterator[Stray]:
        """See `DropFiles.strays`; an object store has no links."""
        changed: dict[str, int] = {}
        whole = set()
        for page in self._pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
            for found in page.get("Contents", ()):
                key = found["Key"].removeprefix(self._prefix)
                place, _, name = key.rpartition("/")
                at_ns = round(found["LastModified"].timestamp() * 1000) * 1_000_000
                if name == MANIFEST_NAME:
                    whole.add(place)
                if _is_place(place) or (not place and name and name[0] not in "._"):
                    stray = place or name
                    changed[stray] = max(at_ns, changed.get(stray, 0))
        for place, at_ns in changed.items():
            if place not in whole:
                yield Stray(place, "no_manifest", at_ns)


@dataclass(frozen=True)
class _File:
    bytes: int
    changed_ns: int


def _found(place: str, files: Mapping[str, _File], moved_ns: int = 0) -> FoundDrop | None:
    """What the files of a folder make of it; None where they have no manifest."""
    if MANIFEST_NAME not in files:
        return None
    sent = {name: file for name, file in files.items() if name != REFUSAL_NAME}
    sent_ns = max(file.changed_ns for file in sent.values())
    refusal = files.get(REFUSAL_NAME)
    return FoundDrop(
        place,
        arrived_ns=max(sent_ns, moved_ns),
        is_refused=refusal is not None and refusal.changed_ns >= sent_ns,
        resent_ns=sent_ns if refusal and refusal.changed_ns < sent_ns else None,
        sizes={name: file.bytes for name, file in sent.items()},
    )


def _local_files(drop: os.DirEntry[str]) -> dict[str, _File]:
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
        name: _File(sys.maxsize if is_link else stat.st_size, stat.st_ctime_ns)
        for name, stat, is_link in found
    }


def _folders(folder: Path | os.DirEntry[str]) -> Iterator[os.DirEntry[str]]:
    return (entry for entry in _entries(folder) if entry.is_dir(follow_symlinks=False))


def _entries(folder: Path | os.DirEntry[str]) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.name[0] not in "._")


def _stray(place: str, entry: os.DirEntry[str]) -> Stray:
    rule = "symlink" if entry.is_symlink() else "no_manifest"
    return Stray(place, rule, entry.stat(follow_symlinks=False).st_ctime_ns)


def _opened(name: str, flags: int, folder: int | None, stack: ExitStack) -> int:
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


def _is_place(place: str) -> bool:
    match = _PLACE.fullmatch(place)
    return match is not None and match["stream"] != _IDENTITY
