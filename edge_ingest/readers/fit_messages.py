"""FIT files to plain messages: what can be saved of a damaged file is saved.

Belongs here: decoding and salvage. What the values mean stands in `fit.py`.
"""

import struct
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from edge_ingest.errors import SourceError

#: Messages that we read; all others are passed over.
_WANTED = ("file_id", "record", "lap", "session", "event", "hrv", "user_profile", "zones_target")

#: Fields that tell an instant, in seconds since FIT's beginning; smaller numbers are seconds since
#: the device was switched on (FIT protocol, date_time).
_INSTANTS = ("timestamp", "start_time", "time_created")
_FIT_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
_FIRST_INSTANT = 0x10000000

#: What decoders of single fields raise on bytes that no device wrote.
_BREAKS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError,
           struct.error)  # fmt: skip

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
            # Without a processor: fitdecode's own looks at each field of each message three times.
            with fitdecode.FitReader(
                path, processor=None, check_crc=fitdecode.CrcCheck.READONLY
            ) as reader:
                for frame in reader:
                    if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                        count += 1
                        _keep(found, frame)
                    elif frame.frame_type == fitdecode.FIT_FRAME_CRC and not frame.matched:
                        found.damage = "wrong checksum"
        except (fitdecode.FitError, *_BREAKS) as error:
            # A broken file may fail in any decoder; the messages before the break are sound.
            if not count:
                raise SourceError(
                    f"{path} is no FIT file, or is damaged from the start ({error}): "
                    "copy it from the device again"
                ) from error
            found.damage = f"breaks off: {str(error) or type(error).__name__}"
    return found


def _keep(found: Messages, frame: Any) -> None:  # noqa: ANN401 - fitdecode has no types
    name = frame.name
    if name not in found.by_name:
        return
    message: Message = {}
    for entry in frame.fields:
        # Native fields only: developers' fields share names with them and mean other things.
        field_type = entry.field
        if entry.value is None or field_type is None or hasattr(field_type, "dev_data_index"):
            continue
        message.setdefault(field_type.name, entry.value)
    for key in _INSTANTS:
        seconds = message.get(key)
        if isinstance(seconds, int | float) and seconds >= _FIRST_INSTANT:
            message[key] = _FIT_EPOCH + timedelta(seconds=seconds)
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
