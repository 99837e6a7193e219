"""The files under a place of the warehouse: listed with size and age, and removed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from resources.errors import ResourceError
from resources.object_store import delete_keys, s3_client, split_s3


@dataclass(frozen=True)
class StoredFile:
    """A file as it lies there.

    Attributes:
        path: a local path, or `s3://bucket/key`; as `plain_path` gives it.
        modified_ms: when it was written, ms since 1970.
    """

    path: str
    bytes: int
    modified_ms: int


def plain_path(location: str) -> str:
    """One spelling for a file, whoever named it: a local path, or `s3://bucket/key`."""
    if location.startswith("file:"):
        return url2pathname(urlsplit(location).path)
    scheme, mark, rest = location.partition("://")
    return f"s3://{rest}" if mark and scheme in {"s3a", "s3n"} else location


def list_files(location: str, s3: Mapping[str, str]) -> Iterator[StoredFile]:
    """Every file below a place; none where the place is not there.

    Args:
        s3: options of the object store, as in `Settings.s3`.
    """
    place = plain_path(location)
    return _list_s3(place, s3) if place.startswith("s3://") else _list_folder(Path(place))


def delete_files(paths: Sequence[str], s3: Mapping[str, str]) -> dict[str, str]:
    """Remove files; one that is gone already counts as removed.

    Returns:
        By path, why a file could not be removed.
    """
    remote = [path for path in paths if path.startswith("s3://")]
    refused = _delete_s3(remote, s3) if remote else {}
    for path in paths:
        if path.startswith("s3://"):
            continue
        try:
            Path(path).unlink(missing_ok=True)
        except OSError as error:
            refused[path] = str(error.strerror)
            continue
        with suppress(OSError):  # a partition's folder goes with its last file
            Path(path).parent.rmdir()
    return refused


def _list_folder(folder: Path) -> Iterator[StoredFile]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)  # noqa: PTH118 - a hundred thousand of them
            with suppress(FileNotFoundError):  # a writer took it back meanwhile
                found = os.stat(path)  # noqa: PTH116
                yield StoredFile(path, found.st_size, found.st_mtime_ns // 1_000_000)


def _list_s3(place: str, s3: Mapping[str, str]) -> Iterator[StoredFile]:
    bucket, prefix = split_s3(place)
    pages = (
        s3_client(s3).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    )
    for page in pages:
        for found in page.get("Contents", ()):
            yield StoredFile(
                f"s3://{bucket}/{found['Key']}",
                found["Size"],
                int(found["LastModified"].timestamp() * 1000),
            )


def _delete_s3(paths: Sequence[str], s3: Mapping[str, str]) -> dict[str, str]:
    (bucket,) = {split_s3(path)[0] for path in paths}
    keys = [path.removeprefix(f"s3://{bucket}/") for path in paths]
    refused = delete_keys(s3_client(s3), bucket, keys)
    return {f"s3://{bucket}/{key}": why for key, why in refused.items()}


def check_inside(location: str, warehouse: str) -> None:
    """Refuse to clean a place that is not below the warehouse.

    Raises:
        ResourceError: it is not; another program's files may stand there.
    """
    place, root = plain_path(location), plain_path(warehouse).rstrip("/")
    if not place.startswith(f"{root}/") or ".." in place.split("/"):
        raise ResourceError(
            f"{location} does not lie below the warehouse {warehouse}: its files are left alone; "
            "set SPORTS_WAREHOUSE_URI to where its tables are"
        )
