"""One table to Parquet and back."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.encoding import ADDED_IN_RAW, complete, decode, drop_schema, encode, scale_of
from edge_ingest.errors import ContractError, DropError
from edge_ingest.records import EVENTS, POSITIONS, SIGNALS
from tests.edge_ingest.recordings import positions

COORDINATE = st.none() | st.floats(-10_000, 10_000)


@given(
    metres=st.lists(COORDINATE, min_size=1, max_size=30),
    step=st.sampled_from([0.005, 0.001, 0.01, 0.003, 1 / 128]),
)
@settings(max_examples=60)
def test_coordinates_come_back_within_half_a_count(metres: list[float | None], step: float) -> None:
    rows = complete(POSITIONS, positions(0.0, len(metres)))
    x = pa.array(metres + [None] * (2 * len(metres)), pa.float64())
    rows = rows.set_column(rows.schema.get_field_index("x_m"), "x_m", x)

    payload = encode(POSITIONS, rows, step)
    back = decode(POSITIONS, payload, scale_of(POSITIONS, step), "test")

    found = [
        row["x_m"]
        for row in sorted(back.to_pylist(), key=lambda row: row["frame_id"])
        if row["source_athlete_id"] == "7"
    ]
    for expected, value in zip(metres, found, strict=True):
        assert (expected is None) == (value is None)
        assert expected is None or abs(expected - value) <= step / 2 + 1e-9
    # Once counted, further rounds change nothing.
    assert encode(POSITIONS, back, step) == payload


def test_a_count_worked_by_hand() -> None:
    rows = complete(POSITIONS, positions(12.3461, 1))

    payload = encode(POSITIONS, rows, 0.005)

    stored = pq.read_table(io.BytesIO(payload)).to_pylist()
    # 12.3461 m / 5 mm = 2469.22, so 2,469 counts, which are 12.345 m.
    assert next(row["x_m"] for row in stored if row["source_athlete_id"] == "7") == 2469
    back = decode(POSITIONS, payload, scale_of(POSITIONS, 0.005), "test").to_pylist()
    assert next(row["x_m"] for row in back if row["source_athlete_id"] == "7") == 12.345
    assert {row["period_time_s"] for row in back} == {0.0}


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_order_of_rows_does_not_change_the_bytes(seed: int) -> None:
    rows = complete(POSITIONS, positions([0.1, 0.2, 0.3, 0.2, 0.5]))
    shuffled = rows.take(np.random.default_rng(seed).permutation(rows.num_rows))

    assert encode(POSITIONS, shuffled, 0.005) == encode(POSITIONS, rows, 0.005)


def test_rows_stand_in_the_order_of_the_contract_with_nulls_last() -> None:
    rows = complete(POSITIONS, positions(0.0, 2))
    back = decode(
        POSITIONS, encode(POSITIONS, rows, 0.005), scale_of(POSITIONS, 0.005), "test"
    ).to_pylist()

    assert [(row["object_kind"], row["source_athlete_id"], row["frame_id"]) for row in back] == [
        ("athlete", "7", 0), ("athlete", "7", 1), ("athlete", "9", 0), ("athlete", "9", 1),
        ("ball", None, 0), ("ball", None, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("x_m", [float("nan"), float("inf"), 2**31 * 0.005])
def test_what_cannot_be_counted_is_refused(x_m: float) -> None:
    rows = complete(POSITIONS, positions(x_m, 1))

    with pytest.raises(ContractError, match=r"raw/positions.x_m .* coarser scale"):
        encode(POSITIONS, rows, 0.005)


def test_columns_added_on_arrival_do_not_belong_in_a_drop() -> None:
    rows = positions(0.0).append_column("session_id", pa.nulls(15, pa.string()))

    with pytest.raises(ContractError, match=r"raw/positions\.session_id is added on arrival"):
        complete(POSITIONS, rows)


def test_columns_that_may_be_null_may_be_left_out_and_others_not() -> None:
    assert complete(POSITIONS, positions(0.0)).column("z_m").null_count == 15
    with pytest.raises(ContractError, match="needs the column frame_id"):
        complete(POSITIONS, positions(0.0).drop_columns(["frame_id"]))


def test_a_drop_has_the_columns_of_the_contract_but_for_those_added() -> None:
    for contract in (POSITIONS, SIGNALS, EVENTS):
        names = drop_schema(contract, {}).names
        assert [*ADDED_IN_RAW[contract.name], *names] == contract.schema.names


def test_bytes_that_are_no_table_of_the_contract_say_what_to_do() -> None:
    with pytest.raises(DropError, match="no Parquet file"):
        decode(POSITIONS, b"nothing", {}, "x.parquet")
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), sink)
    with pytest.raises(DropError, match="has the columns a; a drop of raw/positions has period_id"):
        decode(POSITIONS, sink.getvalue(), {}, "x.parquet")
    # A drop whose manifest forgets the scale must not be read as metres.
    payload = encode(POSITIONS, complete(POSITIONS, positions(0.0)), 0.005)
    with pytest.raises(DropError, match="period_time_s is int64 and must be double"):
        decode(POSITIONS, payload, {}, "x.parquet")
