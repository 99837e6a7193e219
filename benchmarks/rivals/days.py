"""Athletes' days and injuries: pandas is what one would take."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.named_sets import real_data
from benchmarks.rivals.pair import Alone, Rival, Work, reading
from edge_ingest.samples import Sample

if TYPE_CHECKING:
    import pandas as pd


_FIXTURES = 1000
_PLAN = """version = 1
kind = "fixtures"
source = "league"
fixture_id = ["Id"]
day = { from = "Date" }

[columns]
known_from = { from = "Known" }
"""


def rivals() -> list[Rival]:
    """CSV by a column mapping, beside pandas with its days as such."""
    data = real_data()
    return [
        _table("wellness", data / "wellness" / "soccermon_team_a.csv", _written,
               "SoccerMon's team A, two years of 27 athletes"),
        _table("injuries", data / "injuries" / "hamstring_raw.csv", _counted,
               "hamstring injuries, 2,986 days of athletes"),
    ]  # fmt: skip


def alone(work: Path) -> list[Alone]:
    """A plan of fixtures: no real one was at hand, and a made-up one is held against nothing."""
    plan, mapping = work / "plan.csv", work / "plan.toml"

    def make() -> tuple[Work, int]:
        first = date(2025, 7, 1)
        lines = [f"m{at},{first + timedelta(days=at)},2025-06-01" for at in range(_FIXTURES)]
        plan.write_text("\n".join(["Id,Date,Known", *lines, ""]))
        mapping.write_text(_PLAN)
        return reading(Sample("fixtures", {"table": plan, "mapping": mapping})), _FIXTURES

    return [Alone("fixtures", "a made-up plan", "no real plan of fixtures was at hand", make)]


def _table(
    name: str, path: Path, days: Callable[["pd.DataFrame"], "pd.Series[pd.Timestamp]"], given: str
) -> Rival:
    def make() -> tuple[Work, Work]:
        import pandas as pd

        def theirs() -> object:
            frame = pd.read_csv(path)
            frame["day"] = days(frame)
            return frame

        return reading(Sample(name, {"table": path})), theirs

    def parse() -> Work:
        import pandas as pd

        return partial(pd.read_csv, path)

    return Rival(
        name, "pandas, with days, and no check, scale or key", given, make,
        missing=None if path.is_file() else f"no {path}: set SPORTS_REAL_DATA",
        less=("pandas.read_csv alone", parse),
    )  # fmt: skip


def _written(frame: "pd.DataFrame") -> "pd.Series[pd.Timestamp]":
    import pandas as pd

    return pd.to_datetime(frame["date"])


def _counted(frame: "pd.DataFrame") -> "pd.Series[pd.Timestamp]":
    """Days of a season, from the first days that our mapping names."""
    import pandas as pd

    first = {"Season 1": pd.Timestamp("2016-01-01"), "Season 2": pd.Timestamp("2017-01-01")}
    return frame["Season"].map(first) + pd.to_timedelta(frame["Date"] - 1, unit="D")
