"""What `benchmarks.edge_live` plays, and what is known beforehand: which sample crosses what.

Thirty athletes run as in four real GNSS recordings, cut at other times for each of them, with lost
fixes filled in. Norms are set between two samples of the load as it is once everything is settled.
"""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.edge_live_tracker import RATE_HZ, SOURCE
from deploy.local.services import REPOSITORY

ATHLETES = 30
SEED = 7
#: The recordings last 65 minutes; athletes of one recording are so far apart, s.
SHIFT_S = 400
#: What is watched: share of the session's end at which the norm lies, twice for watch and act.
METRICS = ("total_distance_m", "metabolic_energy_kj_per_kg", "high_speed_distance_m")
LEAST = {"total_distance_m": 50.0, "metabolic_energy_kj_per_kg": 0.2, "high_speed_distance_m": 5.0}

#: A norm halfway up a step of this height is crossed by that sample, whatever the rounding.
LEAST_STEP = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """One crossing that is known beforehand: who, what, how loud, and by which sample."""

    athlete: int
    metric: str
    severity: str
    sample: int


def real_runs(samples: int) -> tuple[Floats, Floats]:
    """Positions of thirty athletes, (athletes, samples), m, on an even grid."""
    from edge_ingest.geodesy import to_local

    folder = Path(os.environ.get("SPORTS_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    files = sorted((folder / "gnss_football").glob("U18_ID*.csv"))
    if not files:
        sys.exit(f"no GNSS recordings in {folder}: set SPORTS_REAL_DATA")
    grids = []
    for file in files:
        days, east, north = np.loadtxt(file, delimiter=",", skiprows=1).T
        seconds = (days - days[0]) * 86_400
        place = to_local(north, east, float(north[0]), float(east[0]))[:2]
        grid = np.arange(0, seconds[-1], 1 / RATE_HZ)
        grids.append(np.stack([np.interp(grid, seconds, one) for one in place]))
    runs = []
    for athlete in range(ATHLETES):
        grid = grids[athlete % len(grids)]
        first = SHIFT_S * RATE_HZ * (athlete // len(grids))
        runs.append(grid[:, first : first + samples])
    x, y = np.array(runs).transpose(1, 0, 2)
    return x, y


def reference(x: Floats, y: Floats) -> dict[str, Floats]:
    """What each metric has grown to by each sample, (athletes, samples), by the causal filter."""
    from edge_ingest.cleaning.causal import CausalTrack
    from edge_ingest.cleaning.kinematics_settings import KinematicsSettings
    from edge_ingest.live.load import metabolic_power
    from edge_ingest.norms import DEFAULT_THRESHOLDS

    settings = KinematicsSettings.for_sport("football")
    fast = DEFAULT_THRESHOLDS["football"].high_speed_threshold_mps or 0.0
    grown = {metric: np.zeros(x.shape) for metric in METRICS}
    for athlete in range(x.shape[0]):
        track, moved = CausalTrack(RATE_HZ, settings), []
        for sample in range(x.shape[1]):
            at_us = sample * 1_000_000 // RATE_HZ
            moved += track.push(at_us, float(x[athlete, sample]), float(y[athlete, sample]))
        moved += track.unsettled()
        for one in moved:
            if one.speed_mps is None:
                continue
            sample, way = one.captured_us * RATE_HZ // 1_000_000, one.speed_mps * one.dt_s
            grown["total_distance_m"][athlete, sample] = way
            grown["high_speed_distance_m"][athlete, sample] = way * (one.speed_mps >= fast)
            if one.acceleration_mps2 is not None:
                power = metabolic_power(one.speed_mps, one.acceleration_mps2)
                grown["metabolic_energy_kj_per_kg"][athlete, sample] = power * one.dt_s / 1000
    return {metric: np.cumsum(each, axis=1) for metric, each in grown.items()}


def known_crossings(load: dict[str, Floats]) -> tuple[str, list[Expected]]:
    """Norms that lie halfway between two samples, at random times; and who crosses them where."""
    from edge_ingest.norms import (
        DEFAULT_THRESHOLDS,
        AthleteNorms,
        NormsFile,
        PersonalNorm,
        SourceId,
    )
    from edge_ingest.norms import (
        METRICS as UNITS,
    )

    rng = np.random.default_rng(SEED)
    athletes, expected = [], []
    for athlete in range(ATHLETES):
        norms = []
        for metric in METRICS:
            grown = load[metric][athlete]
            steps = np.flatnonzero(np.diff(grown) > LEAST_STEP) + 1
            # Within the session, and early enough that what follows makes it known.
            steps = steps[(steps > 0.05 * grown.size) & (steps < grown.size - 2 * RATE_HZ)]
            if grown[-1] < LEAST[metric] or steps.size < RATE_HZ:
                continue
            first, second = np.sort(rng.choice(steps, 2, replace=False))
            high, act = (float(grown[s - 1] + grown[s]) / 2 for s in (first, second))
            norms.append(
                PersonalNorm(
                    sport="football", metric=metric, unit=UNITS[metric][0], session_count=10,
                    first_day=date(2026, 1, 1), last_day=date(2026, 2, 1), mean=high / 2,
                    sd=high / 4, low=0.0, high=high, act_above=act,
                )
            )  # fmt: skip
            expected += [
                Expected(athlete, metric, "watch", int(first)),
                Expected(athlete, metric, "act", int(second)),
            ]
        known = (SourceId(source=SOURCE, source_athlete_id=str(athlete)),)
        athletes.append(
            AthleteNorms(athlete_id=f"athlete-{athlete}", known_as=known, norms=tuple(norms))
        )
    made = NormsFile(
        made_at_utc=datetime.now(UTC), provenance={}, definition={},
        sports={"football": DEFAULT_THRESHOLDS["football"]}, athletes=tuple(athletes),
    )  # fmt: skip
    return made.to_json(), expected
