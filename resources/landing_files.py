"""Which drops stand in the landing zone, and since when: on this machine, or in an object store.

Both list `<stream_id>/r0001/` folders that have a manifest. What begins with `.` or `_`, and
`identity/`, is no drop.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from edge_ingest.manifest import MANIFEST_NAME, REFUSAL_NAME
from resources.object_folder import LocalFolder, ObjectFolder, S3Folder

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


class DropFiles(ObjectFolder, Protocol):
    """A landing zone's storage."""

    def drops(self, stream_prefixes: Sequence[str] = ("",)) -> Iterator[FoundDrop]:
        """Every drop whose stream begins with one of these, in no order."""
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
    """Files of a folder but for hidden ones, which are being written."""
    with os.scandir(drop) as entries:
        found = [(entry.name, entry.stat()) for entry in entries if entry.name[0] != "."]
    return {name: _File(stat.st_size, stat.st_ctime_ns) for name, stat in found}


def _folders(folder: Path | os.DirEntry[str]) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.is_dir() and entry.name[0] not in "._")


def _is_place(place: str) -> bool:
    match = _PLACE.fullmatch(place)
    return match is not None and match["stream"] != _IDENTITY
