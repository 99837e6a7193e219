"""Outside systems for the contract tests: as on one machine, and as in production."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from resources.iceberg.lakehouse import IcebergLakehouse
from resources.object_store import s3_client


@dataclass(frozen=True)
class Place:
    """Where a system under test keeps things."""

    catalog_uri: str
    uri: str
    s3: dict[str, str]

    @property
    def lakehouse(self) -> IcebergLakehouse:
        return IcebergLakehouse(self.catalog_uri, f"{self.uri}/warehouse", self.s3)


@pytest.fixture(
    params=[
        "local",
        pytest.param("production", marks=pytest.mark.slow),
        pytest.param("seaweedfs", marks=pytest.mark.soak),
    ]
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A fresh place: a folder with SQLite, and an object store with PostgreSQL."""
    return fresh_place(request, tmp_path)


def fresh_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place of the kind that the parameter names."""
    if request.param == "local":
        catalog = f"sqlite:///{tmp_path}/lakehouse/catalog.db?timeout=60"
        return Place(catalog, str(tmp_path / "a folder [of ours]"), {})
    store = "seaweedfs_options" if request.param == "seaweedfs" else "s3_options"
    options: dict[str, str] = request.getfixturevalue(store)
    catalog = request.getfixturevalue("postgres_uri")
    return Place(catalog, f"s3://{new_bucket(options)}/some/prefix", options)


def new_bucket(options: dict[str, str]) -> str:
    """An empty bucket of the test's own."""
    bucket = f"club-{uuid.uuid4().hex[:12]}"
    s3_client(options).create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": options["region"]}
    )
    return bucket
