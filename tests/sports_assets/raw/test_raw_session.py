"""What arrived, and what is done about what did not arrive well."""

import re
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from edge_ingest.errors import IncompleteDropError
from edge_ingest.records import SESSIONS
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from sports_assets.partitions import SESSIONS_NAME
from sports_assets.raw.assets import raw_session
from sports_assets.raw.build import ArrivedDrop, build_session
from tests.sports_assets.workouts import ride, send

Run = Callable[[str], tuple[dg.ExecuteInProcessResult, list[int]]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Build a session; gives the result, and the revisions that are in the lakehouse then."""
    instance = dg.DagsterInstance.ephemeral()
    (tmp_path / "lake").mkdir()
    lakehouse = LakehouseResource(
        catalog_uri=f"sqlite:///{tmp_path}/lake/catalog.db?timeout=60",
        warehouse_uri=str(tmp_path / "lake"),
    )
    zone = LandingZoneResource(landing_uri=str(tmp_path / "landing"), club_timezone="Europe/Berlin")

    def build(session: str) -> tuple[dg.ExecuteInProcessResult, list[int]]:
        instance.add_dynamic_partitions(SESSIONS_NAME, [session])
        result = dg.materialize(
            [raw_session],
            selection=[dg.AssetKey(["raw", "sessions"])],
            resources={"lakehouse": lakehouse, "landing_zone": zone},
            instance=instance,
            partition_key=session,
            raise_on_error=False,
        )
        with lakehouse.open() as store, store.connect() as connection:
            store.view(connection, SESSIONS, "sessions", [session])
            found = connection.sql("select revision from sessions order by 1").fetchall()
        return result, [row[0] for row in found]

    return build


def test_a_half_copied_correction_is_left_out_and_loaded_once_it_is_whole(
    tmp_path: Path, run: Run
) -> None:
    landing = tmp_path / "landing"
    session = send(landing, ride(speed_mps=8.0)).session_id
    second = send(landing, ride(speed_mps=9.0))
    late = second.folder / "positions.parquet"
    late.rename(tmp_path / "on-its-way")

    assert run(session)[1] == [1]
    assert not list(landing.rglob("refused.json"))
    (tmp_path / "on-its-way").rename(late)
    assert run(session)[1] == [2]


def test_a_session_of_nothing_but_half_a_drop_fails_and_refuses_nothing(
    tmp_path: Path, run: Run
) -> None:
    drop = send(tmp_path / "landing", ride())
    (drop.folder / "signals.parquet").unlink()

    result, revisions = run(drop.session_id)

    assert not result.success
    assert revisions == []
    assert not list(tmp_path.rglob("refused.json"))
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert "r0001 waits for signals.parquet" in failed.event_specific_data.error.message


def test_a_refused_drop_that_is_sent_again_is_loaded(tmp_path: Path, run: Run) -> None:
    drop = send(tmp_path / "landing", ride())
    path = drop.folder / "positions.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")
    assert not run(drop.session_id)[0].success
    refusal = (drop.folder / "refused.json").read_text()
    assert '"rule": "checksum"' in refusal

    path.write_bytes(whole)

    result, revisions = run(drop.session_id)
    assert result.success
    assert revisions == [1]


def test_a_disk_that_fails_is_no_fault_of_the_drop(tmp_path: Path) -> None:
    drop = send(tmp_path, ride())

    def fetch(_name: str) -> bytes:
        raise OSError(116, "Stale file handle")

    with pytest.raises(IncompleteDropError, match="Stale file handle"):
        build_session(drop.session_id, [ArrivedDrop(drop.manifest, "place", fetch)])


def test_a_refusal_carries_no_value_of_an_athlete(tmp_path: Path, run: Run) -> None:
    """A heart rate that nobody has, let through by a foreign packer."""
    from edge_ingest.drops import content as drop_content

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drop_content, "_refuse_misfits", lambda *_: None)
        recording = ride(heart_rate_bpm=171.25)
        signals = recording.tables["signals"]
        index = signals.schema.get_field_index("quality")
        bad = signals.set_column(index, "quality", [[-1] * signals.num_rows])
        recording.tables["signals"] = bad  # type: ignore[index]
        drop = send(tmp_path / "landing", recording)

    result, _ = run(drop.session_id)

    assert not result.success
    told = (drop.folder / "refused.json").read_text()
    told += "".join(str(event) for event in result.all_events if event.is_step_failure)
    assert "120 rows break quality" in told
    # Run ids, folders and fractions of a second have these digits, too.
    assert not re.search(r"(?<![\w.-])171", told)
    assert "rider" not in told
