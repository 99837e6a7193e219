"""Is the model right? Its answers on athletes it never saw, beside the rules that it must beat."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.nan_json import without_nan
from sports_assets.models.readiness.answers import whole
from sports_assets.models.readiness.errors import ReadinessError
from sports_assets.models.readiness.features import ReadinessRows, readiness_rows
from sports_assets.models.readiness.fit import fit_rows
from sports_assets.models.readiness.grid import OTHER_ANSWERS
from sports_assets.models.readiness.held_out import (
    FOLDS,
    NOTHING_TO_TEST,
    answers_of,
    held_out_answers,
    splits_of,
)
from sports_assets.models.readiness.model import ReadinessSettings
from sports_assets.models.readiness.scores import MEAN_TYPE, SCREEN, Held, Score, held_by, scores_of

if TYPE_CHECKING:
    import pandas as pd

COVERAGE: Final = (0.75, 0.85)
#: With fewer athletes a bootstrap over them says nothing.
LEAST_TO_TELL: Final = 5
_ALONE: Final = (
    "One athlete: nobody else to fit on, so nothing is said of athletes never seen, and there are "
    "no intervals over athletes."
)


@dataclass(frozen=True)
class Evaluation:
    """Scores of a history, and what follows from them.

    Attributes:
        design: who was held out of what, in words.
        scores: lines of the table.
        held: what the intervals held.
        athletes, days, rows: tested; days are calendar days.
        not_predicted: rows followed by an answer, but with too few or too old ones before.
        notes: what the reader must know: columns that are missing, and so on.
    """

    design: str
    scores: tuple[Score, ...]
    held: Held
    athletes: int
    days: int
    rows: int
    not_predicted: int
    notes: tuple[str, ...]

    def of(self, method: str) -> Score:
        """One line.

        Raises:
            KeyError: there is none.
        """
        for score in self.scores:
            if score.method == method:
                return score
        raise KeyError(f"no line {method}")

    def verdicts(self) -> dict[str, str]:
        """What must hold: "holds", "fails" or "too few to tell"; by intervals over athletes.

        A coverage fails where its interval leaves no doubt, and holds by the figure itself.
        """
        coverage = self.held.coverage
        if self.athletes < LEAST_TO_TELL:
            return dict.fromkeys(_CLAIMS, "too few to tell")
        return dict(
            zip(
                _CLAIMS,
                (
                    _verdict(self.of(SCREEN).mae_difference),
                    _verdict(self.of(MEAN_TYPE).rmse_difference),
                    _coverage_verdict(coverage),
                ),
                strict=True,
            )
        )

    def to_json(self) -> str:
        """Canonical text, NaN as null."""
        content = {**asdict(self), "verdicts": self.verdicts()}
        return json.dumps(without_nan(content), sort_keys=True, allow_nan=False)


_CLAIMS: Final = (
    "the screen's answer is nearer than half and half (MAE)",
    "the mean-type answer is nearer than half and half (RMSE)",
    "intervals hold 75-85 % of answers",
)


def read_history(path: Path) -> "pd.DataFrame":
    """A club's own export, as athlete-days.

    Raises:
        AthleteDaysError: the file or a value in it cannot be used.
    """
    from sports_assets.workload.athlete_days import READINESS_COLUMNS, read_athlete_days

    return without_filled_loads(read_athlete_days(path, READINESS_COLUMNS))


def without_filled_loads(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Athlete-days in which a load of 0 on a day with no answer at all is "not told".

    Exports fill missing load with 0, and who rests answers the questionnaire more often than not.
    """
    from sports_assets.workload.athlete_days import ANSWERS

    answered = frame[list(ANSWERS)].notna().any(axis=1)
    return frame.assign(load_au=frame["load_au"].where((frame["load_au"] != 0) | answered))


def evaluate(
    frame: "pd.DataFrame",
    settings: ReadinessSettings | None = None,
    *,
    seed: int = 0,
    folds: int = FOLDS,
    months_too: bool = False,
    replicates: int = 500,
    answers: "pd.DataFrame | None" = None,
) -> Evaluation:
    """Judge the model on a history, athletes held out; one athlete alone forward in time.

    Args:
        frame: of `read_history`, or of the lakehouse.
        settings: of the model; defaults where None.
        seed: of folds, fits and bootstrap.
        folds: of athletes; fewer where there are fewer athletes.
        months_too: tested months are held out, too.
        replicates: draws of the bootstrap.
        answers: of `held_out_answers` with the same folds and seed, where they are there already.

    Raises:
        ReadinessError: nothing can be fitted or tested.
    """
    settings = settings or ReadinessSettings()
    every = readiness_rows(frame)
    rows = every.scorable()
    if not len(rows):
        raise ReadinessError(NOTHING_TO_TEST)
    splits = splits_of(rows, folds=folds, seed=seed, months_too=months_too)
    if answers is None:
        answers = held_out_answers(rows, splits, settings, seed=seed)
    is_alone = rows.rows["athlete_id"].nunique() == 1
    design = f"athletes held out, {min(folds, rows.rows['athlete_id'].nunique())} folds"
    if is_alone:
        design = f"one athlete only: {splits[0].name}"
    elif months_too:
        design += ", and the tested months with them"
    notes = _notes(frame)
    if is_alone:
        notes += (_ALONE,)
    return _evaluation(design, answers, every, settings, notes, seed=seed, replicates=replicates)


def evaluate_teams(
    frame: "pd.DataFrame",
    train_team: str,
    test_team: str,
    settings: ReadinessSettings | None = None,
    *,
    seed: int = 0,
    replicates: int = 500,
) -> Evaluation:
    """Fit on one team and judge on another; see `evaluate`.

    Raises:
        ReadinessError: a team is not there, both are the same, or nothing can be fitted or tested.
    """
    settings = settings or ReadinessSettings()
    if train_team == test_team:
        raise ReadinessError(
            f"the team to fit on and the team to test on are both {train_team}: name two teams, or "
            "none to hold out athletes"
        )
    fitted, tested = _of_team(frame, train_team), _of_team(frame, test_team)
    shared = set(fitted["athlete_id"]) & set(tested["athlete_id"])
    notes = tuple(f"{team}: {note}" for team, part in ((train_team, fitted), (test_team, tested))
                  for note in _notes(part))  # fmt: skip
    if shared:
        fitted = fitted[~fitted["athlete_id"].isin(shared)]
        notes += (f"{len(shared)} athletes of both teams were left out of the fit.",)
    if fitted.empty:
        raise ReadinessError(f"everybody of {train_team} is of {test_team}, too: nobody to fit on")
    # What the tested team does not tell of, the model must not lean on.
    untold = [name for name in _absent(tested) if name not in _absent(fitted)]
    if untold:
        fitted = fitted.assign(**dict.fromkeys(untold, np.nan))
        notes += (f"Fitted without {', '.join(untold)}, which {test_team} does not tell of.",)
    model = fit_rows(readiness_rows(fitted).scorable(), settings, seed=seed)
    every = readiness_rows(tested)
    answers = answers_of(model, every.scorable())
    design = f"fitted on {train_team} ({model.fitted_on.athletes} athletes), tested on {test_team}"
    return _evaluation(design, answers, every, settings, notes, seed=seed, replicates=replicates)


def _of_team(frame: "pd.DataFrame", team: str) -> "pd.DataFrame":
    part = frame[frame["team"] == team]
    if part.empty:
        teams = ", ".join(sorted(frame["team"].unique()))
        raise ReadinessError(f"no team {team} in this file: it has {teams}")
    return part.reset_index(drop=True)


def _evaluation(
    design: str,
    answers: "pd.DataFrame",
    every: ReadinessRows,
    settings: ReadinessSettings,
    notes: tuple[str, ...],
    *,
    seed: int,
    replicates: int,
) -> Evaluation:
    is_followed = np.isfinite(every.rows["target"].to_numpy(np.float64))
    return Evaluation(
        design=design,
        scores=scores_of(answers, seed=seed, replicates=replicates),
        held=held_by(answers, settings.interval_level, seed=seed, replicates=replicates),
        athletes=int(answers["athlete_id"].nunique()),
        days=int(answers["day"].nunique()),
        rows=len(answers),
        not_predicted=int((is_followed & ~every.enough_known()).sum()),
        notes=notes,
    )


def _notes(frame: "pd.DataFrame") -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if absent := _absent(frame):
        notes += (f"Nothing is told of {', '.join(absent)}: answers rest on the rest.",)
    told = frame["readiness"].dropna().to_numpy(np.float64)
    if between := int((told != whole(told)).sum()):
        note = (
            f"{between} of {len(told)} answers have decimals: they were rounded to whole ones to "
            "learn from, and errors are those of the answers as given."
        )
        notes += (note,)
    return notes


def _absent(frame: "pd.DataFrame") -> list[str]:
    return [name for name in ("load_au", *OTHER_ANSWERS) if frame[name].isna().all()]


def _coverage_verdict(coverage: Interval) -> str:
    if COVERAGE[0] <= coverage.value <= COVERAGE[1]:
        return "holds"
    is_apart = coverage.high < COVERAGE[0] or coverage.low > COVERAGE[1]
    return "fails" if is_apart else "too few to tell"


def _verdict(difference: Interval) -> str:
    if not math.isfinite(difference.high):
        return "too few to tell"
    if difference.high < 0:
        return "holds"
    return "fails" if difference.low > 0 else "too few to tell"
