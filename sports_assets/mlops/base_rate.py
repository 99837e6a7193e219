"""Base rates move between seasons: calibration follows, by labels that have closed.

All predictions are shifted by one number on the logit scale, so that as many injuries are expected
as are observed. How athletes rank does not change, nor does the model.

The shift follows events, and not noise. While nothing says that the level has changed, it is that
of all that was observed since it last did, drawn to where it was before (a Gamma-Poisson rate); the
model's own level at the start is worth as many injuries as it was learned from. A change is
declared where two levels explain the labels better than one, by `evidence` in log likelihood: of
every week it is asked whether the level changed then (a generalised likelihood ratio; Lorden 1971,
Ann. Math. Stat. 42:1897). From that week on the level is counted anew.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.metrics import expit, logit
from sports_assets.mlops.rows import Days, EvaluationError, FloatArray, IntArray, as_days

#: Predictions are kept by their logit, in bins of 0.1: all that a shift needs to know of them.
_EDGES: Final = np.round(np.arange(-9.0, 3.01, 0.1), 1)
_CENTRES: Final = np.concatenate(([-9.05], (_EDGES[:-1] + _EDGES[1:]) / 2, [3.05]))
_FARTHEST: Final = 4.0
#: By which a squad's rate differs from season to season, beyond chance: in simulated squads, whose
#: athletes grow older and are hurt again, it grows by 10 to 20 % a season.
_SEASON_LOG_SD: Final = 0.15
#: Days of labels that are counted together, and how many such weeks a change is looked for in.
_WEEK_D: Final = 7
_WEEKS: Final = 104


@dataclass(frozen=True)
class BaseRateSettings:
    """Everything that changes the shift.

    Attributes:
        prior_events: the model's own level is worth so many injuries; see `learned_from`.
        evidence: log likelihood that a change must explain. Of 120 stable simulated seasons of a
            squad of 25, two saw a change that was none; a rate that doubles is believed after some
            40 injuries by one squad (four to five months), within two to three weeks by twenty.
        renewed_events: after a change the level of before is worth so many injuries.
        least_events: injuries to be expected since a change before it is believed.
        horizon_d: days that a label looks ahead; a label closes when they are over, and an injury
            makes as many rows positive, which together count as one.
    """

    prior_events: float = 50.0
    evidence: float = 6.0
    renewed_events: float = 5.0
    least_events: float = 3.0
    horizon_d: int = 7

    @classmethod
    def learned_from(cls, injuries: float) -> "BaseRateSettings":
        """The settings of a model that was learned from so many injuries.

        Its level is as sure as they make it, and holds next season as well as a squad's own rate
        does from one season to the next: the variance of its logarithm is 1/injuries + 0.15².
        """
        return cls(prior_events=1 / (1 / max(injuries, 1.0) + _SEASON_LOG_SD**2))


@dataclass(frozen=True)
class BaseRateShift:
    """What closed labels say of the level of predictions, as data.

    Attributes:
        settings: see there.
        shift: to be added to the logit of each prediction.
        before: level before the last change, as a factor of the model's own.
        before_events: injuries that it is worth; None before any change: `prior_events`.
        observed, expected: injuries of each week since the last change, and those that the
            unshifted predictions expected; the first entry may hold more than a week.
        first_days: first day of each, ISO.
        weights: unshifted predictions since the last change, by bin of their logit.
        changed_on: first day of labels at the level of now, ISO; "" for the model's own.
        through_day: last day whose labels are in it, ISO; "" for none.
    """

    settings: BaseRateSettings = field(default_factory=BaseRateSettings)
    shift: float = 0.0
    before: float = 1.0
    before_events: float | None = None
    observed: tuple[float, ...] = ()
    expected: tuple[float, ...] = ()
    first_days: tuple[str, ...] = ()
    weights: tuple[float, ...] = (0.0,) * _CENTRES.size
    changed_on: str = ""
    through_day: str = ""

    def apply(self, p: npt.ArrayLike) -> FloatArray:
        """The predictions at the level of late."""
        return expit(logit(p) + self.shift)

    @property
    def prior(self) -> float:
        """Injuries that the level of before is worth."""
        return self.settings.prior_events if self.before_events is None else self.before_events

    @property
    def level(self) -> float:
        """Injuries now for each that the unshifted predictions expect."""
        seen = self.prior * self.before + sum(self.observed)
        return seen / (self.prior + sum(self.expected)) if seen else 1.0

    def to_json(self) -> str:
        """Canonical text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "BaseRateShift":
        """The inverse of `to_json`."""
        told = json.loads(text)
        settings = BaseRateSettings(**told.pop("settings"))
        lists = {name: tuple(one) for name, one in told.items() if isinstance(one, list)}
        return cls(**{**told, **lists, "settings": settings})


def shifts_as_of(
    p: npt.ArrayLike,
    y_closed: npt.ArrayLike,
    day: npt.ArrayLike,
    *,
    as_of: npt.ArrayLike,
    start: BaseRateShift | None = None,
) -> Iterator[BaseRateShift]:
    """The shift as of each of some days, from all labels that had closed before it.

    Args:
        p: predictions as the model made them, unshifted, in any order of days.
        y_closed: label of each row; NaN where it is open or will never be known.
        day: of each row.
        as_of: ascending; rows with day + horizon >= one of them do not count for it, whatever label
            they carry.
        start: a shift to go on from; rows of days that are in it already do not count twice.
    """
    state = start or BaseRateShift()
    days, raw, labels = _checked(day, p, y_closed)
    horizon = np.timedelta64(state.settings.horizon_d, "D")
    unique, parts = _by_day(days)
    closed = 0
    if state.through_day:
        closed = int(np.searchsorted(unique, np.datetime64(state.through_day), side="right"))
    for one in as_days(as_of):
        while closed < unique.size and unique[closed] + horizon < one:
            rows = parts[closed]
            state = _after(state, unique[closed], raw[rows], labels[rows])
            closed += 1
        yield state


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
    days, raw, _ = _checked(day, p, y)
    unique, parts = _by_day(days)
    shifted = np.empty_like(raw)
    shifts = shifts_as_of(raw, y, days, as_of=unique, start=start)
    for rows, shift in zip(parts, shifts, strict=True):
        shifted[rows] = shift.apply(raw[rows])
    return shifted


def _by_day(days: Days) -> tuple[Days, list[IntArray]]:
    """The days, ascending, and the rows of each."""
    order = np.argsort(days, kind="stable")
    unique, first = np.unique(days[order], return_index=True)
    return unique, np.split(order, first)[1:]


def _after(state: BaseRateShift, day: np.datetime64, p: FloatArray, y: FloatArray) -> BaseRateShift:
    """The state with one more day of closed labels."""
    known = np.isfinite(y)
    horizon = state.settings.horizon_d
    # In the order of their values: the sum is then the same to the last bit for any order of rows.
    told = np.sort(p[known])
    bins = np.bincount(np.searchsorted(_EDGES, logit(told)), minlength=_CENTRES.size)
    state = replace(
        _counted(state, day, float(y[known].sum()) / horizon, float(told.sum()) / horizon),
        weights=tuple(float(one) for one in np.array(state.weights) + bins),
        through_day=str(day),
    )
    state = _changed(state)
    return replace(state, shift=_shift(np.array(state.weights), state.level, state.shift))


def _counted(
    state: BaseRateShift, day: np.datetime64, observed: float, expected: float
) -> BaseRateShift:
    """One more day in the week that it belongs to."""
    seen, told, first = list(state.observed), list(state.expected), list(state.first_days)
    if first and day - np.datetime64(first[-1]) < np.timedelta64(_WEEK_D, "D"):
        seen[-1] += observed
        told[-1] += expected
    else:
        seen.append(observed)
        told.append(expected)
        first.append(str(day))
    if len(seen) > _WEEKS:
        seen[:2], told[:2], first[:2] = [seen[0] + seen[1]], [told[0] + told[1]], [first[0]]
    return replace(state, observed=tuple(seen), expected=tuple(told), first_days=tuple(first))


def _changed(state: BaseRateShift) -> BaseRateShift:
    """The state counted anew from the week of a change, if one is believed."""
    settings = state.settings
    observed, expected = np.array(state.observed), np.array(state.expected)
    # Whatever began in week k, for each k: what came before, the prior included, and since.
    since_o, since_e = np.cumsum(observed[::-1])[::-1], np.cumsum(expected[::-1])[::-1]
    before_o = state.prior * state.before + observed.sum() - since_o
    before_e = state.prior + expected.sum() - since_e
    ratio = _gain(before_o, before_e) + _gain(since_o, since_e)
    ratio -= _gain(before_o + since_o, before_e + since_e)
    level = before_o / before_e
    ratio[np.maximum(since_e * level, since_o) < settings.least_events] = 0.0
    week = int(np.argmax(ratio))
    if ratio[week] <= settings.evidence:
        return state
    share = float(since_e[week] / expected.sum())
    return replace(
        state,
        before=float(level[week]),
        before_events=settings.renewed_events,
        observed=state.observed[week:],
        expected=state.expected[week:],
        first_days=state.first_days[week:],
        # Their mix is that of all, near enough: it only tells how the logit bends.
        weights=tuple(share * one for one in state.weights),
        changed_on=state.first_days[week],
    )


def _gain(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """Log likelihood of counts at their own rate, but for what is the same for all."""
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=expected > 0)
    return np.asarray(observed * np.log(np.where(ratio > 0, ratio, 1.0)), np.float64)


def _shift(weights: FloatArray, level: float, start: float) -> float:
    """The shift at which `level` times as many are expected as without; of rare events its log."""
    if not weights.any():
        return start
    target = level * float(np.dot(weights, expit(_CENTRES)))
    if not target > 0:
        return -_FARTHEST
    shift = start
    for _ in range(50):
        step = float(np.log(target / float(np.dot(weights, expit(_CENTRES + shift)))))
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
