"""Committed rows as plain dictionaries."""

from typing import Any

from resources.dbt.contracts import dbt_contracts
from resources.dbt.project import DbtProject
from resources.lakehouse import Lakehouse


def committed(
    lakehouse: Lakehouse, project: DbtProject, key: str, **where: object
) -> list[dict[str, Any]]:
    """Rows of a table of dbt in the order of its key, those that have these values."""
    contract = dbt_contracts(project.manifest)[key]
    order = ", ".join(contract.primary_key)
    condition = " and ".join(["true", *(f"{name} = ${name}" for name in where)])
    with lakehouse.connect() as connection:
        lakehouse.view(connection, contract, "rows_of_it")
        return (
            connection.execute(
                f"select * from rows_of_it where {condition} order by {order}", where or None
            )
            .to_arrow_table()
            .to_pylist()
        )


def one(lakehouse: Lakehouse, project: DbtProject, key: str, **where: object) -> dict[str, Any]:
    """The only row with these values."""
    (row,) = committed(lakehouse, project, key, **where)
    return row
