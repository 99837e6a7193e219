"""What a tracker may say."""

import json

import pytest

from edge_ingest.errors import LiveError
from edge_ingest.live.messages import positions_topic, read_batches
from tests.edge_ingest.live.feed import batches, payload

TOPIC = positions_topic("north", "catapult", "7")
GOOD = json.loads(payload(batches(seconds=0.3, size=3, heart_rate=150)[0]))


def test_a_message_holds_one_or_several_batches_and_names_come_back_whole():
    first, second = batches(athlete="7/a+b %#", seconds=0.6, size=3)
    topic = positions_topic("north", "catapult", "7/a+b %#")
    assert topic.count("/") == 4
    assert not set("+#") & set(topic)
    read = read_batches(topic, payload(first) + b"\n" + payload(second) + b"\n")
    assert read == [first, second]


def test_what_a_satellite_tracker_knows_of_its_fixes_is_read_and_may_be_left_out():
    told = {"hdop": [0.9, None, 12], "satellites": [14, 14, 4], "speed_mps": [5.1, 5, None]}
    (batch,) = read_batches(TOPIC, json.dumps(GOOD | told).encode())
    assert (batch.hdop, batch.satellites, batch.speed_mps) == tuple(told.values())
    (bare,) = read_batches(TOPIC, json.dumps(GOOD).encode())
    assert (bare.hdop, bare.satellites, bare.speed_mps) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"v": 2}, "version 1"),
        ({"run": 4}, "'run'"),
        ({"seq": -1}, "'seq'"),
        ({"seq": True}, "'seq'"),
        ({"rate_hz": 0}, "'rate_hz'"),
        ({"rate_hz": None}, "'rate_hz'"),
        ({"t_us": []}, "'t_us'"),
        ({"t_us": [1, 2, 3]}, "this century"),
        ({"x_m": [1.0]}, "as many values"),
        ({"x_m": ["a", 1, 2]}, "numbers and nulls"),
        ({"x_m": None}, "both x_m and y_m"),
        ({"hdop": [0.9]}, "'hdop' must list as many values"),
        ({"satellites": ["9", 9, 9]}, "'satellites' must hold numbers and nulls"),
        ({"speed_mps": 4.0}, "'speed_mps' must list"),
    ],
)
def test_what_is_wrong_is_named_and_no_value_is_quoted(change, message):
    with pytest.raises(LiveError, match=message):
        read_batches(TOPIC, json.dumps(GOOD | change).encode())


@pytest.mark.parametrize("text", [b"{", b"[1]", b"nonsense", b"\xff\xfe"])
def test_no_json_is_refused(text):
    with pytest.raises(LiveError):
        read_batches(TOPIC, text)


def test_a_topic_without_an_athlete_and_a_huge_message_are_refused():
    with pytest.raises(LiveError, match="no topic"):
        read_batches("touchline/north/positions/catapult", b"")
    with pytest.raises(LiveError, match="at most"):
        read_batches(TOPIC, b" " * (2 << 20))
