"""A run fails: say in the UI what stopped it and what to read, and list it.

A plain sensor and not Dagster's run-failure one: that one asks for a run a failure, and does not
see that a failed run made good, which the list tells as well.
"""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from resources.failed_runs import (
    FAULT_TAG,
    RUNBOOK_TAG,
    failed_records,
    fault_of_run,
    outcomes,
)
from sensors.cursor import digest
from sensors.lists import hour_to_ask_again
from sports_assets.keys import FAILED_RUN_KEY, LANE_TAG

#: Runs told in one tick; the rest waits for the next.
TOLD_A_TICK = 25
#: What becomes of a run is watched for so long; later it is told when something else is.
WATCHED = timedelta(days=1)

failed_run_list = dg.define_asset_job(
    "failed_runs",
    selection=dg.AssetSelection.assets(FAILED_RUN_KEY),
    tags={LANE_TAG: "failed_runs"},
    description="The list of runs that failed.",
)


@dg.sensor(
    name="failed_runs",
    job=failed_run_list,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Each run that fails: what stopped it as tags, and the list of failed runs anew.",
)
def failed_runs_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Look for runs that failed, or made good, since the last tick.

    Runs that list the failed runs are told like any other, and are not listed: a list that cannot
    be made would ask for itself for ever. It is asked for again once an hour.
    """
    now = datetime.now(UTC)
    before = json.loads(context.cursor) if context.cursor else {"listed": digest([]), "told": []}
    records = failed_records(context.instance, now)
    told = _tell(context.instance, records, set(before["told"]))
    others = [one for one in records if one.dagster_run.job_name != failed_run_list.name]
    recent = [one for one in others if one.create_timestamp > now - WATCHED]
    later = outcomes(context.instance, recent)
    marks = [one.dagster_run.run_id for one in others]
    marks += [f"{run_id} {again} {by}" for run_id, (again, by) in later.items()]
    if others:
        marks.append(f"{now:%Y-%m-%d}")  # whatever has grown too old leaves the list
    listed = digest(sorted(marks))
    again = hour_to_ask_again(context.instance, failed_run_list.name, now, before.get("again"))
    cursor = json.dumps({"listed": listed, "told": told, "again": again or before.get("again")})
    if listed == before["listed"] and again is None:
        reason = "no run has failed, or made good, since the list was made"
        return dg.SensorResult(skip_reason=reason, cursor=cursor)
    # Dagster runs one key once, and a list can be as it was before: the key says of both.
    run_key = f"failed_runs:{before['listed']}:{listed}" + (f":{again}" if again else "")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=run_key)], cursor=cursor)


def _tell(
    instance: dg.DagsterInstance, failed: Sequence[dg.RunRecord], told: Collection[str]
) -> list[str]:
    """Tag failed runs with what stopped them; gives those that bear their tags now.

    That a run bears such tags does not tell it: launched again, it inherits them.
    """
    run_ids = [record.dagster_run.run_id for record in failed]
    untold = [record.dagster_run for record in failed if record.dagster_run.run_id not in told]
    for run in untold[:TOLD_A_TICK]:
        fault = fault_of_run(instance, run)
        instance.add_run_tags(run.run_id, {FAULT_TAG: fault.kind.value, RUNBOOK_TAG: fault.runbook})
    waiting = {run.run_id for run in untold[TOLD_A_TICK:]}
    return [run_id for run_id in run_ids if run_id not in waiting]
