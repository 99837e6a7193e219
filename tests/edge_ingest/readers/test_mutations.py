"""Real files, damaged at random: each is read or refused in words, and nothing else happens."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_ingest.errors import RULES, SourceError
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording, Told

START = datetime(2024, 5, 6, 8, tzinfo=UTC)
ROUNDS = 60
#: Words that break formats rather than bytes.
WORDS = (b"", b"NaN", b"-1e308", b"1e308", b"inf", b"99999999999999999999", b"\0", b"\xff\xfe",
         b"<", b"]]>", b"&x;", b",,", b"\n", b'"', b"None", b"2099-13-45T99:99:99Z")  # fmt: skip


def _damaged(whole: bytes, chance: random.Random) -> bytes:
    """Some bytes flipped, a stretch lost, doubled or replaced, or the end cut off."""
    data = bytearray(whole)
    for _ in range(chance.randint(1, 6)):
        if not data:
            return b"x"
        at = chance.randrange(len(data))
        stretch = chance.randint(1, min(400, len(data)))
        match chance.randrange(5):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + stretch]
            case 2:
                data[at:at] = data[at : at + stretch]
            case 3:
                data[at : at + chance.randint(1, 12)] = chance.choice(WORDS)
            case _:
                del data[max(at, 1) :]
    return bytes(data) or b"x"


def _outcome(source: str, part: str, path: Path) -> str:
    """`read`, or the rule that the file breaks; any other exception fails the test."""
    try:
        recording = read_recording(source, {part: path}, Told(started_at_utc=START))
    except SourceError as error:
        return error.rule
    return "read" if isinstance(recording, Recording) else "something else"


@pytest.mark.parametrize(
    ("source", "part", "name"),
    [("fit", "activity", "2020-06-01-16-52-40.fit"), ("gpx", "activity", "activity_5039744860.gpx"),
     ("tcx", "activity", "activity_5039744860.tcx")],
)  # fmt: skip
def test_files_of_watches(
    sweat_samples: Path, tmp_path: Path, source: str, part: str, name: str
) -> None:
    whole, chance = (sweat_samples / name).read_bytes(), random.Random(7)
    path = tmp_path / f"damaged.{source}"
    outcomes: set[str] = set()
    for _ in range(ROUNDS):
        path.write_bytes(_damaged(whole, chance))
        outcomes.add(_outcome(source, part, path))
    assert "read" in outcomes
    assert outcomes - {"read"} <= set(RULES)
    assert len(outcomes) > 1


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("source", "part", "name"),
    [("catapult", "positions", "gnss_football/U18_ID1.csv"),
     ("rr", "intervals", "rr_intervals/nn_60min.csv")],
)  # fmt: skip
def test_text_files(real_data: Path, tmp_path: Path, source: str, part: str, name: str) -> None:
    whole, chance = (real_data / name).read_bytes()[:20_000], random.Random(8)
    path = tmp_path / "damaged.csv"
    outcomes: set[str] = set()
    for _ in range(ROUNDS):
        path.write_bytes(_damaged(whole, chance))
        outcomes.add(_outcome(source, part, path))
    assert "read" in outcomes
    assert outcomes - {"read"} <= set(RULES)
    assert len(outcomes) > 1


@pytest.mark.realdata
def test_a_lap_of_a_car(real_data: Path, tmp_path: Path) -> None:
    folder, chance = real_data / "motorsport" / "VER", random.Random(9)
    laptimes = (folder / "laptimes.json").read_bytes()
    lap = json.loads((folder / "4_tel.json").read_bytes())
    lap["tel"] = {key: value[:50] if isinstance(value, list) else value
                  for key, value in lap["tel"].items()}  # fmt: skip
    whole = json.dumps(lap).encode()
    outcomes: set[str] = set()
    for number in range(ROUNDS):
        damaged = (laptimes, _damaged(whole, chance))
        if number % 2:
            damaged = (_damaged(laptimes, chance), whole)
        (tmp_path / "laptimes.json").write_bytes(damaged[0])
        (tmp_path / "4_tel.json").write_bytes(damaged[1])
        outcomes.add(_outcome("tracinginsights", "laptimes", tmp_path / "laptimes.json"))
    assert "read" in outcomes
    assert outcomes - {"read"} <= set(RULES)
    assert len(outcomes) > 1
