"""Databases beside the tables, kept in a backup: SQLite files and PostgreSQL.

SQLite files are copied while others are at work on them, each as of one moment. PostgreSQL has its
own tool for that, which is asked where it is installed.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from resources.addresses import without_password
from resources.backup.archive import packed, unpacked
from resources.backup.manifest import DatabaseBackup
from resources.backup.store import BackupStore
from resources.errors import BackupError
from resources.object_folder import written_beside

#: A server that hangs must not hold the nightly run.
_LONGEST_DUMP_S = 1800
_LONGEST_LOCK_S = 60


@dataclass(frozen=True)
class Owner:
    """Whose database it is.

    Attributes:
        name: of its files in the backup.
        whose: `Dagster's storage`.
        stop: what must not be at work when it is put back.
        files: pattern of its SQLite files, below their folder.
    """

    name: str
    whose: str
    stop: str
    files: str

    @property
    def archive(self) -> str:
        """Of SQLite files, in the backup."""
        return f"{self.name}.zip"

    @property
    def dump(self) -> str:
        """Of PostgreSQL, in the backup."""
        return f"{self.name}.pgdump"


def keep_sqlite(owner: Owner, folder: Path, store: BackupStore, backup: str) -> DatabaseBackup:
    """Keep the SQLite files of a folder in a backup that is being made."""
    copies = ((path, _copied(path)) for path in sorted(folder.glob(owner.files)))
    files = {str(path.relative_to(folder)): copy for path, copy in copies if copy is not None}
    if not files:
        note = f"{folder} has nothing of {owner.whose} yet"
        return DatabaseBackup(kind="none", archive=None, files=(), note=note)
    payload, said = packed(files)
    return DatabaseBackup(
        kind="sqlite",
        archive=store.put(backup, owner.archive, payload),
        files=said,
        note=f"{_counted(len(said))} of {folder}",
    )


def put_back_sqlite(
    owner: Owner,
    folder: Path,
    store: BackupStore,
    backup: str,
    of: DatabaseBackup,
) -> str:
    """Put SQLite files back where there are none; says what was done, or is to be done.

    What is there and differs is left alone, all of it: others may be at work on it.
    """
    if of.archive is None or of.kind != "sqlite":
        return of.note
    files = unpacked(store.get(backup, of.archive), of.files, f"{owner.archive} of backup {backup}")
    there = {str(path.relative_to(folder)): path for path in folder.glob(owner.files)}
    if any(files.get(name) != path.read_bytes() for name, path in there.items()):
        names = ", ".join(sorted({Path(name).parts[0] for name in there}))
        return (
            f"there is one in {folder}: left alone. To have the backup's, stop {owner.stop}, move "
            f"{names} away from there, and run this again"
        )
    for name, payload in files.items():
        if name not in there:
            # The log of a process that was killed: SQLite would play it into the file put back.
            for log in ("-wal", "-shm", "-journal"):
                (folder / f"{name}{log}").unlink(missing_ok=True)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with written_beside(folder / name, payload) as unfinished:
                unfinished.replace(folder / name)
    return f"{_counted(len(files))} in {folder}"


def keep_postgresql(owner: Owner, url: URL, store: BackupStore, backup: str) -> DatabaseBackup:
    """Keep a PostgreSQL database in a backup that is being made.

    Raises:
        BackupError: PostgreSQL's tool is there and fails.
    """
    whole = url.set(drivername="postgresql").render_as_string(hide_password=False)
    place, password = without_password(whole), url.password or url.query.get("password")
    command = shutil.which("pg_dump")
    if command is None:
        note = (
            f"not copied: there is no pg_dump here. Where it is, run `pg_dump --format=custom "
            f"--file={owner.dump} '{place}'`"
        )
        return DatabaseBackup(kind="postgresql", archive=None, files=(), note=note)
    # By the environment: arguments are shown to every user of the machine.
    environ = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / owner.dump
        _dump(owner, command, place, environ, dump)
        payload = dump.read_bytes()
    return DatabaseBackup(
        kind="postgresql",
        archive=store.put(backup, owner.dump, payload),
        files=(),
        note=(
            f"{owner.dump} of the backup; to have it back, stop {owner.stop} and run `pg_restore "
            f"--clean --if-exists --dbname='{place}' {owner.dump}`"
        ),
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


def _counted(files: int) -> str:
    return "1 SQLite file" if files == 1 else f"{files} SQLite files"


def _dump(owner: Owner, command: str, place: str, environ: Mapping[str, str], dump: Path) -> None:
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
            f"pg_dump of {owner.whose} at {place} took longer than {_LONGEST_DUMP_S} s: see that "
            "the server answers, or purge what is old in it"
        ) from error
    if dumped.returncode:
        told = dumped.stderr.decode(errors="replace").strip().splitlines()
        raise BackupError(
            f"pg_dump of {owner.whose} at {place} failed: {told[-1] if told else 'no reason'}; "
            "see that it runs, and that this pg_dump is no older than the server"
        )
