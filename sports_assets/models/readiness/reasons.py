"""Why this answer? Exact contributions of the trees, gathered by what an athlete would name.

The trees give each line's log-odds as a sum over inputs (TreeSHAP, Lundberg et al. 2020). Of the
nine lines of a row a contribution counts by p(1 − p), the slope of a chance in its log-odds: so the
sum is what the input moves the mean answer by, in points of the scale, to first order.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sports_assets.models.readiness.answers import STEPS
from sports_assets.models.readiness.features import ReadinessRows
from sports_assets.models.readiness.grid import OTHER_ANSWERS
from sports_assets.models.readiness.model import INPUTS, ReadinessModel

if TYPE_CHECKING:
    import pandas as pd

#: A reason that moves the answer by less, points, is not told.
LEAST_EFFECT: Final = 0.05
MOST_REASONS: Final = 3

#: Which inputs speak of what. The rest is the athlete's level, and no reason for a deviation.
FAMILIES: Final = {
    "recent": (
        "last_off", "ewma_3d_off", "ewma_7d_off", "ewma_14d_off", "above_last", "above_3d",
        "above_7d", "above_14d", "step_from_last", "step_from_ewma_7d",
    ),
    "spread": (
        "spread_28d", "spread", "step_28d", "same_as_before_28d", "lowest_28d_off",
        "highest_28d_off",
    ),
    "reporting": ("days_since_report", "reports_28d", "reports"),
    "load": (
        "load_today_au", "load_yesterday_au", "load_before_au", "load_3d_au", "load_7d_au",
        "load_28d_au", "load_against_own", "load_this_weekday_au",
    ),
    "such_load": ("above_after_such_load",),
    "weekday": ("weekday", "weekday_off", "above_this_weekday"),
    "team": ("team_off", "team_3d_off", "team_load_au"),
    **{name: (f"{name}_z",) for name in OTHER_ANSWERS},
}  # fmt: skip

_WORDS: Final = {"sleep_duration_h": "hours of sleep", "sleep_quality": "sleep quality"}
_WEEKDAYS: Final = (
    "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays",
)  # fmt: skip


def effects_of(model: ReadinessModel, rows: ReadinessRows) -> "pd.DataFrame":
    """What each family moves the mean answer by, points: a column a family, in rows' order."""
    import pandas as pd

    if not len(rows):
        return pd.DataFrame(columns=list(FAMILIES), dtype=np.float64)
    told = model.booster().predict(rows.design(), pred_contrib=True, num_threads=1)
    parts = np.asarray(told, dtype=np.float64).reshape(len(rows), len(STEPS), len(INPUTS) + 1)
    chance = 1 / (1 + np.exp(-parts.sum(axis=2)))
    points = np.einsum("rs,rsi->ri", chance * (1 - chance), parts[:, :, : len(INPUTS)])
    place = {name: at for at, name in enumerate(INPUTS)}
    return pd.DataFrame(
        {
            family: points[:, [place[name] for name in names]].sum(axis=1)
            for family, names in FAMILIES.items()
        }
    )


def reasons_of(model: ReadinessModel, rows: ReadinessRows) -> Iterator[tuple[str, ...]]:
    """For each row up to three sentences, the strongest first."""
    effects = effects_of(model, rows)
    facts = rows.rows.reset_index(drop=True)
    load = rows.inputs[:, INPUTS.index("load_today_au")]
    team = rows.inputs[:, INPUTS.index("team_off")]
    spread = rows.inputs[:, INPUTS.index("spread_28d")]
    weekday = rows.inputs[:, INPUTS.index("weekday")]
    for at, row in enumerate(effects.itertuples(index=False)):
        moved = dict(zip(FAMILIES, map(float, row), strict=True))
        strongest = sorted(moved, key=lambda family: -abs(moved[family]))[:MOST_REASONS]
        about = facts.iloc[at].to_dict() | {
            "load": load[at], "team_off": team[at], "spread": spread[at], "weekday": weekday[at]
        }  # fmt: skip
        yield tuple(
            f"{_fact(family, about)} ({moved[family]:+.1f})"
            for family in strongest
            if abs(moved[family]) >= LEAST_EFFECT
        )


def _fact(family: str, about: Mapping[Hashable, Any]) -> str:  # noqa: PLR0911 - one sentence a family
    if family == "recent":
        off = about["last"] - about["usual"]
        return f"last answer {about['last']:.0f}, {_against(off, 'own usual')}"
    if family == "spread":
        if np.isnan(about["spread"]):
            return "few answers to tell how much they vary"
        return f"answers of 28 days vary by {about['spread']:.1f} (SD)"
    if family == "reporting":
        return (
            f"{about['reports_28d']:.0f} answers in 28 days, the last "
            f"{about['days_since_report']:.0f} days ago"
        )
    if family == "load":
        if np.isnan(about["load"]):
            return "no load told today"
        return f"load {about['load']:.0f} au today, {_against(about['load_off_au'], 'own mean', 0)}"
    if family == "such_load":
        off = about["after_such_load_off"]
        return f"own answers after days of such load {_against(off, 'those of 28 days')}"
    if family == "weekday":
        name = _WEEKDAYS[round(about["weekday"])]
        return f"own answers on {name} {_against(about['weekday_off'], 'own mean')}"
    if family == "team":
        if np.isnan(about["team_off"]):
            return "nothing told by team-mates today"
        return f"team-mates' answers today {_against(about['team_off'], 'their own mean')}"
    name = _WORDS.get(family, family)
    off = about[f"{family}_off"]
    return f"{name} not told" if np.isnan(off) else f"{name} {_against(off, 'own mean')}"


def _against(off: float, norm: str, digits: int = 1) -> str:
    size = f"{abs(off):.{digits}f}"
    if float(size) == 0:
        return f"at {norm}"
    return f"{size} {'above' if off > 0 else 'below'} {norm}"
