"""Folders that are being filled: nobody else's while their process lives, swept once it is gone.

`<root>/.filling/<host>.<random>/`, on the disk of what they become, so that they can be renamed or
linked into it. Their process holds a lock on them, which the kernel lets go of however it ends: so
a sweep takes what a killed process left, and leaves what another one is filling at that moment.
"""

import fcntl
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_ingest.identity import slugify

FILLING = ".filling"
#: Where locks say nothing, on a share that other machines fill too, one is swept after this time.
ABANDONED = timedelta(days=1)


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """An empty folder of this process; what is still there at the end is removed.

    Raises:
        OSError: it cannot be made.
    """
    home = root / FILLING
    while True:
        try:
            home.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=_prefix(), dir=home))
            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue  # whoever was done removed the home, or a sweep was quicker than the lock
        except FileExistsError:
            if home.exists() and not home.is_dir():
                raise
            continue  # it was there when it was to be made, and removed when it was looked at
        if _hold(handle) is not False and folder.exists():
            break
        os.close(handle)
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        try:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(handle)
        with suppress(OSError):  # others fill theirs
            home.rmdir()


def sweep(root: Path, now: datetime) -> None:
    """Remove what killed processes left in a folder; nobody who is at work is disturbed."""
    home = root / FILLING
    with suppress(FileNotFoundError, NotADirectoryError):
        for folder in sorted(home.iterdir()):
            _sweep_one(folder, now)
        with suppress(OSError):
            home.rmdir()


def _sweep_one(folder: Path, now: datetime) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # it became a drop, or another swept it
    try:
        is_free = _hold(handle)
        if is_free is False:
            return
        touched = datetime.fromtimestamp(os.fstat(handle).st_mtime, UTC)
        # Another machine's lock may not be seen here.
        is_ours = is_free and folder.name.startswith(_prefix())
        if is_ours or now - touched > ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)


def _hold(handle: int) -> bool | None:
    """Take the lock; False where another process has it, None where there are none."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _prefix() -> str:
    return f"{slugify(socket.gethostname()) or 'edge'}."
