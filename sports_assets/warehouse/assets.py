"""Facts: the dbt models of core and mart, built in memory, audited, and published.

`dbt_facts` makes every table of sessions, `dbt_athlete_days` the tables of days that sum them.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.dbt.build import ATHLETE_DAY_TAG, dbt_build
from resources.dbt.chunks import ChunkLimits, measure_sessions, plan_chunks
from resources.dbt.days import build_athlete_days
from resources.dbt.graph import DbtGraph
from resources.dbt.outcome import BuildResult, TestOutcome, merged_tests
from resources.dbt.project import load_project
from resources.dbt.sessions import SessionsBuilt, build_by_chunk
from resources.environment import load_settings
from resources.lakehouse import CommitContext, Lakehouse
from resources.provenance import session_drops
from sports_assets.assets import commit_context, guarded
from sports_assets.automation import on_new_code_or_late_input
from sports_assets.keys import IDENTITY_ATHLETES_KEY, asset_key, owners, tags
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS
from sports_assets.session_run import SessionRun, SessionsCommitted

PROJECT = load_project(load_settings().home / "dbt")
#: What one dbt invocation of a run may hold.
LIMITS = ChunkLimits()

_IDENTITY = {"athlete", "unmatched_athlete"}
_NO_PERSON = {"session", "session_source", "stream_quality", "team_shape"}


def _layer(node: Mapping[str, Any]) -> str:
    return str(node["source_name"] if node["resource_type"] == "source" else node["schema"])


def _code_version(unique_id: str) -> str:
    manifest = PROJECT.manifest
    seen: dict[str, str] = {}
    waiting = [unique_id]
    while waiting:
        node_id = waiting.pop()
        node = manifest["nodes"].get(node_id) or manifest["macros"].get(node_id)
        is_table = node_id != unique_id and node and _is_table(node)
        if node is None or node_id in seen or is_table or node["package_name"] != "touchline":
            continue
        seen[node_id] = node.get("raw_code") or node.get("macro_sql") or ""
        depends: dict[str, list[str]] = node.get("depends_on", {})
        waiting += [*depends.get("nodes", []), *depends.get("macros", [])]
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:12]


def _is_table(node: Mapping[str, Any]) -> bool:
    return bool(node["resource_type"] == "model" and node["config"]["materialized"] == "table")


class Translator(DagsterDbtTranslator):
    """dbt's nodes in the words of our asset graph: key, group, owner, tags, code version."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`layer/name`: a source's own name, or a model's schema."""
        return dg.AssetKey([_layer(dbt_resource_props), dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer."""
        return _layer(dbt_resource_props)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Who answers for the layer."""
        return owners(_layer(dbt_resource_props))

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> dict[str, str]:
        """Our closed list; a fact about an athlete's body is health data."""
        name = dbt_resource_props["name"]
        personal = "health"
        if name in _NO_PERSON:
            personal = "none"
        elif name in _IDENTITY:
            personal = "identity"
        return tags(_layer(dbt_resource_props), personal)

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's own description; its SQL is a click away in the repository."""
        return str(dbt_resource_props["description"]).strip()

    def get_code_version(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Hash of the model's SQL and of the ephemeral models and macros under it."""
        return _code_version(dbt_resource_props["unique_id"])

    def get_automation_condition(
        self,
        dbt_resource_props: Mapping[str, Any],  # noqa: ARG002 - the same for all
    ) -> dg.AutomationCondition[dg.AssetKey]:
        """The backstop that all session assets share."""
        return on_new_code_or_late_input()


identity_athletes = dg.AssetSpec(
    IDENTITY_ATHLETES_KEY,
    description=(
        "The crosswalk from every source's athlete ids to ours: `identity/athletes.csv` in the "
        "landing zone, kept by the club. core/athlete reads it as it stands when a run begins."
    ),
    group_name="identity",
    owners=owners("identity"),
    tags=tags("identity", "identity"),
    kinds={"csv"},
)


@dbt_assets(
    manifest=PROJECT.manifest,
    name="dbt_facts",
    select="fqn:*",
    exclude=f"tag:{ATHLETE_DAY_TAG}",
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
    dagster_dbt_translator=Translator(),
)
@guarded
def dbt_facts(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Build the selected tables, some of the run's sessions after the other, oldest first."""
    with lakehouse.open() as store, landing_zone.open() as zone:
        crosswalk, selected = zone.athletes(), _selected(context)

        def build(sessions: Sequence[str]) -> BuildResult:
            why = _context(context, store, sessions)
            with dbt_build(
                store, sessions, project=PROJECT, context=why, crosswalk=crosswalk
            ) as active:
                return active.run(selected)

        yield from _build(context, store, build)


@dbt_assets(
    manifest=PROJECT.manifest,
    name="dbt_athlete_days",
    select=f"tag:{ATHLETE_DAY_TAG}",
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
    dagster_dbt_translator=Translator(),
)
@guarded
def dbt_athlete_days(
    context: dg.AssetExecutionContext, lakehouse: LakehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Build the days that the run's sessions touch, from what is published."""
    with lakehouse.open() as store:

        def build(sessions: Sequence[str]) -> BuildResult:
            why = _context(context, store, sessions)
            return build_athlete_days(store, sessions, project=PROJECT, context=why)

        yield from _build(context, store, build)


def _context(
    context: dg.AssetExecutionContext, store: Lakehouse, sessions: Sequence[str]
) -> CommitContext:
    return commit_context(context, [drop.drop_id for drop in session_drops(store, sessions)])


def _selected(context: dg.AssetExecutionContext) -> list[str]:
    return ["/".join(key.path) for key in context.selected_asset_keys]


def _build(
    context: dg.AssetExecutionContext,
    store: Lakehouse,
    build: Callable[[Sequence[str]], BuildResult],
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Build the run's sessions in chunks; say what was published and what each test found.

    Raises:
        Failure: names each session of which something had to stay out, and why.
    """
    run = SessionRun(context)
    graph = DbtGraph(PROJECT.manifest)
    keys = graph.check_keys(_selected(context))  # parents first, as Dagster wants to hear of them
    chunks = plan_chunks(measure_sessions(store, graph, run.session_ids, keys), LIMITS)
    built = list(build_by_chunk(chunks, build, context.log.info))
    for one in built:
        if one.fault is not None:
            run.fail(one.session_ids[0], one.fault)
    for key in keys:
        parts = [_part(one, key, graph) for one in built if one.is_published(key)]
        yield from run.tell_table(parts)
    results = [one.result for one in built if one.result is not None]
    for test in merged_tests([result.tests for result in results]):
        name = dg.AssetCheckKey(asset_key(test.model), test.name)
        if test.has_run and name in context.selected_asset_check_keys:
            yield _check(test)
    run.require_all()


def _part(built: SessionsBuilt, key: str, graph: DbtGraph) -> SessionsCommitted:
    """A published table of some sessions, and the history that they were held against."""
    assert built.result is not None
    metadata: dict[str, dg.MetadataValue] = {}
    if len(built.session_ids) == 1 or graph.history_of([key]):
        metadata["snapshots_read"] = dg.MetadataValue.json(
            {name: str(snapshot) for name, snapshot in sorted(built.result.snapshots.items())}
        )
    metadata |= {
        "dbt_build_s": dg.MetadataValue.float(built.result.build_seconds.get(key, 0.0)),
        "dbt_step_s": dg.MetadataValue.float(built.result.seconds),
    }
    return SessionsCommitted(built.session_ids, built.result.published[key], metadata)


def _check(test: TestOutcome) -> dg.AssetCheckResult:
    """A dbt test as an asset check; counts and row hashes, never an athlete's values."""
    return dg.AssetCheckResult(
        asset_key=asset_key(test.model),
        check_name=test.name,
        passed=test.passed,
        severity=dg.AssetCheckSeverity.ERROR if test.blocks else dg.AssetCheckSeverity.WARN,
        description=test.message or None,
        metadata={
            "rows_at_fault": test.failures or 0,
            "threshold": 0,
            **{f"rule: {rule}": rows for rule, rows in test.rules.items()},
            **({"row_hashes": ", ".join(test.references)} if test.references else {}),
        },
    )
