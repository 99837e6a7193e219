"""Speed and acceleration: known motions, invariances, gaps and gates."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.cleaning.settings import load_settings
from edge_ingest.records import POSITIONS, SPORTS, Quality
from resources.contracts import KINEMATICS
from sports_assets.tracking.kinematics import KinematicsSettings, kinematics

SETTINGS = KinematicsSettings()
FAST = int(Quality.IMPLAUSIBLE_SPEED)
HARD = int(Quality.IMPLAUSIBLE_ACCELERATION)
SESSION = "2026-01-01_football_test"
START_US = 1_767_225_600_000_000


def track(
    x,
    y,
    t=None,
    *,
    rate_hz=10.0,
    athlete="1",
    kind="athlete",
    period=1,
    stream="tracking",
    quality=0,
) -> pa.Table:
    """One object's samples at instants `t` (s), by default evenly spaced; NaN is not seen."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    t = np.arange(x.size) / rate_hz if t is None else np.asarray(t, float)
    n = x.size
    unseen = ~np.isfinite(x)
    return POSITIONS.conform(
        pa.table(
            {
                "session_id": [SESSION] * n,
                "stream_id": [f"{SESSION}.{stream}"] * n,
                "period_id": pa.array([period] * n, pa.int8()),
                "frame_id": pa.array(np.arange(n), pa.int32()),
                "captured_at_utc": pa.array(
                    START_US + np.round(t * 1e6).astype(np.int64), pa.timestamp("us", tz="UTC")
                ),
                "period_time_s": t,
                "object_kind": [kind] * n,
                "source_athlete_id": pa.array([athlete] * n, pa.string()),
                "team_side": pa.array(["home" if kind == "athlete" else None] * n, pa.string()),
                "x_m": pa.array(x, mask=unseen),
                "y_m": pa.array(y, mask=unseen),
                "missing_reason": pa.array(
                    np.where(unseen, "not_seen", None).tolist(), pa.string()
                ),
                "quality": pa.array([quality] * n, pa.int32()),
            }
        )
    )


def wander(
    seed: int, samples: int, *, rate_hz=10.0, fastest_mps=6.0
) -> tuple[np.ndarray, np.ndarray]:
    """A smooth path at a plausible speed."""
    rng = np.random.default_rng(seed)
    heading = np.cumsum(rng.normal(0, 0.15, samples))
    speed = fastest_mps * (0.5 + 0.5 * np.sin(np.cumsum(rng.normal(0.05, 0.02, samples))))
    step = speed / rate_hz
    return np.cumsum(step * np.cos(heading)), np.cumsum(step * np.sin(heading))


def made(*tracks: pa.Table, under=SETTINGS) -> pa.Table:
    table = kinematics(pa.concat_tables(tracks), under)
    assert KINEMATICS.violations(table) == []
    assert table.schema.equals(KINEMATICS.schema)
    return table


def column(table: pa.Table, name: str) -> np.ndarray:
    return table[name].to_numpy()


@settings(deadline=None)
@given(
    vx=st.floats(-8, 8),
    vy=st.floats(-8, 8),
    x0=st.floats(-50, 50),
    samples=st.integers(11, 120),
    rate_hz=st.sampled_from([1.0, 5.0, 10.0, 12.5, 25.0]),
)
def test_constant_velocity_gives_that_speed_and_no_acceleration(vx, vy, x0, samples, rate_hz):
    samples = max(
        samples, int(np.ceil(rate_hz)) + 1
    )  # more than a second: a shorter stretch has no speed
    t = np.arange(samples) / rate_hz
    table = made(track(x0 + vx * t, vy * t, rate_hz=rate_hz))
    speed = np.hypot(vx, vy)
    np.testing.assert_allclose(column(table, "speed_mps"), speed, atol=1e-6)
    np.testing.assert_allclose(column(table, "vx_mps"), vx, atol=1e-6)
    np.testing.assert_allclose(column(table, "acceleration_mps2"), 0, atol=1e-5)
    distance = np.sum(column(table, "speed_mps") * column(table, "dt_s"))
    assert distance == pytest.approx(speed * t[-1], abs=1e-6)
    assert np.sum(column(table, "dt_s")) == pytest.approx(t[-1], abs=1e-9)


@pytest.mark.slow
@settings(deadline=None)
@given(
    seed=st.integers(0, 10_000),
    angle=st.floats(0, 2 * np.pi),
    shift=st.tuples(st.floats(-40, 40), st.floats(-40, 40)),
)
def test_turning_and_moving_the_field_changes_no_speed(seed, angle, shift):
    x, y = wander(seed, 150)
    turned = (
        np.cos(angle) * x - np.sin(angle) * y + shift[0],
        np.sin(angle) * x + np.cos(angle) * y + shift[1],
    )
    here, there = made(track(x, y)), made(track(*turned))
    for name in ("speed_mps", "acceleration_mps2", "dt_s"):
        np.testing.assert_allclose(column(here, name), column(there, name), atol=1e-7)


@pytest.mark.slow
@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_running_the_film_backwards_gives_the_same_speeds(seed):
    x, y = wander(seed, 500)
    forward, backward = made(track(x, y)), made(track(x[::-1], y[::-1]))
    # Not to the last digit: forward-backward and backward-forward differ at the very ends.
    inner = slice(30, -30)
    np.testing.assert_allclose(
        column(forward, "speed_mps")[inner],
        column(backward, "speed_mps")[::-1][inner],
        atol=1e-6,
    )
    np.testing.assert_allclose(column(forward, "dt_s"), column(backward, "dt_s")[::-1], atol=1e-9)


@pytest.mark.slow
@settings(deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(15, 85))
def test_what_follows_a_gap_changes_nothing_before_it(seed, cut):
    x, y = wander(seed, 100)
    t = np.arange(100) / 10
    t[cut:] += 0.4
    other_x = x.copy()
    other_x[cut:] = 20 + 2 * np.random.default_rng(seed).normal(size=100 - cut).cumsum() / 10
    one, two = made(track(x, y, t)), made(track(other_x, y, t))
    made_columns = ["segment_id", "dt_s", "vx_mps", "vy_mps", "speed_mps", "acceleration_mps2"]
    before = one.select([*made_columns, "quality"]).slice(0, cut)
    assert before.equals(two.select([*made_columns, "quality"]).slice(0, cut))


def test_worked_by_hand_without_a_filter():
    # One fix a second, a pause of a minute, two more fixes. x: 0, 3, 8, 11 | 11, 16.
    table = made(track([0, 3, 8, 11, 11, 16], [0] * 6, [0, 1, 2, 3, 63, 64], rate_hz=1))
    assert column(table, "segment_id").tolist() == [0, 0, 0, 0, 1, 1]
    assert column(table, "dt_s").tolist() == [0.5, 1, 1, 0.5, 0.5, 0.5]
    assert column(table, "speed_mps").tolist() == [3, 4, 4, 3, 5, 5]
    # (4 − 3)/1, (4 − 3)/2, (3 − 4)/2, (3 − 4)/1
    assert column(table, "acceleration_mps2").tolist() == [1, 0.5, -0.5, -1, 0, 0]
    assert np.sum(column(table, "speed_mps") * column(table, "dt_s")) == 11 + 5
    assert set(table["speed_filter"].to_pylist()) == {
        (
            "central_difference(unfiltered)@1hz;gap>10s;jump>12m/s+0.5m;speed<=12m/s;"
            "|acceleration|<=10m/s2;reach=0s"
        )
    }


def test_the_filter_is_told_with_every_setting():
    table = made(track(*wander(1, 50)))
    assert set(table["speed_filter"].to_pylist()) == {
        (
            "butterworth(order=4,cutoff_hz=1.0,zero_phase)@10hz;gap>0.35s;jump>12m/s+0.5m;"
            "speed<=12m/s;|acceleration|<=10m/s2;reach=0.3s"
        )
    }


def test_noise_above_the_cut_off_is_taken_out():
    t = np.arange(600) / 10
    shaken = track(5 * t + 0.05 * np.sin(2 * np.pi * 3 * t), np.zeros(600))
    inner = column(made(shaken), "speed_mps")[30:-30]
    assert np.abs(inner - 5).max() < 0.02
    bare = made(shaken, under=dataclasses.replace(SETTINGS, lowest_rate_hz=20))
    assert np.abs(column(bare, "speed_mps")[30:-30] - 5).max() > 0.4


def test_a_stretch_too_short_to_smooth_keeps_its_rows_and_has_no_speed():
    x = np.arange(30.0) * 0.4
    x[10] = np.nan
    table = made(track(x, np.where(np.isnan(x), np.nan, 0.0)))
    assert table["speed_mps"].is_null().to_pylist() == [True] * 11 + [False] * 19
    assert table["dt_s"].null_count == 1
    assert table["segment_id"].to_pylist() == [0] * 10 + [None] + [1] * 19
    assert column(table.slice(11), "speed_mps") == pytest.approx(4.0)


def test_a_teleport_makes_no_load():
    t = np.arange(100) / 10
    x = 4 * t
    x[50:] += 15
    table = made(track(x, np.zeros(100)))
    assert table["segment_id"].to_pylist() == [0] * 50 + [1] * 50
    flagged = np.flatnonzero(column(table, "quality") & FAST).tolist()
    assert flagged == list(range(46, 54))
    assert table["speed_mps"].is_null().to_pylist() == [46 <= i < 54 for i in range(100)]
    assert np.nanmax(column(table, "speed_mps")) == pytest.approx(4.0)


def test_a_single_wild_fix_is_cut_out():
    x, y = wander(3, 100)
    wild = x.copy()
    wild[40] += 30
    table = made(track(wild, y))
    assert table["speed_mps"][40].as_py() is None
    assert column(table, "dt_s")[40] == 0
    assert np.nanmax(column(table, "speed_mps")) < 7


def test_speed_beyond_the_sport_is_flagged_and_null():
    t = np.arange(100) / 10
    car = track(20 * t, np.zeros(100))
    on_foot = made(car, under=KinematicsSettings.for_sport("running"))
    assert on_foot["speed_mps"].null_count == 100
    assert (column(on_foot, "quality") == FAST).all()
    slow_enough = made(track(13 * t, np.zeros(100)))
    assert slow_enough["speed_mps"].null_count == 100
    assert (column(slow_enough, "quality") == FAST).all()
    by_car = made(car, under=KinematicsSettings.for_sport("motorsport"))
    assert column(by_car, "speed_mps") == pytest.approx(20)


def test_acceleration_beyond_the_gate_takes_its_neighbours_with_it():
    t = np.arange(200) / 25
    x = np.where(t < 4, 0, 5.5 * (t - 4))  # a standing start in no time
    table = made(track(x, np.zeros(200), rate_hz=25))
    hard = column(table, "quality") & HARD > 0
    assert hard.any()
    assert (table["speed_mps"].is_null().to_numpy() == hard).all()
    assert np.nanmax(np.abs(column(table, "acceleration_mps2"))) <= SETTINGS.acceleration_limit_mps2
    assert np.flatnonzero(hard).size >= 2 * SETTINGS.reach_samples(1 / 25) + 1


def test_the_ball_has_gates_of_its_own_and_officials_are_left_out():
    t = np.arange(60) / 10
    ball = track(30 * t, np.zeros(60), athlete=None, kind="ball")
    official = track(t, t, athlete="22396", kind="official")
    player = track(t, t, athlete="7")
    table = made(ball, official, player)
    assert table["object_kind"].unique().to_pylist() == ["athlete", "ball"]
    assert column(table.slice(60), "speed_mps") == pytest.approx(30)
    assert "speed<=50m/s" in table["speed_filter"][60].as_py()


def test_raw_bits_pass_except_the_two_that_are_judged_here():
    bits = int(Quality.UNIDENTIFIED | Quality.ESTIMATED)
    table = made(track(*wander(2, 40), quality=bits | FAST | HARD, athlete="home_anon_9"))
    assert set(table["quality"].to_pylist()) == {bits}
    assert table["speed_mps"].null_count == 0


@pytest.mark.parametrize("bit", [Quality.POOR_FIX, Quality.FROZEN, Quality.IDENTITY_SWAP])
def test_samples_that_the_edge_does_not_trust_make_no_load(bit):
    # 4 m/s with a second of the track 3 m aside: too near to be refused for its speed.
    t = np.arange(200) / 10
    y = np.where((t >= 10) & (t < 11), 0.9, 0.0)
    flags = np.where(y > 0, int(bit), 0)
    plain = track(4 * t, y)
    flagged = plain.set_column(
        plain.schema.get_field_index("quality"), "quality", pa.array(flags, pa.int32())
    )

    table = made(flagged)

    doubted = flags > 0
    for name in ("segment_id", "dt_s", "vx_mps", "vy_mps", "speed_mps", "acceleration_mps2"):
        assert table[name].is_null().to_numpy().tolist() == doubted.tolist()
    assert column(table, "speed_mps")[~doubted] == pytest.approx(4.0)
    assert table["segment_id"].to_pylist()[99] == 0
    assert table["segment_id"].to_pylist()[110] == 1
    assert (column(table, "quality") == flags).all()
    assert table["x_m"].null_count == 0
    # Untouched, the same samples are believed.
    assert np.nanmax(column(made(plain), "speed_mps")) > 4.2


@pytest.mark.slow
@settings(deadline=None)
@given(seed=st.integers(0, 10_000), first=st.integers(0, 99), length=st.integers(1, 30))
def test_what_is_not_trusted_is_as_if_it_had_not_been_seen(seed, first, length):
    x, y = wander(seed, 100)
    flags = np.zeros(100, int)
    flags[first : first + length] = int(Quality.FROZEN)
    doubted = track(x, y)
    doubted = doubted.set_column(
        doubted.schema.get_field_index("quality"), "quality", pa.array(flags, pa.int32())
    )
    gone = np.where(flags > 0, np.nan, x), np.where(flags > 0, np.nan, y)
    columns = ["segment_id", "dt_s", "vx_mps", "vy_mps", "speed_mps", "acceleration_mps2"]
    assert made(doubted).select(columns).equals(made(track(*gone)).select(columns))


def test_objects_periods_and_streams_are_kept_apart_and_sorted():
    parts = [
        track(*wander(seed, 30), athlete=athlete, period=period, stream=stream)
        for seed, (athlete, period, stream) in enumerate(
            (a, p, s) for a in ("10", "9") for p in (1, 2) for s in ("a", "b")
        )
    ]
    shuffled = pa.concat_tables(parts).take(np.random.default_rng(0).permutation(240))
    table = made(shuffled)
    order = [(name, "ascending") for name in KINEMATICS.sort_by]
    assert table.select(list(KINEMATICS.sort_by)).equals(
        table.select(list(KINEMATICS.sort_by)).sort_by(order)
    )
    segments = table.group_by(["stream_id", "source_athlete_id", "period_id"]).aggregate(
        [("segment_id", "count_distinct")]
    )
    assert segments["segment_id_count_distinct"].to_pylist() == [1] * 8
    per_stream = table.group_by("stream_id").aggregate([("segment_id", "max")])
    assert per_stream["segment_id_max"].to_pylist() == [3, 3]
    alone = made(parts[0])
    first = table.slice(0, 30)
    assert first.select(["speed_mps", "dt_s"]).equals(alone.select(["speed_mps", "dt_s"]))


def test_smart_recording_holds_together_and_a_pause_does_not():
    t = np.array([0, 1, 2, 3, 8, 9, 10, 15, 16, 40, 41, 42.0])
    table = made(track(5 * t, np.zeros(t.size), t), under=KinematicsSettings.for_sport("cycling"))
    assert table["segment_id"].to_pylist() == [0] * 9 + [1] * 3
    assert column(table, "speed_mps") == pytest.approx(5)
    assert np.sum(column(table, "dt_s")) == pytest.approx(16 + 2)


def test_a_clock_that_stands_still_or_runs_back_ends_the_segment():
    table = made(track(np.arange(6.0), np.zeros(6), [0, 1, 1, 2, 1.5, 2.5], rate_hz=1))
    assert table["segment_id"].to_pylist() == [0, 0, 1, 1, 2, 2]


def test_lone_samples_and_empty_tables():
    lone = made(track([1.0], [2.0]))
    assert lone["speed_mps"].to_pylist() == [None]
    assert lone["dt_s"].to_pylist() == [0.0]
    assert kinematics(POSITIONS.empty(), SETTINGS).equals(KINEMATICS.empty())
    nobody = made(track([np.nan] * 3, [np.nan] * 3))
    assert nobody["segment_id"].null_count == nobody["dt_s"].null_count == 3


def test_every_sport_has_limits_and_an_unknown_one_is_named():
    limits = load_settings().limits
    assert set(limits) == set(SPORTS)
    for sport in SPORTS:
        made_for = KinematicsSettings.for_sport(sport)
        assert made_for.speed_limit_mps == limits[sport].speed_mps
        assert made_for.acceleration_limit_mps2 == limits[sport].acceleration_mps2
    with pytest.raises(ValueError, match="'curling'"):
        KinematicsSettings.for_sport("curling")
    assert KinematicsSettings().to_dict()["kinematics.cutoff_hz"] == "1"


@pytest.mark.slow
@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_unit_that_loses_one_fix_in_seven_gives_the_speeds_of_one_that_loses_none(seed):
    x, y = wander(seed, 300)
    t = np.arange(300) / 10
    kept = np.arange(300) % 7 != 3
    whole, thinned = made(track(x, y)), made(track(x[kept], y[kept], t[kept]))
    assert thinned.num_rows == kept.sum()
    assert thinned["segment_id"].unique().to_pylist() == [0]
    assert thinned["speed_mps"].null_count == 0
    there, here = column(whole, "speed_mps")[kept], column(thinned, "speed_mps")
    np.testing.assert_allclose(here[5:-5], there[5:-5], atol=0.15)
    ways = [np.sum(column(one, "speed_mps") * column(one, "dt_s")) for one in (whole, thinned)]
    assert ways[1] == pytest.approx(ways[0], rel=0.005)


def test_a_step_of_more_than_three_intervals_is_a_gap():
    t = np.r_[np.arange(20) / 10, 2.3 + np.arange(20) / 10]
    assert made(track(3 * t, 0 * t, t))["segment_id"].unique().to_pylist() == [0, 1]
    t = np.r_[np.arange(20) / 10, 2.2 + np.arange(20) / 10]
    assert made(track(3 * t, 0 * t, t))["segment_id"].unique().to_pylist() == [0]
