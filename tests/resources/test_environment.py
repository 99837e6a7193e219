"""The one switch: every map lists every environment, and nothing is guessed."""

import re
from pathlib import Path

import pytest

from edge_ingest.node import load as node
from resources import environment
from resources.environment import (
    DEFAULTS,
    REQUIRED,
    SIGNATURES_REQUIRED,
    Environment,
    load_settings,
    s3_options,
)
from resources.errors import SettingsError

REPOSITORY = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r'"((?:SPORTS|AWS)_[A-Z0-9_]+)"')
AWS = {
    "SPORTS_ENV": "aws",
    "SPORTS_CATALOG_URI": "https://catalog.example",
    "SPORTS_WAREHOUSE_URI": "s3://club/warehouse/",
    "SPORTS_LANDING_URI": "s3://club/landing",
    "SPORTS_REPORT_URI": "s3://club/reports",
    "SPORTS_BACKUP_URI": "s3://club-backups",
    "SPORTS_MLFLOW_URI": "postgresql+psycopg2://mlflow:secret@db/mlflow",
    "SPORTS_MODEL_URI": "s3://club-models",
    "SPORTS_CLUB_TIMEZONE": "Europe/Madrid",
    "SPORTS_EDGE_KEYS": "/etc/touchline/nodes",
}


@pytest.mark.parametrize("mapping", [REQUIRED, DEFAULTS, SIGNATURES_REQUIRED])
def test_every_map_lists_every_environment(mapping: dict[Environment, object]) -> None:
    assert set(mapping) == set(Environment)


@pytest.mark.parametrize("named", list(Environment))
def test_every_environment_has_each_variable_required_or_by_default(named: Environment) -> None:
    read = {
        "SPORTS_CATALOG_URI", "SPORTS_WAREHOUSE_URI", "SPORTS_LANDING_URI", "SPORTS_REPORT_URI",
        "SPORTS_BACKUP_URI", "SPORTS_MLFLOW_URI", "SPORTS_MODEL_URI", "SPORTS_CLUB_TIMEZONE",
        "SPORTS_EDGE_KEYS", "SPORTS_LANDING_GRACE_S",
    }  # fmt: skip
    assert read <= set(REQUIRED[named]) | set(DEFAULTS[named])


def test_local_needs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({})
    assert settings.environment is Environment.LOCAL
    assert settings.home == tmp_path / ".sports"
    assert settings.landing_uri == f"{tmp_path}/.sports/landing"
    assert settings.catalog_uri.startswith(f"sqlite:///{tmp_path}/")
    assert not list(tmp_path.iterdir())  # looking makes nothing


@pytest.mark.parametrize("named", ["prod", "LOCAL", " aws", "staging"])
def test_an_unknown_environment_fails_with_what_to_set(named: str) -> None:
    with pytest.raises(SettingsError, match="set one of local, test, aws"):
        load_settings({"SPORTS_ENV": named})


@pytest.mark.parametrize("missing", REQUIRED[Environment.AWS])
def test_a_missing_variable_fails_by_name(missing: str) -> None:
    environ = {name: value for name, value in AWS.items() if name != missing}
    with pytest.raises(SettingsError, match=f"{missing}.*\\.env\\.example"):
        load_settings(environ)


def test_an_unknown_time_zone_fails_with_an_example() -> None:
    with pytest.raises(SettingsError, match=r"'Europe/Atlantis'.*Europe/Berlin"):
        load_settings(AWS | {"SPORTS_CLUB_TIMEZONE": "Europe/Atlantis"})


def test_places_lose_their_last_slash_and_keys_do_not_show() -> None:
    settings = load_settings(AWS | {"AWS_SECRET_ACCESS_KEY": "hush", "AWS_REGION": "eu-west-1"})
    assert settings.warehouse_uri == "s3://club/warehouse"
    assert settings.s3 == {"region": "eu-west-1", "secret-access-key": "hush"}
    assert "hush" not in repr(settings)


def test_s3_options_leave_out_what_is_not_set() -> None:
    assert s3_options({"AWS_REGION": "", "SPORTS_S3_ENDPOINT": "http://127.0.0.1:9000"}) == {
        "endpoint": "http://127.0.0.1:9000"
    }


def test_the_example_lists_each_variable_once_with_its_meaning() -> None:
    read = {
        variable
        for module in (environment, node)
        for variable in VARIABLE.findall(Path(module.__file__).read_text())
    }
    instance = (REPOSITORY / "deploy" / "aws" / "dagster.yaml").read_text()
    read |= set(re.findall(r"{env: (\w+)}", instance))
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    listed = [line.split("=")[0] for line in lines if line and not line.startswith("#")]
    assert sorted(listed) == sorted(read)
    paragraphs = "\n".join(lines).split("\n\n")
    assert all(part.startswith("#") for part in paragraphs)


def test_the_example_is_safe_to_use_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    environ = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    settings = load_settings(environ)
    assert settings == load_settings({})
    assert not settings.s3


def test_a_relative_folder_is_the_same_place_in_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = load_settings(
        {"SPORTS_LANDING_URI": "club/landing/", "SPORTS_REPORT_URI": "~/pages"}
    )
    assert settings.landing_uri == f"{tmp_path}/club/landing"
    assert settings.report_uri == f"{tmp_path}/home/pages"


@pytest.mark.parametrize("uri", ["file:///landing", "gs://club/landing", "https://club.example"])
def test_a_place_of_a_kind_that_nothing_reads_is_refused(uri: str) -> None:
    with pytest.raises(SettingsError, match=r"SPORTS_LANDING_URI.*s3://bucket/prefix"):
        load_settings({"SPORTS_LANDING_URI": uri})


def test_signatures_are_required_in_aws_only() -> None:
    settings = load_settings(AWS)
    assert settings.are_signatures_required
    assert settings.edge_keys == Path("/etc/touchline/nodes")
    assert not load_settings({}).are_signatures_required
    assert load_settings({}).edge_keys is None


@pytest.mark.parametrize("text", ["soon", "-1", "1.5"])
def test_a_grace_that_is_no_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"SPORTS_LANDING_GRACE_S.*3600"):
        load_settings({"SPORTS_LANDING_GRACE_S": text})
    assert load_settings({"SPORTS_LANDING_GRACE_S": "60"}).landing_grace_s == 60
