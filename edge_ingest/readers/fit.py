"""FIT activities of watches and bike computers: the reader.

Records become signals and positions; laps and the timer become events. Places are metres east and
north of the first valid fix; altitude is a signal, and z stays null. FIT counts whole seconds: of
several records within one second the last value of each quantity stands. A pause is a gap: nothing
is filled in. A record with nothing to say about a quantity that the file carries is null, with the
reason.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.readers.fit_messages import Message, Messages, read_messages
from edge_ingest.readers.fit_tables import (
    athletes_table,
    beats_table,
    events_table,
    positions_table,
    signals_table,
)
from edge_ingest.recording import Recording, SessionFacts, Told
from edge_ingest.records import Quality

VERSION = "1"

#: FIT's whole second, s.
RESOLUTION_S = 1.0
#: An hour of difference between a file's session and its records is a wrong start, not a warm-up.
_WARM_UP = timedelta(hours=1)

#: FIT's words for sports and, where those say nothing, for what is done in them.
_SPORTS = {
    "running": "running", "cycling": "cycling", "e_biking": "cycling", "swimming": "swimming",
    "rowing": "rowing", "soccer": "football", "motorcycling": "motorsport", "driving": "motorsport",
    "motor_sports": "motorsport",
}  # fmt: skip
_SUB_SPORTS = {
    "treadmill": "running", "indoor_running": "running", "indoor_cycling": "cycling",
    "spin": "cycling", "virtual_activity": "cycling", "indoor_rowing": "rowing",
    "lap_swimming": "swimming", "open_water": "swimming",
}  # fmt: skip
_NO_SPORT = ("transition", "generic")


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read one activity: `activity`."""
    path = parts["activity"]
    messages = read_messages(path)
    if not messages.by_name["record"]:
        kind = messages.first("file_id", "type") or "file without a type"
        raise SourceError(
            f"{path} is no activity but: {kind}. It holds no records; nothing to pack here"
        )
    records, same_second = _in_order(messages, told, path)
    captured = np.array([r["timestamp"].replace(tzinfo=None) for r in records], "datetime64[us]")
    started = _started(messages, told, records[0]["timestamp"])
    device = _device(messages)
    athlete = told.athlete_id or str(messages.first("file_id", "serial_number") or device)
    recovered = Quality.RECOVERED.value if messages.damage else 0
    signals, out_of_range = signals_table(records, captured, athlete, recovered)
    beats = beats_table(messages, athlete, recovered)
    positions, origin = positions_table(records, captured, started, athlete, recovered)
    events = events_table(messages, started, athlete, recovered)
    tables = {
        "signals": pa.concat_tables([signals, beats]),
        "athletes": athletes_table(messages, athlete),
    }
    if origin:
        tables["positions"] = positions
    if events.num_rows:
        tables["events"] = events
    return Recording(
        source="fit",
        device_id=slugify(told.device_id or "") or device,
        kind="wearable",
        reader="fit",
        reader_version=VERSION,
        session=SessionFacts(
            sport=_sport(messages),
            started_at_utc=started,
            ended_at_utc=records[-1]["timestamp"],
            source_session_id=_created(messages),
            name=messages.first("session", "sport_profile_name"),
            site=told.site,
            sampling_rate_hz=_sampling_rate(captured),
            origin_latitude_deg=origin[0] if origin else None,
            origin_longitude_deg=origin[1] if origin else None,
        ),
        clock=_clock(told, has_fix=bool(origin)),
        tables=tables,
        filter_settings={"damage": messages.damage} if messages.damage else {},
        rows_by_rule={
            "same_second": same_second,
            "out_of_range": out_of_range,
            "recovered": len(records) if messages.damage else 0,
        },
    )


def _in_order(messages: Messages, told: Told, path: Path) -> tuple[list[Message], int]:
    """Records by time, one a second; and how many shared a second with another."""
    _set_clock(messages, told, path)
    merged: dict[datetime, Message] = {}
    dated = [r for r in messages.by_name["record"] if isinstance(r.get("timestamp"), datetime)]
    if not dated:
        raise SourceError(
            f"{path}: none of its {len(messages.by_name['record'])} records carries a time, "
            "so they cannot be placed"
        )
    for record in sorted(dated, key=lambda record: record["timestamp"]):
        merged.setdefault(record["timestamp"], {}).update(record)
    return list(merged.values()), len(dated) - len(merged)


def _set_clock(messages: Messages, told: Told, path: Path) -> None:
    """Shift instants so that the activity begins when the operator says.

    A device whose clock was never set counts seconds since it was switched on: then only the
    operator can say when it was.
    """
    stamps = [r["timestamp"] for r in messages.by_name["record"] if "timestamp" in r]
    if not stamps or (isinstance(stamps[0], datetime) and told.started_at_utc is None):
        return
    first, start = stamps[0], told.started_at_utc
    if start is None:
        raise SourceError(
            f"{path}: the device's clock was not set: give the start (started_at_utc)"
        )

    def moved(instant: Any) -> Any:  # noqa: ANN401 - an instant, or seconds since switched on
        if type(instant) is not type(first):
            return instant
        elapsed = instant - first
        return start + (elapsed if isinstance(elapsed, timedelta) else timedelta(seconds=elapsed))

    for name in ("record", "lap", "session", "event"):
        for message in messages.by_name[name]:
            for key in ("timestamp", "start_time"):
                if key in message:
                    message[key] = moved(message[key])
    messages.beats = [(moved(when), beat) for when, beat in messages.beats]


def _started(messages: Messages, told: Told, first: datetime) -> datetime:
    start = messages.first("session", "start_time")
    if (
        told.started_at_utc is None
        and isinstance(start, datetime)
        and (timedelta() <= first - start <= _WARM_UP)
    ):
        return start
    return first


def _sport(messages: Messages) -> str:
    """The one sport of all sessions of the file; several make it `other`."""
    sports = {
        _SPORTS.get(str(session.get("sport")))
        or _SUB_SPORTS.get(str(session.get("sub_sport")), "other")
        for session in messages.by_name["session"]
        if session.get("sport") not in _NO_SPORT or session.get("sub_sport") in _SUB_SPORTS
    }
    return sports.pop() if len(sports) == 1 else "other"


def _device(messages: Messages) -> str:
    names: Iterable[Any] = (
        messages.first("file_id", "manufacturer"),
        messages.first("file_id", "garmin_product") or messages.first("file_id", "product_name"),
        messages.first("file_id", "serial_number"),
    )
    return slugify(" ".join(str(name) for name in names if name is not None)) or "unknown-device"


def _created(messages: Messages) -> str | None:
    created = messages.first("file_id", "time_created")
    return created.isoformat() if isinstance(created, datetime) else None


def _sampling_rate(captured: NDArray[np.datetime64]) -> float | None:
    """One over the usual distance between records, Hz; a pause does not count."""
    if captured.size < 2:  # noqa: PLR2004 - a distance needs two
        return None
    return float(1 / np.median(np.diff(captured) / np.timedelta64(1, "s")))


def _clock(told: Told, *, has_fix: bool) -> Clock:
    if told.started_at_utc:
        return Clock(source="operator", uncertainty_s=60.0)
    if has_fix:
        return Clock(source="gnss", uncertainty_s=RESOLUTION_S)
    return Clock(source="device")
