"""Days from drop to table: corrections, overlaps, bad drops, and what they cost."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from edge_ingest.contract import TableContract
from edge_ingest.drops.signing import load_key, make_key, public_line
from edge_ingest.errors import SourceError
from edge_ingest.intake.quarantine import refuse_file
from edge_ingest.records import FIXTURES, INJURIES, QUARANTINE, WELLNESS
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.landing_files import LocalDropFiles
from sports_assets.raw.assets import raw_days, raw_quarantine
from sports_assets.raw.days import ALWAYS, touched
from tests.sports_assets.diary import (
    PACKED,
    day,
    fixtures,
    injuries,
    place_of,
    send_days,
    wellness,
)

pytestmark = pytest.mark.slow

Rows = list[tuple[Any, ...]]


class Club:
    """A landing zone and a lakehouse, and runs of the two assets."""

    def __init__(self, home: Path, **zone: Any) -> None:
        self.landing = home / "landing"
        (home / "lake").mkdir(parents=True)
        self.lakehouse = LakehouseResource(
            catalog_uri=f"sqlite:///{home}/lake/catalog.db?timeout=60",
            warehouse_uri=str(home / "lake"),
        )
        self.zone = LandingZoneResource(
            landing_uri=str(self.landing), club_timezone="Europe/Berlin", **zone
        )

    def run(self, name: str, *arrived: str) -> dg.ExecuteInProcessResult:
        """Make a table; no drops named: as someone does by hand."""
        config = {"ops": {"raw_days": {"config": {"arrived": list(arrived)}}}}
        is_list = name == "quarantine"
        return dg.materialize(
            [raw_quarantine if is_list else raw_days],
            selection=[dg.AssetKey(["raw", name])],
            resources={"lakehouse": self.lakehouse, "landing_zone": self.zone},
            run_config=None if is_list else config,
        )

    def rows(self, contract: TableContract, columns: str) -> Rows:
        with self.lakehouse.open() as store, store.connect() as connection:
            store.view(connection, contract, "t")
            return connection.sql(f"select {columns} from t order by all").fetchall()

    def answers(self) -> Rows:
        return self.rows(WELLNESS, "source_athlete_id, day, readiness")


@pytest.fixture
def club(tmp_path: Path) -> Club:
    return Club(tmp_path)


def test_a_correction_replaces_and_a_deleted_day_is_gone(club: Club) -> None:
    first = send_days(club.landing, wellness({(0, "anna"): 7, (1, "anna"): 8, (1, "bo"): 5}))
    club.run("wellness", place_of(first))
    assert club.answers() == [
        ("anna", day(0), 7), ("anna", day(1), 8), ("bo", day(1), 5),
    ]  # fmt: skip
    second = send_days(club.landing, wellness({(0, "anna"): 6}), hours=1)
    result = club.run("wellness", place_of(second))
    assert club.answers() == [("anna", day(0), 6)]
    (made,) = result.asset_materializations_for_node("raw_days")
    assert made.metadata["dagster/row_count"].value == 1
    assert made.metadata["signed_by"].value == "nobody known"
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_where_drops_overlap_the_later_packed_counts_day_by_day(club: Club) -> None:
    week = send_days(club.landing, wellness({(n, "anna"): 5 for n in range(7)}))
    middle = send_days(club.landing, wellness({(3, "bo"): 9}, first=2, last=4), hours=1)
    expected = [("anna", day(n), 5.0) for n in (0, 1, 5, 6)] + [("bo", day(3), 9.0)]
    club.run("wellness", place_of(week))
    club.run("wellness", place_of(middle))
    assert club.answers() == expected


@pytest.mark.slow
def test_order_and_repetition_of_arrivals_change_nothing(tmp_path: Path) -> None:
    """Four overlapping drops, the first of each order looked at twice, and all at once by hand."""
    sent = [
        (wellness({(n, "anna"): 5 for n in range(7)}), 0),
        (wellness({(3, "bo"): 9}, first=2, last=4), 1),
        (wellness({(4, "anna"): 2, (8, "bo"): 3}, first=4, last=9), 2),
        (wellness({(3, "cy"): 4, (3, "bo"): 1}, first=0, last=9, device="under-19"), 0.5),
    ]
    found = set()
    for number, order in enumerate(((0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1))):
        club = Club(tmp_path / str(number))
        for index in (*order, order[0]):
            drop = send_days(club.landing, *sent[index])
            club.run("wellness", place_of(drop))
        stepwise = club.answers()
        club.run("wellness")
        assert club.answers() == stepwise
        found.add(tuple(stepwise))
    assert found == {
        tuple(
            [("anna", day(n), 5.0) for n in (0, 1)]
            + [("anna", day(4), 2.0), ("bo", day(3), 9.0), ("bo", day(8), 3.0)]
            + [("cy", day(3), 4.0)]
        )
    }  # fmt: skip


def test_sources_and_devices_keep_to_themselves(club: Club) -> None:
    for records in (
        wellness({(0, "anna"): 7}, source="other", device="other"),
        wellness({(0, "anna"): 6}),
        wellness({(0, "bo"): 5}, device="under-19"),
    ):
        club.run("wellness", place_of(send_days(club.landing, records)))
    assert club.rows(WELLNESS, "source, source_athlete_id, readiness") == [
        ("diary", "anna", 6), ("diary", "bo", 5), ("other", "anna", 7),
    ]  # fmt: skip


def test_a_bad_drop_is_refused_alone_and_what_was_before_counts(club: Club) -> None:
    good = send_days(club.landing, wellness({(0, "anna"): 7}))
    bad = send_days(club.landing, wellness({(0, "anna"): 1}), hours=1)
    path = bad.folder / "wellness.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    other = send_days(club.landing, wellness({(9, "bo"): 3}, first=9, last=9))
    club.run("wellness", place_of(good), place_of(bad), place_of(other))
    assert club.answers() == [("anna", day(0), 7), ("bo", day(9), 3)]
    assert '"rule": "checksum"' in (bad.folder / "refused.json").read_text()
    assert not (good.folder / "refused.json").exists()
    club.run("quarantine")
    assert club.rows(QUARANTINE, "rule, source") == [("checksum", "diary")]


def test_a_drop_refused_before_its_run_begins_is_passed_over(club: Club) -> None:
    drop = send_days(club.landing, wellness({(0, "anna"): 7}))
    (drop.folder / "manifest.json").write_text("{}")
    assert club.run("wellness", place_of(drop)).success
    assert club.answers() == []


def test_an_injury_that_moves_to_another_drop_stands_once(club: Club) -> None:
    """Its key does not hold its day: a correction may put it anywhere."""
    march = send_days(club.landing, injuries({"i1": (0, "anna"), "i2": (3, "bo")}, last=6))
    club.run("injuries", place_of(march))
    moved = send_days(club.landing, injuries({"i1": (9, "anna")}, first=7, last=13), hours=1)
    club.run("injuries", place_of(moved))
    told = "source_injury_id, day"
    assert club.rows(INJURIES, told) == [("i1", day(9)), ("i2", day(3))]
    withdrawn = send_days(club.landing, injuries({}, first=7, last=13), hours=2)
    club.run("injuries", place_of(withdrawn))
    assert club.rows(INJURIES, told) == [("i1", day(0)), ("i2", day(3))]


def test_a_moved_fixture_stands_where_it_was_and_where_it_is(club: Club) -> None:
    """What was planned as of any day can be told from the table as it is later."""
    plan = {("m1", 3): -20, ("m2", 10): -20}
    club.run("fixtures", place_of(send_days(club.landing, fixtures(plan))))
    moved = fixtures(plan | {("m1", 5): 1}, withdrawn={("m1", 3): 1})
    club.run("fixtures", place_of(send_days(club.landing, moved, hours=1)))
    told = "source_fixture_id, day, is_withdrawn, known_from, team"
    assert club.rows(FIXTURES, told) == [
        ("m1", day(3), False, day(-20), None),
        ("m1", day(3), True, day(1), None),
        ("m1", day(5), False, day(1), None),
        ("m2", day(10), False, day(-20), None),
    ]


def test_a_rebuild_by_hand_forgets_what_no_drop_tells_any_more(club: Club) -> None:
    gone = send_days(club.landing, wellness({(0, "anna"): 7}, source="old", device="old"))
    club.run("wellness", place_of(gone))
    club.run("wellness", place_of(send_days(club.landing, wellness({(0, "bo"): 5}))))
    shutil.rmtree(gone.folder.parent)
    club.run("wellness")
    assert club.answers() == [("bo", day(0), 5)]


def test_other_days_cost_nothing(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    for week in range(12):
        before = -7 * week
        send_days(club.landing, wellness({(before, "anna"): 7}, first=before, last=before + 6))
    drop = send_days(club.landing, wellness({(8, "anna"): 7}, first=7, last=13))
    read: list[str] = []
    plain = LocalDropFiles.read

    def counting(self: LocalDropFiles, name: str, at_most: int | None = None) -> bytes:
        read.append(name)
        return plain(self, name, at_most)

    monkeypatch.setattr(LocalDropFiles, "read", counting)
    club.run("wellness", place_of(drop))
    assert {name.rpartition("/")[0] for name in read} == {place_of(drop)}


def _refuse(club: Club, name: str, content: bytes, **told: Any) -> None:
    path = club.landing.parent / name
    path.write_bytes(content)
    refuse_file(
        [path], SourceError(f"{name} ends early: export it again"),
        quarantine=club.landing.parent / "bad", outbox=club.landing, node_id="stadium-1",
        source="fit", **{"key": None, "now": PACKED, **told},
    )  # fmt: skip


def test_what_a_node_refused_is_listed_beside_what_the_lakehouse_refused(club: Club) -> None:
    _refuse(club, "a.fit", b"1")
    _refuse(club, "b.fit", b"2")
    _refuse(club, "again.fit", b"2")
    spoilt = send_days(club.landing, wellness({(0, "anna"): 7}))
    (spoilt.folder / "refused.json").touch()
    club.run("quarantine")
    assert club.rows(QUARANTINE, "rule, source, reason like '%ends early%'") == [
        ("by_hand", "diary", False), ("malformed", "fit", True), ("malformed", "fit", True),
    ]  # fmt: skip


def test_a_file_refused_again_after_its_node_forgot_it_is_listed_once(
    club: Club, tmp_path: Path
) -> None:
    _refuse(club, "a.fit", b"1")
    shutil.rmtree(tmp_path / "bad")
    _refuse(club, "a.fit", b"1", now=PACKED + timedelta(days=40))
    club.run("quarantine")
    assert club.rows(QUARANTINE, "day") == [((PACKED + timedelta(days=40)).date(),)]


def test_a_report_that_cannot_be_read_is_listed_itself(club: Club) -> None:
    _refuse(club, "a.fit", b"1")
    _refuse(club, "b.fit", b"2")
    path = next(iter(sorted(club.landing.glob("days_*/r0001/quarantine.parquet"))))
    path.write_bytes(b"x" * path.stat().st_size)
    club.run("quarantine")
    assert club.rows(QUARANTINE, "rule, source") == [("checksum", "fit"), ("malformed", "fit")]


def test_files_that_are_no_drop_are_listed_until_they_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = Club(tmp_path, grace_s=0)
    drop = send_days(club.landing, wellness({(0, "anna"): 7}))
    late = send_days(club.landing, wellness({(9, "anna"): 7}, first=9, last=9))
    (drop.folder / "manifest.json").rename(tmp_path / "manifest")
    (late.folder / "wellness.parquet").rename(tmp_path / "rows")
    (club.landing / "monday.fit").write_bytes(b"x")
    (club.landing / "link").symlink_to(tmp_path)
    club.run("quarantine")
    assert club.rows(QUARANTINE, "rule") == [
        ("missing",), ("no_manifest",), ("no_manifest",), ("symlink",),
    ]  # fmt: skip
    (tmp_path / "manifest").rename(drop.folder / "manifest.json")
    (tmp_path / "rows").rename(late.folder / "wellness.parquet")
    (club.landing / "monday.fit").unlink()
    (club.landing / "link").unlink()
    club.run("quarantine")
    assert club.rows(QUARANTINE, "rule") == []
    assert not list(club.landing.rglob("refused.json"))


def test_what_is_on_its_way_is_not_listed(club: Club) -> None:
    drop = send_days(club.landing, wellness({(0, "anna"): 7}))
    (drop.folder / "manifest.json").unlink()
    club.run("quarantine")
    assert club.rows(QUARANTINE, "rule") == []


@pytest.fixture
def strict(tmp_path: Path) -> Callable[[], Club]:
    """A club that loads signed drops only."""
    nodes = tmp_path / "nodes"

    def made() -> Club:
        return Club(tmp_path / "strict", edge_keys=str(nodes), are_signatures_required=True)

    nodes.write_text(public_line(make_key("stadium-1", tmp_path / "keys")) + "\n")
    return made


def test_where_signatures_are_required_only_signed_days_are_loaded(
    strict: Callable[[], Club], tmp_path: Path
) -> None:
    club, key = strict(), load_key(tmp_path / "keys" / "stadium-1.pem")
    signed = send_days(club.landing, wellness({(0, "anna"): 7}), key=key)
    forged = send_days(club.landing, wellness({(0, "anna"): 1}), hours=1)
    result = club.run("wellness", place_of(signed), place_of(forged))
    assert club.answers() == [("anna", day(0), 7)]
    (made,) = result.asset_materializations_for_node("raw_days")
    assert made.metadata["signed_by"].value == "stadium-1"


@pytest.mark.slow
def test_the_jobs_that_the_sensor_asks_for_run_as_asked(club: Club) -> None:
    from sensors.edge_drops import daily_records, edge_drops, quarantine

    defs = dg.Definitions(
        assets=[raw_days, raw_quarantine],
        jobs=[daily_records, quarantine],
        resources={"lakehouse": club.lakehouse, "landing_zone": club.zone},
    )
    send_days(club.landing, wellness({(0, "anna"): 7}))
    _refuse(club, "a.fit", b"1")
    context = dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral())
    asked = edge_drops(context, landing_zone=club.zone).run_requests or []
    assert {request.job_name for request in asked} == {"daily_records", "quarantine"}
    for request in asked:
        assert request.job_name is not None
        result = defs.resolve_job_def(request.job_name).execute_in_process(
            run_config=request.run_config,
            asset_selection=list(request.asset_selection or []) or None,
        )
        assert result.success
    assert club.answers() == [("anna", day(0), 7)]
    assert club.rows(QUARANTINE, "rule") == [("malformed",)]


def test_several_drops_of_injuries_make_all_days_again_once(club: Club) -> None:
    drops = [
        send_days(club.landing, injuries({f"i{n}": (n, "anna")}, first=n, last=n)) for n in (0, 3)
    ]
    assert touched(INJURIES, [drop.manifest for drop in drops]) == {
        drops[0].manifest.source: [ALWAYS]
    }
