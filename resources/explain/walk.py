"""The walk from a number on a page to the rows of a drop's file."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from edge_ingest.contract import TableContract
from resources.contracts import ALL
from resources.dbt.graph import DbtGraph
from resources.explain.basis import Rows
from resources.explain.earlier import earlier_sessions
from resources.explain.files import Drops
from resources.explain.findings import Explanation, History, Origin, Row
from resources.explain.lineage import lineage
from resources.explain.page import PageNumber, find_number, read_numbers
from resources.explain.past import Past
from resources.explain.raw_rows import People, raw_rows
from resources.explain.report import ReportRevision, find_report, read_page
from resources.lakehouse import Lakehouse
from resources.landing_zone import LandingZone
from resources.report_store import ReportStore

_BASELINE = "mart/athlete_session_baseline"
_SESSION = "core/session"
#: Rows of a table that an explanation carries; all of them are counted.
_CARRIED = 50


class ReportWalk:
    """Explains the numbers of one report; what several of them rest on is read once.

    Args:
        lakehouse, zone, store: where things are; they must stay open for as long as the walk.
        graph: of the parsed dbt project.
        name: of the report, as `find_report` takes it.

    Raises:
        UnknownReportError: there is no such report, or its page is not what was published.
    """

    def __init__(
        self,
        lakehouse: Lakehouse,
        zone: LandingZone,
        store: ReportStore,
        graph: DbtGraph,
        name: str,
    ) -> None:
        self.report: ReportRevision = find_report(lakehouse, name)
        self.numbers: Mapping[str, PageNumber] = read_numbers(read_page(store, self.report))
        self._lakehouse = lakehouse
        self._graph = graph
        self._contracts: dict[str, TableContract] = {
            **{contract.key: contract for contract in ALL},
            **graph.contracts,
        }
        self._drops = Drops(zone, self.report.provenance.drops, self.report.session_id)
        self._stories = self._drops.stories()
        self._past = Past(
            lakehouse, self._contracts, self.report.session_id, self.report.written_at_utc
        )
        self._people = People(self._past)
        self._origins: dict[Rows, Origin] = {}

    def __enter__(self) -> Self:
        """The engines are open already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the engines."""
        self._past.close()
        self._drops.close()

    def explain(self, number_id: str) -> Explanation:
        """Where a number comes from.

        Args:
            number_id: its `data-number-id`.

        Raises:
            UnknownNumberError: the page has no such number, or its id leads nowhere.
        """
        number = find_number(self.numbers, number_id)
        if number.basis is not None:
            origins = tuple(self._origin(rows) for rows in number.basis.rows)
            return Explanation(self.report, number, None, None, origins, self._stories)
        key = self._past.contract(number.table).primary_key
        asked = number.row(tuple(name for name in key if name != "session_id"))
        origin = self._origin(asked)
        in_row = _in_row(origin.rows, asked.columns[0], number.factor)
        agrees = in_row == number.value if origin.rows else None
        return Explanation(self.report, number, in_row, agrees, (origin,), self._stories)

    def _origin(self, asked: Rows) -> Origin:
        if asked not in self._origins:
            self._origins[asked] = self._look(asked)
        return self._origins[asked]

    def _look(self, asked: Rows) -> Origin:
        contract = self._past.contract(asked.table)
        count, rows = self._past.rows(asked)
        columns = {column.name: column for column in contract.columns}
        files = tuple(
            found
            for wanted in (raw_rows(self._people, asked, rows) if count else ())
            for found in self._drops.rows(wanted, self._past)
        )
        # Of several streams that may tell, those that do.
        telling = tuple(file for file in files if file.count or file.fault)
        return Origin(
            asked=asked,
            state=self._past.state(asked.table),
            columns=tuple(columns[name] for name in asked.columns),
            key_columns=contract.primary_key,
            rows=rows[:_CARRIED],
            row_count=count,
            lineage=lineage(self._graph, asked.table),
            history=self._history(asked, rows),
            files=telling or files,
        )

    def _history(self, asked: Rows, rows: tuple[Row, ...]) -> tuple[History, ...]:
        """Of one baseline; of all of a session they would be too many to read."""
        if asked.table != _BASELINE or len(rows) != 1:
            return ()
        (session,) = self._past.all_rows(_SESSION)
        return (
            earlier_sessions(
                self._lakehouse, self._contracts, self.report.provenance, session, rows[0]
            ),
        )


def _in_row(rows: tuple[Row, ...], column: str, factor: float) -> str | None:
    """A row's value as the page would write it, to six digits."""
    value = rows[0][column] if rows else None
    return None if value is None else f"{value * factor:.6g}"
