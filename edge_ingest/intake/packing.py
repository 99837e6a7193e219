"""A recording that was read becomes a drop: cleaned, without dead time, named, packed.

The one way from a reader to the landing zone; `pack`, `watch` and the samples take it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge_ingest.cleaning.footage import leave_out_idle
from edge_ingest.cleaning.recording import clean
from edge_ingest.cleaning.settings import CleaningSettings
from edge_ingest.drops.drop import PackedDrop, pack, pack_days
from edge_ingest.drops.signing import NodeKey
from edge_ingest.identity import CalendarEntry, mint_session_id
from edge_ingest.recording import DayRecords, Recording
from edge_ingest.scratch import scratch_folder


@dataclass(frozen=True)
class Intake:
    """How a node takes recordings in.

    Attributes:
        into: the landing zone, or the outbox that waits for it.
        settings: what the filters are told.
        calendar: the club's, oldest first.
        club_timezone: IANA name; a session's day is the club's.
        key: signs drops; None leaves them unsigned.
    """

    into: Path
    settings: CleaningSettings
    calendar: Sequence[CalendarEntry]
    club_timezone: str
    key: NodeKey | None = None

    def take(self, found: Recording | DayRecords, packed_at_utc: datetime) -> PackedDrop:
        """Clean and pack what a reader found; records of days are packed as they are.

        Raises:
            NothingRecordedError: a video in which nobody plays.
            SettingsError: the sport has no limits.
            SourceError: a video is damaged.
            EdgeError: as `pack` and `pack_days`.
        """
        if isinstance(found, DayRecords):
            return pack_days(found, self.into, packed_at_utc, self.key)
        if found.kind != "footage":
            return self._pack(clean(found, self.settings), packed_at_utc)
        with scratch_folder(self.into) as folder:  # until packed: a drop links the pieces
            return self._pack(leave_out_idle(found, folder, self.settings), packed_at_utc)

    def _pack(self, recording: Recording, packed_at_utc: datetime) -> PackedDrop:
        facts = recording.session
        identity = mint_session_id(
            facts.started_at_utc, self.club_timezone, facts.sport, facts.site, self.calendar
        )
        return pack(recording, self.into, identity, packed_at_utc, self.key)
