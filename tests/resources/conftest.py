"""Outside systems for the contract tests: as on one machine, and as in production."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from deploy.local.s3 import SeaweedFS
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.object_store import s3_client

KINDS = [
    "local",
    pytest.param("production", marks=pytest.mark.slow),
    pytest.param("seaweedfs", marks=pytest.mark.soak),
]


@dataclass(frozen=True)
class Place:
    """Where a system under test keeps things.

    Attributes:
        table_bucket: where a REST catalogue keeps its tables, as `s3://bucket`; it says itself
            where in it. Empty: tables are in a folder of `uri`.
    """

    catalog_uri: str
    uri: str
    s3: dict[str, str]
    table_bucket: str = ""

    @property
    def warehouse_uri(self) -> str:
        return self.table_bucket or f"{self.uri}/warehouse"

    @property
    def lakehouse(self) -> IcebergLakehouse:
        return IcebergLakehouse(self.catalog_uri, self.warehouse_uri, self.s3)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A fresh place: a folder with SQLite, and an object store with PostgreSQL."""
    return fresh_place(request, tmp_path)


def fresh_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place of the kind that the parameter names."""
    if request.param == "local":
        catalog = f"sqlite:///{tmp_path}/lakehouse/catalog.db?timeout=60"
        return Place(catalog, str(tmp_path / "a folder [of ours]"), {})
    if request.param == "rest":
        return request.getfixturevalue("rest_place")
    if request.param == "seaweedfs":
        options = request.getfixturevalue("seaweed").s3
    else:
        options = request.getfixturevalue("s3_options")
    catalog = request.getfixturevalue("postgres_uri")
    return Place(catalog, f"s3://{new_bucket(options)}/some/prefix", options)


@pytest.fixture
def rest_place(seaweed: SeaweedFS) -> Place:
    """An Iceberg REST catalogue: that of SeaweedFS, with a table bucket of the test's own."""
    tables = boto3.client(
        "s3tables",
        endpoint_url=seaweed.s3["endpoint"],
        region_name=seaweed.s3["region"],
        aws_access_key_id=seaweed.s3["access-key-id"],
        aws_secret_access_key=seaweed.s3["secret-access-key"],
    )
    bucket = f"tables-{uuid.uuid4().hex[:12]}"
    tables.create_table_bucket(name=bucket)
    beside = f"s3://{new_bucket(seaweed.s3)}/some/prefix"
    return Place(seaweed.catalog_uri, beside, seaweed.s3, f"s3://{bucket}")


def new_bucket(options: dict[str, str]) -> str:
    """An empty bucket of the test's own."""
    bucket = f"club-{uuid.uuid4().hex[:12]}"
    s3_client(options).create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": options["region"]}
    )
    return bucket
