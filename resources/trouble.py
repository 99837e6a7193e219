"""What those are told who look after the lakehouse: what failed, and what is late."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.faults import Fault

#: Page of whatever is late without a failed run that says why.
LATE_PAGE = "docs/runbooks/late.md"


class Again(StrEnum):
    """What became of the same work later."""

    NOT_TRIED = "not tried"
    WAITS = "waits"
    RUNS = "runs"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class FailedRun:
    """A run that failed.

    Attributes:
        run_id, job: of Dagster.
        session_id: its partition; None where the run is for no session, or for several.
        fault: what stopped it.
        failed_at_utc: when.
        again: what became of the same work later: of the run that made good, else of the newest.
        again_run_id: that run; None where there is none.
    """

    run_id: str
    job: str
    session_id: str | None
    fault: Fault
    failed_at_utc: datetime
    again: Again
    again_run_id: str | None


@dataclass(frozen=True)
class Late:
    """Something that should be there, and is not.

    Attributes:
        thing: an asset (`layer/name`), or `daemon:NAME`, `sensor:NAME`, `schedule:NAME`.
        session_id: None where it is not a matter of one session.
        since_utc: when it should have been there.
        reason: why, where that is known.
        runbook: page that says what to do.
    """

    thing: str
    session_id: str | None
    since_utc: datetime
    reason: str
    runbook: str = LATE_PAGE

    @property
    def late_id(self) -> str:
        """Thing and session."""
        return f"{self.thing} {self.session_id}" if self.session_id else self.thing
