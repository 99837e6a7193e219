"""Injuries by the stated law of the simulated season: what the recovery model has to find."""

import numpy as np
import pandas as pd

from sports_assets.models.recovery.features import as_injuries

KINDS = ("contusion", "muscle", "ligament")
SHARES = (0.30, 0.50, 0.20)
MEDIANS_D = (3.5, 12.8, 33.2)
LOG_SDS = (0.7, 0.9, 1.1)
#: Width of 80 % of all kinds together, ln days: 2 · 1.2816 · 1.2.
POOLED_LOG_WIDTH = 3.08
FIRST = pd.Timestamp("2024-07-01")


def raw_injuries(count: int, *, athletes: int, seed: int, leave: float = 0.2) -> pd.DataFrame:
    """Injuries of two seasons; of those who leave (after 15 days on average) half do so too early.

    Args:
        leave: share of injuries after which the athlete leaves; half as many end unseen.
    """
    draw = np.random.default_rng(seed)
    kind = draw.choice(3, count, p=SHARES)
    log_days = np.log(MEDIANS_D)[kind] + np.array(LOG_SDS)[kind] * draw.standard_normal(count)
    days = np.maximum(1, np.rint(np.exp(log_days)))
    followed = np.where(draw.random(count) < leave, np.floor(draw.exponential(15, count)), 2000)
    onset = FIRST + pd.to_timedelta(np.sort(draw.integers(0, 680, count)), unit="D")
    back = pd.Series(onset + pd.to_timedelta(days, unit="D"))
    through = pd.Series(onset + pd.to_timedelta(followed, unit="D"))
    return pd.DataFrame(
        {
            "injury_id": [f"injury-{number:04d}" for number in range(count)],
            "athlete_id": [f"athlete-{number}" for number in draw.integers(0, athletes, count)],
            "day": onset,
            "return_day": back.where(back <= through),
            "observed_through": through,
            "kind": np.array(KINDS)[kind],
            "body_part": draw.choice(["thigh", "knee", "ankle"], count),
            "age_years": draw.normal(25, 4.2, count),
            "previous_injuries": draw.poisson(0.7, count),
        }
    )


def drawn_injuries(count: int, *, athletes: int, seed: int, leave: float = 0.2) -> pd.DataFrame:
    """The same, checked."""
    return as_injuries(raw_injuries(count, athletes=athletes, seed=seed, leave=leave))


def injury(number: int, kind: str, days: int | None, *, at: int = 0, **told: object) -> dict:
    """One injury, `at` days after the first; `days` None for one that is still open."""
    day = FIRST + pd.Timedelta(days=at)
    return {
        "injury_id": f"i{number}",
        "athlete_id": f"a{number}",
        "day": day,
        "return_day": pd.NaT if days is None else day + pd.Timedelta(days=days),
        "kind": kind,
        **told,
    }
