"""Files that are on the disk once they are said to be: written, renamed and named for certain."""

import os
from pathlib import Path


def write_durably(path: Path, payload: bytes) -> None:
    """Write a file and force it to the disk."""
    with path.open("wb") as handle:
        handle.write(payload)
        handle.flush()
        os.fsync(handle.fileno())


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
