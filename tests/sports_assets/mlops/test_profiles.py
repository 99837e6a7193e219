from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from resources.profiler import Profiler
from resources.profiler_datasketches import DatasketchesProfiler
from resources.profiler_whylogs import WhylogsProfiler
from sports_assets.mlops.profiles import merged, read_rows, rows_table, week_profiles

MONDAY = date(2026, 8, 3)


@pytest.fixture(params=[WhylogsProfiler(), DatasketchesProfiler()], ids=lambda one: one.name)
def profiler(request) -> Profiler:
    return request.param


def frame() -> pd.DataFrame:
    days = pd.date_range(MONDAY, periods=21, freq="D")
    return pd.DataFrame(
        {
            "athlete_id": np.repeat(["a", "b"], 21),
            "day": np.tile(days, 2),
            "load_au": np.concatenate([np.full(14, 10.0), np.full(7, 13.0), np.full(21, 20.0)]),
            "is_match": np.tile([False] * 5 + [True, False], 6),
            "kind": [None, "muscle"] * 21,
        }
    )


def test_a_row_a_week_and_column(profiler):
    found = week_profiles(frame(), profiler, set_name="feature/x", columns=["load_au", "kind"])
    assert [(one.week, one.column) for one in found][:3] == [
        (MONDAY, "load_au"),
        (MONDAY, "kind"),
        (MONDAY + timedelta(days=7), "load_au"),
    ]
    third = found[4]
    assert (third.n, third.missing, third.mean) == (14, 0, 16.5)
    assert third.own is not None
    assert (third.own.athletes, third.own.shift) == (2, 1.5)
    kind = found[5]
    assert (kind.n, kind.missing, kind.mean, kind.own) == (14, 7, None, None)


def test_a_table_keeps_them(profiler):
    found = week_profiles(
        frame(), profiler, set_name="feature/x", columns=["load_au", "is_match", "kind"]
    )
    table = rows_table(found)
    assert table.num_rows == 9
    # NaN is not equal to itself: compare what stands in the rows.
    assert [one.as_row() for one in read_rows(table)] == [one.as_row() for one in found]


def test_weeks_merge_into_a_reference(profiler):
    found = week_profiles(frame(), profiler, set_name="feature/x", columns=["load_au", "kind"])
    whole = merged(found, profiler)
    assert whole is not None
    assert whole.numbers("load_au").n == 42
    assert whole.numbers("load_au").mean == pytest.approx(frame()["load_au"].mean())
    assert whole.texts("kind").frequent == (("muscle", 21),)
    assert merged([], profiler) is None


def test_only_the_weeks_asked_for_with_norms_of_those_before(profiler):
    third = MONDAY + timedelta(days=14)
    (one,) = week_profiles(
        frame(), profiler, set_name="feature/x", columns=["load_au"], weeks=[third]
    )
    assert one.week == third
    assert one.own is not None
    assert one.own.shift == 1.5


def test_an_empty_set_has_no_rows(profiler):
    assert week_profiles(frame().head(0), profiler, set_name="x", columns=["load_au"]) == []


def test_a_column_of_nothing_is_all_missing(profiler):
    empty = frame().assign(load_au=np.nan)
    first = week_profiles(empty, profiler, set_name="x", columns=["load_au"])[0]
    assert (first.n, first.missing, first.mean) == (14, 14, None)
