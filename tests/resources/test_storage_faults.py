"""What the lakehouse does when its storage fails: told apart, nothing half-written, works again."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from deploy.local.postgres import Cluster, cluster, find_postgres
from edge_ingest.records import ATHLETES
from resources.errors import CatalogueUnavailableError
from resources.faults import FaultKind, fault_of
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.object_folder import S3Folder
from resources.object_store import s3_client
from tests.resources.conftest import new_bucket
from tests.resources.faulty_store import FaultyStore, faulty_store
from tests.resources.lakehouse_rows import CONTEXT, MATCH, NEXT_MATCH, athletes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(s3_options: dict[str, str]) -> Iterator[FaultyStore]:
    with faulty_store(s3_options["endpoint"]) as proxy:
        yield proxy


@pytest.fixture
def catalogue() -> Iterator[Cluster]:
    """A cluster of this test's own, as others must not lose theirs."""
    if find_postgres() is None:
        pytest.skip("no PostgreSQL: run `deploy/local/debian-packages postgresql`")
    with cluster() as running:
        yield running


@contextmanager
def stopped(server: Cluster) -> Iterator[None]:
    """Every process of the server asleep: connections stay open and nobody answers."""
    assert server.process is not None
    parent = psutil.Process(server.process.pid)
    family = [parent, *parent.children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            process.send_signal(signal.SIGCONT)


def write(lakehouse: IcebergLakehouse, session: str, *names: str) -> None:
    lakehouse.replace_sessions(ATHLETES, athletes(session, *names), [session], CONTEXT)


#: Fault of the store: status, code, and what it is to us.
ANSWERS = [
    (503, "SlowDown", FaultKind.OBJECT_STORE_UNAVAILABLE),
    (500, "InternalError", FaultKind.OBJECT_STORE_UNAVAILABLE),
    (403, "ExpiredToken", FaultKind.CREDENTIALS_REFUSED),
    (400, "ExpiredToken", FaultKind.CREDENTIALS_REFUSED),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{answer[0]}-{answer[1]}")
def test_a_store_that_refuses_writes_and_then_reads(
    store: FaultyStore,
    s3_options: dict[str, str],
    tmp_path: Path,
    answer: tuple[int, str, FaultKind],
) -> None:
    status, code, kind = answer
    options = s3_options | {"endpoint": store.endpoint}
    catalog = f"sqlite:///{tmp_path}/catalog.db"
    bucket = new_bucket(s3_options)
    lakehouse = IcebergLakehouse(catalog, f"s3://{bucket}/warehouse", options)
    write(lakehouse, MATCH, "1", "2")
    before = lakehouse.content_hash(ATHLETES)
    snapshot = lakehouse.snapshot_id(ATHLETES.key)

    with (
        store.answering(status, code, "PUT", "POST"),
        pytest.raises(Exception) as failed,  # noqa: PT011 - the library's own
    ):
        write(lakehouse, NEXT_MATCH, "3")
    assert store.refused
    assert fault_of(failed.value).kind is kind, fault_of(failed.value)
    assert lakehouse.content_hash(ATHLETES) == before
    assert lakehouse.snapshot_id(ATHLETES.key) == snapshot

    with lakehouse.connect() as connection:
        lakehouse.view(connection, ATHLETES, "planned")
        with (
            store.answering(status, code, "GET", "HEAD"),
            pytest.raises(Exception) as unread,  # noqa: PT011
        ):
            connection.execute("select * from planned").fetchall()
        assert fault_of(unread.value).kind is kind, fault_of(unread.value)
        # Between the two: whoever waits and asks again is served.
        assert connection.execute("select count(*) from planned").fetchone() == (2,)
    write(lakehouse, NEXT_MATCH, "3")
    assert lakehouse.committed_sessions(ATHLETES) == (MATCH, NEXT_MATCH)


@pytest.mark.parametrize(
    "answer",
    # boto3 tries again for some twenty seconds by itself.
    [*(pytest.param(one, marks=pytest.mark.soak) for one in ANSWERS[:2]), *ANSWERS[2:]],
    ids=lambda answer: f"{answer[0]}-{answer[1]}",
)
def test_a_page_that_the_store_refuses_is_not_there(
    store: FaultyStore, s3_options: dict[str, str], answer: tuple[int, str, FaultKind]
) -> None:
    status, code, kind = answer
    options = s3_options | {"endpoint": store.endpoint}
    folder = S3Folder(s3_client(options), new_bucket(s3_options), "reports")
    with (
        store.answering(status, code, "PUT"),
        pytest.raises(ClientError) as refused,
    ):
        folder.create("a.html", b"<p>")
    assert fault_of(refused.value).kind is kind
    assert folder.create("a.html", b"<p>")
    assert folder.read("a.html") == b"<p>"


def test_a_catalogue_that_is_gone_and_comes_back(catalogue: Cluster, tmp_path: Path) -> None:
    uri = catalogue.new_database()
    lakehouse = IcebergLakehouse(uri, str(tmp_path / "warehouse"))
    write(lakehouse, MATCH, "1", "2")
    before = lakehouse.content_hash(ATHLETES)
    catalogue.stop()
    with pytest.raises(CatalogueUnavailableError, match="did not answer") as under_way:
        write(lakehouse, NEXT_MATCH, "3")
    fresh = IcebergLakehouse(uri, str(tmp_path / "warehouse"))
    with pytest.raises(CatalogueUnavailableError, match="does not answer") as opening:
        write(fresh, NEXT_MATCH, "3")
    for error in (under_way.value, opening.value):
        assert fault_of(error).is_transient
        assert catalogue.password not in str(error)
    catalogue.start()
    assert lakehouse.content_hash(ATHLETES) == before  # a reader that lived through it, too
    write(lakehouse, NEXT_MATCH, "3")
    assert fresh.committed_sessions(ATHLETES) == (MATCH, NEXT_MATCH)


@pytest.mark.parametrize("asleep_s", [2, pytest.param(60, marks=pytest.mark.soak)])
def test_a_catalogue_asleep_is_waited_for(
    catalogue: Cluster, tmp_path: Path, asleep_s: float
) -> None:
    lakehouse = IcebergLakehouse(catalogue.new_database(), str(tmp_path / "warehouse"))
    write(lakehouse, MATCH, "1")
    with stopped(catalogue):
        writer = threading.Thread(target=write, args=(lakehouse, NEXT_MATCH, "2", "3"))
        writer.start()
        time.sleep(asleep_s)
        assert writer.is_alive()
    writer.join(timeout=120)
    assert not writer.is_alive()
    assert lakehouse.committed_sessions(ATHLETES) == (MATCH, NEXT_MATCH)
    with lakehouse.connect() as connection:
        lakehouse.view(connection, ATHLETES, "read")
        assert connection.execute("select count(*) from read").fetchone() == (3,)


def test_a_wrong_password_is_no_outage(catalogue: Cluster, tmp_path: Path) -> None:
    uri = catalogue.new_database().replace(catalogue.password, "hush")
    with pytest.raises(Exception) as refused:  # noqa: PT011
        write(IcebergLakehouse(uri, str(tmp_path / "warehouse")), MATCH, "1")
    assert fault_of(refused.value).kind is FaultKind.CREDENTIALS_REFUSED
    assert "hush" not in str(refused.value)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "touchline-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk: run as root where mount is allowed")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("is_catalogue_full", [False, True], ids=["warehouse", "catalogue"])
def test_a_full_disk_leaves_the_table_as_it_was(
    small_disk: Path, tmp_path: Path, is_catalogue_full: bool
) -> None:
    places = (small_disk, tmp_path) if is_catalogue_full else (tmp_path, small_disk)
    uri = f"sqlite:///{places[0]}/catalog.db?timeout=1"
    lakehouse = IcebergLakehouse(uri, str(places[1] / "warehouse"))
    write(lakehouse, MATCH, "1", "2")
    before = lakehouse.content_hash(ATHLETES)
    filling = small_disk / "filling"
    with filling.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            continue
    rows = pa.concat_tables([athletes(NEXT_MATCH, str(n)) for n in range(500)])
    with pytest.raises(Exception) as full:  # noqa: PT011 - Arrow's, or the database's
        lakehouse.replace_sessions(ATHLETES, rows, [NEXT_MATCH], CONTEXT)
    assert fault_of(full.value).kind is FaultKind.DISK_FULL, fault_of(full.value)
    assert not fault_of(full.value).is_transient
    assert lakehouse.content_hash(ATHLETES) == before
    filling.unlink()
    write(lakehouse, NEXT_MATCH, "3")
    assert lakehouse.committed_sessions(ATHLETES) == (MATCH, NEXT_MATCH)
