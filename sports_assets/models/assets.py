"""Models, decisions on them, and what they predict: one asset each, all made alike."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256

import dagster as dg
import pyarrow as pa

from edge_ingest.records import APPROVALS
from resources.approvals import Approval
from resources.dagster_resources import (
    LakehouseResource,
    LandingZoneResource,
    ModelsResource,
    ReportStoreResource,
)
from resources.lakehouse import Commit, CommitContext, Lakehouse, Slice, together
from resources.landing_club import ATHLETES_NAME
from resources.landing_zone import LandingZone
from resources.model_contracts import OPS_PROMOTION, REPORT_MODEL_CARD, SIMULATED_TAG
from resources.model_registry import ModelDamagedError, ModelRegistry, ModelVersion
from resources.provenance import ProvenanceRef, code_version
from resources.retraining import Cause
from resources.served_model import NoModel, ServedModel
from sports_assets.assets import commit_context, guarded, materialized
from sports_assets.checks import check_contract, contract_check_spec
from sports_assets.keys import (
    DRIFT_KEY,
    FEATURE_WORKLOAD_KEY,
    MODEL_CARD_KEY,
    MODEL_KEYS,
    PREDICTION_KEYS,
    PROMOTION_KEY,
    RAW_KEYS,
    SQUAD_KEYS,
    owners,
    tags,
)
from sports_assets.mlops.ledger import ledger_row
from sports_assets.mlops.promotion_policy import load_policy
from sports_assets.models.cards import card_rows
from sports_assets.models.kinds import KINDS
from sports_assets.models.promoting import promote
from sports_assets.models.scoring import as_said_before, last_said, score
from sports_assets.models.shape import (
    ModelKind,
    NotTrainableError,
    Serving,
    answerable,
    is_simulated,
    learnable,
    squads_of,
    teams_of,
)
from sports_assets.models.training import is_of_simulated, register
from sports_assets.workload.history import Squads, day_drops, read_squads

SEED = 20260101
#: Why a training was asked for, in the tags of its run; by hand there is none.
REASON_TAG = "touchline/retrain-reason"
_EVERY_DAY = Slice("day", date.min, date.max, {})
_READ = [FEATURE_WORKLOAD_KEY, *SQUAD_KEYS]


def _model_asset(kind: ModelKind) -> dg.AssetsDefinition:
    @dg.asset(
        key=MODEL_KEYS[kind.name],
        deps=_READ,
        group_name="model",
        owners=owners("model"),
        tags=tags("model", personal="health"),
        kinds={"python", "mlflow", "lightgbm"} if kind.is_of_trees else {"python", "mlflow"},
        code_version="1",
        description=(
            f"{kind.question} Fitted, judged on athletes and days that it never saw beside what it "
            "must beat, and registered as the challenger: ops/promotion decides whether it serves."
        ),
    )
    @guarded
    def model(
        context: dg.AssetExecutionContext,
        lakehouse: LakehouseResource,
        landing_zone: LandingZoneResource,
        report_store: ReportStoreResource,
        models: ModelsResource,
    ) -> dg.MaterializeResult:
        """Train, judge and register; where there is too little to learn from, say so."""
        now = datetime.now(UTC)
        today = landing_zone.today()
        with lakehouse.open() as store, landing_zone.open() as zone:
            squads = learnable(read_squads(store, zone.athletes(), today))
            provenance = _provenance(squads, zone, {"seed": str(SEED)}).model_copy(
                update={"drops": day_drops(store, zone, squads.snapshots)}
            )
        served = models.served().serve(kind.name, today)
        champion = None
        if not isinstance(served, NoModel) and _is_askable(kind, served.payload):
            champion = Serving(
                served.version.version,
                served.payload,
                served.version.trained_through,
                has_seen=is_of_simulated(served.version) == is_simulated(squads),
            )
        try:
            trained = kind.train(squads, champion, SEED)
        except NotTrainableError as error:
            context.log.warning("%s was not trained: %s", kind.name, error)
            return _untrained(str(error), served)
        reason = context.run.tags.get(REASON_TAG, "asked for by a person")
        with report_store.open() as shelf:
            done = register(
                models.registry(), shelf, kind.name, trained,
                provenance=provenance, reason=reason, at_utc=now,
                tags={
                    "dagster_run_id": context.run.run_id,
                    SIMULATED_TAG: str(is_simulated(squads)).lower(),
                },
            )  # fmt: skip
        return dg.MaterializeResult(
            data_version=dg.DataVersion(done.version.sha256[:16]),
            metadata={
                "version": dg.MetadataValue.int(done.version.version),
                "mlflow_run_id": dg.MetadataValue.text(done.version.run_id),
                "trained_through": dg.MetadataValue.text(str(trained.trained_through)),
                "reason": dg.MetadataValue.text(reason),
                # No edge: the drift is of what the champion before this model said.
                **(
                    {"asked_for_by": dg.MetadataValue.asset(DRIFT_KEY)}
                    if _is_of_drift(reason)
                    else {}
                ),
                SIMULATED_TAG: dg.MetadataValue.bool(is_of_simulated(done.version)),
                "card": dg.MetadataValue.path(done.card_uri),
                "model_bytes": dg.MetadataValue.int(len(trained.payload)),
                **{
                    name: dg.MetadataValue.float(float(value))
                    for name, value in trained.judgement.metrics.items()
                    if value == value  # noqa: PLR0124 - not a NaN
                },
            },
        )

    return model


def _is_askable(kind: ModelKind, payload: bytes) -> bool:
    try:
        kind.check(payload)
    except ValueError:
        return False
    return True


def _is_whole(registry: ModelRegistry, version: ModelVersion) -> bool:
    """Whether a champion is there and can be asked."""
    (kind,) = (one for one in KINDS if one.name == version.name)
    try:
        return _is_askable(kind, registry.load(version))
    except ModelDamagedError:
        return False


def _is_of_drift(reason: str) -> bool:
    return reason.partition(":")[0] in {Cause.DRIFT, Cause.DECAY}


def _untrained(why: str, served: ServedModel | NoModel) -> dg.MaterializeResult:
    told = {"not_trained": dg.MetadataValue.text(why), "serving": dg.MetadataValue.text("none")}
    if not isinstance(served, NoModel):
        # Whoever still serves: the sensor asks about that one.
        version = served.version
        told |= {
            "serving": dg.MetadataValue.text(f"version {version.version}"),
            "trained_through": dg.MetadataValue.text(str(version.trained_through)),
            SIMULATED_TAG: dg.MetadataValue.text(str(is_of_simulated(version))),
        }
    return dg.MaterializeResult(
        data_version=dg.DataVersion(sha256(why.encode()).hexdigest()[:16]), metadata=told
    )


def _prediction_asset(kind: ModelKind) -> dg.AssetsDefinition:
    @dg.asset(
        key=PREDICTION_KEYS[kind.name],
        deps=[*_READ, PROMOTION_KEY],
        check_specs=[contract_check_spec(kind.contract)],
        group_name=kind.contract.layer,
        owners=owners(kind.contract.layer),
        tags=tags(kind.contract.layer, personal="health"),
        kinds={"python", "iceberg"},
        code_version="1",
        description=(
            f"{kind.question} By the champion; {kind.contract.grain}. Each row says its interval, "
            "its reasons, which version said it and how old that was. What was said on an earlier "
            "day stays as it was said."
        ),
    )
    @guarded
    def prediction(
        context: dg.AssetExecutionContext,
        lakehouse: LakehouseResource,
        landing_zone: LandingZoneResource,
        models: ModelsResource,
    ) -> dg.MaterializeResult:
        """Ask the champion of every day that nobody has spoken of, and of the newest."""
        now = datetime.now(UTC)
        today = landing_zone.today()
        served = models.served().serve(kind.name, today)
        with lakehouse.open() as store, landing_zone.open() as zone:
            squads = read_squads(store, zone.athletes(), today)
            if not isinstance(served, NoModel):
                squads = answerable(squads, learned_from_simulated=is_of_simulated(served.version))
            why = _nothing_to_say(served, squads)
            if why or isinstance(served, NoModel):
                context.log.warning("%s: %s", kind.contract.key, why)
                empty = kind.contract.empty()
                nothing = Slice("day", date.max, date.max, {})
                kept = store.replace_slice(kind.contract, empty, nothing, commit_context(context))
                checked = check_contract(kind.contract, empty)
                return materialized(
                    kept, [checked], {"nothing_predicted": dg.MetadataValue.text(why)}
                )
            version = served.version
            provenance = _provenance(
                squads, zone, {"model": f"{version.name}:{version.version}:{version.sha256[:16]}"}
            )
            said = last_said(store, kind)
            done, tables, days = [], [], []
            for team in teams_of(squads):
                scored = score(
                    kind, served, squads_of(squads, [team]), said=said.get(team),
                    now_utc=now, provenance=provenance,
                )  # fmt: skip
                tables.append(as_said_before(store, kind, scored))
                days += [scored.replaced.first_day, scored.replaced.last_day]
                done.append(
                    store.replace_slice(
                        kind.contract, tables[-1], scored.replaced, commit_context(context)
                    )
                )
            rows = pa.concat_tables(tables)
        if served.is_from_cache:
            context.log.warning("the registry could not be asked: %s", served.why)
        return materialized(
            together(done),
            [check_contract(kind.contract, rows)],
            {
                "model_version": dg.MetadataValue.int(version.version),
                "model_age_d": dg.MetadataValue.int(served.age_d),
                "is_registry_down": dg.MetadataValue.bool(served.is_from_cache),
                "first_day": dg.MetadataValue.text(str(min(days))),
                "last_day": dg.MetadataValue.text(str(max(days))),
            },
        )

    return prediction


def _nothing_to_say(served: object, squads: Squads) -> str:
    """Why nothing is predicted; empty where something is."""
    if isinstance(served, NoModel):
        return served.why
    return "" if len(squads.days) else "no athlete whom the champion may be asked of told of a day"


@dg.asset(
    key=PROMOTION_KEY,
    deps=[*MODEL_KEYS.values(), RAW_KEYS["approvals"]],
    check_specs=[contract_check_spec(OPS_PROMOTION)],
    group_name=OPS_PROMOTION.layer,
    owners=owners("model"),
    tags=tags(OPS_PROMOTION.layer),
    kinds={"python", "mlflow", "iceberg"},
    code_version="1",
    description=(
        "The ledger of what may serve: each challenger is promoted, waits for a person's approval, "
        "or is rejected, with the reasons; rollbacks, too. Policy: promotion.toml."
    ),
)
@guarded
def promotion(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
    models: ModelsResource,
) -> dg.MaterializeResult:
    """Decide on every challenger, by policy and by what people said."""
    now, registry = datetime.now(UTC), models.registry()
    with lakehouse.open() as store:
        ledger, words = _ledger(store), _approvals(store)
        made = [
            ledger_row(one, landing_zone.club_timezone)
            for one in promote(
                registry,
                [kind.name for kind in KINDS],
                approvals=words,
                ledger=ledger,
                policy=load_policy(),
                now_utc=now,
                run_id=context.run.run_id,
                is_askable=partial(_is_whole, registry),
            )
        ]
        commits = [_added(store, row, commit_context(context)) for row in made]
        rows = _ledger(store)
        if not made:
            nothing = Slice("day", date.max, date.max, {})
            commits = [
                store.replace_slice(
                    OPS_PROMOTION, OPS_PROMOTION.empty(), nothing, commit_context(context)
                )
            ]
    return materialized(
        together(commits),
        [check_contract(OPS_PROMOTION, rows)],
        {"decided": dg.MetadataValue.md(_decisions(made))},
    )


def _added(store: Lakehouse, row: dict[str, object], why: CommitContext) -> Commit:
    """One more row of the ledger, which others may be adding to, too."""
    table = OPS_PROMOTION.conform(pa.Table.from_pylist([row], schema=OPS_PROMOTION.schema))
    (day,) = table["day"].to_pylist()
    decision = {"decision_id": str(row["decision_id"])}
    return store.replace_slice(OPS_PROMOTION, table, Slice("day", day, day, decision), why)


def _decisions(made: Sequence[dict[str, object]]) -> str:
    if not made:
        return "Nothing new to decide."
    return "\n\n".join(
        f"**{row['model']} version {row['version']}: {row['verdict']}**\n\n"
        + "\n".join(f"- {reason}" for reason in str(row["reasons"]).split("\n"))
        for row in made
    )


@dg.asset(
    key=MODEL_CARD_KEY,
    deps=[*MODEL_KEYS.values(), PROMOTION_KEY],
    check_specs=[contract_check_spec(REPORT_MODEL_CARD)],
    group_name=REPORT_MODEL_CARD.layer,
    owners=owners("model"),
    tags=tags(REPORT_MODEL_CARD.layer),
    kinds={"python", "html"},
    code_version="1",
    description=(
        "One page a version of a model: what it predicts and for whom, how right it was beside "
        "what, whether it leaks, and its limits."
    ),
)
@guarded
def model_card(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
    report_store: ReportStoreResource,
    models: ModelsResource,
) -> dg.MaterializeResult:
    """List the card of every version that was judged."""
    with lakehouse.open() as store, report_store.open() as shelf:
        rows = card_rows(
            models.registry(), shelf, [kind.name for kind in KINDS], landing_zone.club_timezone
        )
        commit = store.replace_slice(REPORT_MODEL_CARD, rows, _EVERY_DAY, commit_context(context))
    newest = {row["model_name"]: row["uri"] for row in rows.to_pylist()}
    return materialized(
        commit,
        [check_contract(REPORT_MODEL_CARD, rows)],
        {name: dg.MetadataValue.path(uri) for name, uri in newest.items()},
    )


def _provenance(squads: Squads, zone: LandingZone, settings: dict[str, str]) -> ProvenanceRef:
    return ProvenanceRef(
        drops=(),
        snapshots=squads.snapshots,
        settings={"athletes_sha256": zone.checksum(ATHLETES_NAME), **settings},
        code_version=code_version(),
    )


def _ledger(store: Lakehouse) -> pa.Table:
    with store.connect() as connection:
        store.view(connection, OPS_PROMOTION, "ledger")
        return OPS_PROMOTION.conform(connection.sql("select * from ledger").to_arrow_table())


def _approvals(store: Lakehouse) -> list[Approval]:
    with store.connect() as connection:
        store.view(connection, APPROVALS, "said")
        rows = connection.sql("select * from said").to_arrow_table().to_pylist()
    names = Approval.__dataclass_fields__
    return [Approval(**{name: row[name] for name in names}) for row in rows]


model_assets = [_model_asset(kind) for kind in KINDS]
prediction_assets = [_prediction_asset(kind) for kind in KINDS]
