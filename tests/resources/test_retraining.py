from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.retraining import (
    Answer,
    Ask,
    Cause,
    PastTraining,
    RetrainingPolicy,
    RunState,
    answer,
)

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
POLICY = RetrainingPolicy()
MODEL = "injury_risk"
DRIFT = Ask(MODEL, Cause.DRIFT, "chronic load +0.6 SD")
DEVICE = Ask(MODEL, Cause.DEVICE_CHANGE, "a step in resting heart rate")


def trained(days_ago: float, state: RunState = RunState.SUCCEEDED) -> PastTraining:
    return PastTraining(MODEL, NOW - timedelta(days=days_ago), state)


def told(asks: list[Ask], past: list[PastTraining] | None = None) -> Answer:
    return answer(MODEL, asks, past or [], NOW, POLICY)


def test_drift_starts_a_training_whose_tags_say_why_and_until_when() -> None:
    found = told([DRIFT], [trained(20)])
    assert (found.is_training, found.cause) == (True, Cause.DRIFT)
    assert found.tags == {
        "touchline/model": "injury_risk",
        "touchline/retrain-reason": "drift: chronic load +0.6 SD",
        "touchline/retrain-cooldown-until": "2026-12-13T06:00:00+00:00",
        "touchline/retrain-ceiling": "2 of 4 in 90 days",
    }


def test_nothing_asks_or_asks_for_another_model() -> None:
    assert told([]).why == "nothing asks for it"
    found = told([Ask("readiness", Cause.DRIFT, "mood -0.7 SD")])
    assert (found.is_training, found.tags) == (False, {})


@pytest.mark.parametrize(
    ("days_ago", "state", "is_training"),
    [
        (13.9, RunState.SUCCEEDED, False),
        (14.0, RunState.SUCCEEDED, True),
        (0.9, RunState.FAILED, False),
        (1.0, RunState.FAILED, True),
        (0.1, RunState.RUNNING, False),
        (2.0, RunState.RUNNING, True),  # it died, and nobody said so
    ],
)
def test_a_training_cools_down(days_ago: float, state: RunState, is_training: bool) -> None:
    assert told([DRIFT], [trained(days_ago, state)]).is_training is is_training


def test_it_says_why_it_does_nothing() -> None:
    assert told([DRIFT], [trained(4)]).why == (
        "drift (chronic load +0.6 SD), but it cools down until 2026-12-09 06:00 UTC"
    )
    assert "running since 2026-11-29 03:36" in told([DRIFT], [trained(0.1, RunState.RUNNING)]).why


def test_the_ceiling_holds_and_says_when_it_is_free() -> None:
    past = [trained(days) for days in (80, 60, 40, 20)]
    found = told([DRIFT], past)
    assert not found.is_training
    assert "the next is free on 2026-12-09" in found.why
    assert told([DRIFT], [*past[1:], trained(90)]).is_training


def test_a_first_training_that_failed_is_not_tried_at_every_look() -> None:
    first = Ask(MODEL, Cause.FIRST, "no champion yet")
    assert told([first]).is_training
    assert not told([first], [trained(0.5, RunState.FAILED)]).is_training


def test_first_trainings_are_free_however_often_they_failed() -> None:
    first = Ask(MODEL, Cause.FIRST, "it was never trained")
    tried = [replace(trained(days, RunState.FAILED), is_first=True) for days in (9, 8, 7, 6, 5)]
    assert told([first], tried).is_training
    assert told([DRIFT], tried).tags["touchline/retrain-ceiling"] == "1 of 4 in 90 days"


def test_after_too_little_to_learn_from_more_may_be_told_soon() -> None:
    first = Ask(MODEL, Cause.FIRST, "there was too little to learn from")
    minutes = 1 / 24 / 60
    assert not told([first], [trained(9 * minutes, RunState.CAME_TO_NOTHING)]).is_training
    assert told([first], [trained(10 * minutes, RunState.CAME_TO_NOTHING)]).is_training


def test_a_device_change_trains_nothing_and_hides_the_drift_that_it_makes() -> None:
    for asks in ([DEVICE], [DRIFT, DEVICE]):
        found = told(asks)
        assert (found.is_training, found.cause) == (False, Cause.DEVICE_CHANGE)
        assert "norms take a new device in" in found.why


def test_age_wants_a_training_whatever_the_device() -> None:
    age = Ask(MODEL, Cause.AGE, "it learned up to 2026-08-01")
    found = told([age, DEVICE])
    assert (found.is_training, found.cause) == (True, Cause.AGE)


def test_decay_wants_a_training_even_with_a_new_device() -> None:
    decay = Ask(MODEL, Cause.DECAY, "twice the injuries that were expected")
    assert told([DEVICE, DRIFT, decay]).cause is Cause.DECAY


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        answer(MODEL, [DRIFT], [], NOW.replace(tzinfo=None), POLICY)
    naive = PastTraining(MODEL, NOW.replace(tzinfo=None), RunState.SUCCEEDED)
    with pytest.raises(ValueError, match="no time zone"):
        told([DRIFT], [naive])


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 1), min_size=200, max_size=200),
    st.lists(st.sampled_from(list(RunState)), min_size=200, max_size=200),
)
def test_however_often_it_is_asked_trainings_keep_their_distance(
    asked: list[int], ends: list[RunState]
) -> None:
    past: list[PastTraining] = []
    for day, (asks, end) in enumerate(zip(asked, ends, strict=True)):
        now = NOW + timedelta(days=day)
        found = answer(MODEL, [DRIFT] * asks, past, now, POLICY)
        if found.is_training:
            past.append(PastTraining(MODEL, now, end))
    starts = [one.requested_at_utc for one in past]
    for index, one in enumerate(past):
        if one.state is RunState.SUCCEEDED and index + 1 < len(past):
            assert starts[index + 1] - starts[index] >= POLICY.cool_down
        within = [start for start in starts if timedelta(0) <= one.requested_at_utc - start]
        within = [start for start in within if one.requested_at_utc - start < POLICY.window]
        assert len(within) <= POLICY.ceiling
