"""What is late as rows, and in words for a person."""

from collections.abc import Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pyarrow as pa

from resources.contracts import OPS_STALE_ASSET
from resources.lakehouse import Lakehouse, Slice
from resources.trouble import Late

#: The whole table: the list is made anew each time.
EVERY_DAY = Slice("day", date.min, date.max, {})


def stale_rows(found: Iterable[Late], club_timezone: str) -> pa.Table:
    """One row a thing that is late, of the contract ops/stale_asset."""
    zone = ZoneInfo(club_timezone)
    rows = [
        {
            "late_id": late.late_id,
            "session_id": late.session_id,
            "day": late.since_utc.astimezone(zone).date(),
            "late_since_utc": late.since_utc,
            "reason": late.reason,
            "runbook": late.runbook,
        }
        for late in found
    ]
    return OPS_STALE_ASSET.conform(pa.Table.from_pylist(rows, schema=OPS_STALE_ASSET.schema))


def listed_before(store: Lakehouse) -> list[Late]:
    """What the list said when it was made last."""
    with store.connect() as connection:
        store.view(connection, OPS_STALE_ASSET, "stale")
        rows = connection.sql("select * from stale").to_arrow_table().to_pylist()
    return [
        Late(
            thing=row["late_id"].partition(" ")[0],
            session_id=row["session_id"],
            since_utc=row["late_since_utc"],
            reason=row["reason"],
            runbook=row["runbook"],
        )
        for row in rows
    ]


def overview(found: Sequence[Late]) -> str:
    """What is late as Markdown, the longest first; for the UI."""
    if not found:
        return "Nothing is late."
    rows = [
        f"| {late.late_id} | {late.since_utc:%Y-%m-%d %H:%M} | {late.reason.replace('|', '/')} | "
        f"{late.runbook} |"
        for late in found
    ]
    return "| Late | Since (UTC) | Why | What to do |\n|---|---|---|---|\n" + "\n".join(rows)
