"""Rows to be evaluated: the types, what is refused of them, and names as numbers."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Days = npt.NDArray[np.datetime64]


class EvaluationError(ValueError):
    """Rows that cannot be evaluated; the message names what is wrong and what to do."""


def checked(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Labels and scores as arrays of floats.

    Raises:
        EvaluationError: lengths differ, a label is neither 0 nor 1, or a score is not finite.
    """
    labels = np.asarray(y, dtype=np.float64)
    scores = np.asarray(p, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise EvaluationError(
            f"labels {labels.shape} and predictions {scores.shape}: give one of each a row"
        )
    if not np.isin(labels, (0.0, 1.0)).all():
        raise EvaluationError("a label is neither 0 nor 1: leave out rows whose label is open")
    if not np.isfinite(scores).all():
        raise EvaluationError("a prediction is not a number: leave out rows that are not scored")
    return labels, scores


def as_days(day: npt.ArrayLike) -> Days:
    """Calendar days."""
    return np.asarray(day).astype("datetime64[D]")


def coded(names: npt.ArrayLike) -> tuple[IntArray, int]:
    """A number from 0 for each name, in the order of the names, and how many names there are."""
    import pandas as pd

    codes, unique = pd.factorize(np.asarray(names, dtype=object).astype(str), sort=True)
    return np.asarray(codes, dtype=np.intp), len(unique)


def count_events(athlete_id: npt.ArrayLike, day: npt.ArrayLike, y: npt.ArrayLike) -> int:
    """Distinct events behind positive rows: unbroken stretches of positive days of one athlete.

    The seven days before an injury are all positive, and tell of one.
    """
    codes, _ = coded(athlete_id)
    days = as_days(day)
    is_positive = np.asarray(y, dtype=np.float64) == 1
    order = np.lexsort((days[is_positive], codes[is_positive]))
    who, when = codes[is_positive][order], days[is_positive][order]
    if not who.size:
        return 0
    follows = (np.diff(who) == 0) & (np.diff(when) <= np.timedelta64(1, "D"))
    return int(who.size - follows.sum())
