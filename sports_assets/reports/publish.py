"""A page is published, then revised, never replaced: the ledger in `report/session` and the store.

The page is kept first and entered in the ledger second. A run killed in between leaves a page that
no ledger names; the next one takes the number after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import pyarrow as pa

from resources.contracts import REPORT_SESSION
from resources.lakehouse import CommitContext, Lakehouse
from resources.provenance import ProvenanceRef
from resources.report_store import ReportStore


@dataclass(frozen=True)
class PublishedPage:
    """A revision of a session's page. `is_new` is false when the last one said the same."""

    uri: str
    revision: int
    is_new: bool
    ledger: pa.Table


def publish_page(
    lakehouse: Lakehouse,
    store: ReportStore,
    session_id: str,
    *,
    content_sha256: str,
    render: Callable[[int], str],
    provenance: ProvenanceRef,
    written_at_utc: datetime,
    context: CommitContext,
) -> PublishedPage:
    """Keep a page as the session's next revision, unless the last revision says the same.

    Args:
        content_sha256: hash of what the page says, without provenance and stopwatch.
        render: gives the page's HTML for a revision number.
        written_at_utc: now.
    """
    with lakehouse.connect() as connection:
        lakehouse.view(connection, REPORT_SESSION, "ledger", [session_id])
        ledger = connection.sql("select * from ledger order by revision").to_arrow_table()
    entries = ledger.to_pylist()
    if entries and entries[-1]["content_sha256"] == content_sha256:
        return PublishedPage(entries[-1]["uri"], entries[-1]["revision"], False, ledger)
    revision = 1 + max([0, *store.revisions(session_id), *(one["revision"] for one in entries)])
    html = render(revision)
    uri = store.write(session_id, revision, html)
    entry = {
        "session_id": session_id,
        "revision": revision,
        "uri": uri,
        "page_sha256": sha256(html.encode()).hexdigest(),
        "content_sha256": content_sha256,
        "written_at_utc": written_at_utc,
        "provenance": provenance.to_json(),
    }
    ledger = pa.Table.from_pylist([*entries, entry], schema=REPORT_SESSION.schema)
    lakehouse.replace_sessions(REPORT_SESSION, ledger, [session_id], context)
    return PublishedPage(uri, revision, True, ledger)
