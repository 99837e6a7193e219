"""A model on one page: what it predicts, for whom, how good it is beside what, and its limits.

After Mitchell et al. 2019, Model Cards for Model Reporting, in words for a physio. The card is made
of sentences, tables, pictures and texts, whatever the model predicts: a model of days or of answers
brings its own tables. `card_evaluation` makes those of a yes-or-no model.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from resources.provenance import ProvenanceRef
from sports_assets.reports.svg import Picture

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Told:
    """Something with its name: a fact of the data, a parameter, a sentence with its topic."""

    topic: str
    text: str


@dataclass(frozen=True)
class CardCell:
    """A figure as text, and beside it in small its interval; a dash with a reason for none."""

    text: str
    beside: str = ""


@dataclass(frozen=True)
class CardRow:
    """One metric: its name, in small what is good, and a figure a column."""

    name: str
    cells: tuple[CardCell, ...]
    meaning: str = ""


@dataclass(frozen=True)
class CardTable:
    """Figures beside each other.

    Attributes:
        title: heading.
        columns: headings; the first is of the rows' names.
        rows: as many cells each as there are columns but the first.
        note: how to read it.
        is_led: the first figures are what the table is about, and stand out.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[CardRow, ...]
    note: str = ""
    is_led: bool = False

    def __post_init__(self) -> None:
        """Refuse a row that does not fit its headings."""
        for row in self.rows:
            if len(row.cells) != len(self.columns) - 1:
                raise ValueError(
                    f"{self.title}, {row.name}: {len(row.cells)} cells under "
                    f"{len(self.columns) - 1} headings"
                )


@dataclass(frozen=True)
class ModelCard:
    """All that stands on the page, in its order.

    Attributes:
        title: in words, e.g. `Injury risk, next seven days`.
        model: its name in the registry, e.g. `injury_risk`.
        version: of the model; "" for one that is not registered.
        made_on: ISO day of the evaluation.
        is_simulated: fitted or evaluated on simulated athletes: says so across the page.
        summary: what it predicts, one or two sentences.
        for_whom: whom it is made for and how it is to be used.
        not_for: what it may not be used for.
        headlines: what to know in half a minute.
        tables: the evaluation; and whatever else.
        pictures: reliability, leak audit, learning curve, …
        data: what it learned from and was judged on: drops, snapshots, period, events.
        status: drift and calibration as they stand now.
        limits: in plain words.
        parameters: everything that was set.
        provenance: what it is a function of; None where it was made outside the lakehouse.
    """

    title: str
    model: str
    version: str
    made_on: str
    is_simulated: bool
    summary: str
    for_whom: str
    not_for: tuple[str, ...]
    headlines: tuple[Told, ...]
    tables: tuple[CardTable, ...]
    pictures: tuple[Picture, ...]
    data: tuple[Told, ...]
    status: tuple[Told, ...] = ()
    limits: tuple[str, ...] = ()
    parameters: tuple[Told, ...] = ()
    provenance: ProvenanceRef | None = None


def render_model_card(card: ModelCard) -> str:
    """The page as HTML that loads nothing from elsewhere. Equal cards give equal bytes."""
    return _environment().get_template("model_card.html.j2").render(card=card)


def write_model_card(card: ModelCard, path: Path) -> Path:
    """Write the page, and make the folder that it goes into; gives the path back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_model_card(card), encoding="utf-8")
    return path


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # The style of the session page is the style of ours: its sheet is included, then added to.
    return Environment(
        loader=FileSystemLoader([_HERE, _HERE.parent / "reports"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
