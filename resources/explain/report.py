"""Which page is meant: a session, a page's place, or a session's revision, as the ledger has it."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from resources.contracts import REPORT_SESSION
from resources.errors import UnknownReportError
from resources.lakehouse import Lakehouse
from resources.provenance import ProvenanceRef
from resources.report_store import ReportStore

_NAMED = re.compile(r"(?:.*/)?(?P<session>[^/]+)/r(?P<revision>\d+)(?:\.html)?")
_NEAR = 5


@dataclass(frozen=True)
class ReportRevision:
    """A revision of a session's page, as the ledger has it.

    Attributes:
        newest: the session's newest revision.
    """

    session_id: str
    revision: int
    newest: int
    uri: str
    page_sha256: str
    written_at_utc: datetime
    provenance: ProvenanceRef


def find_report(lakehouse: Lakehouse, name: str) -> ReportRevision:
    """The report of a name.

    Args:
        name: a session id (its newest revision), `<session>/r0002`, or a page's path or URI.

    Raises:
        UnknownReportError: there is none; names the ones most like it.
    """
    match = _NAMED.fullmatch(name.strip())
    session, revision = (
        (match["session"], int(match["revision"])) if match else (name.strip(), None)
    )
    with lakehouse.connect() as connection:
        lakehouse.view(connection, REPORT_SESSION, "ledger", [session])
        entries = connection.sql("select * from ledger order by revision").to_arrow_table()
    rows = {row["revision"]: row for row in entries.to_pylist()}
    if not rows:
        known = lakehouse.committed_sessions(REPORT_SESSION)
        near = get_close_matches(session, known, _NEAR, cutoff=0.4) or list(known[-_NEAR:])
        told = f"; the nearest: {', '.join(near)}" if near else ", and none at all was made here"
        raise UnknownReportError(
            f"no report of {session!r} was published: name its session, such as "
            f"2019-11-09_football_bayern-dortmund, or its page{told}"
        )
    if revision is not None and revision not in rows:
        raise UnknownReportError(
            f"{session} has no revision {revision}: it has "
            + ", ".join(f"{session}/r{known:04d}" for known in rows)
        )
    row = rows[max(rows) if revision is None else revision]
    return ReportRevision(
        session_id=session,
        revision=row["revision"],
        newest=max(rows),
        uri=row["uri"],
        page_sha256=row["page_sha256"],
        written_at_utc=row["written_at_utc"],
        provenance=ProvenanceRef.model_validate_json(row["provenance"]),
    )


def read_page(store: ReportStore, report: ReportRevision) -> str:
    """The page of a report, as it was published.

    Raises:
        UnknownReportError: it is gone, or is not what was published.
    """
    try:
        html = store.read(report.uri)
    except FileNotFoundError as error:
        raise UnknownReportError(
            f"{report.uri} is gone, though the ledger has it: restore the page from a backup"
        ) from error
    if hashlib.sha256(html.encode()).hexdigest() != report.page_sha256:
        raise UnknownReportError(
            f"{report.uri} was changed since it was published: restore it from a backup"
        )
    return html
