"""The worked example of `docs/add-a-source.md` is code that works."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_ingest.drops.arrival import verify
from edge_ingest.drops.drop import pack
from edge_ingest.errors import SourceError
from edge_ingest.identity import mint_session_id
from edge_ingest.readers import READERS, Source, read_recording
from edge_ingest.recording import Told
from tests.conftest import REPOSITORY


@pytest.fixture
def belt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (REPOSITORY / "docs" / "add-a-source.md").read_text()
    reader, line = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "belt_of_the_page.py").write_text(reader)
    monkeypatch.syspath_prepend(tmp_path)
    entry = eval(
        "{" + line.replace("edge_ingest.readers.belt", "belt_of_the_page") + "}", {"Source": Source}
    )
    monkeypatch.setitem(READERS, "belt", entry["belt"])
    yield
    sys.modules.pop("belt_of_the_page", None)


@pytest.mark.usefixtures("belt")
def test_the_example_reads_packs_and_verifies(tmp_path: Path) -> None:
    path = tmp_path / "monday.csv"
    path.write_text("time,bpm\n2024-05-06T08:00:00Z,61\n2024-05-06T08:00:01Z,62\n")

    recording = read_recording("belt", {"beats": path}, Told(athlete_id="anna"))

    identity = mint_session_id(
        recording.session.started_at_utc, "Europe/Berlin", recording.session.sport, None, ()
    )
    drop = pack(recording, tmp_path / "landing", identity, datetime(2024, 5, 6, 9, tzinfo=UTC))
    assert verify(drop.folder) == []
    assert drop.manifest.stream_id == "2024-05-06_other_session-1000.belt.wearable"
    assert recording.tables["signals"]["value"].to_pylist() == [61.0, 62.0]


@pytest.mark.usefixtures("belt")
@pytest.mark.parametrize("text", ["", "time,bpm\nlate,61\n", "a,b\n1,2\n", "time,bpm\n"])
def test_the_example_refuses_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "monday.csv"
    path.write_text(text)
    with pytest.raises(
        SourceError, match=r"monday\.csv (is empty|is no belt file|holds no heart rate)"
    ):
        read_recording("belt", {"beats": path})
