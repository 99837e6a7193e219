"""Which session is this, and what is it called? One rule for the edge and for the lakehouse.

Belongs here: the club calendar, the athletes crosswalk as a file, and how a session gets its name.
Does not belong here: joining the crosswalk to rows; `core` does that.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from edge_ingest.errors import SourceError
from edge_ingest.records import NUMBER, SPORTS, TEXT

#: A recording belongs to a calendar entry that starts at most this far from it.
CALENDAR_REACH = timedelta(hours=3)

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: Letters that Unicode does not take apart into a base letter and a mark.
_PLAIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d",
                        "þ": "th", "ł": "l", "ı": "i"})  # fmt: skip

_CALENDAR_COLUMNS = ("starts_at_utc", "site", "sport", "slug", "name", "home_team", "away_team")
_CALENDAR_REQUIRED = ("starts_at_utc", "sport", "slug")

#: The one day in the crosswalk; it may lie further back than any that is told of elsewhere.
BIRTH = "birth_date"
ATHLETES_SCHEMA = pa.schema(
    [
        pa.field("source", TEXT, nullable=False),
        pa.field("source_athlete_id", TEXT, nullable=False),
        pa.field("athlete_id", TEXT, nullable=False),
        pa.field("display_name", TEXT),
        pa.field("max_heart_rate_bpm", NUMBER),
        pa.field("resting_heart_rate_bpm", NUMBER),
        pa.field("sex", TEXT),
        pa.field(BIRTH, pa.date32()),
    ]
)
_SEXES = ("female", "male")
#: Whoever is older, or not yet born, is a slip of the pen.
FIRST_BIRTH, LAST_BIRTH = date(1900, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True)
class CalendarEntry:
    """One row of the club's calendar. `site`, `name` and teams are None where left blank."""

    starts_at_utc: datetime
    sport: str
    slug: str
    site: str | None = None
    name: str | None = None
    home_team: str | None = None
    away_team: str | None = None


@dataclass(frozen=True)
class SessionIdentity:
    """A session's name, and the calendar entry that gave it, if one did."""

    session_id: str
    entry: CalendarEntry | None


def slugify(text: str) -> str:
    """Lower-case ASCII letters and digits, joined by single hyphens.

    Returns:
        An empty string where nothing of the kind stands in the text.
    """
    plain = unicodedata.normalize("NFKD", text).lower().translate(_PLAIN)
    return "-".join(re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode()))


def read_calendar(text_or_path: str | Path) -> tuple[CalendarEntry, ...]:
    """Read `sessions.csv`, in order of start.

    Args:
        text_or_path: the file, or its text. A file that is not there is an empty calendar.

    Raises:
        SourceError: a column is missing, or a value is bad; names line and value.
    """
    entries: dict[tuple[datetime, str, str], CalendarEntry] = {}
    for where, row in _rows(text_or_path, "sessions.csv", _CALENDAR_COLUMNS, _CALENDAR_REQUIRED):
        entry = CalendarEntry(
            starts_at_utc=_instant(where, "starts_at_utc", row["starts_at_utc"]),
            sport=_one_of(where, "sport", row["sport"], SPORTS),
            slug=_slug(where, row["slug"]),
            site=row["site"] or None,
            name=row["name"] or None,
            home_team=row["home_team"] or None,
            away_team=row["away_team"] or None,
        )
        key = (entry.starts_at_utc, entry.sport, entry.slug)
        if key in entries:
            raise SourceError(f"{where}: {entry.slug!r} at this start stands there already")
        entries[key] = entry
    return tuple(entries[key] for key in sorted(entries))


def read_athletes(text_or_path: str | Path) -> pa.Table:
    """Read `athletes.csv`, the crosswalk from every source's ids to ours.

    Args:
        text_or_path: the file, or its text. A file that is not there is an empty crosswalk.

    Returns:
        A table of `ATHLETES_SCHEMA`, ordered by source and source_athlete_id; blanks are null.

    Raises:
        SourceError: a column is missing, a value is bad, or one source id stands there twice.
    """
    required = ("source", "source_athlete_id", "athlete_id")
    found: dict[tuple[str, str], dict[str, str | float | date | None]] = {}
    for where, row in _rows(text_or_path, "athletes.csv", ATHLETES_SCHEMA.names, required):
        key = (row["source"], row["source_athlete_id"])
        if key in found:
            raise SourceError(
                f"{where}: this source_athlete_id of {key[0]!r} stands there already",
                rule="duplicate_athlete",
            )
        values: dict[str, str | float | date | None] = {name: row[name] or None for name in row}
        if row["sex"] and row["sex"] not in _SEXES:
            raise SourceError(f"{where}: sex must be one of {', '.join(_SEXES)}, or blank")
        for name, lowest, highest in (
            ("max_heart_rate_bpm", 80, 250), ("resting_heart_rate_bpm", 20, 120)
        ):  # fmt: skip
            values[name] = _number(where, name, row[name], lowest, highest) if row[name] else None
        values[BIRTH] = _birth_date(where, row[BIRTH]) if row[BIRTH] else None
        found[key] = values
    return pa.Table.from_pylist([found[key] for key in sorted(found)], schema=ATHLETES_SCHEMA)


def mint_session_id(
    started_at_utc: datetime,
    club_timezone: str,
    sport: str,
    site: str | None,
    calendar: Sequence[CalendarEntry],
) -> SessionIdentity:
    """Name a session: `<club's local date>_<sport>_<slug>`.

    The slug, and the date, are those of the nearest calendar entry of the sport that starts within
    three hours. A recording that names its site takes only entries at that site, or at none.
    Without an entry the slug is `<site>-HHMM`, or `session-HHMM`, in local time.

    Raises:
        SourceError: the instant has no zone, the zone is no IANA zone, or the sport is unknown.
    """
    if started_at_utc.tzinfo is None:
        raise SourceError(
            f"the start {started_at_utc.isoformat()} has no time zone: give it in UTC"
        )
    _one_of("session", "sport", sport, SPORTS)
    try:
        zone = ZoneInfo(club_timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SourceError(
            f"{club_timezone!r} is no IANA time zone: use one such as Europe/Berlin"
        ) from None
    place = slugify(site or "")
    candidates = [
        (abs(entry.starts_at_utc - started_at_utc), entry.starts_at_utc, entry.slug, entry)
        for entry in calendar
        if entry.sport == sport
        and abs(entry.starts_at_utc - started_at_utc) <= CALENDAR_REACH
        and (not place or not entry.site or slugify(entry.site) == place)
    ]
    if candidates:
        entry = min(candidates, key=lambda candidate: candidate[:3])[3]
        # The entry's own date: devices switched on either side of midnight must agree.
        local, slug = entry.starts_at_utc.astimezone(zone), entry.slug
    else:
        entry, local = None, started_at_utc.astimezone(zone)
        slug = f"{place or 'session'}-{local:%H%M}"
    return SessionIdentity(f"{local:%Y-%m-%d}_{sport}_{slug}", entry)


def _rows(
    text_or_path: str | Path, name: str, columns: Sequence[str], required: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield `file line N` and the row, stripped, for each line that is not blank."""
    if isinstance(text_or_path, Path):
        name = str(text_or_path)
        if not text_or_path.exists():
            return
        try:
            text = text_or_path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(f"{name} is not UTF-8: save it as CSV UTF-8 ({error})") from error
    else:
        text = text_or_path.removeprefix("\ufeff")
    reader = csv.DictReader(io.StringIO(text), strict=True)
    header = [column.strip() for column in reader.fieldnames or []]
    if missing := [column for column in required if column not in header]:
        raise SourceError(
            f"{name} line 1: no column {', '.join(missing)}; the columns are {', '.join(columns)}"
        )
    if unknown := [column for column in header if column not in columns]:
        raise SourceError(
            f"{name} line 1: unknown column {', '.join(map(repr, unknown))}; "
            f"the columns are {', '.join(columns)}"
        )
    reader.fieldnames = header
    try:
        for raw in reader:
            where = f"{name} line {reader.line_num}"
            if None in raw:
                raise SourceError(
                    f"{where}: more values than columns; put quotes around a value with a comma"
                )
            row = {column: (raw.get(column) or "").strip() for column in columns}
            if not any(row.values()):
                continue
            for column in required:
                if not row[column]:
                    raise SourceError(f"{where}: {column} is blank, and every row needs it")
            yield where, row
    except csv.Error as error:
        raise SourceError(f"{name} line {reader.line_num}: not CSV: {error}") from error


def _instant(where: str, column: str, value: str) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise SourceError(
            f"{where}: {column} is {value!r}, which is no instant such as 2019-11-09T17:30:00Z"
        ) from None
    if instant.tzinfo is None:
        raise SourceError(f"{where}: {column} is {value!r}: add Z, since all instants are UTC")
    return instant.astimezone(UTC)


def _slug(where: str, value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise SourceError(
            f"{where}: slug is {value!r}; use lower-case letters, digits and single hyphens, "
            f"such as {slugify(value) or 'training-am'!r}"
        )
    return value


def _one_of(where: str, column: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise SourceError(f"{where}: {column} is {value!r}; use one of {', '.join(known)}")
    return value


def _birth_date(where: str, value: str) -> date:
    """As `_number`: a message does not quote it."""
    day = None
    with suppress(ValueError):
        day = date.fromisoformat(value)
    if day is None or not FIRST_BIRTH <= day <= LAST_BIRTH:
        raise SourceError(
            f"{where}: {BIRTH} must be a day such as 1998-04-30, of {FIRST_BIRTH.year} to "
            f"{LAST_BIRTH.year}, or blank"
        )
    return day


def _number(where: str, column: str, value: str, lowest: float, highest: float) -> float:
    """A number about an athlete: a message says where it stands, and never what it is."""
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not lowest <= number <= highest:
        raise SourceError(
            f"{where}: {column} must be a number from {lowest} to {highest}, or blank"
        )
    return number
