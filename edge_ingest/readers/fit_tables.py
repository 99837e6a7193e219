"""FIT messages to columns of track points, beats, events and the wearer."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.readers.beats import beat_times, beats_table
from edge_ingest.readers.fit_messages import Message, Messages
from edge_ingest.readers.track_points import Moment, TrackPoints, athletes_table

_DEGREES_PER_SEMICIRCLE = 180.0 / 2**31

#: Channel and the record's fields that carry it, best first.
_FIELDS: dict[str, tuple[str, ...]] = {
    "heart_rate": ("heart_rate",), "power": ("power",), "cadence": ("cadence",),
    "speed": ("enhanced_speed", "speed"), "distance": ("distance",),
    "altitude": ("enhanced_altitude", "altitude"), "temperature": ("temperature",),
    "left_power_share": ("left_right_balance",),
}  # fmt: skip
#: A longer lap is a wrong clock, s.
_LONGEST_LAP_S = 604_800.0
_TIMER = {"start": "timer_start", "stop": "timer_stop", "stop_all": "timer_stop",
          "stop_disable": "timer_stop", "stop_disable_all": "timer_stop"}  # fmt: skip


def track_points(records: list[Message]) -> TrackPoints:
    """Columns of the records, in the order of the file; each must carry an instant."""
    stamps = [record["timestamp"].replace(tzinfo=None) for record in records]
    latitude = _column(records, ("position_lat",)) * _DEGREES_PER_SEMICIRCLE
    longitude = _column(records, ("position_long",)) * _DEGREES_PER_SEMICIRCLE
    channels = {channel: _column(records, fields) for channel, fields in _FIELDS.items()}
    fraction = _column(records, ("fractional_cadence",))
    channels["cadence"] = channels["cadence"] + np.nan_to_num(fraction)
    channels["left_power_share"] = _left_share(channels["left_power_share"])
    return TrackPoints(np.array(stamps, "datetime64[us]"), channels, latitude, longitude)


def _column(records: list[Message], fields: tuple[str, ...]) -> NDArray[np.float64]:
    """The first of the fields that a record has, NaN where it has none or no number."""
    first, *others = fields
    values = [record.get(first) for record in records]
    for name in others:
        values = [
            record.get(name) if value is None else value
            for record, value in zip(records, values, strict=True)
        ]
    try:
        return np.array(values, np.float64)
    except (TypeError, ValueError):  # a list of values, or words, where one number should stand
        return np.array([_number(value) for value in values], np.float64)


def _number(value: Any) -> float:  # noqa: ANN401 - FIT fields hold anything
    return float(value) if isinstance(value, int | float) else np.nan


def _left_share(balance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The left leg's share, %. The highest bit says that the number is the right leg's share;
    without it nobody knows whose it is."""
    whole = np.nan_to_num(balance).astype(np.int64)
    return np.where(np.isnan(balance) | (whole & 0x80 == 0), np.nan, 100.0 - (whole & 0x7F))


def beats(messages: Messages, athlete: str, quality: int) -> tuple[pa.Table, int]:
    """Heart beats at their instants, and how many intervals cannot be true.

    The file only tells which record a beat was written after. The first beat after each record is
    tied to that record's instant, and in between the intervals are added up.
    """
    known = [(when, 1.0 * beat) for when, beat in messages.beats if isinstance(when, datetime)]
    intervals = np.array([beat for _, beat in known], np.float64)
    after = np.array([when.replace(tzinfo=None) for when, _ in known], "datetime64[us]")
    if not len(after):
        return beats_table(after, intervals, athlete, quality)
    told = (after - after[0]) / np.timedelta64(1, "s")
    told[1:][told[1:] == told[:-1]] = np.nan
    elapsed = np.rint(1e6 * beat_times(intervals, told)).astype("timedelta64[us]")
    return beats_table(after[0] + elapsed, 1000 * intervals, athlete, quality)


def moments(messages: Messages) -> list[Moment]:
    """Ends of laps, and the timer's starts and stops."""
    found: list[tuple[str, str, str, Any, float | None]] = []
    for index, lap in enumerate(messages.by_name["lap"]):
        word = f"lap {lap.get('lap_trigger', '')}".strip()
        found.append((f"lap-{index}", "lap", word, lap.get("timestamp"), _lap_s(lap)))
    timer = [event for event in messages.by_name["event"] if event.get("event") == "timer"]
    for index, event in enumerate(timer):
        word = str(event.get("event_type"))
        if word in _TIMER:
            when = event.get("timestamp")
            found.append((f"timer-{index}", _TIMER[word], f"timer {word}", when, None))
    return [Moment(*one) for one in found if isinstance(one[3], datetime)]


def _lap_s(lap: Message) -> float | None:
    """From the lap's start to its end, pauses included; None where one of them is not told."""
    start, end = lap.get("start_time"), lap.get("timestamp")
    if not (isinstance(start, datetime) and isinstance(end, datetime)):
        return None
    seconds = (end - start).total_seconds()
    return seconds if 0 < seconds <= _LONGEST_LAP_S else None


def athletes(messages: Messages, athlete: str) -> pa.Table:
    """The one wearer, with heart rates as set in the device."""
    highest = messages.first("zones_target", "max_heart_rate") or messages.first(
        "user_profile", "default_max_heart_rate"
    )
    resting = messages.first("user_profile", "resting_heart_rate")
    table = athletes_table("fit", {athlete: None})
    for name, value, within in (
        ("max_heart_rate_bpm", highest, _between(80, 250)),
        ("resting_heart_rate_bpm", resting, _between(20, 120)),
    ):
        table = table.append_column(name, pa.array([within(value)], pa.float64()))
    return table


def _between(lowest: float, highest: float) -> Callable[[Any], float | None]:
    """A setting within bounds, or None where it was never set (devices then write nought)."""

    def within(value: Any) -> float | None:  # noqa: ANN401 - FIT fields hold anything
        number = _number(value)
        return number if lowest <= number <= highest else None

    return within
