"""What was packed of a stream so far, and whether it can be relied on.

A landing zone has every revision as `<root>/<stream_id>/r0001/`. A node's outbox has there what
waits. What the landing zone confirmed moves on to `.sent/<stream_id>/`, and to
`.settled/<stream_id>/` once it will not be refused any more: so what waits is found at once,
however much was sent before. Revisions move that way only, and are looked for in that direction:
one that moves meanwhile is met twice, and never missed.
"""

from contextlib import suppress
from pathlib import Path

from edge_ingest.checksum import sha256_of
from edge_ingest.drops import media as media_files
from edge_ingest.drops.arrival import read_manifest
from edge_ingest.errors import DropError
from edge_ingest.manifest import REFUSAL_NAME, SENT_NAME, Manifest

#: Drops that the landing zone has confirmed, and that may still be refused.
SENT = ".sent"
#: Drops that will not be refused any more; of each stream the newest.
SETTLED = ".settled"


def revisions(root: Path, stream: str) -> dict[int, Path]:
    """The folder of every revision of a stream, finished or not, by its number in rising order."""
    found = {
        int(path.name[1:]): path
        for home in _homes(root, stream)
        for path in home.glob("r[0-9]*")
        if path.name[1:].isdigit() and path.is_dir()
    }
    return dict(sorted(found.items()))


def last_finished(taken: dict[int, Path]) -> tuple[Path, Manifest] | None:
    """The newest revision whose manifest can be read."""
    for path in reversed(taken.values()):
        for folder in _onward(path):
            with suppress(DropError, FileNotFoundError):  # it may move on between two looks
                return folder, read_manifest(folder)
    return None


def is_sent(folder: Path) -> bool:
    """Whether the landing zone has confirmed the drop that stands, or stood, in a folder."""
    return any((one / SENT_NAME).exists() for one in _onward(folder))


def is_refused(folder: Path) -> bool:
    """Whether somebody said of that drop that it will not do."""
    return any((one / REFUSAL_NAME).exists() for one in _onward(folder))


def is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether a drop stands as it was packed, or was confirmed elsewhere, and nobody refused it."""
    if is_refused(folder):
        return False
    if is_sent(folder):
        return True
    try:
        tables = all(sha256_of(folder / file.path) == file.sha256 for file in manifest.files)
        found = tables and media_files.is_whole(folder, manifest.media)
    except FileNotFoundError:
        found = False
    # A video is read for minutes, in which it may be sent and removed; a sender that removes a file
    # has written before that it was sent.
    return found or is_sent(folder)


def _homes(root: Path, stream: str) -> tuple[Path, ...]:
    return root / stream, root / SENT / stream, root / SETTLED / stream


def _onward(folder: Path) -> tuple[Path, ...]:
    """Where a revision that stood in a folder may be now."""
    home = folder.parent.parent
    root = home.parent if home.name in {SENT, SETTLED} else home
    places = tuple(one / folder.name for one in _homes(root, folder.parent.name))
    return places[places.index(folder) :]
