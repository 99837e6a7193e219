"""Every quality bit on its way into the marts: told, and heeded as `resources/quality.py` says."""

import hashlib
from datetime import UTC, datetime

import pytest

from edge_ingest.records import EVENTS, SIGNALS, Quality
from resources.contracts import KINEMATICS
from resources.dbt.project import DbtProject
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.quality import NO_PLACE, NO_VALUE, NOT_SHOWN, OF_EVENTS, OF_PLACES, OF_SIGNALS
from tests.dbt.conftest import MATCH, Build
from tests.dbt.crafted import Rows, event, match, signal
from tests.dbt.reading import committed, one

BITS = list(Quality)


def flagged() -> Rows:
    """The crafted match; of one athlete, a power meter and events, each bit flags one sample."""
    rows = match(MATCH)
    mine = [row for row in rows.tables[KINEMATICS] if row["source_athlete_id"] == "h3"]
    for row, bit in zip(mine, BITS, strict=False):
        row["quality"] = int(bit)
        if bit in NO_PLACE:
            row |= {"segment_id": None, "dt_s": None, "speed_mps": None, "x_m": 900.0}
        elif bit in NOT_SHOWN:
            row |= {"x_m": 900.0}
    mine[-1] |= {"x_m": None, "y_m": None, "segment_id": None, "dt_s": None, "speed_mps": None}
    start = datetime(2024, 3, 2, 14, tzinfo=UTC)
    watch = next(row["stream_id"] for row in rows.tables[SIGNALS])
    signal(
        rows, watch, "w0", "power", start, [900.0 if bit in NO_VALUE else 100.0 for bit in BITS],
        quality=lambda index: int(BITS[index]),
    )  # fmt: skip
    feed = f"{MATCH}.feed.events"
    for number, bit in enumerate(BITS):
        event(rows, feed, 100 + number, start, "p0", "pass", "success")
        rows.tables[EVENTS][-1]["quality"] = int(bit)
    return rows


@pytest.fixture(scope="module")
def built(open_lakehouse, build: Build) -> IcebergLakehouse:
    lakehouse: IcebergLakehouse = open_lakehouse()
    flagged().commit(lakehouse)
    build(lakehouse, [MATCH]).require_complete()
    return lakehouse


@pytest.mark.slow
def test_every_bit_is_told_with_what_becomes_of_it(
    built: IcebergLakehouse, project: DbtProject
) -> None:
    rows = committed(built, project, "mart/stream_quality")
    told = {(row["quantity"], row["rule"]): row for row in rows}
    for quantity, effects, samples in (
        ("athlete", OF_PLACES, 11 * 600),
        ("power", OF_SIGNALS, len(BITS)),
        ("event", OF_EVENTS, len(BITS) + 10),
    ):
        for bit in BITS:
            row = told[quantity, bit.name.lower()]
            assert row["effect"] == effects[bit], (quantity, bit)
            assert (row["flagged_count"], row["sample_count"]) == (1, samples)
            assert row["flagged_share"] == pytest.approx(1 / samples)
    assert told["athlete", "missing"]["flagged_count"] == 1
    assert told["ball", "missing"]["flagged_count"] == 0
    assert ("ball", "frozen") not in told
    assert {row["stream_id"] for row in rows} == {
        row["stream_id"] for row in committed(built, project, "core/session_source")
    }


@pytest.mark.slow
def test_flagged_places_give_no_shape_and_flagged_values_no_load(
    built: IcebergLakehouse, project: DbtProject
) -> None:
    shape = one(built, project, "mart/team_shape", team_side="home")
    assert shape["length_m"] == pytest.approx(14.0)  # eight in a row, two metres apart
    assert shape["stream_id"] == f"{MATCH}.camera.tracking"
    load = one(built, project, "mart/athlete_session_internal_load", athlete_id="ada")
    assert load["mean_power_w"] == pytest.approx(100.0)
    assert load["peak_power_w"] == 100.0


@pytest.mark.slow
def test_from_a_number_one_comes_to_the_settings_that_filtered_it(
    built: IcebergLakehouse, project: DbtProject
) -> None:
    sources = {row["stream_id"]: row for row in committed(built, project, "core/session_source")}
    load = one(built, project, "mart/athlete_session_internal_load", athlete_id="ada")
    whole = one(built, project, "core/athlete_session", athlete_id="ada")
    for stream in (
        load["heart_rate_stream_id"], load["power_stream_id"], whole["position_stream_id"]
    ):  # fmt: skip
        source = sources[stream]
        digest = hashlib.sha256(source["filter_settings"].encode()).hexdigest()
        assert source["filter_settings_id"] == digest[:12]
    assert load["heart_rate_stream_id"] == f"{MATCH}.watch.wearable"
