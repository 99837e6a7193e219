"""The own past as a distribution: how often the answers were above each step of the scale."""

import numpy as np

from sports_assets.models.readiness import history
from sports_assets.models.readiness.answers import LOWEST, STEPS, above_steps
from sports_assets.models.readiness.grid import Grid
from sports_assets.models.readiness.history import Floats

#: Of `above_after_such_load`: loads are alike within so much of their square root, √au, answers
#: count for so long, days, and the shares of 28 days as so many answers.
_ALIKE = {"width": 4.0, "memory_d": 60.0, "prior_weight": 2.0}


def inputs_of_steps(grid: Grid, by_row: dict[str, Floats]) -> dict[str, Floats]:
    """By name, days × athletes × 9: `features.STEP_INPUTS`.

    Args:
        grid: of the history.
        by_row: of `row_inputs.inputs_of_rows`.
    """
    above = above_steps(grid.columns["readiness"])
    month = history.decayed_mean(above, 28)
    after_load = np.empty_like(above)
    condition = np.sqrt(grid.columns["load_au"])
    for athlete in range(above.shape[1]):
        after_load[:, athlete] = history.alike_mean(
            above[:, athlete], condition[:, athlete], month[:, athlete], **_ALIKE
        )
    levels = {"usual": "usual", "own_mean": "own_mean", "median": "median_28d", "last": "last",
              "ewma_7d": "ewma_7d"}  # fmt: skip
    return {
        "step": np.broadcast_to(STEPS, above.shape),
        "above_last": above_steps(by_row["last"]),
        **{f"above_{span}d": history.decayed_mean(above, span) for span in (3, 7, 14)},
        "above_28d": month,
        "above_ever": history.mean_so_far(above),
        "above_this_weekday": history.same_weekday_mean(above, month, 12, 2.0),
        "above_after_such_load": after_load,
        **{f"step_from_{to}": STEPS - by_row[name][:, :, None] for to, name in levels.items()},
    }


def expected_answer(above: Floats) -> Floats:
    """The answer that shares above each step amount to."""
    return np.asarray(LOWEST + above.sum(axis=2))
