"""Where a followed person was at any instant, from all sightings of him.

A Kalman filter forward and a smoother backward (Rauch, Tung & Striebel 1965) over the movement of
`motion`: a place in a gap lies where he was heading from and to, with a standard deviation that
grows into the gap.
"""

import numpy as np

from sports_assets.vision.follow.motion import SPEED_SD_MPS, transition
from sports_assets.vision.follow.sightings import Floats


def smoothed(t_s: Floats, place_m: Floats, sd_m: Floats, at_s: Floats) -> tuple[Floats, Floats]:
    """Places and their standard deviations at some instants.

    Args:
        t_s, place_m, sd_m: sightings in order of time: n, n × 2, n, n > 0.
        at_s: instants asked for, in any order: m.

    Returns:
        m × 2 and m.
    """
    times = np.unique(np.concatenate([t_s, at_s]))
    which = np.searchsorted(times, t_s)
    # two cameras may see him at one instant: their mean counts, weighted by what they are sure of
    weight = np.bincount(which, 1 / sd_m**2, minlength=times.size)
    total = [np.bincount(which, place_m[:, axis] / sd_m**2, times.size) for axis in (0, 1)]
    has = weight > 0
    seen = np.column_stack(total) / np.where(has, weight, 1)[:, None]
    states, covs = _forward(times, seen, np.where(has, weight, 0.0))
    places, variances = _backward(times, states, covs)
    asked = np.searchsorted(times, at_s)
    return places[asked], np.sqrt(np.maximum(variances[asked], 0))


def _forward(times: Floats, seen: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Filtered place and velocity (n × 4: x, y, vx, vy) and covariance on one axis (n × 2 × 2)."""
    matrices, added = transition(np.diff(times))
    states, covs = np.empty((times.size, 4)), np.empty((times.size, 2, 2))
    first = int(np.argmax(weight > 0))
    x, y, vx, vy = float(seen[first, 0]), float(seen[first, 1]), 0.0, 0.0
    pp, pv, vv = _NOTHING_KNOWN_M**2, 0.0, SPEED_SD_MPS**2
    places, weights = seen.tolist(), weight.tolist()
    steps = np.column_stack(
        [matrices[:, 0, 1], matrices[:, 1, 1], added[:, 0, 0], added[:, 0, 1], added[:, 1, 1]]
    ).tolist()
    for one in range(times.size):
        if one:
            reach, decay, q_pp, q_pv, q_vv = steps[one - 1]
            x, y, vx, vy = x + reach * vx, y + reach * vy, decay * vx, decay * vy
            pp, pv = pp + 2 * reach * pv + reach**2 * vv + q_pp, decay * (pv + reach * vv) + q_pv
            vv = decay**2 * vv + q_vv
        if weights[one] > 0:
            sure = pp + 1 / weights[one]
            gain_p, gain_v = pp / sure, pv / sure
            off_x, off_y = places[one][0] - x, places[one][1] - y
            x, y = x + gain_p * off_x, y + gain_p * off_y
            vx, vy = vx + gain_v * off_x, vy + gain_v * off_y
            pp, pv, vv = pp - gain_p * pp, pv - gain_p * pv, vv - gain_v * pv
        states[one] = x, y, vx, vy
        covs[one] = ((pp, pv), (pv, vv))
    return states, covs


#: Before the first sighting anybody may be anywhere on a field, m.
_NOTHING_KNOWN_M = 100.0


def _backward(times: Floats, states: Floats, covs: Floats) -> tuple[Floats, Floats]:
    """Smoothed places (n × 2) and their variance (n)."""
    matrices, added = transition(np.diff(times))
    ahead = matrices @ covs[:-1] @ np.swapaxes(matrices, 1, 2) + added
    det = ahead[:, 0, 0] * ahead[:, 1, 1] - ahead[:, 0, 1] ** 2
    inverse = np.empty_like(ahead)
    inverse[:, 0, 0], inverse[:, 1, 1] = ahead[:, 1, 1] / det, ahead[:, 0, 0] / det
    inverse[:, 0, 1] = inverse[:, 1, 0] = -ahead[:, 0, 1] / det
    gains = covs[:-1] @ np.swapaxes(matrices, 1, 2) @ inverse
    told = states.reshape(-1, 2, 2)  # (place, velocity) × (x, y)
    foretold = matrices @ told[:-1]
    places, variances = np.empty((times.size, 2)), np.empty(times.size)
    state, cov = told[-1], covs[-1]
    places[-1], variances[-1] = state[0], cov[0, 0]
    for one in range(times.size - 2, -1, -1):
        gain = gains[one]
        state = told[one] + gain @ (state - foretold[one])
        cov = covs[one] + gain @ (cov - ahead[one]) @ gain.T
        places[one], variances[one] = state[0], cov[0, 0]
    return places, variances
