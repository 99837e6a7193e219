"""Drops about days: what they carry, and what they may not carry."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from edge_ingest.drops import content
from edge_ingest.drops.arrival import as_days, read_manifest, read_table, verify
from edge_ingest.drops.drop import pack_days
from edge_ingest.drops.signing import check_signature, make_key, public_line, read_public_keys
from edge_ingest.errors import ContractError
from edge_ingest.recording import DayRecords
from edge_ingest.records import WELLNESS
from tests.edge_ingest.recordings import NOW

FIRST, LAST = date(2024, 5, 1), date(2024, 5, 31)


def wellness(readiness: float = 7, day: date = FIRST, source: str = "diary") -> DayRecords:
    """One answer of one athlete, in a month of days."""
    rows = WELLNESS.conform(
        pa.table(
            {
                "source": [source],
                "source_athlete_id": ["7"],
                "day": pa.array([day], pa.date32()),
                "readiness": pa.array([readiness], pa.float64()),
            }
        )
    )
    return DayRecords(
        source="diary",
        device_id="diary",
        kind="wellness",
        reader="wellness",
        reader_version="1",
        first_day=FIRST,
        last_day=LAST,
        tables={"wellness": rows},
        rows_by_rule={"out_of_range": 2},
    )


def test_days_come_back_as_they_were_packed(tmp_path: Path) -> None:
    records = wellness()
    drop = pack_days(records, tmp_path, NOW)
    assert drop.folder == tmp_path / "days_2024-05-01_2024-05-31.diary.wellness" / "r0001"
    manifest = read_manifest(drop.folder)
    assert manifest.session is None
    assert manifest.rows_by_rule == {"out_of_range": 2}
    (file,) = manifest.files
    rows = read_table(manifest, file, lambda name: (drop.folder / name).read_bytes())
    assert rows.to_pylist() == records.tables["wellness"].to_pylist()


def test_a_correction_is_the_next_revision_and_the_same_is_none(tmp_path: Path) -> None:
    assert pack_days(wellness(7), tmp_path, NOW).is_new
    assert not pack_days(wellness(7), tmp_path, NOW).is_new
    assert pack_days(wellness(6), tmp_path, NOW).manifest.revision == 2
    key = make_key("stadium-1", tmp_path / "keys")
    signed = pack_days(wellness(6), tmp_path, NOW, key)
    assert signed.manifest.revision == 3
    check_signature(read_manifest(signed.folder), read_public_keys(public_line(key), "nodes"))


def test_a_drop_of_before_the_minutes_loads_and_is_the_same_drop_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns that came later are null in it; packing it again is no revision."""
    later = {"session_minutes", "match_minutes"}
    older = replace(WELLNESS, columns=tuple(c for c in WELLNESS.columns if c.name not in later))
    records = wellness()
    with monkeypatch.context() as then:
        then.setattr(content, "DAY_TABLES", {"wellness": older})
        rows = records.tables["wellness"].drop_columns(sorted(later))
        drop = pack_days(replace(records, tables={"wellness": rows}), tmp_path, NOW)
    assert verify(drop.folder) == []
    (file,) = drop.manifest.files
    rows = read_table(drop.manifest, file, lambda name: (drop.folder / name).read_bytes())
    (row,) = as_days(drop.manifest, file, rows).to_pylist()
    assert (row["readiness"], row["session_minutes"], row["match_minutes"]) == (7, None, None)
    assert not pack_days(records, tmp_path, NOW).is_new


def test_an_empty_month_is_a_drop_that_deletes(tmp_path: Path) -> None:
    drop = pack_days(replace(wellness(), tables={"wellness": WELLNESS.empty()}), tmp_path, NOW)
    assert drop.manifest.files[0].rows == 0


@pytest.mark.parametrize(
    "records",
    [wellness(day=date(2024, 6, 1)), wellness(day=date(2024, 4, 30)), wellness(source="other")],
)
def test_rows_outside_of_what_a_drop_replaces_are_not_packed(
    tmp_path: Path, records: DayRecords
) -> None:
    with pytest.raises(ContractError, match=r"1 rows of .* other days, or of another source"):
        pack_days(records, tmp_path, NOW)
    assert not list(tmp_path.iterdir())


def test_a_drop_of_one_kind_carries_no_other(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="carries the table injuries, and no other"):
        pack_days(replace(wellness(), kind="injuries"), tmp_path, NOW)


def test_values_beyond_the_contract_are_not_packed_and_not_told(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="1 rows break readiness") as raised:
        pack_days(wellness(11.25), tmp_path, NOW)
    assert "11.25" not in str(raised.value)
