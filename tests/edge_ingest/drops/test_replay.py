"""Sending drops again."""

from datetime import timedelta
from pathlib import Path

import pytest

from edge_ingest.drops.arrival import verify
from edge_ingest.drops.drop import pack
from edge_ingest.drops.replay import copy_identity, find_drops, replay
from edge_ingest.errors import DropError
from edge_ingest.identity import SessionIdentity
from edge_ingest.recording import SessionFacts
from tests.edge_ingest.recordings import IDENTITY, NOW, START, recording


def _landing(tmp_path: Path) -> Path:
    """Three drops: two revisions of a match, and a session two hours before it."""
    landing = tmp_path / "landing"
    pack(recording(0.5), landing, IDENTITY, NOW)
    pack(recording(0.6), landing, IDENTITY, NOW)
    early = START - timedelta(hours=2)
    facts = SessionFacts("football", early, early + timedelta(seconds=1))
    pack(recording(session=facts), landing, SessionIdentity("2024-05-04_football_early", None), NOW)
    return landing


def _never(_seconds: float) -> None:
    raise AssertionError("nobody asked to wait")


def test_drops_are_sent_in_order_of_their_sessions_and_arrive_whole(tmp_path: Path) -> None:
    landing, into = _landing(tmp_path), tmp_path / "again"

    sent = list(replay(find_drops(landing), into, None, _never))

    assert [(d.manifest.session.session_id[20:], d.manifest.revision) for d in sent] == [
        ("early", 1), ("test-match", 1), ("test-match", 2),
    ]  # fmt: skip
    assert all(drop.is_new for drop in sent)
    for drop in sent:
        assert verify(drop.folder) == []
        original = landing / drop.folder.relative_to(into)
        for path in original.iterdir():
            assert (drop.folder / path.name).read_bytes() == path.read_bytes()


def test_sending_twice_changes_nothing(tmp_path: Path) -> None:
    landing = _landing(tmp_path)
    into = tmp_path / "again"
    list(replay(find_drops(landing), into, None, _never))
    before = {path: path.stat().st_mtime_ns for path in into.rglob("*.parquet")}

    again = list(replay(find_drops(landing), into, None, _never))

    assert not any(drop.is_new for drop in again)
    assert {path: path.stat().st_mtime_ns for path in into.rglob("*.parquet")} == before
    assert not list(into.rglob(".*"))


def test_pacing_waits_the_time_between_starts(tmp_path: Path) -> None:
    waits: list[float] = []

    list(replay(find_drops(_landing(tmp_path)), tmp_path / "again", 3600, waits.append))

    assert waits == [2.0]


def test_one_drop_or_one_stream_can_be_sent_alone(tmp_path: Path) -> None:
    landing = _landing(tmp_path)
    stream = landing / f"{IDENTITY.session_id}.tracker-1.tracking"

    assert len(find_drops(stream)) == 2
    assert [drop.manifest.revision for drop in find_drops(stream / "r0002")] == [2]


def test_another_drop_in_the_place_is_not_overwritten(tmp_path: Path) -> None:
    landing, into = _landing(tmp_path), tmp_path / "again"
    other = pack(recording(9.0), into, IDENTITY, NOW)

    with pytest.raises(DropError, match="r0001 holds another drop"):
        list(replay(find_drops(landing), into, None, _never))
    assert verify(other.folder) == []


def test_a_drop_that_lacks_a_file_is_not_sent(tmp_path: Path) -> None:
    landing, into = _landing(tmp_path), tmp_path / "again"
    drop = find_drops(landing)[0]
    (drop.folder / "positions.parquet").unlink()

    with pytest.raises(DropError, match=r"lacks positions\.parquet"):
        list(replay([drop], into, None, _never))
    assert not list(into.rglob("*.json"))
    assert not list(into.rglob(".*"))


def test_unfinished_folders_are_no_drops(tmp_path: Path) -> None:
    (tmp_path / "stream" / "r0001").mkdir(parents=True)
    (tmp_path / "stream" / ".packing-x").mkdir()
    (tmp_path / "stream" / ".packing-x" / "manifest.json").write_text("{}")

    with pytest.raises(DropError, match="holds no drop"):
        find_drops(tmp_path)


def test_a_new_landing_zone_is_given_the_calendar_and_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "a" / "identity").mkdir(parents=True)
    (tmp_path / "a" / "identity" / "sessions.csv").write_text("one")

    assert copy_identity(tmp_path / "a", tmp_path / "b")
    (tmp_path / "b" / "identity" / "sessions.csv").write_text("own")
    assert not copy_identity(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b" / "identity" / "sessions.csv").read_text() == "own"
    assert not copy_identity(tmp_path / "nowhere", tmp_path / "c")


def test_a_drop_that_stands_there_sound_is_not_touched(tmp_path: Path) -> None:
    landing, into = _landing(tmp_path), tmp_path / "again"
    list(replay(find_drops(landing), into, None, _never))
    before = {path: path.stat().st_ctime_ns for path in into.rglob("*")}

    list(replay(find_drops(landing), into, None, _never))

    assert {path: path.stat().st_ctime_ns for path in into.rglob("*")} == before


@pytest.mark.parametrize("fault", ["refused", "altered", "lost"])
def test_a_drop_is_sent_again_over_a_refused_or_damaged_one(tmp_path: Path, fault: str) -> None:
    landing, into = _landing(tmp_path), tmp_path / "again"
    sent = list(replay(find_drops(landing), into, None, _never))
    bad = sent[0].folder
    if fault == "refused":
        (bad / "refused.json").write_text("{}")
    elif fault == "altered":
        (bad / "positions.parquet").write_bytes(b"x")
    else:
        (bad / "positions.parquet").unlink()
    before = {path.name: path.stat().st_ctime_ns for path in bad.iterdir()}

    again = list(replay(find_drops(landing), into, None, _never))

    assert [drop.is_new for drop in again] == [True, False, False]
    assert verify(bad) == []
    after = {path.name: path.stat().st_ctime_ns for path in bad.iterdir()}
    assert after["manifest.json"] > max(before.values())  # the refusal is older, and so void
    assert not list(bad.glob(".*"))


def test_streams_that_are_hidden_are_no_drops(tmp_path: Path) -> None:
    landing = _landing(tmp_path)
    stream = landing / f"{IDENTITY.session_id}.tracker-1.tracking"
    stream.rename(landing / f".{stream.name}")

    assert len(find_drops(landing)) == 1


def test_a_drop_that_is_damaged_is_not_sent_on(tmp_path: Path) -> None:
    drop = pack(recording(), tmp_path / "from", IDENTITY, NOW)
    table = drop.folder / "positions.parquet"
    table.write_bytes(table.read_bytes()[:-5])
    with pytest.raises(DropError, match=r"positions\.parquet is not what was packed"):
        list(replay([drop], tmp_path / "into", None, pytest.fail))
    assert not list((tmp_path / "into").rglob("manifest.json"))
