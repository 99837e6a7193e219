"""A person lets an earlier champion serve again: the alias moves, the ledger says who and why."""

from datetime import date, datetime

import pyarrow as pa

from resources.lakehouse import CommitContext, Lakehouse, Slice
from resources.model_contracts import OPS_PROMOTION
from resources.model_registry import Alias, Because, ModelRegistry, ModelVersion
from resources.provenance import code_version
from sports_assets.mlops.ledger import ROLLBACK, Decided, ledger_row
from sports_assets.models.training import BASIS_TAG

_BY_HAND = "by hand"


def go_back(
    registry: ModelRegistry,
    lakehouse: Lakehouse,
    model: str,
    *,
    because: Because,
    to: int | None,
    club_timezone: str,
) -> ModelVersion:
    """Move the champion's alias back, then write the decision down.

    Args:
        to: the version to go back to; None for the champion before this one.

    Raises:
        UnknownModelError: there was no champion before, or there is no version `to`.
        ModelDamagedError: what would serve is damaged.
    """
    before = registry.history(model, Alias.CHAMPION).current
    version = registry.rollback(model, to=to, because=because)
    row = ledger_row(_decided(version, before, because), club_timezone)
    with lakehouse.connect() as connection:
        lakehouse.view(connection, OPS_PROMOTION, "ledger")
        ledger = connection.sql("select * from ledger").to_arrow_table()
    rows = pa.concat_tables(
        [OPS_PROMOTION.conform(ledger), pa.Table.from_pylist([row], schema=OPS_PROMOTION.schema)]
    )
    lakehouse.replace_slice(
        OPS_PROMOTION,
        OPS_PROMOTION.conform(rows),
        Slice("day", date.min, date.max, {}),
        CommitContext(_BY_HAND, code_version()),
    )
    return version


def _decided(version: ModelVersion, before: int | None, because: Because) -> Decided:
    at: datetime = because.at_utc
    return Decided(
        model=version.name,
        version=version.version,
        decided_at_utc=at,
        verdict=ROLLBACK,
        reasons=(because.reason,),
        is_provisional=False,
        champion_before=before,
        approved_by=because.moved_by,
        approval_reason=because.reason,
        policy_version=None,
        registry_run_id=version.run_id,
        run_id=_BY_HAND,
        provenance=version.tags[BASIS_TAG],
    )
