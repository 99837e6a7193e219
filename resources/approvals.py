"""Approvals: a person's word on a version of a model, sent as a drop and read back from raw.

An approval is data like any other: signed, kept, and found again by who reads why a model serves.
Each is a stream of its own, so that none replaces another; of several on one version the last
counts.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from edge_ingest.recording import DayRecords
from edge_ingest.records import APPROVALS
from resources.contracts import ALL
from resources.errors import ApprovalError

Verdict = Literal["approved", "refused"]
READER, VERSION = "approval", "1"
#: Models that an approval can be of: each has a table of its predictions.
MODELS = tuple(contract.name for contract in ALL if contract.layer == "prediction")


@dataclass(frozen=True)
class Approval:
    """A person's word on a version of a model.

    Attributes:
        model_name: one of `MODELS`.
        model_version: in the registry, from 1.
        verdict: whether it may serve.
        approved_by: who says so.
        reason: why.
        approved_at_utc: when.
    """

    model_name: str
    model_version: int
    verdict: Verdict
    approved_by: str
    reason: str
    approved_at_utc: datetime

    @property
    def approval_id(self) -> str:
        """Names this word: sixteen hexadecimal digits."""
        told = "\n".join(str(value) for value in asdict(self).values())
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def approval_records(
    approval: Approval, club_timezone: str, source: str = "operator"
) -> DayRecords:
    """An approval as what `landing_sending.send_days` sends.

    Args:
        club_timezone: IANA name; the approval's day is the club's.
        source: through what it was given.

    Raises:
        ApprovalError: there is no such model, or name or reason is blank.
    """
    if approval.model_name not in MODELS:
        raise ApprovalError(f"{approval.model_name!r} is no model: name one of {', '.join(MODELS)}")
    for what, text in (("name", approval.approved_by), ("reason", approval.reason)):
        if not text.strip():
            raise ApprovalError(f"an approval without a {what} is none: say it in words")
    day = approval.approved_at_utc.astimezone(ZoneInfo(club_timezone)).date()
    row = asdict(approval) | {
        "source": source,
        "source_approval_id": approval.approval_id,
        "day": day,
        "approved_by": approval.approved_by.strip(),
        "reason": approval.reason.strip(),
        "approved_at_utc": approval.approved_at_utc.astimezone(UTC),
    }
    return DayRecords(
        source=source,
        # A stream for each: two of one day must not replace each other.
        device_id=f"{source}-{approval.approval_id}",
        kind="approval",
        reader=READER,
        reader_version=VERSION,
        first_day=day,
        last_day=day,
        tables={APPROVALS.name: pa.Table.from_pylist([row], schema=APPROVALS.schema)},
    )
