"""Plans and what came of them, as rows and back, and as a picture of all tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import pyarrow as pa

from resources.contracts import OPS_UPKEEP, OPS_UPKEEP_PLAN
from resources.errors import ResourceError
from resources.upkeep import Action, Done, Step, TableKept, UpkeepPolicy


def plan_rows(steps: Iterable[Step], plan_id: str, planned_at_utc: datetime, day: date) -> pa.Table:
    """A plan as rows of `ops/upkeep_plan`."""
    return pa.Table.from_pylist(
        [
            {
                "plan_id": plan_id,
                "planned_at_utc": planned_at_utc,
                "day": day,
                "table_key": step.table,
                "action": step.action.value,
                "subject": step.subject,
                "snapshot_id": step.snapshot_id,
                "size_bytes": step.bytes,
                "reason": step.reason,
            }
            for step in steps
        ],
        schema=OPS_UPKEEP_PLAN.schema,
    )


def read_plan(rows: pa.Table, policy: UpkeepPolicy, now: datetime) -> tuple[str, list[Step]]:
    """A plan's id and its steps; an empty plan has no id.

    Raises:
        ResourceError: it is too old to be applied.
    """
    found = rows.to_pylist()
    if not found:
        return "", []
    made = found[0]["planned_at_utc"]
    if now - made > timedelta(hours=policy.plan_valid_h):
        raise ResourceError(
            f"the plan is of {made:%Y-%m-%d %H:%M} UTC, and {policy.plan_valid_h} h is all that a "
            "plan is good for: materialise ops/upkeep_plan again, read it, then ops/upkeep"
        )
    return found[0]["plan_id"], [
        Step(
            row["table_key"],
            Action(row["action"]),
            row["subject"],
            row["snapshot_id"],
            row["size_bytes"],
            row["reason"],
        )
        for row in found
    ]


def ledger_rows(
    done: Iterable[Done], run_id: str, plan_id: str, applied_at_utc: datetime, day: date
) -> pa.Table:
    """What came of a plan as rows of `ops/upkeep`."""
    return pa.Table.from_pylist(
        [
            {
                "run_id": run_id,
                "plan_id": plan_id,
                "applied_at_utc": applied_at_utc,
                "day": day,
                "table_key": one.step.table,
                "action": one.step.action.value,
                "subject": one.step.subject,
                "outcome": one.outcome,
                "size_bytes": one.bytes,
                "reason": one.reason,
            }
            for one in done
        ],
        schema=OPS_UPKEEP.schema,
    )


def with_earlier(earlier: pa.Table, rows: pa.Table) -> pa.Table:
    """A run's ledger, where its step was tried again: what was done stays done.

    Args:
        earlier: what the same run wrote down before.
    """
    told = {_step(row): row for row in rows.to_pylist()}
    told |= {_step(row): row for row in earlier.to_pylist() if row["outcome"] == "done"}
    return pa.Table.from_pylist(list(told.values()), schema=OPS_UPKEEP.schema)


def _step(row: dict[str, str]) -> tuple[str, str, str]:
    return row["table_key"], row["action"], row["subject"]


def overview(tables: Sequence[TableKept], steps: Sequence[Step]) -> str:
    """How the tables stand and what would be done with each, as a table in Markdown."""
    counts = Counter((step.table, step.action) for step in steps)
    lines = ["| Table | Snapshots | Files | Compact | Expire | Remove |",
             "|---|---:|---:|---:|---:|---:|"]  # fmt: skip
    for one in tables:
        acts = " | ".join(str(counts[one.table, action] or "") for action in Action)
        lines.append(f"| {one.table} | {one.snapshots} | {one.files} | {acts} |")
    lines += [f"\n**{one.table}**: {one.withheld}" for one in tables if one.withheld]
    return "\n".join(lines)
