"""Athletes' days and injuries: pandas is what one would take."""

from pathlib import Path

from benchmarks.named_sets import real_data
from benchmarks.rivals.pair import Rival, Work, reading
from edge_ingest.samples import Sample


def rivals() -> list[Rival]:
    """CSV by a column mapping, beside pandas with its days as such."""
    data = real_data()
    return [
        _table("wellness", data / "wellness" / "soccermon_team_a.csv", "date",
               "SoccerMon's team A, two years of 27 athletes"),
        _table("injuries", data / "injuries" / "hamstring_raw.csv", None,
               "hamstring injuries, 2,986 days of athletes"),
    ]  # fmt: skip


def _table(name: str, path: Path, day: str | None, given: str) -> Rival:
    def make() -> tuple[Work, Work]:
        import pandas as pd

        def theirs() -> object:
            frame = pd.read_csv(path)
            if day is not None:
                frame[day] = pd.to_datetime(frame[day])
            return frame

        return reading(Sample(name, {"table": path})), theirs

    missing = None if path.is_file() else f"no {path}: set SPORTS_REAL_DATA"
    return Rival(name, "pandas, no check and no scale", given, make, missing=missing)
