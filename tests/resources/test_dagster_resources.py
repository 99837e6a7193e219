"""Resources hold places and no secrets, and open clients that work."""

from pathlib import Path

import dagster as dg
import pytest

from edge_ingest.records import ATHLETES
from resources.dagster_resources import (
    LakehouseResource,
    LandingZoneResource,
    ReportStoreResource,
    resources_for,
)
from resources.environment import load_settings
from tests.resources.conftest import Place
from tests.resources.lakehouse_rows import CONTEXT, MATCH, athletes

ENVIRON = {
    "endpoint": "SPORTS_S3_ENDPOINT",
    "region": "AWS_REGION",
    "access-key-id": "AWS_ACCESS_KEY_ID",
    "secret-access-key": "AWS_SECRET_ACCESS_KEY",
}


@pytest.mark.slow
def test_resources_open_what_the_settings_name(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {
        "SPORTS_ENV": "test",
        "SPORTS_HOME": str(tmp_path),
        "SPORTS_CATALOG_URI": place.catalog_uri,
        "SPORTS_WAREHOUSE_URI": place.warehouse_uri,
        "SPORTS_LANDING_URI": f"{place.uri}/landing",
        "SPORTS_REPORT_URI": f"{place.uri}/reports",
    } | {ENVIRON[option]: value for option, value in place.s3.items()}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    resources = resources_for(load_settings())
    lakehouse, zone, store = (
        resources["lakehouse"],
        resources["landing_zone"],
        resources["report_store"],
    )
    assert isinstance(lakehouse, LakehouseResource)
    assert isinstance(zone, LandingZoneResource)
    assert isinstance(store, ReportStoreResource)
    with lakehouse.open() as opened:
        opened.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
        assert opened.committed_sessions(ATHLETES) == (MATCH,)
    with zone.open() as landing:
        assert landing.arrivals() == []
    with store.open() as pages:
        assert pages.read(pages.write(MATCH, 1, "page")) == "page"


def test_no_secret_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "postgresql+psycopg2://touchline:hush@db.example:5432/catalog"
    monkeypatch.setenv("SPORTS_CATALOG_URI", told)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "whisper")
    monkeypatch.setenv("SPORTS_HOME", str(tmp_path))
    resources = resources_for(load_settings())
    shown = " ".join(
        str(resource.model_dump())
        for resource in resources.values()
        if isinstance(resource, dg.ConfigurableResource)
    )
    assert "hush" not in shown
    assert "whisper" not in shown
    lakehouse = resources["lakehouse"]
    assert isinstance(lakehouse, LakehouseResource)
    assert lakehouse.open()._tables._catalog_uri == told
