"""What features, a training, a scoring and a profile cost.

`python -m benchmarks.mlops_speed`: 40 simulated athletes over three seasons, from frames in memory;
the training with its whole evaluation and audit, beside a champion of two months before, as the
asset does it. Profiles are of a million
rows through our interface, beside whylogs alone.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from benchmarks.drifting_clubs import squads_from
from benchmarks.outcome import Target, print_outcome
from benchmarks.profile_speed import profile_ratio
from edge_ingest.simulate.club import Settings
from sports_assets.models.kinds import KINDS
from sports_assets.models.shape import Serving, Trained
from sports_assets.workload.features import workload_features
from sports_assets.workload.history import Squads

CLUB = Settings(seed=4040, athletes=40, seasons=3, dial=0.5)
_SEED = 1
_CHAMPION_AGE = pd.Timedelta(days=60)


def main() -> None:
    """Measure, and print one JSON object last."""
    squads = squads_from(CLUB)
    # The first call pays for imports.
    workload_features(squads.days.iloc[:400], squads.fixtures)
    features_s, features = _timed(lambda: workload_features(squads.days, squads.fixtures))
    detail: dict[str, Any] = {"rows": len(features), "retrain_s": {}, "score_s": {}}
    newest = squads.days["day"].max()
    for kind in KINDS:
        print(f"training {kind.name} …", flush=True)
        before = kind.train(_until(squads, newest - _CHAMPION_AGE), None, _SEED)
        champion = Serving(1, before.payload, before.trained_through, has_seen=True)
        train_s, trained = _timed(partial(kind.train, squads, champion, _SEED))
        assert isinstance(trained, Trained)
        score_s, _ = _timed(partial(kind.predict, trained.payload, squads, newest))
        detail["retrain_s"][kind.name] = round(train_s, 1)
        detail["score_s"][kind.name] = round(score_s, 2)
    print("profiling …", flush=True)
    ratio = profile_ratio().ratio
    print_outcome(
        "mlops_speed",
        [
            Target("features_s", features_s, "s", "<= 5"),
            # The slowest of the models.
            Target("retrain_s", max(detail["retrain_s"].values()), "s", "<= 120"),
            Target("score_s", max(detail["score_s"].values()), "s", "<= 1"),
            Target("profile_ratio", ratio, "1", "<= 1.2"),
        ],
        detail,
    )


def _until(squads: Squads, day: pd.Timestamp) -> Squads:
    """What had been told by then; returns that came later are none."""
    hurt = squads.injuries[squads.injuries["day"] <= day]
    return replace(
        squads,
        days=squads.days[squads.days["day"] <= day].reset_index(drop=True),
        injuries=hurt.assign(
            return_day=hurt["return_day"].where(hurt["return_day"] <= day)
        ).reset_index(drop=True),
    )


def _timed(work: Callable[[], object]) -> tuple[float, Any]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


if __name__ == "__main__":
    main()
