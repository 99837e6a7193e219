"""What watches the models: weekly profiles, and whether they still hold."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg
import pyarrow as pa

from edge_ingest.contract import TableContract
from resources.dagster_resources import (
    LakehouseResource,
    LandingZoneResource,
    ModelsResource,
    ReportStoreResource,
)
from resources.lakehouse import Commit, Lakehouse, Slice, together
from resources.model_contracts import FEATURE_WORKLOAD, OPS_DRIFT, OPS_PROFILE
from resources.profiler_whylogs import WhylogsProfiler
from resources.served_model import NoModel
from sports_assets.assets import commit_context, guarded, materialized
from sports_assets.checks import check_contract, contract_check_spec
from sports_assets.keys import (
    DRIFT_KEY,
    FEATURE_WORKLOAD_KEY,
    PREDICTION_KEYS,
    PROFILES_KEY,
    PROMOTION_KEY,
    SQUAD_KEYS,
    owners,
    tags,
)
from sports_assets.mlops.drift_findings import Finding, findings_table
from sports_assets.mlops.drift_page import drift_page
from sports_assets.mlops.performance import DailyOnsets
from sports_assets.mlops.planned_weeks import WeekPlan
from sports_assets.mlops.profiles import WeekProfile, read_rows, rows_table
from sports_assets.mlops.watching import (
    Watched,
    judge_model,
    judge_risk,
    last_whole_week,
    plan_of_squads,
    profile_weeks,
)
from sports_assets.models.injury_risk.seasons import said_in_season
from sports_assets.models.kinds import KINDS
from sports_assets.models.shape import is_simulated, learnable
from sports_assets.workload.features import INPUTS
from sports_assets.workload.history import read_squads

if TYPE_CHECKING:
    import pandas as pd

    from sports_assets.workload.history import Squads

#: Pages on drift stand in the report store by this name.
DRIFT_PAGE = "drift"


@dg.asset(
    key=PROFILES_KEY,
    deps=[FEATURE_WORKLOAD_KEY, *PREDICTION_KEYS.values(), *SQUAD_KEYS],
    check_specs=[contract_check_spec(OPS_PROFILE)],
    group_name=OPS_PROFILE.layer,
    owners=owners("model"),
    tags=tags(OPS_PROFILE.layer, personal="health"),
    kinds={"python", "whylogs", "iceberg"},
    code_version="1",
    description=(
        "What each column of the features and predictions looked like in each week: counts, "
        "moments, a sketch that merges over weeks, and how the week lies against the athletes' own "
        "norms. It names no athlete, but a sketch of few rows holds their values. Drift is judged "
        "from it."
    ),
)
@guarded
def profiles(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> dg.MaterializeResult:
    """Profile the weeks that are over and have none, and the latest again."""
    profiler = WhylogsProfiler()
    commits: list[Commit] = []
    rows: list[pa.Table] = [OPS_PROFILE.empty()]
    with lakehouse.open() as store, landing_zone.open() as zone:
        squads = learnable(read_squads(store, zone.athletes(), landing_zone.today()))
        for contract, columns in _sets():
            frame = _frame(store, contract, columns, squads)
            if frame.empty:
                continue
            newest = frame["day"].max().date()
            made = profile_weeks(
                frame, columns, profiler, set_name=contract.key,
                profiled=[one.week for one in _profiles(store, contract.key)],
                newest=newest, plan=_plan(squads),
            )  # fmt: skip
            if not made:
                continue
            table = OPS_PROFILE.conform(rows_table(made))
            weeks = [one.week for one in made]
            replaced = Slice("day", min(weeks), max(weeks), {"source": contract.key})
            commits.append(
                store.replace_slice(OPS_PROFILE, table, replaced, commit_context(context))
            )
            rows.append(table)
        if not commits:
            nothing = Slice("day", date.max, date.max, {})
            commits.append(
                store.replace_slice(OPS_PROFILE, rows[0], nothing, commit_context(context))
            )
    written = pa.concat_tables(rows)
    return materialized(
        together(commits),
        [check_contract(OPS_PROFILE, written)],
        {"weeks": dg.MetadataValue.int(len(set(written["day"].to_pylist())))},
    )


@dg.asset(
    key=DRIFT_KEY,
    deps=[PROFILES_KEY, PROMOTION_KEY, *PREDICTION_KEYS.values(), *SQUAD_KEYS],
    check_specs=[
        contract_check_spec(OPS_DRIFT),
        dg.AssetCheckSpec(
            "nothing_drifts",
            asset=DRIFT_KEY,
            description="No model's inputs, answers or performance left what it learned from.",
        ),
    ],
    group_name=OPS_DRIFT.layer,
    owners=owners("model"),
    tags=tags(OPS_DRIFT.layer),
    kinds={"python", "iceberg", "html"},
    code_version="1",
    description=(
        "Whether what each model reads, says and is right about is still as it learned: own norms "
        "against the weeks it learned from, injuries against those expected, and what is to be "
        "expected before labels close. Tells a new device from a new way of training, and what the "
        "plan explains. The sensor `drift` trains anew by it."
    ),
)
@guarded
def drift(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
    report_store: ReportStoreResource,
    models: ModelsResource,
) -> dg.MaterializeResult:
    """Judge the last week that is over, of every model that serves."""
    today = landing_zone.today()
    found: list[Finding] = []
    daily: DailyOnsets | None = None
    learned: list[date] = []
    with lakehouse.open() as store, landing_zone.open() as zone:
        squads = learnable(read_squads(store, zone.athletes(), today))
        told, plan = _profiles(store), _plan(squads)
        newest = squads.days["day"].max().date() if len(squads.days) else today
        week = last_whole_week(newest)
        for kind in KINDS:
            served = models.served().serve(kind.name, today)
            if isinstance(served, NoModel):
                continue
            learned.append(served.version.trained_through)
            value = _value_column(kind.contract)
            watched = Watched(
                kind.name, served.version.trained_through, kind.watched, (kind.contract.key, value)
            )
            found += judge_model(
                watched, told, features_key=FEATURE_WORKLOAD.key, week=week, plan=plan,
                profiler=WhylogsProfiler(),
            )  # fmt: skip
            if value == "probability":
                said = _frame(store, kind.contract, [value, "model_version"], squads)
                # A new champion is counted from its own first day on.
                said = said[said["model_version"] == str(served.version.version)]
                # Between seasons hardly anybody trains, and the model was judged on no such day.
                said = said_in_season(said, squads.days, squads.fixtures)
                hurt = squads.injuries[["athlete_id", "day"]]
                judged, daily = judge_risk(
                    kind.name, said, hurt, newest=newest, week=week, plan=plan
                )
                found += judged
        rows = OPS_DRIFT.conform(findings_table(found))
        first = min([week, *(one.day for one in found)])
        replaced = Slice("day", first, newest + timedelta(days=7), {})
        commit = store.replace_slice(OPS_DRIFT, rows, replaced, commit_context(context))
    html = drift_page(
        found, told, week=week, plan=plan, daily=daily, newest=newest,
        learned=min(learned, default=None),
        is_simulated=bool(len(squads.days)) and is_simulated(squads),
    )  # fmt: skip
    with report_store.open() as shelf:
        revisions = shelf.revisions(DRIFT_PAGE)
        last = shelf.read(shelf.uri(DRIFT_PAGE, max(revisions))) if revisions else ""
        number = max(revisions, default=0) + (html != last)
        uri = shelf.write(DRIFT_PAGE, number, html)
    acts = [one for one in found if one.verdict == "act" and one.kind != "expected"]
    return materialized(
        commit,
        [check_contract(OPS_DRIFT, rows), _nothing_drifts(acts)],
        {
            "page": dg.MetadataValue.path(uri),
            "act": dg.MetadataValue.int(len(acts)),
            "watch": dg.MetadataValue.int(sum(one.verdict == "watch" for one in found)),
            "week": dg.MetadataValue.text(str(week)),
        },
    )


def _nothing_drifts(acts: Sequence[Finding]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="nothing_drifts",
        passed=not acts,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "acts": len(acts),
            "threshold": 0,
            **{
                f"{n + 1}: {one.model}, {one.subject}": one.reason for n, one in enumerate(acts[:3])
            },
        },
    )


def _sets() -> list[tuple[TableContract, list[str]]]:
    return [
        (FEATURE_WORKLOAD, list(INPUTS)),
        *((kind.contract, [_value_column(kind.contract)]) for kind in KINDS),
    ]


def _value_column(contract: TableContract) -> str:
    """What a prediction table predicts: the column after the horizon."""
    names = contract.schema.names
    return str(names[names.index("horizon_d") + 1])


def _frame(
    store: Lakehouse, contract: TableContract, columns: Sequence[str], squads: "Squads"
) -> "pd.DataFrame":
    """What was told of the athletes that models learn from, in order."""
    import pandas as pd

    with store.connect() as connection:
        store.view(connection, contract, "told")
        names = ", ".join(f'"{name}"' for name in ("athlete_id", "day", *columns))
        frame = connection.sql(f"select {names} from told order by athlete_id, day").df()  # noqa: S608 - names of our own
    frame["day"] = pd.to_datetime(frame["day"])
    of_them = frame["athlete_id"].isin(squads.days["athlete_id"].unique())
    return frame[of_them].reset_index(drop=True)


def _profiles(store: Lakehouse, source: str | None = None) -> list[WeekProfile]:
    with store.connect() as connection:
        store.view(connection, OPS_PROFILE, "told")
        found = connection.sql('select * from told order by source, day, "column"')
        rows = read_rows(found.to_arrow_table())
    return [one for one in rows if source is None or one.set_name == source]


def _plan(squads: "Squads") -> WeekPlan | None:
    if squads.days.empty:
        return None
    days = squads.days["day"]
    return plan_of_squads(
        squads.fixtures,
        sorted(squads.days["team"].unique()),
        days.min().date(),
        days.max().date(),
    )
