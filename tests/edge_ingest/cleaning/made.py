"""Tables to clean: tracks and signals from plain arrays, and the real recordings."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from edge_ingest.geodesy import to_local
from edge_ingest.records import INSTANT, Quality

START_US = 1_714_829_400_000_000
_DAY_S = 86_400


def positions(
    t_s: Any, x_m: Any, y_m: Any, *, athlete: str | None = "7", kind: str = "athlete",
    period: int | None = None, frame: Any = None,
) -> pa.Table:  # fmt: skip
    """One object's samples; NaN is not seen."""
    t_s, x_m, y_m = (np.asarray(values, float) for values in (t_s, x_m, y_m))
    count = t_s.size
    frame = np.arange(count) if frame is None else np.asarray(frame)
    unseen = ~np.isfinite(x_m)
    return pa.table(
        {
            "period_id": pa.array([period] * count, pa.int32()),
            "frame_id": pa.array(frame, pa.int32()),
            "captured_at_utc": instants(t_s),
            "object_kind": pa.array([kind] * count, pa.string()),
            "source_athlete_id": pa.array([athlete] * count, pa.string()),
            "x_m": pa.array(x_m, mask=unseen),
            "y_m": pa.array(y_m, mask=unseen),
            "quality": pa.array(np.zeros(count), pa.int32()),
            "period_time_s": t_s,
        }
    )


def signals(channel: str, t_s: Any, values: Any, *, athlete: str = "7", index: Any = None):
    """One channel of one athlete; NaN is null."""
    t_s, values = np.asarray(t_s, float), np.asarray(values, float)
    count = t_s.size
    index = np.arange(count) if index is None else np.asarray(index)
    return pa.table(
        {
            "source_athlete_id": pa.array([athlete] * count, pa.string()),
            "channel": pa.array([channel] * count, pa.string()),
            "sample_index": pa.array(index, pa.int32()),
            "captured_at_utc": instants(t_s),
            "value": pa.array(values, mask=~np.isfinite(values)),
            "missing_reason": pa.array(
                np.where(np.isfinite(values), None, "no_signal").tolist(), pa.string()
            ),
            "quality": pa.array(np.zeros(count), pa.int32()),
        }
    )


def instants(t_s: Any) -> pa.Array:
    return pa.array(START_US + np.round(np.asarray(t_s) * 1e6).astype(np.int64)).cast(INSTANT)


def bits(table: pa.Table, bit: Quality) -> np.ndarray:
    return (table["quality"].to_numpy() & int(bit)) > 0


def same_but_for_quality(before: pa.Table, after: pa.Table) -> bool:
    return before.drop_columns(["quality"]).equals(after.drop_columns(["quality"]))


def real_player(real_data: Path, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, s, and east and north, m, of a real 10 Hz GNSS recording (Catapult, football)."""
    table = pa.csv.read_csv(real_data / "gnss_football" / f"U18_ID{number}.csv")
    table = table.rename_columns([name.strip() for name in table.column_names])
    days, longitude, latitude = (table[name].to_numpy() for name in table.column_names)
    east, north, _ = to_local(latitude, longitude, latitude[0], longitude[0])
    return np.round((days - days[0]) * _DAY_S, 2), east, north


def real_match(real_data: Path) -> pa.Table:
    """20 minutes of real optical tracking at 12.5 Hz (Bundesliga, Bassek et al. 2025)."""
    frames = pq.read_table(real_data / "tracking_events" / "idsse_j03wmx_frames.parquet")
    is_ball = frames["is_ball"]
    return pa.table(
        {
            "period_id": frames["period_id"].cast(pa.int32()),
            "frame_id": frames["frame_id"].cast(pa.int32()),
            "captured_at_utc": instants(frames["time_seconds"].to_numpy()),
            "object_kind": pc.if_else(is_ball, "ball", "athlete"),
            "source_athlete_id": pc.if_else(
                is_ball, pa.scalar(None, pa.string()), frames["player_id"]
            ),
            "x_m": pc.subtract(frames["x"].cast(pa.float64()), 52.5),
            "y_m": pc.subtract(frames["y"].cast(pa.float64()), 34.0),
            "quality": pa.array(np.zeros(frames.num_rows), pa.int32()),
        }
    )


def real_beats(real_data: Path) -> np.ndarray:
    """4,684 intervals between heart beats, ms (pyHRV)."""
    table = pa.csv.read_csv(real_data / "rr_intervals" / "nn_60min.csv")
    return table["rr_ms"].to_numpy().astype(float)
