"""Drops: whole or not there, once each, and honest about damage."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.drops import content as drop_content
from edge_ingest.drops import drop as drops
from edge_ingest.drops.arrival import as_raw, check, read_manifest, read_table, verify
from edge_ingest.drops.drop import PackedDrop, pack
from edge_ingest.drops.encoding import ADDED_IN_RAW
from edge_ingest.drops.replay import find_drops
from edge_ingest.errors import ContractError, DropError, IncompleteDropError
from edge_ingest.manifest import Manifest
from edge_ingest.records import POSITIONS, SESSION_TABLES
from edge_ingest.scratch import FILLING, scratch_folder
from tests.edge_ingest.recordings import (
    IDENTITY,
    NOW,
    START,
    positions,
    recording,
    whole_recording,
)

STREAM = "2024-05-04_football_test-match.tracker-1.tracking"


def _tables(drop: PackedDrop) -> dict[str, pa.Table]:
    return {
        file.table: read_table(drop.manifest, file, lambda name: (drop.folder / name).read_bytes())
        for file in drop.manifest.files
    }


def test_a_drop_says_all_that_the_recording_said(tmp_path: Path) -> None:
    drop = pack(recording(), tmp_path, IDENTITY, NOW)

    assert drop.is_new
    assert drop.folder == tmp_path / STREAM / "r0001"
    assert verify(drop.folder) == []
    assert read_manifest(drop.folder) == drop.manifest
    assert read_manifest((drop.folder / "manifest.json").read_bytes()) == drop.manifest
    manifest = drop.manifest
    assert (manifest.revision, manifest.supersedes) == (1, None)
    assert manifest.session is not None
    assert manifest.session.site == "test-ground"
    assert manifest.clock.uncertainty_s == 0.5
    assert manifest.filter_settings == {"run_off_m": 5.0}
    tables = _tables(drop)
    assert tables["sessions"].to_pylist()[0]["started_at_utc"] == START
    assert tables["positions"].num_rows == 15
    assert set(tables) == {"athletes", "positions", "sessions"}


def test_rows_of_a_drop_become_rows_of_raw(tmp_path: Path) -> None:
    drop = pack(recording(), tmp_path, IDENTITY, NOW)

    for file in drop.manifest.files:
        rows = _tables(drop)[file.table]
        raw = as_raw(drop.manifest, file, rows, "2024-05-04_football_other")
        contract = SESSION_TABLES[file.table]
        assert raw.schema == contract.schema
        assert contract.violations(raw) == []
        assert set(raw.column("session_id").to_pylist()) == {"2024-05-04_football_other"}
        assert set(raw.column("stream_id").to_pylist()) == {STREAM}
        assert not set(ADDED_IN_RAW[file.table]) & set(rows.column_names)
    sessions = as_raw(drop.manifest, drop.manifest.files[-1], _tables(drop)["sessions"], "x")
    assert sessions.to_pylist()[0]["edge_session_id"] == IDENTITY.session_id
    assert sessions.to_pylist()[0]["drop_id"] == drop.manifest.drop_id


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    one = pack(recording(), tmp_path / "a", IDENTITY, NOW)
    two = pack(recording(), tmp_path / "b", IDENTITY, NOW)

    for path in sorted(one.folder.iterdir()):
        assert path.read_bytes() == (two.folder / path.name).read_bytes()
    assert one.manifest.drop_id == two.manifest.drop_id


def test_packing_the_same_again_writes_nothing(tmp_path: Path) -> None:
    first = pack(recording(), tmp_path, IDENTITY, NOW)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    again = pack(recording(), tmp_path, IDENTITY, NOW + timedelta(days=3))

    assert not again.is_new
    assert again.folder == first.folder
    assert again.manifest == first.manifest
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_correction_is_the_next_revision_and_a_correction_back_another(tmp_path: Path) -> None:
    packed = [pack(recording(x), tmp_path, IDENTITY, NOW) for x in (0.5, 0.6, 0.5)]

    assert [drop.manifest.revision for drop in packed] == [1, 2, 3]
    assert [drop.manifest.supersedes for drop in packed[1:]] == [
        drop.manifest.drop_id for drop in packed[:2]
    ]
    assert packed[0].manifest.content_sha256 == packed[2].manifest.content_sha256
    assert packed[0].manifest.drop_id != packed[2].manifest.drop_id


def test_a_coarser_scale_is_another_content(tmp_path: Path) -> None:
    fine = pack(recording(), tmp_path, IDENTITY, NOW)
    coarse = pack(replace(recording(), metres_per_count=0.01), tmp_path, IDENTITY, NOW)

    assert coarse.manifest.revision == 2
    assert fine.manifest.scale["x_m"] == 0.005
    assert coarse.manifest.scale["x_m"] == 0.01


@pytest.mark.slow
@given(st.lists(st.none() | st.floats(-200, 200, allow_subnormal=False), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_every_position_comes_back_within_five_millimetres(
    tmp_path_factory: pytest.TempPathFactory, metres: list[float | None]
) -> None:
    x = np.array([np.nan if value is None else value for value in metres])
    rows = positions(0.0, len(metres))
    x_all = np.concatenate([x, np.zeros(2 * len(metres))])
    rows = rows.set_column(
        rows.schema.get_field_index("x_m"), "x_m", pa.array(x_all, mask=np.isnan(x_all))
    )

    drop = pack(recording(rows=rows), tmp_path_factory.mktemp("landing"), IDENTITY, NOW)

    back = _tables(drop)["positions"]
    found = back.filter(pc.equal(back["source_athlete_id"], "7"))["x_m"].to_pylist()
    for expected, value in zip(metres, found, strict=True):
        assert (expected is None) == (value is None)
        assert expected is None or abs(expected - value) <= 0.005


def test_a_drop_packed_by_the_first_version_still_loads(tmp_path: Path) -> None:
    """Kept as it was written before signals were counted and numbers stored as differences."""
    old = Path(__file__).parent / "kept_drops" / "2024-05-04_football_test-match.kept.tracking"
    kept = PackedDrop(old / "r0001", read_manifest(old / "r0001"), is_new=False)
    assert kept.manifest.encoding == 1
    assert "signals.heart_rate" not in kept.manifest.scale
    assert verify(kept.folder) == []

    then, now = _tables(kept), _tables(pack(whole_recording(), tmp_path, IDENTITY, NOW))

    assert set(then) == set(now) == {"athletes", "events", "positions", "sessions", "signals"}
    for name in set(then) - {"signals"}:
        assert then[name].equals(now[name]), name
    # The first version kept signals as they were; this one says how far off they may be.
    bands = {"altitude": 0.2}
    scale = read_manifest(next((tmp_path).rglob("manifest.json"))).scale
    for old_row, row in zip(then["signals"].to_pylist(), now["signals"].to_pylist(), strict=True):
        channel, value = row["channel"], old_row.pop("value")
        error = bands.get(channel, 0) + scale[f"signals.{channel}"] / 2 + 1e-9
        assert (value is None) == (row["value"] is None)
        assert value is None or abs(row["value"] - value) <= error
        assert old_row == {key: row[key] for key in old_row}


def test_the_manifest_states_how_far_off_a_signal_may_be(tmp_path: Path) -> None:
    manifest = pack(whole_recording(), tmp_path / "a", IDENTITY, NOW).manifest

    assert manifest.encoding == 2
    assert {name: step for name, step in manifest.scale.items() if "signals" in name} == {
        "signals.heart_rate": 1, "signals.power": 1, "signals.speed": 0.001,
        "signals.altitude": 0.2,
    }  # fmt: skip
    assert manifest.filter_settings == {"run_off_m": 5.0, "dead_band.altitude": 0.2}
    plain = pack(replace(whole_recording(), dead_bands={}), tmp_path / "b", IDENTITY, NOW).manifest
    assert plain.filter_settings == {"run_off_m": 5.0}
    assert plain.content_sha256 != manifest.content_sha256


def _pack_in_another_process(landing: Path, x_m: float) -> Manifest:
    return pack(recording(x_m), landing, IDENTITY, NOW).manifest


def test_packers_of_one_stream_never_share_a_revision(tmp_path: Path) -> None:
    values = [index / 10 for index in range(12)]
    with ProcessPoolExecutor(4) as pool:
        manifests = list(pool.map(_pack_in_another_process, [tmp_path] * len(values), values))

    assert sorted(manifest.revision for manifest in manifests) == list(range(1, 13))
    by_revision = {manifest.revision: manifest for manifest in manifests}
    for revision in range(2, 13):
        assert by_revision[revision].supersedes == by_revision[revision - 1].drop_id
    assert sorted(path.name for path in (tmp_path / STREAM).iterdir()) == [
        f"r{revision:04d}" for revision in range(1, 13)
    ]


def test_a_packer_that_always_loses_gives_up_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drops, "publish", lambda _unfinished, _target: False)

    with pytest.raises(DropError, match="20 times another packer"):
        pack(recording(), tmp_path, IDENTITY, NOW)

    assert list((tmp_path / STREAM).iterdir()) == []


def test_what_a_packer_fills_is_left_alone_while_it_lives_and_swept_once_it_is_killed(
    tmp_path: Path,
) -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:  # the child stands still between its last file and the rename

        def stands_still(*_: object) -> bool:
            os.write(writer, b".")
            time.sleep(600)
            os._exit(0)

        drops.publish = stands_still  # type: ignore[assignment]
        pack(recording(), tmp_path, IDENTITY, NOW)
    os.read(reader, 1)
    try:
        (left,) = (tmp_path / FILLING).iterdir()
        pack(recording(kind="events"), tmp_path, IDENTITY, NOW + timedelta(days=3))
        assert left.exists()  # it is still at work
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert find_drops(tmp_path)[0].manifest.kind == "events"

    assert pack(recording(), tmp_path, IDENTITY, NOW).manifest.revision == 1
    assert not (tmp_path / FILLING).exists()


def test_what_another_machine_fills_on_a_share_is_left_for_a_day(tmp_path: Path) -> None:
    """Its lock may not be seen here."""
    left = tmp_path / FILLING / "another-host.x7"
    left.mkdir(parents=True)
    os.utime(left, (NOW.timestamp(), NOW.timestamp()))
    pack(recording(), tmp_path, IDENTITY, NOW + timedelta(hours=23))
    assert left.exists()
    pack(recording(), tmp_path, IDENTITY, NOW + timedelta(hours=25))
    assert not left.exists()


def test_a_folder_that_something_else_is_filling_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / STREAM / "r0001").mkdir(parents=True)
    (tmp_path / STREAM / "r0001" / "positions.parquet").write_bytes(b"half")

    with pytest.raises(DropError, match=r"r0001 has no manifest.json.*pack again"):
        pack(recording(), tmp_path, IDENTITY, NOW)

    assert (tmp_path / STREAM / "r0001" / "positions.parquet").read_bytes() == b"half"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"team_side": ["left"] * 15}, "15 rows break team_side home, away"),
        ({"period_id": [99] * 15}, "15 rows break period_id 20"),
        ({"frame_id": [1] * 15}, "unique"),
    ],
)
def test_rows_that_break_the_contract_are_not_packed(
    tmp_path: Path, change: dict[str, list], words: str
) -> None:
    rows = positions(0.0)
    for name, values in change.items():
        index = rows.schema.get_field_index(name)
        rows = rows.set_column(index, name, pa.array(values, rows.schema.field(name).type))

    with pytest.raises(ContractError, match=words):
        pack(recording(rows=rows), tmp_path, IDENTITY, NOW)
    assert list(tmp_path.rglob("manifest.json")) == []


def test_a_table_that_no_drop_carries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no drop carries 'wellness'"):
        pack(recording(tables={"wellness": pa.table({})}), tmp_path, IDENTITY, NOW)


def test_a_device_that_is_no_slug_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DropError, match="Tracker 1"):
        pack(recording(device_id="Tracker 1"), tmp_path, IDENTITY, NOW)


def _rules(folder: Path) -> list[tuple[str, str | None]]:
    return [(problem.rule, problem.file) for problem in verify(folder)]


def test_verify_names_every_kind_of_damage(tmp_path: Path) -> None:
    drop = pack(recording(), tmp_path, IDENTITY, NOW)
    folder = drop.folder
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}

    def damaged(name: str, payload: bytes | None) -> list[tuple[str, str | None]]:
        for known, content in whole.items():
            (folder / known).write_bytes(content)
        (folder / name).unlink() if payload is None else (folder / name).write_bytes(payload)
        return _rules(folder)

    assert damaged("positions.parquet", None) == [("missing", "positions.parquet")]
    altered = bytearray(whole["positions.parquet"])
    altered[100] ^= 1
    assert damaged("positions.parquet", bytes(altered)) == [("checksum", "positions.parquet")]
    assert damaged("manifest.json", None) == [("manifest", "manifest.json")]
    assert damaged("manifest.json", b"{}") == [("manifest", "manifest.json")]
    half = whole["manifest.json"][: len(whole["manifest.json"]) // 2]
    assert damaged("manifest.json", half) == [("manifest", "manifest.json")]
    lied = whole["manifest.json"].replace(b'"rows": 15', b'"rows": 16')
    assert damaged("manifest.json", lied) == [("rows", "positions.parquet")]
    unscaled = whole["manifest.json"].replace(b'"x_m": 0.005', b'"x_m": 0.5')
    assert damaged("manifest.json", unscaled) == [("manifest", "manifest.json")]
    assert damaged("extra.parquet", b"") == []  # nobody reads what the manifest does not name
    folder.rename(tmp_path / "elsewhere")
    assert _rules(tmp_path / "elsewhere") == [("place", None)]


def test_verify_finds_rows_that_a_foreign_packer_let_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop_content, "_refuse_misfits", lambda *_args: None)
    rows = positions(0.0)
    index = rows.schema.get_field_index("quality")
    rows = rows.set_column(index, "quality", pa.array([-1] * 15, pa.int32()))

    drop = pack(recording(rows=rows), tmp_path, IDENTITY, NOW)

    (problem,) = verify(drop.folder)
    assert (problem.rule, problem.file) == ("contract", "positions.parquet")
    assert "15 rows break quality: below_minimum" in str(problem)


def test_a_problem_carries_no_value_of_an_athlete(tmp_path: Path) -> None:
    rows = positions(3_000_000.0)

    with pytest.raises(ContractError) as error:
        pack(recording(rows=rows), tmp_path, IDENTITY, NOW)

    assert "3000000" not in str(error.value).replace(",", "")


def test_a_manifest_reads_from_an_object_store_too(tmp_path: Path) -> None:
    drop = pack(recording(), tmp_path, IDENTITY, NOW)
    store = {path.name: path.read_bytes() for path in drop.folder.iterdir()}

    def fetch(name: str) -> bytes:
        try:
            return store[name]
        except KeyError:
            raise FileNotFoundError(name) from None

    manifest = read_manifest(store["manifest.json"])
    assert check(manifest, fetch) == []
    del store["athletes.parquet"]
    assert [problem.rule for problem in check(manifest, fetch)] == ["missing"]
    assert POSITIONS.name in {file.table for file in manifest.files}


def _spoil(folder: Path) -> None:
    path = folder / "positions.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def _refuse(folder: Path) -> None:
    (folder / "refused.json").write_text("{}")


def _lose(folder: Path) -> None:
    (folder / "athletes.parquet").unlink()


@pytest.mark.parametrize("befall", [_spoil, _refuse, _lose])
def test_a_recording_whose_drop_is_damaged_or_refused_is_packed_again(
    tmp_path: Path, befall: Callable[[Path], None]
) -> None:
    first = pack(recording(), tmp_path, IDENTITY, NOW)
    befall(first.folder)

    again = pack(recording(), tmp_path, IDENTITY, NOW)

    assert again.is_new
    assert (again.manifest.revision, again.manifest.supersedes) == (2, first.manifest.drop_id)
    assert again.manifest.drop_id != first.manifest.drop_id
    assert verify(again.folder) == []
    assert not pack(recording(), tmp_path, IDENTITY, NOW).is_new


def test_a_revision_with_a_spoilt_manifest_is_passed_over(tmp_path: Path) -> None:
    first = pack(recording(0.5), tmp_path, IDENTITY, NOW)
    second = pack(recording(0.6), tmp_path, IDENTITY, NOW)
    (second.folder / "manifest.json").write_text("{")

    third = pack(recording(0.7), tmp_path, IDENTITY, NOW)

    assert (third.manifest.revision, third.manifest.supersedes) == (3, first.manifest.drop_id)


def test_where_no_manifest_can_be_read_the_folder_to_remove_is_named(tmp_path: Path) -> None:
    only = pack(recording(), tmp_path, IDENTITY, NOW)
    (only.folder / "manifest.json").write_text("{")

    with pytest.raises(DropError, match=r"r0001 has no manifest.json that can be read.*remove"):
        pack(recording(), tmp_path, IDENTITY, NOW)


def test_a_second_recording_of_a_device_does_not_replace_the_first(tmp_path: Path) -> None:
    facts = recording().session
    first, second = (replace(facts, source_session_id=name) for name in ("half-1", "half-2"))
    packed = pack(recording(session=first), tmp_path, IDENTITY, NOW)

    with pytest.raises(DropError, match=r"another recording of tracker-1.*half-1.*--device"):
        pack(recording(0.7, session=second), tmp_path, IDENTITY, NOW)

    assert [path.name for path in packed.folder.parent.iterdir()] == ["r0001"]
    other = recording(0.7, session=second, device_id="tracker-1-b")
    assert pack(other, tmp_path, IDENTITY, NOW).is_new
    assert pack(recording(0.6, session=first), tmp_path, IDENTITY, NOW).manifest.revision == 2


@pytest.mark.parametrize("rest", [None, 0, 100], ids=["missing", "empty", "cut short"])
def test_a_file_that_is_not_whole_may_yet_arrive(tmp_path: Path, rest: int | None) -> None:
    drop = pack(recording(), tmp_path, IDENTITY, NOW)
    path = drop.folder / "positions.parquet"
    whole = path.read_bytes()
    path.unlink() if rest is None else path.write_bytes(whole[:rest])

    with pytest.raises(IncompleteDropError, match=r"positions\.parquet.*wait for it"):
        _tables(drop)


def test_a_file_that_cannot_be_read_now_is_no_fault_of_the_drop(tmp_path: Path) -> None:
    drop = pack(recording(), tmp_path, IDENTITY, NOW)

    def fetch(_name: str) -> bytes:
        raise OSError(5, "Input/output error")

    with pytest.raises(IncompleteDropError, match="Input/output error"):
        read_table(drop.manifest, drop.manifest.files[0], fetch)


def test_a_value_of_the_wrong_type_is_refused_without_being_told(tmp_path: Path) -> None:
    rows = positions(0.0)
    index = rows.schema.get_field_index("quality")
    rows = rows.set_column(index, "quality", pa.array([171.5] * rows.num_rows))

    with pytest.raises(ContractError, match="quality is int32, and some double") as error:
        pack(recording(rows=rows), tmp_path, IDENTITY, NOW)
    assert "171" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_home_that_vanishes_while_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `mkdir` sees it when another process removes the folder between its two looks."""
    real, lost = Path.mkdir, [FileExistsError(17, "File exists")]

    def mkdir(self: Path, *args: object, **named: object) -> None:
        if lost and self.name == FILLING:
            raise lost.pop()
        real(self, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with scratch_folder(tmp_path) as folder:
        assert folder.is_dir()
    assert not lost
    (tmp_path / FILLING).write_text("a file where the folder belongs")
    with pytest.raises(FileExistsError), scratch_folder(tmp_path):
        pass
