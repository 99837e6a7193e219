"""How long each stage took, from the manifest's landing to the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sports_assets.reports.colophon import StageTime

#: Steps of a run in words for the page; a step not named here goes by its own name.
_STAGES = {
    "raw_session": "raw tables",
    "tracking__kinematics": "kinematics",
    "dbt_facts": "facts and tests",
    "dbt_athlete_days": "athlete days",
}


@dataclass(frozen=True)
class RunTimes:
    """Instants of a run, in seconds since 1970; None where it has no such instant.

    Attributes:
        landed: the session's last drop arrived; None for a run that nobody's drop started.
        queued: the run was asked for.
        launched: it left the queue.
        started: its process was ready.
        steps: start and end of each step that is over, by name.
        page_started: the report's own step began.
    """

    landed: float | None
    queued: float | None
    launched: float | None
    started: float | None
    steps: Mapping[str, tuple[float, float]]
    page_started: float


def stage_times(times: RunTimes, now: datetime) -> Sequence[StageTime]:
    """Stages in the order in which they began; one whose ends are not both known is left out."""
    stages = [
        ("waiting for the sensor", times.landed, times.queued),
        ("in the queue", times.queued, times.launched),
        ("process start", times.launched, times.started),
        *((_STAGES.get(step, step), *ends) for step, ends in times.steps.items()),
        ("this page", times.page_started, now.timestamp()),
    ]
    known = [
        StageTime(stage, datetime.fromtimestamp(start, UTC), max(0.0, end - start))
        for stage, start, end in stages
        if start is not None and end is not None
    ]
    return tuple(sorted(known, key=lambda stage: stage.started_at_utc))
