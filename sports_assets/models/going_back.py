"""A person lets an earlier champion serve again: the alias moves, the ledger says who and why."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from resources.errors import ResourceError
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
        to: the version to go back to; None for the champion before this one. The one that serves
            stays, and nothing is written.

    Raises:
        UnknownModelError: there was no champion before, or `to` was none.
        ResourceError: it serves again, and the ledger could not be written.
        ModelDamagedError: what would serve is damaged.
    """
    before = registry.history(model, Alias.CHAMPION).current
    version = registry.rollback(model, to=to, because=because)
    if version.version == before:
        return version
    try:
        _write_down(lakehouse, version, before, because, club_timezone)
    except Exception as error:
        raise ResourceError(
            f"{model} version {version.version} serves again, and only the ledger could not be "
            f"written: {error}. Do not repeat this, it would go back further; the next promotion "
            "writes it down"
        ) from error
    return version


def _write_down(
    lakehouse: Lakehouse,
    version: ModelVersion,
    before: int | None,
    because: Because,
    club_timezone: str,
) -> None:
    row = ledger_row(
        _decided(version, before, because, is_provisional=_was_provisional(lakehouse, version)),
        club_timezone,
    )
    day = because.at_utc.astimezone(ZoneInfo(club_timezone)).date()
    # This row alone: a run may be deciding meanwhile.
    lakehouse.replace_slice(
        OPS_PROMOTION,
        OPS_PROMOTION.conform(pa.Table.from_pylist([row], schema=OPS_PROMOTION.schema)),
        Slice("day", day, day, {"decision_id": str(row["decision_id"])}),
        CommitContext(_BY_HAND, code_version()),
    )


def _was_provisional(lakehouse: Lakehouse, version: ModelVersion) -> bool:
    """Whether it served without proof when it served before; going back proves nothing."""
    with lakehouse.connect() as connection:
        lakehouse.view(connection, OPS_PROMOTION, "ledger")
        found = connection.execute(
            "select is_provisional from ledger where model = ? and version = ? "
            "and verdict in ('promote', 'rollback') order by decided_at_utc desc limit 1",
            [version.name, version.version],
        ).fetchone()
    return bool(found and found[0])


def _decided(
    version: ModelVersion, before: int | None, because: Because, *, is_provisional: bool
) -> Decided:
    at: datetime = because.at_utc
    return Decided(
        model=version.name,
        version=version.version,
        decided_at_utc=at,
        verdict=ROLLBACK,
        reasons=(because.reason,),
        is_provisional=is_provisional,
        champion_before=before,
        approved_by=because.moved_by,
        approval_reason=because.reason,
        policy_version=None,
        registry_run_id=version.run_id,
        run_id=_BY_HAND,
        provenance=version.tags[BASIS_TAG],
    )
