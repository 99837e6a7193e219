"""A made squad whose readiness follows load and a personal level."""

import numpy as np
import pandas as pd

from sports_assets.models.readiness.model import ReadinessSettings
from sports_assets.workload.athlete_days import as_athlete_days

#: Quick to fit.
QUICK = ReadinessSettings(rounds=30, learning_rate=0.2, leaves=6, calibration_folds=2)


def squad(athletes=6, days=100, seed=3, team="squad", first="2025-01-01"):
    """Athlete-days: level of each athlete, a harder day makes the next answer lower."""
    generator = np.random.default_rng(seed)
    rows = []
    for athlete in range(athletes):
        level = generator.normal(6.5, 1)
        load = np.where(generator.random(days) < 0.3, 0, generator.gamma(4, 120, days)).round()
        before = np.concatenate([[300], load[:-1]])
        felt = level - (before - 300) / 300 + generator.normal(0, 0.6, days)
        told = generator.random(days) < 0.85
        rows.append(
            pd.DataFrame(
                {
                    "athlete_id": f"{team}-{athlete}",
                    "team": team,
                    "day": pd.date_range(first, periods=days),
                    "load_au": load,
                    "readiness": np.where(told, np.clip(np.round(felt), 1, 10), np.nan),
                    "soreness": np.where(told, generator.integers(1, 6, days), np.nan),
                    "sleep_duration_h": np.where(told, generator.normal(8, 1, days), np.nan),
                }
            )
        )
    return as_athlete_days(pd.concat(rows), ("readiness",))
