"""A person's word on a model: as rows, and on its way into a landing zone of either kind."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from edge_ingest.drops.arrival import as_days, read_table
from edge_ingest.drops.signing import make_key, public_line
from edge_ingest.errors import DropError, EdgeError
from edge_ingest.records import APPROVALS
from resources.approvals import MODELS, Approval, approval_records
from resources.environment import Settings, load_settings
from resources.errors import ApprovalError, SettingsError
from resources.landing_files_s3 import S3DropFiles
from resources.landing_sending import send_days
from resources.landing_zone import landing_zone
from tests.resources.conftest import Place

#: In Berlin the next day has begun.
AT = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)
WORD = Approval("injury_risk", 7, "approved", "Dr. Name", "calibrated on last season", AT)


def rows(*words: Approval) -> pa.Table:
    return pa.concat_tables(
        [approval_records(one, "Europe/Berlin").tables["approvals"] for one in words]
    )


@pytest.fixture
def settings(place: Place) -> Settings:
    """An environment whose landing zone is there, as the club made it."""
    if not place.s3:
        Path(place.uri, "landing").mkdir(parents=True)
    return replace(load_settings({}), landing_uri=f"{place.uri}/landing", s3=place.s3)


def test_a_word_is_a_row_of_the_clubs_day() -> None:
    records = approval_records(replace(WORD, reason=" why \n"), "Europe/Berlin")
    assert APPROVALS.violations(records.tables["approvals"]) == []
    (row,) = records.tables["approvals"].to_pylist()
    assert (row["day"], row["reason"]) == (date(2026, 11, 30), "why")
    assert (records.first_day, records.last_day) == (row["day"], row["day"])
    assert records.device_id == f"operator-{row['source_approval_id']}"


def test_two_words_of_one_day_are_two_streams() -> None:
    later = replace(WORD, approved_at_utc=AT + timedelta(seconds=1))
    devices = {approval_records(one, "Europe/Berlin").device_id for one in (WORD, later)}
    assert len(devices) == len((WORD, later))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_name": "injury_rsik"}, "'injury_rsik' is no model: name one of injury_risk"),
        ({"approved_by": " "}, "without a name"),
        ({"reason": ""}, "without a reason"),
    ],
)
def test_a_word_that_says_too_little_is_none(change: dict[str, str], words: str) -> None:
    with pytest.raises(ApprovalError, match=words):
        approval_records(replace(WORD, **change), "Europe/Berlin")


def test_each_model_with_a_table_of_predictions_can_be_approved() -> None:
    assert {"injury_risk", "readiness", "recovery", "load_advice"} <= set(MODELS)


def test_a_word_arrives_as_an_active_drop(settings: Settings) -> None:
    at = send_days(approval_records(WORD, "Europe/Berlin"), settings, AT)
    zone = landing_zone(settings.landing_uri, settings.s3, "Europe/Berlin")
    (active,) = zone.active_days("approval")
    assert active.place == at
    (file,) = active.manifest.files
    loaded = as_days(active.manifest, file, read_table(active.manifest, file, active.fetch))
    (row,) = loaded.to_pylist()
    assert Approval(**{name: row[name] for name in Approval.__dataclass_fields__}) == WORD
    if isinstance(zone._files, S3DropFiles):
        return
    assert [path.name for path in Path(settings.landing_uri).iterdir()] == [at.partition("/")[0]]


def test_where_drops_must_be_signed_a_word_needs_a_key_that_is_known(
    settings: Settings, tmp_path: Path
) -> None:
    ours, strange = (make_key(name, tmp_path / "keys") for name in ("office", "stranger"))
    (tmp_path / "nodes").write_text(public_line(ours) + "\n")
    strict = replace(settings, are_signatures_required=True, edge_keys=tmp_path / "nodes")
    records = approval_records(WORD, "Europe/Berlin")
    with pytest.raises(SettingsError, match=r"no key is given: .*keygen.*SPORTS_EDGE_KEYS.*--key"):
        send_days(records, strict, AT)
    with pytest.raises(DropError, match="signed by stranger, which is not in the list of nodes"):
        send_days(records, strict, AT, strange)
    zone = landing_zone(strict.landing_uri, strict.s3, "Europe/Berlin")
    assert zone.active_days("approval") == []
    send_days(records, strict, AT, ours)
    assert len(zone.active_days("approval")) == 1


def test_a_zone_that_is_away_takes_nothing_and_says_so(tmp_path: Path) -> None:
    away = replace(load_settings({}), landing_uri=str(tmp_path / "share"), s3={})
    with pytest.raises(EdgeError, match="share is not there: mount the share, or make the folder"):
        send_days(approval_records(WORD, "Europe/Berlin"), away, AT)
    assert not list(tmp_path.iterdir())
