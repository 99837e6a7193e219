"""Is the formation told right where everybody strays 3 m from their place?

Every template of ten outfield athletes plays a window of minutes, simulated: the team moves over
the pitch and stretches, each athlete strays from their place by 3 m (standard deviation along and
across, over some seconds), tracks break and start anew, and some looks miss somebody.
"""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.outcome import Target, print_outcome
from sports_assets.vision.formation.formations import FormationSettings, formations
from sports_assets.vision.formation.templates import templates

Floats = NDArray[np.float64]

_BEGIN = datetime(2026, 5, 2, 13, 30, tzinfo=UTC)
_LOOKS_HZ = 5
#: How long an athlete stays off their place, and a team off its own, s.
_STRAY_S, _SHIFT_S = 4.0, 20.0
#: A team's shape, m, and how much it stretches: standard deviation of the logarithm.
_SIZE_M = np.array([35.0, 42.0])
_STRETCH = 0.12
#: How far play moves over the pitch, and each team about it, m: standard deviations.
_MOVES_M, _OWN_M = np.array([14.0, 7.0]), np.array([4.0, 3.0])
#: Share of looks that miss an athlete, and how long a track lasts on average, s.
_MISSED, _TRACK_S = 0.05, 40.0


@dataclass(frozen=True)
class Window:
    """A simulated window: what is played, and rows that show it."""

    formation: str
    positions: pa.Table


def simulate(
    number: int, chance: np.random.Generator, window_s: float = 300.0, stray_m: float = 3.0
) -> Window:
    """A window in which both sides play one template of ten; goalkeepers do not say who they are.

    Args:
        number: of the template.
        stray_m: standard deviation of an athlete about their place, along and across.
    """
    known = templates(10)
    looks = round(window_s * _LOOKS_HZ)
    is_home_rightwards = bool(chance.integers(2))
    play = _MOVES_M * _wander(chance, looks, (1, 2), _SHIFT_S)
    parts = []
    for side in (0, 1):
        sign = 1 if is_home_rightwards == (side == 0) else -1
        shape = (known.places[number] - known.places[number].mean(axis=0)) * _SIZE_M
        stretch = np.exp(_STRETCH * _wander(chance, looks, (1, 2), _SHIFT_S))
        places = shape * stretch + stray_m * _wander(chance, looks, (10, 2), _STRAY_S)
        # On average a side stands towards its own goal.
        own = np.array([-8.0, 0.0]) + _OWN_M * _wander(chance, looks, (1, 2), _SHIFT_S)
        moved = places + own + sign * play
        keeper = np.array([-44.0, 0.0]) + 2 * _wander(chance, looks, (1, 2), _SHIFT_S)
        people = np.concatenate([moved, keeper], axis=1)
        parts.append(_rows(people * sign, ("home", "away")[side], side * 10_000, chance))
    name = known.names[known.shape[number]]
    return Window(name, pa.concat_tables(parts))


def _wander(
    chance: np.random.Generator, looks: int, shape: tuple[int, int], over_s: float
) -> Floats:
    """A steady first-order autoregressive path of unit variance for each of `shape`."""
    keep = float(np.exp(-1 / (over_s * _LOOKS_HZ)))
    path = np.empty((looks, *shape))
    path[0] = chance.normal(size=shape)
    for look in range(1, looks):
        path[look] = keep * path[look - 1] + np.sqrt(1 - keep**2) * chance.normal(size=shape)
    return path


def _rows(people: Floats, side: str, first_track: int, chance: np.random.Generator) -> pa.Table:
    looks, count = people.shape[:2]
    breaks = chance.random((looks, count)) < 1 / (_TRACK_S * _LOOKS_HZ)
    track = first_track + np.arange(count) * 500 + np.cumsum(breaks, axis=0)
    is_seen = chance.random((looks, count)) >= _MISSED
    look = np.broadcast_to(np.arange(looks)[:, None], (looks, count))[is_seen]
    when = [_BEGIN + timedelta(seconds=int(one) / _LOOKS_HZ) for one in range(looks)]
    return pa.table(
        {
            "session_id": pa.repeat("2026-05-02_football_simulated", look.size),
            "captured_at_utc": pa.array(when, pa.timestamp("us", "UTC")).take(pa.array(look)),
            "object_kind": pa.repeat("athlete", look.size),
            "team_side": pa.repeat(side, look.size),
            "track_id": pa.array(track[is_seen], pa.int32()),
            "x_m": people[is_seen][:, 0],
            "y_m": people[is_seen][:, 1],
        }
    )


def formation_accuracy(
    seed: int, window_s: float = 300.0, numbers: tuple[int, ...] | None = None
) -> dict[str, object]:
    """Share of windows whose formation is told right, over all templates of ten and both sides.

    Templates that are one shape (no place 2 m from the other's in a team of 35 m × 42 m) count as
    one; `same` names them.

    Args:
        window_s: length of a window, s.
        numbers: of the templates; all where not given.
    """
    known = templates(10)
    chance = np.random.default_rng(seed)
    right, wrong = 0, []
    confidence: dict[bool, list[float]] = {True: [], False: []}
    for number in numbers if numbers is not None else range(len(known.names)):
        window = simulate(number, chance, window_s)
        told = formations(window.positions, FormationSettings(window_s=window_s))
        for row in told.to_pylist():
            if row["phase"] != "all":
                continue
            is_right = row["formation"] == window.formation
            right += is_right
            confidence[is_right].append(row["confidence"] or 0.0)
            if not is_right:
                wrong.append((known.names[number], row["formation"]))
    windows = right + len(wrong)
    return {
        "formation_accuracy": right / windows,
        "windows": windows,
        "window_s": window_s,
        "wrong": wrong,
        "confidence_right": float(np.median(confidence[True])) if confidence[True] else None,
        "confidence_wrong": float(np.median(confidence[False])) if confidence[False] else None,
        "same": known.same(),
    }


def main() -> None:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--window-s", type=float, default=300.0)
    given = options.parse_args()
    detail = formation_accuracy(given.seed, given.window_s)
    accuracy = detail["formation_accuracy"]
    assert isinstance(accuracy, float)
    print_outcome(
        "vision_formation", [Target("formation_accuracy", accuracy, "1", ">= 0.95")], detail
    )


if __name__ == "__main__":
    main()
