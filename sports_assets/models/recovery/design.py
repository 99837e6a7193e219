"""Columns of the fit: which parameter of the model speaks of which injury."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from sports_assets.models.recovery.model import RecoveryModel, RecoverySettings

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: Sd between kinds' ln medians, kinds' ln σ, and parts' ln medians.
Between = tuple[float, float, float]

#: Columns of effects, in order: age in 5 years, previous injuries, early recurrence.
EFFECTS: Final = 3
_MOST_PREVIOUS: Final = 3


@dataclass(frozen=True)
class Rows:
    """Which parameters speak of each injury.

    Attributes:
        location: coefficients of the location parameters, (n, locations).
        spread: of the spread parameters, (n, 1 + kinds).
        is_new_kind: its kind has no parameter, (n,).
    """

    location: Floats
    spread: Floats
    is_new_kind: Bools

    def where(self, chosen: Bools) -> "Rows":
        """Some of the rows."""
        return Rows(self.location[chosen], self.spread[chosen], self.is_new_kind[chosen])


@dataclass(frozen=True)
class Columns:
    """The parameters in order: common μ, kinds' μ, effects, parts' μ; common ln σ, kinds' ln σ.

    Attributes:
        kinds, parts: groups with a parameter of their own.
        age_centre, previous_centre: that effects are counted from.
    """

    kinds: tuple[str, ...]
    parts: tuple[str, ...]
    age_centre: float
    previous_centre: float

    @property
    def locations(self) -> int:
        """Count of location parameters; those of the spread follow."""
        return 1 + len(self.kinds) + EFFECTS + len(self.parts)

    @property
    def size(self) -> int:
        """Count of all parameters."""
        return self.locations + 1 + len(self.kinds)

    def groups(self) -> tuple[slice, slice, slice]:
        """Where kinds' μ, kinds' ln σ and parts' μ stand: what is partially pooled."""
        kinds = len(self.kinds)
        return (
            slice(1, 1 + kinds),
            slice(self.locations + 1, self.size),
            slice(1 + kinds + EFFECTS, self.locations),
        )

    def rows(self, injuries: pd.DataFrame) -> "Rows":
        """The rows of injuries, a frame of `features.as_injuries`.

        A kind without a parameter has a 1 in the common column only. What is not told of age and
        previous injuries has no effect.
        """
        kind = injuries["kind"].to_numpy(object)
        part = part_names(injuries)
        is_kind = (kind[:, None] == np.array(self.kinds, object)).astype(np.float64)
        is_part = (part[:, None] == np.array(self.parts, object)).astype(np.float64)
        age = (injuries["age_years"].to_numpy(np.float64) - self.age_centre) / 5
        previous = injuries["previous_injuries"].to_numpy(np.float64)
        previous = np.minimum(previous, _MOST_PREVIOUS) - self.previous_centre
        effects = np.nan_to_num(
            np.column_stack([age, previous, injuries["is_recurrence"].to_numpy(np.float64)])
        )
        common = np.ones((len(kind), 1))
        return Rows(
            location=np.hstack([common, is_kind, effects, is_part]),
            spread=np.hstack([common, is_kind]),
            is_new_kind=~injuries["kind"].isin(self.kinds).to_numpy(bool),
        )

    def prior(self, settings: RecoverySettings, between: Between) -> tuple[Floats, Floats]:
        """Prior mean and sd of every parameter, (size,)."""
        mean, sd = np.zeros(self.size), np.full(self.size, settings.effect_sd)
        mean[0], sd[0] = np.log(settings.prior_median_d), settings.prior_median_log_sd
        at = self.locations
        mean[at], sd[at] = np.log(settings.prior_log_sd), settings.prior_log_sd_log_sd
        for group, spread in zip(self.groups(), between, strict=True):
            sd[group] = spread
        return mean, sd


def columns_for(injuries: pd.DataFrame, settings: RecoverySettings) -> Columns:
    """The columns that a history has cases for."""
    returned = injuries[injuries["return_day"].notna()]
    parts, counts = np.unique(part_names(returned).astype(str), return_counts=True)
    frequent = [
        str(part)
        for part, count in zip(parts, counts, strict=True)
        if count >= settings.least_part_cases and part
    ]
    previous = np.minimum(injuries["previous_injuries"].to_numpy(np.float64), _MOST_PREVIOUS)
    return Columns(
        kinds=tuple(sorted(set(injuries["kind"]))),
        parts=tuple(frequent),
        age_centre=_mean(injuries["age_years"].to_numpy(np.float64)),
        previous_centre=_mean(previous),
    )


def columns_of(model: RecoveryModel) -> Columns:
    """The columns that a model was fitted with."""
    return Columns(model.kinds, model.parts, model.age_centre, model.previous_centre)


def part_names(injuries: pd.DataFrame) -> npt.NDArray[np.object_]:
    """ "kind/body part" of each row, "" where the part is not told."""
    names = [
        f"{kind}/{part}" if part else ""
        for kind, part in zip(injuries["kind"], injuries["body_part"], strict=True)
    ]
    return np.array(names, object)


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0
