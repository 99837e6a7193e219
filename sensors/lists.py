"""A list that failed to be made: whether to ask for it again."""

from datetime import datetime

import dagster as dg


def hour_to_ask_again(
    instance: dg.DagsterInstance, job: str, now: datetime, asked_in: str | None
) -> str | None:
    """The hour that it is, where the newest run of a list's job failed and no run was asked for
    in this hour for that reason; None otherwise.

    The list would stay as it was until something else changes. Once an hour at most: a list that
    cannot be made must not ask for itself again and again.

    Args:
        job: makes the list.
        asked_in: what this gave when a run was asked for that reason last.
    """
    hour = f"{now:%Y-%m-%dT%H}"
    if hour == asked_in:
        return None
    newest = instance.get_runs(dg.RunsFilter(job_name=job), limit=1)
    has_failed = any(run.status == dg.DagsterRunStatus.FAILURE for run in newest)
    return hour if has_failed else None
