"""Athletes who run in squares, as messages of a tracker."""

import json
import math
from datetime import UTC, date, datetime

from edge_ingest.live.messages import Batch
from edge_ingest.norms import AthleteNorms, NormsFile, PersonalNorm, SourceId, Thresholds

START_US = 1_772_373_600_000_000
RATE_HZ = 10.0
MADE = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def place(second: float, speed_mps: float) -> tuple[float, float]:
    """On a circle of 40 m radius, at constant speed."""
    angle = speed_mps * second / 40
    return 40 * math.cos(angle), 40 * math.sin(angle)


def batches(
    *,
    athlete="7",
    seconds=60.0,
    speed_mps=4.0,
    size=1,
    run="r1",
    heart_rate=None,
    start_us=START_US,
):
    """One athlete's batches, from `start_us` on."""
    count = round(seconds * RATE_HZ)
    made = []
    for seq, first in enumerate(range(0, count, size)):
        indices = range(first, min(first + size, count))
        places = [place(i / RATE_HZ, speed_mps) for i in indices]
        made.append(
            Batch(
                source="catapult", source_athlete_id=athlete, run=run, seq=seq, rate_hz=RATE_HZ,
                captured_us=[start_us + i * 100_000 for i in indices],
                x_m=[x for x, _ in places], y_m=[y for _, y in places],
                heart_rate_bpm=None if heart_rate is None else [heart_rate] * len(indices),
            )
        )  # fmt: skip
    return made


def payload(batch: Batch) -> bytes:
    """A batch as a tracker publishes it."""
    told = {
        "v": 1, "run": batch.run, "seq": batch.seq, "rate_hz": batch.rate_hz,
        "t_us": batch.captured_us, "x_m": batch.x_m, "y_m": batch.y_m,
        "heart_rate_bpm": batch.heart_rate_bpm,
    } | {
        name: getattr(batch, name)
        for name in ("hdop", "satellites", "speed_mps")
        if getattr(batch, name) is not None
    }  # fmt: skip
    return json.dumps(told).encode()


def norm(metric="total_distance_m", unit="m", high=100.0, act_above=150.0) -> PersonalNorm:
    return PersonalNorm(
        sport="football", metric=metric, unit=unit, session_count=12, first_day=date(2026, 1, 3),
        last_day=date(2026, 2, 27), mean=0.6 * high, sd=0.2 * high, low=0.2 * high, high=high,
        act_above=act_above,
    )  # fmt: skip


def norms(*of_ada: PersonalNorm, made=MADE) -> NormsFile:
    """Norms of Ada, whom her tracker calls 7."""
    ada = AthleteNorms(
        athlete_id="ada", display_name="Ada", max_heart_rate_bpm=200,
        known_as=(SourceId(source="catapult", source_athlete_id="7"),), norms=of_ada,
    )  # fmt: skip
    limits = Thresholds(high_speed_threshold_mps=5.5, sprint_threshold_mps=7.0, effort_dwell_s=1.0)
    return NormsFile(
        made_at_utc=made, provenance={}, definition={}, sports={"football": limits},
        athletes=(ada,),
    )  # fmt: skip
