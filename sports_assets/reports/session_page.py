"""One page a session: self-contained, readable on a phone in half a minute.

The content (what the session was) is made apart from the colophon (how the page came to be), so
that the same content is recognised whatever run made it: an unchanged report needs no new revision.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sports_assets.reports.colophon import Colophon
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.notes import (
    footage_notes,
    threshold_notes,
    unmatched_notes,
    when_and_where,
)
from sports_assets.reports.notes_quality import flag_notes, quality_notes
from sports_assets.reports.numerals import SESSION, Numeral, number_id, numeral
from sports_assets.reports.pictures import draw_pictures
from sports_assets.reports.sentences import write_sentences
from sports_assets.reports.tables import make_tables
from sports_assets.reports.timeline import make_timeline

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent
_NOBODY_SCORED: Final = "the source does not tell the score"


@dataclass(frozen=True)
class PageContent:
    """What a page says, without how it came to be.

    Attributes:
        title: of the page.
        html: everything between header and colophon.
    """

    title: str
    html: str

    @property
    def sha256(self) -> str:
        """Checksum: the same for the same facts, whatever run, revision or time made the page."""
        return hashlib.sha256(f"{self.title}\n{self.html}".encode()).hexdigest()


def make_content(facts: SessionFacts) -> PageContent:
    """Write sentences, draw pictures, fill tables. Equal facts give equal bytes."""
    html = (
        _environment()
        .get_template("session_content.html.j2")
        .render(
            facts=facts,
            title=facts.header.title,
            phrases=when_and_where(facts),
            score=_score(facts),
            sentences=write_sentences(facts),
            pictures=draw_pictures(facts),
            tables=make_tables(facts),
            footage=footage_notes(facts),
            unmatched=unmatched_notes(facts),
            quality=(*quality_notes(facts), *flag_notes(facts)),
            thresholds=threshold_notes(facts),
        )
    )
    return PageContent(facts.header.title, html)


def bind_page(content: PageContent, colophon: Colophon) -> str:
    """Put content and colophon into one HTML file that loads nothing from elsewhere."""
    return (
        _environment()
        .get_template("session_page.html.j2")
        .render(
            content=content,
            colophon=colophon,
            timeline=make_timeline(colophon.stopwatch),
            provenance=colophon.provenance,
        )
    )


def render_session_page(facts: SessionFacts, colophon: Colophon) -> str:
    """Make the whole page at once."""
    return bind_page(make_content(facts), colophon)


def _score(facts: SessionFacts) -> tuple[tuple[str, str, Numeral], ...]:
    """Side, name and goals of both sides; empty for a sport without sides."""
    header = facts.header
    if not (header.home_team_name and header.away_team_name):
        return ()
    return tuple(
        (side, name, numeral(number_id(SESSION, f"{side}_score"), goals, absent=_NOBODY_SCORED))
        for side, name, goals in (
            ("home", header.home_team_name, header.home_score),
            ("away", header.away_team_name, header.away_score),
        )
    )


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
