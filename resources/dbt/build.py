"""Build, audit, then publish: one dbt invocation over the rows of some sessions.

    with dbt_build(lakehouse, session_ids, project=project, context=context) as build:
        result = build.run(["core/session", "core/athlete"])

dbt finds the active build through `resources.dbt.plugin`, the plugin that `profiles.yml` names.
Models are built in memory; what passed its blocking tests is then committed to the lakehouse, and
nothing else is.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import duckdb
import pyarrow as pa

from edge_ingest.records import SESSIONS
from resources.dbt.active_build import activated
from resources.dbt.graph import DbtGraph
from resources.dbt.invocation import close_database, invoke_dbt
from resources.dbt.outcome import BuildResult
from resources.dbt.project import DbtProject
from resources.dbt.publishing import Publisher
from resources.dbt.relations import Relations, local_day
from resources.errors import DbtError, NotCommittedError, ResourceError
from resources.lakehouse import Commit, CommitContext, Lakehouse

#: Tables of days: built after the tables of sessions that they read are published.
ATHLETE_DAY_TAG = "athlete_day"
_SESSION = "core/session"
#: Just what is named: unit tests test SQL on made-up rows, and belong to the development of it.
_BUILD = ("build", "--indirect-selection", "empty", "--exclude-resource-type", "unit_test")


class DbtBuild:
    """One build; made by `dbt_build`.

    Attributes:
        graph: the project's tables, and who reads them.
        connection: reads the in-memory database of the last run, until the next one or the end of
            the build; None before the first.
    """

    def __init__(
        self,
        lakehouse: Lakehouse,
        session_ids: Sequence[str],
        *,
        project: DbtProject,
        context: CommitContext,
        crosswalk: pa.Table | None = None,
        callbacks: Sequence[Callable[[Any], None]] = (),
    ) -> None:
        if not session_ids:
            raise ResourceError(
                "a dbt build of no session: name the sessions of this run (a backfill names its "
                "partition keys; a range of dynamic partitions can be empty)"
            )
        self._lakehouse = lakehouse
        self._session_ids = tuple(sorted(set(session_ids)))
        self._project = project
        self._context = context
        self._crosswalk = crosswalk
        self._callbacks = callbacks
        self._relations: Relations | None = None
        self._fault: Exception | None = None
        self.graph = DbtGraph(project.manifest)
        self.connection: duckdb.DuckDBPyConnection | None = None

    def run(self, keys: Sequence[str] | None = None) -> BuildResult:
        """Build tables, test them, and publish those whose blocking tests passed.

        Args:
            keys: tables to build (`core/session`, …); None for all but tables of days.

        Returns:
            What was published and what was not; a failed model or test raises nothing here.

        Raises:
            NotCommittedError: a table or session that must be read first was never committed.
            DbtError: a key is unknown, or dbt could not run at all.
            ForeignRowsError, CommitConflictError: from publishing; running again is safe.
        """
        started = time.perf_counter()
        selected = self._selected(keys)
        tests = self.graph.tests_for(selected)
        self._relations = self._laid_out(selected)
        chosen = [self.graph.selector(key) for key in selected] + [test.selector for test in tests]
        nodes = self._invoke([*_BUILD, "--select", *chosen])
        assert self.connection is not None
        publisher = Publisher(self.graph, self._lakehouse, self._session_ids, self._context)
        published = publisher.publish(selected, tests, nodes, self.connection)
        return BuildResult(
            published=published.commits,
            failed=published.failed,
            skipped=published.skipped,
            tests=published.outcomes,
            snapshots=self._relations.snapshots | self._holding_each_other(published.commits),
            build_seconds={
                key: node.execution_time
                for uid, node in nodes.items()
                if (key := self.graph.key_of(uid)) is not None
            },
            overtaken=self._overtaken(published.commits),
            seconds=time.perf_counter() - started,
        )

    def run_unit_tests(self) -> Mapping[str, str]:
        """Run dbt's unit tests of the SQL, over empty relations; publishes nothing.

        Returns:
            For each unit test by name, `pass` or what dbt has to say.
        """
        self._relations = Relations(
            session_ids=self._session_ids,
            contracts=self.graph.contracts,
            sources=self.graph.sources,
            committed=self.graph.order,
            history=self.graph.of_sessions,
        )
        nodes = self._invoke(["test", "--select", "test_type:unit"])
        return {
            node.node.name: str(node.status) if node.status == "pass" else str(node.message)
            for node in nodes.values()
        }

    def configure(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Lay out what this run reads; called by the plugin when dbt opens its database."""
        assert self._relations is not None
        try:
            self._relations.lay_out(connection, self._lakehouse)
        except Exception as fault:
            self._fault = fault  # dbt would wrap it in a text
            raise
        self.connection = connection.cursor()

    def _holding_each_other(self, commits: Mapping[str, Commit]) -> dict[str, int]:
        """Snapshots of the tables in which sessions of this very build are history to others."""
        if len(self._session_ids) == 1 or self._relations is None:
            return {}
        return {
            key: commit.snapshot_id
            for key, commit in commits.items()
            if key in self._relations.history
        }

    def _overtaken(self, commits: Mapping[str, Commit]) -> tuple[str, ...]:
        """Sessions that changed, where they were read, since they were read.

        Asked once everything is published: whoever changes them later publishes later, too.
        """
        assert self._relations is not None
        if not any(commit.is_new for commit in commits.values()):
            return ()
        changed: set[str] = set()
        for key in sorted(self._relations.of_sessions):
            read = self._relations.snapshots.get(key)
            changed.update(self._lakehouse.changed_sessions(key, self._session_ids, read))
        return tuple(sorted(changed))

    def _selected(self, keys: Sequence[str] | None) -> tuple[str, ...]:
        if keys is not None:
            return self.graph.check_keys(keys)
        days = self.graph.tagged(ATHLETE_DAY_TAG)
        return tuple(key for key in self.graph.order if key not in days)

    def _laid_out(self, selected: Sequence[str]) -> Relations:
        """Choose the views, and refuse to start over what was never committed."""
        read = {parent for key in selected for parent in self.graph.parents(key)}
        read |= {key for test in self.graph.tests_for(selected) for key in test.reads}
        committed = read - set(selected)
        for key in sorted(committed):
            if self._lakehouse.snapshot_id(key) is None:
                readers = [name for name in selected if key in self.graph.ancestors([name])]
                raise NotCommittedError(
                    f"{key} has never been committed, and {', '.join(readers)} cannot be built "
                    f"without it: build {key} too, or materialise it first"
                )
        known = self._lakehouse.committed_sessions(self.graph.contracts[_SESSION])
        if not self.graph.tagged(ATHLETE_DAY_TAG).issuperset(selected):
            self._require_sessions(known, is_session_built=_SESSION in selected)
        return Relations(
            session_ids=self._session_ids,
            contracts=self.graph.contracts,
            sources=self.graph.sources_of(selected),
            committed=committed,
            history=self.graph.history_of(selected),
            crosswalk=self._crosswalk,
            earlier_sessions=self._within(known, self.graph.history_days(selected)),
        )

    def _within(self, known: Sequence[str], days: int | None) -> list[str] | None:
        """Committed sessions from so many days before any of this run's, up to it."""
        if days is None:
            return None
        own = set(map(local_day, self._session_ids))
        wanted = {day - timedelta(days=back) for day in own for back in range(days + 1)}
        return [session_id for session_id in known if local_day(session_id) in wanted]

    def _require_sessions(self, known: Sequence[str], *, is_session_built: bool) -> None:
        """Refuse sessions of which nothing is known: their tables would come out empty.

        A session that raw has lost, and core still has, is being taken back: that is allowed.
        """
        missing = set(self._session_ids) - set(known)
        remedy = f"build {_SESSION} too, or materialise it first"
        if missing and is_session_built:
            missing -= set(self._lakehouse.committed_sessions(SESSIONS))
            remedy = f"materialise {SESSIONS.key} first, or correct the name"
        if missing:
            raise NotCommittedError(
                f"nothing is committed of session {', '.join(sorted(missing))}: {remedy}"
            )

    def _invoke(self, command: Sequence[str]) -> dict[str, Any]:
        self.connection, self._fault = None, None
        try:
            outcome = invoke_dbt(
                [*command, "--no-write-json"],
                self._project.folder,
                self._project.artifacts / "run",
                self._project.runtime_manifest(),
                self._callbacks,
            )
        except DbtError:
            if self._fault is not None:
                raise self._fault from None
            raise
        if self._fault is not None:
            raise self._fault
        ran: Any = outcome.result  # what it is depends on the command
        return {node.node.unique_id: node for node in ran.results}


@contextmanager
def dbt_build(
    lakehouse: Lakehouse,
    session_ids: Sequence[str],
    *,
    project: DbtProject,
    context: CommitContext,
    crosswalk: pa.Table | None = None,
    callbacks: Sequence[Callable[[Any], None]] = (),
) -> Iterator[DbtBuild]:
    """Make a build the active one of this process; others wait until it is done.

    Args:
        lakehouse: the record.
        session_ids: sessions of this run: what `ref()` means, and what publishing replaces.
        project: from `resources.dbt.project.load_project`.
        context: written into each commit.
        crosswalk: from `edge_ingest.identity.read_athletes`; None for an empty one.
        callbacks: called with each event message of dbt.

    Raises:
        ResourceError: no session is named, or a build of this very thread is active already.
    """
    build = DbtBuild(
        lakehouse,
        session_ids,
        project=project,
        context=context,
        crosswalk=crosswalk,
        callbacks=callbacks,
    )
    with activated(build):
        try:
            yield build
        finally:
            close_database()
