"""Processes that die on the way, and two that retrain at once."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resources.model_registry import Alias, UnknownModelError
from resources.model_registry_mlflow import MlflowModelRegistry
from tests.resources.model_records import BECAUSE, NAME, record, registry_in
from tests.resources.registry_process import DIED

TRAINER = Path(__file__).parent / "registry_process.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with a champion, version 1."""
    folder = tmp_path_factory.mktemp("made")
    registry = registry_in(folder)
    registry.log_and_register(record(), b"one")
    registry.set_alias(NAME, Alias.CHAMPION, 1, expected=None, because=BECAUSE)
    return folder


@pytest.fixture
def registry(made: Path, tmp_path: Path) -> MlflowModelRegistry:
    """A copy of its database; artefacts are where they were."""
    place = tmp_path / "mlflow" / "mlflow.db"
    place.parent.mkdir()
    shutil.copy(made / "mlflow" / "mlflow.db", place)
    return registry_in(tmp_path)


def start(folder: Path, **job: object) -> subprocess.Popen[str]:
    told = {"folder": str(folder), "name": NAME, "payload": "two", "expected": 1}
    return subprocess.Popen(
        [sys.executable, TRAINER, json.dumps(told | job)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a process that dies leaves in its temporary folder goes with the test's.
        env=os.environ | {"TMPDIR": str(folder)},
    )


def said(process: subprocess.Popen[str]) -> str:
    answer, complaint = process.communicate(timeout=300)
    assert process.returncode == 0, complaint
    return answer.split("\n")[-2]


def died(process: subprocess.Popen[str]) -> None:
    _, complaint = process.communicate(timeout=300)
    assert process.returncode == DIED, complaint


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("create_run", "after"),
        ("log_artifacts", "before"),
        ("log_artifacts", "after"),
        ("set_terminated", "after"),
        ("create_model_version", "before"),
    ],
)
def test_a_trainer_that_dies_before_there_is_a_version_leaves_none(
    registry: MlflowModelRegistry, tmp_path: Path, step: str, when: str
) -> None:
    died(start(tmp_path, die_at=step, when=when, **{"in": "register"}))
    assert [one.version for one in registry.versions(NAME)] == [1]
    assert registry.load(registry.version(NAME, Alias.CHAMPION)) == b"one"
    assert said(start(tmp_path)) == "champion 2"


def test_a_trainer_that_dies_after_the_version_leaves_one_that_does_not_serve(
    registry: MlflowModelRegistry, tmp_path: Path
) -> None:
    died(start(tmp_path, die_at="create_model_version", when="after", **{"in": "register"}))
    newest = registry.versions(NAME)[0]
    assert (newest.version, registry.load(newest)) == (2, b"two")
    assert registry.version(NAME, Alias.CHAMPION).version == 1


@pytest.mark.parametrize(
    ("step", "when", "champion"),
    [
        ("create_model_version", "before", 1),
        ("create_model_version", "after", 2),
        ("set_registered_model_alias", "before", 2),
        ("set_registered_model_alias", "after", 2),
    ],
)
def test_a_promotion_that_dies_happened_or_not_and_can_be_repeated(
    registry: MlflowModelRegistry, tmp_path: Path, step: str, when: str, champion: int
) -> None:
    died(start(tmp_path, die_at=step, when=when, **{"in": "promote"}))
    assert registry.version(NAME, Alias.CHAMPION).version == champion
    registry.set_alias(NAME, Alias.CHAMPION, 2, expected=1, because=BECAUSE)
    assert registry.version(NAME, Alias.CHAMPION).version == 2
    assert [one.version for one in registry.history(NAME).moves] == [1, 2]
    aliases = registry._client.get_registered_model(NAME).aliases
    assert int(aliases["champion"]) == 2


def test_of_two_that_retrain_at_once_one_becomes_champion_and_the_other_is_told(
    registry: MlflowModelRegistry, tmp_path: Path
) -> None:
    trainers = [start(tmp_path, payload=name, go=str(tmp_path / "go")) for name in ("a", "b")]
    for trainer in trainers:
        assert trainer.stdout is not None
        assert trainer.stdout.readline() == "ready\n"
    (tmp_path / "go").touch()
    answers = sorted(said(trainer) for trainer in trainers)
    assert len(registry.versions(NAME)) == 3
    champion = registry.version(NAME, Alias.CHAMPION)
    assert answers == [f"champion {champion.version}", "moved"]
    assert registry.load(champion) in {b"a", b"b"}
    assert len(registry.history(NAME).moves) == 2
    aliases = registry._client.get_registered_model(NAME).aliases
    assert int(aliases["champion"]) == champion.version


def test_two_that_come_first_make_one_database(tmp_path: Path) -> None:
    trainers = [start(tmp_path, payload=name, expected=None) for name in ("a", "b")]
    for trainer in trainers:
        _, complaint = trainer.communicate(timeout=300)
        assert trainer.returncode == 0, complaint
    registry = registry_in(tmp_path)
    payloads = {registry.load(one) for one in registry.versions(NAME)}
    assert payloads == {b"a", b"b"}
    left = {path.name for path in (tmp_path / "mlflow").iterdir()}
    assert left == {"mlflow.db", ".mlflow.db.lock", "artifacts"}


def test_a_process_that_dies_while_it_makes_the_database_leaves_none(tmp_path: Path) -> None:
    died(start(tmp_path, die_at="upgrade", when="before", **{"in": "register"}))
    assert not (tmp_path / "mlflow" / "mlflow.db").exists()
    registry = registry_in(tmp_path)
    with pytest.raises(UnknownModelError):
        registry.version(NAME, Alias.CHAMPION)
    assert registry.log_and_register(record(), b"one").version == 1
