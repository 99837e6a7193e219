"""Failed runs as rows: what stopped each, what to read, and whether its work was done since."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pyarrow as pa

from resources.contracts import OPS_FAILED_RUN
from resources.lakehouse import Slice
from resources.trouble import Again, FailedRun

#: The whole table: the list is made anew each time, and what is too old for it leaves it.
EVERY_DAY = Slice("day", date.min, date.max, {})


def failed_rows(runs: Sequence[FailedRun], club_timezone: str) -> pa.Table:
    """One row a failed run, of the contract ops/failed_run."""
    zone = ZoneInfo(club_timezone)
    rows = [
        {
            "run_id": run.run_id,
            "job": run.job,
            "session_id": run.session_id,
            "day": run.failed_at_utc.astimezone(zone).date(),
            "failed_at_utc": run.failed_at_utc,
            "fault": run.fault.kind.value,
            "reason": run.fault.reason,
            "runbook": run.fault.runbook,
            "again": run.again.value,
            "again_run_id": run.again_run_id,
        }
        for run in runs
    ]
    return OPS_FAILED_RUN.conform(pa.Table.from_pylist(rows, schema=OPS_FAILED_RUN.schema))


def open_failures(runs: Sequence[FailedRun]) -> list[FailedRun]:
    """Those that wait for a person: nobody did their work since, and nobody is at it."""
    return [run for run in runs if run.again in {Again.NOT_TRIED, Again.FAILED}]


def overview(runs: Sequence[FailedRun]) -> str:
    """What waits for a person as Markdown, the newest first; for the UI."""
    waiting = open_failures(runs)
    if not waiting:
        return "Nothing waits for a person: whatever failed was done since."
    rows = [
        f"| {run.failed_at_utc:%Y-%m-%d %H:%M} | {run.job} | {run.session_id or ''} | "
        f"{run.fault.kind} | {run.fault.reason.replace('|', '/')} | {run.fault.runbook} |"
        for run in waiting
    ]
    head = (
        "| Failed (UTC) | Job | Session | Fault | Why | What to do |\n|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows)
