"""Sessions through the real asset graph, in this process: same input, same tables."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from pkgutil import resolve_name

import dagster as dg
import pytest

from resources.contracts import ALL
from resources.dagster_resources import (
    BackupResource,
    FootageLookResource,
    LakehouseResource,
    LandingZoneResource,
    ModelsResource,
    ReportStoreResource,
)
from resources.dbt.contracts import dbt_contracts
from sports_assets.definitions import defs
from sports_assets.partitions import SESSIONS_NAME
from sports_assets.warehouse.assets import PROJECT
from tests.sports_assets.workouts import FIRST, ride, send

CONTRACTS = {one.key: one for one in (*ALL, *dbt_contracts(PROJECT.manifest).values())}
GRAPH = defs.resolve_asset_graph()
SESSION_ASSETS = sorted(
    key.to_user_string() for key in GRAPH.materializable_asset_keys if GRAPH.get(key).is_partitioned
)

RAW_ASSETS = [name for name in SESSION_ASSETS if name.startswith("raw/")]


class Club:
    """A lakehouse, a landing zone and a report store in one folder, and an instance."""

    def __init__(self, home: Path) -> None:
        self.landing = home / "landing"
        self.instance = dg.DagsterInstance.ephemeral()
        lake = home / "lakehouse"
        lake.mkdir(parents=True)
        self.resources = {
            "lakehouse": LakehouseResource(
                catalog_uri=f"sqlite:///{lake}/catalog.db?timeout=60",
                warehouse_uri=str(lake / "warehouse"),
            ),
            "landing_zone": LandingZoneResource(
                landing_uri=str(self.landing), club_timezone="Europe/Berlin"
            ),
            "report_store": ReportStoreResource(report_uri=str(home / "reports")),
            "backups": BackupResource(backup_uri=str(home / "backups")),
            "footage_look": FootageLookResource(),
            "pipes": dg.PipesSubprocessClient(),
            "models": ModelsResource(
                mlflow_uri=f"sqlite:///{home}/mlflow.db", model_uri=str(home / "models")
            ),
        }

    def run(
        self,
        sessions: Sequence[str],
        only: Sequence[str] | None = None,
        *,
        expect: bool = True,
    ) -> dg.ExecuteInProcessResult:
        self.instance.add_dynamic_partitions(SESSIONS_NAME, list(sessions))
        keys = [dg.AssetKey(name.split("/")) for name in only or SESSION_ASSETS]
        tags = {
            "dagster/asset_partition_range_start": sessions[0],
            "dagster/asset_partition_range_end": sessions[-1],
        }
        result = dg.materialize(
            list(defs.assets or []),
            selection=keys,
            resources=self.resources,
            instance=self.instance,
            tags=tags if len(sessions) > 1 else None,
            partition_key=sessions[0] if len(sessions) == 1 else None,
            raise_on_error=False,
        )
        assert result.success == expect, _why(result)
        return result

    def hashes(self, sessions: Sequence[str]) -> dict[str, str]:
        with self.resources["lakehouse"].open() as store:
            return {
                name: store.content_hash(
                    CONTRACTS[name],
                    sessions if CONTRACTS[name].replaced_by == "session" else None,
                )
                for name in SESSION_ASSETS
            }

    def query(self, key: str, sql: str, session: str) -> list[tuple]:
        with self.resources["lakehouse"].open() as store, store.connect() as connection:
            store.view(connection, CONTRACTS[key], "t", [session])
            return connection.sql(sql).fetchall()


def _why(result: dg.ExecuteInProcessResult) -> str:
    return "\n".join(
        event.event_specific_data.error.to_string()
        for event in result.all_events
        if event.is_step_failure
    )


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Club:
    return Club(tmp_path_factory.mktemp("club"))


@pytest.fixture(scope="module")
def sessions(club: Club) -> list[str]:
    """Three days of one rider, each faster than the last, through the whole way one by one."""
    drops = [
        send(club.landing, ride(FIRST + timedelta(days=day), speed_mps=7.0 + day))
        for day in range(3)
    ]
    named = [drop.session_id for drop in drops]
    for session in named:
        club.run([session])
    return named


@pytest.fixture(scope="module")
def before(club: Club, sessions: list[str]) -> dict[str, str]:
    """Every table as the first runs left it: whatever runs again must leave it so."""
    return club.hashes(sessions)


@pytest.mark.slow
class TestSameDropsAgain:
    def test_second_run_leaves_every_table_and_the_report_as_they_were(
        self, club: Club, sessions: list[str], before: dict[str, str]
    ) -> None:
        club.run(sessions[:1])
        club.run(sessions)
        assert club.hashes(sessions) == before
        revisions = "select count(*), max(revision) from t"
        assert club.query("report/session", revisions, sessions[0]) == [(1, 1)]

    @pytest.mark.parametrize("name", SESSION_ASSETS)
    def test_any_asset_alone_gives_the_same(
        self, club: Club, sessions: list[str], before: dict[str, str], name: str
    ) -> None:
        club.run([sessions[1]], [name])
        assert club.hashes(sessions) == before
        materialized = club.instance.get_latest_materialization_event(dg.AssetKey(name.split("/")))
        assert materialized is not None

    def test_history_is_what_came_before(self, club: Club, sessions: list[str]) -> None:
        counts = "select max(earlier_session_count) from t where metric = 'total_distance_m'"
        found = [
            club.query("mart/athlete_session_baseline", counts, session)[0][0]
            for session in sessions
        ]
        assert found == [None, 1, 2]


@pytest.mark.slow
def test_a_corrected_drop_replaces_its_stream_and_revises_the_page(tmp_path: Path) -> None:
    club = Club(tmp_path)
    session = send(club.landing, ride(speed_mps=8.0)).session_id
    club.run([session])
    distance = "select round(total_distance_m) from t"
    assert club.query("mart/athlete_session_external_load", distance, session) == [(472.0,)]
    send(club.landing, ride(speed_mps=9.0))
    club.run([session])
    assert club.query("mart/athlete_session_external_load", distance, session) == [(531.0,)]
    assert club.query("raw/positions", "select count(*) from t", session) == [(60,)]
    assert club.query("report/session", "select max(revision) from t", session) == [(2,)]
    assert (tmp_path / "reports" / session / "r0001.html").is_file()


@pytest.mark.slow
def test_a_second_device_adds_its_stream(tmp_path: Path) -> None:
    club = Club(tmp_path)
    session = send(club.landing, ride(device="watch-1")).session_id
    send(club.landing, ride(device="watch-2"))
    club.run([session])
    streams = "select count(distinct stream_id), count(*) from t"
    assert club.query("raw/positions", streams, session) == [(2, 120)]
    assert club.query("core/session", "select stream_count from t", session) == [(2,)]
    distance = "select count(*), round(max(total_distance_m)) from t"
    assert club.query("mart/athlete_session_external_load", distance, session) == [(1, 472.0)]


@pytest.mark.slow
def test_an_altered_drop_is_refused_and_the_revision_before_it_counts(tmp_path: Path) -> None:
    club = Club(tmp_path)
    session = send(club.landing, ride(speed_mps=8.0)).session_id
    second = send(club.landing, ride(speed_mps=9.0))
    with (second.folder / "positions.parquet").open("ab") as file:
        file.write(b"x")
    club.run([session])
    assert (second.folder / "refused.json").is_file()
    assert club.query("raw/sessions", "select revision from t", session) == [(1,)]
    result = dg.materialize(
        list(defs.assets or []),
        selection=[dg.AssetKey(["raw", "quarantine"])],
        resources=club.resources,
        instance=club.instance,
    )
    assert result.success
    with club.resources["lakehouse"].open() as store, store.connect() as connection:
        store.view(connection, CONTRACTS["raw/quarantine"], "q")
        ((reason, kept),) = connection.sql("select reason, kept_at_uri from q").fetchall()
    assert "was altered on the way" in reason
    assert kept.endswith("r0002")


@pytest.mark.slow
def test_a_bad_row_is_not_in_the_lakehouse_and_the_run_says_why(tmp_path: Path) -> None:
    """A session that ends before it starts fits raw, and fails a blocking dbt test of core."""
    club = Club(tmp_path)
    good = ride()
    session = send(club.landing, good).session_id
    club.run([session])
    before = club.hashes([session])
    backwards = replace(good.session, ended_at_utc=good.session.started_at_utc - timedelta(hours=1))
    send(club.landing, replace(good, session=backwards))
    result = club.run([session], expect=False)
    why = _why(result)
    assert "core/session" in why
    assert "session_ends_after_it_starts" in why
    after = club.hashes([session])
    changed = {name for name in before if before[name] != after[name]}
    assert "raw/sessions" in changed
    assert not changed & {
        name for name in before if name.startswith(("core/session", "mart/", "report/"))
    } - {"core/session_source"}
    (check,) = [
        one
        for one in result.get_asset_check_evaluations()
        if one.check_name == "session_ends_after_it_starts"
    ]
    assert not check.passed
    assert check.blocking


@pytest.mark.slow
@pytest.mark.parametrize("name", SESSION_ASSETS)
def test_a_run_without_a_session_fails_at_once_and_names_the_remedy(
    tmp_path: Path, name: str
) -> None:
    club = Club(tmp_path)
    result = dg.materialize(
        list(defs.assets or []),
        selection=[dg.AssetKey(name.split("/"))],
        resources=club.resources,
        instance=club.instance,
        raise_on_error=False,
    )
    assert not result.success
    assert "names no session: choose one or several sessions" in _why(result)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "assets"),
    [
        ("sports_assets.raw.assets.load_session", RAW_ASSETS),
        ("sports_assets.tracking.assets.kinematics", ["tracking/kinematics"]),
    ],
)
def test_a_correction_that_lands_while_an_older_run_is_at_work_is_what_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, assets: list[str]
) -> None:
    club = Club(tmp_path)
    session = send(club.landing, ride(speed_mps=7.0)).session_id
    club.run([session], RAW_ASSETS)
    work = resolve_name(step)
    corrected: dict[str, str] = {}

    def overtaken(*arguments: object) -> object:
        made = work(*arguments)
        if not corrected:
            monkeypatch.setattr(step, work)
            send(club.landing, ride(speed_mps=9.0))
            club.run([session], [*RAW_ASSETS, "tracking/kinematics"])
            corrected.update(raw_and_kinematics(club, session))
        return made

    monkeypatch.setattr(step, overtaken)
    club.run([session], assets)
    assert corrected
    assert raw_and_kinematics(club, session) == corrected
    assert max(club.query("tracking/kinematics", "select speed_mps from t", session))[0] > 8.5


def raw_and_kinematics(club: Club, session: str) -> dict[str, str]:
    with club.resources["lakehouse"].open() as store:
        return {
            name: store.content_hash(CONTRACTS[name], [session])
            for name in (*RAW_ASSETS, "tracking/kinematics")
        }
