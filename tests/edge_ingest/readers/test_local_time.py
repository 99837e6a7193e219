"""Local time as UTC around the changes of the clock, beside the standard library's own reading."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_ingest.errors import SourceError
from edge_ingest.readers.local_time import to_utc

FILE = Path("vest.csv")
#: The instant at which each zone put its clock back: 2 a.m. in London, 3 a.m. in Melbourne.
LONDON = ("Europe/London", datetime(2024, 10, 27, 1, tzinfo=UTC))
MELBOURNE = ("Australia/Melbourne", datetime(2024, 4, 6, 16, tzinfo=UTC))
#: Half an hour only.
LORD_HOWE = ("Australia/Lord_Howe", datetime(2024, 4, 6, 15, tzinfo=UTC))
BACK = (LONDON, MELBOURNE)
#: In spring, an hour that no clock showed.
FORTH = (
    ("Europe/London", datetime.fromisoformat("2024-03-31T01:30")),
    ("Australia/Melbourne", datetime.fromisoformat("2024-10-06T02:30")),
)


def shown(instants: list[datetime], zone: str) -> np.ndarray:
    """What a clock on the wall shows, by the standard library."""
    walls = [one.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for one in instants]
    return np.array(walls, "datetime64[us]")


def utc(instants: list[datetime]) -> list[datetime]:
    return [one.replace(tzinfo=None) for one in instants]


def minutes(start: datetime, *after: float) -> list[datetime]:
    return [start + timedelta(minutes=one) for one in after]


@pytest.mark.parametrize(("zone", "change"), [*BACK, LORD_HOWE])
@pytest.mark.parametrize(
    "after",
    [
        (-90, -70, -50, -30, -10, 10, 30, 50, 70, 90),  # right through
        (-70, -61, -59, -31),  # into the first of the two, and out before it is over
        (10, 40, 61, 70),  # from within the second
        (-20, -1, 1, 20),  # the clock steps back before our eyes
        (-200, -190),  # before
        (200, 220),  # after
    ],
)
def test_a_recording_that_shows_which_hour_it_means_is_believed(
    zone: str, change: datetime, after: tuple[float, ...]
) -> None:
    if zone == LORD_HOWE[0]:
        after = tuple(one / 2 for one in after)
    instants = minutes(change, *after)
    found, offset_s = to_utc(shown(instants, zone), zone, FILE)
    assert found.tolist() == utc(instants)
    expected = instants[0].astimezone(ZoneInfo(zone)).utcoffset()
    assert expected is not None
    assert offset_s == -expected.total_seconds()


@pytest.mark.parametrize(("zone", "change"), BACK)
@pytest.mark.parametrize(
    "after",
    [
        (-50, -30, -10),  # all of it within the doubled hour
        (10,),
        (-100, -40, -30),  # a pause in which an hour may hide
        (-50, -5, 61, 70),  # the pause on the other side
        (-70, -61, -40, -5, 62),  # not even a step back: a clock that kept summer time
    ],
)
def test_a_recording_that_does_not_show_it_is_refused_with_the_remedy(
    zone: str, change: datetime, after: tuple[float, ...]
) -> None:
    local = shown(minutes(change, *after), zone)
    if after[-1] == 62:
        local[-1] = local[0] + np.timedelta64(67, "m")
    with pytest.raises(SourceError, match=r"started_at_utc") as caught:
        to_utc(local, zone, FILE)
    assert caught.value.rule == "incomplete"
    hour = np.datetime64(change.astimezone(ZoneInfo(zone)).replace(tzinfo=None), "h")
    assert str(hour).replace("T", " ") in str(caught.value)
    assert "vest.csv" in str(caught.value)


@pytest.mark.parametrize(("zone", "never"), FORTH)
def test_an_hour_that_was_never_shown_is_refused(zone: str, never: datetime) -> None:
    local = np.array([never - timedelta(hours=1), never], "datetime64[us]")
    with pytest.raises(SourceError, match="never showed") as caught:
        to_utc(local, zone, FILE)
    assert caught.value.rule == "incomplete"
    assert "clock_timezone" in str(caught.value)
    assert "started_at_utc" in str(caught.value)


@pytest.mark.parametrize(("zone", "never"), FORTH)
def test_a_recording_through_the_spring_change_has_no_gap(zone: str, never: datetime) -> None:
    change = (never + timedelta(minutes=30)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    instants = minutes(change, -2, -1, -0.001, 0, 1, 2)
    found, _ = to_utc(shown(instants, zone), zone, FILE)
    assert found.tolist() == utc(instants)


def test_each_device_of_a_file_is_told_by_its_own_clock() -> None:
    """Two athletes, one after the other: together they look as if the clock stepped back."""
    zone, change = LONDON
    first, second = minutes(change, -70, -50, -30, -10), minutes(change, -61, -45, -20)
    local = shown(first + second, zone)
    of = np.array([0] * 4 + [1] * 3)
    assert to_utc(local, zone, FILE, of)[0].tolist() == utc(first + second)
    alone = minutes(change, -50, -30, -10)
    local = shown(alone + second, zone)
    with pytest.raises(SourceError, match="nothing in the file tells"):
        to_utc(local, zone, FILE, np.array([0] * 3 + [1] * 3))


@given(
    change=st.sampled_from([*BACK, ("America/St_Johns", datetime(2024, 11, 3, 4, 30, tzinfo=UTC))]),
    start_s=st.integers(-9000, 9000),
    steps=st.lists(st.integers(100, 1_700_000), min_size=1, max_size=40),
)
def test_it_is_right_or_it_refuses(
    change: tuple[str, datetime], start_s: int, steps: list[int]
) -> None:
    """Second implementation: `zoneinfo`. No gap is as long as half an hour."""
    zone, back = change
    begins = back + timedelta(seconds=start_s)
    instants = [begins + timedelta(milliseconds=sum(steps[:n])) for n in range(len(steps))]
    hour = timedelta(hours=1)
    cannot_tell = any(
        all(begin <= one < begin + hour for one in instants) for begin in (back - hour, back)
    )
    if cannot_tell:
        with pytest.raises(SourceError, match="nothing in the file tells"):
            to_utc(shown(instants, zone), zone, FILE)
    else:
        assert to_utc(shown(instants, zone), zone, FILE)[0].tolist() == utc(instants)


def test_a_zone_that_is_none_is_named() -> None:
    local = np.array(["2024-05-01T12:00"], "datetime64[us]")
    with pytest.raises(SourceError, match="'Europe/Nowhere' is no time zone"):
        to_utc(local, "Europe/Nowhere", FILE)
    with pytest.raises(SourceError, match="not where"):
        to_utc(local, None, FILE)
