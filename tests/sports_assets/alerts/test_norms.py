"""The personal norm: by hand, against chance, and what does not count."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import t as student

from edge_ingest.identity import ATHLETES_SCHEMA
from edge_ingest.norms import Thresholds, read_norms
from resources.provenance import ProvenanceRef
from sports_assets.alerts.export import norms_file
from sports_assets.alerts.norms import LOADS, NormSettings, personal_norms

SETTINGS = NormSettings()
FIRST = date(2026, 1, 1)
PROVENANCE = ProvenanceRef(drops=(), snapshots={}, settings={}, code_version="1")


def loads(values, athlete="ada", metric="total_distance_m", sport="football", measured_s=5400.0):
    return pa.table(
        {
            "athlete_id": [athlete] * len(values),
            "sport": [sport] * len(values),
            "metric": [metric] * len(values),
            "value": pa.array(values, pa.float64()),
            "local_day": [FIRST + timedelta(days=i) for i in range(len(values))],
            "started_at_utc": [
                datetime(2026, 1, 1, 15, tzinfo=UTC) + timedelta(days=i) for i in range(len(values))
            ],
            "measured_s": [measured_s] * len(values),
        },
        schema=LOADS,
    )


def test_worked_by_hand():
    """4, 5, 6 km twice: mean 5, sd √(4/5) = 0.894; t(0.975, 5) = 2.571, √(7/6) = 1.080."""
    (norm,) = personal_norms(loads([4000.0, 5000, 6000] * 2), SETTINGS).to_pylist()
    assert (norm["mean"], norm["sd"]) == (5000, pytest.approx(894.427, abs=1e-3))
    assert norm["high"] == pytest.approx(5000 + 2.5706 * 894.427 * 1.08012, abs=0.1)
    assert norm["low"] == pytest.approx(10_000 - norm["high"])
    assert norm["act_above"] == pytest.approx(5000 + 4.0321 * 894.427 * 1.08012, abs=0.1)
    assert (norm["session_count"], norm["unit"]) == (6, "m")
    assert (norm["first_day"], norm["day"]) == (FIRST, FIRST + timedelta(days=5))


def test_who_has_too_few_sessions_has_no_norm_and_short_or_missing_ones_do_not_count():
    assert personal_norms(loads([5000.0] * 5), SETTINGS).num_rows == 0
    short = loads([300.0] * 10, measured_s=600.0)
    assert personal_norms(short, SETTINGS).num_rows == 0
    assert personal_norms(loads([5000.0] * 5 + [None] * 5), SETTINGS).num_rows == 0
    assert personal_norms(loads([5.0] * 9, metric="spirit"), SETTINGS).num_rows == 0
    assert personal_norms(LOADS.empty_table(), SETTINGS).num_rows == 0


def test_sessions_that_are_all_the_same_make_no_norm():
    """Whoever never sprinted would alert with the first metre."""
    assert personal_norms(loads([0.0] * 9, metric="sprint_distance_m"), SETTINGS).num_rows == 0


def test_only_the_newest_sessions_count_whatever_the_order_of_rows():
    rows = loads([1000.0] * 10 + [5000.0, 5200.0] * 10)
    shuffled = rows.take(np.random.default_rng(0).permutation(rows.num_rows))
    (norm,) = personal_norms(shuffled, SETTINGS).to_pylist()
    assert (norm["mean"], norm["session_count"]) == (5100, 20)


def test_athletes_sports_and_metrics_are_kept_apart():
    parts = [
        loads([99.0 + i, 101.0 + i] * 3, athlete, metric, sport)
        for i, (athlete, metric, sport) in enumerate(
            (a, m, s)
            for a in ("ada", "bob")
            for m in ("top_speed_mps", "total_distance_m")
            for s in ("football", "running")
        )
    ]
    norms = personal_norms(pa.concat_tables(parts), SETTINGS)
    assert norms.num_rows == 8
    assert sorted(norms["mean"].to_pylist()) == [100.0 + i for i in range(8)]


@given(
    values=st.lists(st.floats(0, 20_000), min_size=6, max_size=25),
    shift=st.floats(0, 1000),
    scale=st.floats(0.1, 10),
)
def test_a_norm_holds_its_mean_and_moves_with_its_values(values, shift, scale):
    assume(np.std(values) > 1)
    (norm,) = personal_norms(loads(values), SETTINGS).to_pylist()
    assert 0 <= norm["low"] <= norm["mean"] <= norm["high"] <= norm["act_above"]
    (moved,) = personal_norms(loads([scale * v + shift for v in values]), SETTINGS).to_pylist()
    assert moved["high"] == pytest.approx(scale * norm["high"] + shift, rel=1e-6, abs=1e-6)


@pytest.mark.slow
def test_a_further_session_lies_beyond_the_upper_end_once_in_forty():
    """4,000 athletes of six sessions each: more false alarms than one in forty would be noise."""
    rng = np.random.default_rng(11)
    values = rng.normal(9000, 800, (4000, 7))
    beyond = 0
    parts = [loads(row[:6].tolist(), f"a{i:04d}") for i, row in enumerate(values)]
    norms = personal_norms(pa.concat_tables(parts), SETTINGS).to_pylist()
    for norm, row in zip(norms, values, strict=True):
        beyond += row[6] > norm["high"]
    assert beyond / 4000 == pytest.approx(0.025, abs=0.0075)
    assert student.ppf(0.975, 5) > 2.5, "mean ± 2 sd would tell twice as many"


def crosswalk(*rows) -> pa.Table:
    return pa.Table.from_pylist(
        [dict.fromkeys(ATHLETES_SCHEMA.names) | row for row in rows], schema=ATHLETES_SCHEMA
    )


def test_the_file_names_the_club_s_athletes_and_leaves_opponents_out():
    norms = personal_norms(
        pa.concat_tables([loads([5000.0, 6000] * 3), loads([1.0, 2] * 3, "catapult:9")]), SETTINGS
    )
    known = crosswalk(
        {"source": "catapult", "source_athlete_id": "7", "athlete_id": "ada",
         "display_name": "Ada", "max_heart_rate_bpm": 192.0},
        {"source": "polar", "source_athlete_id": "x", "athlete_id": "ada"},
        {"source": "catapult", "source_athlete_id": "8", "athlete_id": "bob"},
    )  # fmt: skip
    seen = [
        {"source": "catapult", "source_athlete_id": own, "athlete_id": athlete_id,
         "display_name": name, "max_heart_rate_bpm": 185.0}
        for own, athlete_id, name in (
            ("7", "catapult:7", "A. Lovelace"), ("9", "catapult:9", "Nine"),
            ("10", "catapult:10", "Foe"),
        )
    ]  # fmt: skip
    file = norms_file(
        norms, thresholds={"football": Thresholds(high_speed_threshold_mps=5.5)}, seen=seen,
        crosswalk=known, settings=SETTINGS, made_at_utc=datetime(2026, 2, 1, tzinfo=UTC),
        provenance=PROVENANCE,
    )  # fmt: skip
    assert read_norms(file.to_json().encode()) == file
    ada, bob, nine = file.athletes
    assert (ada.athlete_id, ada.display_name, ada.max_heart_rate_bpm) == ("ada", "Ada", 192)
    assert [(one.source, one.source_athlete_id) for one in ada.known_as] == [
        ("catapult", "7"), ("polar", "x"),
    ]  # fmt: skip
    assert (bob.norms, nine.display_name, len(nine.norms)) == ((), "Nine", 1)
    assert ada.norms[0].last_day == FIRST + timedelta(days=5)
    assert file.definition["norm.least_sessions"] == "6"
