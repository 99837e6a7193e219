"""One table to Parquet and back."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.contract import TableContract
from edge_ingest.drops.encoding import ADDED_IN_RAW, complete, decode, drop_schema, encode
from edge_ingest.drops.stored import scale_of
from edge_ingest.errors import ContractError, DropError
from edge_ingest.records import ATHLETES, CHANNELS, EVENTS, FIDELITY, INSTANT, POSITIONS, SIGNALS
from tests.edge_ingest.recordings import events, positions, signals

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

    scale = scale_of(rows, step)
    payload = encode(POSITIONS, rows, scale)
    back = decode(POSITIONS, payload, scale, "test")

    found = [
        row["x_m"]
        for row in sorted(back.to_pylist(), key=lambda row: row["frame_id"])
        if row["source_athlete_id"] == "7"
    ]
    for expected, value in zip(metres, found, strict=True):
        assert (expected is None) == (value is None)
        assert expected is None or abs(expected - value) <= step / 2 + 1e-9
    # Once counted, further rounds change nothing.
    assert encode(POSITIONS, back, scale) == payload


def test_a_count_worked_by_hand() -> None:
    rows = complete(POSITIONS, positions([12.3461, 12.3461, 12.36], 3))
    scale = scale_of(rows, 0.005)

    payload = encode(POSITIONS, rows, scale)

    stored = pq.read_table(io.BytesIO(payload)).to_pylist()
    # 12.3461 m / 5 mm = 2469.22, so 2,469 counts, which are 12.345 m; then 2,469 again and 2,472.
    # First differences from nought: 2469, 0, 3. Second: 2469, −2469, 3. Folded: 4938, 4937, 6.
    assert [row["x_m"] for row in stored if row["source_athlete_id"] == "7"] == [4938, 4937, 6]
    # The instant at which the period's time was nought is told once, in microseconds.
    assert [row["period_time_s"] for row in stored[1:]] == [0] * 8
    assert stored[0]["period_time_s"] == 2 * 1_714_829_400_000_000
    back = decode(POSITIONS, payload, scale, "test").to_pylist()
    assert [row["x_m"] for row in back if row["source_athlete_id"] == "7"] == [
        12.345,
        12.345,
        12.36,
    ]
    assert {row["period_time_s"] for row in back} == {0.0, 0.1, 0.2}


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_order_of_rows_does_not_change_the_bytes(seed: int) -> None:
    rows = complete(POSITIONS, positions([0.1, 0.2, 0.3, 0.2, 0.5]))
    shuffled = rows.take(np.random.default_rng(seed).permutation(rows.num_rows))

    scale = scale_of(rows, 0.005)
    assert scale_of(shuffled, 0.005) == scale
    assert encode(POSITIONS, shuffled, scale) == encode(POSITIONS, rows, scale)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_order_of_signals_does_not_change_the_bytes(seed: int) -> None:
    rows = complete(SIGNALS, signals())
    shuffled = rows.take(np.random.default_rng(seed).permutation(rows.num_rows))

    scale = scale_of(rows, 0.005)
    assert scale_of(shuffled, 0.005) == scale
    bands = {"altitude": 0.2}
    assert encode(SIGNALS, shuffled, scale, bands) == encode(SIGNALS, rows, scale, bands)


def test_rows_stand_in_the_order_of_the_contract_with_nulls_last() -> None:
    rows = complete(POSITIONS, positions(0.0, 2))
    scale = scale_of(rows, 0.005)
    back = decode(POSITIONS, encode(POSITIONS, rows, scale), scale, "test").to_pylist()

    assert [(row["object_kind"], row["source_athlete_id"], row["frame_id"]) for row in back] == [
        ("athlete", "7", 0), ("athlete", "7", 1), ("athlete", "9", 0), ("athlete", "9", 1),
        ("ball", None, 0), ("ball", None, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("x_m", [float("nan"), float("inf"), 2**31 * 0.005])
def test_what_cannot_be_counted_is_refused(x_m: float) -> None:
    rows = complete(POSITIONS, positions(x_m, 1))

    with pytest.raises(ContractError, match=r"raw/positions.x_m .* coarser scale"):
        encode(POSITIONS, rows, scale_of(rows, 0.005))


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


@pytest.mark.parametrize(
    ("contract", "rows"),
    [(POSITIONS, positions(0.5)), (SIGNALS, signals()), (EVENTS, events())],
    ids=lambda value: value.name if isinstance(value, TableContract) else "",
)
def test_what_is_null_throughout_is_left_out_and_comes_back(
    contract: TableContract, rows: pa.Table
) -> None:
    rows = complete(contract, rows)
    scale = scale_of(rows, 0.005)

    payload = encode(contract, rows, scale)

    blank = {name for name in rows.column_names if rows[name].null_count == rows.num_rows}
    stored = pq.read_schema(io.BytesIO(payload)).names
    assert set(stored) == set(rows.column_names) - blank
    back = decode(contract, payload, scale, "test")
    assert back.schema.equals(rows.schema.remove_metadata(), check_metadata=False)
    assert {name for name in back.column_names if back[name].null_count == back.num_rows} == blank


def test_a_table_without_rows_comes_back() -> None:
    for contract in (POSITIONS, SIGNALS, EVENTS, ATHLETES):
        rows = complete(contract, contract.schema.empty_table().drop_columns(
            list(ADDED_IN_RAW[contract.name])
        ))  # fmt: skip
        scale = scale_of(rows, 0.005)
        assert decode(contract, encode(contract, rows, scale), scale, "test").equals(rows)


def _signal(channel: str, values: list[float | None]) -> pa.Table:
    count = len(values)
    return complete(
        SIGNALS,
        pa.table(
            {
                "source_athlete_id": pa.array(["7"] * count, pa.string()),
                "channel": pa.array([channel] * count, pa.string()),
                "sample_index": pa.array(range(count), pa.int32()),
                "captured_at_utc": pa.array(
                    [1_000_000 * index for index in range(count)], pa.int64()
                ).cast(INSTANT),
                "value": pa.array(values, pa.float64()),
                "quality": pa.array([0] * count, pa.int32()),
            }
        ),
    )


@st.composite
def _channel_and_values(draw: st.DrawFn) -> tuple[str, list[float | None]]:
    channel = draw(st.sampled_from(sorted(CHANNELS)))
    _, lowest, highest, _ = CHANNELS[channel]
    # Walks that stay near a place try the dead band; jumps over the whole range try the rest.
    centre = draw(st.floats(lowest, highest))
    reach = draw(st.sampled_from([0.3, 3.0, highest - lowest]))
    near = st.floats(max(lowest, centre - reach), min(highest, centre + reach))
    return channel, draw(st.lists(st.none() | near, min_size=1, max_size=60))


@pytest.mark.slow
@given(_channel_and_values(), st.sampled_from([0.0, 0.05, 0.2, 1.0]))
@settings(max_examples=200)
def test_a_signal_comes_back_within_the_error_that_the_manifest_states(
    signal: tuple[str, list[float | None]], band: float
) -> None:
    channel, values = signal
    rows = _signal(channel, values)
    scale = scale_of(rows, 0.005)
    step = scale[f"signals.{channel}"]
    assert step >= FIDELITY[channel][0]

    payload = encode(SIGNALS, rows, scale, {channel: band})
    back = decode(SIGNALS, payload, scale, "test")

    rounding = 1e-9 * max(1.0, *(abs(value or 0) for value in values))
    for expected, value in zip(values, back["value"].to_pylist(), strict=True):
        assert (expected is None) == (value is None)
        if expected is not None:
            assert abs(value - expected) <= band + step / 2 + rounding
    # Packed again, nothing moves any further: errors do not add up.
    assert encode(SIGNALS, back, scale, {channel: band}) == payload


@pytest.mark.parametrize(
    ("channel", "values", "step"),
    [
        ("heart_rate", [61.0, 150.0, 188.0], 1),
        ("altitude", [-499.8, 0.4, 1231.6], 0.2),
        ("cadence", [86.0, 86.5, 0.0], 0.5),
        ("cadence", [86 + 3 / 128, 91.0], 1 / 128),
        ("distance", [0.0, 1.07, 1_999_999.99], 0.01),
        ("speed", [0.0, 3.456, 11.111], 0.001),
        ("rr_interval", [1000 * 813 / 1024, 1000 * 799 / 1024], 1000 / 1024),
        ("rr_interval", [1000 * 0.812, 1000 * 0.799], 1),
    ],
)
def test_values_on_a_step_of_their_device_come_back_as_they_were(
    channel: str, values: list[float], step: float
) -> None:
    rows = _signal(channel, list(values))
    scale = scale_of(rows, 0.005)

    assert scale[f"signals.{channel}"] == step
    back = decode(SIGNALS, encode(SIGNALS, rows, scale), scale, "test")
    assert back["value"].to_pylist() == pytest.approx(values, rel=1e-15)


def test_a_value_on_no_step_is_counted_in_the_finest_of_its_channel() -> None:
    rows = _signal("heart_rate", [60.04, 60.06])
    scale = scale_of(rows, 0.005)

    assert scale == {"signals.heart_rate": 0.1}
    back = decode(SIGNALS, encode(SIGNALS, rows, scale), scale, "test")
    assert back["value"].to_pylist() == [60.0, 60.1]


def test_a_dead_band_worked_by_hand() -> None:
    rows = complete(SIGNALS, signals())
    scale = scale_of(rows, 0.005)

    back = decode(SIGNALS, encode(SIGNALS, rows, scale, {"altitude": 0.2}), scale, "test")

    height = back.filter(pc.equal(back["channel"], "altitude"))
    # 52.0, 52.2, 52.0, 52.2, 52.0, 52.6, 52.4, 52.6: flicker goes, the step of 0.6 m is kept. The
    # second athlete's begins from its own first value, not from the last one of the first.
    assert height["value"].to_pylist() == [52.0, 52.0, 52.0, 52.0, 52.0, 52.6, 52.6, 52.6] * 2
    speed = back.filter(pc.equal(back["channel"], "speed"))["value"].to_numpy()
    assert np.abs(speed - np.tile(np.sqrt(2 + np.arange(8)), 2)).max() <= 0.0005


def test_a_ramp_does_not_drift_out_of_its_dead_band() -> None:
    ramp = [20 + 0.1 * index for index in range(500)]
    rows = _signal("temperature", list(ramp))
    scale = scale_of(rows, 0.005)

    back = decode(SIGNALS, encode(SIGNALS, rows, scale, {"temperature": 0.5}), scale, "test")

    found = back["value"].to_numpy()
    assert np.abs(found - ramp).max() <= 0.5 + 1e-9
    assert len(np.unique(found)) < 100  # and it does hold


def test_every_channel_says_how_finely_it_is_told() -> None:
    assert set(FIDELITY) == set(CHANNELS)
    assert all(step > 0 and band >= 0 for step, band in FIDELITY.values())


def test_bytes_that_are_no_table_of_the_contract_say_what_to_do() -> None:
    with pytest.raises(DropError, match="no Parquet file"):
        decode(POSITIONS, b"nothing", {}, "x.parquet")
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), sink)
    with pytest.raises(DropError, match="has the columns a; a drop of raw/positions has period_id"):
        decode(POSITIONS, sink.getvalue(), {}, "x.parquet")


def test_a_column_that_may_not_be_null_may_not_be_left_out() -> None:
    rows = complete(POSITIONS, positions(0.0))
    scale = scale_of(rows, 0.005)
    stored = pq.read_table(io.BytesIO(encode(POSITIONS, rows, scale)))
    sink = io.BytesIO()
    pq.write_table(stored.drop_columns(["quality"]), sink)

    with pytest.raises(DropError, match="has the columns period_id"):
        decode(POSITIONS, sink.getvalue(), scale, "x.parquet")


def test_counts_are_never_read_as_what_they_are_not() -> None:
    rows = complete(POSITIONS, positions(0.0))
    scale = scale_of(rows, 0.005)
    payload = encode(POSITIONS, rows, scale)

    # A drop whose manifest forgets the scale must not be read as metres.
    with pytest.raises(DropError, match="does not say what a count of period_time_s is worth"):
        decode(POSITIONS, payload, {}, "x.parquet")
    with pytest.raises(DropError, match="does not say what a count of x_m is worth"):
        decode(POSITIONS, payload, {"period_time_s": 1e-6, "y_m": 0.005}, "x.parquet")
    # Nor may a newer drop pass for an older one.
    with pytest.raises(DropError, match="must be timestamp"):
        decode(POSITIONS, payload, scale, "x.parquet", encoding=1)

    rows = complete(SIGNALS, signals())
    scale = scale_of(rows, 0.005)
    payload = encode(SIGNALS, rows, scale)
    del scale["signals.power"]
    with pytest.raises(DropError, match=r"a count of signals\.power is worth"):
        decode(SIGNALS, payload, scale, "x.parquet")
