"""Who may learn from whom? Splits of athlete-days into rows to fit on and rows to test on.

The honest split is disjoint by athlete and forward in time: whoever is tested was never seen, and
nothing that was fitted on was still open when the tested days began. The others exist for the leak
audit, which shows what they would have claimed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.rows import Days, EvaluationError, FloatArray, IntArray, as_days, coded

#: Fits on the rows at the first positions and predicts the rows at the second; knows the features.
FitPredict = Callable[[IntArray, IntArray], FloatArray]


@dataclass(frozen=True)
class Split:
    """Positions of rows to fit on and rows to test on.

    Attributes:
        name: of the design and part, e.g. `disjoint and forward, fold 2, from 2025-07-01`.
        fit: positions, ascending.
        test: positions, ascending; over all splits of one design no row is tested twice.
    """

    name: str
    fit: IntArray
    test: IntArray


def athlete_folds(
    athlete_id: npt.ArrayLike, folds: int, seed: int, y: npt.ArrayLike | None = None
) -> IntArray:
    """A fold for each row, all rows of an athlete in one.

    Args:
        athlete_id: whom each row is of.
        folds: number of folds; fewer where there are fewer athletes.
        seed: decides who comes into which.
        y: labels; where given, positives are dealt evenly. With ten injuries chance alone would
            leave a fold without any.

    Raises:
        EvaluationError: one athlete only.
    """
    codes, athletes = coded(athlete_id)
    if athletes < 2:  # noqa: PLR2004 - one athlete
        raise EvaluationError(
            "one athlete only: nobody is left to fit on; evaluate forward in time instead"
        )
    shuffled = np.random.default_rng(seed).permutation(athletes)
    if y is not None:
        positives = np.bincount(codes, np.nan_to_num(np.asarray(y, np.float64)), athletes)
        shuffled = shuffled[np.argsort(-positives[shuffled], kind="stable")]
    count = min(folds, athletes)
    # Dealt there and back, so that the first fold does not always get the most.
    turn = np.arange(athletes) % (2 * count)
    fold = np.empty(athletes, dtype=np.intp)
    fold[shuffled] = np.where(turn < count, turn, 2 * count - 1 - turn)
    return fold[codes]


def time_cuts(
    day: npt.ArrayLike,
    starts: npt.ArrayLike | None = None,
    *,
    first_share: float = 0.25,
    parts: int = 3,
) -> tuple[np.datetime64, ...]:
    """Days from which rows are tested, each up to the next: the starts of seasons but the first.

    Args:
        day: of each row.
        starts: first days of seasons; None for none known.
        first_share: share of all rows that must lie before a cut, so that there is enough to fit.
        parts: so many cuts, at equal numbers of rows after the first half, where seasons give none.

    Raises:
        EvaluationError: all rows are of one day.
    """
    days = np.sort(as_days(day))
    if not days.size or days[0] == days[-1]:
        raise EvaluationError("rows of one day only cannot be split in time: give more days")
    known = as_days(np.array([], "datetime64[D]") if starts is None else starts)
    before = np.searchsorted(days, known, side="left") / days.size
    cuts = known[(before >= first_share) & (before < 1)]
    if not cuts.size:
        at = (days.size * (0.5 + 0.5 * np.arange(parts) / parts)).astype(int)
        cuts = days[at]
        cuts = cuts[cuts > days[0]]
    return tuple(np.unique(cuts))


def split_row_random(rows: int, folds: int, seed: int) -> tuple[Split, ...]:
    """Rows at random, as if each were a case of its own: leaks, and is here to show it."""
    fold = np.random.default_rng(seed).permutation(rows) % folds
    return _nonempty(
        Split(f"row-random, fold {k + 1}", np.flatnonzero(fold != k), np.flatnonzero(fold == k))
        for k in range(folds)
    )


def split_grouped(
    athlete_id: npt.ArrayLike, folds: int, seed: int, y: npt.ArrayLike | None = None
) -> tuple[Split, ...]:
    """Athletes never seen, at days that were."""
    fold = athlete_folds(athlete_id, folds, seed, y)
    return _nonempty(
        Split(f"grouped, fold {k + 1}", np.flatnonzero(fold != k), np.flatnonzero(fold == k))
        for k in range(int(fold.max()) + 1)
    )


def split_chronological(
    day: npt.ArrayLike, cuts: Sequence[np.datetime64], embargo_d: int
) -> tuple[Split, ...]:
    """Days never seen, of athletes who were.

    Args:
        day: of each row.
        cuts: see `time_cuts`.
        embargo_d: days that a label looks ahead. A row is fitted on only where its label closed
            before the cut: day + `embargo_d` < cut.
    """
    days = as_days(day)
    return _nonempty(
        Split(f"chronological, from {cut}", np.flatnonzero(before), np.flatnonzero(tested))
        for cut, before, tested in _periods(days, cuts, embargo_d)
    )


def split_disjoint_and_forward(
    athlete_id: npt.ArrayLike,
    day: npt.ArrayLike,
    cuts: Sequence[np.datetime64],
    *,
    folds: int,
    embargo_d: int,
    seed: int,
    y: npt.ArrayLike | None = None,
) -> tuple[Split, ...]:
    """Athletes never seen, at days never seen: what is reported.

    Args:
        athlete_id: whom each row is of.
        day: of each row.
        cuts: see `time_cuts`.
        folds: of athletes.
        embargo_d: see `split_chronological`.
        seed: decides who comes into which fold.
        y: labels, to deal the positives evenly.

    Returns:
        Every row from the first cut on is tested once; rows before it never.
    """
    fold = athlete_folds(athlete_id, folds, seed, y)
    days = as_days(day)
    return _nonempty(
        Split(
            f"disjoint and forward, fold {k + 1}, from {cut}",
            np.flatnonzero(before & (fold != k)),
            np.flatnonzero(tested & (fold == k)),
        )
        for cut, before, tested in _periods(days, cuts, embargo_d)
        for k in range(int(fold.max()) + 1)
    )


def out_of_fold(fit_predict: FitPredict, splits: Sequence[Split], rows: int) -> FloatArray:
    """Predictions of each row by the split that tests it; NaN where none does."""
    predicted = np.full(rows, np.nan)
    for split in splits:
        predicted[split.test] = fit_predict(split.fit, split.test)
    return predicted


def _periods(
    days: Days, cuts: Sequence[np.datetime64], embargo_d: int
) -> Iterator[tuple[np.datetime64, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
    """Of each cut: which rows may be fitted on, and which are tested."""
    ends = [*cuts[1:], np.datetime64("9999-12-31", "D")]
    for cut, end in zip(cuts, ends, strict=True):
        yield cut, days + np.timedelta64(embargo_d, "D") < cut, (days >= cut) & (days < end)


def _nonempty(splits: Iterable[Split]) -> tuple[Split, ...]:
    kept = tuple(split for split in splits if split.fit.size and split.test.size)
    if not kept:
        raise EvaluationError("no rows are left to fit on and to test on: give a longer history")
    return kept
