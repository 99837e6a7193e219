"""FIT activities of watches and bike computers: the reader.

Records become signals and positions; laps and the timer become events. Places are metres east and
north of the first valid fix; altitude is a signal, and z stays null. FIT counts whole seconds: of
several records within one second the last value of each quantity stands. A pause is a gap: nothing
is filled in. A record with nothing to say about a quantity that the file carries is null, with the
reason. Heart beats come at the sum of their intervals, tied to the records around them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from edge_ingest.errors import NothingRecordedError, SourceError
from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.readers.fit_messages import Message, Messages, read_messages
from edge_ingest.readers.fit_tables import athletes, beats, moments, track_points
from edge_ingest.readers.track_points import (
    events_table,
    in_order,
    instant,
    positions_table,
    sampling_rate_hz,
    signals_table,
)
from edge_ingest.recording import Recording, SessionFacts, Told
from edge_ingest.records import Quality

VERSION = "2"

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
    if not messages.by_name["record"] and messages.damage:
        raise SourceError(
            f"{path} is no activity that can be read: it is damaged before its first record "
            f"({messages.damage}); copy it from the device again"
        )
    if not messages.by_name["record"]:
        kind = messages.first("file_id", "type") or "file without a type"
        raise NothingRecordedError(
            f"{path} is no activity but: {kind}. It holds no records; nothing to pack here"
        )
    points, found = in_order(track_points(_dated(messages, told, path)), str(path))
    first = instant(points.instants[0])
    started = _started(messages, told, first)
    device = _device(messages)
    athlete = told.athlete_id or str(messages.first("file_id", "serial_number") or device)
    recovered = Quality.RECOVERED.value if messages.damage else 0
    signals, out_of_range = signals_table(points, athlete, recovered)
    heart_beats, strange_beats = beats(messages, athlete, recovered)
    ended = instant(points.instants[-1])
    if heart_beats.num_rows:
        ended = max(ended, heart_beats["captured_at_utc"][-1].as_py())
    places = positions_table(points, started, athlete, recovered, where=str(path))
    events = events_table(moments(messages), started, athlete, recovered)
    tables = {"athletes": athletes(messages, athlete)}
    if quantities := [t for t in (signals, heart_beats) if t is not None and t.num_rows]:
        tables["signals"] = pa.concat_tables(quantities)
    if places.table is not None:
        tables["positions"] = places.table
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
            ended_at_utc=ended,
            source_session_id=_created(messages),
            name=messages.first("session", "sport_profile_name"),
            site=told.site,
            sampling_rate_hz=sampling_rate_hz(points.instants),
            origin_latitude_deg=places.origin[0] if places.origin else None,
            origin_longitude_deg=places.origin[1] if places.origin else None,
        ),
        clock=_clock(told, has_fix=bool(places.origin)),
        tables=tables,
        filter_settings={"damage": messages.damage} if messages.damage else {},
        rows_by_rule={
            **found,
            **places.found,
            "out_of_range": out_of_range + strange_beats,
            "recovered": len(points) if messages.damage else 0,
        },
    )


def _dated(messages: Messages, told: Told, path: Path) -> list[Message]:
    """The records that carry an instant, in the order of the file."""
    _set_clock(messages, told, path)
    records = messages.by_name["record"]
    dated = [record for record in records if isinstance(record.get("timestamp"), datetime)]
    if not dated:
        raise NothingRecordedError(
            f"{path}: none of its {len(records)} records carries a time, so there is no session "
            "to place them in"
        )
    return dated


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
            f"{path}: the device's clock was not set: give the start (started_at_utc)",
            rule="incomplete",
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


def _clock(told: Told, *, has_fix: bool) -> Clock:
    if told.started_at_utc:
        return Clock(source="operator", uncertainty_s=60.0)
    if has_fix:
        return Clock(source="gnss", uncertainty_s=RESOLUTION_S)
    return Clock(source="device")
