"""What a crash must not lose: a checkpoint of the engine, and every message since.

A message is in the journal before the broker is told that it arrived, so that killing the process
at any moment loses none; `seq` makes it count once. The checkpoint keeps the journal short.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from edge_ingest.durable import replace_durably
from edge_ingest.errors import LiveError

CHECKPOINT = "checkpoint.json"
#: Kind, arrival in µs, bytes of topic and payload, checksum of both.
_HEAD = struct.Struct("<cqIII")

Kind = Literal[b"M", b"A"]


@dataclass(frozen=True)
class Entry:
    """A message that arrived (kind M), or the id of an alert that the broker has (kind A)."""

    kind: bytes
    arrived_us: int
    topic: str
    payload: bytes


class Journal:
    """Checkpoint and journals in one folder, which belongs to one process.

    Args:
        folder: made if it is not there; readable by its owner alone, since it holds athletes' data.

    Raises:
        LiveError: another process has it.
    """

    def __init__(self, folder: Path) -> None:
        import fcntl

        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._lock = (folder / "lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise LiveError(
                f"another live node keeps its state in {folder}: stop it first"
            ) from None
        self._number = 0
        self._file: BinaryIO | None = None

    def recover(self) -> tuple[dict[str, Any] | None, Iterator[Entry]]:
        """The checkpoint (None where there is none) and what came after it, in order.

        A damaged checkpoint is none. Afterwards `rotate` must be called before `append`.
        """
        import orjson

        state: dict[str, Any] | None = None
        try:
            told = orjson.loads((self._folder / CHECKPOINT).read_bytes())
            first, state = int(told["journal"]), told["state"]
        except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            first, state = 0, None
        numbers = sorted(number for number in self._numbers() if number >= first)
        self._number = max([first, *self._numbers()])
        return state, self._entries(numbers)

    def append(self, kind: Kind, arrived_us: int, topic: str, payload: bytes) -> None:
        """Write an entry; the process may be killed as soon as this returns."""
        assert self._file is not None
        name = topic.encode()
        check = zlib.crc32(payload, zlib.crc32(name))
        self._file.write(
            _HEAD.pack(kind, arrived_us, len(name), len(payload), check) + name + payload
        )

    def rotate(self, state: dict[str, Any]) -> bytes:
        """Begin a new journal; the checkpoint of everything before it, for `keep`."""
        import orjson

        checkpoint = orjson.dumps({"journal": self._number + 1, "state": state})
        path = self._path(self._number + 1)
        opened = path.open("wb", buffering=0)
        path.chmod(0o600)
        if self._file is not None:
            self._file.close()
        self._file, self._number = opened, self._number + 1
        return checkpoint

    def keep(self, checkpoint: bytes) -> None:
        """Write what `rotate` gave, durably, and forget the journals before it."""
        number = self._number
        replace_durably(self._folder / CHECKPOINT, checkpoint, mode=0o600)
        for old in self._numbers():
            if old < number:
                self._path(old).unlink()

    def close(self) -> None:
        """Let go of the folder."""
        if self._file is not None:
            self._file.close()
        self._lock.close()

    def _path(self, number: int) -> Path:
        return self._folder / f"journal-{number:08d}"

    def _numbers(self) -> list[int]:
        return [int(path.name[8:]) for path in self._folder.glob("journal-" + "[0-9]" * 8)]

    def _entries(self, numbers: list[int]) -> Iterator[Entry]:
        for number in numbers:
            data = self._path(number).read_bytes()
            at = 0
            while at + _HEAD.size <= len(data):
                kind, arrived_us, topic, payload, check = _HEAD.unpack_from(data, at)
                first = at + _HEAD.size
                at = first + topic + payload
                body = data[first:at]
                if len(body) < topic + payload or zlib.crc32(body) != check:
                    break  # the power failed while it was written: the broker sends it again
                yield Entry(kind, arrived_us, body[:topic].decode(), body[topic:])
