"""A season of drops for benchmarks: real recordings again and again, on other days.

Four of five are rides (FIT, of minutes to hours), one of five a training game (ten minutes of the
broadcast match), and every fortieth is the whole match: most sessions are small, and a few are not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.cleaning.settings import load_settings
from edge_ingest.drops.drop import PackedDrop
from edge_ingest.intake.packing import Intake
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording
from edge_ingest.samples import CLUB_TIMEZONE, activity_samples, broadcast_match

FIRST = datetime(2023, 1, 2, 7, 0, tzinfo=UTC)
#: Some days hold two sessions, and 200 sessions less than a year: each is held against all before.
APART = timedelta(hours=20)
GAME = timedelta(minutes=10)
_GAME_EVERY, _MATCH_EVERY, _MATCH_AT = 5, 40, 20


@dataclass(frozen=True)
class Season:
    """Recordings to choose from by kind: `match`, `game`, `ride-1`, … ."""

    recordings: Mapping[str, Recording]

    def kind(self, number: int) -> str:
        """What the session of this number is; 0 is the first one."""
        if number % _MATCH_EVERY == _MATCH_AT:
            return "match"
        if number % _GAME_EVERY == 0:
            return "game"
        rides = sorted(name for name in self.recordings if name.startswith("ride"))
        return rides[number % len(rides)]

    def pack(self, landing: Path, number: int, kind: str | None = None) -> PackedDrop:
        """Pack the session of this number, which may be below 0; of another kind if one is told."""
        started = FIRST + number * APART
        recording = _moved(self.recordings[kind or self.kind(number)], started)
        intake = Intake(landing, load_settings(), (), CLUB_TIMEZONE)
        return intake.take(recording, started + APART)


def read_season(samples_dir: Path) -> Season:
    """Read the recordings once.

    Raises:
        SourceError: the sample activities are not there; names the remedy.
    """
    files = broadcast_match()
    match = read_recording(files.source, files.parts)
    rides = _rides(samples_dir)
    named = {f"ride-{number}": ride for number, ride in enumerate(rides, start=1)}
    return Season({"match": match, "game": _opening(match, GAME), **named})


def _rides(samples_dir: Path) -> Sequence[Recording]:
    found = [
        read_recording(one.source, one.parts, one.told) for one in activity_samples(samples_dir)
    ]
    return [one for one in found if one.session.sport == "cycling"]


def _opening(recording: Recording, length: timedelta) -> Recording:
    """The first minutes of a recording as one of its own."""
    positions = recording.tables["positions"]
    first = pc.min(positions["captured_at_utc"]).as_py()
    kept = positions.filter(pc.less(positions["captured_at_utc"], pa.scalar(first + length)))
    facts = replace(recording.session, ended_at_utc=first + length, name="Training game")
    return replace(recording, session=facts, tables=dict(recording.tables) | {"positions": kept})


def _moved(recording: Recording, started: datetime) -> Recording:
    """The same recording, begun at another instant."""
    facts = recording.session
    by = started - facts.started_at_utc
    moved = replace(
        facts,
        started_at_utc=started,
        ended_at_utc=facts.ended_at_utc + by,
        source_session_id=f"{facts.source_session_id or 'session'} of {started:%Y-%m-%d %H:%M}",
        site=None,
    )
    return replace(
        recording,
        session=moved,
        tables={name: _later(table, by) for name, table in recording.tables.items()},
    )


def _later(table: pa.Table, by: timedelta) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            shifted = pc.add(table.column(place), pa.scalar(by, pa.duration(field.type.unit)))
            table = table.set_column(place, field, shifted.cast(field.type))
    return table
