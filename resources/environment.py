"""The one switch. `SPORTS_ENV` picks a row of every map; every map lists every environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from resources.errors import SettingsError


class Environment(StrEnum):
    """Where this process runs. There is deliberately no fallback."""

    LOCAL = "local"
    TEST = "test"
    AWS = "aws"


@dataclass(frozen=True)
class Settings:
    """Everything that differs between environments.

    Attributes:
        home: folder for all that is local (`.sports`).
        catalog_uri: pyiceberg catalogue: `sqlite:///…`, `postgresql+psycopg2://…`, `https://…`.
        warehouse_uri, landing_uri, report_uri: a folder (absolute path) or `s3://bucket/prefix`.
        s3: options of the object store (endpoint, region, keys); empty: the SDK's own chain.
        club_timezone: a *day* is the club's local day.
    """

    environment: Environment
    home: Path
    catalog_uri: str
    warehouse_uri: str
    landing_uri: str
    report_uri: str
    s3: Mapping[str, str] = field(repr=False)  # may hold keys
    club_timezone: str


#: What each environment must be told, and may not invent.
REQUIRED: dict[Environment, tuple[str, ...]] = {
    Environment.LOCAL: (),
    Environment.TEST: ("SPORTS_HOME",),
    Environment.AWS: (
        "SPORTS_CATALOG_URI", "SPORTS_WAREHOUSE_URI", "SPORTS_LANDING_URI", "SPORTS_REPORT_URI",
        "SPORTS_CLUB_TIMEZONE",
    ),
}  # fmt: skip

#: Where things are when nothing is said; `{home}` is SPORTS_HOME.
DEFAULTS: dict[Environment, dict[str, str]] = {
    environment: {
        "SPORTS_CATALOG_URI": "sqlite:///{home}/lakehouse/catalog.db?timeout=60",
        "SPORTS_WAREHOUSE_URI": "{home}/lakehouse/warehouse",
        "SPORTS_LANDING_URI": "{home}/landing",
        "SPORTS_REPORT_URI": "{home}/reports",
        "SPORTS_CLUB_TIMEZONE": "Europe/Berlin",
    }
    for environment in (Environment.LOCAL, Environment.TEST)
} | {Environment.AWS: {}}

_S3_OPTIONS = {
    "SPORTS_S3_ENDPOINT": "endpoint",
    "AWS_REGION": "region",
    "AWS_ACCESS_KEY_ID": "access-key-id",
    "AWS_SECRET_ACCESS_KEY": "secret-access-key",
    "AWS_SESSION_TOKEN": "session-token",
}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment.

    Raises:
        SettingsError: `SPORTS_ENV` is unknown, a required variable is missing, or a value is bad.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("SPORTS_ENV", Environment.LOCAL.value)
    try:
        environment = Environment(named)
    except ValueError:
        known = ", ".join(member.value for member in Environment)
        raise SettingsError(
            f"SPORTS_ENV is {named!r}, which no map knows: set one of {known}"
        ) from None
    if missing := [name for name in REQUIRED[environment] if not environ.get(name)]:
        raise SettingsError(
            f"SPORTS_ENV={environment} needs {', '.join(missing)}: see .env.example for each"
        )
    home = Path(environ.get("SPORTS_HOME", ".sports")).expanduser().resolve()

    def value(name: str) -> str:
        return environ.get(name) or DEFAULTS[environment][name].format(home=home)

    return Settings(
        environment=environment,
        home=home,
        catalog_uri=value("SPORTS_CATALOG_URI"),
        warehouse_uri=_place("SPORTS_WAREHOUSE_URI", value("SPORTS_WAREHOUSE_URI")),
        landing_uri=_place("SPORTS_LANDING_URI", value("SPORTS_LANDING_URI")),
        report_uri=_place("SPORTS_REPORT_URI", value("SPORTS_REPORT_URI")),
        s3=s3_options(environ),
        club_timezone=_checked_zone(value("SPORTS_CLUB_TIMEZONE")),
    )


def s3_options(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Options of the object store that the environment gives, by name; keys are among them."""
    environ = os.environ if environ is None else environ
    return {option: environ[name] for name, option in _S3_OPTIONS.items() if environ.get(name)}


def _place(name: str, uri: str) -> str:
    """An object store's place as it is; a folder as an absolute path, the same in every process."""
    if uri.startswith("s3://"):
        return uri.rstrip("/")
    if "://" in uri:
        raise SettingsError(f"{name} is {uri!r}: set a folder, or s3://bucket/prefix")
    return str(Path(uri).expanduser().resolve())


def _checked_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(
            f"SPORTS_CLUB_TIMEZONE is {name!r}, which is no IANA zone: set e.g. Europe/Berlin"
        ) from None
    return name
