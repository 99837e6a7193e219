"""Simulated clubs as tables: what a club knows, and the truth by itself."""

from datetime import timedelta

import numpy as np
import pyarrow as pa

from edge_ingest.simulate.calendar import PUBLISHED_D
from edge_ingest.simulate.club import Clubs, is_fixture
from edge_ingest.simulate.law import Bools, Floats


def athlete_days(clubs: Clubs) -> pa.Table:
    """One row an athlete and day, ordered by team, athlete and day: what the club knows.

    Columns: team, athlete_id, day, load_au, minutes, is_match, injury_start, is_injured (ill
    ones, too), injury_kind (on the day of onset), age_years, prior_injuries (before the history
    began), and the answers and measures of the morning, null where nothing was told.
    """
    started = np.zeros(clubs.load.shape, bool)
    kinds = np.full(clubs.load.shape, "", dtype=object)
    for injury in clubs.injuries:
        started[injury.day, injury.club, injury.athlete] = True
        kinds[injury.day, injury.club, injury.athlete] = injury.kind
    since = np.arange(len(clubs.load))[:, None, None] / 365.25
    columns = {
        "load_au": _numbers(clubs.load),
        "minutes": _numbers(clubs.minutes),
        "is_match": _flags(clubs.match_minutes > 0),
        "injury_start": _flags(started),
        "is_injured": _flags(clubs.is_injured | clubs.is_ill),
        "injury_kind": pa.array(
            [kind or None for kind in kinds.transpose(1, 2, 0).ravel()], pa.string()
        ),
        "age_years": _numbers(np.broadcast_to(clubs.age + since, clubs.load.shape)),
        "prior_injuries": _numbers(np.broadcast_to(clubs.previous, clubs.load.shape)),
        **{name: _numbers(values) for name, values in clubs.morning.items()},
    }
    return pa.table(_names(clubs) | columns)


def truth(clubs: Clubs) -> pa.Table:
    """What nobody sees, row for row as `athlete_days`: the day's hazard and the oracle's risks."""
    return pa.table(
        _names(clubs)
        | {
            "hazard": _numbers(clubs.truth.hazard),
            "risk": _numbers(clubs.truth.risk),
            "risk_without_frailty": _numbers(clubs.truth.risk_without_frailty),
        }
    )


def fixtures(clubs: Clubs) -> pa.Table:
    """The published plan: team, day of the match, and the day from which it was known."""
    rows = [
        {"team": team_name(club), "day": day, "known_from": day - timedelta(days=PUBLISHED_D)}
        for club in range(clubs.settings.clubs)
        for day, plays in zip(clubs.days, is_fixture(clubs)[:, club], strict=True)
        if plays
    ]
    day = pa.date32()
    schema = pa.schema([("team", pa.string()), ("day", day), ("known_from", day)])
    return pa.Table.from_pylist(rows, schema=schema)


def injuries(clubs: Clubs) -> pa.Table:
    """One row an injury: injury_id, team, athlete_id, day, return_day (null: not yet back), kind,
    age_years, and the last day on which the athlete was followed."""
    last = clubs.days[-1]
    rows = []
    for number, injury in enumerate(clubs.injuries):
        onset = clubs.days[injury.day]
        back = onset + timedelta(days=injury.days_lost)
        rows.append(
            {
                "injury_id": f"{team_name(injury.club)}-{number:04d}",
                "team": team_name(injury.club),
                "athlete_id": athlete_name(injury.club, injury.athlete),
                "day": onset,
                "return_day": back if back <= last else None,
                "observed_through": last,
                "kind": injury.kind,
                "age_years": float(clubs.age[injury.club, injury.athlete] + injury.day / 365.25),
            }
        )
    day = pa.date32()
    return pa.Table.from_pylist(
        rows,
        schema=pa.schema(
            [
                ("injury_id", pa.string()), ("team", pa.string()), ("athlete_id", pa.string()),
                ("day", day), ("return_day", day), ("observed_through", day),
                ("kind", pa.string()), ("age_years", pa.float64()),
            ]
        ),
    )  # fmt: skip


def team_name(club: int) -> str:
    """A club's name."""
    return f"club-{club + 1:02d}"


def athlete_name(club: int, athlete: int) -> str:
    """An athlete's name, the same in every table."""
    return f"{team_name(club)}-athlete-{athlete + 1:02d}"


def _names(clubs: Clubs) -> dict[str, pa.Array]:
    days, squads, athletes = clubs.load.shape
    pairs = [(club, athlete) for club in range(squads) for athlete in range(athletes)]
    calendar = np.array(clubs.days, dtype="datetime64[D]")
    return {
        "team": pa.array(np.repeat([team_name(club) for club, _ in pairs], days)),
        "athlete_id": pa.array(np.repeat([athlete_name(*pair) for pair in pairs], days)),
        "day": pa.array(np.tile(calendar, len(pairs))),
    }


def _numbers(values: Floats) -> pa.Array:
    return pa.array(np.asarray(values, np.float64).transpose(1, 2, 0).ravel(), from_pandas=True)


def _flags(values: Bools) -> pa.Array:
    return pa.array(values.transpose(1, 2, 0).ravel())
