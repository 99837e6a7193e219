"""Tables of days, which several sessions share: publish, then look whether they are still true.

Two runs of one day may go on at the same time. Each publishes its own session's tables and then
builds the whole day; the one that reads first and writes last would put back a day that lacks the
other's session. So whoever wrote looks again, until what it reads and what it wrote agree.
"""

from collections.abc import Callable, Sequence
from typing import Any

from resources.dbt.build import ATHLETE_DAY_TAG, dbt_build
from resources.dbt.outcome import BuildResult
from resources.dbt.project import DbtProject
from resources.errors import CommitConflictError
from resources.lakehouse import CommitContext, Lakehouse

_ATTEMPTS = 5


def build_athlete_days(
    lakehouse: Lakehouse,
    session_ids: Sequence[str],
    *,
    project: DbtProject,
    context: CommitContext,
    callbacks: Sequence[Callable[[Any], None]] = (),
) -> BuildResult:
    """Build and publish tables of days over the local days of these sessions.

    Reads the committed rows of every session on those days, whoever published them.

    Raises:
        NotCommittedError: a table of sessions that is read was never committed.
        CommitConflictError: other runs kept changing what was read. Transient: try again.
    """
    for _ in range(_ATTEMPTS):
        with dbt_build(
            lakehouse, session_ids, project=project, context=context, callbacks=callbacks
        ) as build:
            result = build.run(sorted(build.graph.tagged(ATHLETE_DAY_TAG)))
        has_written = any(commit.is_new for commit in result.published.values())
        if not has_written or _is_current(result, lakehouse):
            return result
    raise CommitConflictError(
        f"the tables under {', '.join(result.published)} changed during each of {_ATTEMPTS} builds "
        f"over the days of {', '.join(session_ids)}: run it again when fewer runs are under way"
    )


def _is_current(result: BuildResult, lakehouse: Lakehouse) -> bool:
    return not any(lakehouse.has_changed(key, read) for key, read in result.snapshots.items())
