"""What stands in the landing zone and is not loaded, and why.

Refused drops; drops that have lacked files for longer than the grace; and files that are no drop,
after the same grace, or links, at once. The last two are not refused: they leave the list when what
they lack arrives.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from edge_ingest.drops.arrival import LARGEST_MANIFEST
from edge_ingest.errors import DropError
from edge_ingest.manifest import MANIFEST_NAME, REFUSAL_NAME
from resources.errors import TooLargeError
from resources.landing_drops import RefusedDrop
from resources.landing_files import DropFiles, FoundDrop, Listing, Stray
from resources.landing_manifests import Manifests
from resources.refusal import read_refusal


class Unloaded:
    """Tells of what is listed; reads the refusals themselves where it is asked what they say."""

    def __init__(self, files: DropFiles, manifests: Manifests) -> None:
        self._files = files
        self._manifests = manifests

    def refused(self, listing: Listing) -> list[RefusedDrop]:
        """Every refused drop, by place."""
        found = [self._refusal(drop) for drop in listing.drops if drop.is_refused]
        return sorted(found, key=lambda one: one.place)

    def all(
        self, listing: Listing, late_ns: int, waiting: Collection[str] | None
    ) -> list[RefusedDrop]:
        """Everything that is not loaded, by place.

        Args:
            late_ns: what arrived later is taken for being on its way.
            waiting: places of drops that may lack files; None: every manifest is read to find them.
        """
        found = self.refused(listing)
        for drop, lacks in self._late(listing, late_ns, waiting):
            reason = (
                f"{drop.place} has waited for {', '.join(lacks)}: let them arrive, or send the "
                "drop again"
            )
            found.append(self._left_out(drop.place, "missing", reason, drop.arrived_ns))
        for stray in _due(listing, late_ns):
            if stray.rule == "symlink":
                reason = f"{stray.place} is a link: put the drop itself there"
            else:
                reason = (
                    f"{stray.place} has no {MANIFEST_NAME}: send the drop whole, or pack the "
                    "recording with edge-ingest; nothing reads loose files here"
                )
            found.append(self._left_out(stray.place, stray.rule, reason, stray.changed_ns))
        return sorted(found, key=lambda one: one.place)

    def marks(self, listing: Listing, late_ns: int, waiting: Collection[str]) -> list[str]:
        """One mark for each entry of `all`: another one if it is refused, or comes, anew.

        Only manifests of drops that wait are read.
        """
        return sorted(
            [
                *(
                    f"{one.place} refused {one.refused_ns}"
                    for one in listing.drops
                    if one.is_refused
                ),
                *(
                    f"{drop.place} missing {drop.arrived_ns}"
                    for drop, _ in self._late(listing, late_ns, waiting)
                ),
                *(f"{one.place} {one.rule} {one.changed_ns}" for one in _due(listing, late_ns)),
            ]
        )

    def _late(
        self, listing: Listing, late_ns: int, waiting: Collection[str] | None
    ) -> Iterator[tuple[FoundDrop, tuple[str, ...]]]:
        for drop in listing.drops:
            is_asked = waiting is None or drop.place in waiting
            if drop.is_refused or drop.arrived_ns > late_ns or not is_asked:
                continue
            if lacks := self._manifests.lacks(drop):
                yield drop, lacks

    def _refusal(self, drop: FoundDrop) -> RefusedDrop:
        try:
            payload = self._files.read(f"{drop.place}/{REFUSAL_NAME}", LARGEST_MANIFEST)
        except (DropError, FileNotFoundError, TooLargeError):
            payload = b""  # made by hand, or gone this moment
        refusal = read_refusal(payload, _instant(drop.arrived_ns))
        return RefusedDrop(
            place=drop.place,
            rule=refusal.rule,
            reason=refusal.reason,
            refused_at_utc=refusal.refused_at_utc,
            kept_at_uri=self._files.uri(drop.place),
            manifest=self._manifests.readable(drop.place),
        )

    def _left_out(self, place: str, rule: str, reason: str, since_ns: int) -> RefusedDrop:
        manifest = self._manifests.already_read(place)
        uri = self._files.uri(place)
        return RefusedDrop(place, rule, reason, _instant(since_ns), uri, manifest)


def _due(listing: Listing, late_ns: int) -> Iterator[Stray]:
    return (one for one in listing.strays if one.rule == "symlink" or one.changed_ns <= late_ns)


def _instant(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1e9, UTC)
