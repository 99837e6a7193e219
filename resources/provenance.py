"""Where a number comes from: the type that goes with every report, prediction and alert."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from edge_ingest.contract import TableContract
from edge_ingest.records import SESSIONS
from resources.lakehouse import Lakehouse

_ROOT = Path(__file__).resolve().parents[1]
_CODE = ("edge_ingest", "resources", "sports_assets", "dbt_project")
_SUFFIXES = {".py", ".sql", ".yml", ".j2", ".csv"}


class DropRef(BaseModel):
    """One drop that went in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drop_id: str
    stream_id: str
    revision: int


class ProvenanceRef(BaseModel):
    """What a result is a function of; two equal refs give equal results.

    Attributes:
        drops: active drops of the session, or about the days, ordered by stream.
        snapshots: Iceberg snapshot at which each table outside this session was read, by key.
        settings: every setting that changes the result, by name.
        code_version: `code_version()` of the process that made it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    drops: tuple[DropRef, ...]
    snapshots: dict[str, int]
    settings: dict[str, str]
    code_version: str

    def to_json(self) -> str:
        """Canonical text: the same ref is the same string."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that name this ref."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]


@cache
def code_version() -> str:
    """Version of the package and a hash of the code that makes results, e.g. `0.1.0+1f0c…`."""
    from edge_ingest import __version__

    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((_ROOT / folder).rglob("*")):
            if path.suffix in _SUFFIXES and not {"target", "logs"} & set(path.parts):
                digest.update(f"{path.relative_to(_ROOT)}\n".encode())
                digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def session_drops(lakehouse: Lakehouse, session_ids: Sequence[str]) -> tuple[DropRef, ...]:
    """The drops that committed sessions were built from, ordered by stream."""
    with lakehouse.connect() as connection:
        lakehouse.view(connection, SESSIONS, "sessions", session_ids)
        rows = connection.sql(
            "select drop_id, stream_id, revision from sessions order by stream_id"
        ).fetchall()
    return tuple(DropRef(drop_id=row[0], stream_id=row[1], revision=row[2]) for row in rows)


def named_snapshots(
    lakehouse: Lakehouse, contracts: Iterable[TableContract]
) -> dict[str, frozenset[int]]:
    """Snapshots that anything kept in these tables was made from, by key of the table named.

    Args:
        contracts: those without a column `provenance` are passed over.
    """
    found: dict[str, set[int]] = {}
    with lakehouse.connect() as connection:
        for contract in contracts:
            if "provenance" not in contract.schema.names:
                continue
            lakehouse.view(connection, contract, "kept")
            for (told,) in connection.sql("select distinct provenance from kept").fetchall():
                for key, snapshot_id in ProvenanceRef.model_validate_json(told).snapshots.items():
                    found.setdefault(key, set()).add(snapshot_id)
    return {key: frozenset(ids) for key, ids in found.items()}
