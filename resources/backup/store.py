"""Where backups are kept: a folder, or a prefix of a bucket.

`archives/<name>/…` holds what was copied, `manifests/<name>.json` says what that is, and comes
last: a backup without its manifest is not whole, and nothing here takes it for one.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from resources.backup.manifest import BackupManifest, Kept, kept
from resources.errors import BackupError
from resources.object_folder import LocalFolder, ObjectFolder, S3Folder, ensure
from resources.object_store import delete_keys, is_s3, s3_client, split_s3

_MANIFESTS = "manifests"
_ARCHIVES = "archives"


class _RemovingFolder(ObjectFolder, Protocol):
    def folders(self, folder: str) -> list[str]: ...

    def remove(self, name: str) -> None: ...

    def remove_folder(self, folder: str) -> None: ...


class BackupStore:
    """Backups by name.

    Args:
        folder: its storage.
    """

    def __init__(self, folder: _RemovingFolder) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing stays open."""

    def whole(self) -> tuple[str, ...]:
        """Names of the backups that were finished, oldest first."""
        names = (Path(name).name for name in self._folder.names(_MANIFESTS))
        return tuple(name.removesuffix(".json") for name in names if name.endswith(".json"))

    def unfinished(self) -> tuple[str, ...]:
        """Names of those that were begun and not finished, oldest first."""
        return tuple(sorted(set(self._folder.folders(_ARCHIVES)) - set(self.whole())))

    def put(self, backup: str, name: str, payload: bytes) -> Kept:
        """Keep a file of a backup that is being made.

        Raises:
            BackupError: another process makes a backup of this name.
        """
        object_name = f"{_ARCHIVES}/{backup}/{name}"
        if not ensure(self._folder, object_name, payload):
            raise BackupError(
                f"{self._folder.uri(object_name)} is there already: another backup began in the "
                "same second; run it again"
            )
        return kept(name, payload)

    def finish(self, manifest: BackupManifest) -> str:
        """Make a backup whole; returns where its manifest is.

        Raises:
            BackupError: another process has finished a backup of this name.
        """
        name = _manifest_name(manifest.name)
        if not ensure(self._folder, name, manifest.to_json()):
            raise BackupError(f"{self._folder.uri(name)} is there already: run the backup again")
        return self._folder.uri(name)

    def manifest(self, backup: str) -> BackupManifest:
        """What a backup is.

        Raises:
            BackupError: there is none of that name, it was never finished, or it is damaged.
        """
        name = _manifest_name(backup)
        where = self._folder.uri(name)
        try:
            payload = self._folder.read(name)
        except FileNotFoundError:
            raise BackupError(
                f"there is no whole backup {backup}: {where} is missing. `restore --list` names "
                "those that there are"
            ) from None
        manifest = BackupManifest.from_json(payload, where)
        if manifest.name != backup:
            raise BackupError(f"{where} is the manifest of {manifest.name}: put it back there")
        return manifest

    def get(self, backup: str, archive: Kept) -> bytes:
        """A file of a whole backup, checked.

        Raises:
            BackupError: it is missing, or not what was kept.
        """
        name = f"{_ARCHIVES}/{backup}/{archive.name}"
        try:
            payload = self._folder.read(name)
        except FileNotFoundError:
            raise BackupError(
                f"backup {backup} is damaged: {self._folder.uri(name)} is missing. Restore another "
                "backup; `restore --list` names them"
            ) from None
        archive.check(payload, self._folder.uri(name))
        return payload

    def remove(self, backup: str) -> None:
        """Remove a backup, its manifest first: what is left of it is no backup.

        Raises:
            BackupError: the object store refuses to delete some of it.
        """
        self._folder.remove(_manifest_name(backup))
        self._folder.remove_folder(f"{_ARCHIVES}/{backup}")


class _LocalBackups(LocalFolder):
    """A folder whose objects may be removed."""

    def folders(self, folder: str) -> list[str]:
        place = self._path(folder)
        return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def remove_folder(self, folder: str) -> None:
        if (place := self._path(folder)).is_dir():
            shutil.rmtree(place)


class _S3Backups(S3Folder):
    """A prefix whose objects may be removed."""

    def folders(self, folder: str) -> list[str]:
        start = f"{self._key(folder)}/"
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=start, Delimiter="/"
        )
        return sorted(
            found["Prefix"].removeprefix(start).rstrip("/")
            for page in pages
            for found in page.get("CommonPrefixes", ())
        )

    def remove(self, name: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def remove_folder(self, folder: str) -> None:
        keys = [self._key(name) for name in self.names(folder)]
        if refused := delete_keys(self._client, self._bucket, keys):
            key, why = next(iter(refused.items()))
            raise BackupError(
                f"{len(refused)} files of a backup that is kept no longer could not be deleted, "
                f"the first s3://{self._bucket}/{key} ({why}): allow s3:DeleteObject there; the "
                "next backup tries again"
            )


def backup_store(uri: str, s3: Mapping[str, str]) -> BackupStore:
    """A backup store by its URI: a folder, or `s3://bucket/prefix` with the store's options."""
    folder: _RemovingFolder = (
        _S3Backups(s3_client(s3), *split_s3(uri)) if is_s3(uri) else _LocalBackups(Path(uri))
    )
    return BackupStore(folder)


def _manifest_name(backup: str) -> str:
    return f"{_MANIFESTS}/{backup}.json"
