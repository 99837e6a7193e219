"""A folder of objects that are written once: on this machine, or in an object store.

Names are relative, with `/` between their parts. Only `replace` changes an object; nothing removes
one.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError

from resources.errors import ResourceError, TooLargeError
from resources.object_store import is_s3, s3_client, split_s3

_UNFINISHED = ".writing-"
_ABSENT = {"NoSuchKey", "404"}
_TAKEN = {"PreconditionFailed", "412"}
#: Another writer of the same name was at work: only a second attempt tells who was first.
_CONTESTED = {"ConditionalRequestConflict", "409"}
#: What a writer that died left beside its place is removed by the next one, after so long, s.
_ABANDONED_S = 3600
#: Read at a time where an object is only measured, B.
_PIECE = 1 << 20


class ObjectFolder(Protocol):
    """What both kinds of folder can do."""

    def read(self, name: str, at_most: int | None = None) -> bytes:
        """The bytes of an object.

        Raises:
            FileNotFoundError: there is none.
            TooLargeError: it has more bytes than `at_most`; none of them was read.
        """
        ...

    def measure(self, name: str, at_most: int | None = None) -> tuple[int, str]:
        """Size, B, and sha256 of an object, read in pieces: it may be larger than the memory.

        Raises:
            FileNotFoundError: there is none.
            TooLargeError: it has more bytes than `at_most`; none of them was read.
        """
        ...

    def create(self, name: str, payload: bytes) -> bool:
        """Write a new object, whole or not at all; false, and nothing done, if it is there."""
        ...

    def replace(self, name: str, payload: bytes) -> None:
        """Write an object, whole or not at all, whether or not it is there."""
        ...

    def names(self, folder: str) -> list[str]:
        """Names of the objects in a folder (not of those in folders below), in order."""
        ...

    def uri(self, name: str) -> str:
        """Where an object is, as a person or another program finds it."""
        ...


class LocalFolder:
    """A folder of this machine, made on the first write."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str, at_most: int | None = None) -> bytes:
        """See `ObjectFolder.read`."""
        with self._opened(name, at_most) as handle:
            return handle.read()

    def measure(self, name: str, at_most: int | None = None) -> tuple[int, str]:
        """See `ObjectFolder.measure`."""
        with self._opened(name, at_most) as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
            return handle.tell(), digest

    def create(self, name: str, payload: bytes) -> bool:
        """See `ObjectFolder.create`; durable when it returns."""
        target = self._path(name)
        with written_beside(target, payload) as unfinished:
            try:
                # A link, unlike a rename, fails if the name is taken.
                target.hardlink_to(unfinished)
            except FileExistsError:
                return False
        return True

    def replace(self, name: str, payload: bytes) -> None:
        """See `ObjectFolder.replace`; durable when it returns."""
        target = self._path(name)
        with written_beside(target, payload) as unfinished:
            unfinished.replace(target)

    def names(self, folder: str) -> list[str]:
        """See `ObjectFolder.names`."""
        place = self._path(folder)
        found = place.iterdir() if place.is_dir() else iter(())
        return sorted(
            f"{folder}/{path.name}"
            for path in found
            if path.is_file() and not path.name.startswith(_UNFINISHED)
        )

    def uri(self, name: str) -> str:
        """See `ObjectFolder.uri`."""
        return str(self._path(name))

    @contextmanager
    def _opened(self, name: str, at_most: int | None) -> Iterator[io.BufferedReader]:
        with self._path(name).open("rb") as handle:
            check_size(self.uri(name), os.fstat(handle.fileno()).st_size, at_most)
            yield handle

    def _path(self, name: str) -> Path:
        return self._root / checked(name)


class S3Folder:
    """A prefix of a bucket.

    Args:
        client: a boto3 client, as `object_store.s3_client` makes it.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:  # noqa: ANN401
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def read(self, name: str, at_most: int | None = None) -> bytes:
        """See `ObjectFolder.read`; any other fault is the SDK's own error, and worth a retry."""
        with self._opened(name, at_most) as body:
            payload: bytes = body.read()
            return payload

    def measure(self, name: str, at_most: int | None = None) -> tuple[int, str]:
        """See `ObjectFolder.measure`; faults as in `read`."""
        digest, size = hashlib.sha256(), 0
        with self._opened(name, at_most) as body:
            for piece in body.iter_chunks(_PIECE):
                digest.update(piece)
                size += len(piece)
        return size, digest.hexdigest()

    @contextmanager
    def _opened(self, name: str, at_most: int | None) -> Iterator[Any]:
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._key(name))
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                raise FileNotFoundError(f"there is no {self.uri(name)}") from error
            raise
        with closing(found["Body"]) as body:
            check_size(self.uri(name), found["ContentLength"], at_most)
            yield body

    def create(self, name: str, payload: bytes) -> bool:
        """See `ObjectFolder.create`; any other fault is the SDK's own error, and worth a retry."""
        for is_last in (False, False, True):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=self._key(name), Body=payload, IfNoneMatch="*"
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in _TAKEN:
                    return False
                if code not in _CONTESTED or is_last:
                    raise
            else:
                break
        return True

    def replace(self, name: str, payload: bytes) -> None:
        """See `ObjectFolder.replace`."""
        self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=payload)

    def names(self, folder: str) -> list[str]:
        """See `ObjectFolder.names`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._key(folder)}/", Delimiter="/"
        )
        return sorted(
            found["Key"].removeprefix(self._prefix)
            for page in pages
            for found in page.get("Contents", ())
        )

    def uri(self, name: str) -> str:
        """See `ObjectFolder.uri`."""
        return f"s3://{self._bucket}/{self._key(name)}"

    def _key(self, name: str) -> str:
        return self._prefix + checked(name)


def checked(name: str) -> str:
    """The name, if it stays inside of its folder.

    Raises:
        ResourceError: it is empty, absolute, or climbs out.
    """
    if not name or name.startswith("/") or {"", ".", ".."} & set(name.split("/")):
        raise ResourceError(f"{name!r} is no name inside a folder: use parts joined by /")
    return name


def check_size(uri: str, size: int, at_most: int | None) -> None:
    """Refuse to read what is larger than it may be.

    Raises:
        TooLargeError: it is.
    """
    if at_most is not None and size > at_most:
        raise TooLargeError(f"{uri} has {size} bytes, and {at_most} at most are expected")


@contextmanager
def written_beside(target: Path, payload: bytes, *, may_make_folder: bool = True) -> Iterator[Path]:
    """A whole file beside its place, to be put into it; gone afterwards, the folder synced.

    What another writer left beside a place of this folder when it died is removed.

    Raises:
        FileNotFoundError: there is no folder, and none may be made.
    """
    if may_make_folder:
        target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=target.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o644)
        _remove_abandoned(unfinished)
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)
    _sync(target.parent)


def _remove_abandoned(beside: Path) -> None:
    """Remove unfinished files of writers that died, by the storage's own clock."""
    now = beside.stat().st_mtime
    for path in beside.parent.glob(f"{_UNFINISHED}*"):
        with suppress(FileNotFoundError):  # another writer was first
            if now - path.stat().st_mtime > _ABANDONED_S:
                path.unlink()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def ensure(folder: ObjectFolder, name: str, payload: bytes) -> bool:
    """Write a new object; false where the name is taken by other bytes.

    The same bytes are as good as written: a store whose answer got lost is asked again by the SDK,
    and says that the name is taken.
    """
    return folder.create(name, payload) or folder.read(name) == payload


def object_folder(uri: str, s3: Mapping[str, str]) -> ObjectFolder:
    """A folder by its URI: a path, or `s3://bucket/prefix` with the store's options."""
    if is_s3(uri):
        return S3Folder(s3_client(s3), *split_s3(uri))
    return LocalFolder(Path(uri))
