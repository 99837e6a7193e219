"""Upkeep of the lakehouse, as data: the policy, what is to be done, and what came of it.

Whatever destroys is planned first and applied second; see `resources.iceberg.upkeep`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: Of a snapshot that changed no row: whoever reads changes one after the other passes over it.
OPERATION = "touchline.operation"
COMPACTION = "compaction"
#: Of a table: when it was restored from a backup, ms since 1970.
RESTORED_MS = "touchline.restored-ms"


#: What can come of a step. `passed_over`: the table moved on, and it is no longer right. `failed`:
#: with the reason; it is planned again the next time.
OUTCOMES = ("done", "passed_over", "failed")


class Action(StrEnum):
    """What upkeep does to a table, in this order."""

    COMPACT = "compact"
    EXPIRE = "expire"
    REMOVE = "remove"


@dataclass(frozen=True)
class UpkeepPolicy:
    """What is kept, and for how long.

    Attributes:
        keep_all_d: days for which every snapshot stays once another took its place. Readers that
            are under way, backups and a look back stand on these.
        keep_named_d: days for which a snapshot stays that a page, an alert or a prediction names:
            a page can be built again for a season.
        keep_last: newest snapshots that stay whatever their age.
        orphan_grace_d: days for which a file stays that nothing names; longer than any commit.
        small_file_bytes: a data file below this is worth putting together with others, B.
        compact_from: small files of one partition from which on they are put together.
        compact_bytes: data files are put together up to this size, B; bounds the memory as well.
        plan_valid_h: hours for which a plan may be applied.
        keep_ledger_d: days for which the ledger tells what was done.
    """

    keep_all_d: int = 7
    keep_named_d: int = 400
    keep_last: int = 20
    orphan_grace_d: int = 3
    small_file_bytes: int = 16 * 1024**2
    compact_from: int = 8
    compact_bytes: int = 64 * 1024**2
    plan_valid_h: int = 24
    keep_ledger_d: int = 400


#: What the schedule goes by. Backups are promised for `keep_all_d`.
POLICY = UpkeepPolicy()


@dataclass(frozen=True)
class Step:
    """One thing to be done, or that was found and must not be.

    Attributes:
        table: key of the table.
        action: what to do.
        subject: a snapshot's id, a partition (`session_id=…`, empty for a table without), a file.
        snapshot_id: the table's snapshot when this was planned; None where it has none.
        bytes: of the files concerned; for a snapshot 0: its files go once nothing names them.
        reason: why, with the number that decided.
    """

    table: str
    action: Action
    subject: str
    snapshot_id: int | None
    bytes: int
    reason: str


@dataclass(frozen=True)
class Done:
    """What came of a step.

    Attributes:
        outcome: one of `OUTCOMES`.
        bytes: freed, or written anew by a compaction.
    """

    step: Step
    outcome: str
    reason: str
    bytes: int


@dataclass(frozen=True)
class TableKept:
    """How a table stands, beside what is to be done.

    Attributes:
        files: data files of the current snapshot.
        withheld: why files that nothing names are left alone, or why the table cannot be looked at;
            empty where neither is so.
    """

    table: str
    snapshots: int
    files: int
    withheld: str = ""


#: By table key, ids of snapshots that a page, an alert or a prediction names.
Named = Mapping[str, frozenset[int]]


def days_between(earlier_ms: int, now: datetime) -> float:
    """Days from an instant in ms since 1970 to now."""
    return (now.timestamp() * 1000 - earlier_ms) / 86_400_000
