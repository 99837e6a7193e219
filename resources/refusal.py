"""Why a drop was not loaded, as the `refused.json` beside its manifest says it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from edge_ingest.manifest import REFUSAL_NAME


@dataclass(frozen=True)
class Refusal:
    """One refusal.

    Attributes:
        rule: short name of the rule that the drop breaks.
        reason: what is wrong and what to do, for the person at the device; no athlete's values.
    """

    rule: str
    reason: str
    refused_at_utc: datetime

    def to_json(self) -> str:
        """The refusal as it stands on disk."""
        told = {
            "rule": self.rule,
            "reason": self.reason,
            "refused_at_utc": self.refused_at_utc.astimezone(UTC).isoformat(),
        }
        return json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_refusal(payload: bytes, otherwise_at_utc: datetime) -> Refusal:
    """Read a refusal; a person may have written the file, or just touched it.

    Args:
        otherwise_at_utc: when, for a file that does not say it.
    """
    try:
        told = json.loads(payload)
        at = datetime.fromisoformat(told["refused_at_utc"]).astimezone(UTC)
        return Refusal(str(told["rule"]), str(told["reason"]), at)
    except (KeyError, TypeError, ValueError):
        reason = f"a {REFUSAL_NAME} that gives no reason stands beside its manifest"
        return Refusal("by_hand", reason, otherwise_at_utc)
