"""Upkeep at night: a plan, and what it says, in one run."""

import dagster as dg

from sports_assets.keys import LANE_TAG, UPKEEP_KEY, UPKEEP_LANE, UPKEEP_PLAN_KEY

upkeep_job = dg.define_asset_job(
    "upkeep",
    selection=dg.AssetSelection.assets(UPKEEP_PLAN_KEY, UPKEEP_KEY),
    tags={LANE_TAG: UPKEEP_LANE},
    description="Plans what keeps the tables small, then does it.",
)


def upkeep_clock(club_timezone: str) -> dg.ScheduleDefinition:
    """Every night at half past four, the club's time: after the latest match, before training."""
    return dg.ScheduleDefinition(
        name="upkeep_clock",
        job=upkeep_job,
        cron_schedule="30 4 * * *",
        execution_timezone=club_timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Plans and applies the upkeep of the lakehouse, each night.",
    )
