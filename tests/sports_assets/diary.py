"""Wellness, injuries and fixtures to send: a few answers, made by rule."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from edge_ingest.drops.drop import PackedDrop, pack_days
from edge_ingest.drops.signing import NodeKey
from edge_ingest.recording import DayRecords
from edge_ingest.records import FIXTURES, INJURIES, WELLNESS

MONDAY = date(2024, 5, 6)
PACKED = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)


def day(number: int) -> date:
    """A day counted from Monday."""
    return MONDAY + timedelta(days=number)


def wellness(
    answers: Mapping[tuple[int, str], float],
    first: int = 0,
    last: int = 6,
    source: str = "diary",
    device: str = "diary",
) -> DayRecords:
    """Readiness by day (counted from Monday) and athlete; the drop speaks for first to last."""
    rows = [
        {"source": source, "source_athlete_id": athlete, "day": day(number), "readiness": value}
        for (number, athlete), value in answers.items()
    ]
    table = pa.Table.from_pylist(rows, schema=WELLNESS.schema)
    return _records("wellness", table, first, last, source=source, device=device)


def injuries(
    onsets: Mapping[str, tuple[int, str]],
    first: int = 0,
    last: int = 6,
    source: str = "physio",
    device: str = "physio",
) -> DayRecords:
    """Injuries by id: day of onset, and athlete."""
    rows = [
        {
            "source": source,
            "source_injury_id": injury,
            "source_athlete_id": athlete,
            "day": day(number),
            "kind": "muscle",
        }
        for injury, (number, athlete) in onsets.items()
    ]
    table = pa.Table.from_pylist(rows, schema=INJURIES.schema)
    return _records("injuries", table, first, last, source=source, device=device)


def fixtures(
    planned: Mapping[tuple[str, int], int], withdrawn: Mapping[tuple[str, int], int] | None = None
) -> DayRecords:
    """Matches by id and day, with the day since which that was known; a fortnight of them."""
    rows = [
        {
            "source": "league",
            "source_fixture_id": fixture,
            "day": day(number),
            "known_from": day(since),
            "is_withdrawn": is_withdrawn,
        }
        for told, is_withdrawn in ((planned, False), (withdrawn or {}, True))
        for (fixture, number), since in told.items()
    ]
    table = pa.Table.from_pylist(rows, schema=FIXTURES.schema)
    return _records("fixtures", table, 0, 13, source="league", device="league")


def send_days(
    landing: Path, records: DayRecords, hours: float = 0, key: NodeKey | None = None
) -> PackedDrop:
    """Pack into a landing zone, so many hours after the first."""
    return pack_days(records, landing, PACKED + timedelta(hours=hours), key)


def place_of(drop: PackedDrop) -> str:
    return f"{drop.folder.parent.name}/{drop.folder.name}"


def _records(
    kind: str, table: pa.Table, first: int, last: int, *, source: str, device: str
) -> DayRecords:
    return DayRecords(
        source=source,
        device_id=device,
        kind=kind,
        reader="test",
        reader_version="1",
        first_day=day(first),
        last_day=day(last),
        tables={kind: table},
    )
