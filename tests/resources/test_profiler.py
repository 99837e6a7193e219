"""One contract, both profilers."""

import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.profiler import Profile, ProfileError, Profiler
from resources.profiler_datasketches import DatasketchesProfiler
from resources.profiler_whylogs import WhylogsProfiler

PROFILERS: list[Profiler] = [WhylogsProfiler(), DatasketchesProfiler()]
#: Rank error of a KLL sketch of 1024, three times over.
RANK_ERROR = 0.01


@pytest.fixture(params=PROFILERS, ids=lambda profiler: profiler.name)
def profiler(request) -> Profiler:
    return request.param


def squad(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "load_au": rng.gamma(2.0, 150.0, rows),
            "readiness": rng.integers(1, 11, rows).astype(float),
            "is_match": rng.random(rows) < 0.2,
            "injury_kind": rng.choice(["muscle", "ligament", "contusion"], rows, p=[0.5, 0.2, 0.3]),
        }
    )
    frame.loc[rng.random(rows) < 0.1, "load_au"] = np.nan
    frame.loc[rng.random(rows) < 0.3, "injury_kind"] = None
    return frame


def test_a_table_counted_by_hand(profiler):
    table = pa.table(
        {
            "x": pa.array([1.0, 2.0, 2.0, 5.0, None, float("nan"), float("inf")]),
            "word": ["a", "b", "a", None, "a", "c", None],
        }
    )
    profile = profiler.profile(table)
    numbers = profile.numbers("x")
    assert (numbers.n, numbers.missing) == (7, 3)
    assert (numbers.minimum, numbers.maximum) == (1.0, 5.0)
    assert numbers.mean == pytest.approx(2.5)
    assert numbers.sd == pytest.approx(math.sqrt((2.25 + 0.25 + 0.25 + 6.25) / 3))
    # At or below: three of four values are 2 or less.
    assert profile.cdf("x", [0.5, 1.0, 2.0, 4.9, 5.0]) == [0.0, 0.25, 0.75, 0.75, 1.0]
    assert profile.quantiles("x", [0.0, 1.0]) == [1.0, 5.0]
    texts = profile.texts("word")
    assert (texts.n, texts.missing) == (7, 2)
    assert texts.frequent == (("a", 3), ("b", 1), ("c", 1))
    assert texts.distinct == pytest.approx(3, rel=0.01)


def test_weeks_merge_into_the_season(profiler):
    season = squad(20_000, seed=1)
    weeks = [profiler.profile(season.iloc[i : i + 500]) for i in range(0, len(season), 500)]
    merged = weeks[0]
    for week in weeks[1:]:
        merged = merged.merge(week)
    whole = profiler.profile(season)
    for column in ("load_au", "readiness", "is_match"):
        got, want = merged.numbers(column), whole.numbers(column)
        assert (got.n, got.missing, got.minimum, got.maximum) == (
            want.n,
            want.missing,
            want.minimum,
            want.maximum,
        )
        assert got.mean == pytest.approx(want.mean)
        assert got.sd == pytest.approx(want.sd)
    points = [50.0, 150.0, 300.0, 600.0, 1000.0]
    known = season["load_au"].dropna().to_numpy()
    exact = [float((known <= point).mean()) for point in points]
    assert merged.cdf("load_au", points) == pytest.approx(exact, abs=RANK_ERROR)
    assert merged.texts("injury_kind").frequent == whole.texts("injury_kind").frequent


def test_both_profilers_agree():
    season = squad(50_000, seed=2)
    first, second = (profiler.profile(season) for profiler in PROFILERS)
    points = list(np.linspace(5, 1500, 30))
    assert first.cdf("load_au", points) == pytest.approx(
        second.cdf("load_au", points), abs=2 * RANK_ERROR
    )
    ranks = [0.05, 0.25, 0.5, 0.75, 0.95]
    known = np.sort(season["load_au"].dropna().to_numpy())
    for profile in (first, second):
        found = np.searchsorted(known, profile.quantiles("load_au", ranks)) / len(known)
        assert found == pytest.approx(ranks, abs=RANK_ERROR)
    for column in ("load_au", "readiness", "is_match"):
        one, other = first.numbers(column), second.numbers(column)
        assert (one.n, one.missing, one.minimum, one.maximum) == (
            other.n,
            other.missing,
            other.minimum,
            other.maximum,
        )
        assert (one.mean, one.sd) == pytest.approx((other.mean, other.sd))
    assert first.texts("injury_kind").frequent == second.texts("injury_kind").frequent
    assert first.texts("injury_kind").distinct == pytest.approx(
        second.texts("injury_kind").distinct, rel=0.05
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6) | st.none(), max_size=60),
    st.lists(st.floats(-1e6, 1e6) | st.none(), max_size=60),
)
@pytest.mark.parametrize("made_by", PROFILERS, ids=lambda profiler: profiler.name)
def test_a_small_profile_is_exact_merged_and_read_back(made_by, left, right):
    def table(values) -> pa.Table:
        return pa.table({"x": pa.array(values, pa.float64())})

    merged = made_by.profile(table(left)).merge(made_by.profile(table(right)))
    read = made_by.read(merged.to_bytes())
    known = np.array([value for value in left + right if value is not None])
    summary = read.numbers("x")
    assert (summary.n, summary.n - summary.missing) == (len(left) + len(right), len(known))
    if not len(known):
        assert math.isnan(summary.mean)
        assert all(math.isnan(share) for share in read.cdf("x", [0.0]))
        return
    assert summary.mean == pytest.approx(known.mean(), abs=1e-6)
    points = sorted(set(known))
    assert read.cdf("x", points) == pytest.approx([(known <= point).mean() for point in points])


def test_equal_rows_give_equal_bytes(profiler):
    week = squad(500, seed=3)
    assert profiler.profile(week).to_bytes() == profiler.profile(week.copy()).to_bytes()


def test_one_column_alone(profiler):
    profile = profiler.profile(squad(100, seed=4))
    alone = profile.select(["readiness"])
    assert alone.columns == ("readiness",)
    assert profiler.read(alone.to_bytes()).numbers("readiness") == profile.numbers("readiness")


def test_an_empty_table_and_one_of_nulls_have_a_profile(profiler):
    nothing = profiler.profile(pa.table({"x": pa.array([], pa.float64())}))
    unanswered = profiler.profile(pa.table({"x": pa.nulls(5)}))
    assert nothing.numbers("x").n == 0
    assert (unanswered.numbers("x").n, unanswered.numbers("x").missing) == (5, 5)
    assert nothing.merge(unanswered).numbers("x").missing == 5
    assert math.isnan(unanswered.cdf("x", [0.0])[0])
    assert math.isnan(unanswered.quantiles("x", [0.5])[0])


def test_what_cannot_be_done_is_said(profiler):
    profile = profiler.profile(pa.table({"x": [1.0], "word": ["a"]}))
    with pytest.raises(ProfileError, match="no column y"):
        profile.numbers("y")
    with pytest.raises(ProfileError, match="holds texts"):
        profile.cdf("word", [1.0])
    with pytest.raises(ProfileError, match="must ascend"):
        profile.cdf("x", [2.0, 1.0])
    with pytest.raises(ProfileError, match="numbers here and texts there"):
        profile.merge(profiler.profile(pa.table({"x": ["a"]})))
    with pytest.raises(ProfileError, match="has no profile"):
        profiler.profile(pd.DataFrame({"day": pd.to_datetime(["2026-11-29"])}))
    with pytest.raises(ProfileError, match="cut"):
        profiler.read(profile.to_bytes()[:-3])
    with pytest.raises(ProfileError, match="no profile of ours"):
        profiler.read(b"something else")


def test_profiles_of_two_libraries_do_not_mix():
    first, second = (profiler.profile(pa.table({"x": [1.0]})) for profiler in PROFILERS)
    with pytest.raises(ProfileError, match="do not merge"):
        first.merge(second)
    with pytest.raises(ProfileError, match="made by whylogs"):
        DatasketchesProfiler().read(first.to_bytes())


@pytest.mark.slow
def test_whylogs_sends_nothing():
    # In a process of its own: usage statistics go out by a thread of the import.
    watch = """
import socket
def refuse(*args, **kwargs):
    raise SystemExit("a socket was opened")
socket.getaddrinfo = refuse
socket.socket.connect = refuse
import pyarrow as pa
from resources.profiler_whylogs import WhylogsProfiler
WhylogsProfiler().profile(pa.table({"x": [1.0]}))
from whylogs.api import usage_stats
assert usage_stats._TELEMETRY_DISABLED
assert not usage_stats._TRACKED_EVENTS
print("silent")
"""
    done = subprocess.run(
        [sys.executable, "-c", watch], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "silent", done.stderr


def test_a_profile_is_what_both_adapters_return(profiler):
    assert isinstance(profiler.profile(pa.table({"x": [1.0]})), Profile)
