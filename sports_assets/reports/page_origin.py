"""What a kept page says of itself: a hash of its content, and what that is a function of.

A page outlives the run that wrote it, also one that was killed before it entered the page in the
ledger. Both stand in the page's head, as data: a page runs no script.
"""

from dataclasses import dataclass
from html.parser import HTMLParser

from pydantic import ValidationError

from resources.provenance import ProvenanceRef


@dataclass(frozen=True)
class PageOrigin:
    """Where a page comes from, by its own account."""

    content_sha256: str
    provenance: ProvenanceRef


def read_origin(html: str) -> PageOrigin | None:
    """The origin of a page of `session_page.html.j2`; None where the page does not tell it whole.

    Pages of versions before this one do not.
    """
    head = _Head()
    # What follows is style, and words of the session.
    head.feed(html.partition("<title>")[0])
    content, provenance = head.told.get("content-sha256"), head.told.get("provenance")
    if content is None or provenance is None:
        return None
    try:
        return PageOrigin(content, ProvenanceRef.model_validate_json(provenance))
    except ValidationError:
        return None


class _Head(HTMLParser):
    """Collects `<meta name=… content=…>`; the first of a name counts."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a meta tag."""
        told = dict(attrs)
        name, content = told.get("name"), told.get("content")
        if tag == "meta" and name and content:
            self.told.setdefault(name, content)
