"""Dagster's own storage: runs, their events, and where sensors have got to.

SQLite files are copied while Dagster is at work, each as of one moment. PostgreSQL has its own tool
for that, which is asked where it is installed.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url

from resources.addresses import without_password
from resources.backup.archive import packed, unpacked
from resources.backup.manifest import DagsterBackup
from resources.backup.store import BackupStore
from resources.errors import BackupError
from resources.object_folder import written_beside

_ARCHIVE = "dagster.zip"
_DUMP = "dagster.pgdump"
_SUFFIX = ".db"
#: A server that hangs must not hold the nightly run.
_LONGEST_DUMP_S = 1800
_LONGEST_LOCK_S = 60


def back_up_dagster(home: Path | None, store: BackupStore, backup: str) -> DagsterBackup:
    """Keep Dagster's storage in a backup that is being made.

    Args:
        home: DAGSTER_HOME; None where it is not set.

    Raises:
        BackupError: PostgreSQL's tool is there and fails.
    """
    if home is None or not home.is_dir():
        note = "DAGSTER_HOME is not set: Dagster keeps nothing" if home is None else f"no {home}"
        return DagsterBackup(kind="none", archive=None, files=(), note=note)
    storage = _storage(home)
    if isinstance(storage, Path):
        return _sqlite(storage, store, backup)
    if isinstance(storage, URL):
        return _postgresql(storage, store, backup)
    note = f"{storage} is not known here: back it up with its own tools"
    return DagsterBackup(kind="other", archive=None, files=(), note=note)


def put_back_dagster(home: Path | None, store: BackupStore, backup: str, of: DagsterBackup) -> str:
    """Put Dagster's SQLite files back where there are none; says what was done, or is to be done.

    What is there and differs is left alone, all of it: Dagster may be at work on it.
    """
    if of.archive is None or of.kind != "sqlite":
        return of.note
    storage = _storage(home) if home is not None else None
    if not isinstance(storage, Path):
        return f"{of.note}; this DAGSTER_HOME keeps nothing in SQLite: left alone"
    files = unpacked(store.get(backup, of.archive), of.files, f"{_ARCHIVE} of backup {backup}")
    there = {str(path.relative_to(storage)): path for path in storage.rglob(f"*{_SUFFIX}")}
    if any(files.get(name) != path.read_bytes() for name, path in there.items()):
        folders = ", ".join(sorted({Path(name).parts[0] for name in there}))
        return (
            f"there is one in {storage}: left alone. To have the backup's, stop Dagster, move "
            f"{folders} away from there, and run this again"
        )
    for name, payload in files.items():
        if name not in there:
            # The log of a process that was killed: SQLite would play it into the file put back.
            for log in ("-wal", "-shm", "-journal"):
                (storage / f"{name}{log}").unlink(missing_ok=True)
            with written_beside(storage / name, payload) as unfinished:
                unfinished.replace(storage / name)
    return f"{len(files)} SQLite files in {storage}"


def _storage(home: Path) -> Path | URL | str:
    """Where the instance keeps things: a folder of SQLite files, a PostgreSQL, or another kind."""
    from dagster._core.instance.ref import InstanceRef

    told = InstanceRef.from_dir(str(home)).storage_data
    if told is None:
        return "what dagster.yaml names"
    config = _resolved(told.config_dict)
    if told.class_name == "DagsterSqliteStorage":
        return Path(str(config["base_dir"]))
    if told.class_name == "DagsterPostgresStorage":
        from dagster_postgres.utils import pg_url_from_config

        return make_url(pg_url_from_config(config))
    return told.class_name


def _resolved(config: Any) -> Any:  # noqa: ANN401 - YAML
    """`{env: NAME}` as the environment has it."""
    if not isinstance(config, Mapping):
        return config
    if set(config) == {"env"}:
        return os.environ.get(str(config["env"]), "")
    return {name: _resolved(value) for name, value in config.items()}


def _sqlite(storage: Path, store: BackupStore, backup: str) -> DagsterBackup:
    copies = ((path, _copied(path)) for path in sorted(storage.rglob(f"*{_SUFFIX}")))
    files = {str(path.relative_to(storage)): copy for path, copy in copies if copy is not None}
    if not files:
        note = f"{storage} has no runs yet"
        return DagsterBackup(kind="none", archive=None, files=(), note=note)
    payload, said = packed(files)
    return DagsterBackup(
        kind="sqlite",
        archive=store.put(backup, _ARCHIVE, payload),
        files=said,
        note=f"{len(said)} SQLite files of {storage}",
    )


def _copied(path: Path) -> bytes | None:
    """A SQLite file as of one moment, with what still stands in its log; writers go on.

    None for one that is gone: Dagster purges the events of old runs.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy, uri = Path(folder) / path.name, f"{path.absolute().as_uri()}?mode=ro"
        try:
            source = sqlite3.connect(uri, uri=True, timeout=_LONGEST_LOCK_S)
        except sqlite3.OperationalError:
            if path.exists():
                raise
            return None
        with closing(source), closing(sqlite3.connect(copy)) as target:
            # Of a file that stays locked, `backup` would wait for ever; a transaction does not.
            source.execute("begin")
            source.execute("select count(*) from sqlite_master")
            source.backup(target)
            # The copy is one file: a log beside it would be left behind.
            target.execute("pragma journal_mode=delete")
        return copy.read_bytes()


def _postgresql(url: URL, store: BackupStore, backup: str) -> DagsterBackup:
    whole = url.set(drivername="postgresql").render_as_string(hide_password=False)
    place, password = without_password(whole), url.password or url.query.get("password")
    command = shutil.which("pg_dump")
    if command is None:
        note = (
            f"not copied: there is no pg_dump here. Where it is, run `pg_dump --format=custom "
            f"--file=dagster.pgdump '{place}'`"
        )
        return DagsterBackup(kind="postgresql", archive=None, files=(), note=note)
    # By the environment: arguments are shown to every user of the machine.
    environ = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / _DUMP
        _dump(command, place, environ, dump)
        payload = dump.read_bytes()
    return DagsterBackup(
        kind="postgresql",
        archive=store.put(backup, _DUMP, payload),
        files=(),
        note=(
            f"{_DUMP} of the backup; to have it back, stop Dagster and run `pg_restore --clean "
            f"--if-exists --dbname='{place}' {_DUMP}`"
        ),
    )


def _dump(command: str, place: str, environ: Mapping[str, str], dump: Path) -> None:
    try:
        dumped = subprocess.run(  # noqa: S603 - our own settings
            [command, "--format=custom", "--no-password", f"--dbname={place}", f"--file={dump}"],
            env=environ,
            capture_output=True,
            check=False,
            timeout=_LONGEST_DUMP_S,
        )
    except subprocess.TimeoutExpired as error:
        raise BackupError(
            f"pg_dump of Dagster's storage at {place} took longer than {_LONGEST_DUMP_S} s: see "
            "that the server answers, or let Dagster purge old runs"
        ) from error
    if dumped.returncode:
        told = dumped.stderr.decode(errors="replace").strip().splitlines()
        raise BackupError(
            f"pg_dump of Dagster's storage at {place} failed: {told[-1] if told else 'no reason'}; "
            "see that it runs, and that this pg_dump is no older than the server"
        )
