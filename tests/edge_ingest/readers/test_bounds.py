"""What no recording can hold: found by damaging real files, and refused before any filter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_ingest.errors import SourceError
from edge_ingest.readers import read_source
from edge_ingest.readers.bounds import LONGEST_SESSION, refuse_impossible
from edge_ingest.recording import Told
from tests.edge_ingest.recordings import positions, recording

START = datetime(2024, 5, 6, 8, tzinfo=UTC)


def _refusal(source: str, parts: dict[str, Path], **told: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read_source(source, parts, Told(**told))
    return caught.value


@pytest.mark.parametrize("wrong", ["1e308", "2e10"])
def test_an_interval_of_years_does_not_become_years_of_windows(tmp_path: Path, wrong: str) -> None:
    """It took 1.6 GB to cut the time up to that beat into windows."""
    path = tmp_path / "belt.csv"
    path.write_text("\n".join(["rr_ms", *["800"] * 50, wrong, *["810"] * 50]))
    error = _refusal("rr", {"intervals": path}, started_at_utc=START)
    assert error.rule == "absurd_values"
    assert f"more than {LONGEST_SESSION.days} days" in str(error)
    assert wrong not in str(error)


@pytest.mark.parametrize("x_m", [1e308, -1e308, 3e6])
def test_a_place_beyond_the_planet_is_refused_and_not_squared(x_m: float) -> None:
    """The search for jumps squared it, and raised OverflowError."""
    rows = np.full(5, 0.5)
    rows[2] = x_m
    with pytest.raises(SourceError, match="1 of 15 places lie more than 2,000 km") as caught:
        refuse_impossible(recording(rows))
    assert caught.value.rule == "absurd_values"
    refuse_impossible(recording())


@pytest.mark.parametrize("days", [-8, 8])
def test_a_row_of_another_month_is_refused(days: int) -> None:
    rows = positions(0.5)
    at = rows.schema.get_field_index("captured_at_utc")
    instants = rows["captured_at_utc"].to_pylist()
    instants[3] += timedelta(days=days)
    rows = rows.set_column(at, rows.schema.field(at), [instants])
    with pytest.raises(SourceError, match=r"reaches over [78] days") as caught:
        refuse_impossible(recording(rows=rows))
    assert caught.value.rule == "absurd_values"


def test_a_row_without_an_instant_is_refused() -> None:
    rows = positions(0.5)
    at = rows.schema.get_field_index("captured_at_utc")
    instants = [None, *rows["captured_at_utc"].to_pylist()[1:]]
    rows = rows.set_column(at, rows.schema.field(at), [instants])
    with pytest.raises(SourceError, match="1 rows of positions have no instant"):
        refuse_impossible(recording(rows=rows))


@pytest.mark.parametrize("score", [1e20, 2**31, -1, 2.5, float("nan"), float("inf"), "4"])
def test_a_score_that_is_none_is_refused_and_not_packed(score: Any) -> None:
    """Arrow raised where the session's row was made, behind every reader."""
    made = recording()
    wrong = replace(made, session=replace(made.session, home_score=score, away_score=0))
    with pytest.raises(SourceError, match="the score of the match is none") as caught:
        refuse_impossible(wrong)
    assert caught.value.rule == "absurd_values"
    refuse_impossible(replace(made, session=replace(made.session, home_score=4, away_score=None)))


def test_json_nested_without_end_is_damaged(tmp_path: Path, kloppy_files: Path) -> None:
    """The standard library's parser ran out of stack, and RecursionError is no ValueError."""
    frames = (kloppy_files / "tracab_raw.json").read_bytes()
    at = frames.rindex(b'"FrameCount"')
    nested = b'"Deep": ' + b"[" * 100_000 + b","
    (tmp_path / "raw.json").write_bytes(frames[:at] + b'"FrameCount": 1, ' + nested + frames[at:])
    parts = {"match": kloppy_files / "tracab_meta.json", "tracking": tmp_path / "raw.json"}
    assert _refusal("tracab", parts).rule == "malformed"


def test_a_parser_s_own_words_are_not_told(tmp_path: Path, kloppy_files: Path) -> None:
    """lxml and int() quote the file: `invalid literal for int() with base 10: '61 bpm'`."""
    path = tmp_path / "track.gpx"
    path.write_text("<gpx><trk><name>Anna Adler</Anna></name></trk></gpx>")
    error = _refusal("gpx", {"activity": path})
    assert "is no sound XML (line 1, column 34)" in str(error)
    assert "Anna" not in str(error)

    meta = (kloppy_files / "tracab_meta.xml").read_text()
    (tmp_path / "meta.xml").write_text(meta.replace('iId="', 'iId="Anna').replace(
        "<PlayerId>", "<PlayerId>Anna"
    ))  # fmt: skip
    parts = {"match": tmp_path / "meta.xml", "tracking": kloppy_files / "tracab_raw.dat"}
    assert "Anna" not in str(_refusal("tracab", parts))


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"homePlayers": [{"name": "Anna"'])
def test_broken_squads_are_not_passed_over_in_silence(
    kloppy_files: Path, tmp_path: Path, text: bytes
) -> None:
    """kloppy writes a warning and goes on without names; a file that is given has to be read."""
    (tmp_path / "details.json").write_bytes(text)
    parts = {
        "match": kloppy_files / "second_spectrum_fake_metadata.xml",
        "tracking": kloppy_files / "second_spectrum_fake_data.jsonl",
        "details": tmp_path / "details.json",
    }
    error = _refusal("second_spectrum", parts, started_at_utc=START)
    assert error.rule == "malformed"
    assert "details.json" in str(error)
    assert "leave it out" in str(error)
