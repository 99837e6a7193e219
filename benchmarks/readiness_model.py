"""How near is tomorrow's readiness foretold? `python -m benchmarks.readiness_model`

SoccerMon's team A, athletes held out in five folds, dealt anew for each fold seed; the targets are
means over the seeds. Beside the model, on the same rows: persistence, half and half, and LightGBM
with its own settings on the same inputs of a row. `--months-too` also holds out the tested months,
which tells what of it was learnt of days that team-mates shared.
"""

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.named_sets import real_data
from benchmarks.outcome import Target, print_outcome
from sports_assets.mlops.splits import Split
from sports_assets.models.readiness.evaluate import Evaluation, evaluate, without_filled_loads
from sports_assets.models.readiness.features import ROW_INPUTS, ReadinessRows, readiness_rows
from sports_assets.models.readiness.held_out import FOLDS, splits_of
from sports_assets.models.readiness.scores import (
    MEAN_TYPE,
    METHODS,
    SCREEN,
)
from sports_assets.workload.athlete_days import READINESS_COLUMNS, as_athlete_days

SEEDS = (0, 1, 2)
#: Inputs that speak of the athlete's own answers as deviations from the usual one.
OWN_LEVELS = {name for name in ROW_INPUTS if name.endswith("_off")} - {
    "weekday_off", "team_off", "team_3d_off",
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate for each fold seed, and print the outcome."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--fold-seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--months-too", action="store_true", help="hold out the tested months, too")
    told = parser.parse_args(arguments)
    path = real_data() / "wellness" / "soccermon_team_a.csv"
    if not path.is_file():
        print(f"no {path}: set SPORTS_REAL_DATA", file=sys.stderr)
        print_outcome("readiness_model", _targets([]), {"skipped": f"no {path.name}"})
        return
    frame = team_a(path)
    rows = readiness_rows(frame).scorable()
    runs, details = [], []
    for seed in told.fold_seeds:
        begun = time.monotonic()
        runs.append(evaluate(frame, seed=seed))
        seconds = time.monotonic() - begun
        splits = splits_of(rows, folds=FOLDS, seed=seed, months_too=False)
        details.append(
            {"fold_seed": seed, "seconds": round(seconds, 1), **_figures(runs[-1])}
            | {"default_lightgbm": _default_lightgbm(rows, splits, seed)}
        )
        print(details[-1], file=sys.stderr)
    detail: dict[str, object] = {
        "rows": len(rows),
        "athletes": int(rows.rows["athlete_id"].nunique()),
        "by_fold_seed": details,
    }
    if told.months_too:
        apart = evaluate(frame, seed=told.fold_seeds[0], months_too=True)
        detail["months_held_out_too"] = _figures(apart)
    print_outcome("readiness_model", _targets(runs), detail)


def team_a(path: Path) -> pd.DataFrame:
    """The real team's reports as athlete-days; missing load is filled with 0 at the source."""
    frame = pd.read_csv(path).rename(columns={"player_id": "athlete_id"})
    return without_filled_loads(as_athlete_days(frame, READINESS_COLUMNS))


def _targets(runs: Sequence[Evaluation]) -> list[Target]:
    def mean(values: Iterator[float]) -> float | None:
        found = list(values)
        return statistics.mean(found) if found else None

    return [
        Target("rmse", mean(run.of(MEAN_TYPE).rmse.value for run in runs), "points", "<= 0.945"),
        Target("mae", mean(run.of(SCREEN).mae.value for run in runs), "points", "<= 0.62"),
        Target(
            "interval_coverage", mean(run.held.coverage.value for run in runs), "1", "0.75..0.85"
        ),
    ]


def _figures(run: Evaluation) -> dict[str, object]:
    screen, mean = run.of(SCREEN), run.of(MEAN_TYPE)
    return {
        **{name: _pair(run.of(name).mae.value, run.of(name).rmse.value) for name in METHODS},
        "screen_mae_less_half_and_half": _rounded(screen.mae_difference.to_list()),
        "mean_rmse_less_half_and_half": _rounded(mean.rmse_difference.to_list()),
        "athletes_nearer_than_half_and_half": screen.athletes_better,
        "interval_coverage": _rounded(run.held.coverage.to_list()),
        "interval_coverage_of_athletes_10_90": _rounded([run.held.lowest, run.held.highest]),
        "interval_width_points": round(run.held.width, 3),
    }


def _default_lightgbm(rows: ReadinessRows, splits: Sequence[Split], seed: int) -> dict[str, float]:
    import lightgbm

    target = rows.rows["target"].to_numpy(np.float64)
    inputs = _levels(rows)
    told = np.empty(len(rows))
    for split in splits:
        model = lightgbm.LGBMRegressor(n_jobs=1, verbosity=-1, random_state=seed)
        model.fit(inputs[split.fit], target[split.fit])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of sklearn: arrays have no names
            told[split.test] = model.predict(inputs[split.test])
    error = told - target
    return _pair(float(np.abs(error).mean()), float(np.sqrt((error**2).mean())))


def _levels(rows: ReadinessRows) -> npt.NDArray[np.float64]:
    """The inputs of a row with own answers as they are, and not as deviations: its better case."""
    is_own = [name in OWN_LEVELS for name in ROW_INPUTS]
    usual = rows.rows["usual"].to_numpy(np.float64)[:, None]
    return np.where(is_own, rows.inputs + usual, rows.inputs)


def _pair(mae: float, rmse: float) -> dict[str, float]:
    return {"mae": round(mae, 4), "rmse": round(rmse, 4)}


def _rounded(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else round(value, 4) for value in values]


if __name__ == "__main__":
    main()
