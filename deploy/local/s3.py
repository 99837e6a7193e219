"""S3 on loopback, for tests and benchmarks: moto's server in memory, and SeaweedFS on disk, which
has an Iceberg REST catalogue as well."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.edge.broker import free_port
from deploy.local.services import dagster_command, wait_for_port

REGION = "eu-central-1"
#: SeaweedFS listens for gRPC this far above each of its ports.
_GRPC = 10_000
_LAST_PORT = 65_535
#: A bucket has volumes of its own, seven of them unless told otherwise: a whole run of the tests
#: makes a few hundred buckets.
_ONE_VOLUME = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
_KEY = "testing"
_ACCOUNTS = {
    "identities": [
        {
            "name": _KEY,
            "credentials": [{"accessKey": _KEY, "secretKey": _KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
    ]
}


@dataclass(frozen=True)
class SeaweedFS:
    """A store that runs.

    Attributes:
        s3: options of the object store, as in `Settings.s3`.
        catalog_uri: its Iceberg REST catalogue, of tables in table buckets.
    """

    s3: dict[str, str]
    catalog_uri: str


@contextmanager
def moto() -> Iterator[dict[str, str]]:
    """moto's server, all in memory; options of the object store, as in `Settings.s3`."""
    port = free_port()
    command = [dagster_command("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with _serving(command, port):
        yield _options(port)


@contextmanager
def seaweedfs() -> Iterator[SeaweedFS]:
    """SeaweedFS over a folder of its own, removed at the end."""
    master, volume, filer, port = (_with_grpc() for _ in range(4))
    catalogue, s3_grpc = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="touchline-seaweedfs-") as folder:
        accounts = Path(folder) / "accounts.json"
        accounts.write_text(json.dumps(_ACCOUNTS))
        command = [
            dagster_command("weed"), "server", f"-dir={folder}", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", f"-master.port={master}", f"-volume.port={volume}",
            f"-filer.port={filer}", "-s3", f"-s3.port={port}", f"-s3.port.grpc={s3_grpc}",
            "-volume.max=2000", "-master.volumeSizeLimitMB=64", f"-s3.config={accounts}",
            # No report to its makers; and no further services on ports that all would share.
            "-master.telemetry=false", f"-s3.port.iceberg={catalogue}", "-s3.port.lance=0",
            f"-filer.localSocket={folder}/filer.sock", f"-s3.localSocket={folder}/s3.sock",
        ]  # fmt: skip
        with _serving(command, port, Path(folder) / "weed.log", _ONE_VOLUME):
            yield SeaweedFS(_options(port), f"http://{_KEY}:{_KEY}@127.0.0.1:{catalogue}")
    # It puts these there whatever it is told.
    for grpc in (s3_grpc, *(one + _GRPC for one in (master, volume, filer))):
        for left in Path("/tmp").glob(f"seaweedfs-*-grpc-{grpc}.sock"):  # noqa: S108
            left.unlink(missing_ok=True)


def _options(port: int) -> dict[str, str]:
    return {
        "endpoint": f"http://127.0.0.1:{port}",
        "region": REGION,
        "access-key-id": _KEY,
        "secret-access-key": _KEY,
    }


def _with_grpc() -> int:
    """A port that leaves room for its twin for gRPC."""
    while (port := free_port()) + _GRPC > _LAST_PORT:
        continue
    return port


@contextmanager
def _serving(
    command: Sequence[str],
    port: int,
    log: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[None]:
    with (log or Path("/dev/null")).open("ab") as sink:
        environ = os.environ | (settings or {})
        process = subprocess.Popen(list(command), stdout=sink, stderr=sink, env=environ)
        try:
            wait_for_port(process, port, Path(command[0]).name)
            yield
        finally:
            process.kill()  # what it kept goes with it: nothing is to be put in order
            process.wait()
