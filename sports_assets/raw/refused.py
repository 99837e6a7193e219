"""Refused drops as rows."""

import hashlib
from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from edge_ingest.records import QUARANTINE
from resources.lakehouse import Slice
from resources.landing_zone import RefusedDrop

#: The whole table: the list is made anew each time.
EVERY_DAY = Slice("day", date(1970, 1, 1), date(9999, 12, 31), {})


def list_refused(drops: Sequence[RefusedDrop]) -> pa.Table:
    """One row a refused drop, of the contract raw/quarantine."""
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
    return QUARANTINE.conform(pa.Table.from_pylist(rows, schema=QUARANTINE.schema))
