"""The cursor over zones that are made up: bounded, and nothing is forgotten."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.landing_drops import Arrival
from sensors.cursor import (
    ARRIVALS_A_TICK,
    OVERLAP_NS,
    RECENT_AT_MOST,
    WAITING_AT_MOST,
    Cursor,
    Sweep,
)

SECOND_NS = 10**9


@dataclass
class Zone:
    """Drops by place: when they arrived, and whether they are whole."""

    arrived: dict[str, int] = field(default_factory=dict)
    lacking: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    cursor: Cursor = field(default_factory=Cursor)

    def tick(self) -> None:
        look = self.cursor.look(Arrival(place, at) for place, at in self.arrived.items())
        lacking = {one.place for one in look.all if one.place in self.lacking}
        self.asked |= {one.place for one in look.all} - lacking
        assert len(look.new) <= ARRIVALS_A_TICK
        assert len(look.swept) <= ARRIVALS_A_TICK
        assert len({one.place for one in look.all}) == len(look.all)
        self.cursor = Cursor.parse(str(self.cursor.advanced(look, lacking)))
        assert len(self.cursor.waiting) <= WAITING_AT_MOST
        assert len(self.cursor.recent) <= RECENT_AT_MOST

    def becomes_whole(self, place: str, at_ns: int) -> None:
        """Its last file arrives, and is the newest of it."""
        self.lacking.remove(place)
        self.arrived[place] = at_ns

    def ticks(self, number: int) -> None:
        for _ in range(number):
            self.tick()


def test_a_cursor_of_another_version_starts_over() -> None:
    assert Cursor.parse('{"version": 0, "seen": ["everything"]}') == Cursor()
    assert Cursor.parse(None) == Cursor()
    kept = Cursor(5, {"a": 4}, 3, "r", ("b/r0001",), Sweep(1, (2, "c/r0001"), 1))
    assert Cursor.parse(str(kept)) == kept


def test_a_drop_that_becomes_visible_late_is_still_found() -> None:
    zone = Zone({"b/r0001": 5_000})
    zone.tick()
    zone.arrived["a/r0001"] = 4_000
    zone.tick()
    assert zone.asked == {"a/r0001", "b/r0001"}


def test_drops_of_one_minute_are_looked_at_once() -> None:
    zone = Zone({f"s{n:03d}/r0001": n * SECOND_NS for n in range(1, 50)})
    zone.tick()
    assert len(zone.asked) == 49
    look = zone.cursor.look(Arrival(place, at) for place, at in zone.arrived.items())
    assert look.all == ()


def test_a_long_history_leaves_no_trace() -> None:
    zone = Zone()
    for index in range(500):
        zone.arrived = {f"s/r{index:04d}": index * OVERLAP_NS // 10}
        zone.tick()
    assert len(zone.cursor.recent) <= 11
    assert zone.cursor.sweep is None


def test_120_waiting_drops_are_found_anew_when_they_are_whole() -> None:
    places = [f"s{n:03d}/r0001" for n in range(120)]
    zone = Zone({place: n * OVERLAP_NS for n, place in enumerate(places)}, set(places))
    zone.ticks(5)
    zone.arrived["later/r0001"] = 10_000 * OVERLAP_NS
    zone.tick()
    assert zone.asked == {"later/r0001"}
    zone.lacking.clear()
    zone.ticks(5)
    assert zone.asked == {*places, "later/r0001"}
    assert zone.cursor.waiting == ()
    assert zone.cursor.sweep is None


def test_one_of_many_that_never_become_whole_is_found_nevertheless() -> None:
    """The cursor's room is taken by drops that were given up; the oldest becomes whole."""
    places = [f"s{n:03d}/r0001" for n in range(200)]
    zone = Zone({place: n * OVERLAP_NS for n, place in enumerate(places)}, set(places))
    zone.ticks(10)
    zone.lacking.remove(places[0])
    zone.ticks(8)
    assert zone.asked == {places[0]}
    assert zone.cursor.sweep is not None


@pytest.mark.slow
def test_more_arrivals_in_a_minute_than_can_be_remembered_are_all_looked_at() -> None:
    """A bucket tells whole seconds: thousands of drops bear one time."""
    zone = Zone({f"s{n:05d}/r0001": (n // 700) * SECOND_NS for n in range(1400)})
    zone.ticks(1400 // ARRIVALS_A_TICK + 5)
    late = {"s00000a/r0001": 0}
    zone.arrived |= late
    zone.ticks(60)
    assert zone.asked == set(zone.arrived)
    assert zone.cursor.sweep is None


def test_a_drop_that_becomes_whole_does_not_hide_what_arrived_before_its_last_file() -> None:
    """After a repair of what stood still: a backlog of half an hour, and one that waited."""
    zone = Zone({"waits/r0001": 0}, {"waits/r0001"})
    zone.tick()
    now = 30 * 60 * SECOND_NS
    zone.arrived |= {f"s{n:03d}/r0001": n * now // 200 for n in range(200)}
    zone.becomes_whole("waits/r0001", now)
    zone.ticks(200 // ARRIVALS_A_TICK + 1)
    assert zone.asked == set(zone.arrived)
    look = zone.cursor.look(Arrival(place, at) for place, at in zone.arrived.items())
    assert look.all == ()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),  # tick at which it is listed
            st.integers(0, 3 * 60),  # its age by then, s
            st.one_of(st.none(), st.integers(0, 60)),  # ticks until it is whole; None: never
            st.integers(1, 30),  # as many at once
        ),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_whatever_becomes_whole_is_asked_for(story: list[tuple[int, int, int | None, int]]) -> None:
    """A tick is a minute here. Late visibility beyond the overlap is only promised of waiting."""
    zone = Zone()
    whole_at: dict[str, int | None] = {}
    for now in range(102):
        for number, (listed, age_s, until, count) in enumerate(story):
            if listed == now:
                for one in range(count):
                    place = f"s{number:02d}-{one:02d}/r0001"
                    shown_late_s = min(age_s, 59) if until is None or until == 0 else 0
                    zone.arrived[place] = (now * 60 + 1000 - shown_late_s) * SECOND_NS
                    whole_at[place] = None if until is None else now + until
                    if until != 0:
                        zone.lacking.add(place)
        for place in sorted(zone.lacking):
            at = whole_at[place]
            if at is not None and at <= now:
                zone.becomes_whole(place, (now * 60 + 1000) * SECOND_NS)
        zone.tick()
    zone.ticks(30)
    assert zone.asked == {place for place, at in whole_at.items() if at is not None}
