"""From memory to the record: commit what passed its blocking tests, and nothing below a failure."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from edge_ingest.contract import TableContract
from resources.dbt.graph import DbtGraph, DbtTest
from resources.dbt.outcome import REFERENCES, TestOutcome
from resources.dbt.relations import local_day
from resources.duckdb_engine import quote
from resources.faults import sign_in
from resources.lakehouse import Commit, CommitContext, Lakehouse, Slice, together


@dataclass
class Published:
    """What came of publishing; the parts of a `BuildResult` that this module fills."""

    outcomes: tuple[TestOutcome, ...]
    commits: dict[str, Commit] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Publisher:
    """Publishes what one invocation of dbt built for some sessions."""

    graph: DbtGraph
    lakehouse: Lakehouse
    session_ids: Sequence[str]
    context: CommitContext

    def publish(
        self,
        selected: Sequence[str],
        tests: Sequence[DbtTest],
        nodes: Mapping[str, Any],
        connection: duckdb.DuckDBPyConnection,
    ) -> Published:
        """Commit tables in order, parents first.

        Args:
            selected: keys of the tables that were to be built.
            tests: tests that were to run.
            nodes: dbt's result of each node, by its unique id.
            connection: reads the database in which dbt built.
        """
        outcomes = tuple(_outcome(test, nodes.get(test.unique_id), connection) for test in tests)
        done = Published(outcomes)
        results = {self.graph.key_of(uid): node for uid, node in nodes.items()}
        for key in selected:
            lost = {*done.failed, *done.skipped} & self.graph.ancestors([key])
            if lost:
                done.skipped[key] = f"it reads {', '.join(sorted(lost))}, which was not published"
            elif reason := _fault(key, results.get(key), outcomes):
                done.failed[key] = reason
            else:
                done.commits[key] = self._commit(self.graph.contracts[key], connection)
        return done

    def _commit(self, contract: TableContract, connection: duckdb.DuckDBPyConnection) -> Commit:
        columns = ", ".join(quote(column.name) for column in contract.columns)
        order = ", ".join(map(quote, contract.sort_by))
        rows = contract.conform(
            connection.execute(
                f"select {columns} from {contract.layer}.{contract.name} order by {order}"  # noqa: S608
            ).to_arrow_table()
        )
        if contract.replaced_by == "session":
            return self.lakehouse.replace_sessions(contract, rows, self.session_ids, self.context)
        commits = [
            self.lakehouse.replace_slice(contract, part, replaced, self.context)
            for part, replaced in self._slices(contract, rows)
        ]
        return together(commits)

    def _slices(self, contract: TableContract, rows: pa.Table) -> Iterator[tuple[pa.Table, Slice]]:
        """Rows of each unbroken stretch of the run's days, and the stretch."""
        column = self.graph.day_column(contract.key)
        days = rows.column(column)
        for first, last in _stretches(sorted(set(map(local_day, self.session_ids)))):
            chosen = [first <= day <= last for day in days.to_pylist()]
            yield rows.filter(pa.array(chosen, pa.bool_())), Slice(column, first, last, {})


def _stretches(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """First and last of each unbroken stretch of sorted days."""
    first = days[0]
    for day, following in zip(days, [*days[1:], None], strict=True):
        if following is None or following - day > timedelta(days=1):
            yield first, day
            first = following or day


def _fault(key: str, node: Any, outcomes: Sequence[TestOutcome]) -> str | None:  # noqa: ANN401
    """Why a table must not be published; None where nothing speaks against it."""
    if node is None:
        return "dbt did not come to it; see dbt's log"
    if node.status != "success":
        return _without_trace(node.message) or f"dbt says {node.status}"
    broken = [test for test in outcomes if test.model == key and test.blocks and not test.passed]
    if not broken:
        return None
    return "; ".join(f"test {test.name}: {_found(test)}" for test in broken)


def _found(test: TestOutcome) -> str:
    if test.rules:
        return ", ".join(f"{rule} in {rows} rows" for rule, rows in test.rules.items())
    return test.message or "it did not run"


def _outcome(test: DbtTest, node: Any, connection: duckdb.DuckDBPyConnection) -> TestOutcome:  # noqa: ANN401
    outcome = TestOutcome(
        unique_id=test.unique_id,
        name=test.name,
        model=test.model,
        has_run=node is not None and node.status != "skipped",
        passed=node is not None and node.status == "pass",
        blocks=test.blocks,
        failures=None if node is None else node.failures,
        message="" if node is None or node.status == "pass" else _without_trace(node.message),
    )
    if outcome.passed or not outcome.failures:
        return outcome
    at_fault = connection.execute(
        "select rule, count(*), list(distinct row_hash order by row_hash) "  # noqa: S608
        f"from ({node.node.compiled_code}) group by rule order by rule"
    ).fetchall()
    hashes = sorted({row_hash for _, _, found in at_fault for row_hash in found})
    return replace(
        outcome,
        rules={rule: rows for rule, rows, _ in at_fault},
        references=tuple(hashes[:REFERENCES]),
    )


def _without_trace(message: str | None) -> str:
    """What dbt says, without its stack of macros; an engine's error by its kind and outer cause.

    DuckDB quotes values ("could not convert '…'"), and an error message outlives an erasure.
    """
    heading, *lines = (message or "").strip().splitlines() or [""]
    said = itertools.takewhile(lambda line: not line.lstrip().startswith("> in macro"), lines)
    if heading.startswith("Compilation Error"):
        return "\n".join([heading, *said]).rstrip()
    kinds = [line.strip().partition(":")[0] for line in lines[:1]]
    if sign := sign_in("\n".join(lines)):
        kinds.append(sign)
    return ": ".join([heading, *kinds]) if kinds else heading
