"""Smoothed movement, one table."""

from collections.abc import Iterator
from functools import partial

import dagster as dg
import pyarrow as pa

from edge_ingest.contract import Violation
from edge_ingest.records import POSITIONS
from edge_ingest.records import SESSIONS as RAW_SESSIONS
from resources.contracts import KINEMATICS
from resources.dagster_resources import LakehouseResource
from resources.errors import NotCommittedError
from resources.lakehouse import Commit, Lakehouse
from resources.provenance import session_drops
from sports_assets.assets import (
    commit_context,
    guarded,
    until_settled,
)
from sports_assets.automation import on_new_code_or_late_input
from sports_assets.checks import contract_check_spec, contract_outcome
from sports_assets.keys import KINEMATICS_KEY, RAW_KEYS, owners, tags
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS
from sports_assets.session_run import SessionRun, SessionsCommitted
from sports_assets.tracking.kinematics import KinematicsSettings, kinematics


@dg.asset(
    key=KINEMATICS_KEY,
    deps=[RAW_KEYS["positions"], RAW_KEYS["sessions"]],
    check_specs=[contract_check_spec(KINEMATICS)],
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
    automation_condition=on_new_code_or_late_input(),
    group_name=KINEMATICS.layer,
    owners=owners(KINEMATICS.layer),
    tags=tags(KINEMATICS.layer, personal="health"),
    kinds={"python", "iceberg"},
    code_version="2",
    description=(
        "Positions with zero-phase smoothed speed and acceleration, gaps kept as gaps; "
        f"{KINEMATICS.grain}. The dbt marts read it."
    ),
)
@guarded
def tracking_kinematics(
    context: dg.AssetExecutionContext, lakehouse: LakehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Smooth each session by the limits of its sport, one after the other."""
    run = SessionRun(context)
    committed: list[SessionsCommitted] = []
    broken: list[Violation] = []
    with lakehouse.open() as store:
        for session in run.session_ids:
            with run.attempt(session):
                write = partial(_write, context, store, session)
                rows, commit = until_settled(write, f"movement of {session}")
                broken += KINEMATICS.violations(rows)
                committed.append(SessionsCommitted([session], commit))
    outcome = contract_outcome(KINEMATICS, broken, sum(one.commit.rows for one in committed))
    yield from run.tell_table(committed, [outcome])
    run.require_all()


def _write(
    context: dg.AssetExecutionContext, store: Lakehouse, session: str
) -> tuple[tuple[pa.Table, Commit], bool]:
    """Smooth a session and commit it; whether the rows that it was made from still stand."""
    rows, read = _smoothed(store, session)
    drop_ids = [drop.drop_id for drop in session_drops(store, [session])]
    commit = store.replace_sessions(KINEMATICS, rows, [session], commit_context(context, drop_ids))
    stands = not commit.is_new or not any(
        store.changed_sessions(key, [session], at) for key, at in read.items()
    )
    return (rows, commit), stands


def _smoothed(store: Lakehouse, session_id: str) -> tuple[pa.Table, dict[str, int | None]]:
    """A session's movement, and the snapshots at which its tables were read, by key."""
    with store.connect() as connection:
        read = {
            POSITIONS.key: store.view(connection, POSITIONS, "positions", [session_id]),
            RAW_SESSIONS.key: store.view(connection, RAW_SESSIONS, "sessions", [session_id]),
        }
        sport = connection.sql("select sport from sessions order by stream_id limit 1").fetchone()
        if sport is None:
            raise NotCommittedError(
                f"{session_id} has no rows in raw/sessions: materialise raw for it first"
            )
        positions = connection.sql("select * from positions").to_arrow_table()
    return kinematics(positions, KinematicsSettings.for_sport(sport[0])), read
