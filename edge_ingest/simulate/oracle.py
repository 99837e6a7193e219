"""The best that is possible: the probability of an injury in the next days, from the full state.

Futures are played from the state of each evening with the plan known; nobody is hurt in them, their
hazard is added up, and P = 1 − E exp(−Σ λ · hours). That has less noise than drawing injuries.
"""

from collections.abc import Callable, Sequence

import numpy as np

from edge_ingest.simulate.law import Floats, Sessions, State, hazard

#: One day of play from a state: what it held, and the next morning.
Play = Callable[[State, int], tuple[Sessions, State]]


def injury_probability(
    evening: State,
    play: Play,
    *,
    days: Sequence[int],
    bases: Sequence[float],
    frailty: Floats,
    futures: int,
) -> tuple[Floats, Floats]:
    """Probability of an injury on any of `days`, with frailty known, and without.

    Args:
        evening: state after today's session, (clubs, athletes).
        play: plays a day; takes states of shape (futures, clubs, athletes).
        bases: L0 of each day.
        frailty: u, (clubs, athletes).

    Returns:
        Two arrays (clubs, athletes).
    """
    fields = {
        name: np.broadcast_to(value, (futures, *value.shape)).copy()
        for name, value in vars(evening).items()
    }
    state = State(**fields)
    known = np.zeros(state.acute.shape)
    unknown = np.zeros(state.acute.shape)
    for day, base in zip(days, bases, strict=True):
        sessions, state = play(state, day)
        known += hazard(sessions, base, frailty)
        unknown += hazard(sessions, base)
    return (-np.expm1(-known)).mean(axis=0), (-np.expm1(-unknown)).mean(axis=0)
