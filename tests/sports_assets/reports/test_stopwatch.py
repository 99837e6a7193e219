"""Stages of a run, as the page tells them."""

from dataclasses import replace
from datetime import UTC, datetime

from sports_assets.reports.stopwatch import RunTimes, stage_times

NOW = datetime.fromtimestamp(140, UTC)
TIMES = RunTimes(
    landed=100.0,
    queued=104.0,
    launched=105.0,
    started=111.5,
    steps={"raw_session": (112.0, 114.0), "a_step_of_later": (114.0, 115.0)},
    page_started=138.0,
)


def test_every_stage_from_the_manifest_to_the_page_is_timed() -> None:
    told = [(stage.stage, stage.seconds) for stage in stage_times(TIMES, NOW)]
    assert told == [
        ("waiting for the sensor", 4.0),
        ("in the queue", 1.0),
        ("process start", 6.5),
        ("raw tables", 2.0),
        ("a_step_of_later", 1.0),
        ("this page", 2.0),
    ]


def test_a_run_that_nobody_queued_tells_its_steps_only() -> None:
    alone = replace(TIMES, landed=None, queued=None, launched=None, started=111.5, steps={})
    assert [stage.stage for stage in stage_times(alone, NOW)] == ["this page"]
