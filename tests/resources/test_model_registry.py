"""The contract of the model registry, on MLflow's database and on its server."""

import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from resources.errors import CommitConflictError, ResourceError
from resources.model_registry import (
    Alias,
    AliasMovedError,
    Because,
    ModelDamagedError,
    RegistryUnavailableError,
    RunRecord,
    UnknownModelError,
)
from resources.model_registry_mlflow import MlflowModelRegistry
from tests.resources.mlflow_server import mlflow_server
from tests.resources.model_records import AT, BECAUSE, record, registry_in

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> MlflowModelRegistry:
    return registry_in(tmp_path_factory.mktemp("registry"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowModelRegistry]:
    with mlflow_server(tmp_path_factory.mktemp("server")) as address:
        yield MlflowModelRegistry(address, "", {})


@pytest.fixture(params=["local", pytest.param("served", marks=pytest.mark.slow)])
def registry(request: pytest.FixtureRequest) -> MlflowModelRegistry:
    return request.getfixturevalue(request.param)


@pytest.fixture
def name() -> str:
    """A model of the test's own, so that tests can share a database."""
    return f"model_{next(_numbers)}"


def champion(registry: MlflowModelRegistry, name: str) -> int:
    return registry.version(name, Alias.CHAMPION).version


def promote(registry: MlflowModelRegistry, name: str, version: int, seen: int | None) -> None:
    registry.set_alias(name, Alias.CHAMPION, version, expected=seen, because=BECAUSE)


def damage(registry: MlflowModelRegistry, version: Any, payload: bytes | None) -> None:
    run = registry._client.get_run(version.run_id)
    place = run.info.artifact_uri.removeprefix("file://")
    path = Path(place) / "model.json"
    path.unlink() if payload is None else path.write_bytes(payload)


def test_a_model_comes_back_as_it_was_registered(registry: MlflowModelRegistry, name: str) -> None:
    made = registry.log_and_register(record(name), b'{"trees": []}')
    assert (made.version, made.trained_through, made.created_at_utc) == (1, date(2026, 11, 18), AT)
    assert made.tags["code_version"] == "0.1.0+abc"
    assert made.tags["dagster_run_id"] == "r1"
    assert registry.version(name, 1) == made
    assert registry.versions(name) == (made,)
    assert registry.load(made) == b'{"trees": []}'


def test_a_run_tells_how_the_model_came_about(registry: MlflowModelRegistry, name: str) -> None:
    made = registry.log_and_register(record(name), b"{}")
    run = registry._client.get_run(made.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"num_leaves": "7", "dataset.rows": "1200", "dataset.events": "60"}
    assert run.data.metrics == {"roc_auc": 0.71}  # a slope that is no number is no point on a chart
    assert run.data.tags["touchline.reason"] == "drift: chronic load"
    kept = {one.path for one in registry._client.list_artifacts(made.run_id)}
    assert kept == {"model.json", "record.json", "model_card.md", "pictures"}


def test_the_champion_is_moved_and_followed_by_mlflows_own_alias(
    registry: MlflowModelRegistry, name: str
) -> None:
    for payload in (b"1", b"2"):
        registry.log_and_register(record(name), payload)
    registry.set_alias(name, Alias.CHALLENGER, 2, expected=None, because=BECAUSE)
    promote(registry, name, 1, None)
    promote(registry, name, 2, 1)
    promote(registry, name, 2, 1)  # again, as a step that was retried: no second move
    history = registry.history(name)
    assert (history.current, history.former) == (2, (1,))
    assert [(move.version, move.moved_by) for move in history.moves] == [
        (1, "A. Physio"),
        (2, "A. Physio"),
    ]
    aliases = registry._client.get_registered_model(name).aliases
    assert {alias: int(version) for alias, version in aliases.items()} == {
        "champion": 2,
        "challenger": 2,
    }


def test_whoever_decided_against_an_older_champion_is_refused(
    registry: MlflowModelRegistry, name: str
) -> None:
    for payload in (b"1", b"2", b"3"):
        registry.log_and_register(record(name), payload)
    promote(registry, name, 1, None)
    promote(registry, name, 2, 1)
    with pytest.raises(AliasMovedError, match=r"version 2 by now.*against version 1"):
        promote(registry, name, 3, 1)
    with pytest.raises(CommitConflictError):  # a transient fault: decide again
        promote(registry, name, 3, None)
    assert champion(registry, name) == 2


def test_a_move_that_lost_the_race_after_it_looked_does_not_count(
    local: MlflowModelRegistry, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for payload in (b"1", b"2", b"3"):
        local.log_and_register(record(name), payload)
    promote(local, name, 1, None)
    add = local._client.create_model_version

    def overtaken(*given: Any, **named: Any) -> Any:
        monkeypatch.undo()
        promote(local, name, 2, 1)
        return add(*given, **named)

    monkeypatch.setattr(local._client, "create_model_version", overtaken)
    with pytest.raises(AliasMovedError):
        promote(local, name, 3, 1)
    assert champion(local, name) == 2
    assert [move.version for move in local.history(name).void] == [3]
    promote(local, name, 3, 2)  # and a decision against what stands there counts
    assert champion(local, name) == 3


def test_rollback_goes_back_one_champion_at_a_time(
    registry: MlflowModelRegistry, name: str
) -> None:
    for seen, payload in ((None, b"1"), (1, b"2"), (2, b"3")):
        made = registry.log_and_register(record(name), payload)
        promote(registry, name, made.version, seen)
    assert registry.rollback(name, because=BECAUSE).version == 2
    assert registry.rollback(name, because=BECAUSE).version == 1
    with pytest.raises(UnknownModelError, match="no champion before"):
        registry.rollback(name, because=BECAUSE)
    assert registry.rollback(name, to=3, because=BECAUSE).version == 3
    assert champion(registry, name) == 3


def test_rollback_passes_over_a_damaged_champion(local: MlflowModelRegistry, name: str) -> None:
    made = [local.log_and_register(record(name), payload) for payload in (b"1", b"2", b"3")]
    for seen, version in zip((None, 1, 2), made, strict=True):
        promote(local, name, version.version, seen)
    damage(local, made[1], b"half of")
    assert local.rollback(name, because=BECAUSE).version == 1


@pytest.mark.parametrize("payload", [None, b"", b"half of it"])
def test_a_damaged_payload_is_never_loaded_nor_champion(
    local: MlflowModelRegistry, name: str, payload: bytes | None
) -> None:
    made = local.log_and_register(record(name), b"the whole of it")
    damage(local, made, payload)
    with pytest.raises(ModelDamagedError, match=f"{name} version 1 is damaged"):
        local.load(made)
    with pytest.raises(ModelDamagedError):
        promote(local, name, 1, None)
    with pytest.raises(UnknownModelError):
        local.version(name, Alias.CHAMPION)


def test_what_is_not_there_is_named(registry: MlflowModelRegistry, name: str) -> None:
    assert registry.versions(name) == ()
    assert registry.history(name).current is None
    with pytest.raises(UnknownModelError, match="no champion"):
        registry.version(name, Alias.CHAMPION)
    with pytest.raises(UnknownModelError, match="no version 3"):
        registry.version(name, 3)
    with pytest.raises(UnknownModelError):
        registry.rollback(name, because=BECAUSE)
    with pytest.raises(UnknownModelError):
        promote(registry, name, 1, None)


def test_a_version_that_somebody_else_registered_is_not_one_of_ours(
    local: MlflowModelRegistry, name: str
) -> None:
    made = local.log_and_register(record(name), b"{}")
    local._client.create_model_version(name, source=f"models:/{name}/1")
    assert local.versions(name) == (made,)
    with pytest.raises(UnknownModelError, match="not registered by Touchline"):
        local.version(name, 2)


def test_a_version_added_by_hand_to_the_moves_of_an_alias_moves_nothing(
    registry: MlflowModelRegistry, name: str
) -> None:
    for payload in (b"1", b"2"):
        registry.log_and_register(record(name), payload)
    promote(registry, name, 1, None)
    registry._client.create_model_version(f"{name}.aliases", source=f"models:/{name}/2")
    registry._client.create_model_version(
        f"{name}.aliases", source=f"models:/{name}/2", tags={"alias": "champion", "version": "2"}
    )
    assert champion(registry, name) == 1
    promote(registry, name, 2, 1)
    assert registry.rollback(name, because=BECAUSE).version == 1
    assert [move.version for move in registry.history(name).moves] == [1, 2, 1]


def test_a_run_that_died_long_ago_is_marked_as_killed(
    local: MlflowModelRegistry, name: str
) -> None:
    made = local.log_and_register(record(name), b"{}")
    experiment = local._client.get_run(made.run_id).info.experiment_id
    start = int((AT - timedelta(days=2)).timestamp() * 1000)
    dead = local._client.create_run(experiment, start_time=start).info.run_id
    alive = local._client.create_run(experiment, start_time=int(AT.timestamp() * 1000)).info.run_id
    local.log_and_register(record(name), b"{}")
    assert local._client.get_run(dead).info.status == "KILLED"
    assert local._client.get_run(alive).info.status == "RUNNING"


def test_a_run_that_cannot_be_written_is_no_version(local: MlflowModelRegistry, name: str) -> None:
    bad = record(name)
    bad = RunRecord(**{**bad.__dict__, "artifacts": {"../outside": b"x"}})
    with pytest.raises(ResourceError, match="no name inside a folder"):
        local.log_and_register(bad, b"{}")
    assert local.versions(name) == ()


@pytest.mark.parametrize("bad", ["", "Injury", "a/b", "a'b", "x.aliases"])
def test_a_name_that_no_registry_could_keep_is_refused(
    local: MlflowModelRegistry, bad: str
) -> None:
    with pytest.raises(ResourceError, match="names no model"):
        record(bad)
    with pytest.raises(ResourceError, match="names no model"):
        local.versions(bad)


def test_nobody_moves_an_alias_without_a_name_and_a_reason() -> None:
    with pytest.raises(ResourceError, match="say both"):
        Because(" ", "looks right", AT)
    with pytest.raises(ResourceError, match="say both"):
        Because("A. Physio", "", AT)
    with pytest.raises(ResourceError, match="no time zone"):
        Because("A. Physio", "looks right", AT.replace(tzinfo=None))


def test_a_registry_that_is_no_database_or_not_there_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "mlflow" / "mlflow.db"
    file.parent.mkdir()
    file.write_bytes(b"this is no database, and never was one" * 100)
    with pytest.raises(RegistryUnavailableError, match="cannot be read"):
        registry_in(tmp_path).versions("injury_risk")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RegistryUnavailableError, match="cannot be made"):
        registry_in(tmp_path / "file").versions("injury_risk")
    with pytest.raises(RegistryUnavailableError, match=r"takes no connection.*is it running"):
        MlflowModelRegistry("http://127.0.0.1:9", "", {}).versions("injury_risk")
    with pytest.raises(RegistryUnavailableError) as caught:
        MlflowModelRegistry("postgresql+psycopg2://u:word@127.0.0.1:9/db", "", {}).versions("a")
    assert "word" not in str(caught.value)


def test_a_database_of_another_mlflow_says_how_to_bring_it_up_to_date(
    local: MlflowModelRegistry, tmp_path: Path
) -> None:
    local.versions("injury_risk")
    file = tmp_path / "mlflow" / "mlflow.db"
    file.parent.mkdir()
    shutil.copy(local._uri.removeprefix("sqlite:///"), file)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("update alembic_version set version_num = '451aebb31d03'")
    with pytest.raises(RegistryUnavailableError, match=r"run `mlflow db upgrade sqlite:"):
        registry_in(tmp_path).versions("injury_risk")


@pytest.mark.slow
def test_a_server_that_goes_away_is_unavailable_soon(tmp_path: Path) -> None:
    with mlflow_server(tmp_path) as address:
        registry = MlflowModelRegistry(address, "", {})
        made = registry.log_and_register(record(), b"{}")
    with pytest.raises(RegistryUnavailableError, match="does not answer"):
        registry.load(made)
    with pytest.raises(RegistryUnavailableError, match="does not answer"):
        registry.versions(made.name)


@pytest.mark.parametrize(("said", "region"), [("", "eu-central-1"), ("eu-west-1", "eu-west-1")])
def test_artefacts_go_to_the_region_that_the_settings_say(
    local: MlflowModelRegistry, monkeypatch: pytest.MonkeyPatch, said: str, region: str
) -> None:
    # Set in any case, so that what the registry sets is gone after the test.
    monkeypatch.setenv("AWS_DEFAULT_REGION", said)
    if not said:
        monkeypatch.delenv("AWS_DEFAULT_REGION")
    MlflowModelRegistry(local._uri, "s3://bucket/models", {"region": "eu-central-1"}).versions("a")
    from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository, _cached_get_s3_client

    _cached_get_s3_client.cache_clear()
    client = S3ArtifactRepository("s3://bucket/models")._get_s3_client()
    _cached_get_s3_client.cache_clear()
    assert client.meta.region_name == region


@pytest.mark.slow
def test_artefacts_are_kept_in_an_object_store(
    tmp_path: Path, s3_options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.resources.conftest import new_bucket

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_options["access-key-id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_options["secret-access-key"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", s3_options["region"])
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", s3_options["endpoint"])
    registry = MlflowModelRegistry(
        f"sqlite:///{tmp_path}/mlflow.db", f"s3://{new_bucket(s3_options)}/mlflow", s3_options
    )
    made = registry.log_and_register(record(), b'{"a": 1}')
    assert registry.load(made) == b'{"a": 1}'
    promote(registry, made.name, 1, None)


@pytest.mark.slow
def test_the_database_may_be_a_postgresql(postgres_uri: str, tmp_path: Path) -> None:
    registry = MlflowModelRegistry(postgres_uri, str(tmp_path / "artifacts"), {})
    for payload in (b"1", b"2"):
        registry.log_and_register(record(), payload)
    promote(registry, "injury_risk", 1, None)
    promote(registry, "injury_risk", 2, 1)
    assert registry.rollback("injury_risk", because=BECAUSE).version == 1
