"""What arrived? Drops of a session become rows of the raw tables, or are refused one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from edge_ingest.drops.arrival import as_raw, check_media, locate_media, read_table
from edge_ingest.drops.media import Measure
from edge_ingest.errors import ContractError, DropError, EdgeError, IncompleteDropError
from edge_ingest.manifest import Manifest
from edge_ingest.records import SESSION_TABLES


def _not_there(name: str) -> tuple[int, str]:
    raise FileNotFoundError(f"nobody says where {name} stands")


@dataclass(frozen=True)
class ArrivedDrop:
    """A drop in the landing zone.

    Attributes:
        place: where it stands, as the landing zone names it.
        fetch: gives the bytes of one of its files by name.
        uri: where its folder is; videos are named by it.
        measure: gives size and sha256 of one of its files by name, reading it in pieces; needed
            where there are videos.
    """

    manifest: Manifest
    place: str
    fetch: Callable[[str], bytes]
    uri: str = ""
    measure: Measure = field(default=_not_there, compare=False)


@dataclass(frozen=True)
class Refusal:
    """A drop that cannot be loaded, and why, in words for the person at the device."""

    place: str
    rule: str
    reason: str


@dataclass(frozen=True)
class RawSession:
    """Rows of one session by table name, the drops they came in, and what had to be left out."""

    tables: Mapping[str, pa.Table]
    drop_ids: tuple[str, ...]
    refused: tuple[Refusal, ...]


def build_session(session_id: str, drops: Sequence[ArrivedDrop]) -> RawSession:
    """Read every drop of a session. A drop with one bad file is refused whole.

    Tables are held in memory; videos are only measured, in pieces.

    Args:
        drops: the active drop of each stream; their order does not matter.

    Returns:
        A table for each of `SESSION_TABLES`, empty where no drop has such rows.

    Raises:
        IncompleteDropError: a file cannot be read now, which is no fault of the drop.
    """
    parts: dict[str, list[pa.Table]] = {name: [] for name in SESSION_TABLES}
    refused = []
    for drop in sorted(drops, key=lambda drop: drop.manifest.stream_id):
        try:
            for name, rows in _read(session_id, drop):
                # A camera tells of its footage, and of nothing else: it is no source of facts.
                if (name == "footage") == (drop.manifest.kind == "footage"):
                    parts[name].append(rows)
        except IncompleteDropError:
            raise
        except EdgeError as error:
            rule = error.rule if isinstance(error, DropError) else "contract"
            refused.append(Refusal(drop.place, rule, str(error)))
    tables = {
        name: pa.concat_tables(rows) if rows else SESSION_TABLES[name].empty()
        for name, rows in parts.items()
    }
    return RawSession(tables, tuple(drop.manifest.drop_id for drop in drops), tuple(refused))


def _read(session_id: str, drop: ArrivedDrop) -> list[tuple[str, pa.Table]]:
    """All tables of a drop, checked; all or none."""
    if [file.table for file in drop.manifest.files].count("sessions") != 1:
        raise DropError(
            f"{drop.manifest.stream_id}: a drop carries the table sessions exactly once; pack the "
            "recording again",
            rule="session",
        )
    tables = []
    for file in drop.manifest.files:
        rows = as_raw(drop.manifest, file, read_table(drop.manifest, file, drop.fetch), session_id)
        if file.table == "footage":
            rows = locate_media(drop.manifest, rows, drop.uri)
        if broken := SESSION_TABLES[file.table].violations(rows):
            listed = "; ".join(
                f"{v.rows} rows break {v.column}: {v.rule} ({v.limit})" for v in broken
            )
            raise ContractError(
                f"{drop.manifest.stream_id} r{drop.manifest.revision:04d} {file.path}: {listed}; "
                "pack the recording again with this version"
            )
        tables.append((file.table, rows))
    # Last: a video takes minutes to read, and a fault of a table seconds to find.
    check_media(drop.manifest, drop.measure)
    return tables
