"""From drops to a scored squad, through Dagster: training, decisions, predictions, rollback.

One small simulated club, and the recovery model for most of it: it trains in a second.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from edge_ingest.contract import TableContract
from edge_ingest.drops.drop import pack_days
from edge_ingest.simulate.club import Settings, simulate
from edge_ingest.simulate.drops import Told, write_club
from resources.approvals import Approval, approval_records
from resources.dagster_resources import (
    LakehouseResource,
    LandingZoneResource,
    ModelsResource,
    ReportStoreResource,
)
from resources.model_contracts import (
    OPS_DRIFT,
    OPS_PROFILE,
    OPS_PROMOTION,
    PREDICTION_INJURY_RISK,
    PREDICTION_RECOVERY,
    REPORT_MODEL_CARD,
)
from resources.model_registry import Alias, Because
from resources.provenance import ProvenanceRef
from sports_assets.keys import (
    DRIFT_KEY,
    FEATURE_WORKLOAD_KEY,
    MODEL_CARD_KEY,
    MODEL_KEYS,
    PREDICTION_KEYS,
    PROFILES_KEY,
    PROMOTION_KEY,
)
from sports_assets.mlops.assets import drift, profiles
from sports_assets.models.assets import model_assets, model_card, prediction_assets, promotion
from sports_assets.models.going_back import go_back
from sports_assets.models.kinds import KINDS
from sports_assets.models.shape import ModelKind
from sports_assets.raw.assets import raw_days
from sports_assets.workload.assets import feature_workload

pytestmark = pytest.mark.slow

ASSETS = [
    raw_days, feature_workload, *model_assets, promotion, *prediction_assets, profiles, drift,
    model_card,
]  # fmt: skip
CLUB = Settings(seed=5, athletes=16, seasons=2)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class Home:
    """A club's lakehouse of its own."""

    folder: Path
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    mlflow_uri: str = ""

    def __post_init__(self) -> None:
        (self.folder / "landing").mkdir(parents=True)
        self.mlflow_uri = f"sqlite:///{self.folder}/mlflow.db"

    @property
    def resources(self) -> dict[str, Any]:
        home = self.folder
        return {
            "lakehouse": LakehouseResource(
                catalog_uri=f"sqlite:///{home}/catalog.db", warehouse_uri=str(home / "warehouse")
            ),
            "landing_zone": LandingZoneResource(
                landing_uri=str(home / "landing"), club_timezone="UTC"
            ),
            "report_store": ReportStoreResource(report_uri=str(home / "reports")),
            "models": ModelsResource(mlflow_uri=self.mlflow_uri, model_uri=str(home / "models")),
        }

    def run(self, *keys: dg.AssetKey) -> dict[str, dict[str, Any]]:
        """Materialise; the metadata of each asset."""
        result = dg.materialize(
            ASSETS, selection=list(keys), resources=self.resources, instance=self.instance
        )
        assert result.success
        return {
            event.materialization.asset_key.to_user_string(): {
                name: value.value for name, value in event.materialization.metadata.items()
            }
            for event in result.get_asset_materialization_events()
        }

    def load(self) -> None:
        assert dg.materialize([raw_days], resources=self.resources, instance=self.instance).success

    def rows(self, contract: TableContract) -> list[dict[str, Any]]:
        with self.resources["lakehouse"].open() as store, store.connect() as connection:
            store.view(connection, contract, "kept")
            return connection.sql("select * from kept").to_arrow_table().to_pylist()

    def train(self, model: str) -> dict[str, dict[str, Any]]:
        return self.run(MODEL_KEYS[model], PROMOTION_KEY, PREDICTION_KEYS[model], MODEL_CARD_KEY)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A club whose recovery model was trained with eight weeks to come, which then came."""
    made = Home(tmp_path_factory.mktemp("models"))
    clubs = simulate(CLUB)
    write_club(clubs, made.folder / "landing", Told(clubs.days[0], clubs.days[-57]), NOW)
    made.load()
    made.run(FEATURE_WORKLOAD_KEY)
    made.train("recovery")
    write_club(
        clubs, made.folder / "landing", Told(clubs.days[-56], clubs.days[-1]), NOW.replace(day=2)
    )
    made.load()
    made.run(FEATURE_WORKLOAD_KEY, PREDICTION_KEYS["recovery"], PROFILES_KEY, DRIFT_KEY)
    return made


def test_a_first_champion_serves_and_says_everything_of_itself(home: Home) -> None:
    rows = home.rows(PREDICTION_RECOVERY)
    days = {row["day"] for row in rows}
    assert len(days) > 20
    for row in rows:
        assert row["remaining_d_low"] <= row["remaining_d"] <= row["remaining_d_high"]
        assert (row["model_name"], row["model_version"]) == ("recovery", "1")
        assert 0 <= row["model_age_d"] <= 56
        assert row["reason"]
        assert ProvenanceRef.model_validate_json(row["provenance"]).snapshots
    (decided,) = home.rows(OPS_PROMOTION)
    assert decided["verdict"] == "promote"
    assert decided["reasons"]
    (card,) = home.rows(REPORT_MODEL_CARD)
    assert "Simulated data" in Path(card["uri"]).read_text()


def test_a_run_of_the_registry_names_drops_snapshots_and_code(home: Home) -> None:
    (kept,) = (home.folder / "models").rglob("record.json")
    made_of = ProvenanceRef.model_validate(json.loads(kept.read_text())["provenance"])
    assert len({one.stream_id for one in made_of.drops}) == 3, "diary, injuries and plan"
    assert set(made_of.snapshots) >= {"raw/wellness", "raw/injuries", "raw/fixtures"}
    assert made_of.code_version


def test_the_same_again_changes_no_table(home: Home) -> None:
    before = {c.key: _sorted(home.rows(c)) for c in (PREDICTION_RECOVERY, OPS_PROFILE, OPS_DRIFT)}
    again = home.run(FEATURE_WORKLOAD_KEY, PREDICTION_KEYS["recovery"], PROFILES_KEY, DRIFT_KEY)
    assert {
        c.key: _sorted(home.rows(c)) for c in (PREDICTION_RECOVERY, OPS_PROFILE, OPS_DRIFT)
    } == before
    assert all(told["size_bytes"] == 0 for told in again.values() if "size_bytes" in told)


def test_profiles_hold_no_athlete_and_drift_is_told_on_a_page(home: Home) -> None:
    profiled = home.rows(OPS_PROFILE)
    assert {row["source"] for row in profiled} == {"feature/workload", "prediction/recovery"}
    assert not any("athlete_id" in row for row in profiled)
    page = max((home.folder / "reports" / "drift").iterdir())
    assert "Simulated data" in page.read_text()
    assert len(page.read_bytes()) < 100_000


def test_trained_again_a_challenger_takes_over_and_a_rollback_stays(home: Home) -> None:
    registry = home.resources["models"].registry()
    told = home.train("recovery")
    assert told["model/recovery"]["version"] == 2
    serving = registry.history("recovery").current
    verdict = [row for row in home.rows(OPS_PROMOTION) if row["version"] == 2]
    assert verdict
    if serving == 1:  # not better than the first by enough: a person lets it serve
        registry.set_alias(
            "recovery", Alias.CHAMPION, 2, expected=1, because=Because("a test", "to go on", NOW)
        )
    with home.resources["lakehouse"].open() as store:
        back = go_back(
            registry, store, "recovery",
            because=Because("Dr. Test", "it was worse", datetime.now(UTC)),
            to=None, club_timezone="UTC",
        )  # fmt: skip
    assert back.version == 1
    home.run(PROMOTION_KEY, PREDICTION_KEYS["recovery"])
    assert registry.history("recovery").current == 1
    rollback = [row for row in home.rows(OPS_PROMOTION) if row["verdict"] == "rollback"]
    assert [row["approved_by"] for row in rollback] == ["Dr. Test"]
    newest = max(row["day"] for row in home.rows(PREDICTION_RECOVERY))
    said = [row for row in home.rows(PREDICTION_RECOVERY) if row["day"] == newest]
    assert {row["model_version"] for row in said} == {"1"}


def test_without_a_registry_the_last_champion_serves_on(home: Home) -> None:
    known = home.mlflow_uri
    home.mlflow_uri = f"sqlite:///{home.folder}/reports"  # a folder: no database can be there
    try:
        told = home.run(PREDICTION_KEYS["recovery"])["prediction/recovery"]
    finally:
        home.mlflow_uri = known
    assert told["is_registry_down"]
    assert told["model_version"] == 1
    assert told["dagster/row_count"] >= 0


def test_injury_risk_waits_for_a_doctor_and_then_serves(home: Home) -> None:
    told = home.train("injury_risk")
    assert told["prediction/injury_risk"]["nothing_predicted"]
    version = int(told["model/injury_risk"]["version"])
    last = [row for row in home.rows(OPS_PROMOTION) if row["model"] == "injury_risk"]
    assert [row["verdict"] for row in last] == ["wait_for_approval"]
    word = Approval("injury_risk", version, "approved", "Dr. Test", "as judged", datetime.now(UTC))
    pack_days(approval_records(word, "UTC"), home.folder / "landing", datetime.now(UTC))
    home.load()
    home.run(PROMOTION_KEY, PREDICTION_KEYS["injury_risk"], MODEL_CARD_KEY)
    rows = home.rows(PREDICTION_INJURY_RISK)
    assert rows
    for row in rows:
        assert 0 < row["probability_low"] <= row["probability"] <= row["probability_high"] < 1
    # The same inputs, seed and code give the same model: nothing new is registered.
    assert int(home.train("injury_risk")["model/injury_risk"]["version"]) == version


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_model_of_another_version_of_the_software_is_refused(kind: ModelKind) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        kind.check(b'{"format": -1, "advice": "{}", "start": {}}')


@pytest.mark.parametrize(
    "club",
    [None, Settings(seed=5, athletes=1, seasons=1)],
    ids=["nobody told of a day", "one athlete"],
)
def test_too_little_to_learn_from_is_an_outcome_and_no_failure(
    tmp_path: Path, club: Settings | None
) -> None:
    made = Home(tmp_path / "club")
    if club is not None:
        clubs = simulate(club)
        write_club(clubs, made.folder / "landing", Told(clubs.days[0], clubs.days[-1]), NOW)
    made.load()
    made.run(FEATURE_WORKLOAD_KEY)
    told = made.run(*(MODEL_KEYS[name] for name in ("injury_risk", "recovery", "load_advice")))
    assert all(one["not_trained"] for one in told.values()), json.dumps(told, default=str)
    predicted = made.run(PROMOTION_KEY, *PREDICTION_KEYS.values())
    assert all(predicted[f"prediction/{name}"]["nothing_predicted"] for name in PREDICTION_KEYS)


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(row) for row in rows)
