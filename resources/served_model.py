"""The model that serves, also while the registry is down.

Each time the registry says which version is champion, its payload and what is known of it are kept
in a folder of our own: payloads under their hash, written once, then `champion.json`, replaced in
one step. When the registry does not answer, or its champion is damaged, what was kept serves on,
and says how old it is.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from resources.errors import ResourceError
from resources.model_registry import (
    Alias,
    ModelDamagedError,
    ModelRegistry,
    ModelVersion,
    model_name,
)
from resources.object_folder import LocalFolder, ObjectFolder, S3Folder, ensure
from resources.object_store import is_s3, s3_client, split_s3


@dataclass(frozen=True)
class ServedModel:
    """A model to predict with.

    Attributes:
        payload: checked against the hash that it was registered with.
        age_d: days from the last day that it was trained on until today.
        is_from_cache: whether the registry could not say that it is still the champion.
        confirmed_on: the day on which the registry last said so.
        why: what kept the registry from serving, or from being remembered; empty: nothing.
    """

    payload: bytes
    version: ModelVersion
    age_d: int
    is_from_cache: bool
    confirmed_on: date
    why: str


@dataclass(frozen=True)
class NoModel:
    """Nothing to predict with: no champion yet, or none that can be reached.

    Attributes:
        why: for a person; it names what to do.
    """

    name: str
    why: str


@dataclass(frozen=True)
class _Kept:
    version: ModelVersion
    confirmed_on: date
    payload: bytes


class ServedModels:
    """The champions of a registry, with what was kept of them.

    Args:
        registry: asked first, each time.
        kept: a folder for this use alone, as `kept_models` gives it.
    """

    def __init__(self, registry: ModelRegistry, kept: ObjectFolder) -> None:
        self._registry = registry
        self._kept = kept

    def serve(self, name: str, today: date) -> ServedModel | NoModel:
        """The champion of a model, as the registry or else our own folder has it.

        A registry that has no champion is taken for one that lost it if a champion was kept:
        withdrawing a model is a rollback, not a gap.
        """
        kept = self._remembered(model_name(name))
        try:
            version = self._registry.version(name, Alias.CHAMPION)
            payload = self._payload(version, kept)
        except (ResourceError, OSError) as error:
            # A path, or what a library says, is for the log of whoever looks into it.
            said = error if isinstance(error, ResourceError) else type(error).__name__
            return _from_cache(name, kept, today, f"{said}")
        why = self._remember(version, payload, today, kept)
        return ServedModel(payload, version, _age_d(version, today), False, today, why)

    def _payload(self, version: ModelVersion, kept: _Kept | None) -> bytes:
        """The champion's payload; what is kept already need not be fetched."""
        if kept is not None and kept.version.sha256 == version.sha256:
            return kept.payload
        return self._registry.load(version)

    def _remembered(self, name: str) -> _Kept | None:
        """What was kept; None if there is nothing, or nothing that is whole."""
        try:
            told = json.loads(self._kept.read(f"{name}/champion.json"))
            version = _version(told)
            payload = version.checked(self._kept.read(_payload_name(version)))
        except (OSError, ValueError, KeyError, TypeError, ModelDamagedError):
            return None
        except Exception as error:
            if _is_of_store(error):
                return None
            raise
        return _Kept(version, date.fromisoformat(told["confirmed_on"]), payload)

    def _remember(
        self, version: ModelVersion, payload: bytes, today: date, kept: _Kept | None
    ) -> str:
        """Keep the champion; why that was not possible, if it was not."""
        if kept is not None and kept.version == version and kept.confirmed_on >= today:
            return ""
        try:
            if not ensure(self._kept, _payload_name(version), payload):
                self._kept.replace(_payload_name(version), payload)  # it was damaged
            self._kept.replace(f"{version.name}/champion.json", _told(version, today))
        except Exception as error:
            if isinstance(error, OSError) or _is_of_store(error):
                return (
                    f"{version.name} version {version.version} serves, and could not be kept for "
                    f"when the registry is down ({type(error).__name__})"
                )
            raise
        return ""


def kept_models(uri: str, s3: Mapping[str, str]) -> ObjectFolder:
    """Where champions are kept: a folder, or `s3://bucket/prefix` with the store's options."""
    return S3Folder(s3_client(s3), *split_s3(uri)) if is_s3(uri) else LocalFolder(Path(uri))


def _from_cache(name: str, kept: _Kept | None, today: date, why: str) -> ServedModel | NoModel:
    if kept is None:
        return NoModel(name, f"{why}; and no champion was kept from before")
    return ServedModel(
        payload=kept.payload,
        version=kept.version,
        age_d=_age_d(kept.version, today),
        is_from_cache=True,
        confirmed_on=kept.confirmed_on,
        why=f"{why}; version {kept.version.version}, champion on {kept.confirmed_on}, serves on",
    )


def _age_d(version: ModelVersion, today: date) -> int:
    return max(0, (today - version.trained_through).days)


def _payload_name(version: ModelVersion) -> str:
    return f"{version.name}/{version.sha256}.json"


def _told(version: ModelVersion, confirmed_on: date) -> bytes:
    told = asdict(replace(version, tags=dict(version.tags))) | {"confirmed_on": confirmed_on}
    return json.dumps(told, sort_keys=True, indent=1, default=_iso).encode()


def _iso(value: date) -> str:
    return value.isoformat()


def _version(told: Mapping[str, Any]) -> ModelVersion:
    return ModelVersion(
        name=told["name"],
        version=int(told["version"]),
        run_id=told["run_id"],
        created_at_utc=datetime.fromisoformat(told["created_at_utc"]),
        trained_through=date.fromisoformat(told["trained_through"]),
        sha256=told["sha256"],
        tags=dict(told["tags"]),
    )


def _is_of_store(error: Exception) -> bool:
    """Whether an object store is to blame."""
    return type(error).__module__.partition(".")[0] in {"botocore", "boto3", "urllib3"}
