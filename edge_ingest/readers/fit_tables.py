"""FIT messages to rows of the raw tables: signals, beats, positions, events, athletes."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.geodesy import to_local
from edge_ingest.readers.fit_messages import Message, Messages
from edge_ingest.records import CHANNELS, EVENTS, INSTANT, Quality

_DEGREES_PER_SEMICIRCLE = 180.0 / 2**31

#: Channel and the record's fields that carry it, best first.
_FIELDS: dict[str, tuple[str, ...]] = {
    "heart_rate": ("heart_rate",), "power": ("power",), "cadence": ("cadence",),
    "speed": ("enhanced_speed", "speed"), "distance": ("distance",),
    "altitude": ("enhanced_altitude", "altitude"), "temperature": ("temperature",),
    "left_power_share": ("left_right_balance",),
}  # fmt: skip
_TIMER = {"start": "timer_start", "stop": "timer_stop", "stop_all": "timer_stop",
          "stop_disable": "timer_stop", "stop_disable_all": "timer_stop"}  # fmt: skip


def signals_table(
    records: list[Message], captured: NDArray[np.datetime64], athlete: str, recovered: int
) -> tuple[pa.Table, int]:
    """One row a record and quantity that the file carries; and how many values cannot be true.

    Args:
        records: by time, one a second.
        captured: their instants, UTC.
        recovered: quality bits of every row.
    """
    tables, out_of_range = [], 0
    for channel, fields in _FIELDS.items():
        values = np.array([_value(channel, fields, record) for record in records], np.float64)
        _, lowest, highest, _ = CHANNELS[channel]
        # A strap that has fallen off reports a heart rate of nought.
        unseen = np.isnan(values) | ((values == 0) & (channel == "heart_rate"))
        if unseen.all():
            continue
        strange = ~unseen & ((values < lowest) | (values > highest))
        out_of_range += int(strange.sum())
        reason = np.where(unseen, "no_signal", "out_of_range")
        tables.append(
            pa.table(
                {
                    "source_athlete_id": pa.repeat(athlete, len(records)),
                    "channel": pa.repeat(channel, len(records)),
                    "sample_index": pa.array(np.arange(len(records), dtype=np.int32)),
                    "captured_at_utc": pa.array(captured).cast(INSTANT),
                    "value": pa.array(values, mask=unseen | strange),
                    "missing_reason": pa.array(
                        reason.astype(object), pa.string(), mask=~(unseen | strange)
                    ),
                    "quality": pa.array(
                        (strange * Quality.OUT_OF_RANGE.value + recovered).astype(np.int32)
                    ),
                }
            )
        )
    return pa.concat_tables(tables) if tables else beats_table(Messages(), athlete, 0), out_of_range


def _value(channel: str, fields: tuple[str, ...], record: Message) -> float:
    value = next((record[name] for name in fields if name in record), None)
    if not isinstance(value, int | float):
        return np.nan
    if channel == "cadence":
        return value + (record.get("fractional_cadence") or 0.0)
    if channel == "left_power_share":
        # The highest bit says that the share is the right leg's; without it nobody knows whose.
        return 100.0 - (int(value) & 0x7F) if int(value) & 0x80 else np.nan
    return float(value)


def beats_table(messages: Messages, athlete: str, recovered: int) -> pa.Table:
    """Heart beat intervals; an interval bears the instant of the record before it."""
    beats = [(when, 1000 * beat) for when, beat in messages.beats if isinstance(when, datetime)]
    _, lowest, highest, _ = CHANNELS["rr_interval"]
    values = np.array([beat for _, beat in beats], np.float64)
    strange = (values < lowest) | (values > highest)
    reason = np.full(len(beats), "out_of_range", object)
    return pa.table(
        {
            "source_athlete_id": pa.array([athlete] * len(beats), pa.string()),
            "channel": pa.array(["rr_interval"] * len(beats), pa.string()),
            "sample_index": pa.array(np.arange(len(beats), dtype=np.int32)),
            "captured_at_utc": pa.array([when for when, _ in beats], INSTANT),
            "value": pa.array(values, mask=strange),
            "missing_reason": pa.array(reason, pa.string(), mask=~strange),
            "quality": pa.array(
                (strange * Quality.OUT_OF_RANGE.value + recovered).astype(np.int32)
            ),
        }
    )


def positions_table(
    records: list[Message],
    captured: NDArray[np.datetime64],
    started: datetime,
    athlete: str,
    recovered: int,
) -> tuple[pa.Table, tuple[float, float] | None]:
    """East and north of the first fix, and where that was; None where the file has no fix."""
    semicircles = np.array(
        [(r.get("position_lat"), r.get("position_long")) for r in records], np.float64
    )
    latitude, longitude = (semicircles * _DEGREES_PER_SEMICIRCLE).T
    # Null Island is what a device says that has no fix.
    fixed = (np.abs(latitude) <= 90) & ~((latitude == 0) & (longitude == 0))  # noqa: PLR2004
    if not fixed.any():
        return pa.table({}), None
    first = int(np.argmax(fixed))
    origin = float(latitude[first]), float(longitude[first])
    east, north, _ = to_local(latitude, longitude, *origin)
    since = captured - np.datetime64(started.astimezone(UTC).replace(tzinfo=None), "us")
    count = len(records)
    table = pa.table(
        {
            "frame_id": pa.array(np.arange(count, dtype=np.int32)),
            "captured_at_utc": pa.array(captured).cast(INSTANT),
            "period_time_s": pa.array(since / np.timedelta64(1, "s")),
            "object_kind": pa.repeat("athlete", count),
            "source_athlete_id": pa.repeat(athlete, count),
            "x_m": pa.array(east, mask=~fixed),
            "y_m": pa.array(north, mask=~fixed),
            "missing_reason": pa.array(
                np.full(count, "no_signal", object), pa.string(), mask=fixed
            ),
            "quality": pa.array(np.full(count, recovered, np.int32)),
        }
    )
    return table, origin


def events_table(messages: Messages, started: datetime, athlete: str, recovered: int) -> pa.Table:
    """Ends of laps, and the timer's starts and stops."""
    found: list[tuple[str, str, str, datetime]] = []
    for index, lap in enumerate(messages.by_name["lap"]):
        word = f"lap {lap.get('lap_trigger', '')}".strip()
        found.append((f"lap-{index}", "lap", word, lap.get("timestamp")))  # type: ignore[arg-type]
    timer = [event for event in messages.by_name["event"] if event.get("event") == "timer"]
    for index, event in enumerate(timer):
        word = str(event.get("event_type"))
        if word in _TIMER:
            found.append((f"timer-{index}", _TIMER[word], f"timer {word}", event["timestamp"]))
    rows = [
        {
            "source_event_id": event_id,
            "captured_at_utc": when,
            "period_time_s": (when - started).total_seconds(),
            "event_type": kind,
            "source_event_type": word,
            "source_athlete_id": athlete,
            "quality": recovered,
        }
        for event_id, kind, word, when in found
        if isinstance(when, datetime)
    ]
    names = ("source_event_id", "captured_at_utc", "period_time_s", "event_type",
             "source_event_type", "source_athlete_id", "quality")  # fmt: skip
    schema = pa.schema([(name, EVENTS.schema.field(name).type) for name in names])
    return pa.Table.from_pylist(rows, schema)


def athletes_table(messages: Messages, athlete: str) -> pa.Table:
    """The one wearer, with heart rates as set in the device."""
    highest = messages.first("zones_target", "max_heart_rate") or messages.first(
        "user_profile", "default_max_heart_rate"
    )
    resting = messages.first("user_profile", "resting_heart_rate")
    return pa.table(
        {
            "source": ["fit"],
            "source_athlete_id": [athlete],
            "is_identified": [True],
            "max_heart_rate_bpm": pa.array([_within(highest, 80, 250)], pa.float64()),
            "resting_heart_rate_bpm": pa.array([_within(resting, 20, 120)], pa.float64()),
        }
    )


def _within(value: float | None, lowest: float, highest: float) -> float | None:
    """A setting, or None where it was never set (devices then write nought)."""
    return float(value) if value is not None and lowest <= value <= highest else None
