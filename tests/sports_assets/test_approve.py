"""`python -m sports_assets approve`: from a person's word to a row of raw/approvals."""

from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from edge_ingest.drops.signing import make_key
from edge_ingest.records import APPROVALS
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.model_registry import Alias
from sensors.edge_drops import daily_records, edge_drops
from sports_assets.cli import app
from sports_assets.raw.assets import raw_days
from tests.resources.model_records import BECAUSE, NAME, record, registry_in

WORD = ("approve", "injury_risk", "1", "--by", "Dr. Name")
REASON = ("--reason", "calibrated on last season")


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that knows one version."""
    folder = tmp_path_factory.mktemp("registry")
    registry = registry_in(folder)
    registry.log_and_register(record(), b"one")
    registry.set_alias(NAME, Alias.CHAMPION, 1, expected=None, because=BECAUSE)
    return folder / "mlflow" / "mlflow.db"


@pytest.fixture
def home(tmp_path: Path, registered: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPORTS_HOME", str(tmp_path))
    monkeypatch.setenv("SPORTS_MLFLOW_URI", f"sqlite:///{registered}")
    monkeypatch.delenv("SPORTS_EDGE_KEY", raising=False)
    (tmp_path / "landing").mkdir()
    return tmp_path


def told(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


def test_a_word_is_told_with_who_and_where(home: Path) -> None:
    said = told(*WORD, *REASON)
    assert "injury_risk version 1" in said
    assert "rollback" not in said
    assert "Dr. Name" in said
    (drop,) = home.glob("landing/days_*.approval/r0001")
    assert str(drop) in said


def test_a_word_is_signed_with_the_key_that_is_configured(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_key("office", home / "keys")
    monkeypatch.setenv("SPORTS_EDGE_KEY", str(home / "keys" / "office.pem"))
    said = told(*WORD, *REASON, "--refuse")
    assert "office" in said
    assert "it serves now, and goes on: `rollback`" in said
    (manifest,) = home.glob("landing/*/r0001/manifest.json")
    assert '"node_id": "office"' in manifest.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (WORD, "Missing option '--reason'"),
        ((*WORD, "--reason", " "), "an approval without a reason is none"),
        (("approve", "luck", *WORD[2:], *REASON), "'luck' is no model: name one of injury_risk"),
        (("approve", "injury_risk", "0", *WORD[3:], *REASON), "greater than or equal to 1"),
        ((*WORD, *REASON, "--key", "nowhere.pem"), "there is no key nowhere.pem"),
        (("approve", "injury_risk", "9", *WORD[3:], *REASON), "injury_risk has no version 9"),
    ],
)
def test_what_is_missing_is_told_and_nothing_is_sent(
    home: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert words in told(*arguments, code=2)
    assert not list((home / "landing").iterdir())


@pytest.mark.slow
def test_words_of_one_day_become_rows_by_the_sensors_run(home: Path) -> None:
    told(*WORD, *REASON)
    told(*WORD, "--reason", "a leak was found", "--refuse")
    zone = LandingZoneResource(landing_uri=str(home / "landing"), club_timezone="Europe/Berlin")
    lake = LakehouseResource(
        catalog_uri=f"sqlite:///{home}/catalog.db?timeout=60", warehouse_uri=str(home / "lake")
    )
    context = dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral())
    (asked,) = edge_drops(context, landing_zone=zone).run_requests or []
    assert asked.asset_selection == [dg.AssetKey(["raw", "approvals"])]
    defs = dg.Definitions(
        assets=[raw_days],
        jobs=[daily_records],
        resources={"lakehouse": lake, "landing_zone": zone},
        executor=dg.in_process_executor,
    )
    result = defs.resolve_job_def(daily_records.name).execute_in_process(
        run_config=asked.run_config, asset_selection=list(asked.asset_selection)
    )
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    with lake.open() as store, store.connect() as connection:
        store.view(connection, APPROVALS, "t")
        found = connection.sql(
            "select model_name, model_version, verdict, approved_by, reason from t "
            "order by approved_at_utc"
        ).fetchall()
    assert found == [
        ("injury_risk", 1, "approved", "Dr. Name", "calibrated on last season"),
        ("injury_risk", 1, "refused", "Dr. Name", "a leak was found"),
    ]
