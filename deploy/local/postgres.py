"""A PostgreSQL cluster of one's own on loopback, by Debian's package, for tests and benchmarks."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from deploy.edge.broker import free_port

_BINARIES = Path("/usr/lib/postgresql")
_USER = "touchline"
_START_S = 30


def find_postgres() -> Path | None:
    """Folder of the newest installed version's commands.

    None where there is none (`deploy/local/debian-packages postgresql`).
    """
    found = [folder for folder in _BINARIES.glob("*/bin") if (folder / "initdb").is_file()]
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


@dataclass
class Cluster:
    """A running cluster; `stop` and `start` keep what is in it.

    Attributes:
        binaries: folder of PostgreSQL's commands.
        data: folder of the cluster.
        port: port of loopback on which it listens.
        password: of its one user.
        process: the server while it runs.
    """

    binaries: Path
    data: Path
    port: int
    password: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            TimeoutError: it does not.
        """
        with (self.data.parent / "postgres.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.data],
                stdout=log,
                stderr=log,
                cwd="/",
                user=_account("uid"),
                group=_account("gid"),
            )
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self._execute("select 1")
            except OperationalError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError(f"PostgreSQL did not answer: see postgres.log in {self.data.parent}")

    def stop(self) -> None:
        """Stop the server at once, cutting its connections; what is committed stays."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def new_database(self) -> str:
        """Make an empty database; its URI, as SQLAlchemy reads it."""
        name = f"club_{secrets.token_hex(6)}"
        self._execute(f"create database {name}")
        return self.uri(name)

    def uri(self, database: str) -> str:
        """URI of a database of this cluster, with its password."""
        return f"postgresql+psycopg2://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def _execute(self, statement: str) -> None:
        engine = create_engine(
            self.uri("postgres"),
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
            connect_args={"connect_timeout": 5},
        )
        with engine.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A new cluster, running; stopped and removed at the end.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
        TimeoutError: it does not answer.
    """
    binaries = find_postgres()
    if binaries is None:
        raise FileNotFoundError("no PostgreSQL: deploy/local/debian-packages postgresql")
    with TemporaryDirectory(prefix="touchline-postgres-") as name:
        folder = Path(name)
        made = Cluster(binaries, folder / "data", free_port(), secrets.token_hex(16))
        password = folder / "password"
        password.write_text(made.password)
        if account := _account("uid"):
            shutil.chown(folder, account)
            shutil.chown(password, account)
        _initialise(made, password)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def _initialise(made: Cluster, password: Path) -> None:
    done = subprocess.run(
        [
            made.binaries / "initdb", "--pgdata", made.data, "--username", _USER,
            "--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8",
            "--locale", "C", "--no-sync", "--no-instructions",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=_account("uid"),
        group=_account("gid"),
    )  # fmt: skip
    password.unlink()
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()}")
    with (made.data / "postgresql.conf").open("a") as config:
        # fsync stays on, as users have it. No socket in a folder that others share.
        config.write(
            f"\nlisten_addresses = '127.0.0.1'\nport = {made.port}\n"
            "unix_socket_directories = ''\nshared_buffers = 32MB\nmax_connections = 200\n"
        )


def _account(kind: Literal["uid", "gid"]) -> int | None:
    """User or group that runs the server: PostgreSQL refuses root. None: whoever we are."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid if kind == "uid" else found.pw_gid
    raise RuntimeError("PostgreSQL does not run as root, and there is no user postgres or nobody")
