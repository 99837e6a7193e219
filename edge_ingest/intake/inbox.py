"""The watched folder: which files are there, and which of them stand still."""

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: A file that ends so is still being copied or downloaded, by the name its program gives it.
PARTIAL = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", "~")
#: What operating systems leave in folders.
_LITTER = {"thumbs.db", "desktop.ini", "system volume information", "$recycle.bin", "lost+found"}


@dataclass(frozen=True)
class Stamp:
    """What changes when somebody writes a file."""

    bytes: int
    modified_ns: int
    changed_ns: int
    inode: int

    @property
    def content(self) -> tuple[int, int, int]:
        """What stays while nobody writes the file or puts another in its place.

        A second name, as for a file that is kept, changes the rest of the stamp.
        """
        return self.inode, self.bytes, self.modified_ns


def look(folder: Path) -> dict[Path, Stamp]:
    """Every file in a folder and the folders in it, with its stamp.

    Left out are hidden files, unfinished ones by their name, and what is no file; links are listed,
    and not followed.
    """
    found = {}
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_litter(name))
        for name in [*sorted(names), *folders]:
            path = Path(where, name)
            try:
                told = path.lstat()
            except FileNotFoundError:
                continue  # its program renamed it
            is_file = stat.S_ISREG(told.st_mode) or stat.S_ISLNK(told.st_mode)
            if is_file and not _is_litter(name) and not name.lower().endswith(PARTIAL):
                found[path] = _stamp(told)
    return found


def stamp(path: Path) -> Stamp:
    """The stamp of a file as it stands there now; of a link its own.

    Raises:
        OSError: it is not there, or its folder cannot be read.
    """
    return _stamp(path.lstat())


class Stillness:
    """Since when each file has not changed, by a clock that nobody sets."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since: dict[Path, tuple[Stamp, float]] = {}

    def note(self, seen: Mapping[Path, Stamp]) -> None:
        """Take up what was just seen."""
        now = self._monotonic()
        self._since = {
            path: known if (known := self._since.get(path)) and known[0] == stamp else (stamp, now)
            for path, stamp in seen.items()
        }

    def of(self, paths: Iterable[Path]) -> float:
        """How long none of these files has changed, s."""
        return self._monotonic() - max(self._since[path][1] for path in paths)


def _stamp(told: os.stat_result) -> Stamp:
    return Stamp(told.st_size, told.st_mtime_ns, told.st_ctime_ns, told.st_ino)


def _is_litter(name: str) -> bool:
    return name[0] == "." or name.lower() in _LITTER
