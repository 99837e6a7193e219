"""A simulated club as ordinary drops: diary, injuries and plan, and its athletes in the crosswalk.

Nothing in them tells a simulated club from a real one but the name of their source.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.athletes import replace_athletes
from edge_ingest.drops.drop import PackedDrop, pack_days
from edge_ingest.identity import ATHLETES_SCHEMA
from edge_ingest.manifest import Kind
from edge_ingest.recording import DayRecords
from edge_ingest.records import FIXTURES, INJURIES, WELLNESS
from edge_ingest.simulate import tables
from edge_ingest.simulate.club import Clubs
from edge_ingest.simulate.markers import ANSWERS

SOURCE = "simulated-club"
READER, VERSION = "simulate", "1"
#: Injuries before the history lie so many days apart, before its first day.
_PRIOR_APART_D = 120
_MOST_PRIOR = 3
_ILLNESS = "illness"


@dataclass(frozen=True)
class Told:
    """Which days of a history are told of, both included."""

    first: date
    last: date


def write_club(
    clubs: Clubs, landing: Path, told: Told, packed_at_utc: datetime
) -> list[PackedDrop]:
    """Write the first of the clubs into a landing zone: crosswalk, diary, injuries and plan.

    Written again up to a later day, injuries and plan replace what was told before, and the diary
    tells of its own days.

    Args:
        told: days of the diary; injuries and fixtures are told of from the beginning on.
    """
    replace_athletes(athletes(clubs), landing)
    return [pack_days(records, landing, packed_at_utc) for records in club_records(clubs, told)]


def club_records(clubs: Clubs, told: Told) -> Iterator[DayRecords]:
    """Diary, injuries and plan of the first of the clubs."""
    begins = clubs.days[0] - timedelta(days=_PRIOR_APART_D * (_MOST_PRIOR + 1))
    diary, hurt, plan = _diary(clubs, told), _injuries(clubs, told.last), _plan(clubs, told.last)
    yield _records("wellness", WELLNESS.conform(diary), told.first, told.last)
    yield _records("injuries", INJURIES.conform(hurt), begins, told.last)
    last_planned = max([told.last, *plan["day"].to_pylist()])
    yield _records("fixtures", FIXTURES.conform(plan), begins, last_planned)


def athletes(clubs: Clubs) -> pa.Table:
    """The crosswalk's lines of the first of the clubs."""
    rows = [
        {
            "source": SOURCE,
            "source_athlete_id": name,
            "athlete_id": f"{SOURCE}-{at + 1:02d}",
            "display_name": f"Simulated athlete {at + 1}",
            "birth_date": clubs.days[0] - timedelta(days=round(365.25 * clubs.age[0, at])),
        }
        for at, name in enumerate(_names(clubs))
    ]
    return pa.Table.from_pylist(rows, schema=ATHLETES_SCHEMA)


def _records(kind: Kind, rows: pa.Table, first: date, last: date) -> DayRecords:
    return DayRecords(
        source=SOURCE, device_id=SOURCE, kind=kind, reader=READER, reader_version=VERSION,
        first_day=first, last_day=last, tables={kind: rows},
    )  # fmt: skip


def _diary(clubs: Clubs, told: Told) -> pa.Table:
    days = tables.athlete_days(clubs)
    mine = pc.and_(
        pc.equal(days["team"], tables.team_name(0)),
        pc.and_(
            pc.greater_equal(days["day"], pa.scalar(told.first)),
            pc.less_equal(days["day"], pa.scalar(told.last)),
        ),
    )
    rows = days.filter(mine)
    matches = pc.if_else(rows["is_match"], rows["minutes"], 0.0)
    return pa.table(
        {
            "source": pa.repeat(SOURCE, rows.num_rows),
            "source_athlete_id": rows["athlete_id"],
            "day": rows["day"],
            "session_load_au": rows["load_au"],
            "session_minutes": rows["minutes"],
            "match_minutes": matches,
            **{name: rows[name] for name in (*ANSWERS, "sleep_duration_h")},
            **{name: rows[name] for name in ("resting_heart_rate_bpm", "ln_rmssd")},
        }
    )


def _injuries(clubs: Clubs, last: date) -> pa.Table:
    names = _names(clubs)
    rows = [
        _injury(f"{row['injury_id']}", names.index(row["athlete_id"]), names, row)
        for row in tables.injuries(clubs).to_pylist()
        if row["team"] == tables.team_name(0) and row["day"] <= last
    ]
    rows += [*_before(clubs, names), *_illnesses(clubs, names, last)]
    for row in rows:
        if row["return_day"] is not None and row["return_day"] > last:
            row["return_day"] = None
    return pa.Table.from_pylist(rows, schema=INJURIES.schema)


def _injury(
    injury_id: str, athlete: int, names: list[str], told: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "source": SOURCE, "source_injury_id": injury_id, "source_athlete_id": names[athlete],
        "day": told["day"], "return_day": told["return_day"], "kind": told["kind"],
        "is_time_loss": True,
    }  # fmt: skip


def _before(clubs: Clubs, names: list[str]) -> Iterator[dict[str, Any]]:
    """What athletes told on arrival: injuries of the years before."""
    for athlete, count in enumerate(clubs.previous[0]):
        for number in range(int(count)):
            day = clubs.days[0] - timedelta(days=_PRIOR_APART_D * (number + 1))
            told = {"day": day, "return_day": day + timedelta(days=14), "kind": "other"}
            yield _injury(f"before-{athlete + 1:02d}-{number + 1}", athlete, names, told)


def _illnesses(clubs: Clubs, names: list[str], last: date) -> Iterator[dict[str, Any]]:
    for athlete in range(len(names)):
        is_ill = np.append(clubs.is_ill[:, 0, athlete], False)
        edges = np.flatnonzero(np.diff(is_ill.astype(np.int8), prepend=0))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            day = clubs.days[int(begin)]
            if day > last:
                break
            back = day + timedelta(days=int(end - begin))
            told = {"day": day, "return_day": back, "kind": _ILLNESS}
            yield _injury(f"ill-{athlete + 1:02d}-{day}", athlete, names, told)


def _plan(clubs: Clubs, last: date) -> pa.Table:
    rows = [
        {
            "source": SOURCE, "source_fixture_id": f"match-{row['day']}", "day": row["day"],
            "known_from": row["known_from"], "is_withdrawn": False, "competition": "league",
        }
        for row in tables.fixtures(clubs).to_pylist()
        if row["team"] == tables.team_name(0) and row["known_from"] <= last
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=FIXTURES.schema)


def _names(clubs: Clubs) -> list[str]:
    return [tables.athlete_name(0, at) for at in range(clubs.settings.athletes)]
