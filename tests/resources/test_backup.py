"""What was backed up comes back as it was, or the restore says what is wrong."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_ingest.records import ATHLETES, WELLNESS
from resources.backup.manifest import BackupManifest, sha256
from resources.backup.policy import superfluous
from resources.backup.run import check
from resources.errors import BackupError
from resources.upkeep import POLICY, Action
from tests.resources.backups import NIGHT, TABLES, Club
from tests.resources.conftest import Place
from tests.resources.lakehouse_rows import MATCH, SAME_DAY


def in_folder(folder: Path) -> Club:
    """A lakehouse in a folder of an odd name."""
    return Club(Place(f"sqlite:///{folder}/catalog.db?timeout=60", str(folder / "a [b]"), {}))


@pytest.fixture
def local(tmp_path: Path) -> Club:
    """A filled lakehouse that the test may lose."""
    club = in_folder(tmp_path)
    club.fill()
    return club


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Club, BackupManifest]:
    """A filled lakehouse with a backup, for tests that leave both as they were."""
    club = in_folder(tmp_path_factory.mktemp("kept"))
    club.fill()
    return club, club.back_up()


def test_what_was_lost_comes_back_and_writers_go_on(place: Place) -> None:
    club = Club(place)
    club.fill()
    before = club.hashes()
    manifest = club.back_up()
    assert [table.key for table in manifest.tables] == [
        "raw/athletes", "raw/injuries", "raw/wellness",
    ]  # fmt: skip
    assert [table.data_files for table in manifest.tables] == [2, 0, 2]
    assert club.lose_metadata("raw/athletes") > 5
    club.lose_catalog()
    assert club.catalog.keys() == []

    restored = club.restore(manifest.name)
    assert [one.table.key for one in restored.tables] == club.catalog.keys()
    assert restored.unchanged == ()
    assert club.hashes() == before == club.hashes(manifest)

    # Writers go on: a new session, one in place of its old self, and the next backup too.
    club.commit(SAME_DAY, "7", "8")
    club.commit(MATCH, "9")
    after = club.hashes()
    assert after != before
    second = club.back_up(NIGHT + timedelta(days=1))
    club.lose_catalog()
    club.restore(second.name)
    assert club.hashes() == after
    assert club.restore(second.name).unchanged == tuple(club.catalog.keys())


@pytest.mark.slow
def test_a_restore_that_would_lose_commits_names_them_and_changes_nothing(local: Club) -> None:
    manifest = local.back_up()
    before = local.hashes()
    local.commit(SAME_DAY, "7")
    local.commit(SAME_DAY, "8")
    now = local.hashes()
    with pytest.raises(BackupError, match=r"raw/athletes: 2 snapshots that .*--over"):
        local.restore(manifest.name)
    assert local.hashes() == now
    local.restore(manifest.name, only=["raw/wellness"])
    assert local.hashes() == now
    restored = local.restore(manifest.name, only=["raw/athletes"], is_over=True)
    assert local.hashes() == before
    assert restored.dagster == "left alone, with --only"
    with pytest.raises(BackupError, match="has no table raw/positions"):
        local.restore(manifest.name, only=["raw/positions"])


@pytest.mark.slow
def test_metadata_that_is_gone_under_a_catalogue_that_is_not_comes_back_without_loss(
    local: Club,
) -> None:
    manifest = local.back_up()
    before = local.hashes()
    local.lose_metadata("raw/athletes")
    with pytest.raises(BackupError, match=r"raw/athletes cannot be read.*--only raw/athletes"):
        local.back_up(NIGHT + timedelta(days=1))
    assert local.store.whole() == (manifest.name,)
    assert "raw/athletes" in local.restore(manifest.name).unchanged
    assert local.hashes() == before


@pytest.mark.slow
def test_a_table_whose_newer_metadata_is_gone_needs_to_be_told_over(local: Club) -> None:
    manifest = local.back_up()
    before = local.hashes()
    local.commit(SAME_DAY, "7")
    local.lose_metadata("raw/athletes")
    with pytest.raises(BackupError, match=r"raw/athletes: cannot be read as it is"):
        local.restore(manifest.name)
    local.restore(manifest.name, only=["raw/athletes"], is_over=True)
    assert local.hashes() == before


@pytest.mark.slow
def test_metadata_that_a_power_cut_left_empty_comes_back(local: Club) -> None:
    manifest = local.back_up()
    before = local.hashes()
    local.commit(SAME_DAY, "7")
    table = local.catalog.find("raw/athletes")
    assert table is not None
    Path(table.metadata_location.removeprefix("file://")).write_bytes(b"")
    with pytest.raises(BackupError, match=r"raw/athletes cannot be read.*--only raw/athletes"):
        local.back_up(NIGHT + timedelta(days=1))
    with pytest.raises(BackupError, match=r"raw/athletes: cannot be read as it is"):
        local.restore(manifest.name)
    local.restore(manifest.name, only=["raw/athletes"], is_over=True)
    assert local.hashes() == before


@pytest.mark.slow
def test_upkeep_leaves_what_younger_backups_need_after_an_older_one_was_restored(
    local: Club,
) -> None:
    older = local.back_up()
    local.commit(SAME_DAY, "7")
    local.commit(MATCH, "8")
    younger = local.back_up(NIGHT + timedelta(days=1))
    local.restore(older.name, is_over=True)
    now = datetime.now(UTC)
    keys = [contract.key for contract in TABLES]
    with local.place.lakehouse as lakehouse:
        upkeep = lakehouse.upkeep()
        for days in (POLICY.orphan_grace_d + 1, POLICY.keep_all_d - 1):
            plan = upkeep.plan(keys, {}, now + timedelta(days=days))
            assert not [step for step in plan.steps if step.action is Action.REMOVE]
            assert (
                "restored from a backup"
                in {one.table: one for one in plan.tables}[ATHLETES.key].withheld
            )
        _, checked = check(local.seen, younger.name)
        assert not any(table.faults for table in checked)
        later = upkeep.plan(keys, {}, now + timedelta(days=POLICY.keep_all_d + 1))
        assert [step for step in later.steps if step.action is Action.REMOVE]


@pytest.mark.slow
def test_a_table_that_the_backup_does_not_know_stays(local: Club) -> None:
    with local.place.lakehouse as lakehouse:
        manifest = local.back_up()
        lakehouse.ensure_table(ATHLETES)
        local.catalog.point("raw/later", manifest.tables[0].metadata_location)
    assert local.restore(manifest.name).not_in_backup == ("raw/later",)
    assert "raw/later" in local.catalog.keys()  # noqa: SIM118 - a method of ours


@pytest.mark.slow
def test_missing_data_files_are_named_and_the_last_whole_snapshot_is_there_for_the_asking(
    local: Club,
) -> None:
    whole = local.hashes()
    old = set(local.data_files(ATHLETES))
    local.commit(SAME_DAY, "7")
    (lost,) = set(local.data_files(ATHLETES)) - old
    (of_days,) = local.data_files(WELLNESS, "source = 'watch'")
    manifest = local.back_up()
    local.lose(lost)
    Path(of_days.removeprefix("file://")).write_bytes(b"cut")
    local.lose_catalog()
    said = rf"raw/athletes: {re.escape(lost)} is missing; raw/wellness: .* has 3 bytes instead of"
    with pytest.raises(BackupError, match=said):
        local.restore(manifest.name)
    assert local.catalog.keys() == []

    restored = local.restore(manifest.name, is_partial=True)
    (table,) = [one for one in restored.tables if one.table.key == "raw/athletes"]
    assert len(table.not_whole) == 1
    assert local.hashes()["raw/athletes"] == whole["raw/athletes"]
    # Of the days the file of the snapshot before is still there, with one source's rows.
    assert local.rows(WELLNESS).column("source").unique().to_pylist() == ["diary"]
    # Again, as after a restore that died on its way: it finds what the first one did.
    again = local.restore(manifest.name, is_partial=True)
    assert set(again.unchanged) == set(local.catalog.keys())
    # What could not be restored is not offered to time travel either, and writers go on.
    found = local.catalog.find("raw/athletes")
    assert found is not None
    assert len(found.snapshots()) == 3
    local.commit(SAME_DAY, "7")
    assert local.rows(ATHLETES).num_rows == 5


@pytest.mark.slow
def test_a_table_without_one_whole_snapshot_is_left_out_and_named(local: Club) -> None:
    manifest = local.back_up()
    for location in local.data_files(WELLNESS):
        local.lose(location)
    local.lose_catalog()
    restored = local.restore(manifest.name, is_partial=True)
    assert restored.left_out == ("raw/wellness",)
    assert local.catalog.keys() == ["raw/athletes", "raw/injuries"]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("archives/{}/raw.athletes.zip", flip),
        ("archives/{}/raw.wellness.zip", Path.unlink),
        ("manifests/{}.json", flip),
        ("manifests/{}.json", Path.unlink),
        ("manifests/{}.json", lambda path: path.write_bytes(b"")),
    ],
    ids=["flipped", "missing", "manifest flipped", "no manifest", "empty manifest"],
)
def test_a_damaged_backup_is_refused_with_the_name_of_what_is_damaged(
    kept: tuple[Club, BackupManifest], name: str, harm: Callable[[Path], object]
) -> None:
    club, manifest = kept
    path = Path(club.place.uri) / "backups" / name.format(manifest.name)
    good = path.read_bytes()
    harm(path)
    try:
        with pytest.raises(BackupError, match=re.escape(str(path))):
            club.restore(manifest.name)
    finally:
        path.write_bytes(good)
    assert club.restore(manifest.name).unchanged == tuple(club.catalog.keys())


def test_every_byte_of_a_manifest_counts(kept: tuple[Club, BackupManifest]) -> None:
    club, manifest = kept
    good = manifest.to_json()
    for place in range(0, len(good) - 1, 37):
        bad = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        with pytest.raises(BackupError, match=r"here\.json is damaged"):
            BackupManifest.from_json(bad, "here.json")
    assert club.store.manifest(manifest.name) == manifest


def test_a_manifest_of_before_the_registry_was_kept_is_whole(
    kept: tuple[Club, BackupManifest],
) -> None:
    _, manifest = kept
    told = json.loads(manifest.to_json())["backup"]
    del told["registry"]
    body = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    sealed = f'{{"checksum":"{sha256(body.encode())}","backup":{body}}}'.encode()
    old = BackupManifest.from_json(sealed, "old.json")
    assert old.tables == manifest.tables
    assert "no model registry" in old.registry.note


def test_another_warehouse_is_refused_with_the_reason(
    kept: tuple[Club, BackupManifest],
) -> None:
    club, manifest = kept
    with pytest.raises(BackupError, match=r"/elsewhere: Iceberg's metadata .* where they were"):
        check(replace(club.seen, warehouse_uri="/elsewhere"), manifest.name)


def test_two_backups_of_one_second_do_not_mix(kept: tuple[Club, BackupManifest]) -> None:
    club, manifest = kept
    with pytest.raises(BackupError, match="is there already"):
        club.back_up()
    assert club.store.manifest(manifest.name) == manifest


def test_backups_are_kept_by_policy_and_each_says_what_it_removed(tmp_path: Path) -> None:
    club = in_folder(tmp_path)
    made = [club.back_up(NIGHT + timedelta(days=day)) for day in range(16)]
    assert made[13].removes == ()
    assert made[14].removes == (made[0].name,)
    assert club.store.whole() == tuple(one.name for one in made[2:])
    assert club.restore(made[15].name).tables == ()


def test_of_a_day_the_newest_is_kept_and_all_of_the_last_day() -> None:
    whole = ["2026-03-01T043000Z", "2026-03-01T160000Z", "2026-03-02T120000Z", "2026-03-02T130000Z"]
    now = NIGHT + timedelta(days=1, hours=9)  # 2026-03-02 13:30
    assert superfluous(whole, [], now) == ("2026-03-01T043000Z",)
    begun = ["2026-03-01T120000Z", "2026-03-02T132900Z", "notes"]
    assert superfluous([], begun, now) == ("2026-03-01T120000Z",)
