"""Decisions on models as rows of `ops/promotion`: who or what let which model serve, and why.

Added to, never changed: a rollback is a row of its own.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from resources.model_contracts import OPS_PROMOTION
from sports_assets.mlops.promotion import Decision

#: A decision that no policy makes: a person let an earlier champion serve again.
ROLLBACK = "rollback"


@dataclass(frozen=True)
class Decided:
    """A decision and what it was made on.

    Attributes:
        verdict: of a `Decision`, or `ROLLBACK`.
        policy_version: None: no policy was asked.
        provenance: JSON of a `ProvenanceRef`.
    """

    model: str
    version: int
    decided_at_utc: datetime
    verdict: str
    reasons: tuple[str, ...]
    is_provisional: bool
    champion_before: int | None
    approved_by: str
    approval_reason: str
    policy_version: int | None
    registry_run_id: str
    run_id: str
    provenance: str


def decided(
    decision: Decision,
    *,
    model: str,
    version: int,
    decided_at_utc: datetime,
    champion_before: int | None,
    policy_version: int,
    registry_run_id: str,
    run_id: str,
    provenance: str,
) -> Decided:
    """A policy's decision, with what it was made on."""
    return Decided(
        model=model,
        version=version,
        decided_at_utc=decided_at_utc,
        verdict=decision.verdict.value,
        reasons=decision.reasons,
        is_provisional=decision.is_provisional,
        champion_before=champion_before,
        approved_by=decision.approved_by,
        approval_reason=decision.approval_reason,
        policy_version=policy_version,
        registry_run_id=registry_run_id,
        run_id=run_id,
        provenance=provenance,
    )


def ledger_row(one: Decided, club_timezone: str) -> dict[str, object]:
    """One decision as a row of `ops/promotion`; its id is `<model>:<version>:<instant>`.

    Raises:
        ValueError: the instant has no zone.
    """
    if one.decided_at_utc.tzinfo is None:
        raise ValueError(f"{one.decided_at_utc} has no time zone: instants are UTC")
    at = one.decided_at_utc.astimezone(UTC)
    row: dict[str, object] = {
        "decision_id": f"{one.model}:{one.version}:{at:%Y%m%dT%H%M%S.%fZ}",
        "model": one.model,
        "version": one.version,
        "day": at.astimezone(ZoneInfo(club_timezone)).date(),
        "decided_at_utc": at,
        "verdict": one.verdict,
        "reasons": "\n".join(one.reasons),
        "is_provisional": one.is_provisional,
        "champion_before": one.champion_before,
        "approved_by": one.approved_by or None,
        "approval_reason": one.approval_reason or None,
        "policy_version": one.policy_version,
        "registry_run_id": one.registry_run_id,
        "run_id": one.run_id,
        "provenance": one.provenance,
    }
    return {name: row[name] for name in OPS_PROMOTION.schema.names}
