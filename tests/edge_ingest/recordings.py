"""A small recording to pack: three athletes' frames, made by rule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from edge_ingest.identity import SessionIdentity
from edge_ingest.manifest import Clock
from edge_ingest.recording import Recording, SessionFacts
from edge_ingest.records import INSTANT

START = datetime(2024, 5, 4, 13, 30, tzinfo=UTC)
NOW = datetime(2024, 5, 4, 16, 0, tzinfo=UTC)
IDENTITY = SessionIdentity("2024-05-04_football_test-match", None)


def positions(x_m: Any, frames: int = 5) -> pa.Table:
    """Two athletes and the ball over some frames; `x_m` is the first athlete's x."""
    captured = [START + timedelta(seconds=frame / 10) for frame in range(frames)]
    tables = []
    for kind, athlete, side in (("athlete", "7", "home"), ("athlete", "9", "away"),
                                ("ball", None, None)):  # fmt: skip
        x = np.broadcast_to(np.asarray(x_m if athlete == "7" else 1.25, np.float64), (frames,))
        tables.append(
            pa.table(
                {
                    "period_id": pa.array([1] * frames, pa.int8()),
                    "frame_id": pa.array(range(frames), pa.int32()),
                    "captured_at_utc": pa.array(captured, INSTANT),
                    "period_time_s": [frame / 10 for frame in range(frames)],
                    "object_kind": [kind] * frames,
                    "source_athlete_id": pa.array([athlete] * frames, pa.string()),
                    "team_side": pa.array([side] * frames, pa.string()),
                    "x_m": pa.array(x.copy()),
                    "y_m": pa.array([-3.5] * frames),
                    "quality": pa.array([0] * frames, pa.int32()),
                }
            )
        )
    return pa.concat_tables(tables)


def recording(x_m: Any = 0.5, rows: pa.Table | None = None, **changes: Any) -> Recording:
    """A recording of one short stretch of football."""
    rows = positions(x_m) if rows is None else rows
    athletes = pa.table(
        {
            "source": ["test"] * 2,
            "source_athlete_id": ["7", "9"],
            "is_identified": [True, True],
        }
    )
    settings: dict[str, Any] = {
        "source": "test",
        "device_id": "tracker-1",
        "kind": "tracking",
        "reader": "test",
        "reader_version": "1",
        "session": SessionFacts(
            "football", START, START + timedelta(seconds=1), site="Test Ground"
        ),
        "clock": Clock(source="device", uncertainty_s=0.5),
        "tables": {"positions": rows, "athletes": athletes},
        "filter_settings": {"run_off_m": 5.0},
        "rows_by_rule": {"out_of_field": 0},
    }
    return Recording(**(settings | changes))


def signals() -> pa.Table:
    """Two athletes' heart rate, power, speed and height over eight seconds, with a value missing.

    Speed stands on no round grid; height flickers between two steps of a barometer.
    """
    second = np.arange(8)
    values: dict[str, list[float | None]] = {
        "heart_rate": [121, 121, 122, None, 124, 124, 125, 125],
        "power": [250, 0, 310, 305, 298, 0, 12, 640],
        "speed": [float(np.sqrt(2 + index)) for index in second],
        "altitude": [52.0, 52.2, 52.0, 52.2, 52.0, 52.6, 52.4, 52.6],
    }
    captured = [START + timedelta(seconds=int(index)) for index in second]
    tables = [
        pa.table(
            {
                "source_athlete_id": pa.array([athlete] * len(second), pa.string()),
                "channel": [channel] * len(second),
                "sample_index": pa.array(second, pa.int32()),
                "captured_at_utc": pa.array(captured, INSTANT),
                "value": pa.array(column, pa.float64()),
                "missing_reason": pa.array(
                    ["no_signal" if value is None else None for value in column], pa.string()
                ),
                "quality": pa.array([0] * len(second), pa.int32()),
            }
        )
        for athlete in ("7", "9")
        for channel, column in values.items()
    ]
    return pa.concat_tables(tables)


def events() -> pa.Table:
    """A pass with both ends, and one without a place."""
    return pa.table(
        {
            "source_event_id": ["e1", "e2"],
            "period_id": pa.array([1, 1], pa.int32()),
            "captured_at_utc": pa.array([START, START + timedelta(milliseconds=1234)], INSTANT),
            "period_time_s": [0.0, 1.234],
            "event_type": ["pass", "other"],
            "source_event_type": ["Pass", "Whistle"],
            "source_athlete_id": ["7", None],
            "x_m": [1.0, None],
            "y_m": [-2.5, None],
            "end_x_m": [20.33, None],
            "end_y_m": [0.0, None],
            "quality": pa.array([0, 0], pa.int32()),
        }
    )


def whole_recording() -> Recording:
    """A recording with every table that has numbers in it, positions null here and there."""
    rows = positions(np.linspace(-0.123, 3.777, 12), 12)
    y = [None if index % 5 == 0 else index * 0.777 - 9 for index in range(rows.num_rows)]
    rows = rows.set_column(rows.schema.get_field_index("y_m"), "y_m", pa.array(y, pa.float64()))
    tables = dict(recording(rows=rows).tables) | {"signals": signals(), "events": events()}
    return recording(tables=tables, device_id="kept")
