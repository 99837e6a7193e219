"""Formations: told right, whoever's track breaks, and not told where too little is seen."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks.vision_formation import formation_accuracy, simulate
from resources.vision_contracts import VISION_FORMATION
from sports_assets.vision.formation.attack_direction import Attack
from sports_assets.vision.formation.formations import FormationSettings, formations, shape_of
from sports_assets.vision.formation.possession import AWAY, HOME, UNKNOWN, possession, touches
from sports_assets.vision.formation.templates import SIZES, farthest_m, templates

BEGIN = datetime(2026, 5, 2, 13, 30, tzinfo=UTC)
SHORT = FormationSettings(window_s=60.0)


def number_of(formation: str) -> int:
    return templates(10).names.index(formation)


def of_all(told: pa.Table) -> list[dict]:
    return [row for row in told.to_pylist() if row["phase"] == "all"]


@pytest.fixture(scope="module")
def window() -> pa.Table:
    return simulate(number_of("4-2-3-1"), np.random.default_rng(3), window_s=60.0).positions


@pytest.mark.parametrize("athletes", SIZES)
def test_every_template_is_told_from_its_own_places_wherever_it_stands(athletes: int) -> None:
    known = templates(athletes)
    for number, template in enumerate(known.places):
        found = shape_of(template[::-1] * [31.0, 47.0] + [-12.0, 5.0])
        assert found.formation == known.names[known.shape[number]]
        assert found.mean_distance_m == pytest.approx(0, abs=1e-6)
        assert found.confidence == pytest.approx(1, abs=1e-5)


def test_shapes_are_one_only_where_no_place_differs_by_two_metres() -> None:
    assert templates(10).same() == (("4-3-3", "4-1-2-2-1"), ("3-4-2-1 flat", "3-2-2-2-1"))
    assert templates(9).same() == templates(8).same() == ()
    known = templates(10)
    for one, other in (("3-5-2", "3-2-3-2"), ("4-2-3-1", "4-2-1-2-1"), ("5-3-2", "5-3-2 flat")):
        assert farthest_m(*(known.places[number_of(name)] for name in (one, other))) > 2


def test_a_formation_is_told_through_three_metres_of_noise() -> None:
    names = ("4-4-2", "4-3-3", "3-5-2", "4-2-3-1", "5-3-2")
    found = formation_accuracy(1, 60.0, tuple(number_of(name) for name in names))
    assert (found["formation_accuracy"], found["windows"]) == (1.0, 10)


@pytest.mark.slow
def test_of_all_templates_nearly_every_window_is_told_right() -> None:
    found = formation_accuracy(7)
    assert found["windows"] == 100
    assert found["formation_accuracy"] >= 0.95, found["wrong"]


def test_rows_fit_the_contract_and_are_the_same_each_time_whatever_their_order(
    window: pa.Table,
) -> None:
    told = formations(window, SHORT)
    assert VISION_FORMATION.violations(told) == []
    shuffled = window.take(np.random.default_rng(1).permutation(window.num_rows))
    assert formations(shuffled, SHORT).equals(told)
    home, away = of_all(told)
    assert (home["formation"], away["formation"]) == ("4-2-3-1", "4-2-3-1")
    assert (home["athletes"], home["seen_s"]) == (10, 60.0)
    assert home["window_end_utc"] - home["window_start_utc"] == timedelta(seconds=60)


def test_it_does_not_matter_whose_track_it_is(window: pa.Table) -> None:
    """A new track each second: no identity is left at all."""
    second = pc.second(window["captured_at_utc"]).cast(pa.int32())
    broken = pc.add(pc.multiply(window["track_id"], 60), second)
    column = window.column_names.index("track_id")
    told = formations(window.set_column(column, "track_id", broken), SHORT)
    assert [row["formation"] for row in of_all(told)] == ["4-2-3-1", "4-2-3-1"]


def test_the_goalkeeper_is_left_out_said_to_be_one_or_not(window: pa.Table) -> None:
    is_keeper = pc.greater(pc.abs(window["x_m"]), 38)
    role = pc.if_else(is_keeper, "goalkeeper", "outfield")
    told = formations(window.append_column("role", role), SHORT)
    assert [row["athletes"] for row in of_all(told)] == [10, 10]
    assert [row["formation"] for row in of_all(told)] == ["4-2-3-1", "4-2-3-1"]


def test_ten_are_told_where_the_side_of_some_tracks_is_not() -> None:
    """One track in ten bears no side; nobody is taken to have left the field."""
    chance = np.random.default_rng(4)
    whole = simulate(number_of("4-2-3-1"), chance, window_s=180.0).positions
    tracks = np.unique(whole["track_id"])
    unsure = tracks[chance.random(tracks.size) < 0.1]
    assert unsure.size >= 5
    is_unsure = pc.is_in(whole["track_id"], pa.array(unsure))
    side = pc.if_else(is_unsure, pa.scalar(None, pa.string()), whole["team_side"])
    column = whole.column_names.index("team_side")
    told = of_all(formations(whole.set_column(column, "team_side", side)))
    assert [(row["formation"], row["athletes"]) for row in told] == [("4-2-3-1", 10)] * 2


def test_nine_of_ten_who_are_seen_play_no_formation_of_nine(window: pa.Table) -> None:
    """In the second window one of each side is never seen; in the first they all are."""
    number = np.asarray(window["track_id"]) % 10_000 // 500
    later = window.filter(pa.array(number != 4))
    shifted = pc.add(later["captured_at_utc"], pa.scalar(timedelta(minutes=1), pa.duration("us")))
    column = window.column_names.index("captured_at_utc")
    later = later.set_column(column, "captured_at_utc", shifted)
    told = of_all(formations(pa.concat_tables([window, later]), SHORT))
    assert [row["formation"] for row in told] == ["4-2-3-1", "4-2-3-1", None, None]
    assert [row["athletes"] for row in told[2:]] == [9, 9]
    alone = of_all(formations(later, SHORT))
    assert [row["athletes"] for row in alone] == [9, 9]
    assert all(len(row["formation"].replace("-", "")) in {2, 3, 4} for row in alone)


def test_of_a_side_that_is_seen_in_part_nothing_is_told(window: pa.Table) -> None:
    number = np.asarray(window["track_id"]) % 10_000 // 500
    seven = of_all(formations(window.filter(pa.array(number < 7)), SHORT))
    assert [row["formation"] for row in seven] == [None, None]
    assert [row["confidence"] for row in seven] == [None, None]
    assert all(row["athletes"] < 8 for row in seven)


def test_of_too_short_a_time_nothing_is_told(window: pa.Table) -> None:
    until = pa.scalar(BEGIN + timedelta(seconds=30), pa.timestamp("us", "UTC"))
    told = of_all(formations(window.filter(pc.less(window["captured_at_utc"], until)), SHORT))
    assert [(row["formation"], row["seen_s"]) for row in told] == [(None, 30.0)] * 2


def test_where_it_is_known_who_plays_where_that_counts(window: pa.Table) -> None:
    told = of_all(formations(window, SHORT))[0]["formation"]
    (right, left) = (
        of_all(
            formations(window, SHORT, [Attack(BEGIN, BEGIN + timedelta(hours=1), is_rightwards)])
        )[0]["formation"]
        for is_rightwards in (True, False)
    )
    assert told in {right, left}
    assert right != left


def test_sides_that_change_ends_keep_their_formation(window: pa.Table) -> None:
    later = pa.scalar(timedelta(minutes=20), pa.duration("us"))
    turned = window.set_column(
        window.column_names.index("captured_at_utc"),
        "captured_at_utc",
        pc.add(window["captured_at_utc"], later),
    )
    for name in ("x_m", "y_m"):
        column = turned.column_names.index(name)
        turned = turned.set_column(column, name, pc.negate(turned[name]))
    told = of_all(formations(pa.concat_tables([window, turned]), SHORT))
    assert len(told) == 4, "no rows of the time between"
    assert {row["formation"] for row in told} == {"4-2-3-1"}


def test_nine_outfield_athletes_have_templates_of_their_own() -> None:
    places = templates(9).places[templates(9).names.index("4-3-2")]
    assert shape_of(places * [30.0, 40.0]).formation == "4-3-2"
    with pytest.raises(ValueError, match="templates for"):
        shape_of(places[:7])


def test_no_row_gives_no_row_and_two_sessions_are_refused(window: pa.Table) -> None:
    assert formations(window.slice(0, 0)).num_rows == 0
    other = window.set_column(0, "session_id", pa.repeat("another", window.num_rows))
    with pytest.raises(ValueError, match="2 sessions"):
        formations(pa.concat_tables([window, other]))


def test_phases_follow_the_ball(window: pa.Table) -> None:
    """The ball lies at a home athlete's feet for the whole time."""
    first = window.filter(pc.equal(window["team_side"], "home"))
    by_time = first.group_by("captured_at_utc", use_threads=False)
    times = by_time.aggregate([("x_m", "first"), ("y_m", "first")])
    ball = pa.table(
        {
            "session_id": pa.repeat(window["session_id"][0], times.num_rows),
            "captured_at_utc": times["captured_at_utc"],
            "object_kind": pa.repeat("ball", times.num_rows),
            "team_side": pa.nulls(times.num_rows, pa.string()),
            "track_id": pa.repeat(pa.scalar(99_999, pa.int32()), times.num_rows),
            "x_m": times["x_m_first"],
            "y_m": times["y_m_first"],
        }
    )
    told = formations(pa.concat_tables([window, ball]), SHORT).to_pylist()
    seen = {(row["team_side"], row["phase"]): row["seen_s"] for row in told}
    assert seen["home", "in_possession"] > 55
    assert seen["away", "out_of_possession"] == seen["home", "in_possession"]
    assert seen["home", "out_of_possession"] < 5


def test_a_touch_is_of_the_nearest_within_two_metres() -> None:
    ball_s, ball = np.array([0.0, 1.0, 2.0]), np.array([[0, 0], [10, 0], [0, 0.0]])
    when = np.array([0.0, 0.0, 1.0, 1.0])
    people = np.array([[1, 0], [0, 1.5], [7, 0], [10, 1.0]])
    side = np.array([AWAY, HOME, HOME, AWAY])
    assert touches(ball_s, ball, when, people, side).tolist() == [AWAY, AWAY, UNKNOWN]


def test_a_pass_is_possession_and_a_duel_or_a_long_ball_is_not() -> None:
    t_s = np.array([0.0, 0.2, 0.4, 3.0, 3.2, 12.0, 12.2, 13.0])
    touch = np.array([HOME, HOME, AWAY, HOME, HOME, AWAY, AWAY, UNKNOWN])
    found = possession(t_s, touch, np.array([0.1, 2.0, 8.0, 12.1, 20.0]))
    assert found.tolist() == [HOME, HOME, UNKNOWN, AWAY, UNKNOWN]


@pytest.mark.realdata
def test_a_real_match_has_four_at_the_back_and_changes_little(real_data: Path) -> None:
    """Bundesliga J03WMX (Bassek et al. 2025): both sides begin with a back four."""
    frames = pq.read_table(real_data / "tracking_events" / "idsse_j03wmx_frames.parquet")
    frames = frames.filter(pc.equal(pc.bit_wise_and(frames["frame_id"], 7), 0))
    is_ball = frames["is_ball"]
    side = pc.if_else(pc.equal(frames["team_attacking_direction"], "ltr"), "home", "away")
    micros = np.round(frames["time_seconds"].to_numpy() * 1e6).astype(np.int64)
    kick_off = int(BEGIN.timestamp() * 1e6)
    rows = pa.table(
        {
            "session_id": pa.repeat("real", frames.num_rows),
            "captured_at_utc": pa.array(micros + kick_off).cast(pa.timestamp("us", "UTC")),
            "object_kind": pc.if_else(is_ball, "ball", "athlete"),
            "team_side": pc.if_else(is_ball, pa.scalar(None, pa.string()), side),
            "source_athlete_id": frames["player_id"],
            "x_m": pc.subtract(frames["x"].cast(pa.float64()), 52.5),
            "y_m": pc.subtract(frames["y"].cast(pa.float64()), 34.0),
        }
    )
    told = formations(rows).to_pylist()
    home = [
        row["formation"] for row in told if row["phase"] == "all" and row["team_side"] == "home"
    ]
    assert home.count("4-2-4") >= 2, home
    without_ball = [
        row["formation"]
        for row in told
        if row["phase"] == "out_of_possession" and row["team_side"] == "away" and row["formation"]
    ]
    assert without_ball
    assert all(one.startswith("4") for one in without_ball), without_ball
