"""Ledgers of published pages, all alike, and columns that other tables share with them."""

import pyarrow as pa

from edge_ingest.contract import Column, TableContract
from edge_ingest.records import INSTANT, TEXT

SESSION_ID = Column("session_id", TEXT, "our session: <date>_<sport>_<slug>")
PROVENANCE = Column("provenance", TEXT, "ProvenanceRef as JSON: what this was made from")


def page_ledger(key: str, page: str) -> TableContract:
    """The ledger of one kind of page."""
    return TableContract(
        key=key,
        grain=f"one row a revision of a session's {page}; revisions are added, never changed",
        columns=(
            SESSION_ID,
            Column("revision", pa.int32(), "from 1", minimum=1),
            Column("uri", TEXT, "where the page is"),
            Column("page_sha256", TEXT, "checksum of the page"),
            Column(
                "content_sha256", TEXT, "checksum of what it says: without provenance, stopwatch"
            ),
            Column("written_at_utc", INSTANT, "when"),
            PROVENANCE,
        ),
        primary_key=("session_id", "revision"),
        sort_by=("session_id", "revision"),
    )
