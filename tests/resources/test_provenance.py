"""What a number was made from, as text that is the same every time."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from edge_ingest import __version__
from resources import provenance
from resources.provenance import DropRef, ProvenanceRef, code_version

REF = ProvenanceRef(
    drops=(
        DropRef(
            drop_id="0123456789abcdef", stream_id="2019-11-09_football_a.b.tracking", revision=2
        ),
    ),
    snapshots={"core/athlete_session": 7000000000000000001, "core/session": 12},
    settings={"sprint_threshold_mps": "7.0", "speed_filter": "butterworth"},
    code_version="0.1.0+abc",
)
CANONICAL = (
    '{"code_version":"0.1.0+abc","drops":[{"drop_id":"0123456789abcdef","revision":2,'
    '"stream_id":"2019-11-09_football_a.b.tracking"}],'
    '"settings":{"speed_filter":"butterworth","sprint_threshold_mps":"7.0"},'
    '"snapshots":{"core/athlete_session":7000000000000000001,"core/session":12}}'
)


def test_the_text_is_canonical() -> None:
    assert REF.to_json() == CANONICAL
    assert ProvenanceRef.model_validate_json(CANONICAL) == REF


def test_the_order_of_settings_and_snapshots_does_not_matter() -> None:
    told = json.loads(CANONICAL)
    told["settings"] = dict(reversed(told["settings"].items()))
    told["snapshots"] = dict(reversed(told["snapshots"].items()))
    assert ProvenanceRef.model_validate(told).to_json() == CANONICAL


def test_the_fingerprint_is_stable() -> None:
    assert REF.fingerprint == "2c296b6d79593e98"


@pytest.mark.parametrize(
    "change",
    [
        {"code_version": "0.1.0+abd"},
        {"drops": ()},
        {"snapshots": {"core/session": 12}},
        {"settings": REF.settings | {"sprint_threshold_mps": "7.1"}},
    ],
    ids=["code", "drops", "snapshots", "settings"],
)
def test_every_part_changes_the_fingerprint(change: dict[str, object]) -> None:
    assert REF.model_copy(update=change).fingerprint != REF.fingerprint


def test_a_ref_takes_nothing_that_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="weather"):
        ProvenanceRef.model_validate(json.loads(CANONICAL) | {"weather": "rain"})


def test_the_code_version_changes_with_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version() -> str:
        code_version.cache_clear()
        return code_version()

    monkeypatch.setattr(provenance, "_ROOT", tmp_path)
    model = tmp_path / "dbt_project" / "models" / "session.sql"
    model.parent.mkdir(parents=True)
    model.write_text("select 1")
    before = version()
    assert before.startswith(f"{__version__}+")
    assert version() == before
    (tmp_path / "dbt_project" / "target").mkdir()
    (tmp_path / "dbt_project" / "target" / "compiled.sql").write_text("select 3")
    (tmp_path / "dbt_project" / "notes.txt").write_text("no code")
    assert version() == before
    model.write_text("select 2")
    assert version() != before
    code_version.cache_clear()
