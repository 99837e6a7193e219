"""Numbers as they stand on the page."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.reports.numerals import clock, grouped, number_id, numeral


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 0, "0"),
        (999.4, 0, "999"),
        (1234, 0, "1\u202f234"),
        (1234567.891, 1, "1\u202f234\u202f567.9"),
        (-0.04, 1, "0.0"),
        (-12345.6, 0, "−12\u202f346"),
    ],
)
def test_digits_stand_in_groups_of_three_with_a_true_minus(value, digits, text):
    assert grouped(value, digits) == text


def test_a_sign_is_shown_where_asked_and_never_on_zero():
    assert grouped(3.2, signed=True) == "+3"
    assert grouped(-3.2, signed=True) == "−3"
    assert grouped(0.2, signed=True) == "0"


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_what_is_shown_reads_back_as_the_rounded_value(value, digits):
    text = grouped(value, digits).replace("\u202f", "").replace("−", "-")
    assert float(text) == pytest.approx(value, abs=0.5 * 10**-digits + 1e-6)


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_a_dash_with_its_reason(nothing):
    shown = numeral("a/b", nothing, "m", absent="not worn")
    assert (shown.text, shown.unit, shown.value, shown.absent) == ("–", "", None, "not worn")


def test_a_value_is_shown_in_the_unit_of_the_page():
    shown = numeral("a/b", 9.5, "km/h", digits=1, factor=3.6)
    assert (shown.text, shown.value) == ("34.2", "34.2")


def test_an_id_keeps_its_place_whatever_the_athlete_is_called():
    identity = number_id("mart/x", "feed:7/8 #9", "total_distance_m")
    assert identity == "mart/x/feed:7%2F8%20%239/total_distance_m"
    again = numeral(identity, 1.0).at("sentence-2").at("sentence-3")
    assert again.number_id == identity + "#sentence-3"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (50, "50\u202fs"),
        (2580, "43\u202fmin"),
        (8356, "2\u202fh 19\u202fmin"),
        (3599, "1\u202fh 00\u202fmin"),
    ],
)
def test_a_duration_reads_as_a_clock(seconds, text):
    assert clock(seconds) == text
