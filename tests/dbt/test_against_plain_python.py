"""The SQL of loads against loops that anyone can read, on many athletes with random recordings."""

import math
import random
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

import pytest

from edge_ingest.records import SIGNALS
from resources.contracts import KINEMATICS
from resources.dbt.project import DbtProject
from resources.iceberg.lakehouse import IcebergLakehouse
from tests.dbt.conftest import Build
from tests.dbt.crafted import Rows, athlete, stream
from tests.dbt.reading import committed

SESSION = "2024-05-01_football_random"
START = datetime(2024, 5, 1, 14, tzinfo=UTC)
ATHLETES = 40
REACH_S, WINDOW_S = 5, 30


def random_track(rows: Rows, camera: str, name: str, rng: random.Random) -> list[dict]:
    """A walk of speed through all zones, in segments, with samples that have no speed."""
    speed, acceleration, segment, samples = rng.uniform(0, 9), 0.0, 0, []
    for frame in range(rng.randint(5, 150)):
        speed = min(10.0, max(0.0, speed + rng.gauss(0, 0.8)))
        acceleration = 0.9 * acceleration + rng.gauss(0, 1.5)
        segment += rng.random() < 0.05
        lost = rng.random() < 0.03
        samples.append(
            {
                "segment_id": segment, "dt_s": rng.choice([0.1, 0.1, 0.05]),
                "speed_mps": None if lost else speed,
                "acceleration_mps2": None if lost else acceleration,
            }
        )  # fmt: skip
        rows.add(
            KINEMATICS, stream_id=camera, period_id=1, frame_id=frame,
            captured_at_utc=START + timedelta(seconds=frame / 10), period_time_s=frame / 10,
            object_kind="athlete", source_athlete_id=name, x_m=0.0, y_m=0.0, speed_filter="none",
            quality=0, **samples[-1],
        )  # fmt: skip
    return samples


def random_power(rows: Rows, watch: str, name: str, rng: random.Random) -> list[tuple[int, float]]:
    """Whole seconds with pauses, of which some are longer than a sample can stand for."""
    second, samples = 0, []
    for index in range(rng.randint(2, 200)):
        samples.append((second, rng.choice([0.0, rng.uniform(50, 900)])))
        rows.add(
            SIGNALS, stream_id=watch, source_athlete_id=name, channel="power", sample_index=index,
            captured_at_utc=START + timedelta(seconds=second), value=samples[-1][1], quality=0,
        )  # fmt: skip
        second += rng.choices([1, 2, 5, 6, 40], [94, 3, 1, 1, 1])[0]
    return samples


def runs(samples: list[dict], is_beyond, dwell_s: float) -> int:
    count, lasted, previous = 0, 0.0, None
    for sample in [*samples, {"segment_id": -1}]:
        goes_on = sample["segment_id"] == previous and is_beyond(sample)
        if not goes_on:
            count += lasted >= dwell_s - 1e-9 and lasted > 0
            lasted = 0.0
        if sample["segment_id"] >= 0 and is_beyond(sample):
            lasted += sample["dt_s"]
        previous = sample["segment_id"]
    return count


def held_speed(samples: list[dict], dwell_s: float) -> float | None:
    """The highest speed that some stretch of a segment, as long as that, never falls below."""
    held = []
    for _, segment in groupby(samples, key=lambda sample: sample["segment_id"]):
        stretch = [(sample["dt_s"], sample["speed_mps"]) for sample in segment]
        for end in range(1, len(stretch) + 1):
            lasted, slowest = 0.0, math.inf
            for dt_s, speed in reversed(stretch[:end]):
                if speed is None:
                    break
                lasted, slowest = lasted + dt_s, min(slowest, speed)
                if lasted > dwell_s - 0.01:
                    held.append(slowest)
                    break
    return max(held, default=None)


def beyond(column: str, low: float, sign: int = 1):
    return lambda sample: sample[column] is not None and sample[column] * sign >= low


def metabolic_power(speed: float, acceleration: float) -> float:
    slope = acceleration / 9.81
    coefficients = (155.4, -30.4, -43.3, 46.3, 19.5, 3.6)
    cost = sum(c * slope ** (5 - power) for power, c in enumerate(coefficients))
    return max(0.0, cost * math.sqrt(1 + slope**2) * 1.29 * speed)


def expected_load(samples: list[dict]) -> dict[str, float]:
    seen = [s for s in samples if s["speed_mps"] is not None]
    energy = sum(metabolic_power(s["speed_mps"], s["acceleration_mps2"]) * s["dt_s"] for s in seen)
    return {
        "tracked_s": sum(s["dt_s"] for s in seen),
        "total_distance_m": sum(s["speed_mps"] * s["dt_s"] for s in seen),
        "high_speed_distance_m": sum(
            s["speed_mps"] * s["dt_s"] for s in seen if s["speed_mps"] >= 5.5
        ),
        "sprint_distance_m": sum(s["speed_mps"] * s["dt_s"] for s in seen if s["speed_mps"] >= 7),
        "high_speed_effort_count": runs(samples, beyond("speed_mps", 5.5), 1.0),
        "sprint_effort_count": runs(samples, beyond("speed_mps", 7.0), 1.0),
        "acceleration_count": runs(samples, beyond("acceleration_mps2", 3.0), 0.5),
        "deceleration_count": runs(samples, beyond("acceleration_mps2", 3.0, -1), 0.5),
        "top_speed_mps": held_speed(samples, 0.5),
        "metabolic_energy_kj_per_kg": energy / 1000,
    }


def expected_power(samples: list[tuple[int, float]]) -> dict[str, float | None]:
    work, stretches = 0.0, [[]]
    for (second, watts), (following, _) in pairwise(samples):
        held = min(following - second, REACH_S)
        work += watts * held
        stretches[-1] += [watts] * held
        if following - second > REACH_S:
            stretches.append([])
    stretches[-1].append(samples[-1][1])
    rolling = [
        sum(stretch[end - WINDOW_S : end]) / WINDOW_S
        for stretch in stretches
        for end in range(WINDOW_S, len(stretch) + 1)
    ]
    fourth = sum(value**4 for value in rolling) / len(rolling) if rolling else None
    return {
        "work_kj": work / 1000,
        "normalized_power_w": None if fourth is None else fourth**0.25,
    }


@pytest.mark.slow
def test_loads_are_what_plain_loops_say(
    lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    rng = random.Random(1)
    rows = Rows(SESSION)
    camera = stream(rows, "tracking", "camera", START)
    watch = stream(rows, "wearable", "watch", START)
    tracks, powers = {}, {}
    for number in range(ATHLETES):
        athlete(rows, camera, f"x{number}")
        athlete(rows, watch, f"x{number}")
        tracks[f"camera:x{number}"] = random_track(rows, camera, f"x{number}", rng)
        powers[f"watch:x{number}"] = random_power(rows, watch, f"x{number}", rng)
    rows.commit(lakehouse)
    build(lakehouse, [SESSION]).require_complete()

    loads = committed(lakehouse, project, "mart/athlete_session_external_load")
    assert {row["athlete_id"] for row in loads} == set(tracks)
    for row in loads:
        expected = expected_load(tracks[row["athlete_id"]])
        assert {name: row[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert sum(row["high_speed_effort_count"] for row in loads) > ATHLETES / 2
    assert sum(row["acceleration_count"] for row in loads) > 0

    inner = committed(lakehouse, project, "mart/athlete_session_internal_load")
    assert {row["athlete_id"] for row in inner} == set(powers)
    for row in inner:
        expected = expected_power(powers[row["athlete_id"]])
        for name, value in expected.items():
            assert row[name] == (None if value is None else pytest.approx(value, rel=1e-6)), name
    assert any(row["normalized_power_w"] for row in inner)
    assert any(row["normalized_power_w"] is None for row in inner)
