"""The last champion serves on while the registry is down."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from resources.model_registry import Alias, RegistryUnavailableError
from resources.model_registry_mlflow import MlflowModelRegistry
from resources.object_folder import LocalFolder
from resources.served_model import NoModel, ServedModel, ServedModels, kept_models
from tests.resources.model_records import BECAUSE, NAME, record, registry_in

TODAY = date(2026, 11, 29)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with two versions, the second of them champion."""
    folder = tmp_path_factory.mktemp("made")
    registry = registry_in(folder)
    for seen, payload in ((None, b"one"), (1, b"two")):
        version = registry.log_and_register(record(), payload).version
        registry.set_alias(NAME, Alias.CHAMPION, version, expected=seen, because=BECAUSE)
    return folder


@pytest.fixture
def registry(made: Path) -> MlflowModelRegistry:
    return registry_in(made)


@pytest.fixture
def down(tmp_path: Path) -> MlflowModelRegistry:
    file = tmp_path / "down" / "mlflow" / "mlflow.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(RegistryUnavailableError):
        registry_in(tmp_path / "down").versions(NAME)
    return registry_in(tmp_path / "down")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "models"


def serve(registry: MlflowModelRegistry, kept: Path, today: date = TODAY) -> ServedModel | NoModel:
    return ServedModels(registry, kept_models(str(kept), {})).serve(NAME, today)


def test_the_champion_serves_and_says_how_old_it_is(
    registry: MlflowModelRegistry, kept: Path
) -> None:
    found = serve(registry, kept)
    assert isinstance(found, ServedModel)
    assert (found.payload, found.version.version, found.age_d) == (b"two", 2, 11)
    assert (found.is_from_cache, found.confirmed_on, found.why) == (False, TODAY, "")
    assert serve(registry, kept) == found


def test_while_the_registry_is_down_the_last_champion_serves_and_grows_older(
    registry: MlflowModelRegistry, down: MlflowModelRegistry, kept: Path
) -> None:
    before = serve(registry, kept)
    found = serve(down, kept, date(2026, 12, 9))
    assert isinstance(before, ServedModel)
    assert isinstance(found, ServedModel)
    assert (found.payload, found.version) == (before.payload, before.version)
    assert (found.age_d, found.is_from_cache, found.confirmed_on) == (21, True, TODAY)
    assert "cannot be read" in found.why
    assert found.why.endswith("version 2, champion on 2026-11-29, serves on")


def test_without_registry_and_without_a_kept_champion_there_is_a_clear_answer(
    down: MlflowModelRegistry, kept: Path
) -> None:
    found = serve(down, kept)
    assert isinstance(found, NoModel)
    assert "cannot be read" in found.why
    assert found.why.endswith("and no champion was kept from before")


def test_before_the_first_champion_there_is_a_clear_answer(
    registry: MlflowModelRegistry, kept: Path
) -> None:
    found = ServedModels(registry, LocalFolder(kept)).serve("readiness", TODAY)
    assert found == NoModel(
        "readiness",
        "readiness has no champion: train it, and let it be promoted; and no champion was kept "
        "from before",
    )


def test_a_registry_that_lost_its_champion_does_not_stop_the_kept_one(
    registry: MlflowModelRegistry, made: Path, kept: Path, tmp_path: Path
) -> None:
    serve(registry, kept)
    shutil.copytree(made, tmp_path / "other")
    other = registry_in(tmp_path / "other")
    other._client.delete_registered_model(f"{NAME}.aliases")
    found = serve(other, kept)
    assert isinstance(found, ServedModel)
    assert (found.payload, found.is_from_cache) == (b"two", True)
    assert "has no champion" in found.why


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_damaged_champion_is_served_from_what_was_kept_or_not_at_all(
    made: Path, kept: Path, tmp_path: Path, *, is_kept: bool
) -> None:
    shutil.copytree(made, tmp_path / "other")
    registry = registry_in(tmp_path / "other")
    version = registry.log_and_register(record(NAME), b"three")
    if is_kept:
        serve(registry, kept)
    registry.set_alias(NAME, Alias.CHAMPION, version.version, expected=2, because=BECAUSE)
    run = registry._client.get_run(version.run_id)
    (Path(run.info.artifact_uri.removeprefix("file://")) / "model.json").write_bytes(b"thr")
    found = serve(registry, kept)
    if is_kept:
        assert isinstance(found, ServedModel)
        assert (found.payload, found.is_from_cache) == (b"two", True)
        assert "version 3 is damaged" in found.why
    else:
        assert isinstance(found, NoModel)
        assert "version 3 is damaged" in found.why


@pytest.mark.parametrize("damaged", ["champion.json", "payload", "version"])
def test_a_kept_champion_that_is_damaged_is_never_served_and_is_mended(
    registry: MlflowModelRegistry, down: MlflowModelRegistry, kept: Path, damaged: str
) -> None:
    serve(registry, kept)
    told = kept / NAME / "champion.json"
    (payload,) = (path for path in (kept / NAME).iterdir() if path != told)
    if damaged == "champion.json":
        told.write_text(told.read_text()[:50])
    elif damaged == "payload":
        payload.write_bytes(b"tw")
    else:
        told.write_text(json.dumps(json.loads(told.read_text()) | {"sha256": "0" * 64}))
    assert isinstance(serve(down, kept), NoModel)
    mended = serve(registry, kept)
    assert isinstance(mended, ServedModel)
    assert mended.why == ""
    assert isinstance(serve(down, kept), ServedModel)


def test_a_champion_that_cannot_be_kept_serves_and_says_so(
    registry: MlflowModelRegistry, tmp_path: Path
) -> None:
    (tmp_path / "in the way").write_text("a file")
    found = serve(registry, tmp_path / "in the way")
    assert isinstance(found, ServedModel)
    assert found.payload == b"two"
    assert "could not be kept" in found.why


@pytest.mark.slow
def test_champions_are_kept_in_an_object_store(
    registry: MlflowModelRegistry, down: MlflowModelRegistry, s3_options: dict[str, str]
) -> None:
    from tests.resources.conftest import new_bucket

    kept = kept_models(f"s3://{new_bucket(s3_options)}/models", s3_options)
    first = ServedModels(registry, kept).serve(NAME, TODAY)
    found = ServedModels(down, kept).serve(NAME, TODAY)
    assert isinstance(first, ServedModel)
    assert isinstance(found, ServedModel)
    assert (found.payload, found.is_from_cache) == (b"two", True)
    gone = kept_models("s3://no-such-bucket/models", s3_options)
    unkept = ServedModels(registry, gone).serve(NAME, TODAY)
    assert isinstance(unkept, ServedModel)
    assert "could not be kept" in unkept.why
    assert isinstance(ServedModels(down, gone).serve(NAME, TODAY), NoModel)
