"""What failed, as Dagster tells it: which kind of fault, and whether it was tried again.

A step that fails says of itself what stopped it (`fault_metadata`); a run that fails without such a
step lost its process, or could not even begin. Nothing here quotes an error's text that we did not
write ourselves: it might name an athlete's values.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from resources.faults import Fault, FaultKind
from resources.trouble import Again, FailedRun

#: Of a run: its partition. Dagster exports no name for it.
PARTITION_TAG = "dagster/partition"
#: Of a run, and in the metadata of a failed step: kind of the fault, why, and what to read.
FAULT_TAG = "touchline/fault"
REASON = "touchline/reason"
RUNBOOK_TAG = "touchline/runbook"

#: A failed run is listed for so long,
KEPT = timedelta(days=30)
#: and no more than these, the newest.
LISTED_AT_MOST = 200
#: Later runs that are looked at, to find those that made good.
_LATER_AT_MOST = 2000
_FAILURE_REASON_TAG = "dagster/failure_reason"
#: Dagster's names for a run that never got as far as its steps, through what it was asked for.
_NEVER_BEGAN = {"RUN_EXCEPTION", "JOB_INITIALIZATION_FAILURE"}
#: Dagster's errors where the code server was not there, or too busy, to start a run.
_NOT_STARTED_BY = {"DagsterUserCodeUnreachableError", "DagsterLaunchFailedError"}
_REASON_CHARACTERS = 500


def fault_metadata(fault: Fault) -> dict[str, str]:
    """What a failed step says of itself, for a person and for `fault_of_run`."""
    return {FAULT_TAG: fault.kind.value, REASON: fault.reason, RUNBOOK_TAG: fault.runbook}


def failed_records(instance: dg.DagsterInstance, now: datetime) -> list[dg.RunRecord]:
    """Runs that failed, the newest first: of the last `KEPT`, `LISTED_AT_MOST` of them."""
    return list(
        instance.get_run_records(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], created_after=now - KEPT),
            limit=LISTED_AT_MOST,
        )
    )


def failed_runs(instance: dg.DagsterInstance, now: datetime) -> list[FailedRun]:
    """Every failed run that is still listed, the newest first; see `failed_records`."""
    records = failed_records(instance, now)
    later = outcomes(instance, records)
    return [
        FailedRun(
            run_id=record.dagster_run.run_id,
            job=record.dagster_run.job_name,
            session_id=record.dagster_run.tags.get(PARTITION_TAG),
            fault=fault_of_run(instance, record.dagster_run),
            failed_at_utc=_ended(record),
            again=later[record.dagster_run.run_id][0],
            again_run_id=later[record.dagster_run.run_id][1],
        )
        for record in records
    ]


def fault_of_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Fault:
    """What stopped a failed run: what its first failed step says, else that its process died."""
    failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    for event in (entry.dagster_event for entry in failures):
        if event is not None:
            return _fault_of_step(event)
    if run.tags.get(_FAILURE_REASON_TAG) in _NEVER_BEGAN:
        return Fault(FaultKind.CODE, "the run ended before its first step; its log says more")
    stopped_by = _error_before_steps(instance, run.run_id)
    if stopped_by in _NOT_STARTED_BY:
        return Fault(FaultKind.PROCESS_DIED, "the code server did not answer in time to start it")
    if stopped_by is not None:
        return Fault(FaultKind.CODE, "the definitions could not be loaded; the run's log says more")
    return Fault(FaultKind.PROCESS_DIED, "its process died, or was ended, in the middle of a step")


def outcomes(
    instance: dg.DagsterInstance, failed: Sequence[dg.RunRecord]
) -> Mapping[str, tuple[Again, str | None]]:
    """What became of the work of failed runs later, by run id, with the run that tells.

    Later work is the same where a run is a re-execution, or of the same job for the same session
    and assets: a drop that was sent again asks for a run of its own.
    """
    if not failed:
        return {}
    since = min(record.create_timestamp for record in failed)
    later = instance.get_run_records(dg.RunsFilter(created_after=since), limit=_LATER_AT_MOST)
    by_work: dict[object, list[dg.RunRecord]] = {}
    for record in later:
        by_work.setdefault(_work(record.dagster_run), []).append(record)
    return {
        record.dagster_run.run_id: _outcome(
            one.dagster_run
            for one in by_work.get(_work(record.dagster_run), [])
            if one.storage_id > record.storage_id
        )
        for record in failed
    }


def _work(run: dg.DagsterRun) -> object:
    assets = frozenset(run.asset_selection or ())
    return run.job_name, run.tags.get(PARTITION_TAG), assets


def _outcome(newest_first: Iterable[dg.DagsterRun]) -> tuple[Again, str | None]:
    runs = list(newest_first)
    chosen = next((run for run in runs if run.is_success), runs[0] if runs else None)
    if chosen is None:
        return Again.NOT_TRIED, None
    if chosen.is_success:
        return Again.SUCCEEDED, chosen.run_id
    if chosen.is_finished:
        return Again.FAILED, chosen.run_id
    is_at_work = chosen.status in {dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING}
    return (Again.RUNS if is_at_work else Again.WAITS), chosen.run_id


def _fault_of_step(event: dg.DagsterEvent) -> Fault:
    told = event.step_failure_data.user_failure_data
    metadata = told.metadata if told else {}
    if FAULT_TAG in metadata and REASON in metadata:
        reason = " ".join(str(metadata[REASON].value).split())
        return Fault(_kind(str(metadata[FAULT_TAG].value)), reason[:_REASON_CHARACTERS])
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:  # Dagster wraps what a step raises
        error = error.cause
    name = (error.cls_name if error else None) or "an error"
    return Fault(FaultKind.CODE, f"{event.step_key} failed with {name}; the run's log says more")


def _kind(told: str) -> FaultKind:
    try:
        return FaultKind(told)
    except ValueError:  # by another version of this code, which knows more kinds, or others
        return FaultKind.CODE


def _error_before_steps(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """Class of the first error that Dagster met itself with a run; None where it met none."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        if event is not None and event.engine_event_data.error is not None:
            return event.engine_event_data.error.cls_name
    return None


def _ended(record: dg.RunRecord) -> datetime:
    if record.end_time is None:
        return record.update_timestamp.astimezone(UTC)
    return datetime.fromtimestamp(record.end_time, UTC)
