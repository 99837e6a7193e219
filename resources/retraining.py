"""Should a model be trained again? Drift and decay ask for it; a cool-down and a ceiling hold back.

Without them a model whose world has changed for good would be trained every day on the same news:
it takes weeks of new labels until another training can know more than the last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Cause(StrEnum):
    """What asks for a training. The first of these that is there names the request."""

    FIRST = "first"
    DECAY = "decay"
    DRIFT = "drift"
    DEVICE_CHANGE = "device_change"
    AGE = "age"


class RunState(StrEnum):
    """How far an earlier training has come."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    #: It ran, and found too little to learn from.
    CAME_TO_NOTHING = "came to nothing"
    FAILED = "failed"


@dataclass(frozen=True)
class Ask:
    """Something that asks for a training.

    Attributes:
        model: which model; its name.
        detail: in words, without an athlete's values: `chronic load +0.6 SD`.
    """

    model: str
    cause: Cause
    detail: str


@dataclass(frozen=True)
class PastTraining:
    """An earlier training of a model, whoever asked for it.

    Attributes:
        is_first: a first model was asked for, which counts for no ceiling.
    """

    model: str
    requested_at_utc: datetime
    state: RunState
    is_first: bool = False


@dataclass(frozen=True)
class RetrainingPolicy:
    """How often at most, and at least.

    Attributes:
        cool_down: after a training that succeeded.
        cool_down_failed: after one that failed.
        cool_down_nothing: after one that found too little to learn from: more may be told soon.
        ceiling: trainings, whether or not they succeeded, in any `window`; first ones are free.
        given_up_after: a training that is said to run for longer died.
        oldest: days told since the last that a model learned from, after which it is trained
            whatever drifts.
    """

    cool_down: timedelta = timedelta(days=14)
    cool_down_failed: timedelta = timedelta(days=1)
    cool_down_nothing: timedelta = timedelta(minutes=10)
    ceiling: int = 4
    window: timedelta = timedelta(days=90)
    given_up_after: timedelta = timedelta(hours=6)
    oldest: timedelta = timedelta(days=90)


@dataclass(frozen=True)
class Answer:
    """What is to be done, and why, or why not.

    Attributes:
        is_training: whether the model is to be trained.
        cause: that won; None: nothing asked.
        why: in words; what a skipped sensor tick says.
        tags: for the run; none where there is nothing to do.
    """

    is_training: bool
    cause: Cause | None
    why: str
    tags: dict[str, str]


_RANK = {cause: rank for rank, cause in enumerate(Cause)}


def answer(
    model: str,
    asks: Iterable[Ask],
    past: Iterable[PastTraining],
    now_utc: datetime,
    policy: RetrainingPolicy,
) -> Answer:
    """What to do about everything that asks for a training of one model.

    Nothing starts while another is running. A device change moves measures for everyone at once and
    says nothing of athletes: personal norms take the new level in by themselves, within the days
    that they look back on, and the model stays; what drifts beside it is the device's doing until
    it is seen to last. Performance that decays wants a training even then.

    Args:
        asks: of any model.
        past: earlier trainings of any model and any age.

    Raises:
        ValueError: an instant has no zone.
    """
    wanted = sorted((one for one in asks if one.model == model), key=lambda one: _RANK[one.cause])
    trainings = [one for one in past if one.model == model]
    for moment in (now_utc, *(one.requested_at_utc for one in trainings)):
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no time zone: instants are UTC")
    if any(one.cause is Cause.DEVICE_CHANGE for one in wanted):
        wanted = [one for one in wanted if one.cause is not Cause.DRIFT]
    if not wanted:
        return _nothing(None, "nothing asks for it")
    first = wanted[0]
    if running := _running(trainings, now_utc, policy):
        return _nothing(first, f"one is running since {running:%Y-%m-%d %H:%M} UTC")
    if first.cause is Cause.DEVICE_CHANGE:
        if len({one.cause for one in wanted}) == 1:
            return _nothing(first, "personal norms take a new device in by themselves")
        first = next(one for one in wanted if one.cause is not Cause.DEVICE_CHANGE)
    return _retrain(model, first, trainings, now_utc.astimezone(UTC), policy)


def _retrain(
    model: str,
    ask: Ask,
    trainings: Sequence[PastTraining],
    now: datetime,
    policy: RetrainingPolicy,
) -> Answer:
    recent = [
        one for one in trainings if now - one.requested_at_utc < policy.window and not one.is_first
    ]
    cool_until = max((_cool_until(one, policy) for one in trainings), default=now)
    if now < cool_until:
        return _nothing(ask, f"it cools down until {cool_until:%Y-%m-%d %H:%M} UTC")
    if len(recent) >= policy.ceiling and ask.cause is not Cause.FIRST:
        starts = sorted(one.requested_at_utc for one in recent)
        free = starts[-policy.ceiling] + policy.window
        return _nothing(
            ask,
            f"{len(recent)} trainings in {policy.window.days} days are the ceiling; the next "
            f"is free on {free:%Y-%m-%d}. Look at why they do not help",
        )
    why = f"{ask.cause.value}: {ask.detail}"
    return Answer(
        is_training=True,
        cause=ask.cause,
        why=why,
        tags={
            "touchline/model": model,
            "touchline/retrain-reason": why,
            "touchline/retrain-cooldown-until": (now + policy.cool_down).isoformat(),
            "touchline/retrain-ceiling": (
                f"{len(recent) + 1} of {policy.ceiling} in {policy.window.days} days"
            ),
        },
    )


def _nothing(ask: Ask | None, why: str) -> Answer:
    told = why if ask is None else f"{ask.cause.value} ({ask.detail}), but {why}"
    return Answer(is_training=False, cause=None if ask is None else ask.cause, why=told, tags={})


def _running(
    trainings: Sequence[PastTraining], now: datetime, policy: RetrainingPolicy
) -> datetime | None:
    """Since when one is running; of one that died long ago nobody told us."""
    starts = [
        one.requested_at_utc
        for one in trainings
        if one.state is RunState.RUNNING and now - one.requested_at_utc < policy.given_up_after
    ]
    return min(starts).astimezone(UTC) if starts else None


def _cool_until(one: PastTraining, policy: RetrainingPolicy) -> datetime:
    wait = {
        RunState.SUCCEEDED: policy.cool_down,
        RunState.CAME_TO_NOTHING: policy.cool_down_nothing,
    }.get(one.state, policy.cool_down_failed)
    return one.requested_at_utc.astimezone(UTC) + wait
