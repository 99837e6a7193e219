"""Where pages are kept: by session and revision, written once and never changed.

A session has a page of its own, `<session>/r0001.html`, and may have others of another kind beside
it, each with its own revisions: `<session>/footage-r0001.html`.
"""

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from resources.errors import ImmutableReportError, ResourceError
from resources.object_folder import ObjectFolder, checked, ensure, object_folder

_PAGE = re.compile(r"(?P<session>[^/]+)/(?:(?P<kind>[a-z]+)-)?r(?P<revision>\d{4,})\.html")


class ReportStore:
    """Pages by session and revision.

    Args:
        folder: its storage.
        kind: of its pages, in lower-case letters; "" for the session's own page.
    """

    def __init__(self, folder: ObjectFolder, kind: str = "") -> None:
        self._folder = folder
        self._kind = kind

    def of(self, kind: str) -> "ReportStore":
        """The pages of another kind, in the same place."""
        return ReportStore(self._folder, kind)

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

    def write(self, session_id: str, revision: int, html: str) -> str:
        """Keep a page, whole or not at all; keeping the same page again changes nothing.

        Args:
            revision: from 1.

        Returns:
            The page's URI, for `read`.

        Raises:
            ImmutableReportError: this revision is kept already and says something else.
        """
        name = self._name(session_id, revision)
        page = html.encode()
        if not ensure(self._folder, name, page):
            raise ImmutableReportError(
                f"{self._folder.uri(name)} is published and says something else: publish revision "
                f"{max(self.revisions(session_id)) + 1}"
            )
        return self._folder.uri(name)

    def read(self, uri: str) -> str:
        """A page by the URI that `write` gave.

        Raises:
            FileNotFoundError: it is not there.
            ResourceError: it is not a page of this store.
        """
        name = "/".join(uri.rsplit("/", 2)[-2:])
        if not _PAGE.fullmatch(name) or self._folder.uri(name) != uri:
            raise ResourceError(f"{uri} is no page of this store: see SPORTS_REPORT_URI")
        return self._folder.read(name).decode()

    def uri(self, session_id: str, revision: int) -> str:
        """Where a revision of a session's page is, or would be, for `read`."""
        return self._folder.uri(self._name(session_id, revision))

    def revisions(self, session_id: str) -> tuple[int, ...]:
        """Revisions of a session's page that are kept, also those of runs that never finished."""
        names = self._folder.names(checked(session_id))
        pages = [match for name in names if (match := _PAGE.fullmatch(name))]
        return tuple(int(one["revision"]) for one in pages if (one["kind"] or "") == self._kind)

    def _name(self, session_id: str, revision: int) -> str:
        kind = f"{self._kind}-" if self._kind else ""
        name = checked(f"{session_id}/{kind}r{revision:04d}.html")
        if not _PAGE.fullmatch(name):
            raise ResourceError(f"{session_id!r} names no session: use its id, without slashes")
        return name


def report_store(uri: str, s3: Mapping[str, str]) -> ReportStore:
    """A report store by its URI: a folder, or `s3://bucket/prefix` with the store's options."""
    return ReportStore(object_folder(uri, s3))
