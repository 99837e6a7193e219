"""A small real-shaped recording: one rider, a minute of position, heart rate and power."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from edge_ingest.drops.drop import PackedDrop, pack
from edge_ingest.identity import mint_session_id
from edge_ingest.manifest import Clock
from edge_ingest.recording import Recording, SessionFacts
from edge_ingest.records import INSTANT

FIRST = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
PACKED = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
SECONDS = 60


def ride(
    started: datetime = FIRST,
    device: str = "watch-1",
    speed_mps: float = 8.0,
    heart_rate_bpm: float = 140.0,
    kind: str = "wearable",
) -> Recording:
    """A minute at constant speed along x, one sample a second."""
    instants = pa.array([started + timedelta(seconds=i) for i in range(SECONDS)], INSTANT)
    index = np.arange(SECONDS, dtype=np.int32)
    zeros = pa.array(np.zeros(SECONDS, np.int32))
    positions = pa.table(
        {
            "frame_id": index,
            "captured_at_utc": instants,
            "period_time_s": index.astype(float),
            "object_kind": ["athlete"] * SECONDS,
            "source_athlete_id": ["rider"] * SECONDS,
            "x_m": index * speed_mps,
            "y_m": np.zeros(SECONDS),
            "quality": zeros,
        }
    )
    signals = pa.concat_tables(
        pa.table(
            {
                "source_athlete_id": ["rider"] * SECONDS,
                "channel": [channel] * SECONDS,
                "sample_index": index,
                "captured_at_utc": instants,
                "value": np.full(SECONDS, value),
                "quality": zeros,
            }
        )
        for channel, value in (("heart_rate", heart_rate_bpm), ("power", 200.0))
    )
    athletes = pa.table(
        {"source": ["test"], "source_athlete_id": ["rider"], "is_identified": [True]}
    )
    return Recording(
        source="test",
        device_id=device,
        kind=kind,
        reader="test",
        reader_version="1",
        session=SessionFacts(
            "cycling", started, started + timedelta(seconds=SECONDS), sampling_rate_hz=1.0
        ),
        clock=Clock(source="device"),
        tables={"positions": positions, "signals": signals, "athletes": athletes},
    )


def send(landing: Path, recording: Recording) -> PackedDrop:
    """Pack a recording into a landing zone that has no calendar."""
    facts = recording.session
    identity = mint_session_id(facts.started_at_utc, "Europe/Berlin", facts.sport, None, ())
    return pack(recording, landing, identity, PACKED)
