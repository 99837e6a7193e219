"""What the walk from a number to its files finds: plain frozen data, to be printed or answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from edge_ingest.contract import Column
from resources.explain.basis import Rows
from resources.explain.page import PageNumber
from resources.explain.report import ReportRevision
from resources.lakehouse import Snapshot

Row = Mapping[str, Any]


@dataclass(frozen=True)
class TableState:
    """A table as it stood when the page was written.

    Attributes:
        read_at: the snapshot that was read; None where the table was never committed.
        written_by: the snapshot that put this session's rows there; None where it was expired.
        is_as_of_then: false where the state of then was expired, and today's is shown instead.
        changed_since: the first snapshot that changed the session's rows after the page.
    """

    key: str
    grain: str
    read_at: int | None
    written_by: Snapshot | None
    is_as_of_then: bool
    changed_since: Snapshot | None


@dataclass(frozen=True)
class EarlierSession:
    """What an earlier session gave, that a baseline was held against."""

    session_id: str
    local_day: date
    value: float


@dataclass(frozen=True)
class History:
    """The earlier sessions behind a baseline, read again as the page's history was.

    Attributes:
        table: whose column the metric is.
        snapshot_id: at which it was read; None where the page does not say.
        is_as_of_then: false where that snapshot was expired, and today's is shown instead.
        agrees: whether as many are found as the baseline's row counts.
    """

    metric: str
    table: str
    snapshot_id: int | None
    is_as_of_then: bool
    sessions: tuple[EarlierSession, ...]
    agrees: bool


@dataclass(frozen=True)
class FileRows:
    """Rows of one file of a drop that a number rests on, read out of the file itself.

    Attributes:
        what: which rows, in words.
        count, first, last: of those; `in_file` of all.
        of_which, of_which_count: a narrower count, in words and number; "" where there is none.
        fault: why they could not be read; "" where they were, with the checksum right.
        in_record: where the file could not be read: how many such rows the raw table still has.
    """

    drop_id: str
    stream_id: str
    uri: str
    table: str
    sha256: str
    what: str
    in_file: int = 0
    count: int = 0
    first: Row | None = None
    last: Row | None = None
    of_which: str = ""
    of_which_count: int = 0
    fault: str = ""
    in_record: int | None = None


@dataclass(frozen=True)
class Origin:
    """Rows of one table that a number stands in, or is computed from.

    Attributes:
        columns: of the contract, in the order in which they were asked for.
        key_columns: names of the columns that name a row.
        rows: the first of them, all columns; `row_count` counts them all.
        lineage: each table on the way to raw with what it is made from, nearest first.
        history: only of a baseline.
        files: only of session tables: the drops' rows behind them.
    """

    asked: Rows
    state: TableState
    columns: tuple[Column, ...]
    key_columns: tuple[str, ...]
    rows: tuple[Row, ...]
    row_count: int
    lineage: tuple[tuple[str, tuple[str, ...]], ...]
    history: tuple[History, ...]
    files: tuple[FileRows, ...]


@dataclass(frozen=True)
class DropStory:
    """One drop that the page was made from.

    Attributes:
        signed_by: the node that vouches for it; None where none that we know does.
        doubt: why none does.
        packed_at_utc: and all below: None or empty where the drop is gone.
        newer_revision: the stream's revision that counts today, if it is a newer one.
        fault: why its manifest cannot be read; "" where it was.
    """

    drop_id: str
    stream_id: str
    revision: int
    uri: str
    source: str = ""
    device_id: str = ""
    kind: str = ""
    reader: str = ""
    reader_version: str = ""
    packed_at_utc: datetime | None = None
    signed_by: str | None = None
    doubt: str = ""
    filter_settings: Mapping[str, Any] | None = None
    rows_by_rule: Mapping[str, int] | None = None
    newer_revision: int | None = None
    fault: str = ""


@dataclass(frozen=True)
class Explanation:
    """The way of one number, from the page to the files.

    Attributes:
        in_row: what the row holds, times the page's factor, to six digits; None for a number that
            is computed from several rows, or that the row has not.
        agrees: whether that is what the page says; None where there is nothing to hold it against.
    """

    report: ReportRevision
    number: PageNumber
    in_row: str | None
    agrees: bool | None
    origins: tuple[Origin, ...]
    drops: tuple[DropStory, ...]
