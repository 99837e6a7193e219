"""Footers that lie: the same bytes, with another number in the footer."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edge_ingest.drops import footer
from edge_ingest.drops.footer import check_footer, read_rows
from edge_ingest.errors import DropError

ROWS = 12_345
NULLS = 300
SCHEMA = pa.schema(
    [pa.field("n", pa.int32(), nullable=False), pa.field("f", pa.float64()),
     pa.field("name", pa.string())]
)  # fmt: skip
LOWEST, HIGHEST = 1_000_001, 1_000_001 + ROWS - 1


def _payload(**options: Any) -> bytes:
    numbers = [*range(LOWEST, HIGHEST + 1)]
    table = pa.table(
        {
            "n": numbers,
            "f": [*[None] * NULLS, float("nan"), *(float(n) for n in numbers[NULLS + 1 :])],
            "name": [f"anna {n % 3}" for n in numbers],
        },
        schema=SCHEMA,
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", store_schema=False, **options)
    return sink.getvalue()


def _forged(payload: bytes, true: bytes, false: bytes, times: int) -> bytes:
    """The payload with something else in its footer."""
    assert len(true) == len(false)
    begin = len(payload) - 8 - int.from_bytes(payload[-8:-4], "little")
    told = payload[begin:-8]
    assert told.count(true) == times, told.count(true)
    return payload[:begin] + told.replace(true, false) + payload[-8:]


def _varint(number: int) -> bytes:
    """A number as a footer writes it: zigzag, seven bits a byte, the lowest first."""
    number, out = number << 1, b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def _refused(payload: bytes, rows: int = ROWS) -> DropError:
    with pytest.raises(DropError) as raised:
        _load(payload, rows)
    return raised.value


def _load(payload: bytes, rows: int) -> None:
    check_footer(payload, rows, "x.parquet")
    read_rows(payload, SCHEMA, "raw/test", "x.parquet")


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("group", [ROWS, 5_000])
def test_a_footer_that_says_the_truth_is_believed(statistics: bool, group: int) -> None:
    payload = _payload(write_statistics=statistics, row_group_size=group)
    check_footer(payload, ROWS, "x.parquet")
    rows = read_rows(payload, SCHEMA, "raw/test", "x.parquet")
    assert rows.schema.types == SCHEMA.types
    plain = pq.read_table(pa.BufferReader(payload))
    assert repr(rows.to_pylist()) == repr(plain.to_pylist())  # where NaN is like NaN


def test_rows_that_are_not_there_are_not_believed() -> None:
    """Footer and manifest agree on more rows than the pages hold."""
    plain = _payload(write_statistics=False)
    # In the file, its one group, each of the three columns, and a histogram of their levels.
    forged = _forged(plain, _varint(ROWS), _varint(ROWS + 1), times=6)
    error = _refused(forged, ROWS + 1)
    assert error.rule == "malformed"
    assert "says 12346 rows and holds 12345" in str(error)
    assert _refused(forged).rule == "rows"


def test_columns_of_another_length_than_their_group_are_not_believed() -> None:
    plain = _payload(write_statistics=False)
    begin = len(plain) - 8 - int.from_bytes(plain[-8:-4], "little")
    at = plain.index(_varint(ROWS), begin + plain[begin:].index(b"name"))
    forged = bytearray(plain)
    after_file = plain.index(_varint(ROWS), at + 1)  # the first is the file's own
    forged[after_file : after_file + 3] = _varint(ROWS - 1)
    error = _refused(bytes(forged))
    assert error.rule == "malformed"
    assert "n has 12344 values for 12345 rows" in str(error)


@pytest.mark.parametrize("bound", [LOWEST, HIGHEST])
def test_statistics_that_lie_are_not_believed(bound: int) -> None:
    plain = _payload(write_statistics=["n"], row_group_size=ROWS)
    # Each bound stands there in the old form and in the new one.
    forged = _forged(plain, bound.to_bytes(4, "little"), (bound + 1).to_bytes(4, "little"), 2)
    error = _refused(forged)
    assert error.rule == "malformed"
    assert "other bounds than its values have" in str(error)
    assert str(bound) not in str(error)


def test_nulls_that_lie_are_not_believed() -> None:
    plain = _payload(write_statistics=["f"])
    error = _refused(_forged(plain, b"\x16" + _varint(NULLS), b"\x16" + _varint(NULLS + 1), 1))
    assert error.rule == "malformed"
    assert f"{NULLS + 1} nulls of {NULLS}" in str(error)


def test_other_columns_are_refused_before_they_are_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payload = _payload()
    monkeypatch.setattr(pq.ParquetFile, "read", lambda *_, **__: pytest.fail("it was unpacked"))
    for wrong in (SCHEMA.remove(2), SCHEMA.set(0, pa.field("n", pa.int64(), nullable=False))):
        with pytest.raises(DropError) as raised:
            read_rows(payload, wrong, "raw/test", "x.parquet")
        assert raised.value.rule == "schema"


def test_one_text_meant_a_million_times_is_refused_before_it_is_written_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some kilobytes that no footer calls large: a dictionary of one long text."""
    monkeypatch.setattr(footer, "LARGEST_UNPACKED", 10**9)
    rows = 1_000_000
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 10_000])
    sink = io.BytesIO()
    pq.write_table(
        pa.table({"name": column}), sink, compression="zstd", store_schema=False,
        write_statistics=False,
    )  # fmt: skip
    payload = sink.getvalue()
    assert len(payload) < 10_000
    check_footer(payload, rows, "x.parquet")
    before = pa.total_allocated_bytes()
    with pytest.raises(DropError, match=r"10\.0 GB of text") as raised:
        read_rows(payload, pa.schema([("name", pa.string())]), "raw/test", "x.parquet")
    assert raised.value.rule == "too_large"
    assert pa.total_allocated_bytes() - before < 100_000_000
