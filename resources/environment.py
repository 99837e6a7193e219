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
        catalog_uri: pyiceberg catalogue: `sqlite:///…`, `postgresql+psycopg2://…`, `https://…`,
            `glue://`.
        warehouse_uri, landing_uri, report_uri, backup_uri: a folder (absolute path) or
            `s3://bucket/prefix`.
        mlflow_uri: model registry: `sqlite:///…`, `postgresql+psycopg2://…`, or a tracking server's
            `http(s)://…`, which keeps payloads in a place of its own.
        model_uri: a folder (absolute path) or `s3://bucket/prefix`: payloads of models, where no
            tracking server keeps them, and the champions that serve while the registry is down.
        s3: options of the object store (endpoint, region, keys); empty: the SDK's own chain.
        club_timezone: a *day* is the club's local day.
        edge_keys: file of the public keys of edge nodes; None: no node is known.
        are_signatures_required: whether a drop that no known node signed is refused.
        landing_grace_s: how long what is not whole is taken for being on its way, s.
        vision_detector: who looks for people in footage, one of `VISION_DETECTORS`.
        vision_model: the ONNX model that `onnx` looks with; None: no model is given.
    """

    environment: Environment
    home: Path
    catalog_uri: str
    warehouse_uri: str
    landing_uri: str
    report_uri: str
    backup_uri: str
    mlflow_uri: str
    model_uri: str
    s3: Mapping[str, str] = field(repr=False)  # may hold keys
    club_timezone: str
    edge_keys: Path | None
    are_signatures_required: bool
    landing_grace_s: int
    vision_detector: str
    vision_model: Path | None


#: Who can look for people: by motion, needing nothing; with a YOLOX-style model; AWS Rekognition.
VISION_DETECTORS = ("motion", "onnx", "rekognition")

#: What each environment must be told, and may not invent.
REQUIRED: dict[Environment, tuple[str, ...]] = {
    Environment.LOCAL: (),
    Environment.TEST: ("SPORTS_HOME",),
    Environment.AWS: (
        "SPORTS_CATALOG_URI", "SPORTS_WAREHOUSE_URI", "SPORTS_LANDING_URI", "SPORTS_REPORT_URI",
        "SPORTS_BACKUP_URI", "SPORTS_MLFLOW_URI", "SPORTS_MODEL_URI", "SPORTS_CLUB_TIMEZONE",
        "SPORTS_EDGE_KEYS",
    ),
}  # fmt: skip

#: Whether a drop must be signed; elsewhere an unsigned one is loaded with a warning.
SIGNATURES_REQUIRED: dict[Environment, bool] = {
    Environment.LOCAL: False,
    Environment.TEST: False,
    Environment.AWS: True,
}

#: Where things are when nothing is said; `{home}` is SPORTS_HOME.
DEFAULTS: dict[Environment, dict[str, str]] = {
    environment: {
        "SPORTS_CATALOG_URI": "sqlite:///{home}/lakehouse/catalog.db?timeout=60",
        "SPORTS_WAREHOUSE_URI": "{home}/lakehouse/warehouse",
        "SPORTS_LANDING_URI": "{home}/landing",
        "SPORTS_REPORT_URI": "{home}/reports",
        "SPORTS_BACKUP_URI": "{home}/backups",
        "SPORTS_MLFLOW_URI": "sqlite:///{home}/models/mlflow.db",
        "SPORTS_MODEL_URI": "{home}/models",
        "SPORTS_CLUB_TIMEZONE": "Europe/Berlin",
        "SPORTS_EDGE_KEYS": "",
        "SPORTS_LANDING_GRACE_S": "3600",
        "SPORTS_VISION_DETECTOR": "motion",
        "SPORTS_VISION_MODEL": "",
    }
    for environment in (Environment.LOCAL, Environment.TEST)
} | {
    Environment.AWS: {
        "SPORTS_LANDING_GRACE_S": "3600",
        "SPORTS_VISION_DETECTOR": "motion",
        "SPORTS_VISION_MODEL": "",
    }
}

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
        backup_uri=_place("SPORTS_BACKUP_URI", value("SPORTS_BACKUP_URI")),
        mlflow_uri=value("SPORTS_MLFLOW_URI"),
        model_uri=_place("SPORTS_MODEL_URI", value("SPORTS_MODEL_URI")),
        s3=s3_options(environ),
        club_timezone=_checked_zone(value("SPORTS_CLUB_TIMEZONE")),
        edge_keys=_file(value("SPORTS_EDGE_KEYS")),
        are_signatures_required=SIGNATURES_REQUIRED[environment],
        landing_grace_s=_seconds("SPORTS_LANDING_GRACE_S", value("SPORTS_LANDING_GRACE_S")),
        vision_detector=_detector(value("SPORTS_VISION_DETECTOR"), value("SPORTS_VISION_MODEL")),
        vision_model=_file(value("SPORTS_VISION_MODEL")),
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


def _file(path: str) -> Path | None:
    return Path(path).expanduser().resolve() if path else None


def _detector(name: str, model: str) -> str:
    if name not in VISION_DETECTORS:
        known = ", ".join(VISION_DETECTORS)
        raise SettingsError(f"SPORTS_VISION_DETECTOR is {name!r}: set one of {known}")
    if name == "onnx" and not model:
        raise SettingsError(
            "SPORTS_VISION_DETECTOR is 'onnx', and SPORTS_VISION_MODEL is empty: set the path of a "
            "YOLOX-style ONNX model"
        )
    return name


def _seconds(name: str, text: str) -> int:
    if not text.isdecimal():
        raise SettingsError(f"{name} is {text!r}: set whole seconds, such as 3600")
    return int(text)


def _checked_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(
            f"SPORTS_CLUB_TIMEZONE is {name!r}, which is no IANA zone: set e.g. Europe/Berlin"
        ) from None
    return name
