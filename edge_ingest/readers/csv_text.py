"""Text of a CSV as columns of texts, and in which line each row stands.

Strict: what Python's `csv` refuses is refused, with the number of the line. Most files are plain
enough for Arrow, which is lenient, to give the same a column at a time; the others are read line by
line. No message holds a cell's content.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from edge_ingest.errors import SourceError

#: How many letters of a name a message quotes.
QUOTED = 60


@dataclass(frozen=True)
class Cells:
    """A column by its distinct texts: what a cell says is worked out once for each.

    Attributes:
        texts: each once, perhaps in two spellings that differ by blanks around them.
        codes: of each row, which of the texts.
    """

    texts: list[str]
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, column: pa.Array) -> "Cells":
        """From one text a row, or from texts that are encoded so already."""
        encoded = column.dictionary_encode()
        return cls(encoded.dictionary.to_pylist(), np.asarray(encoded.indices, np.int32))

    def among(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Cells":
        """Of these rows only."""
        return Cells(self.texts, self.codes[chosen])

    def which(self, chosen: set[str]) -> NDArray[np.bool_]:
        """Rows that hold one of these texts."""
        return np.array([text in chosen for text in self.texts], bool)[self.codes]

    def column(self) -> pa.Array:
        """One text a row."""
        return pa.array(self.texts, pa.string()).take(pa.array(self.codes))


@dataclass(frozen=True)
class CsvText:
    """A CSV's text.

    Attributes:
        path: for messages.
        header: names, without blanks around them.
    """

    path: Path
    text: str
    delimiter: str
    header: list[str]

    @classmethod
    def read(cls, path: Path, delimiter: str = ",") -> "CsvText":
        """Read the file and its header.

        Raises:
            SourceError: it is no UTF-8, has no header, or names a column twice.
        """
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{path} is not UTF-8 (byte {error.start}): save it as CSV UTF-8"
            ) from None
        return cls(path, text, delimiter, _header(path, text, delimiter))

    def columns(self, wanted: Sequence[str]) -> dict[str, Cells]:
        """These columns as written, one a row; lines without a word are no rows.

        Raises:
            SourceError: a line is not CSV, or has another number of cells than the header.
        """
        columns = self._all_at_once(wanted) if self._is_plain() else None
        if columns is None:
            at = [self.header.index(name) for name in wanted]
            rows = [[cells[index] for index in at] for _, cells in self._lines()]
            texts = zip(*rows, strict=True) if rows else [()] * len(at)
            columns = [Cells.of(pa.array(column, pa.string())) for column in texts]
        return dict(zip(wanted, columns, strict=True))

    def line_of(self, row: int) -> int:
        """In which line of the file a row ends, from 1."""
        return next(line for at, (line, _) in enumerate(self._lines()) if at == row)

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Number and cells of each line that says something."""
        reader = csv.reader(_by_line(self.text), strict=True, delimiter=self.delimiter)
        try:
            next(reader)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(self.header):
                    raise SourceError(
                        f"{self.path} line {reader.line_num} has {len(cells)} cells, and the "
                        f"header has {len(self.header)}: put quotes around a cell that holds the "
                        "delimiter"
                    )
                yield reader.line_num, cells
        except csv.Error as error:
            raise SourceError(
                f"{self.path} line {reader.line_num} is not CSV ({error}): export it again"
            ) from None

    def _is_plain(self) -> bool:
        """Whether Arrow, which is lenient, is sure to read the same as Python's strict reader."""
        if not self.delimiter.isascii() or "\0" in self.text:
            return False
        if "\r" in self.text and self.text.count("\r") != self.text.count("\r\n"):
            return False
        letters = np.frombuffer(f"\n{self.text}\n".encode(), np.uint8)
        longest = csv.field_size_limit()
        if len(letters) > longest and np.diff(np.flatnonzero(letters == ord("\n"))).max() > longest:
            return False
        if '"' not in self.text:
            return True
        # Quotes around whole cells, doubled within them, and none anywhere else.
        quotes = np.flatnonzero(letters == ord('"'))
        if len(quotes) % 2 or (quotes[1::2] - quotes[::2]).max() > longest:
            return False
        is_edge = np.isin(np.arange(256), [ord(mark) for mark in f"{self.delimiter}\r\n"])
        opening, closing = quotes[::2], quotes[1::2]
        doubled = opening[1:] == closing[:-1] + 1
        opens = is_edge[letters[opening - 1]] | np.append([False], doubled)
        closes = is_edge[letters[closing + 1]] | np.append(doubled, [False])
        return bool((opens & closes).all())

    def _all_at_once(self, wanted: Sequence[str]) -> list[Cells] | None:
        """Columns by Arrow; None where it finds a fault, of which it tells no line."""
        columns = self._by_arrow([self.header.index(name) for name in wanted])
        if columns is None or not _are_blank(columns).any():
            return columns
        # Such a line says something in other columns, or nothing at all and is no row.
        every = self._by_arrow(range(len(self.header)))
        assert every is not None
        said = ~_are_blank(every)
        return [cells.among(said) for cells in columns]

    def _by_arrow(self, indices: Sequence[int]) -> list[Cells] | None:
        names = [str(index) for index in range(len(self.header))]
        reading = pa.csv.ReadOptions(use_threads=False, column_names=names, skip_rows_after_names=1)
        converting = pa.csv.ConvertOptions(
            include_columns=[names[index] for index in indices],
            column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
            strings_can_be_null=False,
            check_utf8=False,
        )
        parsing = pa.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True)
        try:
            table = pa.csv.read_csv(
                pa.BufferReader(self.text.encode()), reading, parsing, converting
            )
        except pa.ArrowInvalid:
            return None
        return [Cells.of(column.combine_chunks()) for column in table.unify_dictionaries().columns]


def _are_blank(columns: Sequence[Cells]) -> NDArray[np.bool_]:
    """Rows that say nothing in any of these columns."""
    blank = np.ones(len(columns[0].codes), bool)
    for cells in columns:
        if blank.any():
            blank &= cells.which({text for text in cells.texts if not text.strip()})
    return blank


def _by_line(text: str) -> Iterator[str]:
    """Lines with their ends, one after the other: a header alone costs no copy of the file."""
    return (line.group() for line in re.finditer(r"[^\n]*\n|[^\n]+", text))


def _header(path: Path, text: str, delimiter: str) -> list[str]:
    try:
        header = [name.strip() for name in next(csv.reader(_by_line(text), delimiter=delimiter))]
    except (csv.Error, StopIteration):
        header = []
    if not any(header):
        raise SourceError(f"{path} has no header: export it with the names of its columns")
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise SourceError(f"{path} names the column {twice[0][:QUOTED]} twice: export it again")
    return header
