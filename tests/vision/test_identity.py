"""Tracks linked to athletes of tracking data, whose clock and side of the field are unknown."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from edge_ingest.records import INSTANT
from sports_assets.vision.follow.clocks import Path, best_shift
from sports_assets.vision.follow.following import follow
from tests.vision.seen_match import START_US, WIDE, Eye, People, seen, walking

pytestmark = pytest.mark.slow


def tracking(people: People, shift_s: float, turn: int) -> pa.Table:
    """Athletes as another source has them, its naming of sides the other way."""
    rng = np.random.default_rng(1)
    other = {"home": "away", "away": "home"}
    parts = []
    for one, side in enumerate(people.side):
        if side is None:
            continue
        place = people.place_m[one] * turn + rng.normal(0, 0.3, people.place_m[one].shape)
        when = START_US + np.round((people.t_s + shift_s) * 1e6).astype(np.int64)
        parts.append(
            pa.table(
                {
                    "athlete_id": [f"athlete-{one:02d}"] * when.size,
                    "team_side": [other[side]] * when.size,
                    "captured_at_utc": pa.array(when).cast(INSTANT),
                    "x_m": place[:, 0],
                    "y_m": place[:, 1],
                }
            )
        )
    return pa.concat_tables(parts)


@pytest.mark.parametrize(
    ("shift_s", "turn", "uncertainty_s"), [(0.0, 1, 0.0), (3.3, -1, 10.0), (-17.0, 1, None)]
)
def test_athletes_are_found(shift_s: float, turn: int, uncertainty_s: float | None) -> None:
    people = walking(11, 40)
    detections, view, _ = seen(people, WIDE, Eye(), 6)
    view = replace(view, clock_uncertainty_s=uncertainty_s)
    followed = follow("s", detections, [view], tracking(people, shift_s, turn))
    assert followed.tracking_shift_s == pytest.approx(shift_s, abs=0.1)
    assert followed.is_turned == (turn < 0)
    linked = followed.positions.filter(followed.positions["athlete_id"].is_valid())
    assert len(set(linked["athlete_id"].to_pylist())) >= 18
    rows = linked.filter(linked["x_m"].is_valid()).to_pylist()
    true = np.array([people.place_m[int(row["athlete_id"][-2:]), row["frame_id"]] for row in rows])
    told = np.array([[row["x_m"], row["y_m"]] for row in rows])
    assert np.mean(np.linalg.norm(told - true, axis=1) < 2) >= 0.95
    sides = {(people.side[int(row["athlete_id"][-2:])], row["team_side"]) for row in rows}
    assert sides == {("home", "away"), ("away", "home")}  # as tracking data names them


def test_one_athlete_is_in_one_place_at_a_time() -> None:
    people = walking(12, 30)
    detections, view, _ = seen(people, WIDE, Eye(missed=0.3), 7)
    followed = follow("s", detections, [view], tracking(people, 0.0, 1))
    tracks = followed.tracks.filter(followed.tracks["athlete_id"].is_valid()).to_pylist()
    for one in tracks:
        for other in tracks:
            if one["track_id"] < other["track_id"] and one["athlete_id"] == other["athlete_id"]:
                common = min(one["last_seen_at_utc"], other["last_seen_at_utc"]) - max(
                    one["first_seen_at_utc"], other["first_seen_at_utc"]
                )
                assert common.total_seconds() <= 0.5


def test_tracking_data_of_another_match_links_nobody() -> None:
    detections, view, _ = seen(walking(13, 30), WIDE, Eye(), 8)
    other = tracking(walking(14, 30), 0.0, 1)
    followed = follow("s", detections, [view], other)
    assert followed.tracks["athlete_id"].null_count >= followed.tracks.num_rows - 3


def test_a_shift_is_found_by_hand() -> None:
    t_s = np.arange(0, 60, 0.2)
    way = np.column_stack([10 * np.sin(t_s / 3), 5 * np.cos(t_s / 2)])
    found = best_shift([Path(t_s, way)], t_s[50:200] - 2.0, way[50:200], 10.0)
    assert found.is_clear
    assert found.shift_s == pytest.approx(2.0, abs=0.05)
