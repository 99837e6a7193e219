"""What a backup says of itself. It is written last: files without it are no backup."""

import hashlib
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from resources.errors import BackupError

_CHECKSUM = "checksum"


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Kept(_Said):
    """One file of a backup, or inside of one of its archives."""

    name: str
    size_bytes: int
    sha256: str

    def check(self, payload: bytes, where: str) -> None:
        """Raise BackupError, naming the file, unless these are the bytes that were kept."""
        if len(payload) != self.size_bytes or sha256(payload) != self.sha256:
            raise BackupError(
                f"{where} is damaged: it is not what was kept. Restore another backup; "
                "`restore --list` names them"
            )


class TableBackup(_Said):
    """One table, as of one metadata file.

    Attributes:
        key: `layer/name`.
        metadata_location: what the catalogue pointed at.
        snapshot_id: the current snapshot, None for a table never committed.
        data_files, data_bytes: those of the current snapshot; they are not in the backup.
        archive: a zip with the metadata files.
        files: what is in it; each name is the place where the file belongs.
    """

    key: str
    metadata_location: str
    snapshot_id: int | None
    data_files: int
    data_bytes: int
    archive: Kept
    files: tuple[Kept, ...]


class DatabaseBackup(_Said):
    """Dagster's own storage.

    Attributes:
        kind: what it is in; `none`: there was none yet.
        archive: None where it could not be copied from here.
        files: SQLite files in the archive, each named by its place in the storage's folder.
        note: what a person must know, or do.
    """

    kind: Literal["sqlite", "postgresql", "other", "none"]
    archive: Kept | None
    files: tuple[Kept, ...]
    note: str


_NO_REGISTRY = DatabaseBackup(
    kind="none", archive=None, files=(), note="this backup has no model registry"
)


class BackupManifest(_Said):
    """A whole backup.

    Attributes:
        name: the instant at which it began; nothing in it is older.
        warehouse_uri: where the tables are; metadata holds absolute places.
        removes: older backups that this one made superfluous, by policy.
        registry: of models; backups of before it was kept have none.
    """

    format_version: Literal[1] = 1
    name: str
    begun_at_utc: str
    seconds: float
    code_version: str
    warehouse_uri: str
    namespaces: tuple[str, ...]
    tables: tuple[TableBackup, ...]
    dagster: DatabaseBackup
    removes: tuple[str, ...]
    registry: DatabaseBackup = _NO_REGISTRY

    @property
    def begun_at(self) -> datetime:
        """When it began, UTC."""
        return datetime.fromisoformat(self.begun_at_utc)

    @property
    def files(self) -> int:
        """Metadata files of all tables."""
        return sum(len(table.files) for table in self.tables)

    @property
    def size_bytes(self) -> int:
        """Size of the archives, B."""
        databases = (self.dagster.archive, self.registry.archive)
        return sum(
            archive.size_bytes
            for archive in (*databases, *(table.archive for table in self.tables))
            if archive
        )

    def to_json(self) -> bytes:
        """The manifest as text, sealed with a checksum of itself."""
        body = self.model_dump_json()
        return f'{{"{_CHECKSUM}":"{sha256(body.encode())}","backup":{body}}}\n'.encode()

    @classmethod
    def from_json(cls, payload: bytes, where: str) -> "BackupManifest":
        """Read and check a sealed manifest.

        Raises:
            BackupError: it is not what was written, or of a version that is not known here.
        """
        try:
            sealed = _Sealed.model_validate_json(payload)
        except ValidationError as error:
            raise BackupError(
                f"{where} is damaged, or written by another version: restore another backup; "
                "`restore --list` names them"
            ) from error
        # What was written, and not what later versions add to it.
        if sha256(sealed.backup.model_dump_json(exclude_unset=True).encode()) != sealed.checksum:
            raise BackupError(
                f"{where} is damaged: its checksum does not agree. Restore another backup; "
                "`restore --list` names them"
            )
        return sealed.backup


class _Sealed(_Said):
    checksum: str
    backup: BackupManifest


def kept(name: str, payload: bytes) -> Kept:
    """What is to be said of a file that goes into a backup."""
    return Kept(name=name, size_bytes=len(payload), sha256=sha256(payload))


def sha256(payload: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(payload).hexdigest()
