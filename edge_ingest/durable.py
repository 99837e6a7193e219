"""Files that are on the disk once they are said to be: written, renamed and named for certain."""

import os
from contextlib import suppress
from pathlib import Path


def write_durably(path: Path, payload: bytes) -> None:
    """Write a file and force it to the disk."""
    with path.open("wb") as handle:
        handle.write(payload)
        handle.flush()
        os.fsync(handle.fileno())


def replace_durably(path: Path, payload: bytes, *, mode: int | None = None) -> None:
    """Put a file in the place of one that may stand there: whoever looks sees the old or the new.

    Args:
        mode: who may read it; None: as the process makes files.

    Raises:
        OSError: its folder is not there, or there is no room; the old file stands as it was.
    """
    # By process, so that two that write one file do not write into each other's.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write_durably(unfinished, payload)
        if mode is not None:
            unfinished.chmod(mode)
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def publish(unfinished: Path, target: Path) -> bool:
    """Rename a filled folder into its place, durably; false if something stands there already."""
    sync_folder(unfinished)
    try:
        unfinished.rename(target)
    except OSError:
        if target.exists():
            return False
        raise
    sync_folder(target.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
