"""The test bed: policies that decide every week's training of simulated clubs.

A policy sees what a club knows on a Sunday evening, and asks for a week's load. That is turned into
a factor on the plan's own training minutes, is bounded by what a squad can train, and carried out
inexactly; see `edge_ingest.simulate.control`. Every policy meets the same fixtures, athletes and
chances.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge_ingest.simulate.calendar import Day
from edge_ingest.simulate.control import Evening, planned_training
from sports_assets.models.load_advice.advice import advise
from sports_assets.models.load_advice.features import (
    HORIZON_D,
    INPUTS,
    FloatArray,
    last_week,
    match_load,
)
from sports_assets.models.load_advice.model import LoadAdviceModel
from sports_assets.workload.availability_features import availability_features
from sports_assets.workload.grid import Block
from sports_assets.workload.load_features import (
    Start,
    load_features,
    minutes_features,
    weighed_hours,
)
from sports_assets.workload.plan_features import injury_rate

#: A club that is simulated plays matches of so many minutes.
_MATCH_MIN = 90.0


class Policy(Protocol):
    """Asks for next week's load."""

    def __call__(self, values: Mapping[str, FloatArray]) -> FloatArray:
        """Load of the week, matches included, au, (n,), of the features of `INPUTS`."""
        ...


def as_last_week(values: Mapping[str, FloatArray]) -> FloatArray:
    """The same as last week."""
    return last_week(values)


def as_much_as_possible(values: Mapping[str, FloatArray]) -> FloatArray:
    """More than can be trained, every week: what is left is the bound."""
    return np.full(values["load_acute_au"].shape, 1e6)


@dataclass(frozen=True)
class Ramp:
    """So many times the load of last week, every week."""

    factor: float = 1.10

    def __call__(self, values: Mapping[str, FloatArray]) -> FloatArray:
        """Load of the week, au."""
        return self.factor * last_week(values)


@dataclass
class Advised:
    """The model's advice; where it abstains, the same as last week.

    Attributes:
        asked, silent: athlete-weeks so far, and those of them without advice.
    """

    model: LoadAdviceModel
    asked: int = field(default=0, init=False)
    silent: int = field(default=0, init=False)

    def __call__(self, values: Mapping[str, FloatArray]) -> FloatArray:
        """Load of the week, au."""
        total = advise(self.model, values).total
        is_silent = np.isnan(total)
        self.asked += total.size
        self.silent += int(is_silent.sum())
        return np.where(is_silent, last_week(values), total)


@dataclass(frozen=True)
class Steering:
    """A policy as a controller of the simulator.

    Attributes:
        start: what workload features assume before a history.
        match_au_per_min, training_au_per_min: to tell the matches' part of a week.
    """

    policy: Policy
    model: LoadAdviceModel
    start: Start

    def __call__(self, evening: Evening) -> FloatArray:
        """Factors on the plan's training minutes, (clubs, athletes)."""
        values = features_of(evening, self.start)
        shape = evening.age.shape
        training = self.policy(values) - match_load(values, self.model.conversion)
        share = np.clip(values["minutes_per_fixture"] / _MATCH_MIN, 0.0, 1.0).reshape(shape)
        planned = planned_training(evening.next_week, share)
        # Where the plan holds no training there is nothing to ask for more or less of.
        return np.where(
            planned > 0, training.reshape(shape) / np.maximum(planned, 1.0), 1.0
        ).astype(np.float64)


def features_of(evening: Evening, start: Start) -> dict[str, FloatArray]:
    """The workload features of `INPUTS` on an evening, by the formulas of `workload`, (n,)."""
    block = _block(evening)
    is_fixture = evening.plan == Day.MATCH
    squads, athletes = evening.age.shape
    club = np.repeat(np.arange(squads), athletes)
    played = is_fixture[: evening.day + 1].T[club]
    coming = is_fixture[evening.day + 1 : evening.day + 1 + HORIZON_D].sum(axis=0)
    made = {
        **load_features(block, start),
        **minutes_features(block, played, start),
        **availability_features(block, _squad_rate(block, squads)[club]),
    }
    last = {name: np.asarray(values[:, -1], np.float64) for name, values in made.items()}
    last["fixtures_next_7d"] = coming[club].astype(np.float64)
    return {name: last[name] for name in INPUTS}


def _squad_rate(block: Block, squads: int) -> FloatArray:
    """Injuries an hour in each club so far, (clubs, days)."""
    hours = weighed_hours(block.numbers["minutes"], block.flags["is_match"])
    days = hours.shape[1]
    onsets = block.flags["injury_start"].reshape(squads, -1, days).sum(axis=1)
    return injury_rate(onsets, hours.reshape(squads, -1, days).sum(axis=1))


def _block(evening: Evening) -> Block:
    """Histories as the features read them, (athletes of all clubs, days)."""

    def flat(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        return values.reshape(len(values), -1).T

    shape = (evening.age.size, evening.day + 1)
    years = evening.age.ravel()[:, None] + np.arange(shape[1]) / 365.25
    previous = np.broadcast_to(evening.previous.ravel()[:, None].astype(np.float64), shape)
    return Block(
        slice(0, 0),
        {
            "load_au": flat(evening.load),  # type: ignore[dict-item]
            "minutes": flat(evening.minutes),  # type: ignore[dict-item]
            "age_years": years,
            "prior_injuries": previous,
        },
        {
            "is_match": flat(evening.match_minutes > 0),  # type: ignore[dict-item]
            "is_injured": flat(evening.is_injured | evening.is_ill),  # type: ignore[dict-item]
            "injury_start": flat(evening.injury_start),  # type: ignore[dict-item]
        },
        np.zeros(shape, np.int64),
        np.broadcast_to(np.arange(shape[1]), shape),
        np.ones(shape, bool),
    )
