"""What every model is to the lakehouse: it is trained, judged, kept as bytes, and asked.

Each model's folder has a `shape.py` that says so of it; `kinds.py` lists them. Nothing here knows
Dagster.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Protocol

from edge_ingest.contract import TableContract
from sports_assets.mlops.model_card import ModelCard
from sports_assets.mlops.promotion import PairedDifference

if TYPE_CHECKING:
    import pandas as pd

    from sports_assets.workload.history import Squads

#: Sources whose athletes were made up; with real ones beside them nothing is learned from these.
SIMULATED: Final = "simulated"


class NotTrainableError(ValueError):
    """There is not enough to learn from; the message says what is missing. The champion serves."""


@dataclass(frozen=True)
class Leak:
    """What a leak audit came to: verdict (`passed`, `undecided`, `blocked`) and reason."""

    verdict: str
    reason: str


@dataclass(frozen=True)
class Judgement:
    """What promotion is decided on; kept with the version, as it may be decided days later.

    Attributes:
        metrics: by the names of `promotion.toml`.
        comparison: with the champion of `compared_with`; None where there was none.
        leak: None where none was run.
    """

    metrics: Mapping[str, float]
    comparison: PairedDifference | None = None
    compared_with: int | None = None
    leak: Leak | None = None

    def to_json(self) -> str:
        """Canonical text; what is not finite is left out."""
        told = asdict(self)
        told["metrics"] = {name: v for name, v in self.metrics.items() if v == v}  # noqa: PLR0124
        return json.dumps(told, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Judgement":
        """The inverse of `to_json`."""
        told: dict[str, Any] = json.loads(text)
        comparison, leak = told.pop("comparison"), told.pop("leak")
        return cls(
            comparison=PairedDifference(**comparison) if comparison else None,
            leak=Leak(**leak) if leak else None,
            **told,
        )


@dataclass(frozen=True)
class Trained:
    """A model that was fitted and judged.

    Attributes:
        payload: the model as bytes; equal for equal inputs, seed and code.
        trained_through: last day whose data it was fitted on.
        card: without version, which it gets when it is registered.
        params, dataset: for the registry: what was set, and its data in numbers.
    """

    payload: bytes
    trained_through: date
    judgement: Judgement
    card: ModelCard
    params: Mapping[str, str] = field(default_factory=dict)
    dataset: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Serving:
    """The champion, as bytes, with its version."""

    version: int
    payload: bytes


class ModelKind(Protocol):
    """One model. `name` is its name in the registry and of its prediction table."""

    name: str
    contract: TableContract
    #: Of each prediction, d.
    horizon_d: int
    #: Columns of the feature table that it reads, to be watched for drift.
    watched: tuple[str, ...]
    #: Whether LightGBM is in it.
    is_of_trees: bool
    #: In a sentence, for the asset.
    question: str

    def train(self, squads: "Squads", champion: Serving | None, seed: int) -> Trained:
        """Fit and judge.

        Raises:
            NotTrainableError: not enough to learn from.
        """
        ...

    def predict(self, payload: bytes, squads: "Squads", first: "pd.Timestamp") -> "pd.DataFrame":
        """Predictions of every day from `first` on: the columns of the contract between horizon
        and model name, with source, athlete_id and day; rows for which nothing can be said are
        left out."""
        ...


def learnable(squads: "Squads") -> "Squads":
    """The squads to learn from: all, but for simulated ones where there are others."""
    from dataclasses import replace

    teams = squads.days["team"]
    real = teams[~teams.str.startswith(SIMULATED)].unique()
    if not len(real):
        return squads
    return replace(
        squads,
        days=squads.days[teams.isin(real)].reset_index(drop=True),
        fixtures=squads.fixtures[squads.fixtures["team"].isin(real)].reset_index(drop=True),
        injuries=squads.injuries[squads.injuries["team"].isin(real)].reset_index(drop=True),
    )


def is_simulated(squads: "Squads") -> bool:
    """Whether any of these athletes was made up."""
    return bool(squads.days["team"].str.startswith(SIMULATED).any())
