"""A session's rows, as what the footage shows is made from them, and in which state they stood."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from edge_ingest.contract import TableContract
from resources.lakehouse import Lakehouse


@dataclass(frozen=True)
class SessionTables:
    """Committed rows of one session.

    Attributes:
        rows: by key, as the contract says, in its order.
        read: the snapshot that each table was read at, by key.
    """

    session_id: str
    rows: dict[str, pa.Table]
    read: dict[str, int | None]

    def of(self, contract: TableContract) -> pa.Table:
        """The rows of one table."""
        return self.rows[contract.key]

    def still_stand(self, store: Lakehouse) -> bool:
        """Whether no commit has changed the session in any of the tables since."""
        return not any(
            store.changed_sessions(key, [self.session_id], at) for key, at in self.read.items()
        )


def read_session(
    store: Lakehouse, session_id: str, contracts: Sequence[TableContract]
) -> SessionTables:
    """Read the session in these tables; one that was never committed has no rows."""
    rows, read = {}, {}
    with store.connect() as connection:
        for number, contract in enumerate(contracts):
            read[contract.key] = store.view(connection, contract, f"t{number}", [session_id])
            order = ", ".join(contract.sort_by)
            # The names are those of our own contracts.
            found = connection.sql(f"select * from t{number} order by {order}")  # noqa: S608
            rows[contract.key] = contract.conform(found.to_arrow_table())
    return SessionTables(session_id, rows, read)
