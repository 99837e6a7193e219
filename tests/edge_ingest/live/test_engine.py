"""Samples in, load and alerts out; a restart changes nothing."""

import dataclasses
import json
import math
import random
from datetime import datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.cleaning.causal import CausalTrack
from edge_ingest.cleaning.gnss import clean_gnss
from edge_ingest.cleaning.kinematics_settings import KinematicsSettings
from edge_ingest.cleaning.settings import load_settings
from edge_ingest.live.alerts import Crossing, alert_of
from edge_ingest.live.engine import SESSION_GAP_US, Engine
from edge_ingest.live.load import HeartTally, Tally, metabolic_power
from edge_ingest.live.messages import Batch
from edge_ingest.norms import DEFAULT_THRESHOLDS
from edge_ingest.records import POSITIONS
from sports_assets.tracking.kinematics import kinematics
from tests.edge_ingest.cleaning.made import positions, real_player, signals
from tests.edge_ingest.cleaning.test_gnss import Faults, synthesised
from tests.edge_ingest.live.feed import START_US, batches, norm, norms

HOUR_US = 3_600_000_000


def engine(*of_ada) -> Engine:
    made = Engine("edge-live/north", "football")
    made.use(norms(*of_ada))
    return made


def play(live: Engine, sent, arrived_us=START_US) -> list:
    return [alert for batch in sent for alert in live.take(batch, arrived_us)]


def row(live: Engine, athlete_id="ada") -> dict:
    (found,) = [one for one in live.athletes(START_US) if one["athlete_id"] == athlete_id]
    return found


def test_a_minute_at_six_metres_a_second():
    live = engine()
    play(live, batches(seconds=60, speed_mps=6.0, heart_rate=185))
    ada = row(live)
    session = ada["session"]
    # 600 samples: 599 intervals; the last 5 samples have no speed yet.
    assert ada["tracked_s"] == pytest.approx(59.45)
    assert session["total_distance_m"] == pytest.approx(6 * 59.45, rel=1e-3)
    assert session["high_speed_distance_m"] == session["total_distance_m"]
    assert session["sprint_distance_m"] == 0
    assert (session["high_speed_effort_count"], session["sprint_effort_count"]) == (1, 0)
    assert session["top_speed_mps"] == pytest.approx(6.0, rel=1e-3)
    assert session["heart_rate_zone_5_s"] == pytest.approx(59.9)
    assert ada["distance_per_min_m"] == pytest.approx(360, rel=1e-3)
    # Only settled samples count in windows: 0.4 s fewer.
    assert ada["windows"]["60"]["distance_m"] == pytest.approx(6 * 59.05, rel=1e-3)
    assert (ada["samples"], ada["heart_rate_bpm"]) == (600, 185)


def test_windows_forget():
    live = engine()
    play(live, batches(seconds=400, speed_mps=3.0, size=10))
    windows = row(live)["windows"]
    assert windows["60"]["distance_m"] == pytest.approx(180, rel=0.02)
    assert windows["300"]["distance_m"] == pytest.approx(900, rel=0.01)
    assert windows["300"]["distance_per_min_m"] == pytest.approx(180, rel=0.01)


def test_an_alert_is_told_once_for_each_level_with_number_norm_and_since_when():
    live = engine(norm(high=100.0, act_above=150.0))
    alerts = play(live, batches(seconds=60, speed_mps=4.0))
    assert [alert.severity for alert in alerts] == ["watch", "act"]
    first = alerts[0]
    assert first.observed == pytest.approx(100.4, abs=0.41)
    # 100 m at 4 m/s, from the first sample on.
    assert first.crossed_at_utc == "2026-03-01T14:00:25.000+00:00"
    assert first.explanation == (
        "Ada: distance is 100 m, above the own norm of 20 m to 100 m (mean 60 m of 12 football "
        "sessions), since 14:00:25 UTC"
    )
    assert "far above" in alerts[1].explanation
    assert len({alert.alert_id for alert in alerts}) == 2
    assert row(live)["levels"]["total_distance_m"]["severity"] == "act"
    assert json.loads(first.to_json())["norm_high"] == 100.0


def test_every_metric_of_a_norm_is_watched():
    watched = (
        norm("sprint_effort_count", "1", 0.5, 10), norm("top_speed_mps", "m/s", 7.5, 9.5),
        norm("heart_rate_zone_5_s", "s", 10, 100), norm("high_speed_distance_m", "m", 50, 1000),
        norm("metabolic_energy_kj_per_kg", "kJ/kg", 1, 99),
        norm("sprint_distance_m", "m", 60, 1000),
    )  # fmt: skip
    alerts = play(engine(*watched), batches(seconds=40, speed_mps=8.0, heart_rate=190))
    assert {alert.metric for alert in alerts} == {one.metric for one in watched}
    assert all(alert.severity == "watch" for alert in alerts)


def test_an_athlete_without_norms_is_shown_and_never_alerted():
    live = engine(norm(high=10))
    assert play(live, batches(athlete="99", seconds=30, speed_mps=8.0)) == []
    assert row(live, "catapult:99")["norms"] == {}


def test_new_norms_count_at_once_and_another_crosswalk_keeps_what_was_run():
    live = Engine("edge-live/north", "football")
    play(live, batches(seconds=30, speed_mps=4.0))
    assert row(live, "catapult:7")["session"]["total_distance_m"] > 110
    live.use(norms(norm(high=100.0, act_above=1e6)))
    sent = batches(seconds=31, speed_mps=4.0)[300:]
    assert [alert.athlete_id for alert in play(live, sent)] == ["ada"]


def test_crossings_have_hysteresis():
    one, own = Crossing(), norm(high=100.0, act_above=150.0)
    steps = [(90, None), (101, "watch"), (99, None), (101, None), (160, "act"), (149, None)]
    steps += [(151, None), (97, None), (101, "watch")]
    assert [one.step(value, own, 0) for value, _ in steps] == [told for _, told in steps]
    # Each time that it is told counts: above, far above, above again.
    assert one.number == 3


def as_told(sent, **columns):
    """The same batches with what the device says of each fix; a function of the sample's second."""
    return [
        dataclasses.replace(
            batch,
            **{
                name: [value((at - START_US) / 1e6) for at in batch.captured_us]
                for name, value in columns.items()
            },
        )
        for batch in sent
    ]


def test_a_second_climb_has_ids_of_its_own_and_the_same_journal_has_the_same():
    """Watch, act, back to watch, act: what was refused takes a metric down again."""
    own, told = norm(high=100.0, act_above=150.0), []
    for _ in range(2):
        one, ids = Crossing(), []
        for second, value in enumerate([101, 151, 120, 151, 90, 101]):
            if one.step(value, own, START_US + second):
                ids.append(
                    alert_of(
                        source="s", athlete_id="ada", display_name=None, norm=own, crossing=one,
                        value=value, session_start_us=START_US, now_us=START_US,
                    ).alert_id
                )  # fmt: skip
        assert len(ids) == len(set(ids)) == 4
        told.append(ids)
    assert told[0] == told[1]


def test_messages_that_the_broker_delivers_twice_make_one_alert():
    sent = batches(seconds=60, speed_mps=4.0)
    once = play(engine(norm()), sent)
    live = engine(norm())
    twice = [alert for batch in sent for _ in range(2) for alert in live.take(batch, START_US)]
    assert [alert.alert_id for alert in twice] == [alert.alert_id for alert in once]
    assert live.counts()["duplicates"] == len(sent)


def test_people_read_the_ground_s_time_and_data_are_utc():
    live = Engine("edge-live/north", "football", zone=ZoneInfo("America/Sao_Paulo"))
    live.use(norms(norm()))
    (first, _) = play(live, batches(seconds=60, speed_mps=4.0))
    assert first.explanation.endswith("since 11:00:25 -03")
    assert first.crossed_at_utc == "2026-03-01T14:00:25.000+00:00"


def test_a_spike_that_a_gate_refuses_a_moment_later_makes_no_alert():
    """Each fix too near to be a jump: what they add counts until the acceleration is nobody's."""
    sent = batches(seconds=22, speed_mps=1.0)
    for number, off_m in zip((150, 151, 152), (1.6, 3.2, 4.8), strict=True):
        (x_m,) = sent[number].x_m
        sent[number] = dataclasses.replace(sent[number], x_m=[x_m + off_m])
    (alert,) = play(engine(norm("metabolic_energy_kj_per_kg", "kJ/kg", 0.07, 99)), sent)
    # By what lasts it is crossed a second and a half after the spike; by the spike it was before.
    assert alert.crossed_at_utc == "2026-03-01T14:00:16.400+00:00"


def test_energy_is_crossed_by_the_sample_that_brought_it():
    """Acceleration needs the sample after: the newest with a speed adds no energy yet."""
    live, high = engine(norm("metabolic_energy_kj_per_kg", "kJ/kg", 0.5, 99)), 0.5
    (alert,) = play(live, batches(seconds=60, speed_mps=4.0))
    # 18.58 W/kg at a steady 4 m/s, from the first sample, which stands for half an interval.
    power = metabolic_power(4.0, 0.0)
    samples = math.ceil((high * 1000 / power - 0.05) / 0.1)
    crossed_us = round(datetime.fromisoformat(alert.crossed_at_utc).timestamp() * 1e6)
    assert crossed_us - START_US == pytest.approx(samples * 100_000, abs=100_000)


def test_fixes_of_poor_geometry_count_as_not_seen():
    sent = batches(seconds=60, speed_mps=6.0)
    live = engine()
    play(live, as_told(sent, hdop=lambda s: 9.0 if 20 <= s < 30 else 0.9, satellites=lambda s: 12))
    # Ten seconds are missing, and half an interval at either end of them.
    assert row(live)["session"]["total_distance_m"] == pytest.approx(6 * (59.45 - 10.1), abs=0.5)
    assert live.refused_fixes() == {"poor_fix": 100, "frozen": 0}
    few = engine()
    play(few, as_told(sent, satellites=lambda s: 5))
    assert row(few)["session"]["total_distance_m"] == 0


def test_a_club_s_own_gates_hold_live_as_well(tmp_path):
    packaged = (files("edge_ingest.cleaning") / "settings.toml").read_text("utf-8")
    (tmp_path / "own.toml").write_text(packaged.replace("max_hdop = 4.0", "max_hdop = 2.0"))
    live = Engine("n", "football", load_settings(tmp_path / "own.toml"))
    play(live, as_told(batches(seconds=5), hdop=lambda s: 3.0))
    assert live.refused_fixes()["poor_fix"] == 50


def test_a_frozen_fix_of_a_device_that_moves_is_no_standstill():
    sent = [
        dataclasses.replace(batch, x_m=sent_at.x_m, y_m=sent_at.y_m)
        for batch, sent_at in (
            (one, all_sent[200 if 200 <= number < 260 else number])
            for all_sent in [batches(seconds=60, speed_mps=4.0)]
            for number, one in enumerate(all_sent)
        )
    ]
    live = engine()
    play(live, as_told(sent, speed_mps=lambda s: 4.0))
    assert live.refused_fixes() == {"poor_fix": 0, "frozen": 55}
    assert row(live)["session"]["total_distance_m"] == pytest.approx(4 * (59.45 - 6), abs=2)


@pytest.mark.slow
@pytest.mark.realdata
def test_with_poor_and_frozen_fixes_live_is_still_the_lakehouse_s(real_data):
    """A real hour with faults put in: flagged and left out there, refused as they come here."""
    t_s, x_m, y_m = real_player(real_data, 3)
    speed = np.hypot(np.gradient(x_m, t_s), np.gradient(y_m, t_s))
    speed = np.convolve(speed, np.ones(11) / 11, "same")
    faults = Faults(5, t_s, x_m, y_m)
    faults.freezes(12)
    told, _ = synthesised(5, t_s.size)
    told = pa.concat_tables([told, signals("speed", t_s, speed)])
    rows = clean_gnss(positions(t_s, *faults.place), told, "football", load_settings()).table
    for name in ("session_id", "stream_id"):
        rows = rows.append_column(name, pa.array(["one"] * rows.num_rows))
    reasons = pa.nulls(rows.num_rows, pa.string())
    lake = kinematics(
        POSITIONS.conform(rows.append_column("missing_reason", reasons)),
        KinematicsSettings.for_sport("football"),
    )
    way = np.nan_to_num(lake["speed_mps"].to_numpy() * lake["dt_s"].to_numpy())
    fast = lake["speed_mps"].to_numpy() >= 5.5
    live = Engine("n", "football")
    column = {name: pc.filter(told["value"], pc.equal(told["channel"], name)).to_pylist()
              for name in ("hdop", "satellites", "speed")}  # fmt: skip
    for seq, first in enumerate(range(0, t_s.size, 500)):
        part = slice(first, first + 500)
        live.take(
            Batch(
                "s", "7", "r", seq, 10.0, [START_US + round(t * 1e6) for t in t_s[part]],
                faults.place[0][part].tolist(), faults.place[1][part].tolist(), None,
                column["hdop"][part], column["satellites"][part], column["speed"][part],
            ),
            START_US,
        )  # fmt: skip
    session = row(live, "s:7")["session"]
    assert live.refused_fixes()["poor_fix"] > 200
    assert live.refused_fixes()["frozen"] > 200
    assert session["total_distance_m"] == pytest.approx(way.sum(), rel=0.01)
    # Three per cent of what little was run fast is a metre: two as in test_causal.py.
    assert session["high_speed_distance_m"] == pytest.approx(way[fast].sum(), rel=0.03, abs=2)


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), stops=st.sets(st.integers(0, 599), min_size=1, max_size=5))
def test_an_engine_that_is_stored_and_taken_up_again_is_the_same(seed, stops):
    rng = random.Random(seed)
    sent = batches(seconds=30, speed_mps=rng.uniform(2, 9), heart_rate=rng.choice([None, 180]))
    sent += batches(athlete="8", seconds=30, speed_mps=rng.uniform(2, 9))
    sent = [one for one in sent for _ in range(1 + (rng.random() < 0.05)) if rng.random() > 0.02]
    sent.sort(key=lambda one: one.captured_us[0] + rng.uniform(0, 400_000))
    watched = (norm(high=60.0, act_above=90.0), norm("sprint_effort_count", "1", 0.5, 9))
    whole, interrupted = engine(*watched), engine(*watched)
    alerts, again = [], []
    for number, batch in enumerate(sent):
        arrived_us = START_US + number * 50_000
        alerts += whole.take(batch, arrived_us)
        again += interrupted.take(batch, arrived_us)
        if number in stops:
            stored = json.loads(json.dumps(interrupted.state()))
            interrupted = engine(*watched)
            assert interrupted.restore(stored)
    assert again == alerts
    assert interrupted.athletes(START_US) == whole.athletes(START_US)
    assert interrupted.counts() == whole.counts()


def test_state_of_another_version_or_sport_is_not_taken_up():
    state = engine().state()
    assert not engine().restore(state | {"state_version": 0})
    assert not Engine("n", "running").restore(state)


def test_a_silent_hour_begins_another_session_and_a_wrong_clock_does_not():
    live = engine(norm(high=100.0, act_above=1e6))
    first = play(live, batches(seconds=30, speed_mps=4.0))
    play(live, batches(run="r2", seconds=30, speed_mps=4.0, start_us=START_US + 24 * HOUR_US))
    assert row(live)["session"]["total_distance_m"] > 200
    later = START_US + 26 * HOUR_US
    assert later - START_US > SESSION_GAP_US
    second = play(live, batches(run="r3", seconds=30, speed_mps=4.0, start_us=later), later)
    assert row(live)["session"]["total_distance_m"] < 125
    assert [a.alert_id == b.alert_id for a, b in zip(first, second, strict=True)] == [False]


@pytest.mark.parametrize("ahead_us", [2 * HOUR_US, -HOUR_US // 6])
def test_what_a_session_raised_is_told_by_the_nodes_own_clock(ahead_us: int) -> None:
    live = engine(norm(high=100.0, act_above=1e6))
    stray = batches(athlete="8", seconds=1, start_us=START_US + ahead_us)
    play(live, stray, START_US - 1_000_000)
    alerts = play(live, batches(seconds=30, speed_mps=4.0), START_US)
    raised_us = [datetime.fromisoformat(one.raised_at_utc).timestamp() * 1e6 for one in alerts]
    assert raised_us, "there was an alert"
    assert all(one >= live.session_arrived_us for one in raised_us)
    assert live.session_arrived_us < START_US


def test_two_trackers_on_one_athlete_count_once():
    live = Engine("edge-live/north", "football")
    told = norms()
    other = told.athletes[0].known_as[0].model_copy(update={"source_athlete_id": "8"})
    ada = told.athletes[0].model_copy(update={"known_as": (*told.athletes[0].known_as, other)})
    live.use(told.model_copy(update={"athletes": (ada,)}))
    play(live, batches(athlete="7", seconds=60, speed_mps=3.0))
    play(live, batches(athlete="8", seconds=20, speed_mps=3.0))
    assert row(live)["session"]["total_distance_m"] == pytest.approx(178, abs=1)


def test_another_rate_in_the_middle_breaks_the_track_and_nothing_else():
    live = engine()
    play(live, batches(seconds=30, speed_mps=6.0))
    slower = [
        type(one)(**{**{n: getattr(one, n) for n in one.__slots__}, "rate_hz": 5.0, "run": "r2"})
        for one in batches(seconds=30, speed_mps=6.0, start_us=START_US + 30_100_000)
    ]
    play(live, slower)
    assert row(live)["session"]["total_distance_m"] == pytest.approx(356, abs=3)
    assert row(live)["session"]["high_speed_effort_count"] == 2


@pytest.mark.parametrize(
    ("speed", "acceleration", "power"),
    [(4, 0, 18.576), (4, 1, 31.232), (4, 2.5, 58.034), (7, 0, 32.508), (3, -10, 0.0)],
)
def test_metabolic_power_of_osgnach(speed, acceleration, power):
    assert metabolic_power(speed, acceleration) == pytest.approx(power, abs=5e-4)


def test_a_tally_with_unsettled_samples_leaves_the_settled_one_alone():
    tally, track = Tally(DEFAULT_THRESHOLDS["football"]), CausalTrack(10.0, KinematicsSettings())
    for number in range(40):
        for one in track.push(START_US + number * 100_000, 0.7 * number, 0.0):
            tally.add(one)
    before = tally.state()
    assert tally.with_unsettled(track.unsettled()).total_distance_m > tally.total_distance_m
    assert tally.state() == before


def test_a_heart_rate_that_the_lakehouse_leaves_out_is_left_out_here() -> None:
    told = load_settings().heart_rate
    heart = HeartTally(max_bpm=200)
    for second, bpm in enumerate((150, told.highest_bpm + 1, told.highest_bpm + 1, 150, 150)):
        heart.add(START_US + second * 1_000_000, bpm)
    assert (heart.heart_rate_s, heart.high_s) == (4, 0)
    heart.add(START_US + 5_000_000, told.lowest_bpm - 1)
    assert heart.heart_rate_bpm == 150
