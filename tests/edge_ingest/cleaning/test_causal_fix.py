"""Live, a fix is refused for what the lakehouse refuses it for, and for nothing else."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.cleaning.causal_fix import CausalFixes, Told
from edge_ingest.cleaning.gnss import clean_gnss
from edge_ingest.cleaning.settings import load_settings
from edge_ingest.records import Quality
from tests.edge_ingest.cleaning.made import bits, positions, real_player, signals
from tests.edge_ingest.cleaning.test_gnss import Faults, synthesised

SETTINGS = load_settings()


def refused(t_s, x_m, y_m, told=None, stops=()) -> np.ndarray:
    """Which fixes are not trusted, one after the other, with restarts in between."""
    fixes, found = CausalFixes(SETTINGS, "football"), []
    for number, (at, x, y) in enumerate(zip(t_s, x_m, y_m, strict=True)):
        place = (None, None) if np.isnan(x) else (float(x), float(y))
        of_fix = Told() if told is None else told[number]
        found.append(not fixes.is_trusted(round(at * 1e6), *place, of_fix))
        if number in stops:
            stored = json.loads(json.dumps(fixes.state()))
            fixes = CausalFixes(SETTINGS, "football")
            fixes.restore(stored)
    return np.array(found, bool)


def test_worked_by_hand() -> None:
    """7 m/s, then 2 s of the same fix: nobody stops so. Known after half a second."""
    t_s = np.arange(60) / 10
    x_m = 7 * np.minimum(t_s, 2.0) + 7 * np.maximum(t_s - 4, 0)
    assert np.flatnonzero(refused(t_s, x_m, 0 * t_s)).tolist() == list(range(25, 41))
    # At 3 m/s it may be a stop, unless the device's own speed says otherwise.
    x_m = 3 * np.minimum(t_s, 2.0) + 3 * np.maximum(t_s - 4, 0)
    assert not refused(t_s, x_m, 0 * t_s).any()
    moving = [Told(speed_mps=3.0)] * 60
    assert np.flatnonzero(refused(t_s, x_m, 0 * t_s, moving)).tolist() == list(range(25, 41))
    standing = [Told(speed_mps=3.0 if number < 30 else 0.1) for number in range(60)]
    assert np.flatnonzero(refused(t_s, x_m, 0 * t_s, standing)).tolist() == list(range(25, 30))


@pytest.mark.parametrize(
    ("told", "is_poor"),
    [
        (Told(), False), (Told(4.0, 6), False), (Told(4.1, None), True), (Told(None, 5), True),
        (Told(hdop=25, satellites=15), True),
    ],
)  # fmt: skip
def test_the_gates_of_a_fix_are_those_of_the_settings(told, is_poor) -> None:
    fixes = CausalFixes(SETTINGS, "football")
    assert fixes.is_trusted(0, 1.0, 1.0, told) is not is_poor
    assert fixes.is_trusted(100_000, None, None, told) is not is_poor
    assert fixes.poor == 2 * is_poor


def test_a_teleport_to_a_standstill_is_no_frozen_fix() -> None:
    t_s = np.arange(100) / 10
    x_m = np.where(t_s < 5, 0.0, 8.0)
    x_m[:50] += 0.1 * (np.arange(50) % 2)
    assert not refused(t_s, x_m, 0 * t_s).any()


@pytest.mark.realdata
def test_no_standstill_of_a_real_recording_is_refused(real_data) -> None:
    t_s, x_m, y_m = real_player(real_data, 3)
    assert not refused(t_s, x_m, y_m).any()


@pytest.mark.realdata
def test_of_a_real_recording_with_faults_only_what_the_lakehouse_refuses_is_refused(
    real_data,
) -> None:
    """Poor fixes are the same; of frozen ones all but the first half second, with a told speed."""
    t_s, x_m, y_m = (values[:12_000] for values in real_player(real_data, 3))
    faults = Faults(2, t_s, x_m, y_m)
    frozen = faults.freezes(8)
    told, poor = synthesised(2, t_s.size)
    speed = np.hypot(np.gradient(x_m, t_s), np.gradient(y_m, t_s))
    smooth = np.convolve(speed, np.ones(11) / 11, "same")
    all_told = pa.concat_tables([told, signals("speed", t_s, smooth)])
    lake = clean_gnss(positions(t_s, *faults.place), all_told, "football", SETTINGS).table
    hdop, satellites = told["value"].to_numpy()[: t_s.size], told["value"].to_numpy()[t_s.size :]
    of_fix = [
        Told(None if np.isnan(h) else h, s, v)
        for h, s, v in zip(hdop, satellites, smooth, strict=True)
    ]
    live = refused(t_s, *faults.place, of_fix)
    assert (poor & ~live).sum() == 0
    untrusted = bits(lake, Quality.POOR_FIX) | bits(lake, Quality.FROZEN)
    assert (live & ~untrusted).sum() == 0
    late = np.convolve(frozen, np.ones(7), "full")[: t_s.size] >= 7  # the seventh in a row
    assert frozen.sum() > 150
    assert live[frozen & late].mean() >= 0.97


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), stops=st.sets(st.integers(0, 299), max_size=6))
def test_a_restart_changes_nothing_and_a_lakehouse_flag_stands_behind_each_refusal(
    seed, stops
) -> None:
    rng = np.random.default_rng(seed)
    t_s = np.cumsum(rng.choice([0.1, 0.1, 0.1, 0.2, 0.4], 300))
    moves = np.repeat(rng.random(30) < 0.7, 10)
    x_m = np.cumsum(np.where(moves, rng.uniform(0, 1), 0.0))
    x_m[rng.random(300) < 0.05] = np.nan
    speeds = np.where(rng.random(300) < 0.5, rng.uniform(0, 9, 300), np.nan)
    of_fix = [Told(speed_mps=None if np.isnan(one) else float(one)) for one in speeds]
    live = refused(t_s, x_m, 0 * x_m, of_fix)
    assert (refused(t_s, x_m, 0 * x_m, of_fix, stops) == live).all()
    table = positions(t_s, x_m, np.where(np.isnan(x_m), np.nan, 0))
    lake = clean_gnss(table, signals("speed", t_s, speeds), "football", SETTINGS).table
    # What is told by the begin of a stretch alone the lakehouse may know better by its end.
    still = refused(t_s, x_m, 0 * x_m)
    assert (still & ~bits(lake, Quality.FROZEN)).sum() == 0
