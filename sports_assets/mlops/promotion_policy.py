"""What promotion is told: one versioned file, `promotion.toml`, strictly read."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

Range = tuple[float, float]

_KINDS = ("binary", "interval", "advice")


class PolicyError(ValueError):
    """The policy says something that nobody could follow."""


@dataclass(frozen=True)
class CalibrationBand:
    """How far a calibrated model may stray by chance, from so many events on."""

    from_events: int
    slope: Range
    observed_expected: Range


@dataclass(frozen=True)
class ModelPolicy:
    """What one model must hold.

    Attributes:
        kind: `binary` (calibrated probabilities), `interval` (coverage) or `advice`.
        metric: on which it is compared with the champion.
        margin: how much worse it may be, in the metric's own unit.
        beats: the metric that is above 0 if the model is better than its simplest rival.
        min_events: fewer tell nothing.
        coverage: of the interval; None: it has none.
        no_more_than: the most that other metrics may be.
    """

    kind: str
    metric: str
    is_more_better: bool
    margin: float
    beats: str
    min_events: int
    needs_approval: bool
    needs_leak_audit: bool
    coverage: Range | None = None
    no_more_than: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PromotionPolicy:
    """The whole file.

    Attributes:
        bands: by number of events, rising.
    """

    version: int
    approval_lasts: timedelta
    bands: tuple[CalibrationBand, ...]
    models: Mapping[str, ModelPolicy]

    def of(self, model: str) -> ModelPolicy:
        """What a model must hold.

        Raises:
            PolicyError: the file knows no such model, so that it could never be promoted.
        """
        if model not in self.models:
            raise PolicyError(
                f"promotion.toml says nothing of {model}: add a section [model.{model}]"
            )
        return self.models[model]

    def band(self, events: int) -> CalibrationBand | None:
        """The calibration that can be asked for with so many events; None: none."""
        fitting = [band for band in self.bands if band.from_events <= events]
        return fitting[-1] if fitting else None


def load_policy(path: Path | None = None) -> PromotionPolicy:
    """Read the policy.

    Args:
        path: of another file than the package's own, which is the one that decides.

    Raises:
        PolicyError: a name is missing or unknown, or a value is none of its kind.
    """
    text = (path or files("sports_assets.mlops") / "promotion.toml").read_text()
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"the promotion policy cannot be read: {error}") from error
    _only(told, ("version", "approval", "calibration", "model"), "the policy")
    bands = tuple(
        CalibrationBand(
            int(one["from_events"]),
            _range(one["slope"], "slope"),
            _range(one["observed_expected"], "observed_expected"),
        )
        for one in told["calibration"]["band"]
    )
    if [one.from_events for one in bands] != sorted({one.from_events for one in bands}):
        raise PolicyError("the bands of calibration must rise by from_events")
    return PromotionPolicy(
        version=int(told["version"]),
        approval_lasts=timedelta(days=told["approval"]["expires_d"]),
        bands=bands,
        models={name: _model(name, section) for name, section in told["model"].items()},
    )


def _model(name: str, section: Mapping[str, Any]) -> ModelPolicy:
    known = [one.name for one in fields(ModelPolicy)]
    needed = known[: known.index("coverage")]
    _only(section, known, f"[model.{name}]", needed)
    if section["kind"] not in _KINDS:
        raise PolicyError(f"[model.{name}] kind is one of {', '.join(_KINDS)}")
    coverage = _range(section["coverage"], "coverage") if "coverage" in section else None
    if (section["kind"] == "interval") != (coverage is not None):
        raise PolicyError(f"[model.{name}] coverage belongs to models of kind interval, and to all")
    return ModelPolicy(**{**section, "coverage": coverage})


def _only(
    told: Mapping[str, Any], known: Iterable[str], where: str, needed: Iterable[str] | None = None
) -> None:
    """Refuse names that are missing or unknown: a misspelt limit would hold nothing."""
    known = list(known)
    if unknown := sorted(set(told) - set(known)):
        raise PolicyError(f"{where} does not know {', '.join(unknown)}: use {', '.join(known)}")
    if missing := sorted(set(known if needed is None else needed) - set(told)):
        raise PolicyError(f"{where} lacks {', '.join(missing)}")


def _range(told: Any, name: str) -> Range:  # noqa: ANN401 - read from a file
    low, high = map(float, told)
    if not low <= high:
        raise PolicyError(f"{name} is [lowest, highest], not {told}")
    return low, high
