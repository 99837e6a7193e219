"""Fixtures that every folder of tests shares: where real recordings are, and real servers."""

import gc
import os
from collections.abc import Callable, Generator, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from deploy.local.postgres import Cluster, cluster, find_postgres
from deploy.local.s3 import SeaweedFS, moto, seaweedfs
from resources.environment import load_settings

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes what a golden test sees instead of comparing it."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Imports make millions of objects that stay: looking through them took a third of the time.

    Nor are they looked through later, while tests run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that take long come first, so that short ones fill what is left of the cores."""
    # `make test` looks for them there alone: nothing else is imported then.
    home = REPOSITORY / "tests" / "e2e"
    lost = [
        one.nodeid
        for one in items
        if one.get_closest_marker("e2e") and home not in one.path.parents
    ]
    if lost:
        raise pytest.UsageError(f"tests that are marked e2e belong in tests/e2e: {lost}")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with `tests/golden/<name>`; a change there is a change of a promise."""

    def compare(name: str, text: str) -> None:
        path = REPOSITORY / "tests" / "golden" / name
        if request.config.getoption("--update-golden"):
            path.write_text(text)
        assert path.is_file(), f"no {path.name} yet: run pytest --update-golden"
        assert text == path.read_text(), f"{name} has changed: is that meant? --update-golden"

    return compare


@pytest.fixture(scope="session")
def kloppy_files() -> Path:
    """Vendor files that come with kloppy, a dependency: always there."""
    return Path(str(files("kloppy"))) / "tests" / "files"


@pytest.fixture(scope="session")
def sweat_samples() -> Path:
    """Real FIT files of the sweat wheel, fetched by `make samples`."""
    default = REPOSITORY / ".sports" / "samples"
    folder = Path(os.environ.get("SPORTS_SAMPLES", default)) / "sweat" / "examples" / "data"
    if not folder.is_dir():
        pytest.skip(f"no sample recordings at {folder}: run `make samples`")
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Recordings that are not part of this project; see the `realdata` marker."""
    folder = Path(os.environ.get("SPORTS_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}: set SPORTS_REAL_DATA")
    return folder.resolve()


@pytest.fixture(scope="session")
def dbt_cache() -> Path:
    """Where the parsed dbt project is kept; the same place as for the definitions."""
    return load_settings().home / "dbt"


@pytest.fixture(scope="session")
def s3_options() -> Iterator[dict[str, str]]:
    """An S3 server on loopback, one for the whole test session."""
    with moto() as options:
        yield options


@pytest.fixture(scope="session")
def seaweed() -> Iterator[SeaweedFS]:
    """A real object store on loopback, one for the whole test session."""
    with seaweedfs() as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL of our own on loopback, one for the whole test session."""
    if find_postgres() is None:
        pytest.skip("no PostgreSQL: run `deploy/local/debian-packages postgresql`")
    with cluster() as running:
        yield running


@pytest.fixture
def postgres_uri(postgres: Cluster) -> str:
    """An empty database of this test's own."""
    return postgres.new_database()
