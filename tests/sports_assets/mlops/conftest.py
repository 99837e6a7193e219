"""A small stated hazard: what is known of it stands in the features, who somebody is does not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from sports_assets.mlops.metrics import expit


@dataclass(frozen=True)
class Squad:
    """Athlete-days with closed seven-day labels, sorted by athlete and day."""

    frame: pd.DataFrame
    risk: np.ndarray


def make_squad(seed, athletes=25, days=600, level=-5.3, frailty=0.5) -> Squad:
    """Load goes up and down by blocks; injuries of each day by load, age and hidden frailty."""
    rng = np.random.default_rng(seed)
    blocks = rng.normal(0, 1, (athletes, -(-days // 14)))
    load = np.repeat(blocks, 14, axis=1)[:, :days] + 0.3 * rng.normal(size=(athletes, days))
    age = np.repeat(rng.normal(0, 1, (athletes, 1)), days, axis=1)
    hidden = frailty * rng.normal(size=(athletes, 1))
    hazard = expit(level + 0.7 * load + 0.4 * age + hidden)
    injured = rng.random((athletes, days)) < hazard
    ahead = np.stack([injured[:, k : days - 7 + k] for k in range(1, 8)])
    healthy = np.stack([1 - hazard[:, k : days - 7 + k] for k in range(1, 8)])
    kept = days - 7
    frame = pd.DataFrame(
        {
            "athlete_id": np.repeat([f"a{k:02d}" for k in range(athletes)], kept),
            "day": np.tile(np.datetime64("2024-07-01") + np.arange(kept), athletes),
            "load": load[:, :kept].ravel(),
            "age": age[:, :kept].ravel(),
            "number": np.repeat(rng.permutation(athletes), kept).astype(float),
            "since": np.tile(np.arange(kept, dtype=float), athletes),
            "injury_start": injured[:, :kept].ravel(),
            "y": ahead.any(axis=0).ravel().astype(float),
        }
    )
    return Squad(frame, 1 - healthy.prod(axis=0).ravel())


@pytest.fixture(scope="session")
def squad() -> Squad:
    return make_squad(11)
