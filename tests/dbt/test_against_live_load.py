"""What the live node adds up sample by sample is what the marts' SQL says of the same samples."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from edge_ingest.cleaning.causal import Movement
from edge_ingest.live.load import HeartTally, Tally
from edge_ingest.norms import DEFAULT_THRESHOLDS, METRICS
from edge_ingest.records import SIGNALS
from resources.dbt.project import DbtProject
from resources.iceberg.lakehouse import IcebergLakehouse
from tests.dbt.conftest import Build
from tests.dbt.crafted import Rows, athlete, stream
from tests.dbt.reading import committed
from tests.dbt.test_against_plain_python import random_track

pytestmark = pytest.mark.slow

SESSION = "2024-05-02_football_live"
START = datetime(2024, 5, 2, 14, tzinfo=UTC)
ATHLETES = 40
MAX_BPM = 190.0


def live_load(samples: list[dict]) -> Tally:
    tally = Tally(DEFAULT_THRESHOLDS["football"])
    for number, sample in enumerate(samples):
        tally.add(
            Movement(
                number, sample["dt_s"], sample["segment_id"], sample["speed_mps"],
                sample["acceleration_mps2"],
            )
        )  # fmt: skip
    return tally


def random_heart(rows: Rows, strap: str, name: str, rng: random.Random) -> HeartTally:
    """Seconds with pauses; now and then a value that no heart can have."""
    tally, second, bpm = HeartTally(MAX_BPM), 0.0, 165.0
    for index in range(rng.randint(2, 200)):
        bpm = min(195.0, max(100.0, bpm + rng.gauss(0, 4)))
        value = 255.0 if rng.random() < 0.02 else round(bpm)
        rows.add(
            SIGNALS, stream_id=strap, source_athlete_id=name, channel="heart_rate",
            sample_index=index, captured_at_utc=START + timedelta(seconds=second), value=value,
            quality=256 if value > 250 else 0,
        )  # fmt: skip
        tally.add(round(second * 1e6), value)
        second += rng.choices([1, 0.5, 4, 6, 40], [90, 4, 2, 2, 2])[0]
    return tally


def test_live_load_is_what_the_warehouse_says(
    lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    rng = random.Random(7)
    rows = Rows(SESSION)
    camera = stream(rows, "tracking", "camera", START)
    strap = stream(rows, "wearable", "strap", START)
    loads, hearts = {}, {}
    for number in range(ATHLETES):
        athlete(rows, camera, f"x{number}")
        athlete(rows, strap, f"x{number}", max_heart_rate_bpm=MAX_BPM)
        loads[f"camera:x{number}"] = live_load(random_track(rows, camera, f"x{number}", rng))
        hearts[f"strap:x{number}"] = random_heart(rows, strap, f"x{number}", rng)
    rows.commit(lakehouse)
    build(lakehouse, [SESSION]).require_complete()

    made = committed(lakehouse, project, "mart/athlete_session_external_load")
    assert {row["athlete_id"] for row in made} == set(loads)
    outer = [name for name in METRICS if name != "heart_rate_zone_5_s"]
    for row in made:
        live = loads[row["athlete_id"]]
        assert live.tracked_s == pytest.approx(row["tracked_s"], abs=1e-6)
        for name in outer:
            expected = row[name] if row[name] is None else pytest.approx(row[name], abs=1e-6)
            assert live.value(name) == expected, name
    assert sum(row["sprint_effort_count"] for row in made) > 0
    assert any(row["top_speed_mps"] for row in made)

    inner = committed(lakehouse, project, "mart/athlete_session_internal_load")
    assert {row["athlete_id"] for row in inner} == set(hearts)
    for row in inner:
        live_heart = hearts[row["athlete_id"]]
        assert live_heart.heart_rate_s == pytest.approx(row["heart_rate_s"], abs=1e-6)
        assert live_heart.high_s == pytest.approx(row["heart_rate_zone_5_s"], abs=1e-6)
    assert sum(row["heart_rate_zone_5_s"] for row in inner) > 0
