"""FIT files to plain messages: what can be saved of a damaged file is saved.

Belongs here: decoding and salvage. What the values mean stands in `fit.py`.
"""

import warnings
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from edge_ingest.errors import SourceError

#: Messages that we read; all others are passed over.
_WANTED = ("file_id", "record", "lap", "session", "event", "hrv", "user_profile", "zones_target")

Message = dict[str, Any]


@dataclass
class Messages:
    """The messages of a file (or of several chained ones), in order.

    Attributes:
        damage: what is wrong with the file, None where nothing is.
        beats: heart beat intervals, s, each with the instant of the record before it.
    """

    by_name: dict[str, list[Message]] = field(default_factory=lambda: {n: [] for n in _WANTED})
    beats: list[tuple[datetime | int | None, float]] = field(default_factory=list)
    damage: str | None = None

    def first(self, name: str, key: str) -> Any:  # noqa: ANN401 - FIT fields hold anything
        """The first value of a field in messages of that name, None where there is none."""
        found = (message[key] for message in self.by_name[name] if message.get(key) is not None)
        return next(found, None)


def read_messages(path: Path) -> Messages:
    """Decode a file as far as it goes.

    Raises:
        SourceError: it is no FIT file, or breaks off before its first message.
    """
    import fitdecode

    found = Messages()
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unknown developer fields: vendors' habit, no damage
        try:
            with fitdecode.FitReader(path, check_crc=fitdecode.CrcCheck.READONLY) as reader:
                for frame in reader:
                    if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                        count += 1
                        _keep(found, frame)
                    elif frame.frame_type == fitdecode.FIT_FRAME_CRC and not frame.matched:
                        found.damage = "wrong checksum"
        except (fitdecode.FitError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            # A broken file may fail in any decoder; the messages before the break are sound.
            if not count:
                raise SourceError(
                    f"{path} is no FIT file, or is damaged from the start ({error}): "
                    "copy it from the device again"
                ) from error
            found.damage = f"breaks off: {error}"
    return found


def _keep(found: Messages, frame: Any) -> None:  # noqa: ANN401 - fitdecode has no types
    name = frame.name
    if name not in found.by_name:
        return
    message: Message = {}
    for entry in frame.fields:
        # Native fields only: developers' fields share names with them and mean other things.
        if entry.value is not None and not hasattr(entry.field, "dev_data_index"):
            message.setdefault(entry.name, entry.value)
    if name == "hrv":
        records = found.by_name["record"]
        when = records[-1].get("timestamp") if records else None
        times = message.get("time")
        found.beats += [
            (when, beat)
            for beat in (times if isinstance(times, (tuple, list)) else (times,))
            if beat is not None
        ]
        return
    found.by_name[name].append(message)
