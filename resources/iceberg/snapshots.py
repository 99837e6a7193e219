"""What a table was: its snapshots, and which of them changed a session."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, ancestors_of

from resources.lakehouse import Snapshot


def snapshots_of(table: Table) -> tuple[Snapshot, ...]:
    """Snapshots that led to the current one and are not expired, oldest first."""
    line = list(ancestors_of(table.current_snapshot(), table.metadata))
    return tuple(
        Snapshot(
            one.snapshot_id,
            datetime.fromtimestamp(one.timestamp_ms / 1000, UTC),
            one.summary.operation.value if one.summary else "",
            dict(one.summary.additional_properties) if one.summary else {},
        )
        for one in reversed(line)
    )


def changed_session(table: Table, snapshot: Snapshot, session_id: str) -> bool:
    """Whether a snapshot put other rows in place of a session's, or its first ones."""
    if snapshot.operation == Operation.REPLACE.value:
        return False
    named = snapshot.properties.get("touchline.sessions", "").split(",")
    if session_id in named:
        return True
    # The list is cut, as a table's metadata holds those of all snapshots.
    if int(snapshot.properties.get("touchline.session-count", 0)) <= len(named):
        return False
    return session_id in _sessions_written(table, snapshot.snapshot_id)


def changed_since(table: Table, since: int | None, session_ids: Sequence[str]) -> tuple[str, ...]:
    """Which of these sessions a commit changed since a snapshot; all where that was expired."""
    current = table.current_snapshot()
    if (None if current is None else current.snapshot_id) == since:
        return ()
    later: list[Snapshot] = []
    for one in reversed(snapshots_of(table)):
        if one.snapshot_id == since:
            break
        later.append(one)
    else:
        first = table.snapshot_by_id(later[-1].snapshot_id) if later else None
        if since is not None or (first is not None and first.parent_snapshot_id is not None):
            return tuple(session_ids)
    return tuple(
        session_id
        for session_id in session_ids
        if any(changed_session(table, one, session_id) for one in later)
    )


def _sessions_written(table: Table, snapshot_id: int) -> set[str]:
    found = table.snapshot_by_id(snapshot_id)
    if found is None:
        return set()
    return {
        str(entry.data_file.partition[0])
        for manifest in found.manifests(table.io)
        if manifest.added_snapshot_id == snapshot_id
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)
        if entry.snapshot_id == snapshot_id and entry.status != ManifestEntryStatus.EXISTING
    }
