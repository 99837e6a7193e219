"""Tables that models make and that watch them: features, predictions, profiles, drift, decisions.

The contracts of predictions stood before any model did; `resources.contracts.ALL` holds all of
them.
"""

import pyarrow as pa

from edge_ingest.contract import Column, TableContract
from edge_ingest.records import INSTANT, NUMBER, TEXT
from resources.page_contracts import PROVENANCE
from resources.workload_features import feature_columns

#: Sources whose athletes were made up begin so; with real ones beside them nothing is learned from
#: these.
SIMULATED = "simulated"
#: Says of a version, and of its materialisation, whether it learned from such athletes.
SIMULATED_TAG = "is_of_simulated"

_ATHLETE = Column("athlete_id", TEXT, "our athlete")
_DAY = Column("day", pa.date32(), "the club's local day")
_COUNT = pa.int64()

FEATURE_WORKLOAD = TableContract(
    key="feature/workload",
    grain="one row an athlete and day: what was known of them at its end",
    columns=(
        Column("source", TEXT, "who told of the athlete's days"),
        _ATHLETE,
        Column("team", TEXT, "squad that the athlete is of"),
        _DAY,
        *feature_columns(),
    ),
    primary_key=("source", "athlete_id", "day"),
    replaced_by="slice",
    sort_by=("source", "day", "athlete_id"),
)


def _prediction(name: str, grain: str, value: Column) -> TableContract:
    """One shape for every prediction: value, interval, model, and what it was made from."""
    return TableContract(
        key=f"prediction/{name}",
        grain=grain,
        columns=(
            Column("source", TEXT, "who told of the athlete's days"),
            _ATHLETE,
            _DAY,
            Column("predicted_at_utc", INSTANT, "when the prediction was made"),
            Column("horizon_d", pa.int32(), "days that it looks ahead", "d", 0, 1000),
            value,
            Column(f"{value.name}_low", NUMBER, "lower end of the interval", value.unit,
                   value.minimum, value.maximum),
            Column(f"{value.name}_high", NUMBER, "upper end of the interval", value.unit,
                   value.minimum, value.maximum),
            Column("interval_level", NUMBER, "coverage that the interval claims", "1", 0, 1,
                   null_means="a band of advice, which claims none"),
            Column("reason", TEXT, "what moved it most, in words", null_means="nothing stood out"),
            Column("model_name", TEXT, "registered model"),
            Column("model_version", TEXT, "version in the registry"),
            Column("model_age_d", pa.int32(), "days since the last day that the model learned from",
                   "d", 0),
            PROVENANCE,
        ),
        primary_key=("source", "athlete_id", "day", "horizon_d"),
        replaced_by="slice",
        sort_by=("source", "day", "athlete_id"),
    )  # fmt: skip


PREDICTION_INJURY_RISK = _prediction(
    "injury_risk",
    "one row an athlete and day: risk of a time-loss injury within the horizon",
    Column("probability", NUMBER, "calibrated probability", "1", 0, 1),
)
PREDICTION_READINESS = _prediction(
    "readiness",
    "one row an athlete and day: how ready they will say they are tomorrow",
    Column("readiness", NUMBER, "1 worst to 10 best", "1", 1, 10),
)
PREDICTION_RECOVERY = _prediction(
    "recovery",
    "one row an injured athlete and day: time until full training",
    Column("remaining_d", NUMBER, "days until full training", "d", 0, 1000),
)
PREDICTION_LOAD_ADVICE = _prediction(
    "load_advice",
    "one row an athlete and day: load that the next week should hold",
    Column("advised_load_au", NUMBER, "RPE × minutes, summed over the week", "au", 0, 20_000),
)

OPS_PROFILE = TableContract(
    key="ops/profiles",
    grain="one row a column of a feature set or prediction batch, and week",
    columns=(
        Column("source", TEXT, "what was profiled: `feature/…` or `prediction/…`"),
        Column("day", pa.date32(), "Monday of the week, by the club's days"),
        Column("column", TEXT, "column of it"),
        Column("profiler", TEXT, "library that made the sketch"),
        Column("n", _COUNT, "rows", "1", 0),
        Column("missing", _COUNT, "rows without a value", "1", 0),
        *(Column(name, NUMBER, words, null_means="a text, or no value is known")
          for name, words in (("mean", "mean"), ("sd", "standard deviation"),
                              ("minimum", "least value"), ("maximum", "largest value"))),
        Column("sketch", pa.binary(), "the profile as bytes: mergeable over weeks"),
        Column("own_athletes", _COUNT, "athletes who have a norm of their own", "1", 0,
               null_means="a text"),
        *(Column(name, NUMBER, words, "SD", null_means="a text, or nobody has a norm")
          for name, words in (
              ("own_shift", "the week against the athletes' own norms, mean"),
              ("own_shift_sd", "spread of these between athletes"),
              ("own_share_up", "share of athletes above their norm"),
              ("own_missing_shift", "missing days against the usual ones"))),
        Column("own_day_shifts", TEXT, "the same for each day of the week, as JSON",
               null_means="a text"),
    ),
    primary_key=("source", "day", "column"),
    replaced_by="slice",
    sort_by=("source", "day", "column"),
)  # fmt: skip

OPS_DRIFT = TableContract(
    key="ops/drift",
    grain="one row a model, day, subject and statistic: is it as the model learned it",
    columns=(
        Column("source", TEXT, "the model"),
        Column("day", pa.date32(), "last day that was looked at"),
        Column("subject_kind", TEXT, "what the subject is",
               allowed=("input", "prediction", "performance", "estimated")),
        Column("subject", TEXT, "a column, or a figure of performance"),
        Column("statistic", TEXT, "what the value is"),
        Column("value", NUMBER, "observed", null_means="it cannot be told"),
        Column("threshold", NUMBER, "from which on something is to be done",
               null_means="it decides nothing"),
        Column("verdict", TEXT, "what to do", allowed=("ok", "watch", "act")),
        Column("kind", TEXT, "what moved it",
               allowed=("none", "shift", "missing", "device_change", "expected", "decay")),
        Column("reason", TEXT, "in words and numbers"),
    ),
    primary_key=("source", "day", "subject_kind", "subject", "statistic"),
    replaced_by="slice",
    sort_by=("source", "day", "subject_kind", "subject", "statistic"),
)  # fmt: skip

OPS_PROMOTION = TableContract(
    key="ops/promotion",
    grain="one row a decision on a version of a model; a ledger",
    columns=(
        Column("decision_id", TEXT, "names the row"),
        Column("model", TEXT, "registered model"),
        Column("version", pa.int32(), "the challenger's, or the champion's that was gone back to",
               minimum=1),
        _DAY,
        Column("decided_at_utc", INSTANT, "when"),
        Column("verdict", TEXT, "what was decided",
               allowed=("promote", "wait_for_approval", "reject", "rollback")),
        Column("reasons", TEXT, "in words, a line each"),
        Column("is_provisional", pa.bool_(), "serves with a label that says it is not proven"),
        Column("champion_before", pa.int32(), "version that served until then", minimum=1,
               null_means="none"),
        Column("approved_by", TEXT, "who approved or refused it, or rolled back",
               null_means="nobody was asked"),
        Column("approval_reason", TEXT, "in that person's words", null_means="nobody was asked"),
        Column("policy_version", pa.int32(), "of promotion.toml", null_means="a rollback"),
        Column("registry_run_id", TEXT, "the registry's run that tells how the model was made"),
        Column("run_id", TEXT, "run that decided"),
        PROVENANCE,
    ),
    primary_key=("decision_id",),
    replaced_by="slice",
    sort_by=("day", "decided_at_utc", "decision_id"),
)  # fmt: skip

REPORT_MODEL_CARD = TableContract(
    key="report/model_card",
    grain="one row a model card: of each version that was evaluated",
    columns=(
        Column("model_name", TEXT, "registered model"),
        Column("model_version", pa.int32(), "version in the registry", minimum=1),
        _DAY,
        Column("uri", TEXT, "where the card is"),
        Column("page_sha256", TEXT, "checksum of the card"),
        Column("written_at_utc", INSTANT, "when"),
        PROVENANCE,
    ),
    primary_key=("model_name", "model_version"),
    replaced_by="slice",
    sort_by=("model_name", "model_version"),
)

PREDICTIONS: tuple[TableContract, ...] = (
    PREDICTION_INJURY_RISK, PREDICTION_READINESS, PREDICTION_RECOVERY, PREDICTION_LOAD_ADVICE,
)  # fmt: skip

#: What models make, and what watches them.
OF_MODELS: tuple[TableContract, ...] = (
    FEATURE_WORKLOAD, *PREDICTIONS, OPS_PROFILE, OPS_DRIFT, OPS_PROMOTION, REPORT_MODEL_CARD,
)  # fmt: skip
