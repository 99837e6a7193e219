"""Which stretch of the footage is shown."""

import pytest

from edge_ingest.records import FOOTAGE
from resources.vision_contracts import VISION_POSITIONS
from sports_assets.vision.page.moment import choose_moment
from tests.vision.made_footage import footage_row, people, positions, table


def chosen(rows, *footage, length_s=5.0):
    return choose_moment(table(VISION_POSITIONS, rows), table(FOOTAGE, list(footage)), length_s)


def only(rows, start_s, end_s, tracks):
    """The rows, of which only some tracks are seen between two times."""
    return [
        row
        for row in rows
        if row["track_id"] in tracks or not start_s <= row["frame_id"] / 25 < end_s
    ]


def test_the_stretch_with_the_most_people_is_chosen():
    who = [one for one in people() if one.object_kind == "athlete"]
    rows = only(only(positions(length_s=30, who=who), 0, 12, {0}), 18, 30, {0})
    moment = chosen(rows, footage_row(length_s=30.0))
    assert (moment.start_s, moment.end_s) == (12.0, 17.0)
    assert moment.people == pytest.approx(22, abs=1)
    assert not moment.has_ball
    assert not moment.is_whole


def test_a_stretch_with_the_ball_comes_before_one_with_more_people():
    ball = 24
    everyone = set(range(24))
    rows = only(only(positions(length_s=20), 0, 10, everyone), 10, 20, {*range(10), ball})
    moment = chosen(rows, footage_row(length_s=20.0))
    assert moment.has_ball
    assert moment.start_s >= 10 - 2.5, "half of it or more has the ball"
    without = [row for row in rows if row["track_id"] != ball]
    assert chosen(without, footage_row(length_s=20.0)).start_s == 0


def test_looks_that_saw_nobody_count_against_a_stretch():
    rows = positions(length_s=20)
    blink = [row for row in rows if 2 <= row["frame_id"] / 25 < 6]
    few = [row for row in rows if row["frame_id"] / 25 >= 10 and row["track_id"] < 21]
    moment = chosen(blink + few, footage_row(length_s=20.0), length_s=8.0)
    assert moment.start_s == 10.0


def test_a_short_video_is_shown_whole_and_equal_ones_by_name():
    one, other = "aa" * 32, "bb" * 32
    rows = positions(one, 1.0) + positions(other, 1.0)
    moment = chosen(
        rows, footage_row(one, 1.0, camera="right"), footage_row(other, 1.0, camera="left")
    )
    assert moment.is_whole
    assert (moment.camera, moment.footage_sha256) == ("left", other)
    assert (moment.start_s, moment.end_s) == (0.0, 1.0)
    assert moment.ball_share == pytest.approx(1.0)


def test_places_that_were_filled_in_are_not_people_who_were_seen():
    rows = positions(length_s=2.0)
    half = [row | {"is_interpolated": row["track_id"] % 2 == 0} for row in rows]
    assert chosen(half, footage_row(length_s=2.0)).people == pytest.approx(
        chosen(rows, footage_row(length_s=2.0)).people / 2, abs=1
    )


def test_the_ball_between_two_frames_that_show_it_is_there():
    rows = positions(length_s=2.0)
    filled = [row | {"is_interpolated": row["object_kind"] == "ball"} for row in rows]
    moments = [chosen(one, footage_row(length_s=2.0)) for one in (rows, filled)]
    assert moments[1].ball_share == moments[0].ball_share > 0.5


def test_there_is_none_where_nobody_was_seen():
    assert chosen([], footage_row()) is None
    ball_alone = [row for row in positions() if row["object_kind"] == "ball"]
    assert chosen(ball_alone, footage_row()) is None
