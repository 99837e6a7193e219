"""The clock of models: each morning the squad is scored, whether or not anyone told of a day."""

import dagster as dg

from sensors.labels import score_squad


def model_clock(club_timezone: str) -> dg.ScheduleDefinition:
    """Every morning at half past five, the club's time: before staff plan the day."""
    return dg.ScheduleDefinition(
        name="model_clock",
        job=score_squad,
        cron_schedule="30 5 * * *",
        execution_timezone=club_timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Scores the squad each morning.",
    )
