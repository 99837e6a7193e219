"""Beside the live node: the lakehouse's numbers, and what one would write first.

That is: every message recomputes its athlete's session with pandas and SciPy's zero-phase filter.
"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.edge_live_expected import ATHLETES, Floats
from benchmarks.edge_live_tracker import NODE, RATE_HZ, SOURCE


def against_the_lakehouse(x: Floats, y: Floats, load: dict[str, Floats]) -> dict[str, float]:
    """How far the live numbers lie from the lakehouse's, all athletes together, %."""
    import pyarrow as pa

    from edge_ingest.cleaning.kinematics_settings import KinematicsSettings
    from edge_ingest.records import INSTANT, POSITIONS
    from sports_assets.tracking.kinematics import kinematics

    athletes, samples = x.shape
    instants = np.arange(samples) * 1_000_000 // RATE_HZ
    rows = POSITIONS.conform(
        pa.table(
            {
                "session_id": ["s"] * x.size, "stream_id": ["s"] * x.size,
                "frame_id": pa.array(np.tile(np.arange(samples), athletes), pa.int32()),
                "captured_at_utc": pa.array(np.tile(instants, athletes)).cast(INSTANT),
                "period_time_s": np.tile(instants / 1e6, athletes),
                "object_kind": ["athlete"] * x.size,
                "source_athlete_id": [str(a) for a in range(athletes) for _ in range(samples)],
                "x_m": x.ravel(), "y_m": y.ravel(),
                "quality": pa.array(np.zeros(x.size), pa.int32()),
            }
        )
    )  # fmt: skip
    moved = kinematics(rows, KinematicsSettings.for_sport("football"))
    speed = moved["speed_mps"].to_numpy()
    way = np.nan_to_num(speed * moved["dt_s"].to_numpy())
    there = {"distance": way.sum(), "hsr": way[speed >= 5.5].sum()}  # noqa: PLR2004 - football
    here = {
        "distance": load["total_distance_m"][:, -1].sum(),
        "hsr": load["high_speed_distance_m"][:, -1].sum(),
    }
    return {
        f"live_{name}_error_pct": round(100 * (here[name] / there[name] - 1), 3)
        for name in there
        if there[name] > 0
    } | {f"lakehouse_{name}_m": round(there[name], 1) for name in there}


def against_pandas(x: Floats, y: Floats) -> dict[str, float]:
    """Cost of one message, ms: ours, and that of recomputing the session with pandas."""
    import pandas as pd
    from scipy.signal import butter, sosfiltfilt

    from benchmarks.edge_live_tracker import message
    from edge_ingest.live.engine import Engine
    from edge_ingest.live.messages import read_batches

    samples = x.shape[1]
    sections = butter(2, 1.25, fs=RATE_HZ, output="sos")

    def naive(rows: list[tuple[float, float, float]]) -> tuple[float, float]:
        frame = pd.DataFrame(rows, columns=["t", "x", "y"])
        step = frame["t"].diff().bfill()
        velocity = frame[["x", "y"]].diff().fillna(0).div(step, axis=0)
        smooth = sosfiltfilt(sections, velocity.to_numpy(), axis=0)
        frame["speed"] = np.hypot(smooth[:, 0], smooth[:, 1])
        way = frame["speed"] * step
        return float(way.sum()), float(way[frame["speed"] >= 5.5].sum())  # noqa: PLR2004

    told: dict[str, float] = {}
    for minutes in (1, 10):
        length = min(samples, minutes * 60 * RATE_HZ)
        rows = [(i / RATE_HZ, float(x[0, i]), float(y[0, i])) for i in range(length)]
        told[f"pandas_ms_a_message_after_{minutes}_min"] = _ms(partial(naive, rows), 100)
    engine, messages = Engine("bench", "football"), []
    for sample in range(min(samples, 1200)):
        at_us = 1_772_373_600_000_000 + sample * 100_000
        messages.append(message("r", sample, at_us, float(x[0, sample]), float(y[0, sample])))
    topic = f"touchline/{NODE}/positions/{SOURCE}/0"
    waiting = iter(messages)

    def ours() -> None:
        payload = next(waiting)
        for batch in read_batches(topic, payload):
            engine.take(batch, 0)

    told["engine_ms_a_message"] = _ms(ours, len(messages) - 1)
    share = ATHLETES * RATE_HZ / 1000 * told["pandas_ms_a_message_after_10_min"]
    # Above 1 it falls behind, and each alert comes later than the one before.
    return told | {"pandas_share_of_core_after_10_min": round(share, 2)}


def _ms(work: Callable[[], object], times: int) -> float:
    work()
    began = time.process_time()
    for _ in range(times - 1):
        work()
    return round(1000 * (time.process_time() - began) / (times - 1), 4)
