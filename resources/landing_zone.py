"""The landing zone: what the edge delivered, where the lakehouse picks it up.

Nothing here is moved or removed: a refused drop gets a `refused.json` beside its manifest. Sending
the drop again, over the refused one, makes that void. A drop whose files are not all there yet is
waited for, and never refused for it.

Belongs here: what the zone answers, and which revision of a stream counts. Its parts stand beside
it: `landing_files.py` (storage), `landing_manifests.py`, `landing_unloaded.py` and
`landing_club.py`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from edge_ingest.drops.media import Measure
from edge_ingest.identity import CalendarEntry
from edge_ingest.manifest import REFUSAL_NAME, Manifest
from resources.errors import ResourceError
from resources.landing_club import ClubFiles
from resources.landing_drops import ActiveDrop, Arrival, RefusedDrop
from resources.landing_files import IDENTITY, DropFiles, FoundDrop, LocalDropFiles
from resources.landing_files_s3 import S3DropFiles
from resources.landing_listing import ListedOnce
from resources.landing_manifests import DAYS_APART, Manifests
from resources.landing_trust import Trust
from resources.landing_unloaded import Unloaded
from resources.object_store import is_s3, s3_client, split_s3
from resources.refusal import Refusal

#: What is not whole for so long is no longer taken for being on its way.
GRACE = timedelta(hours=1)

_DAY_STREAM = re.compile(r"days_(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.")


class LandingZone:
    """What stands in the landing zone, read as it is when asked; manifests are read once.

    Args:
        files: its storage.
        club_timezone: IANA name of the zone that a *day* is told in.
        trust: whose drops are loaded; left out, everybody's, and none is vouched for.
        grace: how long what is not whole is taken for being on its way.

    Attributes:
        trust: as it was given.
    """

    def __init__(
        self,
        files: DropFiles,
        club_timezone: str,
        trust: Trust | None = None,
        grace: timedelta = GRACE,
    ) -> None:
        self._files = files
        self._club_timezone = club_timezone
        self._grace = grace
        self.trust = trust or Trust()
        self._manifests = Manifests(files, self.trust)
        self._unloaded = Unloaded(files, self._manifests)
        self._club = ClubFiles(files, club_timezone)

    def __enter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing stays open."""

    def listed_once(self) -> "LandingZone":
        """The same zone as it stands now: however much it is asked, it is listed no more.

        What is refused through it is seen to be so.
        """
        files = ListedOnce(self._files)
        return LandingZone(files, self._club_timezone, self.trust, self._grace)

    def arrivals(self, after_ns: int = 0) -> list[Arrival]:
        """Drops that came after an instant, in the order of arrival; refused ones are left out.

        Storage shows a drop a little later than its own clock says, its clock has ticks, and an
        object store tells of a large file when its upload began, not when it ended.
        """
        found = [
            Arrival(drop.place, drop.arrived_ns, drop.sizes)
            for drop in self._files.look().drops
            if not drop.is_refused and drop.arrived_ns > after_ns
        ]
        return sorted(found, key=lambda arrival: (arrival.arrived_ns, arrival.place))

    def lacks(self, drop: Arrival | FoundDrop) -> tuple[str, ...]:
        """Files that a drop's manifest names and that are not there whole; it is to be waited for.

        None where the manifest cannot be read: then the drop is at fault.
        """
        return self._manifests.lacks(drop)

    def read(self, name: str) -> bytes:
        """The bytes of a file, by its name relative to the landing zone.

        Raises:
            FileNotFoundError: there is none.
        """
        return self._files.read(name)

    def uri(self, name: str) -> str:
        """Where a file or folder is, by its name relative to the landing zone."""
        return self._files.uri(name)

    def put(self, name: str, payload: bytes) -> str:
        """Put a file for the edge to fetch, whole or not at all; its URI.

        Args:
            name: relative to the landing zone; none of a drop, nor of the club's own files.

        Raises:
            ResourceError: it is one of those.
        """
        if _is_of_others(name):
            raise ResourceError(f"{name} is not for the lakehouse to write: choose another name")
        self._files.replace(name, payload)
        return self._files.uri(name)

    def fetch(self, place: str) -> Callable[[str], bytes]:
        """A function that gives the bytes of the files of one drop by name.

        It raises FileNotFoundError, and DropError for a file that is larger than the manifest says,
        without reading it, or for a link.
        """
        return self._manifests.fetch(place)

    def measure(self, place: str) -> Measure:
        """As `fetch`, but it gives size, B, and sha256, and reads in pieces: for videos."""
        return self._manifests.measure(place)

    def manifest(self, place: str) -> Manifest:
        """The manifest of a drop.

        Raises:
            DropError: it is missing, unreadable or monstrous, stands in a place that is not its
                own, names another day than the one on which it says that it started, or bears no
                signature of a node that we know although it must.
        """
        return self._manifests.at(place)

    def doubt(self, place: str) -> str | None:
        """Why nobody whom we know vouches for a drop whose manifest was read; None if one does."""
        return self._manifests.doubt(place)

    def session_of(self, manifest: Manifest) -> str | None:
        """The session that a drop belongs to; None for a drop about days.

        An entry of the club's calendar has the last word; without one the edge's guess stands.

        Raises:
            SourceError: the calendar cannot be read; names the line.
        """
        return self._club.session_of(manifest)

    def active(self, session_id: str) -> list[ActiveDrop]:
        """The newest readable, whole, not refused revision of each stream of a session, by stream.

        Only streams of the days around the session are looked at: the cost does not grow with the
        number of sessions in the zone.
        """
        return self._newest(self._of_session(session_id))

    def active_days(self, kind: str, days: Sequence[tuple[date, date]] = ()) -> list[ActiveDrop]:
        """As `active`, of the streams of one kind (`wellness`, …) that touch any of these ranges.

        Only manifests of such streams are read: the cost does not grow with the other days.

        Args:
            days: first and last day of each range; none: every stream of the kind.
        """
        return self._newest(
            (drop, manifest)
            for drop in self._files.look(["days_"]).drops
            if not drop.is_refused
            and _stream_touches(drop.place, kind, days)
            and (manifest := self._manifests.readable(drop.place)) is not None
        )

    def reports(self) -> list[tuple[str, Mapping[str, int]]]:
        """Places of the drops in which edge nodes tell of files that they refused, by place.

        With the sizes of their files: nothing is read.
        """
        found = self._files.look(["days_"]).drops
        return sorted(
            (drop.place, drop.sizes)
            for drop in found
            if not drop.is_refused and _stream_touches(drop.place, "quarantine", ())
        )

    def _newest(self, drops: Iterable[tuple[FoundDrop, Manifest]]) -> list[ActiveDrop]:
        newest: dict[str, ActiveDrop] = {}
        for drop, manifest in drops:
            known = newest.get(manifest.stream_id)
            if self.lacks(drop) or (known and known.manifest.revision > manifest.revision):
                continue
            newest[manifest.stream_id] = ActiveDrop(
                manifest, drop.place, drop.arrived_ns,
                self.fetch(drop.place), self.measure(drop.place),
                self._files.uri(drop.place), drop.resent_ns, self._manifests.signer(drop.place),
            )  # fmt: skip
        return [newest[stream] for stream in sorted(newest)]

    def awaited(self, session_id: str) -> list[tuple[str, tuple[str, ...]]]:
        """Drops of a session that lack files, by place, with the names of those files."""
        found = ((drop.place, self.lacks(drop)) for drop, _ in self._of_session(session_id))
        return sorted(pair for pair in found if pair[1])

    def refuse(
        self,
        place: str,
        rule: str,
        reason: str,
        refused_at_utc: datetime,
        as_of_ns: int | None = None,
    ) -> bool:
        """Mark a drop as not to be loaded.

        Args:
            rule: short name of the rule that it breaks.
            reason: what is wrong and what to do; no athlete's values.
            as_of_ns: arrival of what was judged; None for what stands there now.

        Returns:
            Whether it was marked: not if it is refused already, came again since it was judged, or
            is not there any more.
        """
        stream, _, _ = place.partition("/")
        listed = self._files.look([stream], is_anew=True).drops
        found = next((drop for drop in listed if drop.place == place), None)
        if found is None or found.is_refused or as_of_ns not in {None, found.arrived_ns}:
            self._manifests.forget(place)
            return False
        refusal = Refusal(rule, reason, refused_at_utc)
        try:
            self._files.replace(f"{place}/{REFUSAL_NAME}", refusal.to_json().encode())
        except FileNotFoundError:  # it went away this moment
            return False
        return True

    def refused(self) -> list[RefusedDrop]:
        """Every refused drop, by place."""
        return self._unloaded.refused(self._files.look())

    def unloaded(self, now: datetime, waiting: Collection[str] | None = None) -> list[RefusedDrop]:
        """Everything in the zone that is not loaded, and why, by place: see `landing_unloaded.py`.

        Args:
            waiting: places of drops that may lack files; None: every manifest is read to find them.
        """
        return self._unloaded.all(self._files.look(), self._late_ns(now), waiting)

    def marks_of_unloaded(self, now: datetime, waiting: Collection[str]) -> list[str]:
        """What `unloaded` is made from, in a few words each, mostly without reading it.

        Other words when the same drop is refused, or arrives, anew.
        """
        return self._unloaded.marks(self._files.look(), self._late_ns(now), waiting)

    def calendar(self) -> tuple[CalendarEntry, ...]:
        """The club's calendar, as it was when first asked for; empty where there is none.

        Raises:
            SourceError: it cannot be read; names the line.
        """
        return self._club.calendar()

    def athletes(self) -> pa.Table:
        """The crosswalk of athletes, of `edge_ingest.identity.ATHLETES_SCHEMA`.

        Raises:
            SourceError: it cannot be read; names the line.
        """
        return self._club.athletes()

    def checksum(self, name: str) -> str:
        """Hash of a file of the club's (`ATHLETES_NAME`, `CALENDAR_NAME`), for provenance."""
        return self._club.checksum(name)

    def _late_ns(self, now: datetime) -> int:
        return round((now - self._grace).timestamp() * 1e9)

    def _of_session(self, session_id: str) -> Iterator[tuple[FoundDrop, Manifest]]:
        """Readable, not refused drops of a session, whole or not."""
        for drop in self._files.look(_days_around(session_id)).drops:
            manifest = None if drop.is_refused else self._manifests.readable(drop.place)
            if manifest is not None and self.session_of(manifest) == session_id:
                yield drop, manifest


def landing_zone(
    uri: str,
    s3: Mapping[str, str],
    club_timezone: str,
    trust: Trust | None = None,
    grace: timedelta = GRACE,
) -> LandingZone:
    """A landing zone by its URI: a folder, or `s3://bucket/prefix` with the store's options."""
    files: DropFiles = (
        S3DropFiles(s3_client(s3), *split_s3(uri)) if is_s3(uri) else LocalDropFiles(Path(uri))
    )
    return LandingZone(files, club_timezone, trust, grace)


def _stream_touches(place: str, kind: str, days: Sequence[tuple[date, date]]) -> bool:
    """Whether a stream is about days, of this kind, and of some in these ranges (none: of any)."""
    stream, _, _ = place.partition("/")
    match = _DAY_STREAM.match(stream)
    if match is None or not stream.endswith(f".{kind}"):
        return False
    first, last = match.groups()
    return not days or any(
        first <= until.isoformat() and last >= since.isoformat() for since, until in days
    )


def _is_of_others(name: str) -> bool:
    folder, _, _ = name.partition("/")
    return folder in {"", IDENTITY} or re.search(r"/r\d+/", name) is not None


def _days_around(session_id: str) -> list[str]:
    try:
        day = date.fromisoformat(session_id[:10])
    except ValueError:
        raise ResourceError(
            f"{session_id!r} names no session: use <date>_<sport>_<slug>, such as "
            "2019-11-09_football_bayern-dortmund, and remove the partition"
        ) from None
    return [(day + timedelta(days=days)).isoformat() for days in range(-DAYS_APART, DAYS_APART + 1)]
