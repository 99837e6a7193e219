"""The demonstration's recordings: all of them, under the names that people expect."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_ingest.drops.arrival import verify
from edge_ingest.errors import SourceError
from edge_ingest.identity import read_athletes, read_calendar
from edge_ingest.samples import activity_samples, every_sample, match_samples, pack_samples

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.slow
def test_every_sample_is_packed_under_its_name_and_only_once(
    sweat_samples: Path, tmp_path: Path
) -> None:
    samples_dir = sweat_samples.parents[2]
    seen: list[str] = []

    packed = pack_samples(
        every_sample(samples_dir),
        tmp_path,
        NOW,
        lambda sample, drop: seen.append(drop.folder.parent.name),
    )

    sessions = [drop.manifest.session for drop in packed]
    assert [session.session_id for session in sessions if session] == [
        "2017-09-23_football_leicester-liverpool",
        "2019-09-20_cycling_long-ride",
        "2019-11-09_football_bayern-dortmund",
        "2020-04-18_cycling_steady-ride",
        "2020-06-01_cycling_short-test",
        "2021-03-18_cycling_indoor-test",
        "2021-03-22_other_multisport-test",
    ]
    assert seen == [drop.manifest.stream_id for drop in packed]
    assert len(activity_samples(samples_dir)) == len(list(sweat_samples.glob("*.fit"))) == 5
    for drop in packed:
        assert drop.is_new
        assert verify(drop.folder) == []
    again = pack_samples(every_sample(samples_dir), tmp_path, NOW)
    assert not any(drop.is_new for drop in again)


@pytest.mark.slow
def test_calendar_and_crosswalk_are_written_and_read(tmp_path: Path) -> None:
    packed = pack_samples(match_samples(), tmp_path, NOW)

    assert [drop.manifest.kind for drop in packed] == ["events", "tracking"]
    calendar = read_calendar(tmp_path / "identity" / "sessions.csv")
    assert len(calendar) == 7
    athletes = read_athletes(tmp_path / "identity" / "athletes.csv").to_pylist()
    assert [(row["source"], row["athlete_id"]) for row in athletes] == [("fit", "rider-1")]


def test_missing_samples_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="run `make samples`"):
        activity_samples(tmp_path)


def test_every_sample_says_under_which_licence(sweat_samples: Path) -> None:
    samples = match_samples() + activity_samples(sweat_samples.parents[2])
    assert {sample.licence for sample in samples} == {"MIT", "CC BY 4.0"}
    assert all(path.is_file() for sample in samples for path in sample.parts.values())


def test_a_club_keeps_its_own_calendar_and_crosswalk(tmp_path: Path) -> None:
    own = "starts_at_utc,sport,slug\n2024-01-01T12:00:00Z,football,derby\n"
    (tmp_path / "identity").mkdir()
    (tmp_path / "identity" / "sessions.csv").write_text(own)

    pack_samples(match_samples()[:1], tmp_path, NOW)

    assert (tmp_path / "identity" / "sessions.csv").read_text() == own
    assert (tmp_path / "identity" / "athletes.csv").is_file()
