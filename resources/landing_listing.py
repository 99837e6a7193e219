"""A landing zone that is listed once and then asked many things, as in a sensor's tick."""

from collections.abc import Sequence

from resources.landing_files import DropFiles, Listing


class ListedOnce:
    """Another storage, as it was when it was first looked at; reading and writing go through.

    What is looked at anew, or written to, is looked at again from then on.
    """

    def __init__(self, files: DropFiles) -> None:
        self._files = files
        self._listed: Listing | None = None

    def look(self, stream_prefixes: Sequence[str] = ("",), *, is_anew: bool = False) -> Listing:
        """See `DropFiles.look`."""
        if self._listed is None:
            self._listed = self._files.look()
        elif is_anew:
            now, before = self._files.look(stream_prefixes), self._listed
            self._listed = Listing(
                (*_without(before, stream_prefixes).drops, *now.drops),
                (*_without(before, stream_prefixes).strays, *now.strays),
            )
        return _only(self._listed, stream_prefixes)

    def read(self, name: str, at_most: int | None = None) -> bytes:
        """See `ObjectFolder.read`."""
        return self._files.read(name, at_most)

    def measure(self, name: str, at_most: int | None = None) -> tuple[int, str]:
        """See `ObjectFolder.measure`."""
        return self._files.measure(name, at_most)

    def create(self, name: str, payload: bytes) -> bool:
        """See `ObjectFolder.create`."""
        is_new = self._files.create(name, payload)
        self._look_at_stream_of(name)
        return is_new

    def replace(self, name: str, payload: bytes) -> None:
        """See `ObjectFolder.replace`."""
        self._files.replace(name, payload)
        self._look_at_stream_of(name)

    def names(self, folder: str) -> list[str]:
        """See `ObjectFolder.names`."""
        return self._files.names(folder)

    def uri(self, name: str) -> str:
        """See `ObjectFolder.uri`."""
        return self._files.uri(name)

    def _look_at_stream_of(self, name: str) -> None:
        self.look([name.partition("/")[0]], is_anew=True)


def _only(listing: Listing, prefixes: Sequence[str]) -> Listing:
    starts = tuple(prefixes)
    return Listing(
        tuple(one for one in listing.drops if one.place.startswith(starts)),
        tuple(one for one in listing.strays if one.place.startswith(starts)),
    )


def _without(listing: Listing, prefixes: Sequence[str]) -> Listing:
    starts = tuple(prefixes)
    return Listing(
        tuple(one for one in listing.drops if not one.place.startswith(starts)),
        tuple(one for one in listing.strays if not one.place.startswith(starts)),
    )
