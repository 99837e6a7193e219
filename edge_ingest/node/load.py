"""The node that `edge.toml` describes, and the environment, which comes before it."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from edge_ingest.errors import SettingsError
from edge_ingest.node.settings import (
    DEFAULT_HOME,
    BrokerSettings,
    LiveSettings,
    Node,
    address,
)

CONFIG_NAME = "edge.toml"

#: Environment variables that come before the file, and what they set.
_ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "SPORTS_EDGE_HOME": ("home",),
    "SPORTS_CLUB_TIMEZONE": ("club_timezone",),
    "SPORTS_LANDING_URI": ("landing", "uri"),
    "SPORTS_MQTT_USER": ("login", "user"),
    "SPORTS_MQTT_PASSWORD": ("login", "password"),
    "SPORTS_S3_ENDPOINT": ("s3", "endpoint"),
    "AWS_REGION": ("s3", "region"),
    "AWS_ACCESS_KEY_ID": ("s3", "access_key_id"),
    "AWS_SECRET_ACCESS_KEY": ("s3", "secret_access_key"),
    "AWS_SESSION_TOKEN": ("s3", "session_token"),
}

#: Sections that come from the environment alone, and how they are set.
_SECRETS = {
    "s3": "SPORTS_S3_ENDPOINT and the AWS_… variables",
    "login": "SPORTS_MQTT_USER and SPORTS_MQTT_PASSWORD",
}


def load_node(config: Path | None = None, environment: Mapping[str, str] = os.environ) -> Node:
    """The node that a file and the environment describe.

    Args:
        config: the file; None: `SPORTS_EDGE_CONFIG`, else `edge.toml` in `SPORTS_EDGE_HOME`
            (`.edge`) if it is there, else nothing but defaults. Relative paths in it are taken
            from the file's folder.

    Raises:
        SettingsError: a file that was named is not there, it is no TOML, or a setting is unknown or
            wrong; names it.
    """
    path = _config_path(config, environment)
    told: dict[str, Any] = {}
    if path is not None:
        told = _read(path)
        _place_paths(told, path.resolve().parent)
    for variable, place in _ENVIRONMENT.items():
        if value := environment.get(variable):
            section = told
            for name in place[:-1]:
                section = section.setdefault(name, {})
            section[place[-1]] = value
    if where := environment.get("SPORTS_MQTT_BROKER"):
        told["broker"] = broker_address("SPORTS_MQTT_BROKER", where)
    try:
        node = Node.model_validate(told)
    except ValidationError as error:
        raise SettingsError(_in_words(error, path)) from None
    return node


def with_live_options(
    node: Node, *, sport: str | None, broker: str | None, http: str | None
) -> Node:
    """The node as the options of `edge-ingest live` change it; None: as it was.

    Raises:
        SettingsError: an option is wrong; names it.
    """
    options = {"sport": sport, "http": http}
    told = {name: value for name, value in options.items() if value is not None}
    try:
        live = LiveSettings.model_validate(node.live.model_dump() | told)
    except ValidationError as error:
        raise SettingsError(f"--{_in_words(error, None)}") from None
    where = node.broker
    if broker is not None:
        where = BrokerSettings.model_validate(broker_address("--broker", broker))
    return node.model_copy(update={"live": live, "broker": where})


def broker_address(name: str, text: str) -> dict[str, Any]:
    """Settings of [broker] from a HOST:PORT that came by another way, called `name`.

    Raises:
        SettingsError: it is no such thing.
    """
    try:
        host, port = address(text)
    except ValueError as error:
        raise SettingsError(f"{name} is {text!r}: {error}") from None
    return {"host": host, "port": port}


def _config_path(config: Path | None, environment: Mapping[str, str]) -> Path | None:
    named = config or (Path(told) if (told := environment.get("SPORTS_EDGE_CONFIG")) else None)
    if named is not None:
        if not named.is_file():
            raise SettingsError(
                f"there is no settings file {named}: copy deploy/edge/edge.toml there, or leave "
                "--config and SPORTS_EDGE_CONFIG out"
            )
        return named
    usual = Path(environment.get("SPORTS_EDGE_HOME") or DEFAULT_HOME) / CONFIG_NAME
    return usual if usual.is_file() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}; see deploy/edge/edge.toml") from None
    for section, variables in _SECRETS.items():
        if section in told:
            raise SettingsError(f"{path}: [{section}] belongs in no file: set {variables}")
    return told


def _place_paths(told: dict[str, Any], folder: Path) -> None:
    """Take relative paths from the file's folder: a service has another working folder."""
    home = told.get("home", ".")
    if isinstance(home, str):
        told["home"] = str(folder / Path(home).expanduser())
    if isinstance(filters := told.get("filters"), str) and filters:
        told["filters"] = str(folder / Path(filters).expanduser())
    for section, name in (("landing", "uri"), ("watch", "folder")):
        settings = told.get(section)
        place = settings.get(name) if isinstance(settings, dict) else None
        if isinstance(settings, dict) and isinstance(place, str) and "://" not in place:
            settings[name] = str(folder / Path(place).expanduser())


def _in_words(error: ValidationError, path: Path | None) -> str:
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    where = f"{path}: " if path else ""
    if first["type"] == "extra_forbidden":
        section = Node.model_fields.get(str(first["loc"][0]))
        inner = section.annotation if section and len(first["loc"]) > 1 else Node
        known = ", ".join(field for field in _fields(inner) if field not in _SECRETS)
        return f"{where}there is no setting {name}: use one of {known}"
    return f"{where}{name} is {first['input']!r}: {first['msg'].removeprefix('Value error, ')}"


def _fields(section: object) -> list[str]:
    if isinstance(section, type) and issubclass(section, BaseModel):
        return list(section.model_fields)
    return []
