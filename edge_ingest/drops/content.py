"""What a drop holds: tables as the bytes of its files, and how the manifest lists them."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict

import pyarrow as pa

from edge_ingest.contract import TableContract
from edge_ingest.drops.arrival import refuse_outside
from edge_ingest.drops.encoding import add_constants, complete, encode
from edge_ingest.drops.stored import CHANNEL, scale_of
from edge_ingest.errors import ContractError
from edge_ingest.manifest import DayRange, DropFile
from edge_ingest.recording import METRES_PER_COUNT, DayRecords, Recording
from edge_ingest.records import DAY_TABLE_OF, DAY_TABLES, SESSION_TABLES

#: Files by name, their lines in the manifest, and its scale.
Encoded = tuple[dict[str, bytes], tuple[DropFile, ...], dict[str, float]]


def encode_recording(recording: Recording, stream: str, session_id: str) -> Encoded:
    """The tables of a recording, with the row of `sessions` that its facts make.

    Raises:
        ContractError: rows do not fit their contract.
    """
    facts = asdict(recording.session) | {
        "source": recording.source,
        "device_id": recording.device_id,
        "kind": recording.kind,
        "clock_source": recording.clock.source,
    }
    schema = SESSION_TABLES["sessions"].schema
    sessions = pa.Table.from_pylist(
        [facts], pa.schema([pa.field(name, schema.field(name).type) for name in facts])
    )
    return _encode_tables(
        {"sessions": sessions, **recording.tables}, SESSION_TABLES, stream, session_id, recording
    )


def encode_days(records: DayRecords, days: DayRange, stream: str) -> Encoded:
    """The one table of a drop about days, whose rows lie within what the drop replaces."""
    contract = DAY_TABLE_OF.get(records.kind)
    name = contract.name if contract else records.kind
    if list(records.tables) != [name]:
        raise ContractError(
            f"{stream} carries {', '.join(records.tables) or 'no table'}: a drop of "
            f"{records.kind} carries the table {name}, and no other"
        )
    rows = records.tables[name]
    refuse_outside(rows, days, records.source, stream)
    return _encode_tables(records.tables, DAY_TABLES, stream)


def _encode_tables(
    tables: Mapping[str, pa.Table],
    contracts: Mapping[str, TableContract],
    stream: str,
    session_id: str = "",
    recording: Recording | None = None,
) -> Encoded:
    """Check and encode tables; tables of days are about no session and hold nothing to count."""
    metres_per_count = recording.metres_per_count if recording else METRES_PER_COUNT
    dead_bands = recording.dead_bands if recording else {}
    payloads, files = {}, []
    scale: dict[str, float] = {}
    for name, table in sorted(tables.items()):
        contract = contracts.get(name)
        if contract is None:
            raise ContractError(f"no drop carries {name!r}: use {', '.join(contracts)}")
        rows = complete(contract, table)
        _refuse_misfits(contract, rows, stream, session_id)
        scale |= scale_of(rows, metres_per_count)
        payload = encode(contract, rows, scale, dead_bands)
        path = f"{name}.parquet"
        payloads[path] = payload
        digest = hashlib.sha256(payload).hexdigest()
        files.append(
            DropFile(path=path, table=name, rows=rows.num_rows, bytes=len(payload), sha256=digest)
        )
    return payloads, tuple(files), scale


def settings_of(
    recording: Recording, scale: dict[str, float]
) -> dict[str, str | float | int | bool]:
    """What the filters were told, and the dead bands of the channels that are there."""
    bands = {
        f"dead_band.{channel}": band
        for channel, band in recording.dead_bands.items()
        if CHANNEL + channel in scale
    }
    return {**recording.filter_settings, **bands}


def _refuse_misfits(contract: TableContract, rows: pa.Table, stream: str, session_id: str) -> None:
    constants: dict[str, str | int] = {
        "session_id": session_id, "stream_id": stream, "drop_id": "", "revision": 1,
        "edge_session_id": session_id, "filter_settings": "{}",
    }  # fmt: skip
    if broken := contract.violations(add_constants(contract, rows, constants)):
        listed = "; ".join(f"{v.rows} rows break {v.column} {v.limit}" for v in broken)
        raise ContractError(
            f"{contract.key} of {stream}: {listed}: the reader must flag or mend it"
        )
