"""Trained models by name and version: what was tried, what serves, what served before.

A model serves under the alias `champion`; the one that would take its place is the `challenger`.
Aliases move by `set_alias` and `rollback` alone, and each move is kept: see `model_aliases`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Protocol

from resources.errors import CommitConflictError, ResourceError
from resources.model_aliases import AliasHistory
from resources.provenance import ProvenanceRef

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Alias(StrEnum):
    """Names under which a version is asked for."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


class RegistryUnavailableError(ResourceError):
    """The model registry does not answer as it should. Transient: the last champion serves on."""


class UnknownModelError(ResourceError):
    """There is no such model, version or alias, or nobody finished it."""


class ModelDamagedError(ResourceError):
    """A version's payload is not what was registered, or is not there. It stays so."""


class AliasMovedError(CommitConflictError):
    """Somebody else moved the alias since it was read: compare with what serves now."""


@dataclass(frozen=True)
class ModelVersion:
    """A finished model. Whether it serves is a matter of the aliases.

    Attributes:
        version: from 1, in the order of registration.
        run_id: the registry's run that tells how it was made.
        trained_through: the last day whose data it was fitted on.
        sha256: of the payload.
        tags: whatever else was said of it, such as `code_version`, `reason` and `provenance`.
    """

    name: str
    version: int
    run_id: str
    created_at_utc: datetime
    trained_through: date
    sha256: str
    tags: Mapping[str, str] = field(default_factory=dict)

    def checked(self, payload: bytes) -> bytes:
        """The payload, if it is this version's.

        Raises:
            ModelDamagedError: it is not.
        """
        found = hashlib.sha256(payload).hexdigest()
        if found != self.sha256:
            raise ModelDamagedError(
                f"{self.name} version {self.version} is damaged: its payload of {len(payload)} "
                f"bytes has the hash {found[:12]}…, and {self.sha256[:12]}… was registered. Roll "
                "back, or train it anew"
            )
        return payload


@dataclass(frozen=True)
class RunRecord:
    """What is to be known of a model that was trained. No athlete's values stand in it.

    Attributes:
        created_at_utc: when it was trained.
        trained_through: the last day whose data it was fitted on.
        reason: why it was trained, such as `first`, or the words of a retraining request.
        provenance: drops, snapshots, settings and code that it is a function of.
        metrics: of the evaluation; what is not finite is left out of the registry's charts.
        artifacts: files by name (`model_card.md`, `pictures/reliability.png`).
        dataset: its training data in numbers: rows, athletes, events, first and last day.
        tags: such as the id of the run that trained it.
    """

    model_name: str
    created_at_utc: datetime
    trained_through: date
    reason: str
    provenance: ProvenanceRef
    params: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    artifacts: Mapping[str, bytes] = field(default_factory=dict)
    dataset: Mapping[str, str | int | float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no registry could keep."""
        model_name(self.model_name)
        instant(self.created_at_utc)


@dataclass(frozen=True)
class Because:
    """Who moves an alias, why and when; kept with the move."""

    moved_by: str
    reason: str
    at_utc: datetime

    def __post_init__(self) -> None:
        """Refuse a move that nobody could account for."""
        if not self.moved_by.strip() or not self.reason.strip():
            raise ResourceError("an alias is moved by somebody, and for a reason: say both")
        instant(self.at_utc)


class ModelRegistry(Protocol):
    """What every registry can do.

    Any of them raises `RegistryUnavailableError` where the registry does not answer.
    """

    def log_and_register(self, record: RunRecord, payload: bytes) -> ModelVersion:
        """Keep a trained model with all that is known of it.

        The payload is kept before there is a version, so that a process that dies on the way leaves
        a run without a version, which nothing serves; the next registration marks it as killed.
        """
        ...

    def version(self, name: str, which: Alias | int) -> ModelVersion:
        """A finished version by number or alias.

        Raises:
            UnknownModelError: there is none.
        """
        ...

    def versions(self, name: str) -> tuple[ModelVersion, ...]:
        """All finished versions, the newest first; none for a model that nobody registered."""
        ...

    def load(self, version: ModelVersion) -> bytes:
        """The payload of a version, checked against its hash.

        Raises:
            ModelDamagedError: it is not what was registered, or not there.
        """
        ...

    def history(self, name: str, alias: Alias = Alias.CHAMPION) -> AliasHistory:
        """Where an alias stands, and every move that brought it there."""
        ...

    def set_alias(
        self, name: str, alias: Alias, version: int, *, expected: int | None, because: Because
    ) -> ModelVersion:
        """Move an alias, if it still stands where the caller saw it.

        Moving it to where it stands changes nothing. A champion's payload is checked first.

        Args:
            expected: the version that the decision was made against; None: it was not set.

        Raises:
            AliasMovedError: it has been moved since; of two that retrain at once, one wins.
            ModelDamagedError: a damaged model would become champion.
            UnknownModelError: there is no such version.
        """
        ...

    def rollback(self, name: str, *, to: int | None = None, because: Because) -> ModelVersion:
        """Let the champion before this one serve again, or the version `to`; the new champion.

        A former champion whose payload is damaged is passed over.

        Raises:
            UnknownModelError: there was no champion before, or there is no version `to`.
            ModelDamagedError: `to` is damaged, or every former champion is.
            AliasMovedError: the champion changed meanwhile: look again.
        """
        ...


def model_name(text: str) -> str:
    """A model's name, if it is one.

    Raises:
        ResourceError: it is not.
    """
    if not _NAME.fullmatch(text):
        raise ResourceError(f"{text!r} names no model: use lower-case letters, digits and _")
    return text


def instant(moment: datetime) -> datetime:
    """A moment in UTC.

    Raises:
        ResourceError: it has no zone.
    """
    if moment.tzinfo is None:
        raise ResourceError(f"{moment} has no time zone: instants are UTC")
    return moment.astimezone(UTC)
