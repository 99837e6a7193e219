"""One parsed project for all, and lakehouses in local folders with crafted sessions in them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from resources.dbt.build import dbt_build
from resources.dbt.outcome import BuildResult
from resources.dbt.project import DbtProject, load_project
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.lakehouse import Lakehouse
from tests.dbt.crafted import CONTEXT, CROSSWALK, match, ride

EARLIER = "2024-02-24_football_alpha-gamma"
MATCH = "2024-03-02_football_alpha-beta"
RIDE = "2024-03-02_cycling_evening"

Build = Callable[..., BuildResult]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The project, parsed once for all workers."""
    base = tmp_path_factory.getbasetemp()
    return load_project((base.parent if base.name.startswith("popen-") else base) / "dbt")


@pytest.fixture(scope="session")
def open_lakehouse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], IcebergLakehouse]:
    """A new, empty lakehouse at each call."""

    def open_one() -> IcebergLakehouse:
        folder: Path = tmp_path_factory.mktemp("lakehouse")
        return IcebergLakehouse(f"sqlite:///{folder}/catalog.db", str(folder / "warehouse"))

    return open_one


@pytest.fixture
def lakehouse(open_lakehouse: Callable[[], IcebergLakehouse]) -> IcebergLakehouse:
    return open_lakehouse()


@pytest.fixture(scope="session")
def build(project: DbtProject) -> Build:
    """Build and publish tables of some sessions."""

    def run(
        lakehouse: Lakehouse, sessions: Sequence[str], keys: Sequence[str] | None = None
    ) -> BuildResult:
        with dbt_build(
            lakehouse, sessions, project=project, context=CONTEXT, crosswalk=CROSSWALK
        ) as active:
            return active.run(keys)

    return run


@pytest.fixture(scope="session")
def season(
    open_lakehouse: Callable[[], IcebergLakehouse], build: Build
) -> tuple[IcebergLakehouse, BuildResult]:
    """Two matches and a ride; tests must leave the rows as they are.

    Gives the result of the later match, too.
    """
    lakehouse = open_lakehouse()
    match(EARLIER, speed=5.0).commit(lakehouse)
    match(MATCH).commit(lakehouse)
    ride(RIDE).commit(lakehouse)
    build(lakehouse, [EARLIER, RIDE]).require_complete()
    return lakehouse, build(lakehouse, [MATCH])
