"""Whatever was refused, as rows: drops by the lakehouse, and files by edge nodes."""

import hashlib
from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from edge_ingest.records import QUARANTINE
from resources.lakehouse import Slice
from resources.landing_drops import RefusedDrop

#: The whole table: the list is made anew each time.
EVERY_DAY = Slice("day", date(1970, 1, 1), date(9999, 12, 31), {})


def list_refused(drops: Sequence[RefusedDrop], told_by_nodes: pa.Table) -> pa.Table:
    """One row a refused drop or file, of the contract raw/quarantine.

    Args:
        drops: what stands in the landing zone and is not loaded.
        told_by_nodes: rows that came in drops of kind `quarantine`. A node that refused the same
            file twice, its own quarantine emptied in between, tells of it twice: the last counts.
    """
    rows = [
        {
            "quarantine_id": hashlib.sha256(f"{drop.place} {drop.rule}".encode()).hexdigest()[:16],
            "source": drop.manifest.source if drop.manifest else "unknown",
            "day": drop.refused_at_utc.date(),
            "refused_at_utc": drop.refused_at_utc,
            "rule": drop.rule,
            "reason": drop.reason,
            "kept_at_uri": drop.kept_at_uri,
            "drop_id": drop.manifest.drop_id if drop.manifest else None,
        }
        for drop in drops
    ]
    found = pa.concat_tables(
        [QUARANTINE.conform(pa.Table.from_pylist(rows, schema=QUARANTINE.schema)), told_by_nodes]
    )
    found = found.sort_by([("quarantine_id", "ascending"), ("refused_at_utc", "descending")])
    ids = found["quarantine_id"].to_pylist()
    is_last = [index == 0 or ids[index - 1] != one for index, one in enumerate(ids)]
    return found.filter(pa.array(is_last, pa.bool_()))
