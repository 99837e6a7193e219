"""Where somebody is between two looks."""

import numpy as np
import pytest

from resources.vision_contracts import VISION_POSITIONS
from sports_assets.vision.page.trails import Trail, cut_trails
from tests.vision.made_footage import BEGAN, positions, table


def trail(t_s, lefts, is_seen=None):
    boxes = np.array([[left, 10.0, left + 10, 40.0] for left in lefts])
    boxes[np.isnan(boxes[:, 0])] = np.nan
    seen = np.ones(len(t_s), bool) if is_seen is None else np.array(is_seen)
    places = np.full((len(t_s), 2), np.nan)
    return Trail(1, "athlete", "home", "outfield", None, np.array(t_s), boxes, places, seen)


def test_between_two_looks_it_moves_on_a_straight_line():
    one = trail([0.0, 0.2], [100.0, 110.0])
    box, is_seen = one.at(0.05)
    assert box == pytest.approx([102.5, 10, 112.5, 40])
    assert is_seen
    assert one.at(0.2)[0][0] == pytest.approx(110)


def test_between_looks_too_far_apart_it_is_nowhere():
    one = trail([0.0, 3.0], [100.0, 400.0])
    assert one.at(1.5) is None
    assert one.at(0.05)[0][0] == 100, "half a look around a look is still it"
    assert one.at(2.95)[0][0] == 400


def test_a_look_that_did_not_see_it_is_a_gap():
    one = trail([0.0, 0.2, 0.4], [100.0, np.nan, 120.0])
    assert one.at(0.2) is None
    assert one.at(0.35)[0][0] == 120


def test_what_was_filled_in_is_told_apart():
    one = trail([0.0, 0.2, 0.4], [100.0, 110.0, 120.0], [True, False, True])
    assert not one.at(0.1)[1]
    assert not one.at(0.3)[1]


def test_before_and_after_its_looks_it_is_nowhere():
    one = trail([1.0, 1.2], [100.0, 110.0])
    assert one.at(0.5) is None
    assert one.at(1.5) is None


def test_tracks_of_a_stretch_are_cut_out_by_number():
    rows = table(VISION_POSITIONS, positions(length_s=8.0)[::-1])
    found = cut_trails(rows, "aa" * 32, BEGAN, 2.0, 4.0)
    assert [one.track_id for one in found] == sorted(one.track_id for one in found)
    assert len(found) >= 20
    assert found[0].t_s.tolist() == pytest.approx(np.arange(1.0, 5.01, 0.2))
    assert cut_trails(rows, "bb" * 32, BEGAN, 2.0, 4.0) == ()


def test_a_track_is_what_most_of_its_looks_say():
    rows = positions(length_s=2.0)
    for row in rows[:25]:
        row["team_side"] = None
    found = cut_trails(table(VISION_POSITIONS, rows), "aa" * 32, BEGAN, 0.0, 2.0)
    assert {one.team_side for one in found if one.track_id < 11} == {"home"}
