"""Tables that the lakehouse makes outside dbt, from the first day on.

dbt's own tables have their contract in the `.yml` beside each model; those of models stand in
`model_contracts`, those of footage in `vision_contracts`. Alerts stand here before anything fills
them, so that a reader can be written now and need not change later.
"""

import pyarrow as pa

from edge_ingest.contract import Column, TableContract
from edge_ingest.norms import METRICS
from edge_ingest.records import INSTANT, NUMBER, POSITIONS, RAW, SPORTS, TEXT
from resources.faults import FaultKind
from resources.model_contracts import OF_MODELS
from resources.page_contracts import PROVENANCE, page_ledger
from resources.trouble import Again
from resources.upkeep import OUTCOMES, Action
from resources.vision_contracts import OF_VISION

_ATHLETE = Column("athlete_id", TEXT, "our athlete")
_DAY = Column("day", pa.date32(), "the club's local day")
_SOURCE = Column("source", TEXT, "model or rule that wrote the row")

KINEMATICS = TableContract(
    key="tracking/kinematics",
    grain="one row a stream, instant and tracked athlete or ball, as in raw/positions",
    columns=(
        *(c for c in POSITIONS.columns if c.name not in {"quality", "missing_reason"}),
        Column("segment_id", pa.int32(), "unbroken stretch of samples; a gap starts a new one",
               minimum=0, null_means="not seen at this instant, or not trusted"),
        Column("dt_s", NUMBER, "time that the sample stands for", "s", 0, 60,
               null_means="not seen at this instant, or not trusted"),
        Column("vx_mps", NUMBER, "smoothed velocity along x", "m/s", -150, 150,
               null_means="gap, or a segment too short to smooth"),
        Column("vy_mps", NUMBER, "smoothed velocity along y", "m/s", -150, 150,
               null_means="gap, or a segment too short to smooth"),
        Column("speed_mps", NUMBER, "smoothed speed", "m/s", 0, 150,
               null_means="gap, or a segment too short to smooth"),
        Column("acceleration_mps2", NUMBER, "rate of change of the smoothed speed", "m/s²",
               -100, 100, null_means="gap, or a segment too short to smooth"),
        Column("speed_filter", TEXT, "filter that made speed and acceleration, with its settings"),
        Column("quality", pa.int32(), "bits of edge_ingest.records.Quality", minimum=0),
    ),
    primary_key=POSITIONS.primary_key,
    sort_by=POSITIONS.sort_by,
)  # fmt: skip

ALERT_NORM_BREACH = TableContract(
    key="alert/norm_breach",
    grain="one row an athlete, metric and day on which the personal norm was left",
    columns=(
        _SOURCE,
        Column("alert_id", TEXT, "hash of athlete, metric and day"),
        _ATHLETE,
        _DAY,
        Column("raised_at_utc", INSTANT, "when"),
        Column("metric", TEXT, "what left its norm; a column of a mart or feature table"),
        Column("unit", TEXT, "unit of the numbers"),
        Column("observed", NUMBER, "what was measured"),
        Column("norm_low", NUMBER, "lower end of the personal norm"),
        Column("norm_high", NUMBER, "upper end of the personal norm"),
        Column("severity", TEXT, "how loud", allowed=("watch", "act")),
        Column("explanation", TEXT, "one sentence for medical staff"),
        PROVENANCE,
    ),
    primary_key=("alert_id",),
    replaced_by="slice",
    sort_by=("source", "day", "athlete_id"),
)  # fmt: skip

ALERT_PERSONAL_NORM = TableContract(
    key="alert/personal_norm",
    grain="one row an athlete, sport and metric: where a further session is expected",
    columns=(
        _SOURCE,
        _ATHLETE,
        Column("sport", TEXT, "sport of the sessions", allowed=SPORTS),
        Column("metric", TEXT, "a column of a mart's session load", allowed=tuple(METRICS)),
        Column("unit", TEXT, "unit of the numbers"),
        Column("session_count", pa.int32(), "sessions that the norm rests on", minimum=2),
        Column("first_day", pa.date32(), "the club's local day of the first of them"),
        Column("day", pa.date32(), "the club's local day of the last of them"),
        Column("mean", NUMBER, "their mean", minimum=0),
        Column("sd", NUMBER, "their standard deviation, n − 1", minimum=0),
        Column("low", NUMBER, "lower end of the norm", minimum=0),
        Column("high", NUMBER, "upper end of the norm", minimum=0),
        Column("act_above", NUMBER, "from here on far beyond it", minimum=0),
        PROVENANCE,
    ),
    primary_key=("source", "athlete_id", "sport", "metric"),
    replaced_by="slice",
    sort_by=("source", "athlete_id", "sport", "metric"),
)  # fmt: skip

REPORT_SESSION = page_ledger("report/session", "page")

_UPKEEP_STEP = (
    Column("table_key", TEXT, "table that it is about"),
    Column("action", TEXT, "what is done", allowed=tuple(Action)),
    Column("subject", TEXT, "a partition (empty: the whole table), a snapshot's id, or a file"),
)

OPS_UPKEEP_PLAN = TableContract(
    key="ops/upkeep_plan",
    grain="one row a step that upkeep would take now: files to put together, snapshots to expire, "
    "files that nothing names",
    columns=(
        Column("plan_id", TEXT, "run that made the plan"),
        Column("planned_at_utc", INSTANT, "when it was made"),
        _DAY,
        *_UPKEEP_STEP,
        Column("snapshot_id", pa.int64(), "the table's snapshot then", null_means="it had none"),
        Column("size_bytes", pa.int64(), "size of the files concerned", "B", 0),
        Column("reason", TEXT, "why, with the number that decided"),
    ),
    primary_key=("table_key", "action", "subject"),
    replaced_by="slice",
    sort_by=("table_key", "action", "subject"),
)

OPS_UPKEEP = TableContract(
    key="ops/upkeep",
    grain="one row a step that was taken, or passed over as it was no longer right; a ledger",
    columns=(
        Column("run_id", TEXT, "run that took it"),
        Column("plan_id", TEXT, "plan that it stands in"),
        Column("applied_at_utc", INSTANT, "when"),
        _DAY,
        *_UPKEEP_STEP,
        Column("outcome", TEXT, "what came of it", allowed=OUTCOMES),
        Column("size_bytes", pa.int64(), "freed by a removal, written by a compaction", "B", 0),
        Column("reason", TEXT, "why"),
    ),
    primary_key=("run_id", "table_key", "action", "subject"),
    replaced_by="slice",
    sort_by=("day", "run_id", "table_key", "action", "subject"),
)

_RUNBOOK = Column("runbook", TEXT, "page that says what to do")

OPS_FAILED_RUN = TableContract(
    key="ops/failed_run",
    grain="one row a run of the last 30 days that failed",
    columns=(
        Column("run_id", TEXT, "run of Dagster"),
        Column("job", TEXT, "its job"),
        Column("session_id", TEXT, "our session: <date>_<sport>_<slug>",
               null_means="the run is for no session, or for several"),
        Column("day", pa.date32(), "the club's local day on which it failed"),
        Column("failed_at_utc", INSTANT, "when it failed"),
        Column("fault", TEXT, "kind of the fault", allowed=tuple(kind.value for kind in FaultKind)),
        Column("reason", TEXT, "what stopped it, in a line; no athlete's values"),
        _RUNBOOK,
        Column("again", TEXT, "what became of the same work later",
               allowed=tuple(again.value for again in Again)),
        Column("again_run_id", TEXT, "the run that made good, else the newest that tried",
               null_means="not tried again"),
    ),
    primary_key=("run_id",),
    replaced_by="slice",
    sort_by=("day", "failed_at_utc", "run_id"),
)  # fmt: skip

OPS_STALE_ASSET = TableContract(
    key="ops/stale_asset",
    grain="one row a thing that should have been made, or should have told of itself, and did not",
    columns=(
        Column("late_id", TEXT, "an asset (`layer/name`), `sensor:NAME`, `schedule:NAME` or "
               "`daemon:NAME`, with the session where there is one"),
        Column("session_id", TEXT, "our session: <date>_<sport>_<slug>",
               null_means="not a matter of one session"),
        Column("day", pa.date32(), "the club's local day since which it is late"),
        Column("late_since_utc", INSTANT, "when it should have been there"),
        Column("reason", TEXT, "why, where that is known; no athlete's values"),
        _RUNBOOK,
    ),
    primary_key=("late_id",),
    replaced_by="slice",
    sort_by=("day", "late_since_utc", "late_id"),
)  # fmt: skip

#: Contracts that exist before anything fills them.
EMPTY: tuple[TableContract, ...] = (ALERT_NORM_BREACH,)

#: Every table that has its contract in code.
ALL: tuple[TableContract, ...] = (
    *RAW, KINEMATICS, *EMPTY, ALERT_PERSONAL_NORM, REPORT_SESSION, OPS_UPKEEP_PLAN, OPS_UPKEEP,
    OPS_FAILED_RUN, OPS_STALE_ASSET, *OF_MODELS, *OF_VISION,
)  # fmt: skip
