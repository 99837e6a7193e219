"""The numbers that stand on a page, as the page itself tells of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from html.parser import HTMLParser
from urllib.parse import unquote

from resources.errors import UnknownNumberError
from resources.explain.basis import Basis, Rows

#: Narrow no-break space, between number and unit.
_NARROW = "\u202f"
_NEAR = 5
_TABLE_PARTS = 2


@dataclass(frozen=True)
class PageNumber:
    """A number as the page shows it.

    Attributes:
        text: rounded, as people read it; a dash where there is none.
        value: the same to six digits, in the unit as shown; None where there is none.
        factor: from the row's value to `value`.
        absent: why there is none.
        basis: what it is computed from; None for one that stands in a row.
    """

    number_id: str
    text: str
    unit: str
    value: str | None
    factor: float
    absent: str
    basis: Basis | None

    @property
    def source_id(self) -> str:
        """The id without its place on the page."""
        return self.number_id.partition("#")[0]

    @property
    def table(self) -> str:
        """Key of the table that its id names."""
        return "/".join(self.source_id.split("/")[:_TABLE_PARTS])

    @property
    def parts(self) -> tuple[str, ...]:
        """What follows the table: values of the row's key, and the column last."""
        return tuple(unquote(part) for part in self.source_id.split("/")[_TABLE_PARTS:])

    def row(self, key_columns: tuple[str, ...]) -> Rows:
        """The row that a number without a basis stands in.

        Args:
            key_columns: of the table, without the session.

        Raises:
            UnknownNumberError: the id names no row of this table.
        """
        *key, column = self.parts
        if len(key) != len(key_columns):
            raise UnknownNumberError(
                f"{self.number_id} names no row of {self.table}, whose rows are named by "
                f"{', '.join(key_columns) or 'the session alone'}: the page was changed by hand"
            )
        return Rows(self.table, (column,), tuple(zip(key_columns, key, strict=True)))


def read_numbers(html: str) -> Mapping[str, PageNumber]:
    """Every number of a page by its id, in the page's order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.numbers


def find_number(numbers: Mapping[str, PageNumber], number_id: str) -> PageNumber:
    """The number with this id; one that stands on the page only elsewhere is found without `#`.

    Raises:
        UnknownNumberError: names the ones most like it.
    """
    if number_id in numbers:
        return numbers[number_id]
    for number in numbers.values():
        if number.source_id == number_id.partition("#")[0]:
            return number
    near = get_close_matches(number_id, numbers, _NEAR, cutoff=0.5)
    column = number_id.rpartition("/")[2]
    near += [known for known in numbers if known.endswith(f"/{column}") and known not in near]
    told = "; the nearest: " + ", ".join(near[:_NEAR]) if near else ""
    raise UnknownNumberError(
        f"the page has no number {number_id}: take the data-number-id of one of its "
        f"{len(numbers)} numbers{told}"
    )


class _Reader(HTMLParser):
    """Collects elements that bear a `data-number-id`."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[str, PageNumber] = {}
        self._open: dict[str, str] | None = None
        self._tag = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "data-number-id" in found:
            self._open, self._tag, self._text = found, tag, []

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._open is None or tag != self._tag:
            return
        found, self._open = self._open, None
        text, *units = self._text
        basis = found.get("data-basis")
        self.numbers[found["data-number-id"]] = PageNumber(
            found["data-number-id"],
            text,
            found.get("data-unit") or "".join(units).strip(_NARROW),
            found.get("value"),
            float(found.get("data-factor", 1)),
            found.get("title", ""),
            None if basis is None else Basis.from_text(basis),
        )
