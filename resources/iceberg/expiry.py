"""Which snapshots may go. A snapshot's age counts from when another took its place.

Its own time says when it began: the only snapshot of a quiet table may be a year old, and have been
read a minute before it was replaced.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot

from resources.upkeep import UpkeepPolicy, days_between


def expirable(
    metadata: TableMetadata, named: Collection[int], policy: UpkeepPolicy, now: datetime
) -> list[tuple[Snapshot, float]]:
    """Snapshots that the policy lets go, oldest first, each with its age in days.

    Heads of branches and tags stay, whoever set them, and so do the newest `keep_last`.

    Args:
        named: ids that a page, an alert or a prediction names.
    """
    snapshots = sorted(metadata.snapshots, key=lambda one: one.sequence_number or 0)
    kept = {ref.snapshot_id for ref in metadata.refs.values()}
    kept |= {one.snapshot_id for one in snapshots[max(0, len(snapshots) - policy.keep_last) :]}
    found = []
    for snapshot, replaced_ms in zip(snapshots, _replaced_ms(snapshots), strict=True):
        if snapshot.snapshot_id in kept or replaced_ms is None:
            continue
        age_d = days_between(replaced_ms, now)
        is_named = snapshot.snapshot_id in named
        if age_d > (policy.keep_named_d if is_named else policy.keep_all_d):
            found.append((snapshot, age_d))
    return found


def expire(table: Table, snapshot_ids: Sequence[int]) -> None:
    """Take snapshots out of a table's metadata; their files stay until orphans are removed.

    Raises:
        CommitFailedException: another writer was first; nothing changed.
    """
    table.maintenance.expire_snapshots().by_ids(list(snapshot_ids)).commit()


def _replaced_ms(snapshots: Sequence[Snapshot]) -> list[int | None]:
    """When each was replaced, ms since 1970: when the next one was made. None for the newest."""
    return [one.timestamp_ms for one in snapshots[1:]] + [None] if snapshots else []
