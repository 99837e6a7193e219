"""Metadata files of a table held in memory: read once from where they are, or from a backup."""

import io
from collections.abc import Mapping

from pyiceberg.exceptions import ValidationError
from pyiceberg.io import FileIO, InputFile, OutputFile
from pyiceberg.manifest import DataFile
from pyiceberg.serializers import FromInputFile
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot

#: What reading a table's metadata file raises where it is gone, or was cut short by a power cut.
UNREADABLE = (FileNotFoundError, ValidationError)


class KeptFiles(FileIO):
    """Files by location; what is not held yet is read from `source`, and then held.

    Args:
        files: what is held from the start.
        source: None where nothing but that may be read.
    """

    def __init__(self, files: Mapping[str, bytes], source: FileIO | None = None) -> None:
        super().__init__()
        self.held = dict(files)
        self._source = source

    def new_input(self, location: str) -> InputFile:
        """The file at a location; raises FileNotFoundError where it is nowhere."""
        if location not in self.held:
            if self._source is None:
                raise FileNotFoundError(f"{location} is not among the files that were kept")
            with self._source.new_input(location).open() as stream:
                self.held[location] = stream.read()
        return _HeldFile(location, self.held[location])

    def new_output(self, location: str) -> OutputFile:
        """Nothing is written here."""
        raise NotImplementedError(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Nothing is removed here."""
        raise NotImplementedError(location)


class _HeldFile(InputFile):
    def __init__(self, location: str, payload: bytes) -> None:
        super().__init__(location)
        self._payload = payload

    def __len__(self) -> int:
        return len(self._payload)

    def exists(self) -> bool:
        return True

    def open(self, seekable: bool = True) -> io.BytesIO:  # noqa: ARG002 - the library's signature
        return io.BytesIO(self._payload)


def read_metadata(files: FileIO, metadata_location: str) -> TableMetadata:
    """A table's metadata file, understood."""
    return FromInputFile.table_metadata(files.new_input(metadata_location))


def hold_all(files: KeptFiles, metadata_location: str) -> TableMetadata:
    """Hold every metadata file of a table: its metadata, manifest lists and manifests.

    Raises:
        FileNotFoundError: one is not there.
    """
    metadata = read_metadata(files, metadata_location)
    for snapshot in metadata.snapshots:
        for manifest in snapshot.manifests(files):
            files.new_input(manifest.manifest_path)
    return metadata


def live_files(files: FileIO, snapshot: Snapshot | None) -> list[DataFile]:
    """Data files that a snapshot reads, and delete files if it has any."""
    if snapshot is None:
        return []
    return [
        entry.data_file
        for manifest in snapshot.manifests(files)
        for entry in manifest.fetch_manifest_entry(files)
    ]
