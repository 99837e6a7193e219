"""Base rates move between seasons: calibration follows, by labels that have closed.

All predictions are shifted by one number on the logit scale, so that as many injuries are expected
as were observed lately. How athletes rank does not change, nor does the model. It begins with a
prior worth so many injuries at the model's own level; the past, the prior included, is forgotten by
the number of injuries expected since and not by days: a small squad needs a long memory to tell
anything, twenty squads a short one. (A discounted Gamma-Poisson rate: Smith 1979, J. R. Stat. Soc.
B 41:375.)
"""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.metrics import expit, logit
from sports_assets.mlops.rows import Days, EvaluationError, FloatArray, as_days

#: Predictions are kept by their logit, in bins of 0.1: all that a shift needs to know of them.
_EDGES: Final = np.round(np.arange(-9.0, 3.01, 0.1), 1)
_CENTRES: Final = np.concatenate(([-9.05], (_EDGES[:-1] + _EDGES[1:]) / 2, [3.05]))
_FARTHEST: Final = 4.0


@dataclass(frozen=True)
class BaseRateSettings:
    """Everything that changes the shift.

    Attributes:
        prior_events: at the start the model's own level is worth so many injuries.
        memory_events: after so many expected injuries what was observed before counts 1/e. A stable
            level is then told to about 1 / √(2 · memory) on the log scale, 16 % for 20; one that
            moved is followed after about as many injuries.
        horizon_d: days that a label looks ahead; a label closes when they are over, and an injury
            makes as many rows positive, which together count as one.
    """

    prior_events: float = 10.0
    memory_events: float = 20.0
    horizon_d: int = 7


@dataclass(frozen=True)
class BaseRateShift:
    """What closed labels say of the level of predictions, as data.

    Attributes:
        settings: see there.
        shift: to be added to the logit of each prediction.
        observed: injuries, the older the less they count.
        prior_left: share of the prior that is not yet forgotten.
        weights: predictions behind `observed`, by bin of their logit, counted alike.
        through_day: last day whose labels are in it, ISO; "" for none.
    """

    settings: BaseRateSettings = field(default_factory=BaseRateSettings)
    shift: float = 0.0
    observed: float = 0.0
    prior_left: float = 1.0
    weights: tuple[float, ...] = (0.0,) * _CENTRES.size
    through_day: str = ""

    def apply(self, p: npt.ArrayLike) -> FloatArray:
        """The predictions at the level of late."""
        return expit(logit(p) + self.shift)

    @property
    def expected(self) -> float:
        """Injuries that the unshifted predictions expected where `observed` were."""
        return float(np.dot(self.weights, expit(_CENTRES))) / self.settings.horizon_d

    def to_json(self) -> str:
        """Canonical text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "BaseRateShift":
        """The inverse of `to_json`."""
        told = json.loads(text)
        settings = BaseRateSettings(**told.pop("settings"))
        return cls(**{**told, "settings": settings, "weights": tuple(told["weights"])})


def recalibrate_on_closed(
    p: npt.ArrayLike,
    y_closed: npt.ArrayLike,
    day: npt.ArrayLike,
    *,
    as_of: np.datetime64,
    start: BaseRateShift | None = None,
) -> BaseRateShift:
    """The shift as of a day, from all labels that had closed before it.

    Args:
        p: predictions as the model made them, unshifted, in any order of days.
        y_closed: label of each row; NaN where it is open or will never be known.
        day: of each row.
        as_of: rows with day + horizon >= `as_of` do not count, whatever label they carry.
        start: a shift to go on from; rows of days that are in it already do not count twice.
    """
    state = start or BaseRateShift()
    days, raw, labels = _checked(day, p, y_closed)
    closed = days + np.timedelta64(state.settings.horizon_d, "D") < as_of
    if state.through_day:
        closed &= days > np.datetime64(state.through_day)
    for one in np.unique(days[closed]):
        rows = closed & (days == one)
        state = _after(state, str(one), raw[rows], labels[rows])
    return state


def follow_base_rate(
    p: npt.ArrayLike,
    y: npt.ArrayLike,
    day: npt.ArrayLike,
    *,
    start: BaseRateShift | None = None,
) -> FloatArray:
    """Each prediction as it would have been shown on its day: shifted by what had closed by then.

    Args:
        p: predictions as the model made them, unshifted.
        y: label of each row, NaN where unknown.
        day: of each row.
        start: the shift before the first of these rows.
    """
    state = start or BaseRateShift()
    days, raw, labels = _checked(day, p, y)
    horizon = np.timedelta64(state.settings.horizon_d, "D")
    order = np.argsort(days, kind="stable")
    unique, first = np.unique(days[order], return_index=True)
    parts = dict(zip(unique, np.split(order, first[1:]), strict=True))
    shifted, closed = np.empty_like(raw), 0
    for one in unique:
        while unique[closed] + horizon < one:
            rows = parts[unique[closed]]
            state = _after(state, str(unique[closed]), raw[rows], labels[rows])
            closed += 1
        shifted[parts[one]] = state.apply(raw[parts[one]])
    return shifted


def _after(state: BaseRateShift, day: str, p: FloatArray, y: FloatArray) -> BaseRateShift:
    """The state with one more day of closed labels."""
    known = np.isfinite(y)
    settings = state.settings
    expected = float(state.apply(p[known]).sum()) / settings.horizon_d
    kept = float(np.exp(-expected / settings.memory_events))
    bins = np.bincount(np.searchsorted(_EDGES, logit(p[known])), minlength=_CENTRES.size)
    weights = kept * np.array(state.weights) + bins
    observed = kept * state.observed + float(y[known].sum()) / settings.horizon_d
    prior_left = kept * state.prior_left
    prior = prior_left * settings.prior_events
    return replace(
        state,
        shift=_shift(weights / settings.horizon_d, observed, prior, state.shift),
        observed=observed,
        prior_left=prior_left,
        weights=tuple(float(one) for one in weights),
        through_day=day,
    )


def _shift(weights: FloatArray, observed: float, prior: float, start: float) -> float:
    """The shift at which as many are expected as were observed, the prior's counted on both sides.

    Of rare events it is ln((observed + prior) / (expected + prior)), the mean of a rate with a
    Gamma prior; for common ones the logit's bend is followed.
    """
    if prior + observed <= 0:
        return start
    shift = start
    for _ in range(50):
        expected = float(np.dot(weights, expit(_CENTRES + shift))) + prior * np.exp(shift)
        step = float(np.log((observed + prior) / expected))
        shift = float(np.clip(shift + step, -_FARTHEST, _FARTHEST))
        if abs(step) < 1e-9:  # noqa: PLR2004 - converged
            break
    return shift


def _checked(
    day: npt.ArrayLike, p: npt.ArrayLike, y: npt.ArrayLike
) -> tuple[Days, FloatArray, FloatArray]:
    days, raw = as_days(day), np.asarray(p, dtype=np.float64)
    labels = np.asarray(y, dtype=np.float64)
    if not days.shape == raw.shape == labels.shape:
        raise EvaluationError(
            f"days {days.shape}, predictions {raw.shape}, labels {labels.shape}: one of each a row"
        )
    if not np.isfinite(raw).all():
        raise EvaluationError("a prediction is not a number: leave out rows that are not scored")
    return days, raw, labels
