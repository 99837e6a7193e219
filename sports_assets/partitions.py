"""Sessions as partitions, and the one way an asset learns which sessions it is asked for."""

import dagster as dg

from resources.failed_runs import fault_metadata
from resources.faults import Fault, FaultKind

#: One key a session, e.g. `2019-11-09_football_bayern-dortmund`; it exists once a drop has come.
SESSIONS_NAME = "session"
SESSIONS = dg.DynamicPartitionsDefinition(name=SESSIONS_NAME)

#: Several sessions share one run: starting a process costs more than most sessions' work.
MANY_SESSIONS_A_RUN = dg.BackfillPolicy.single_run()

_REMEDY = (
    "choose one or several sessions: in the UI press Materialize and pick partitions, or wait for "
    "the edge_drops sensor, which does so for each drop"
)


def session_ids(context: dg.AssetExecutionContext) -> list[str]:
    """The sessions that this run is for, by date. Every session asset asks here and nowhere else.

    History is imported in order of date, in whatever order the sessions arrived. Dagster orders
    dynamic partitions by arrival, so a run over a range of them may hold others than meant, or none
    at all.

    Raises:
        Failure: the run names no session; it is not retried.
    """
    if not (context.has_partition_key or context.has_partition_key_range):
        raise _unnamed(f"this run names no session: {_REMEDY}")
    keys = sorted(context.partition_keys)
    if not keys:
        raise _unnamed(f"this run's range of sessions is empty: {_REMEDY}")
    return keys


def _unnamed(reason: str) -> dg.Failure:
    fault = Fault(FaultKind.SETTINGS, reason)
    return dg.Failure(reason, fault_metadata(fault), allow_retries=False)
