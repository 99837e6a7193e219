"""Which drops stand in the landing zone, and since when: on this machine, or in an object store.

Both list `<stream_id>/r0001/` folders that have a manifest. What begins with `.` or `_`, and
`identity/`, is no drop.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from edge_ingest.manifest import MANIFEST_NAME
from resources.object_folder import LocalFolder, ObjectFolder, S3Folder

REFUSAL_NAME = "refused.json"

_PLACE = re.compile(r"(?P<stream>[^/._][^/]*)/(?P<revision>r\d{4,})")
_IDENTITY = "identity"


@dataclass(frozen=True)
class FoundDrop:
    """A finished drop.

    Attributes:
        place: `<stream_id>/r0001`, relative to the landing zone.
        arrived_ns: since when it is there, ns since 1970, by the storage's own clock.
        is_refused: whether a refusal stands beside its manifest.
    """

    place: str
    arrived_ns: int
    is_refused: bool


class DropFiles(ObjectFolder, Protocol):
    """A landing zone's storage."""

    def drops(self, stream_prefixes: Sequence[str] = ("",)) -> Iterator[FoundDrop]:
        """Every finished drop whose stream begins with one of these, in no order."""
        ...


class LocalDropFiles(LocalFolder):
    """Drops in a folder of this machine.

    A drop arrives when its manifest is written, and also when a folder around it is renamed into
    place: the latest change of the three counts. So older revisions of a stream arrive again with
    a new one, which costs a look at them and no more.
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
                    written = (Path(drop) / MANIFEST_NAME).stat().st_ctime_ns
                    refused = (Path(drop) / REFUSAL_NAME).exists()
                    yield FoundDrop(place, max(around, written), refused)


class S3DropFiles(S3Folder):
    """Drops under a prefix of a bucket; they arrive when their manifest is written.

    Listing without a prefix reads a page for each thousand objects that the zone holds.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:  # noqa: ANN401
        super().__init__(client, bucket, prefix)
        self._pages = client.get_paginator("list_objects_v2")

    def drops(self, stream_prefixes: Sequence[str] = ("",)) -> Iterator[FoundDrop]:
        """See `DropFiles.drops`."""
        for stream_prefix in stream_prefixes:
            written: dict[str, dict[str, int]] = defaultdict(dict)
            start = self._prefix + stream_prefix
            for page in self._pages.paginate(Bucket=self._bucket, Prefix=start):
                for found in page.get("Contents", ()):
                    place, _, name = found["Key"].removeprefix(self._prefix).rpartition("/")
                    if name in {MANIFEST_NAME, REFUSAL_NAME} and _is_place(place):
                        at = round(found["LastModified"].timestamp() * 1000) * 1_000_000
                        written[place][name] = at
            for place, names in written.items():
                if MANIFEST_NAME in names:
                    yield FoundDrop(place, names[MANIFEST_NAME], REFUSAL_NAME in names)


def _folders(folder: Path | os.DirEntry[str]) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.is_dir() and entry.name[0] not in "._")


def _is_place(place: str) -> bool:
    match = _PLACE.fullmatch(place)
    return match is not None and match["stream"] != _IDENTITY
