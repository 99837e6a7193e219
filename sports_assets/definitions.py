"""The code location: everything that Dagster knows of Touchline."""

import logging

import dagster as dg

from resources.dagster_resources import resources_for
from resources.environment import load_settings
from resources.landing_trust import warn_once
from sensors.drift import drift_sensor, retrain_jobs
from sensors.edge_drops import (
    daily_records,
    edge_drops,
    quarantine,
    session_facts,
    session_footage,
)
from sensors.failed_runs import failed_run_list, failed_runs_sensor
from sensors.labels import labels_sensor, promote_models, score_squad
from sensors.model_clock import model_clock
from sensors.stale_assets import stale_asset_list, stale_assets_sensor
from sensors.upkeep_clock import upkeep_clock, upkeep_job
from sports_assets.alerts.assets import personal_norm
from sports_assets.assets import waiting_contracts
from sports_assets.backup.assets import nightly_backup, ops_backup
from sports_assets.mlops.assets import drift, profiles
from sports_assets.models.assets import model_assets, model_card, prediction_assets, promotion
from sports_assets.raw.assets import raw_days, raw_quarantine, raw_session
from sports_assets.reports.assets import report_session
from sports_assets.tracking.assets import tracking_kinematics
from sports_assets.upkeep.assets import upkeep, upkeep_plan
from sports_assets.vision.assets import (
    vision_clip,
    vision_follow,
    vision_look,
    vision_quality,
)
from sports_assets.vision.page.assets import report_footage
from sports_assets.warehouse.assets import dbt_athlete_days, dbt_facts, identity_athletes
from sports_assets.watchdog.assets import failed_run, stale_asset
from sports_assets.workload.assets import feature_workload

settings = load_settings()
warn_once(
    settings.edge_keys is None and not settings.are_signatures_required,
    "definitions",
    logging.getLogger("touchline").warning,
)

defs = dg.Definitions(
    assets=[
        raw_session,
        raw_days,
        raw_quarantine,
        tracking_kinematics,
        identity_athletes,
        dbt_facts,
        dbt_athlete_days,
        report_session,
        vision_look,
        vision_follow,
        vision_quality,
        vision_clip,
        report_footage,
        personal_norm,
        feature_workload,
        *model_assets,
        promotion,
        *prediction_assets,
        profiles,
        drift,
        model_card,
        ops_backup,
        upkeep_plan,
        upkeep,
        failed_run,
        stale_asset,
        *waiting_contracts(),
    ],
    jobs=[
        session_facts,
        session_footage,
        daily_records,
        quarantine,
        score_squad,
        promote_models,
        *retrain_jobs.values(),
        upkeep_job,
        failed_run_list,
        stale_asset_list,
    ],
    schedules=[
        nightly_backup(settings.club_timezone),
        upkeep_clock(settings.club_timezone),
        model_clock(settings.club_timezone),
    ],
    sensors=[
        edge_drops,
        labels_sensor,
        drift_sensor,
        failed_runs_sensor,
        stale_assets_sensor,
        dg.AutomationConditionSensorDefinition(
            "new_code_or_late_input",
            target=dg.AssetSelection.all(),
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=30,
            description="The backstop: see sports_assets/automation.py.",
        ),
    ],
    resources=resources_for(settings),
    # One process a run: starting another for each step would cost more than most steps do.
    executor=dg.in_process_executor,
)
