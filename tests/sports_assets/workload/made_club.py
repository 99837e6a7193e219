"""A small club with everything that may be missing, drawn from a seed."""

import numpy as np
import pandas as pd

from sports_assets.workload.athlete_days import ANSWERS

FIRST = pd.Timestamp("2025-07-01")


def made_club(seed, *, team="A", athletes=9, days=90):
    """As a club would export it: `date`, unsorted, with missing answers and loads."""
    rng = np.random.default_rng(seed)
    rows = athletes * days
    plays = (np.arange(days) % 7 == 5) | (rng.random(days) < 0.05)
    is_fixture = np.tile(plays, athletes)
    is_match = is_fixture & (rng.random(rows) < 0.6)
    minutes = np.where(is_match, 90.0, np.where(is_fixture, 0.0, rng.choice([0, 60, 80], rows)))
    onset = rng.random(rows) < 0.01
    ends = (np.arange(rows) // days + 1) * days
    is_injured = np.zeros(rows, bool)
    for place in np.flatnonzero(onset):
        is_injured[place : min(place + int(rng.integers(1, 20)), ends[place])] = True
    frame = pd.DataFrame(
        {
            "athlete_id": np.repeat([f"{team}{number}" for number in range(athletes)], days),
            "team": team,
            "date": np.tile(pd.date_range(FIRST, periods=days), athletes),
            "minutes": minutes,
            "load_au": np.where(rng.random(rows) < 0.1, np.nan, minutes * rng.uniform(2, 8, rows)),
            "is_match": is_match & ~is_injured,
            "injury_start": onset,
            "is_injured": is_injured,
            "resting_heart_rate_bpm": rng.normal(52, 3, rows),
            "ln_rmssd": rng.normal(4, 0.2, rows),
            "age_years": np.repeat(rng.normal(25, 4, athletes).clip(17, 37), days),
        }
    )
    frame.loc[rng.random(rows) < 0.3, ["resting_heart_rate_bpm", "ln_rmssd"]] = np.nan
    is_silent = rng.random(rows) < 0.3
    for name in ANSWERS:
        answers = rng.integers(1, 11, rows)
        frame[name] = np.where(is_silent | (rng.random(rows) < 0.1), np.nan, answers)
    return frame.sample(frac=1, random_state=seed)


def one_athlete(**columns):
    """Consecutive days of one athlete; a scalar stands for every day."""
    length = max(len(values) for values in columns.values() if np.ndim(values))
    days = pd.date_range(FIRST, periods=length)
    return pd.DataFrame({"athlete_id": "1", "day": days, **columns})
