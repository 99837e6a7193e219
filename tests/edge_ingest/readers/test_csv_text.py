"""CSV as columns: what Arrow reads at once is what Python's strict reader reads line by line."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_ingest.errors import SourceError
from edge_ingest.readers.csv_text import CsvText

PATH = Path("t.csv")
#: What a cell may be made of to go wrong.
MARKS = st.text(st.sampled_from('ab1 ",;\n\r\t\0é'), max_size=4)


def by_line(text: CsvText, wanted: list[str]) -> dict[str, list[str]] | None:
    """By the plain way; None where it refuses."""
    try:
        rows = list(csv.reader(io.StringIO(text.text), strict=True))[1:]
    except csv.Error:
        return None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if any(len(row) != len(text.header) for row in rows):
        return None
    return {name: [row[text.header.index(name)] for row in rows] for name in wanted}


def ours(text: CsvText, wanted: list[str]) -> dict[str, list[str]] | None:
    try:
        found = text.columns(wanted)
    except SourceError:
        return None
    return {name: cells.column().to_pylist() for name, cells in found.items()}


@given(st.lists(st.lists(MARKS, min_size=3, max_size=3), max_size=6), st.booleans())
def test_whatever_a_spreadsheet_writes_comes_back(rows: list[list[str]], quotes_all: bool) -> None:
    written = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL
    csv.writer(written, quoting=quoting).writerows([["a", "b", "c"], *rows])
    text = CsvText(PATH, written.getvalue(), ",", ["a", "b", "c"])
    assert ours(text, ["c", "a"]) == by_line(text, ["c", "a"])


@given(st.text(st.sampled_from('ab ",\n\r\0é'), max_size=40))
@example('1,"2""3"\n')
@example('1,2"3\n')
@example('1,"2"3\n')
@example('1,"2\n')
@example('1,""\n"",""\n ,\n\n,1\n')
@example('"1\n\n2",3\r\n')
@example("1,2\r3,4\n")
def test_whatever_stands_there_is_read_or_refused_as_line_by_line(body: str) -> None:
    text = CsvText(PATH, f"a,b\n{body}", ",", ["a", "b"])
    assert ours(text, ["b"]) == by_line(text, ["b"])


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_row_knows_the_line_where_it_ends(quote: str) -> None:
    text = CsvText(PATH, f"a,b\n1,{quote}2{quote}\n\n,\n3,4\n", ",", ["a", "b"])
    assert text.columns(["a"])["a"].column().to_pylist() == ["1", "3"]
    assert [text.line_of(0), text.line_of(1)] == [2, 5]
    broken = CsvText(PATH, 'a,b\n"1\n1",2\n3,4,5\n', ",", ["a", "b"])
    with pytest.raises(SourceError, match="line 4 has 3 cells"):
        broken.columns(["a"])


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_without_end_is_refused(quote: str) -> None:
    text = CsvText(PATH, f"a,b\n1,2\n{quote}{'x' * 140_000}{quote},1\n", ",", ["a", "b"])
    with pytest.raises(SourceError, match="line 3 is not CSV"):
        text.columns(["a"])


def test_both_ways_are_taken() -> None:
    """Else the comparisons above would prove nothing."""
    assert CsvText(PATH, 'a,b\n"1""",2\n', ",", ["a", "b"])._is_plain()
    assert not CsvText(PATH, 'a,b\n1",2\n', ",", ["a", "b"])._is_plain()
    assert not CsvText(PATH, "a,b\n1,2\r", ",", ["a", "b"])._is_plain()
