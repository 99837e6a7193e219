"""Table files on this machine that outlive a power cut.

A commit moves the catalogue's pointer, and a database writes that through to the disk. The library
leaves the files that it points at in memory, for the system to write some time: a power cut within
half a minute would leave a table whose newest files are empty. An object store needs none of this.
"""

import os
from pathlib import Path
from typing import Self

from pyiceberg.io import OutputStream
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO


class DurableFileIO(PyArrowFileIO):
    """The library's own files, each on the disk before it counts as written."""

    def new_output(self, location: str) -> PyArrowFile:
        """A file to be written; see `FileIO.new_output`."""
        file = super().new_output(location)
        scheme, _, path = self.parse_location(location, self.properties)
        return _DurableFile(location, path, file._filesystem) if scheme == "file" else file  # noqa: SLF001


class _DurableFile(PyArrowFile):
    def create(self, overwrite: bool = False) -> OutputStream:
        return _DurableStream(super().create(overwrite), Path(self._path))


class _DurableStream(OutputStream):
    """What is written goes to a stream of the library's; closed, it is on the disk."""

    def __init__(self, stream: OutputStream, path: Path) -> None:
        self._stream = stream
        self._path = path
        self.closed = False

    def write(self, b: bytes) -> int:
        return self._stream.write(b)

    def tell(self) -> int:
        return self._stream.tell()

    def flush(self) -> None:
        """Nothing is promised before the end."""

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._stream.close()
        # A partition's folder may be as new as its file: its name stands in the one above.
        for place in (self._path, self._path.parent, self._path.parent.parent):
            _sync(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
