"""A fitted recovery model, as data: what was learnt, from how much, and its canonical text."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Final, Self

FORMAT: Final = "touchline-recovery-1"


@dataclass(frozen=True)
class RecoverySettings:
    """Everything that changes a fit; goes into provenance.

    The prior is one for all kinds; nothing in it says that a muscle takes longer than a contusion.
    Its middle is a typical absence of professional football (10.5 days; of the injuries of the 31
    commonest diagnoses of Ekstrand et al. 2020, BJSM 54:421, 42 % are of one with a median of at
    most 7 days, 56 % of one with 7 to 28), and its spreads are wide: with no injury at all, 80 % of
    absences are expected between 2 and about 80 days.

    Attributes:
        prior_median_d, prior_median_log_sd: of the absence over all kinds, and how unsure that is.
        prior_log_sd, prior_log_sd_log_sd: σ of ln days within a kind, and ln-uncertainty of it.
        between_kinds: sd of kinds' ln medians around the common one, before the data speak.
        between_spreads: the same for kinds' ln σ.
        between_parts: the same for body parts within a kind.
        between_weight: the three are worth so many observed groups.
        effect_sd: prior sd of the ln-effects of age (5 years), previous injuries (each, at most
            three) and early recurrence, around none.
        least_part_cases: a body part of a kind with fewer returns has no effect of its own.
        coverage: share of returns that an interval is to hold.
        tail_folds: athlete-disjoint folds by which the interval is checked.
        tail_least: with fewer returns the interval is left as the model gives it.
        tail_weight: the check counts n/(n + this).
    """

    prior_median_d: float = 10.5
    prior_median_log_sd: float = 0.5
    prior_log_sd: float = 1.0
    prior_log_sd_log_sd: float = 0.3
    between_kinds: float = 1.0
    between_spreads: float = 0.2
    between_parts: float = 0.15
    between_weight: float = 4.0
    effect_sd: float = 0.05
    least_part_cases: int = 5
    coverage: float = 0.8
    tail_folds: int = 5
    tail_least: int = 30
    tail_weight: float = 100.0

    def to_dict(self) -> dict[str, str]:
        """Every setting by name, as text, for a ProvenanceRef."""
        return {f"recovery.{key}": f"{value:g}" for key, value in dataclasses.asdict(self).items()}


@dataclass(frozen=True)
class KindHistory:
    """What a model was fitted on of one kind.

    Attributes:
        kind: its name.
        injuries, returns: counts; what is not a return was still open.
        median_d: Kaplan-Meier median of the days lost; None where fewer than half came back.
        longest_d: longest absence that ended, d; 0 without any.
    """

    kind: str
    injuries: int
    returns: int
    median_d: float | None
    longest_d: float


@dataclass(frozen=True)
class RecoveryModel:
    """Posterior of a log-normal law of days lost, partially pooled over kinds of injury.

    Attributes:
        settings: that it was fitted with.
        kinds, parts: groups that have parameters of their own; a part is "kind/body part".
        age_centre, previous_centre: that effects are counted from, years and injuries.
        between: sd between kinds' ln medians, kinds' ln σ, and parts, as learnt.
        mean, covariance: of the parameters, in the order of `design.Columns`.
        tail: share on either side of an interval; (1 − coverage)/2 but for the check of the fit.
        history: of each kind, by name.
        team_count: teams in the history.
        first_day, last_day: of onsets, ISO; None for an empty history.
    """

    settings: RecoverySettings
    kinds: tuple[str, ...]
    parts: tuple[str, ...]
    age_centre: float
    previous_centre: float
    between: tuple[float, float, float]
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    tail: float
    history: tuple[KindHistory, ...]
    team_count: int
    first_day: str | None
    last_day: str | None

    @property
    def returns(self) -> int:
        """Returns that the model was fitted on."""
        return sum(kind.returns for kind in self.history)

    @property
    def injuries(self) -> int:
        """Injuries that it was fitted on, those still open among them."""
        return sum(kind.injuries for kind in self.history)

    def of_kind(self, kind: str) -> KindHistory:
        """History of a kind; of a kind that never came, an empty one."""
        found = [each for each in self.history if each.kind == kind]
        return found[0] if found else KindHistory(kind, 0, 0, None, 0.0)

    def to_json(self) -> str:
        """Canonical text: the same model gives the same bytes, floats in full."""
        content = {"format": FORMAT, **dataclasses.asdict(self)}
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The model of a text of `to_json`.

        Raises:
            ValueError: the text is damaged, incomplete, or of another format.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            found = content.pop("format")
            if found != FORMAT:
                raise ValueError(f"a model of format {found!r}, not {FORMAT!r}: fit it anew")
            content["settings"] = RecoverySettings(**content["settings"])
            content["history"] = tuple(KindHistory(**each) for each in content["history"])
            content["covariance"] = tuple(tuple(row) for row in content["covariance"])
            for name in ("kinds", "parts", "between", "mean"):
                content[name] = tuple(content[name])
            model = cls(**content)
        except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"no recovery model ({error}): fit it anew") from error
        size = len(model.mean)
        if any(len(row) != size for row in model.covariance) or len(model.covariance) != size:
            raise ValueError("a recovery model whose covariance has another size than its mean")
        return model
