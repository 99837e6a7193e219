"""What kind of fault an error is: whether it passes by itself, and which runbook page says more.

One table for everybody who must decide: an asset whether to try again, the sensor of failed runs
what to write down, a person where to read on. Each kind has a page `docs/runbooks/<kind>.md`.
"""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Kinds of faults, each with its runbook page."""

    COMMIT_CONFLICT = "commit-conflict"
    CATALOGUE_UNAVAILABLE = "catalogue-unavailable"
    OBJECT_STORE_UNAVAILABLE = "object-store-unavailable"
    CREDENTIALS_REFUSED = "credentials-refused"
    DISK_FULL = "disk-full"
    PROCESS_DIED = "process-died"
    BAD_DROP = "bad-drop"
    FAILED_TEST = "failed-test"
    NOT_COMMITTED = "not-committed"
    SETTINGS = "settings"
    CODE = "code"


#: These pass by themselves: trying again is safe, and likely to help.
TRANSIENT = frozenset(
    {
        FaultKind.COMMIT_CONFLICT,
        FaultKind.CATALOGUE_UNAVAILABLE,
        FaultKind.OBJECT_STORE_UNAVAILABLE,
        FaultKind.PROCESS_DIED,
    }
)


@dataclass(frozen=True)
class Fault:
    """What an error is.

    Attributes:
        kind: see `FaultKind`.
        reason: one line, without an athlete's values and without secrets.
    """

    kind: FaultKind
    reason: str

    @property
    def is_transient(self) -> bool:
        """Whether trying again is likely to help."""
        return self.kind in TRANSIENT

    @property
    def runbook(self) -> str:
        """The page that says what to do."""
        return f"docs/runbooks/{self.kind.value}.md"
