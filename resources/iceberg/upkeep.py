"""Keeping tables small: compaction, expiry and orphans, planned first and applied second.

    upkeep = lakehouse.upkeep()
    plan = upkeep.plan(keys, named, now)
    done = list(upkeep.apply(plan.steps, named, now))

Applying judges every step again on the table as it is then: what is done is at most what the plan
says, a partition being the unit of a compaction. What expiry lets go of becomes an orphan, and goes
with a later plan. A table that cannot be looked at costs itself.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyiceberg.table import Table

from resources.faults import FaultKind, fault_of
from resources.iceberg.catalog import TableCatalog, back_off
from resources.iceberg.compaction import compact, small_file_groups
from resources.iceberg.expiry import expirable, expire
from resources.iceberg.filters import EVERYTHING
from resources.iceberg.orphans import listed_files, strangers, unnamed_files
from resources.iceberg.reading import plan_files
from resources.iceberg.stored_files import StoredFile, check_inside, delete_files
from resources.upkeep import (
    RESTORED_MS,
    Action,
    Done,
    Named,
    Step,
    TableKept,
    UpkeepPolicy,
    days_between,
)

_ATTEMPTS = 5
_NOBODY: frozenset[int] = frozenset()
_NOT_THERE = "the table is not there any more"


@dataclass(frozen=True)
class UpkeepPlan:
    """What is to be done, and how each table stands."""

    steps: tuple[Step, ...]
    tables: tuple[TableKept, ...]


class IcebergUpkeep:
    """Upkeep of the tables of one catalogue; made by `IcebergLakehouse.upkeep`."""

    def __init__(
        self,
        tables: TableCatalog,
        warehouse_uri: str,
        s3: Mapping[str, str],
        policy: UpkeepPolicy,
    ) -> None:
        self._tables = tables
        self._warehouse_uri = warehouse_uri
        self._s3 = s3
        self._policy = policy

    def plan(self, keys: Collection[str], named: Named, now: datetime) -> UpkeepPlan:
        """What is to be done with these tables; changes nothing.

        Args:
            keys: tables to look at; one that was never made is passed over.
            named: by key, snapshots that a page, an alert or a prediction names.

        Raises:
            Exception: a fault that passes, as `resources.faults` tells: try again.
        """
        steps: list[Step] = []
        kept: list[TableKept] = []
        for key in sorted(keys):
            try:
                found = self._listed(key)
                if found is not None:
                    step, how = self._plan_table(key, *found, named.get(key, _NOBODY), now)
                    steps += step
                    kept.append(how)
            except Exception as error:  # noqa: BLE001 - the boundary of one table; told in the plan
                kept.append(TableKept(key, 0, 0, _told(error)))
        return UpkeepPlan(tuple(steps), tuple(kept))

    def _plan_table(
        self,
        key: str,
        table: Table,
        listed: Mapping[str, StoredFile],
        named: Collection[int],
        now: datetime,
    ) -> tuple[list[Step], TableKept]:
        current = table.current_snapshot()
        at = None if current is None else current.snapshot_id
        data = [] if current is None else plan_files(table, EVERYTHING)
        steps = []
        for partition, group in small_file_groups(table, data, self._policy).items():
            size = sum(file.file_size_in_bytes for file in group)
            why = f"{len(group)} files of {size / len(group) / 1e6:.3f} MB on average"
            steps.append(Step(key, Action.COMPACT, partition, at, size, why))
        for snapshot, age_d in expirable(table.metadata, named, self._policy, now):
            why = f"replaced {age_d:.1f} days ago"
            steps.append(Step(key, Action.EXPIRE, str(snapshot.snapshot_id), at, 0, why))
        withheld = self._withheld(table, listed, now)
        for file in unnamed_files(table, listed, self._policy, now) if not withheld else []:
            age_d = days_between(file.modified_ms, now)
            why = f"no snapshot names it, written {age_d:.1f} days ago"
            steps.append(Step(key, Action.REMOVE, file.path, at, file.bytes, why))
        return steps, TableKept(key, len(table.metadata.snapshots), len(data), withheld)

    def apply(self, steps: Sequence[Step], named: Named, now: datetime) -> Iterator[Done]:
        """Do what a plan says, as far as it is still right; one table's fault costs that table.

        Args:
            named: as in `plan`, read again: a page may have been written since.

        Yields:
            What came of each step.
        """
        by_table: dict[tuple[str, Action], list[Step]] = defaultdict(list)
        for step in steps:
            by_table[step.table, step.action].append(step)
        order = list(Action)
        for (key, action), group in sorted(
            by_table.items(), key=lambda item: (item[0][0], order.index(item[0][1]))
        ):
            if action is Action.COMPACT:
                for step in group:
                    yield from self._compact(key, step)
            elif action is Action.EXPIRE:
                yield from self._expire(key, group, named.get(key, _NOBODY), now)
            else:
                yield from self._remove(key, group, now)

    def _listed(self, key: str) -> tuple[Table, dict[str, StoredFile]] | None:
        """A table's files, then the table as it is after they were listed."""
        before = self._tables.find(key)
        if before is None:
            return None
        check_inside(before.location(), self._warehouse_uri)
        listed = listed_files(before, self._s3)
        table = self._tables.find(key)
        return None if table is None else (table, listed)

    def _compact(self, key: str, step: Step) -> list[Done]:
        def act(table: Table) -> list[Done]:
            data = plan_files(table, EVERYTHING) if table.current_snapshot() else []
            group = small_file_groups(table, data, self._policy).get(step.subject)
            if group is None:
                return [Done(step, "passed_over", "its files are no longer many and small", 0)]
            written = compact(table, group, {"touchline.partition": step.subject})
            return [Done(step, "done", f"{len(group)} files became one", written)]

        return self._attempt(key, [step], act)

    def _expire(
        self, key: str, steps: Sequence[Step], named: Collection[int], now: datetime
    ) -> list[Done]:
        def act(table: Table) -> list[Done]:
            found = expirable(table.metadata, named, self._policy, now)
            still = {str(snapshot.snapshot_id) for snapshot, _ in found}
            if chosen := [int(step.subject) for step in steps if step.subject in still]:
                expire(table, chosen)
            return [
                Done(step, "done", step.reason, 0)
                if step.subject in still
                else Done(step, "passed_over", "it is gone already, or named now", 0)
                for step in steps
            ]

        return self._attempt(key, steps, act)

    def _remove(self, key: str, steps: Sequence[Step], now: datetime) -> list[Done]:
        try:
            found = self._listed(key)
            if found is None:
                return [Done(step, "passed_over", _NOT_THERE, 0) for step in steps]
            table, listed = found
            if withheld := self._withheld(table, listed, now):
                return [Done(step, "passed_over", withheld, 0) for step in steps]
            still = {file.path for file in unnamed_files(table, listed, self._policy, now)}
        except Exception as error:  # noqa: BLE001 - the same; told in the ledger
            return [Done(step, "failed", _told(error), 0) for step in steps]
        paths = [step.subject for step in steps if step.subject in still]
        refused = delete_files(paths, self._s3)
        return [_removed(step, step.subject in still, refused.get(step.subject)) for step in steps]

    def _withheld(self, table: Table, listed: Mapping[str, StoredFile], now: datetime) -> str:
        """Why no file of a table is removed, whatever names it; empty where there is no reason."""
        if found := strangers(table, listed):
            return (
                f"{len(found)} files such as {found[0]} are metadata of another table at the same "
                "place, with rows: a catalogue was lost and begun anew. Restore the old one, or "
                "move its files away; until then nothing is removed here"
            )
        restored_ms = int(table.properties.get(RESTORED_MS, 0))
        if days_between(restored_ms, now) <= self._policy.keep_all_d:
            return (
                "it was restored from a backup: files of what came after that one stay for "
                f"{self._policy.keep_all_d} days, as younger backups need them"
            )
        return ""

    def _attempt(
        self, key: str, steps: Sequence[Step], act: Callable[[Table], list[Done]]
    ) -> list[Done]:
        """Act on a fresh read of the table, again where a fault passes, a bounded number of times.

        Raises:
            Exception: a fault that passes and did not, unless other writers were first: that is a
                matter of this table, and for another night.
        """
        for number in range(1, _ATTEMPTS + 1):
            try:
                table = self._tables.find(key)
                if table is None:
                    return [Done(step, "passed_over", _NOT_THERE, 0) for step in steps]
                return act(table)
            except Exception as error:  # noqa: BLE001 - the same; told in the ledger
                fault = fault_of(error)
                if fault.is_transient and number < _ATTEMPTS:
                    back_off(number, longest_s=2.0)
                    continue
                if fault.kind is not FaultKind.COMMIT_CONFLICT:
                    return [Done(step, "failed", _told(error), 0) for step in steps]
        why = f"{_ATTEMPTS} times another writer was first"
        return [Done(step, "failed", why, 0) for step in steps]


def _removed(step: Step, is_still_right: bool, refused: str | None) -> Done:
    if not is_still_right:
        return Done(step, "passed_over", "it is gone, young or named now", 0)
    if refused is not None:
        return Done(step, "failed", f"it could not be removed: {refused}", 0)
    return Done(step, "done", step.reason, step.bytes)


def _told(error: Exception) -> str:
    """What is wrong with one table, in a line; a fault that passes is no matter of the table.

    Raises:
        Exception: the same, where it passes.
    """
    fault = fault_of(error)
    if fault.is_transient:
        raise error
    return f"{fault.reason}; see {fault.runbook}"
