"""What the club keeps by hand in the landing zone: its calendar, and whose ids are whose."""

import hashlib

import pyarrow as pa

from edge_ingest.identity import CalendarEntry, mint_session_id, read_athletes, read_calendar
from edge_ingest.manifest import Manifest
from resources.landing_files import DropFiles

CALENDAR_NAME = "identity/sessions.csv"
ATHLETES_NAME = "identity/athletes.csv"


class ClubFiles:
    """The club's own files; the calendar as it was when first asked for.

    Args:
        timezone: IANA name of the zone that a *day* is told in.
    """

    def __init__(self, files: DropFiles, timezone: str) -> None:
        self._files = files
        self._timezone = timezone
        self._calendar: tuple[CalendarEntry, ...] | None = None

    def session_of(self, manifest: Manifest) -> str | None:
        """See `LandingZone.session_of`."""
        if manifest.session is None:
            return None
        guess = manifest.session
        identity = mint_session_id(
            guess.started_at_utc, self._timezone, guess.sport, guess.site, self.calendar()
        )
        return guess.session_id if identity.entry is None else identity.session_id

    def calendar(self) -> tuple[CalendarEntry, ...]:
        """See `LandingZone.calendar`."""
        if self._calendar is None:
            self._calendar = read_calendar(self._text(CALENDAR_NAME, "starts_at_utc,sport,slug"))
        return self._calendar

    def athletes(self) -> pa.Table:
        """See `LandingZone.athletes`."""
        return read_athletes(self._text(ATHLETES_NAME, "source,source_athlete_id,athlete_id"))

    def checksum(self, name: str) -> str:
        """See `LandingZone.checksum`."""
        return hashlib.sha256(self._text(name, "").encode()).hexdigest()[:16]

    def _text(self, name: str, header: str) -> str:
        try:
            return self._files.read(name).decode("utf-8-sig")
        except FileNotFoundError:
            return header
