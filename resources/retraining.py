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

    PERSON = "person"
    FIRST = "first"
    DECAY = "decay"
    DRIFT = "drift"
    DEVICE_CHANGE = "device_change"
    LABELS = "labels"
    SCHEDULE = "schedule"


class Action(StrEnum):
    """What is to be done."""

    RETRAIN = "retrain"
    #: Personal norms and drift references of the device's columns begin anew; the model stays.
    REBASELINE = "rebaseline"
    NOTHING = "nothing"


class RunState(StrEnum):
    """How far an earlier request has come."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Ask:
    """Something that asks for a training.

    Attributes:
        model: which model; its name.
        detail: in words, without an athlete's values: `chronic load +0.6 SD`.
        key: names the occurrence, so that a device change is answered once; empty: no matter.
    """

    model: str
    cause: Cause
    detail: str
    key: str = ""


@dataclass(frozen=True)
class PastRequest:
    """An earlier request, as the tags of its run tell it.

    Attributes:
        key: of the `Ask` that it answered.
    """

    model: str
    action: Action
    requested_at_utc: datetime
    state: RunState
    key: str = ""


@dataclass(frozen=True)
class RetrainingPolicy:
    """How often at most.

    Attributes:
        cool_down: after a training that succeeded.
        cool_down_failed: after one that failed.
        ceiling: trainings, whether or not they succeeded, in any `window`.
        given_up_after: a request that is said to run for longer died.
    """

    cool_down: timedelta = timedelta(days=14)
    cool_down_failed: timedelta = timedelta(days=1)
    ceiling: int = 4
    window: timedelta = timedelta(days=90)
    given_up_after: timedelta = timedelta(hours=6)


@dataclass(frozen=True)
class Answer:
    """What is to be done, and why, or why not.

    Attributes:
        cause: that won; None: nothing asked.
        why: in words; what a skipped sensor tick says.
        key: of the ask that is answered.
        tags: for the run; none where there is nothing to do.
    """

    model: str
    action: Action
    cause: Cause | None
    why: str
    key: str
    tags: dict[str, str]


_RANK = {cause: rank for rank, cause in enumerate(Cause)}


def answer(
    model: str,
    asks: Iterable[Ask],
    past: Iterable[PastRequest],
    now_utc: datetime,
    policy: RetrainingPolicy,
) -> Answer:
    """What to do about everything that asks for a training of one model.

    Only a person's request heeds no cool-down and no ceiling, and nothing starts while another is
    running. A device change moves measures for everyone at once and says
    nothing of athletes, so that the model is right again once norms begin anew; performance that
    decays wants a training even then.

    Args:
        asks: of any model.
        past: earlier requests of any model and any age.

    Raises:
        ValueError: an instant has no zone.
    """
    wanted = sorted((one for one in asks if one.model == model), key=lambda one: _RANK[one.cause])
    requests = [one for one in past if one.model == model]
    for moment in (now_utc, *(one.requested_at_utc for one in requests)):
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no time zone: instants are UTC")
    if not wanted:
        return _nothing(model, None, "nothing asks for it")
    answered = {one.key for one in requests if _is_answered(one)}
    first = wanted[0]
    devices = [one for one in wanted if one.cause is Cause.DEVICE_CHANGE]
    fresh = [one for one in devices if not one.key or one.key not in answered]
    if first.cause is Cause.DRIFT and fresh:
        first = fresh[0]  # what drifts on that day is the device's doing, until it is seen to last
    if running := _running(requests, now_utc, policy):
        return _nothing(model, first, f"one is running since {running:%Y-%m-%d %H:%M} UTC")
    if first.cause is Cause.DEVICE_CHANGE:
        if fresh:
            return _rebaseline(model, fresh[0])
        rest = [one for one in wanted if one.cause is not Cause.DEVICE_CHANGE]
        if not rest:
            return _nothing(model, first, "norms have begun anew for this device change already")
        first = rest[0]
    return _retrain(model, first, requests, now_utc.astimezone(UTC), policy)


def _retrain(
    model: str,
    ask: Ask,
    requests: Sequence[PastRequest],
    now: datetime,
    policy: RetrainingPolicy,
) -> Answer:
    trained = [one for one in requests if one.action is Action.RETRAIN]
    recent = [one for one in trained if now - one.requested_at_utc < policy.window]
    cool_until = max((_cool_until(one, policy) for one in trained), default=now)
    if ask.cause is not Cause.PERSON:
        if now < cool_until:
            return _nothing(model, ask, f"it cools down until {cool_until:%Y-%m-%d %H:%M} UTC")
        if len(recent) >= policy.ceiling:
            starts = sorted(one.requested_at_utc for one in recent)
            free = starts[-policy.ceiling] + policy.window
            return _nothing(
                model,
                ask,
                f"{len(recent)} trainings in {policy.window.days} days are the ceiling; the next "
                f"is free on {free:%Y-%m-%d}. Look at why they do not help",
            )
    return Answer(
        model=model,
        action=Action.RETRAIN,
        cause=ask.cause,
        why=f"{ask.cause.value}: {ask.detail}",
        key=ask.key,
        tags={
            "touchline/model": model,
            "touchline/retrain-reason": f"{ask.cause.value}: {ask.detail}",
            "touchline/retrain-key": ask.key,
            "touchline/retrain-cooldown-until": (now + policy.cool_down).isoformat(),
            "touchline/retrain-ceiling": (
                f"{len(recent) + 1} of {policy.ceiling} in {policy.window.days} days"
            ),
        },
    )


def _rebaseline(model: str, ask: Ask) -> Answer:
    return Answer(
        model=model,
        action=Action.REBASELINE,
        cause=ask.cause,
        why=f"{ask.cause.value}: {ask.detail}; norms begin anew, and the model stays",
        key=ask.key,
        tags={
            "touchline/model": model,
            "touchline/retrain-reason": f"{ask.cause.value}: {ask.detail}",
            "touchline/retrain-key": ask.key,
        },
    )


def _nothing(model: str, ask: Ask | None, why: str) -> Answer:
    told = why if ask is None else f"{ask.cause.value} ({ask.detail}), but {why}"
    return Answer(
        model=model,
        action=Action.NOTHING,
        cause=None if ask is None else ask.cause,
        why=told,
        key="" if ask is None else ask.key,
        tags={},
    )


def _running(
    requests: Sequence[PastRequest], now: datetime, policy: RetrainingPolicy
) -> datetime | None:
    """Since when one is running; of one that died long ago nobody told us."""
    starts = [
        one.requested_at_utc
        for one in requests
        if one.state is RunState.RUNNING and now - one.requested_at_utc < policy.given_up_after
    ]
    return min(starts).astimezone(UTC) if starts else None


def _cool_until(one: PastRequest, policy: RetrainingPolicy) -> datetime:
    is_done = one.state is RunState.SUCCEEDED
    wait = policy.cool_down if is_done else policy.cool_down_failed
    return one.requested_at_utc.astimezone(UTC) + wait


def _is_answered(one: PastRequest) -> bool:
    return one.action is Action.REBASELINE and one.state is not RunState.FAILED
