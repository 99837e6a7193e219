"""Pictures: which are drawn, and that what they draw is what the facts say."""

import math
import re
from dataclasses import replace
from itertools import combinations

import pytest

from sports_assets.reports.pictures import draw_pictures
from sports_assets.reports.pictures_endurance import route
from sports_assets.reports.pitch import period_offsets, shortened


@pytest.mark.parametrize(
    ("flavour", "titles"),
    [
        ("match", ["Where they stood", "How the blocks held"]),
        ("event_match", ["How they came to shoot", "Who had the ball"]),
        ("ride", ["The way", "How it went"]),
    ],
)
def test_each_flavour_has_its_two_pictures(flavour, titles, request):
    assert [each.title for each in draw_pictures(request.getfixturevalue(flavour))] == titles


def test_a_match_with_tracking_and_events_still_has_two(match, event_match):
    both = replace(
        match, event_marks=event_match.event_marks, pass_windows=event_match.pass_windows
    )
    assert len(draw_pictures(both)) == 2


def test_eleven_of_each_side_are_drawn_with_their_numbers(match):
    svg = draw_pictures(match)[0].svg
    numbers = re.findall(r">(\d+)</text>", svg)
    assert sorted(numbers, key=int) == sorted([str(n) for n in range(1, 12)] * 2, key=int)


def test_no_mark_of_a_player_covers_another(match):
    crowd = tuple(
        replace(place, x_m=0.5 * (n % 3), y_m=0.0) for n, place in enumerate(match.mean_places)
    )
    svg = draw_pictures(replace(match, mean_places=crowd))[0].svg
    at = [
        (float(x), float(y))
        for x, y in re.findall(r'x="(-?[\d.]+)" y="(-?[\d.]+)"[^>]*>\d+</text>', svg)
    ]
    assert len(at) == 22
    # A mark is 17 points wide.
    assert min(math.dist(one, other) for one, other in combinations(at, 2)) > 15


def test_a_side_in_a_line_has_no_shade(match):
    line = tuple(replace(place, y_m=3.0) for place in match.mean_places)
    whole, flat = (
        draw_pictures(facts)[0].svg for facts in (match, replace(match, mean_places=line))
    )
    assert "0.12" in whole
    assert "0.12" not in flat


def test_alt_texts_tell_what_is_drawn(event_match):
    shots = draw_pictures(event_match)[0].svg
    assert "Red: 1 shots, 1 of them goals, and 1 completed passes into the box" in shots
    assert "Blue: 2 shots, 0 of them goals" in shots


def test_a_route_is_not_drawn_across_a_break(ride):
    whole = replace(
        ride.trace, x_m=tuple(x or 0.0 for x in ride.trace.x_m),
        y_m=tuple(y or 0.0 for y in ride.trace.y_m),
    )  # fmt: skip
    drawn, closed = route(ride), route(replace(ride, trace=whole))
    assert drawn is not None
    assert closed is not None
    assert drawn.svg.count("<path") < closed.svg.count("<path") + 2
    assert drawn.svg != closed.svg


def test_north_is_up_on_a_road_and_unknown_on_a_circuit_without_a_timed_lap(ride):
    track_day = replace(ride, header=replace(ride.header, sport="motorsport"))
    assert [">N</text>" in draw_pictures(one)[0].svg for one in (ride, track_day)] == [True, False]


def test_without_heart_rate_the_route_is_coloured_by_speed(ride):
    trace = replace(ride.trace, heart_rate_bpm=(None,) * len(ride.trace.t_s))
    picture = route(replace(ride, trace=trace))
    assert picture is not None
    assert "km/h" in picture.svg
    assert "speed" in picture.caption


@pytest.mark.parametrize("points", [0, 5])
def test_too_few_fixes_give_no_route(ride, points):
    none = (None,) * (len(ride.trace.t_s) - points)
    trace = replace(ride.trace, x_m=(*ride.trace.x_m[:points], *none))
    assert route(replace(ride, trace=trace)) is None


def test_a_dot_of_a_route_is_drawn_all_the_same(ride):
    n = len(ride.trace.t_s)
    trace = replace(ride.trace, x_m=(1.0,) * n, y_m=(2.0,) * n)
    assert route(replace(ride, trace=trace)) is not None


def test_the_second_half_begins_after_the_first_ended(match):
    offsets = period_offsets(match.shape)
    assert offsets[1] == 0
    assert offsets[2] > 45


def test_a_long_name_is_cut():
    assert shortened("A" * 40) == "A" * 23 + "…"
    assert shortened("Short") == "Short"
