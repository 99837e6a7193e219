"""The register of readers: light, and clear about what is missing."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from edge_ingest.errors import SourceError
from edge_ingest.readers import READERS, load_reader, read_recording
from edge_ingest.recording import Told
from tests.conftest import REPOSITORY


def test_listing_sources_imports_no_reader() -> None:
    code = (
        "import sys; from edge_ingest.readers import READERS; "
        "print([s.module for s in READERS.values() if s.module.split(':')[0] in sys.modules], "
        "[m for m in ('kloppy', 'fitdecode', 'scipy') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[] []"


@pytest.mark.parametrize("name", READERS)
def test_every_line_of_the_register_leads_to_a_reader(name: str) -> None:
    reader = load_reader(READERS[name])

    assert callable(reader.read)
    assert isinstance(reader.VERSION, str)
    assert READERS[name].parts
    assert set(READERS[name].accepts) <= {field.name for field in fields(Told)}
    page = (REPOSITORY / "docs" / "add-a-source.md").read_text()
    assert re.search(rf"^\| [^|]*`{name}`[^|]* \|", page, re.MULTILINE)


@pytest.mark.parametrize(
    ("source", "parts", "told", "words"),
    [
        ("nope", {}, Told(), "no reader is called 'nope': use one of skillcorner"),
        ("skillcorner", {"match": "a"}, Told(), "skillcorner needs the part tracking"),
        ("fit", {"activity": "a", "b": "c"}, Told(), "fit has no part b: give activity="),
        ("fit", {"activity": "not-there.fit"}, Told(), "no file not-there.fit"),
        ("fit", {"activity": __file__}, Told(home_team_id="1"), "fit has no use for home_team_id"),
    ],
)
def test_a_wrong_request_says_what_is_right(
    source: str, parts: dict[str, str], told: Told, words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        read_recording(source, {name: Path(path) for name, path in parts.items()}, told)
