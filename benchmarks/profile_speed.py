"""What our profiler interface costs beside whylogs alone, on a table of a million rows."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from resources.profiler_datasketches import DatasketchesProfiler
from resources.profiler_whylogs import WhylogsProfiler, load_whylogs


@dataclass(frozen=True)
class ProfileSpeed:
    """Seconds for one table; the best of the rounds, for the machine has other work too.

    Attributes:
        ratio: ours on whylogs over `why.log(pandas=...)`.
        ours_s: our interface on whylogs.
        whylogs_s: `why.log(pandas=...).view()` as its documentation has it; it also estimates
            distinct numbers, which our profile does not ask for.
        whylogs_same_metrics_s: the same with no more metrics than ours takes of numbers.
        datasketches_s: our interface on Apache DataSketches.
        rows: of the table.
        columns: of the table.
    """

    ratio: float
    ours_s: float
    whylogs_s: float
    whylogs_same_metrics_s: float
    datasketches_s: float
    rows: int
    columns: int


def profile_ratio(rows: int = 1_000_000, rounds: int = 2, seed: int = 5) -> ProfileSpeed:
    """Profile a squad's table by our interface and by whylogs alone, in turns.

    Args:
        rows: of the table; nine columns of numbers, of which some are missing, and one of texts.
        rounds: how often each is timed.
        seed: of the table.
    """
    why = load_whylogs()
    from whylogs.core.resolvers import LimitedTrackingResolver
    from whylogs.core.schema import DatasetSchema

    table = _table(rows, seed)
    numbers = table.drop(columns="injury_kind")
    limited = DatasetSchema(resolvers=LimitedTrackingResolver())
    ours, other = WhylogsProfiler(), DatasketchesProfiler()
    contenders: dict[str, Callable[[], object]] = {
        "ours": lambda: ours.profile(table),
        "whylogs": lambda: why.log(pandas=table).view(),
        "same": lambda: why.log(pandas=numbers, schema=limited).view(),
        "datasketches": lambda: other.profile(table),
    }
    small = table.head(100)
    why.log(pandas=small)
    ours.profile(small)
    other.profile(small)
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, run in contenders.items():
            gc.collect()
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return ProfileSpeed(
        ratio=best["ours"] / best["whylogs"],
        ours_s=best["ours"],
        whylogs_s=best["whylogs"],
        whylogs_same_metrics_s=best["same"],
        datasketches_s=best["datasketches"],
        rows=rows,
        columns=table.shape[1],
    )


def _table(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"feature_{i}": rng.normal(size=rows) for i in range(9)})
    unanswered = 0.1
    for i in (2, 5):
        frame.loc[rng.random(rows) < unanswered, f"feature_{i}"] = np.nan
    frame["injury_kind"] = rng.choice(["muscle", "ligament", "contusion", "illness"], rows)
    return frame
