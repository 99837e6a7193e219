"""The landing zone in an object store."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from edge_ingest.manifest import MANIFEST_NAME
from resources.landing_files import IDENTITY, Listing, StoredFile, Stray, found_drop, is_place
from resources.object_folder import S3Folder


class S3DropFiles(S3Folder):
    """Drops under a prefix of a bucket; each file arrives when it is written.

    Looking without a prefix reads a page for each thousand objects that the zone holds.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:  # noqa: ANN401
        super().__init__(client, bucket, prefix)
        self._pages = client.get_paginator("list_objects_v2")

    def look(self, stream_prefixes: Sequence[str] = ("",), *, is_anew: bool = False) -> Listing:  # noqa: ARG002
        """See `DropFiles.look`; it is anew each time, and an object store has no links."""
        folders: dict[str, dict[str, StoredFile]] = defaultdict(dict)
        loose: list[Stray] = []
        for stream_prefix in stream_prefixes:
            start = self._prefix + stream_prefix
            for page in self._pages.paginate(Bucket=self._bucket, Prefix=start):
                for found in page.get("Contents", ()):
                    place, _, name = found["Key"].removeprefix(self._prefix).rpartition("/")
                    at_ns = round(found["LastModified"].timestamp() * 1000) * 1_000_000
                    if is_place(place):
                        folders[place][name] = StoredFile(found["Size"], at_ns)
                    elif not place and name and name[0] not in "._" and name != IDENTITY:
                        loose.append(Stray(name, "no_manifest", at_ns))
        drops = (found_drop(place, files) for place, files in folders.items())
        bare = (
            Stray(place, "no_manifest", max(one.changed_ns for one in files.values()))
            for place, files in folders.items()
            if MANIFEST_NAME not in files
        )
        return Listing(tuple(drop for drop in drops if drop), (*loose, *bare))
