"""Outside systems for the contract tests: a local folder, and S3 spoken by moto's server."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from resources.iceberg.lakehouse import IcebergLakehouse
from resources.object_store import s3_client

_START_TIMEOUT_S = 30


@dataclass(frozen=True)
class Place:
    """Where a system under test keeps things."""

    catalog_uri: str
    uri: str
    s3: dict[str, str]

    @property
    def lakehouse(self) -> IcebergLakehouse:
        return IcebergLakehouse(self.catalog_uri, f"{self.uri}/warehouse", self.s3)


@pytest.fixture(scope="session")
def s3_options() -> Iterator[dict[str, str]]:
    """An S3 server on loopback, one for the whole test session."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield {
            "endpoint": f"http://127.0.0.1:{port}",
            "region": "eu-central-1",
            "access-key-id": "testing",
            "secret-access-key": "testing",
        }
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A fresh place, once as a folder and once in the object store."""
    return fresh_place(request, tmp_path)


def fresh_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place of the kind that the parameter names."""
    catalog = f"sqlite:///{tmp_path}/lakehouse/catalog.db?timeout=60"
    if request.param == "local":
        return Place(catalog, str(tmp_path / "a folder [of ours]"), {})
    options: dict[str, str] = request.getfixturevalue("s3_options")
    bucket = f"club-{uuid.uuid4().hex[:12]}"
    s3_client(options).create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": options["region"]}
    )
    return Place(catalog, f"s3://{bucket}/some/prefix", options)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("moto_server did not start: is moto[server] installed?")
