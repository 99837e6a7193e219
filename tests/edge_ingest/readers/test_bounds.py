"""What no recording can hold: found by damaging real files, and refused before any filter."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

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
