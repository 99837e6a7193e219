"""What every model is to the lakehouse: it is trained, judged, kept as bytes, and asked.

Each model's folder has a `shape.py` that says so of it; `kinds.py` lists them. Nothing here knows
Dagster.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from edge_ingest.contract import TableContract
from resources.model_contracts import SIMULATED
from sports_assets.mlops.model_card import ModelCard
from sports_assets.mlops.promotion import PairedDifference

if TYPE_CHECKING:
    import pandas as pd

    from sports_assets.workload.history import Squads


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
    """The champion, as a training compares itself with it.

    A champion that learned from these very athletes answers their old days by heart, and no honest
    challenger, judged on athletes held out, would ever take over. Where `has_seen`, its way of
    fitting is therefore repeated on what had been told by its last day, the tested athletes left
    out, as the challenger's is on all days: what differs is what the new days taught.

    Attributes:
        version: in the registry.
        payload: the model as bytes.
        trained_through: last day that it learned from.
        has_seen: whether it learned from athletes of these squads.
    """

    version: int
    payload: bytes
    trained_through: date
    has_seen: bool


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

    def check(self, payload: bytes) -> None:
        """Whether this version of the software can ask the model.

        Raises:
            ValueError: it was made of other inputs, or in another form.
        """
        ...

    def predict(self, payload: bytes, squads: "Squads", first: "pd.Timestamp") -> "pd.DataFrame":
        """Predictions of every day from `first` on: the columns of the contract between horizon
        and model name, with source, athlete_id and day; rows for which nothing can be said are
        left out."""
        ...


def learnable(squads: "Squads") -> "Squads":
    """The squads to learn from: all, but for simulated ones where there are others."""
    teams = teams_of(squads)
    real = [team for team in teams if not team.startswith(SIMULATED)]
    return squads_of(squads, real) if real and len(real) < len(teams) else squads


def answerable(squads: "Squads", *, learned_from_simulated: bool) -> "Squads":
    """The squads that a champion may be asked of: those of its kind, real or made up."""
    mine = [
        team for team in teams_of(squads) if team.startswith(SIMULATED) == learned_from_simulated
    ]
    return squads_of(squads, mine)


def teams_of(squads: "Squads") -> list[str]:
    """Every team that told of a day, in order."""
    return sorted(squads.days["team"].unique()) if len(squads.days) else []


def squads_of(squads: "Squads", teams: Collection[str]) -> "Squads":
    """These teams alone."""
    from dataclasses import replace

    def of(frame: "pd.DataFrame") -> "pd.DataFrame":
        return frame[frame["team"].isin(teams)].reset_index(drop=True)

    return replace(
        squads, days=of(squads.days), fixtures=of(squads.fixtures), injuries=of(squads.injuries)
    )


def is_simulated(squads: "Squads") -> bool:
    """Whether any of these athletes was made up."""
    return any(team.startswith(SIMULATED) for team in teams_of(squads))
