"""A plan that one can read, and a ledger of what came of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import dagster as dg
import pytest

from edge_ingest.records import ATHLETES
from resources.contracts import OPS_UPKEEP, OPS_UPKEEP_PLAN, REPORT_SESSION
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.errors import CatalogueUnavailableError
from resources.iceberg.upkeep import IcebergUpkeep
from resources.lakehouse import Slice
from resources.provenance import ProvenanceRef
from resources.upkeep import POLICY, Done
from sports_assets.upkeep.assets import upkeep, upkeep_plan
from tests.resources.lakehouse_rows import CONTEXT, MATCH, athletes

pytestmark = pytest.mark.slow

SNAPSHOTS = POLICY.keep_last + 3


class Installation:
    def __init__(self, home: Path) -> None:
        self.instance = dg.DagsterInstance.ephemeral()
        self.lakehouse = LakehouseResource(
            catalog_uri=f"sqlite:///{home}/catalog.db", warehouse_uri=str(home / "warehouse")
        )
        self.resources = {
            "lakehouse": self.lakehouse,
            "landing_zone": LandingZoneResource(
                landing_uri=str(home / "landing"), club_timezone="Europe/Berlin"
            ),
        }

    def run(self, *assets: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [upkeep_plan, upkeep],
            selection=list(assets),
            resources=self.resources,
            instance=self.instance,
            raise_on_error=False,
        )

    def query(self, contract: object, sql: str) -> list[tuple]:
        with self.lakehouse.open() as store, store.connect() as connection:
            store.view(connection, contract, "t")
            return connection.sql(sql).fetchall()


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """A session corrected many times a month ago, one of whose snapshots a page names."""
    made = Installation(tmp_path)
    month_ago = datetime.now(UTC) - timedelta(days=30)
    with made.lakehouse.open() as store, patch("time.time", month_ago.timestamp):
        commits = [
            store.replace_sessions(ATHLETES, athletes(MATCH, str(n)), [MATCH], CONTEXT)
            for n in range(SNAPSHOTS)
        ]
        named = ProvenanceRef(
            drops=(),
            snapshots={ATHLETES.key: commits[1].snapshot_id},
            settings={},
            code_version="0.1.0+abc",
        )
        page = {
            "session_id": MATCH, "revision": 1, "uri": "page", "page_sha256": "",
            "content_sha256": "", "written_at_utc": month_ago, "provenance": named.to_json(),
        }  # fmt: skip
        rows = REPORT_SESSION.empty().from_pylist([page], schema=REPORT_SESSION.schema)
        store.replace_sessions(REPORT_SESSION, rows, [MATCH], CONTEXT)
    return made


def test_a_plan_is_read_then_applied_and_the_ledger_tells(installation: Installation) -> None:
    assert installation.run(upkeep_plan).success
    steps = installation.query(OPS_UPKEEP_PLAN, "select table_key, action from t")
    assert steps == [("raw/athletes", "expire")] * 2  # the one between them is named
    result = installation.run(upkeep)
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    ledger = "select action, outcome, count(*) from t group by all order by all"
    assert installation.query(OPS_UPKEEP, ledger) == [("expire", "done", 2)]
    # The same plan again: what it says is done already, and the ledger keeps both.
    assert installation.run(upkeep).success
    assert installation.query(OPS_UPKEEP, ledger) == [
        ("expire", "done", 2), ("expire", "passed_over", 2),
    ]  # fmt: skip
    with installation.lakehouse.open() as store:
        table = store._tables.find(ATHLETES.key)
        assert table is not None
        assert len(table.snapshots()) == SNAPSHOTS - 2


def test_a_stale_plan_is_refused(installation: Installation) -> None:
    assert installation.run(upkeep_plan).success
    with installation.lakehouse.open() as store, store.connect() as connection:
        store.view(connection, OPS_UPKEEP_PLAN, "plan")
        whole = Slice("day", date.min, date.max, {})
        old = connection.sql(
            f"select * replace (planned_at_utc - interval {POLICY.plan_valid_h + 1} hour as "
            "planned_at_utc) from plan"
        ).to_arrow_table()
        store.replace_slice(OPS_UPKEEP_PLAN, OPS_UPKEEP_PLAN.conform(old), whole, CONTEXT)
        before = store.snapshot_id(ATHLETES.key)
    result = installation.run(upkeep)
    assert not result.success
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert "materialise ops/upkeep_plan again" in failed.event_specific_data.error.to_string()
    with installation.lakehouse.open() as store:
        assert store.snapshot_id(ATHLETES.key) == before
        assert store.snapshot_id(OPS_UPKEEP.key) is None


class Midnight(datetime):
    """A clock on which midnight passes between its first reading and the next."""

    readings: ClassVar[list[datetime]] = []

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        real = datetime.now(tz)
        cls.readings.append(real)
        return real if len(cls.readings) == 1 else real + timedelta(hours=23)


def test_a_step_that_is_tried_again_after_midnight_forgets_nothing_that_it_did(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object store is gone after the first table, once."""
    assert installation.run(upkeep_plan).success
    monkeypatch.setattr("sports_assets.assets.WAITS_S", (0.0,))
    monkeypatch.setattr("sports_assets.upkeep.assets.datetime", Midnight)
    apply, turns = IcebergUpkeep.apply, iter([True])

    def interrupted(self: IcebergUpkeep, *told: Any) -> Iterator[Done]:
        yield from apply(self, *told)
        if next(turns, False):
            raise CatalogueUnavailableError("gone for a moment")

    monkeypatch.setattr(IcebergUpkeep, "apply", interrupted)
    assert installation.run(upkeep).success
    assert len(Midnight.readings) == len(("once", "again"))
    ledger = "select action, outcome, count(*) from t group by all order by all"
    assert installation.query(OPS_UPKEEP, ledger) == [("expire", "done", 2)]


def test_without_a_plan_there_is_nothing_to_do(tmp_path: Path) -> None:
    bare = Installation(tmp_path)
    assert bare.run(upkeep).success
    assert bare.query(OPS_UPKEEP, "select count(*) from t") == [(0,)]
