"""Where the edge delivers: a landing zone as the sender sees it, whatever it is kept in.

Belongs here: what a landing zone must do with one file, and what can go wrong with that. Folders
stand in `landing_folder.py`, object stores in `landing_s3.py`, which of them a node has in
`landing_choice.py`; which files make a drop, and in which order they go, in `sender.py`.
"""

import errno
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from edge_ingest.drops.arrival import LARGEST_MANIFEST
from edge_ingest.errors import EdgeError
from edge_ingest.manifest import REFUSAL_NAME

#: Files are copied and hashed in pieces of this size, B.
CHUNK = 1 << 20
#: Asked between two pieces: whether to break off now, to go on later.
Pause = Callable[[], bool]

_PROBE = "_probe"
_AGAIN = "put the original back into the watched folder, to be packed again"


class LandingError(EdgeError):
    """The landing zone did not take a file.

    Attributes:
        is_permanent: trying again will not help before a person does what the message says.
    """

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


class TooLargeThereError(LandingError):
    """A file there is larger than one of its name may be, and was not read."""


class AlteredHereError(EdgeError):
    """A file of a drop is gone here, or no longer what was packed: it will never arrive.

    Attributes:
        rule: which of `RULES` the drop breaks.
    """

    def __init__(self, message: str, rule: str = "checksum") -> None:
        super().__init__(message)
        self.rule = rule


class UnreadableHereError(EdgeError):
    """A file of a drop cannot be read on this machine now; perhaps it can later."""


class BrokenOffError(EdgeError):
    """The upload was told to give way; what was sent stays, and the next one goes on from there."""


@dataclass(frozen=True)
class Parcel:
    """One file to deliver.

    Attributes:
        path: where it is here. It may be gone, if the landing zone has it already.
        name: relative to the landing zone.
    """

    path: Path
    name: str
    bytes: int
    sha256: str


class LandingTarget(Protocol):
    """A landing zone's storage. Every method raises LandingError if the zone cannot be reached."""

    @property
    def uri(self) -> str:
        """What people call it."""
        ...

    @property
    def server_time_utc(self) -> datetime | None:
        """What the zone's own clock said when it last answered; None before that."""
        ...

    def read(self, name: str, most_bytes: int | None = None) -> bytes | None:
        """The bytes of a small file; None where there is none.

        Args:
            most_bytes: a larger one is not read; it raises TooLargeThereError.
        """
        ...

    def holds(self, parcel: Parcel) -> bool:
        """Whether the file stands there with this size and this checksum, as the storage has it."""
        ...

    def put(self, parcel: Parcel, pause: Pause) -> None:
        """Write a file durably and make sure of it; what stood there is replaced.

        Raises:
            AlteredHereError: the file here is not what the parcel says.
            UnreadableHereError: it cannot be read here.
            BrokenOffError: `pause` said so.
        """
        ...

    def refusal(self, place: str) -> bytes | None:
        """Why the lakehouse refused a drop; None where it did not, or the drop came again since."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...


def never() -> bool:
    """A pause that never comes."""
    return False


def probe(target: LandingTarget, scratch: Path, node_id: str) -> None:
    """Write a small file, read it back and remove it.

    Args:
        scratch: a folder of ours to make the file in.

    Raises:
        LandingError: one of the three did not work.
    """
    name = f"{_PROBE}/{node_id}.txt"
    payload = f"{node_id} can write here\n".encode()
    path = scratch / "probe.txt"
    path.write_bytes(payload)
    try:
        parcel = Parcel(path, name, len(payload), hashlib.sha256(payload).hexdigest())
        target.put(parcel, never)
        if target.read(name) != payload:
            raise LandingError(
                f"{target.uri} gave back something else than was written", is_permanent=True
            )
        target.remove(name)
    finally:
        path.unlink(missing_ok=True)


def read_refusal(target: LandingTarget, place: str) -> bytes | None:
    """What a landing zone has as the refusal of a drop; of one too large to be read nothing more.

    Raises:
        LandingError: it cannot be asked.
    """
    try:
        return target.read(f"{place}/{REFUSAL_NAME}", LARGEST_MANIFEST)
    except TooLargeThereError:
        return b"{}\n"


def refuse_larger(name: str, size_bytes: int, most_bytes: int | None) -> None:
    """Refuse to read a file that is larger than it may be.

    Raises:
        TooLargeThereError: it is.
    """
    if most_bytes is not None and size_bytes > most_bytes:
        raise TooLargeThereError(
            f"{name} has {size_bytes:,} B, and {most_bytes:,} B are read at most: check what it is",
            is_permanent=True,
        )


def altered(parcel: Parcel) -> AlteredHereError:
    """What to say of a file that is not what was packed."""
    return AlteredHereError(
        f"{parcel.path} is no longer what was packed: {_AGAIN}, and check this machine's disk"
    )


def unreadable(parcel: Parcel, error: OSError) -> AlteredHereError | UnreadableHereError:
    """What to say of a file that the disk does not give."""
    if error.errno == errno.ENOENT:
        return gone(parcel)
    return UnreadableHereError(
        f"{parcel.path} cannot be read ({error.strerror or error}): check this machine's disk; it "
        f"is tried again. If it stays so, {_AGAIN}"
    )


def gone(parcel: Parcel) -> AlteredHereError:
    """What to say of a file that is not there any more."""
    return AlteredHereError(
        f"{parcel.path} is gone, and the landing zone has not got it: {_AGAIN}", rule="missing"
    )
