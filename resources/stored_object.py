"""An object of a folder or an object store, opened to be read here and there.

Of an object in a store only what is read is fetched: a moment of a match of two gigabytes costs the
file's index and the moment.
"""

import io
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from botocore.exceptions import ClientError

from edge_ingest.scratch import scratch_folder
from resources.object_store import is_s3, s3_client, split_s3

_ABSENT = {"NoSuchKey", "404"}
#: Fetched at a time, B: a request costs as long as half a megabyte or so.
_BLOCK = 1 << 20
#: Blocks kept: a demuxer goes back and forth between an index and what it points to.
_KEPT = 16


@contextmanager
def open_object(uri: str, s3: Mapping[str, str]) -> Iterator[BinaryIO]:
    """Open an object to read and seek in.

    Args:
        uri: a path, or `s3://bucket/key`.
        s3: options as of `resources.object_store`.

    Raises:
        FileNotFoundError: there is none.
    """
    if not is_s3(uri):
        with Path(uri).open("rb") as handle:
            yield handle
        return
    bucket, key = split_s3(uri)
    client = s3_client(s3)
    try:
        size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            raise FileNotFoundError(f"there is no {uri}") from error
        raise
    with RangedObject(client, bucket, key, size) as ranged:
        yield cast("BinaryIO", ranged)


@contextmanager
def local_copy(uri: str, s3: Mapping[str, str], scratch: Path) -> Iterator[Path]:
    """An object as a file of this machine: itself, or a copy that is gone afterwards.

    Args:
        scratch: folder on whose disk a copy may lie: a video of an hour takes some gigabytes.

    Raises:
        FileNotFoundError: there is none.
    """
    if not is_s3(uri):
        if not Path(uri).is_file():
            raise FileNotFoundError(f"there is no {uri}")
        yield Path(uri)
        return
    bucket, key = split_s3(uri)
    with scratch_folder(scratch) as folder:
        path = folder / Path(key).name
        try:
            s3_client(s3).download_file(bucket, key, str(path))
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                raise FileNotFoundError(f"there is no {uri}") from error
            raise
        yield path


class RangedObject(io.RawIOBase):
    """A file over an object in a store, by requests for ranges of it.

    Attributes:
        fetched: bytes that were asked of the store.
    """

    def __init__(self, client: Any, bucket: str, key: str, size: int) -> None:  # noqa: ANN401
        super().__init__()
        self._client, self._bucket, self._key, self._size = client, bucket, key, size
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.fetched = 0

    @property
    def name(self) -> str:
        """Where it is."""
        return f"s3://{self._bucket}/{self._key}"

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is fetched."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """The next bytes, fewer at the end."""
        end = self._size if size < 0 else min(self._size, self._at + size)
        parts = []
        while self._at < end:
            number, offset = divmod(self._at, _BLOCK)
            part = self._block(number)[offset : offset + end - self._at]
            parts.append(part)
            self._at += len(part)
        return b"".join(parts)

    def _block(self, number: int) -> bytes:
        if (known := self._blocks.get(number)) is not None:
            self._blocks.move_to_end(number)
            return known
        first, last = number * _BLOCK, min(self._size, (number + 1) * _BLOCK) - 1
        found = self._client.get_object(
            Bucket=self._bucket, Key=self._key, Range=f"bytes={first}-{last}"
        )
        block: bytes = found["Body"].read()
        self.fetched += len(block)
        self._blocks[number] = block
        if len(self._blocks) > _KEPT:
            self._blocks.popitem(last=False)
        return block
