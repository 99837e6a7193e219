"""Manifests of the landing zone: read once, and held against their place and against their signer.

Belongs here: whether a manifest is one, is in its place, and who vouches for it; and reading the
files that it names. Does not belong here: which drop of a stream counts (`landing_zone.py`).
"""

from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import TypeVar

from edge_ingest.drops.arrival import LARGEST_MANIFEST, read_manifest
from edge_ingest.drops.media import Measure
from edge_ingest.drops.signing import check_signature
from edge_ingest.errors import DropError
from edge_ingest.manifest import MANIFEST_NAME, Manifest
from resources.errors import TooLargeError
from resources.landing_drops import Arrival
from resources.landing_files import DropFiles, FoundDrop
from resources.landing_trust import Trust

#: A session's day and the day in the name of one of its streams differ by no more: the calendar
#: reaches three hours, and two time zones differ by 26 at most.
DAYS_APART = 2

_Read = TypeVar("_Read")


class Manifests:
    """The manifests of a zone, by the place of their drop."""

    def __init__(self, files: DropFiles, trust: Trust) -> None:
        self._files = files
        self._trust = trust
        self._known: dict[str, Manifest] = {}
        self._doubts: dict[str, str] = {}

    def at(self, place: str) -> Manifest:
        """The manifest of a drop.

        Raises:
            DropError: it is missing, unreadable or monstrous, stands in a place that is not its
                own, names another day than the one on which it says that it started, or bears no
                signature of a node that we know although it must.
        """
        if place not in self._known:
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
            self._known[place] = manifest
        return self._known[place]

    def readable(self, place: str) -> Manifest | None:
        """The manifest of a drop; None where `at` raises."""
        try:
            return self.at(place)
        except DropError:
            return None

    def already_read(self, place: str) -> Manifest | None:
        """The manifest of a drop, if it was read before."""
        return self._known.get(place)

    def forget(self, place: str) -> None:
        """Read it again when it is next asked for."""
        self._known.pop(place, None)
        self._doubts.pop(place, None)

    def doubt(self, place: str) -> str | None:
        """Why nobody whom we know vouches for a drop whose manifest was read; None if one does."""
        return self._doubts.get(place)

    def signer(self, place: str) -> str | None:
        """The node that we know and that vouches for a drop whose manifest was read."""
        manifest = self._known.get(place)
        if manifest is None or manifest.signature is None or place in self._doubts:
            return None
        return manifest.signature.node_id

    def lacks(self, drop: Arrival | FoundDrop) -> tuple[str, ...]:
        """Files that a drop's manifest names and that are not there whole; it is to be waited for.

        None where the manifest cannot be read: then the drop is at fault.
        """
        manifest = self.readable(drop.place)
        if manifest is None:
            return ()
        return tuple(
            path for path, size in _sizes(manifest).items() if drop.sizes.get(path, -1) < size
        )

    def fetch(self, place: str) -> Callable[[str], bytes]:
        """See `LandingZone.fetch`."""
        return lambda name: self._within_its_size(place, name, self._files.read)

    def measure(self, place: str) -> Measure:
        """See `LandingZone.measure`."""
        return lambda name: self._within_its_size(place, name, self._files.measure)

    def _within_its_size(
        self, place: str, name: str, read: Callable[[str, int | None], _Read]
    ) -> _Read:
        try:
            return read(f"{place}/{name}", _sizes(self.at(place)).get(name))
        except TooLargeError as error:
            raise DropError(
                f"{place}/{name} was altered on the way: it is larger than its manifest says "
                f"({error}); send the drop again",
                rule="checksum",
            ) from error


def _sizes(manifest: Manifest) -> dict[str, int]:
    """Bytes of each file that a manifest names."""
    tables = {file.path: file.bytes for file in manifest.files}
    return tables | {file.path: file.bytes for file in manifest.media}


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
    if apart > timedelta(days=DAYS_APART - 1):
        raise DropError(
            f"the drop in {place} says that it is of {guess.session_id} and started at "
            f"{guess.started_at_utc.isoformat()}: set the device's clock, and pack it again"
        )
