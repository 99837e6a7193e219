"""Drops that would fill the memory, or come from a later version: refused before they are read."""

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edge_ingest.drops import arrival, footer
from edge_ingest.drops.arrival import read_manifest, read_table, verify
from edge_ingest.drops.drop import pack, pack_days
from edge_ingest.errors import DropError
from edge_ingest.manifest import DropFile
from tests.edge_ingest.recordings import IDENTITY, NOW, recording
from tests.edge_ingest.test_day_drops import wellness


def _read(payload: bytes, tmp_path: Path, **declared: Any) -> pa.Table:
    """Read bytes as the file of a drop that says this of them."""
    manifest = pack(recording(), tmp_path, IDENTITY, NOW).manifest
    told = {"path": "positions.parquet", "table": "positions", "rows": 1, "bytes": len(payload),
            "sha256": hashlib.sha256(payload).hexdigest()} | declared  # fmt: skip
    return read_table(manifest, DropFile(**told), lambda _: payload)


def _zeros(rows: int) -> bytes:
    """Rows of one value: a file of some kilobytes, whatever their number."""
    sink = io.BytesIO()
    column = pa.array(np.zeros(rows, np.int8))
    pq.write_table(pa.table({"frame_id": column}), sink, compression="zstd")
    return sink.getvalue()


def test_a_bomb_is_refused_by_its_footer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = _zeros(footer.MOST_ROWS + 1)
    assert len(payload) < 1_000_000
    monkeypatch.setattr(arrival, "decode", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DropError, match="would unpack to 50,000,001 rows") as raised:
        _read(payload, tmp_path, rows=footer.MOST_ROWS + 1)
    assert raised.value.rule == "too_large"


def test_another_number_of_rows_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "decode", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DropError, match="has 1000000 rows and the manifest says 5") as raised:
        _read(_zeros(1_000_000), tmp_path, rows=5)
    assert raised.value.rule == "rows"


def test_text_that_unpacks_beyond_all_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footer, "LARGEST_UNPACKED", 10**6)
    monkeypatch.setattr(arrival, "decode", lambda *_: pytest.fail("it was unpacked"))
    sink = io.BytesIO()
    table = pa.table({"source_athlete_id": ["x" * 4_000_000]})
    pq.write_table(table, sink, compression="zstd", use_dictionary=False, write_statistics=False)
    assert len(sink.getvalue()) < 10_000
    with pytest.raises(DropError, match=r"1 rows and 0\.0 GB"):
        _read(sink.getvalue(), tmp_path)


@pytest.mark.parametrize("payload", [b"", b"PAR1", b"PAR1" * 10, b"no parquet at all"])
def test_what_is_no_parquet_is_unreadable(tmp_path: Path, payload: bytes) -> None:
    with pytest.raises(DropError) as raised:
        _read(payload, tmp_path, bytes=max(1, len(payload)))
    assert raised.value.rule in {"unreadable", "cut_short"}


def test_a_version_of_the_future_is_told_before_its_fields(tmp_path: Path) -> None:
    told = json.loads(pack(recording(), tmp_path, IDENTITY, NOW).manifest.to_json())
    for strange in (told | {"manifest_version": 2, "hologram": True}, {"manifest_version": 7}):
        with pytest.raises(DropError, match="update the lakehouse") as raised:
            read_manifest(json.dumps(strange).encode())
        assert raised.value.rule == "future_version"
    for wrong in (told | {"manifest_version": "2"}, told | {"manifest_version": 0}, []):
        with pytest.raises(DropError) as raised:
            read_manifest(json.dumps(wrong).encode())
        assert raised.value.rule == "manifest"


def test_an_encoding_of_the_future_is_told_as_one(tmp_path: Path) -> None:
    told = json.loads(pack(recording(), tmp_path, IDENTITY, NOW).manifest.to_json())
    with pytest.raises(DropError, match=r"encoding 3.* reads 2: update the lakehouse") as raised:
        read_manifest(json.dumps(told | {"encoding": 3}).encode())
    assert raised.value.rule == "future_version"
    for wrong in (0, "2", 2.5):
        with pytest.raises(DropError) as raised:
            read_manifest(json.dumps(told | {"encoding": wrong}).encode())
        assert raised.value.rule == "manifest"


def test_a_manifest_nested_without_end_is_no_manifest() -> None:
    with pytest.raises(DropError) as raised:
        read_manifest(b"[" * 1_000_000)
    assert raised.value.rule == "manifest"


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("bytes", 5 * 10**9, "too_large"),
        ("path", "../../etc/passwd.parquet", "path"),
        ("path", "/etc/passwd.parquet", "path"),
        ("path", "a/b.parquet", "path"),
        ("rows", -1, "manifest"),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_rule(
    tmp_path: Path, field: str, value: Any, rule: str
) -> None:
    told = json.loads(pack(recording(), tmp_path, IDENTITY, NOW).manifest.to_json())
    told["files"][0][field] = value
    with pytest.raises(DropError) as raised:
        read_manifest(json.dumps(told).encode())
    assert raised.value.rule == rule


def test_verify_knows_days_and_links(tmp_path: Path) -> None:
    drop = pack_days(wellness(), tmp_path, NOW)
    assert verify(drop.folder) == []
    path = drop.folder / "wellness.parquet"
    path.rename(tmp_path / "outside")
    path.symlink_to(tmp_path / "outside")
    assert [(one.rule, one.file) for one in verify(drop.folder)] == [("symlink", path.name)]


def test_verify_finds_days_that_a_foreign_packer_let_through(tmp_path: Path) -> None:
    from edge_ingest.drops import content as drop_content

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drop_content, "refuse_outside", lambda *_: None)
        drop = pack_days(replace(wellness(), source="other"), tmp_path, NOW)
    (problem,) = verify(drop.folder)
    assert "1 rows of" in problem.reason
