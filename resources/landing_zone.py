"""The landing zone: what the edge delivered, where the lakehouse picks it up.

Nothing here is moved or removed: a refused drop gets a `refused.json` beside its manifest. Sending
the drop again, over the refused one, makes that void. A drop whose files are not all there yet is
waited for, and never refused for it.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from edge_ingest.drops.arrival import LARGEST_MANIFEST, read_manifest
from edge_ingest.drops.signing import check_signature
from edge_ingest.errors import DropError
from edge_ingest.identity import CalendarEntry, mint_session_id, read_athletes, read_calendar
from edge_ingest.manifest import MANIFEST_NAME, REFUSAL_NAME, Manifest
from resources.errors import ResourceError, TooLargeError
from resources.landing_files import DropFiles, FoundDrop, LocalDropFiles, S3DropFiles
from resources.object_store import is_s3, s3_client, split_s3
from resources.refusal import Refusal, read_refusal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CALENDAR_NAME = "identity/sessions.csv"
ATHLETES_NAME = "identity/athletes.csv"

#: A session's day and the day in the name of one of its streams differ by no more: the calendar
#: reaches three hours, and two time zones differ by 26 at most.
_DAYS_APART = 2
#: What is not whole for so long is no longer taken for being on its way.
GRACE = timedelta(hours=1)

_DAY_STREAM = re.compile(r"days_(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.")


@dataclass(frozen=True)
class Trust:
    """Whose drops are loaded.

    Attributes:
        known: public key of each edge node, by its name.
        is_required: whether a drop that none of them signed is refused; else it is doubted only.
    """

    known: "Mapping[str, Ed25519PublicKey]" = field(default_factory=dict)
    is_required: bool = False


@dataclass(frozen=True)
class Arrival:
    """A drop has come.

    Attributes:
        arrived_ns: when the last of it came, by the storage's clock, ns since 1970.
        sizes: bytes of each of its files, by name; others may yet come.
    """

    place: str
    arrived_ns: int
    sizes: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class ActiveDrop:
    """The revision of a stream that counts.

    Attributes:
        fetch: gives the bytes of one of its files by name; raises FileNotFoundError.
        uri: where its folder is, as another program finds it.
        resent_ns: when it was sent over a refusal; None where that never happened.
        signed_by: the node that vouches for it; None where none that we know does.
    """

    manifest: Manifest
    place: str
    arrived_ns: int
    fetch: Callable[[str], bytes] = field(compare=False)
    uri: str = ""
    resent_ns: int | None = None
    signed_by: str | None = None

    @property
    def delivery_id(self) -> str:
        """The drop and, if it was sent over a refusal, when: the same bytes are then asked anew."""
        drop_id = self.manifest.drop_id
        return drop_id if self.resent_ns is None else f"{drop_id}@{self.resent_ns}"


@dataclass(frozen=True)
class RefusedDrop:
    """A drop that was not loaded.

    Attributes:
        reason: what is wrong and what to do, for the person at the device.
        kept_at_uri: where its files still are.
        manifest: None where it could not be read.
    """

    place: str
    rule: str
    reason: str
    refused_at_utc: datetime
    kept_at_uri: str
    manifest: Manifest | None


class LandingZone:
    """What stands in the landing zone, read as it is when asked; manifests are read once.

    Args:
        files: its storage.
        club_timezone: IANA name of the zone that a *day* is told in.
        trust: whose drops are loaded; left out, everybody's, and none is vouched for.
        grace: how long what is not whole is taken for being on its way.
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
        self._trust = trust or Trust()
        self._grace = grace
        self._doubts: dict[str, str] = {}
        self._manifests: dict[str, Manifest] = {}
        self._calendar: tuple[CalendarEntry, ...] | None = None

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

    def arrivals(self, after_ns: int = 0, waited_for: Collection[str] = ()) -> list[Arrival]:
        """Drops that came after an instant, in the order of arrival; refused ones are left out.

        Storage shows a drop a little later than its own clock says, and its clock has ticks: ask
        again for a minute before the last instant seen, and skip what was looked at.

        Args:
            waited_for: places of drops that are listed whenever they came: an object store tells
                of a large file when its upload began, not when it ended.
        """
        found = [
            Arrival(drop.place, drop.arrived_ns, drop.sizes)
            for drop in self._files.drops()
            if not drop.is_refused and (drop.arrived_ns > after_ns or drop.place in waited_for)
        ]
        return sorted(found, key=lambda arrival: (arrival.arrived_ns, arrival.place))

    def lacks(self, drop: Arrival | FoundDrop) -> tuple[str, ...]:
        """Files that a drop's manifest names and that are not there whole; it is to be waited for.

        None where the manifest cannot be read: then the drop is at fault.
        """
        manifest = self._manifest_or_none(drop.place)
        if manifest is None:
            return ()
        sizes = {file.path: file.bytes for file in manifest.files}
        sizes |= {file.path: file.bytes for file in manifest.media}
        return tuple(path for path, size in sizes.items() if drop.sizes.get(path, -1) < size)

    def read(self, name: str) -> bytes:
        """The bytes of a file, by its name relative to the landing zone.

        Raises:
            FileNotFoundError: there is none.
        """
        return self._files.read(name)

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

        def read(name: str) -> bytes:
            manifest = self.manifest(place)
            sizes = {file.path: file.bytes for file in manifest.files}
            sizes |= {file.path: file.bytes for file in manifest.media}
            try:
                return self._files.read(f"{place}/{name}", sizes.get(name))
            except TooLargeError as error:
                raise DropError(
                    f"{place}/{name} was altered on the way: it is larger than its manifest says "
                    f"({error}); send the drop again",
                    rule="checksum",
                ) from error

        return read

    def manifest(self, place: str) -> Manifest:
        """The manifest of a drop.

        Raises:
            DropError: it is missing, unreadable or monstrous, stands in a place that is not its
                own, names another day than the one on which it says that it started, or bears no
                signature of a node that we know although it must.
        """
        if place not in self._manifests:
            try:
                payload = self._files.read(f"{place}/{MANIFEST_NAME}", LARGEST_MANIFEST)
            except FileNotFoundError as error:
                raise DropError(f"{place} has no {MANIFEST_NAME}: it is unfinished") from error
            except TooLargeError as error:
                raise DropError(
                    f"{place}: its manifest is none ({error}): send the drop again",
                    rule="too_large",
                ) from error
            manifest = read_manifest(payload)
            _check_place(manifest, place)
            try:
                check_signature(manifest, self._trust.known)
            except DropError as error:
                if self._trust.is_required:
                    raise
                self._doubts[place] = str(error)
            self._manifests[place] = manifest
        return self._manifests[place]

    def doubt(self, place: str) -> str | None:
        """Why nobody whom we know vouches for a drop whose manifest was read; None if one does."""
        return self._doubts.get(place)

    def session_of(self, manifest: Manifest) -> str | None:
        """The session that a drop belongs to; None for a drop about days.

        An entry of the club's calendar has the last word; without one the edge's guess stands.

        Raises:
            SourceError: the calendar cannot be read; names the line.
        """
        if manifest.session is None:
            return None
        guess = manifest.session
        identity = mint_session_id(
            guess.started_at_utc, self._club_timezone, guess.sport, guess.site, self.calendar()
        )
        return guess.session_id if identity.entry is None else identity.session_id

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
            for drop in self._files.drops(["days_"])
            if not drop.is_refused
            and _stream_touches(drop.place, kind, days)
            and (manifest := self._manifest_or_none(drop.place)) is not None
        )

    def reports(self) -> list[tuple[str, Mapping[str, int]]]:
        """Places of the drops in which edge nodes tell of files that they refused, by place.

        With the sizes of their files: nothing is read.
        """
        found = self._files.drops(["days_"])
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
            is_vouched_for = manifest.signature and drop.place not in self._doubts
            newest[manifest.stream_id] = ActiveDrop(
                manifest, drop.place, drop.arrived_ns, self.fetch(drop.place),
                self._files.uri(drop.place), drop.resent_ns,
                manifest.signature.node_id if manifest.signature and is_vouched_for else None,
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
            Whether it was marked: not if it is refused already, or came again since it was judged.
        """
        stream, _, _ = place.partition("/")
        for drop in self._files.drops([stream]):
            if drop.place == place and (drop.is_refused or as_of_ns not in {None, drop.arrived_ns}):
                self._manifests.pop(place, None)
                return False
        refusal = Refusal(rule, reason, refused_at_utc)
        self._files.replace(f"{place}/{REFUSAL_NAME}", refusal.to_json().encode())
        return True

    def refused(self) -> list[RefusedDrop]:
        """Every refused drop, by place."""
        return self._refused(self._files.drops())

    def _refused(self, drops: Iterable[FoundDrop]) -> list[RefusedDrop]:
        found = []
        for drop in drops:
            if not drop.is_refused:
                continue
            try:
                payload = self._files.read(f"{drop.place}/{REFUSAL_NAME}", LARGEST_MANIFEST)
            except (DropError, FileNotFoundError, TooLargeError):
                payload = b""  # made by hand, or gone this moment
            refusal = read_refusal(payload, _instant(drop.arrived_ns))
            found.append(
                RefusedDrop(
                    place=drop.place,
                    rule=refusal.rule,
                    reason=refusal.reason,
                    refused_at_utc=refusal.refused_at_utc,
                    kept_at_uri=self._files.uri(drop.place),
                    manifest=self._manifest_or_none(drop.place),
                )
            )
        return sorted(found, key=lambda refused: refused.place)

    def unloaded(self, now: datetime, waiting: Collection[str] | None = None) -> list[RefusedDrop]:
        """Everything in the zone that is not loaded, and why, by place.

        The refused drops; drops that have lacked files for longer than the grace; and files that
        are no drop, after the same grace, or links, at once. The last two are not refused: they
        leave the list when what they lack arrives.

        Args:
            waiting: places of drops that may lack files; None: every manifest is read to find them.
        """
        late_ns = round((now - self._grace).timestamp() * 1e9)
        drops = list(self._files.drops())
        found = self._refused(drops)
        for drop in drops:
            is_asked = waiting is None or drop.place in waiting
            if drop.is_refused or drop.arrived_ns > late_ns or not is_asked:
                continue
            if not (lacks := self.lacks(drop)):
                continue
            reason = (
                f"{drop.place} has waited for {', '.join(lacks)}: let them arrive, or send the "
                "drop again"
            )
            found.append(self._left_out(drop.place, "missing", reason, drop.arrived_ns))
        for stray in self._files.strays():
            if stray.rule == "symlink":
                reason = f"{stray.place} is a link: put the drop itself there"
            elif stray.changed_ns > late_ns:
                continue
            else:
                reason = (
                    f"{stray.place} has no {MANIFEST_NAME}: send the drop whole, or pack the "
                    "recording with edge-ingest; nothing reads loose files here"
                )
            found.append(self._left_out(stray.place, stray.rule, reason, stray.changed_ns))
        return sorted(found, key=lambda one: one.place)

    def _left_out(self, place: str, rule: str, reason: str, since_ns: int) -> RefusedDrop:
        manifest = self._manifests.get(place)
        uri = self._files.uri(place)
        return RefusedDrop(place, rule, reason, _instant(since_ns), uri, manifest)

    def calendar(self) -> tuple[CalendarEntry, ...]:
        """The club's calendar, as it was when first asked for; empty where there is none.

        Raises:
            SourceError: it cannot be read; names the line.
        """
        if self._calendar is None:
            self._calendar = read_calendar(self._text(CALENDAR_NAME, "starts_at_utc,sport,slug"))
        return self._calendar

    def athletes(self) -> pa.Table:
        """The crosswalk of athletes, of `edge_ingest.identity.ATHLETES_SCHEMA`.

        Raises:
            SourceError: it cannot be read; names the line.
        """
        return read_athletes(self._text(ATHLETES_NAME, "source,source_athlete_id,athlete_id"))

    def checksum(self, name: str) -> str:
        """Hash of a file of the club's (`ATHLETES_NAME`, `CALENDAR_NAME`), for provenance."""
        return hashlib.sha256(self._text(name, "").encode()).hexdigest()[:16]

    def _text(self, name: str, header: str) -> str:
        try:
            return self._files.read(name).decode("utf-8-sig")
        except FileNotFoundError:
            return header

    def _of_session(self, session_id: str) -> Iterator[tuple[FoundDrop, Manifest]]:
        """Readable, not refused drops of a session, whole or not."""
        for drop, manifest in self._readable(_days_around(session_id)):
            if not drop.is_refused and self.session_of(manifest) == session_id:
                yield drop, manifest

    def _readable(self, stream_prefixes: Sequence[str]) -> Iterator[tuple[FoundDrop, Manifest]]:
        for drop in self._files.drops(stream_prefixes):
            if (manifest := self._manifest_or_none(drop.place)) is not None:
                yield drop, manifest

    def _manifest_or_none(self, place: str) -> Manifest | None:
        try:
            return self.manifest(place)
        except DropError:
            return None


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


def _instant(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1e9, UTC)


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
    return folder in {"", "identity"} or re.search(r"/r\d+/", name) is not None


def _check_place(manifest: Manifest, place: str) -> None:
    expected = f"{manifest.stream_id}/r{manifest.revision:04d}"
    if place != expected:
        raise DropError(
            f"the drop in {place} belongs in {expected}: rename its folder", rule="place"
        )
    guess = manifest.session
    if guess is None:
        return
    named = date.fromisoformat(guess.session_id[:10])
    apart = abs(named - guess.started_at_utc.astimezone(UTC).date())
    if apart > timedelta(days=_DAYS_APART - 1):
        raise DropError(
            f"the drop in {place} says that it is of {guess.session_id} and started at "
            f"{guess.started_at_utc.isoformat()}: set the device's clock, and pack it again"
        )


def _days_around(session_id: str) -> list[str]:
    try:
        day = date.fromisoformat(session_id[:10])
    except ValueError:
        raise ResourceError(
            f"{session_id!r} names no session: use <date>_<sport>_<slug>, such as "
            "2019-11-09_football_bayern-dortmund, and remove the partition"
        ) from None
    return [
        (day + timedelta(days=days)).isoformat() for days in range(-_DAYS_APART, _DAYS_APART + 1)
    ]
