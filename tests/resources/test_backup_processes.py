"""Backups while others write, and backups and restores that are killed."""

import json
import subprocess
import sys
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from resources.errors import BackupError
from tests.resources.backups import NIGHT, Club
from tests.resources.conftest import Place, fresh_place

HERE = Path(__file__).parent
COMMITS = 10


@pytest.fixture(params=["local", pytest.param("production", marks=pytest.mark.soak)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """As every test's, but for production at soak: a backup and restore there is tested anyway."""
    return fresh_place(request, tmp_path)


def start(script: str, place: Place, **job: object) -> "subprocess.Popen[str]":
    told = {"catalog": place.catalog_uri, "uri": place.uri, "s3": place.s3}
    told["warehouse"] = place.warehouse_uri
    return subprocess.Popen(
        [sys.executable, HERE / script, json.dumps(told | job)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed_half_way(place: Place, **job: object) -> None:
    process = start("backup_process.py", place, **job)
    assert process.stdout is not None
    assert process.stdout.readline() == "half-way\n", process.communicate()[1]
    process.kill()
    process.communicate(timeout=30)


@pytest.mark.slow
def test_a_backup_taken_while_others_write_is_of_one_snapshot_of_each_table(place: Place) -> None:
    club = Club(place)
    club.fill()
    first = club.catalog.find("raw/athletes")
    assert first is not None
    writer = start(
        "writer_process.py", place, writer="w", times=COMMITS, session="2024-05-{number}_football_t"
    )
    taken, second = [], count()
    while writer.poll() is None:
        taken.append(club.back_up(NIGHT + timedelta(seconds=next(second))))
    assert writer.wait() == 0, writer.communicate()[1]
    last = club.hashes()
    amid = [
        (manifest, table.snapshot_id)
        for manifest in taken
        for table in manifest.tables
        if table.key == "raw/athletes"
    ]
    ends = {first.metadata.current_snapshot_id, club.place.lakehouse.snapshot_id("raw/athletes")}
    between = [manifest for manifest, snapshot in amid if snapshot not in ends]
    assert between, "no backup fell between two commits: let the writer commit more"
    chosen = between[len(between) // 2]
    expected = club.hashes(chosen)
    assert expected != last
    club.lose_catalog()
    club.restore(chosen.name)
    assert club.hashes() == expected
    # The sessions that came after it are written again, as their drops are asked for again.
    for number in range(COMMITS):
        club.commit(f"2024-05-{number}_football_t", *(f"w-{number}-{n}" for n in range(3)))
    assert club.hashes() == last


@pytest.mark.slow
def test_a_backup_that_was_killed_is_none_and_a_restore_that_was_killed_is_run_again(
    place: Place,
) -> None:
    club = Club(place)
    club.fill()
    killed_half_way(place)
    assert club.store.unfinished() == ("2026-03-01T043000Z",)
    assert club.store.whole() == ()
    with pytest.raises(BackupError, match=r"no whole backup 2026-03-01T043000Z.*is missing"):
        club.restore("2026-03-01T043000Z")

    manifest = club.back_up(NIGHT + timedelta(days=1, seconds=1))
    assert manifest.removes == ("2026-03-01T043000Z",)
    assert club.store.unfinished() == ()

    before = club.hashes()
    club.lose_catalog()
    killed_half_way(place, restore=manifest.name)
    assert club.catalog.keys() == ["raw/athletes"]
    again = club.restore(manifest.name)
    assert again.unchanged == ("raw/athletes",)
    assert club.hashes() == before
