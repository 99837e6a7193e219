"""The fitted advice, as data: the response to load, the range it was learned on, and the rules."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sports_assets.models.load_advice.features import Conversion
from sports_assets.models.load_advice.response import Response

FORMAT: Final = 1


@dataclass(frozen=True)
class Settings:
    """The rules of the advice; they are judgements, not estimates.

    Attributes:
        aim_ratio: the advised load has at most so many times the athlete's risk at steady load.
        most_ratio: the same of the band's upper end.
        most_after_return: while the risk is above so many times the athlete's usual one because a
            return is recent, no load may raise it at all.
        most_risk: nor while it is above this, a week.
        most_rise: the week's load is at most so many times the mean of the last four weeks.
        most_fall: candidates begin at so many times that mean.
        step: between candidates, as a share of that mean.
        least_history_d, most_untold_28d: with less history, or more days without a load report,
            nothing is advised.
        range_tail: share of the fitted rows beyond each end of what counts as seen; who stands
            there is not advised.
        reach_tail: share of the fitted rows above what a load may lead to: nearer, so that what is
            carried out inexactly does not leave what was seen.
    """

    aim_ratio: float = 1.05
    most_ratio: float = 1.10
    most_after_return: float = 1.25
    most_risk: float = 0.15
    most_rise: float = 1.3
    most_fall: float = 0.5
    step: float = 0.01
    least_history_d: int = 28
    most_untold_28d: int = 14
    range_tail: float = 0.0001
    reach_tail: float = 0.001

    def __post_init__(self) -> None:
        """Refuse rules that contradict each other."""
        if not 1 <= self.aim_ratio <= self.most_ratio:
            raise ValueError(
                f"aim_ratio {self.aim_ratio}, most_ratio {self.most_ratio}: use 1 <= aim <= most"
            )
        if not 0 < self.most_fall < 1 < self.most_rise or not 0 < self.step < self.most_rise - 1:
            raise ValueError(
                f"most_fall {self.most_fall}, most_rise {self.most_rise}, step {self.step}: use "
                "0 < most_fall < 1 < most_rise, and steps that reach above 1"
            )


@dataclass(frozen=True)
class LoadAdviceModel:
    """Highest fitness under a risk cap, within what was seen.

    Attributes:
        injury_model_sha256: of the injury model's text on which the response rests.
        response: see `response`.
        conversion: minutes to load.
        ranges: by feature, and of `week_au`: least and most of what was seen.
        reach: by feature, and of `week_au`: what an advised load may lead to at most.
        settings: the rules.
        rows, athletes: that the response was asked of.
        first_day, last_day: of them, ISO.
    """

    injury_model_sha256: str
    response: Response
    conversion: Conversion
    ranges: Mapping[str, tuple[float, float]]
    reach: Mapping[str, float]
    rows: int
    athletes: int
    first_day: str
    last_day: str
    settings: Settings = field(default_factory=Settings)

    def to_json(self) -> str:
        """Canonical text: equal models are equal strings."""
        told: dict[str, Any] = {
            **vars(self),
            "format": FORMAT,
            "response": self.response.to_dict(),
            "conversion": asdict(self.conversion),
            "ranges": {name: list(ends) for name, ends in self.ranges.items()},
            "reach": dict(self.reach),
            "settings": asdict(self.settings),
        }
        return json.dumps(told, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "LoadAdviceModel":
        """The inverse of `to_json`.

        Raises:
            ValueError: of another format.
        """
        told = json.loads(text)
        if told.pop("format", None) != FORMAT:
            raise ValueError(f"no load advice of format {FORMAT}: fit it again with this version")
        return cls(
            **{
                **told,
                "response": Response(**told["response"]),
                "conversion": Conversion(**told["conversion"]),
                "ranges": {name: (ends[0], ends[1]) for name, ends in told["ranges"].items()},
                "settings": Settings(**told["settings"]),
            }
        )
