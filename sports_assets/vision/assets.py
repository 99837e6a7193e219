"""What the footage shows, as assets: looked at video by video, followed session by session."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
from dagster._core.errors import DagsterPipesExecutionError  # it stands nowhere else

from edge_ingest.contract import TableContract, Violation
from edge_ingest.records import EVENTS, FOOTAGE
from edge_ingest.records import SESSIONS as RAW_SESSIONS
from edge_ingest.scratch import scratch_folder, sweep
from resources.contracts import KINEMATICS
from resources.dagster_resources import FootageLookResource, LakehouseResource
from resources.dbt.contracts import dbt_contracts
from resources.environment import load_settings
from resources.errors import SettingsError
from resources.lakehouse import Commit, CommitContext, Lakehouse
from resources.vision_contracts import (
    VISION_CAMERA,
    VISION_CLIP,
    VISION_DETECTION,
    VISION_FORMATION,
    VISION_LOOK,
    VISION_POSITIONS,
    VISION_QUALITY,
    VISION_TRACK,
)
from sports_assets.assets import WAITS_S, commit_context, guarded, until_settled
from sports_assets.automation import on_new_code_or_late_input
from sports_assets.checks import contract_check_spec, contract_outcome
from sports_assets.keys import FOOTAGE_WAY_TAG, VISION_KEYS, asset_key, owners, tags
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS
from sports_assets.session_run import SessionRun, SessionsCommitted
from sports_assets.vision.look import Looked, made_by, refused
from sports_assets.vision.looked import session_looks
from sports_assets.vision.session import believed, clips, shown, sport_of
from sports_assets.vision.tables import SessionTables, read_session
from sports_assets.warehouse.assets import PROJECT

CORE_ATHLETE = dbt_contracts(PROJECT.manifest)["core/athlete"]
_LOOKED = (VISION_CAMERA, VISION_LOOK, VISION_DETECTION)
#: A session may have footage alone; what is known of it otherwise helps, and may come later.
_FACTS = (KINEMATICS, RAW_SESSIONS, CORE_ATHLETE, EVENTS)
_CONDITION = on_new_code_or_late_input(
    FOOTAGE_WAY_TAG,
    optional=dg.AssetSelection.assets(*(asset_key(contract.key) for contract in _FACTS)),
)
_READERS = {
    "camera": "Whoever asks why footage shows nothing, or where a place comes from, reads it.",
    "look": "Tracks and gaps are told by it.",
    "detection": "Tracks are made of it.",
    "track": "The footage page and whoever looks for an athlete read it.",
    "positions": "The footage page, clips, training sets and formations read it.",
    "formation": "The footage page and the session's page read it.",
    "quality": "Its check blocks training sets of footage that cannot be believed.",
    "clip": "`python -m sports_assets training-set` makes training sets of it.",
}

_Made = Mapping[str, pa.Table]


def _spec(
    contract: TableContract, made_from: Sequence[TableContract], code_version: str = "1"
) -> dg.AssetSpec:
    grain = f"{contract.grain[0].upper()}{contract.grain[1:]}"
    return dg.AssetSpec(
        VISION_KEYS[contract.name],
        deps=[asset_key(one.key) for one in made_from],
        description=f"{grain}. {_READERS[contract.name]}",
        group_name=contract.layer,
        owners=owners(contract.layer),
        tags=tags(contract.layer, personal="health"),
        kinds={"python", "iceberg"},
        code_version=code_version,
        automation_condition=_CONDITION,
    )


@dg.multi_asset(
    name="vision_look",
    specs=[_spec(contract, [FOOTAGE]) for contract in _LOOKED],
    check_specs=[contract_check_spec(contract) for contract in _LOOKED],
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
    can_subset=True,
)
@guarded
def vision_look(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    footage_look: FootageLookResource,
    pipes: dg.PipesSubprocessClient,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Look at each video that was not looked at yet in just this way, in a process of its own.

    What is seen is committed after each video: during a match one arrives after the other, and a
    run that is stopped loses one look.
    """
    look = partial(_look, context, footage_look, pipes)
    way = partial(_way, footage_look)

    def write(store: Lakehouse, session: str) -> tuple[dict[str, tuple[pa.Table, Commit]], bool]:
        tables = read_session(store, session, [FOOTAGE, *_LOOKED])
        looks = session_looks(tables, way)
        why = _why(context, tables)
        while True:
            if looks.waiting:
                looks = looks.with_look(look(looks.waiting[0]))
            rows = dict(
                zip(
                    _LOOKED,
                    (looks.done.camera, looks.done.looks, looks.done.detections),
                    strict=True,
                )
            )
            # The camera's row says that its look is done: it comes last.
            done = {
                one.name: (rows[one], store.replace_sessions(one, rows[one], [session], why))
                for one in reversed(_LOOKED)
            }
            if not looks.waiting:
                break
        footage = SessionTables(session, {}, {FOOTAGE.key: tables.read[FOOTAGE.key]})
        return done, footage.still_stand(store)

    yield from _write_sessions(context, lakehouse, _LOOKED, write)


@dg.multi_asset(
    name="vision_follow",
    specs=[
        _spec(contract, [FOOTAGE, *_LOOKED, KINEMATICS, RAW_SESSIONS, CORE_ATHLETE])
        for contract in (VISION_TRACK, VISION_POSITIONS, VISION_FORMATION)
    ],
    check_specs=[
        contract_check_spec(contract)
        for contract in (VISION_TRACK, VISION_POSITIONS, VISION_FORMATION)
    ],
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
    can_subset=True,
)
@guarded
def vision_follow(
    context: dg.AssetExecutionContext, lakehouse: LakehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Follow people and ball over all cameras of each session, and name formations."""

    def make(tables: SessionTables) -> _Made:
        found = shown(tables, CORE_ATHLETE)
        return {
            "track": found.tracks, "positions": found.positions, "formation": found.formations,
        }  # fmt: skip

    yield from _write_sessions(
        context,
        lakehouse,
        (VISION_TRACK, VISION_POSITIONS, VISION_FORMATION),
        _making(context, make, [FOOTAGE, *_LOOKED, KINEMATICS, RAW_SESSIONS, CORE_ATHLETE]),
    )


#: What is said of a video whose step was killed each time.
_DIED = (
    "the process that looked at it died each time, of memory or of a fault in a library: see the "
    "run's log, and send the video in shorter pieces"
)
_SHOWN = (FOOTAGE, VISION_CAMERA, VISION_LOOK, VISION_TRACK, VISION_POSITIONS)
_GOOD_CHECK = dg.AssetCheckSpec(
    name="footage_can_be_believed",
    asset=VISION_KEYS["quality"],
    description="Coverage, gaps, calibration and swaps of the footage are within their limits.",
    blocking=True,
)


@dg.multi_asset(
    name="vision_quality",
    specs=[_spec(VISION_QUALITY, _SHOWN)],
    check_specs=[contract_check_spec(VISION_QUALITY), _GOOD_CHECK],
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
)
@guarded
def vision_quality(
    context: dg.AssetExecutionContext, lakehouse: LakehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Say how far each session's footage can be believed."""
    reasons: dict[str, str] = {}

    def make(tables: SessionTables) -> _Made:
        found = believed(tables)
        reasons.pop(tables.session_id, None)  # of an attempt that was overtaken
        for row in found.to_pylist():
            if not row["is_good"]:
                reasons[row["session_id"]] = row["reason"]
        return {"quality": found}

    def outcome() -> list[dg.AssetCheckResult]:
        return [
            dg.AssetCheckResult(
                asset_key=VISION_KEYS["quality"],
                check_name=_GOOD_CHECK.name,
                passed=not reasons,
                metadata={"sessions": len(reasons), **dict(sorted(reasons.items())[:3])},
            )
        ]

    yield from _write_sessions(
        context, lakehouse, (VISION_QUALITY,), _making(context, make, _SHOWN), outcome
    )


@dg.multi_asset(
    name="vision_clip",
    specs=[
        _spec(
            VISION_CLIP,
            [FOOTAGE, VISION_POSITIONS, VISION_QUALITY, EVENTS, RAW_SESSIONS, CORE_ATHLETE],
        )
    ],
    check_specs=[contract_check_spec(VISION_CLIP)],
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
)
@guarded
def vision_clip(
    context: dg.AssetExecutionContext, lakehouse: LakehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """List stretches of footage with what happens in them."""
    yield from _write_sessions(
        context,
        lakehouse,
        (VISION_CLIP,),
        _making(
            context,
            lambda tables: {"clip": clips(tables, CORE_ATHLETE)},
            [FOOTAGE, VISION_POSITIONS, VISION_QUALITY, EVENTS, RAW_SESSIONS, CORE_ATHLETE],
        ),
    )


_Write = Callable[[Lakehouse, str], tuple[dict[str, tuple[pa.Table, Commit]], bool]]


def _making(
    context: dg.AssetExecutionContext,
    make: Callable[[SessionTables], _Made],
    reads: Sequence[TableContract],
) -> _Write:
    """How a session is written by what `make` gives, by the table's name."""

    def write(store: Lakehouse, session: str) -> tuple[dict[str, tuple[pa.Table, Commit]], bool]:
        tables = read_session(store, session, reads)
        made, why = make(tables), _why(context, tables)
        done = {
            name: (rows, store.replace_sessions(_CONTRACTS[name], rows, [session], why))
            for name, rows in made.items()
        }
        is_new = any(commit.is_new for _, commit in done.values())
        return done, not is_new or tables.still_stand(store)

    return write


_CONTRACTS = {
    one.name: one
    for one in (
        *_LOOKED, VISION_TRACK, VISION_POSITIONS, VISION_FORMATION, VISION_QUALITY, VISION_CLIP,
    )
}  # fmt: skip


def _write_sessions(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    contracts: Sequence[TableContract],
    write: _Write,
    more: Callable[[], list[dg.AssetCheckResult]] = list,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Write each session of the run, one after the other, and tell of each table.

    Args:
        more: outcomes of other checks of the first table, when all is written.
    """
    run = SessionRun(context)
    parts: dict[str, list[SessionsCommitted]] = {one.name: [] for one in contracts}
    broken: dict[str, list[Violation]] = {one.name: [] for one in contracts}
    with lakehouse.open() as store:
        for session in run.session_ids:
            with run.attempt(session):
                done = until_settled(
                    partial(write, store, session), f"what the footage of {session} shows"
                )
                for name, (rows, commit) in done.items():
                    broken[name] += _CONTRACTS[name].violations(rows)
                    parts[name].append(SessionsCommitted([session], commit))
    others = more()
    # Tables of one step are made and committed together; Dagster hears of those it asked for.
    chosen = context.selected_asset_keys
    for one in (one for one in contracts if VISION_KEYS[one.name] in chosen):
        rows_told = sum(part.commit.rows for part in parts[one.name])
        outcome = contract_outcome(one, broken[one.name], rows_told)
        yield from run.tell_table(parts[one.name], [outcome, *others])
        others = []
    run.require_all()


def _why(context: dg.AssetExecutionContext, tables: SessionTables) -> CommitContext:
    return commit_context(context, sorted(set(tables.of(FOOTAGE)["drop_id"].to_pylist())))


def _way(config: FootageLookResource, footage: Mapping[str, Any]) -> str:
    model = Path(config.model_path) if config.model_path else None
    return made_by(
        config.detector, model, footage["calibration"], footage["camera"],
        footage["started_at_utc"],
    )  # fmt: skip


def _look(
    context: dg.AssetExecutionContext,
    config: FootageLookResource,
    pipes: dg.PipesSubprocessClient,
    footage: Mapping[str, Any],
) -> Looked:
    """Rows of one video, by the step that looks at it in a process of its own.

    Raises:
        SettingsError: the step says that its settings are wrong.
        DagsterPipesExecutionError: it ended before it was done. Transient: the last time that it
            is tried the video is refused instead.
    """
    home = load_settings().home / "scratch"
    home.mkdir(parents=True, exist_ok=True)
    sweep(home, datetime.now(UTC))  # copies of steps that were killed
    with scratch_folder(home) as folder:
        extras = {
            "video": {
                "session_id": footage["session_id"],
                "sha256": footage["sha256"],
                "camera": footage["camera"],
                "started_at_utc": footage["started_at_utc"].isoformat(),
                "calibration": footage["calibration"],
                "sport": sport_of(footage["session_id"]),
                "uri": footage["uri"],
            },
            "detector": config.detector,
            "model_path": config.model_path,
            "made_by": _way(config, footage),
            "into": str(folder),
        }
        command = [sys.executable, "-m", "sports_assets.vision.step"]
        try:
            ended = pipes.run(context=context, command=command, extras=extras)
        except DagsterPipesExecutionError:
            if context.retry_number < len(WAITS_S):
                raise
            # It costs only itself: videos that wait behind it, and other sessions, go on.
            return refused(footage["session_id"], footage["sha256"], footage["camera"],
                           _way(config, footage), _DIED)  # fmt: skip
        told: Mapping[str, Any] = next(iter(ended.get_custom_messages()), {})
        if fault := told.get("settings"):
            raise SettingsError(fault)
        return Looked(
            *(
                one.conform(pq.read_table(folder / f"{one.name}.parquet"))
                for one in (VISION_CAMERA, VISION_LOOK, VISION_DETECTION)
            )
        )
