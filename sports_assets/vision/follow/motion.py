"""How a person on a field moves: what is known of place and velocity some time later.

Velocity is an Ornstein-Uhlenbeck process on each axis: it is forgotten within a second or two and
has a standard deviation of its own (Uhlenbeck & Ornstein 1930; in tracking, Singer 1970). A short
gap is then bridged by where somebody was heading, a long one by how far people get.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Velocity of an athlete on one axis, standard deviation, m/s: over 20 minutes of real football
#: (Bundesliga J03WMX, 22 athletes).
SPEED_SD_MPS = 1.8
#: How long a velocity is remembered, s: where its autocorrelation there falls to 1/e.
MEMORY_S = 3.0


@dataclass(frozen=True)
class State:
    """Place and velocity with their covariance, the same on both axes: k of them.

    Attributes:
        t_s: k.
        place_m, velocity_mps: k × 2.
        cov: of place and velocity on one axis: k × 2 × 2.
    """

    t_s: Floats
    place_m: Floats
    velocity_mps: Floats
    cov: Floats

    def only(self, which: NDArray[np.int64]) -> "State":
        """Some of them, in any order, and as often as wanted."""
        return State(
            self.t_s[which], self.place_m[which], self.velocity_mps[which], self.cov[which]
        )


def transition(dt_s: Floats) -> tuple[Floats, Floats]:
    """What time does to place and velocity on one axis: matrix and added covariance: k × 2 × 2."""
    dt = np.abs(np.asarray(dt_s, np.float64))
    decay = np.exp(-dt / MEMORY_S)
    matrix = np.zeros((*dt.shape, 2, 2))
    matrix[..., 0, 0] = 1
    matrix[..., 0, 1] = MEMORY_S * (1 - decay)
    matrix[..., 1, 1] = decay
    added = np.empty((*dt.shape, 2, 2))
    ratio = dt / MEMORY_S
    added[..., 0, 0] = MEMORY_S**2 * (2 * ratio - 3 + 4 * decay - decay**2)
    added[..., 0, 1] = added[..., 1, 0] = MEMORY_S * (1 - decay) ** 2
    added[..., 1, 1] = 1 - decay**2
    return matrix, added * SPEED_SD_MPS**2


def state_at(t_s: Floats, place_m: Floats, sd_m: Floats, *, end: bool) -> State:
    """Place and velocity at the end (or the begin) of a row of places.

    A Kalman filter over the last of them, from a velocity of which nothing is known but how fast
    people are. Seen from the begin, time runs backward, and the velocity is turned back after.

    Args:
        t_s, place_m, sd_m: n, n × 2, n, in order of time.
    """
    times, places, spreads = (
        (t_s, place_m, sd_m) if end else (-t_s[::-1], place_m[::-1], sd_m[::-1])
    )
    kept = times >= times[-1] - _LOOKED_BACK_S
    times, places, spreads = times[kept], places[kept], spreads[kept]
    matrices, added = transition(np.diff(times))
    place, velocity = places[0].astype(np.float64), np.zeros(2)
    cov = np.diag([spreads[0] ** 2, SPEED_SD_MPS**2])
    for one in range(1, times.size):
        matrix = matrices[one - 1]
        place, velocity = place + matrix[0, 1] * velocity, matrix[1, 1] * velocity
        cov = matrix @ cov @ matrix.T + added[one - 1]
        gain = cov[:, 0] / (cov[0, 0] + spreads[one] ** 2)
        off = places[one] - place
        place, velocity = place + gain[0] * off, velocity + gain[1] * off
        cov = cov - np.outer(gain, cov[0])
    turn = 1.0 if end else -1.0
    cov = cov * np.array([[1, turn], [turn, 1]])
    return State(np.array([turn * times[-1]]), place[None], turn * velocity[None], cov[None])


#: What lies further back says nothing of where somebody is heading now, s.
_LOOKED_BACK_S = 2.0


def stack(states: list[State]) -> State:
    """Many as one."""
    return State(
        np.concatenate([one.t_s for one in states]),
        np.concatenate([one.place_m for one in states]),
        np.concatenate([one.velocity_mps for one in states]),
        np.concatenate([one.cov for one in states]),
    )


def link_score(ends: State, begins: State) -> Floats:
    """How much likelier two states are one person's than two persons', but for a constant: k.

    Logarithm of the density of the later state, as the earlier foretells it, less that of the
    velocity of anybody. The density of places of anybody (1/m²) is the constant.
    """
    dt = begins.t_s - ends.t_s
    matrix, added = transition(dt)
    place = ends.place_m + matrix[:, 0, 1, None] * ends.velocity_mps
    velocity = matrix[:, 1, 1, None] * ends.velocity_mps
    cov = matrix @ ends.cov @ np.swapaxes(matrix, 1, 2) + added + begins.cov
    det = cov[:, 0, 0] * cov[:, 1, 1] - cov[:, 0, 1] ** 2
    off_p, off_v = begins.place_m - place, begins.velocity_mps - velocity
    squares = (
        cov[:, 1, 1, None] * off_p**2
        - 2 * cov[:, 0, 1, None] * off_p * off_v
        + cov[:, 0, 0, None] * off_v**2
    ).sum(axis=1) / det
    anybody = SPEED_SD_MPS**2 + begins.cov[:, 1, 1]
    prior = (begins.velocity_mps**2).sum(axis=1) / anybody
    # both axes: twice half the logarithm of each determinant, and 2π once more for the place
    return np.asarray(
        -0.5 * squares - np.log(det) + 0.5 * prior + np.log(anybody) - np.log(2 * np.pi),
        np.float64,
    )
