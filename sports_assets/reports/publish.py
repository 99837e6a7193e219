"""A page is published, then revised, never replaced: the ledger (`report/…`) and the store.

The page is kept first and entered in the ledger second. A run killed in between leaves a page that
no ledger names. The next one enters it, if it says just what is to be said; otherwise it takes the
number after it. Of two runs that publish at once, the one that comes second finds that the ledger
is no longer as it read it, and begins anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import pyarrow as pa

from edge_ingest.contract import TableContract
from resources.errors import CommitConflictError, ImmutableReportError, ResourceError
from resources.lakehouse import Basis, CommitContext, Lakehouse
from resources.provenance import ProvenanceRef
from resources.report_store import ReportStore
from sports_assets.reports.page_origin import read_origin

_ATTEMPTS = 5


@dataclass(frozen=True)
class PublishedPage:
    """A revision of a session's page.

    Attributes:
        is_new: false when the last one said the same.
        provenance: what this page is a function of, as its ledger row and the page itself tell it.
    """

    uri: str
    revision: int
    is_new: bool
    provenance: ProvenanceRef
    ledger: pa.Table


@dataclass(frozen=True)
class _Kept:
    """A page in the store."""

    uri: str
    revision: int
    html: str
    provenance: ProvenanceRef


def publish_page(
    lakehouse: Lakehouse,
    store: ReportStore,
    contract: TableContract,
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
        contract: of the ledger, which has the columns of `report/session`; `store` keeps pages of
            the same kind.
        content_sha256: hash of what the page says, without provenance and stopwatch.
        render: gives the page's HTML for a revision number.
        written_at_utc: now.

    Raises:
        CommitConflictError: other runs kept publishing pages of the session. Transient: try again.
    """
    lost: ResourceError | None = None
    for _ in range(_ATTEMPTS):
        basis, ledger = _read_ledger(lakehouse, contract, session_id)
        entries = ledger.to_pylist()
        if entries and entries[-1]["content_sha256"] == content_sha256:
            last = entries[-1]
            made_of = ProvenanceRef.model_validate_json(last["provenance"])
            return PublishedPage(last["uri"], last["revision"], False, made_of, ledger)
        entered = max((one["revision"] for one in entries), default=0)
        try:
            page = _left_behind(store, session_id, entered, content_sha256)
            page = page or _next_page(store, session_id, entered, render, provenance)
            entry = {
                "session_id": session_id,
                "revision": page.revision,
                "uri": page.uri,
                "page_sha256": sha256(page.html.encode()).hexdigest(),
                "content_sha256": content_sha256,
                "written_at_utc": written_at_utc,
                "provenance": page.provenance.to_json(),
            }
            ledger = pa.Table.from_pylist([*entries, entry], schema=contract.schema)
            lakehouse.replace_sessions(contract, ledger, [session_id], context, basis)
        except (CommitConflictError, ImmutableReportError) as error:
            lost = error
            continue
        return PublishedPage(page.uri, page.revision, True, page.provenance, ledger)
    raise CommitConflictError(
        f"{session_id}: other runs published a page during each of {_ATTEMPTS} attempts: run it "
        "again when fewer runs are under way"
    ) from lost


def pages_version(ledger: pa.Table) -> str:
    """What the pages of a ledger say, as Dagster's data version."""
    contents = " ".join(sorted(ledger.column("content_sha256").to_pylist()))
    return sha256(contents.encode()).hexdigest()[:16]


def _read_ledger(
    lakehouse: Lakehouse, contract: TableContract, session_id: str
) -> tuple[Basis, pa.Table]:
    with lakehouse.connect() as connection:
        read = lakehouse.view(connection, contract, "ledger", [session_id])
        ledger = connection.sql("select * from ledger order by revision").to_arrow_table()
    return Basis(read), contract.conform(ledger)


def _next_page(
    store: ReportStore,
    session_id: str,
    entered: int,
    render: Callable[[int], str],
    provenance: ProvenanceRef,
) -> _Kept:
    revision = max([entered, *store.revisions(session_id)]) + 1
    html = render(revision)
    return _Kept(store.write(session_id, revision, html), revision, html, provenance)


def _left_behind(
    store: ReportStore, session_id: str, entered: int, content_sha256: str
) -> _Kept | None:
    """The last page, if no ledger names it, it has this content and tells what it was made of."""
    revision = max([entered, *store.revisions(session_id)])
    if revision == entered:
        return None
    uri = store.uri(session_id, revision)
    html = store.read(uri)
    origin = read_origin(html)
    if origin is None or origin.content_sha256 != content_sha256:
        return None
    return _Kept(uri, revision, html, origin.provenance)
