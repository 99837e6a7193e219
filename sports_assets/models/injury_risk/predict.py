"""The risk of each athlete and day, how unsure it is, and what moved it, in words."""

from typing import TYPE_CHECKING, Final

import numpy as np

from sports_assets.mlops.rows import FloatArray
from sports_assets.models.injury_risk.features import INPUTS, WORDS, matrix
from sports_assets.models.injury_risk.model import InjuryRiskModel

if TYPE_CHECKING:
    import pandas as pd

INTERVAL_LEVEL: Final = 0.8
_Z: Final = 1.2816
_REASONS: Final = 3
#: A reason moves the odds by so much at least.
_LEAST_FACTOR: Final = 1.05
#: Of features that say nearly the same, only the one that moved most is told.
_ALIKE: Final = (
    ("load_acute_au", "load_fatigue_au", "load_acute_to_long", "load_log_ratio", "minutes_acute",
     "load_log_ratio_hinge", "load_strain_7d_au"),
    ("load_chronic_au", "load_fitness_au", "load_long_au", "load_chronic_to_long",
     "minutes_chronic"),
    ("log_exposure_7d", "fixtures_next_7d", "expected_match_minutes_7d", "fixtures_next_2d",
     "is_fixture_tomorrow", "days_to_next_fixture", "expected_training_minutes_7d"),
    ("matches_7d", "matches_14d", "matches_28d", "match_minutes_chronic", "minutes_per_fixture"),
    ("injuries_before", "injury_tendency"),
    ("days_since_return", "return_recency", "days_since_onset", "days_since_absence",
     "available_share_28d"),
    ("sleep_z", "sleep_quality_z", "sleep_duration_z"),
)  # fmt: skip
_GROUP: Final = {name: group[0] for group in _ALIKE for name in group}


def predict(model: InjuryRiskModel, features: "pd.DataFrame") -> "pd.DataFrame":
    """Risks of the rows of workload features.

    Returns:
        With the index of `features`: probability, probability_low, probability_high (at
        `INTERVAL_LEVEL`, of the risk itself: how few injuries it was learned from), and reason: up
        to three, None where nothing stood out.
    """
    import pandas as pd

    values = matrix(features)
    probability = model.probability(values)
    low, high = model.interval(values, probability, _Z)
    return pd.DataFrame(
        {
            "probability": probability,
            "probability_low": low,
            "probability_high": high,
            "reason": pd.Series(
                reasons(values, model.contributions(values)), features.index, dtype=object
            ),
        },
        index=features.index,
    )


def reasons(values: FloatArray, contributions: FloatArray) -> list[str | None]:
    """What moved each row's odds most, up or down, in words with numbers."""
    told: list[str | None] = []
    for row, adds in zip(values, contributions, strict=True):
        seen: set[str] = set()
        parts: list[str] = []
        for at in np.argsort(-np.abs(adds), kind="stable"):
            factor = float(np.exp(adds[at]))
            group = _GROUP.get(INPUTS[at], INPUTS[at])
            if max(factor, 1 / factor) < _LEAST_FACTOR or len(parts) == _REASONS:
                break
            if group in seen or np.isnan(row[at]):
                continue
            seen.add(group)
            parts.append(f"{_words(INPUTS[at], float(row[at]))}: odds × {factor:.2f}")
        told.append("; ".join(parts) or None)
    return told


def _words(name: str, value: float) -> str:
    """A feature with its value, a logarithm as what it is of."""
    description, unit = WORDS[name]
    if unit.startswith("ln ") or name in {"load_log_ratio", "load_log_ratio_hinge"}:
        value = float(np.exp(value))
        unit = unit.removeprefix("ln ").removeprefix("1/")
        description = description.replace(", as a logarithm", "")
    shown = f"{value:.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.2f}"  # noqa: PLR2004
    return f"{description} {shown}" + (f" {unit}" if unit not in {"1", ""} else "")
