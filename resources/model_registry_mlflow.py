"""The model registry in MLflow: its database directly (SQLite, PostgreSQL), or a tracking server.

A version is a registered model's version whose tags say its hash: it is made in one step, after its
payload. Moves of aliases are versions of a second registered model, `<name>.aliases`, since MLflow
gives each number once: see `model_aliases`. MLflow's own aliases follow, for whoever looks there;
one that was set by hand in its pages moves nothing.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from resources.model_aliases import AliasHistory, AliasMove, alias_history
from resources.model_registry import (
    Alias,
    AliasMovedError,
    Because,
    ModelDamagedError,
    ModelVersion,
    RunRecord,
    UnknownModelError,
    instant,
    model_name,
)
from resources.model_registry_mlflow_open import answering, is_missing, is_taken, mlflow_client
from resources.model_registry_mlflow_run import (
    PAYLOAD,
    end_abandoned,
    experiment_of,
    run_tags,
    write_run,
)
from resources.object_store import is_s3

#: Times that MLflow's alias is set after ours, should others move it meanwhile.
_FOLLOWED = 5
_SHA256, _TRAINED, _CREATED = "sha256", "trained_through", "created_at_utc"
#: Tags of each move of an alias.
_MOVED_BY_US = frozenset(
    {"alias", "version", "expected", "is_rollback", "moved_by", "reason", "at_utc"}
)


class MlflowModelRegistry:
    """See `ModelRegistry`; nothing is opened before it is needed.

    Args:
        uri: `sqlite:///…`, `postgresql+psycopg2://…`, `http://…` or `https://…`.
        artifact_uri: a folder or `s3://bucket/prefix`; empty: where the tracking server keeps all.
        s3: options of the object store, as in `Settings.s3`.
    """

    def __init__(self, uri: str, artifact_uri: str, s3: Mapping[str, str]) -> None:
        self._uri = uri
        local = artifact_uri and not is_s3(artifact_uri)
        self._artifact_uri = Path(artifact_uri).absolute().as_uri() if local else artifact_uri
        self._s3 = s3

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - untyped library
        return mlflow_client(self._uri, self._s3)

    def log_and_register(self, record: RunRecord, payload: bytes) -> ModelVersion:
        """See `ModelRegistry.log_and_register`."""
        client, name = self._client, record.model_name
        with answering(self._uri):
            experiment_id = experiment_of(client, name, self._artifact_uri)
            end_abandoned(client, experiment_id, record.created_at_utc)
            run = write_run(client, experiment_id, record, payload)
            self._ensure_model(name, f"Versions of {name}.")
            made = client.create_model_version(
                name,
                source=f"{run.info.artifact_uri}/{PAYLOAD}",
                run_id=run.info.run_id,
                tags={
                    **run_tags(record),
                    _SHA256: hashlib.sha256(payload).hexdigest(),
                    _TRAINED: record.trained_through.isoformat(),
                    _CREATED: instant(record.created_at_utc).isoformat(),
                },
            )
        return _finished(made)

    def version(self, name: str, which: Alias | int) -> ModelVersion:
        """See `ModelRegistry.version`."""
        if isinstance(which, Alias):
            current = self.history(name, which).current
            if current is None:
                raise UnknownModelError(f"{name} has no {which}: train it, and let it be promoted")
            return self.version(name, current)
        with answering(self._uri):
            try:
                return _finished(self._client.get_model_version(model_name(name), str(which)))
            except Exception as error:
                if is_missing(error):
                    raise UnknownModelError(f"{name} has no version {which}") from error
                raise

    def versions(self, name: str) -> tuple[ModelVersion, ...]:
        """See `ModelRegistry.versions`."""
        found = [one for one in self._listed(model_name(name)) if _SHA256 in one.tags]
        return tuple(sorted(map(_finished, found), key=lambda one: -one.version))

    def load(self, version: ModelVersion) -> bytes:
        """See `ModelRegistry.load`."""
        with tempfile.TemporaryDirectory(prefix="touchline-model-") as folder:
            with answering(self._uri):
                kept = self._kept(version)
                if PAYLOAD not in kept:
                    raise ModelDamagedError(
                        f"{version.name} version {version.version} is damaged: its payload is not "
                        "there. Roll back, or train it anew"
                    )
                path = self._client.download_artifacts(version.run_id, PAYLOAD, folder)
            return version.checked(Path(path).read_bytes())

    def history(self, name: str, alias: Alias = Alias.CHAMPION) -> AliasHistory:
        """See `ModelRegistry.history`."""
        listed = self._listed(_aliases_of(model_name(name)))
        return alias_history([_move(one) for one in listed if _is_move(one)], alias)

    def set_alias(
        self, name: str, alias: Alias, version: int, *, expected: int | None, because: Because
    ) -> ModelVersion:
        """See `ModelRegistry.set_alias`."""
        target = self.version(name, version)
        if alias is Alias.CHAMPION:
            self.load(target)
        seen = self.history(name, alias).current
        if seen == version:
            self._follow(name, alias)
            return target
        if seen != expected:
            raise _moved(name, alias, expected, seen)
        self._add(name, alias, version, expected, because, is_rollback=False)
        return target

    def rollback(self, name: str, *, to: int | None = None, because: Because) -> ModelVersion:
        """See `ModelRegistry.rollback`."""
        seen = self.history(name, Alias.CHAMPION)
        if seen.current is None or (to is None and not seen.former):
            raise UnknownModelError(f"{name} had no champion before: none to go back to")
        served = sorted({move.version for move in seen.moves})
        if to is not None and to not in served:
            raise UnknownModelError(
                f"{name} version {to} never served: nobody decided on it. Those that did: "
                f"{', '.join(map(str, served))}"
            )
        target = self._first_whole(name, seen.former if to is None else (to,))
        if target.version == seen.current:
            return target
        self._add(name, Alias.CHAMPION, target.version, seen.current, because, is_rollback=True)
        return target

    def _first_whole(self, name: str, numbers: tuple[int, ...]) -> ModelVersion:
        """The first of some versions whose payload is whole; there is one number at least."""
        for number in numbers:
            try:
                target = self.version(name, number)
                self.load(target)
            except (ModelDamagedError, UnknownModelError):
                if number == numbers[-1]:
                    raise
            else:
                return target
        raise AssertionError("no number was given")

    def _add(
        self,
        name: str,
        alias: Alias,
        version: int,
        expected: int | None,
        because: Because,
        *,
        is_rollback: bool,
    ) -> None:
        """Ask for a move, and see whether it counts.

        Raises:
            AliasMovedError: it does not.
        """
        with answering(self._uri):
            self._ensure_model(
                _aliases_of(name), f"Moves of aliases of {name}, in order. Written by Touchline."
            )
            made = self._client.create_model_version(
                _aliases_of(name),
                source=f"models:/{name}/{version}",
                tags={
                    "alias": alias.value,
                    "version": str(version),
                    "expected": str(expected or ""),
                    "is_rollback": str(is_rollback).lower(),
                    "moved_by": because.moved_by,
                    "reason": because.reason,
                    "at_utc": instant(because.at_utc).isoformat(),
                },
            )
        history = self.history(name, alias)
        if int(made.version) not in {move.number for move in history.moves}:
            raise _moved(name, alias, expected, history.current)
        self._follow(name, alias)

    def _follow(self, name: str, alias: Alias) -> None:
        """Let MLflow's own alias stand where ours does, whoever else moves it meanwhile."""
        with answering(self._uri):
            for _ in range(_FOLLOWED):
                current = self.history(name, alias).current
                stands = self._client.get_registered_model(name).aliases.get(alias.value)
                if current is None or str(stands) == str(current):
                    return
                self._client.set_registered_model_alias(name, alias.value, str(current))

    def _kept(self, version: ModelVersion) -> set[str]:
        """Names of a run's artefacts; none if there is no such run."""
        try:
            return {one.path for one in self._client.list_artifacts(version.run_id)}
        except Exception as error:
            if is_missing(error):
                return set()
            raise

    def _listed(self, registered: str) -> list[Any]:
        found: list[Any] = []
        token: str | None = None
        with answering(self._uri):
            while True:
                page = self._client.search_model_versions(f"name='{registered}'", page_token=token)
                found += page
                if not (token := page.token):
                    return found

    def _ensure_model(self, registered: str, description: str) -> None:
        try:
            self._client.create_registered_model(registered, description=description)
        except Exception as error:
            if not is_taken(error):
                raise


def _finished(found: Any) -> ModelVersion:  # noqa: ANN401 - MLflow's own version
    """A version as ours.

    Raises:
        UnknownModelError: nobody finished it, or it was registered by other means.
    """
    tags = dict(found.tags)
    try:
        digest, trained, created = (tags.pop(name) for name in (_SHA256, _TRAINED, _CREATED))
    except KeyError as error:
        raise UnknownModelError(
            f"{found.name} version {found.version} was not registered by Touchline: it says no "
            f"{error.args[0]}"
        ) from None
    return ModelVersion(
        name=found.name,
        version=int(found.version),
        run_id=found.run_id,
        created_at_utc=datetime.fromisoformat(created).astimezone(UTC),
        trained_through=date.fromisoformat(trained),
        sha256=digest,
        tags=tags,
    )


def _is_move(found: Any) -> bool:  # noqa: ANN401 - MLflow's own version
    """Whether we wrote it: one that was added by hand in MLflow's pages moves nothing."""
    return set(found.tags) >= _MOVED_BY_US


def _move(found: Any) -> AliasMove:  # noqa: ANN401 - MLflow's own version
    tags = found.tags
    return AliasMove(
        number=int(found.version),
        alias=tags["alias"],
        version=int(tags["version"]),
        expected=int(tags["expected"]) if tags["expected"] else None,
        is_rollback=tags["is_rollback"] == "true",
        moved_by=tags["moved_by"],
        reason=tags["reason"],
        at_utc=datetime.fromisoformat(tags["at_utc"]),
    )


def _aliases_of(name: str) -> str:
    return f"{name}.aliases"


def _moved(name: str, alias: Alias, expected: int | None, seen: int | None) -> AliasMovedError:
    def place(version: int | None) -> str:
        return "not set" if version is None else f"version {version}"

    return AliasMovedError(
        f"the {alias} of {name} is {place(seen)} by now, and the decision was made against "
        f"{place(expected)}: compare with what stands there, and decide again"
    )
