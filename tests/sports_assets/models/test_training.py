"""What becomes of a model that was trained: a version, a challenger, a card."""

import math
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from resources.model_registry import Alias
from resources.model_registry_mlflow import MlflowModelRegistry
from resources.provenance import ProvenanceRef
from resources.report_store import ReportStore, report_store
from sports_assets.mlops.model_card import ModelCard
from sports_assets.mlops.promotion import PairedDifference
from sports_assets.models.shape import Judgement, Trained
from sports_assets.models.training import Registered, register
from tests.resources.model_records import AT, registry_in

pytestmark = pytest.mark.slow

NAME = "recovery"
CARD = ModelCard(
    title="Recovery", model="", version="", made_on="2026-11-29", is_simulated=True, summary="",
    for_whom="", not_for=(), headlines=(), tables=(), pictures=(), data=(), limits=(),
)  # fmt: skip
TRAINED = Trained(b"one", date(2026, 11, 1), Judgement({"mae": 12.0, "slope": math.nan}), CARD)
BASIS = ProvenanceRef(drops=(), snapshots={}, settings={}, code_version="1")


@pytest.fixture
def registry(tmp_path: Path) -> MlflowModelRegistry:
    return registry_in(tmp_path)


@pytest.fixture
def shelf(tmp_path: Path) -> ReportStore:
    return report_store(str(tmp_path / "reports"), {})


def kept(
    registry: MlflowModelRegistry, shelf: ReportStore, trained: Trained, at: datetime = AT
) -> Registered:
    return register(
        registry, shelf, NAME, trained, provenance=BASIS, reason="a test", at_utc=at, tags={}
    )


def test_the_same_again_is_the_same_version_unless_it_was_judged_otherwise(
    registry: MlflowModelRegistry, shelf: ReportStore
) -> None:
    first = kept(registry, shelf, TRAINED)
    assert kept(registry, shelf, TRAINED) == first
    found = PairedDifference("mae", -1.0, -2.0, -0.5)
    other = replace(TRAINED, judgement=Judgement({"mae": 12.0}, found, compared_with=1))
    second = kept(registry, shelf, other)
    assert second.version.version == 2
    page = shelf.read(second.card_uri)
    assert "beside version 1, on athletes held out of both" in page
    assert "mae -1 (-2 to -0.5)" in page


def test_of_two_at_once_the_one_that_began_later_is_the_challenger(
    registry: MlflowModelRegistry, shelf: ReportStore
) -> None:
    kept(registry, shelf, TRAINED, AT + timedelta(minutes=1))
    kept(registry, shelf, replace(TRAINED, payload=b"two"), AT)
    assert registry.history(NAME, Alias.CHALLENGER).current == 1
    assert len(registry.versions(NAME)) == 2
    kept(registry, shelf, replace(TRAINED, payload=b"three"), AT + timedelta(minutes=2))
    assert registry.history(NAME, Alias.CHALLENGER).current == 3
