"""The risk of each athlete and day, how unsure it is, and what moved it, in words."""

from typing import TYPE_CHECKING, Final

from sports_assets.models.injury_risk.features import matrix
from sports_assets.models.injury_risk.model import InjuryRiskModel
from sports_assets.models.injury_risk.reasons import reasons

if TYPE_CHECKING:
    import pandas as pd

    from sports_assets.mlops.rows import FloatArray

INTERVAL_LEVEL: Final = 0.8
_Z: Final = 1.2816


def predict(
    model: InjuryRiskModel, features: "pd.DataFrame", probability: "FloatArray | None" = None
) -> "pd.DataFrame":
    """Risks of the rows of workload features.

    Args:
        probability: of each row, where its level has followed labels that closed since the fit;
            else at the level of the fit.

    Returns:
        With the index of `features`: probability, probability_low, probability_high (at
        `INTERVAL_LEVEL`, of the risk itself: how few injuries it was learned from), and reason: up
        to three, None where nothing stood out.
    """
    import pandas as pd

    values = matrix(features)
    if probability is None:
        probability = model.probability(values)
    low, high = model.interval(values, probability, _Z)
    return pd.DataFrame(
        {
            "probability": probability,
            "probability_low": low,
            "probability_high": high,
            "reason": pd.Series(
                reasons(values, model.contributions(values), probability),
                features.index,
                dtype=object,
            ),
        },
        index=features.index,
    )
