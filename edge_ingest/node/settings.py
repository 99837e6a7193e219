"""The edge node's settings: one TOML file, and environment variables that come before it.

Belongs here: what a node is told. What it does with that stands in `watch.py` and `spool.py`.
"""

import os
import socket
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from edge_ingest.errors import SettingsError
from edge_ingest.identity import slugify
from edge_ingest.manifest import Slug
from edge_ingest.recording import Told
from edge_ingest.records import SPORTS

CONFIG_NAME = "edge.toml"
DEFAULT_HOME = Path(".edge")
GIGABYTE = 1_000_000_000
MEGABYTE = 1_000_000

_AtLeastZero = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _checked_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Berlin") from None
    return name


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class LandingSettings(_Section):
    """Where drops go.

    Attributes:
        uri: a folder, or `s3://bucket/prefix`.
        is_mount: the folder must lie on a mounted share. Without it a share that is not mounted
            looks like an empty folder, and drops "arrive" on this machine's own disk.
        part_mb: a file larger than this goes to S3 in parts of this size, and resumes at a part.
    """

    uri: str = ".sports/landing"
    is_mount: bool = False
    part_mb: Annotated[float, Field(ge=5, le=5000)] = 16


class DiskSettings(_Section):
    """What the node may fill.

    Attributes:
        quota_gb: of drops, originals and quarantine together; 0: no quota.
        free_floor_gb: so much of the disk stays free.
        keep_originals_days: originals are kept so long after they were packed.
    """

    quota_gb: _AtLeastZero = 0
    free_floor_gb: _AtLeastZero = 1
    keep_originals_days: _AtLeastZero = 30


class WatchSettings(_Section):
    """How recordings are picked up.

    Attributes:
        folder: the one to watch, where the command does not say it.
        settle_s: a file is taken once it has not changed for so long.
        patience_s: so long a recording waits for its missing parts; then it is refused.
        poll_s: time between two looks.
        read_limit_s: a reader that takes longer is stopped, and the file refused.
    """

    folder: Path | None = None
    settle_s: _AtLeastZero = 10
    patience_s: _AtLeastZero = 600
    poll_s: _Positive = 2
    read_limit_s: _Positive = 3600


class SendSettings(_Section):
    """How drops are sent: time between two looks, s."""

    poll_s: _Positive = 2


class BrokerSettings(_Section):
    """The MQTT broker of the ground; an empty host: there is none."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 1883


class BrokerLogin(_Section):
    """Who asks the broker, from the environment alone. None: without a password."""

    user: str | None = None
    password: str | None = Field(default=None, repr=False)


class LiveSettings(_Section):
    """What `edge-ingest live` reckons with and shows.

    Attributes:
        sport: what is being played; thresholds and norms are of this sport.
        http: HOST:PORT of the page, which has no password.
        norms_max_age_d: older norms are complained of.
        timezone: IANA name of the ground's, in which people read times; empty: the club's.
    """

    sport: str = "football"
    http: str = "127.0.0.1:8770"
    norms_max_age_d: _Positive = 7
    timezone: str = ""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return _checked_zone(name) if name else name

    @field_validator("sport")
    @classmethod
    def _known_sport(cls, name: str) -> str:
        if name not in SPORTS:
            raise ValueError(f"use one of {', '.join(SPORTS)}")
        return name

    @field_validator("http")
    @classmethod
    def _is_address(cls, text: str) -> str:
        address(text)
        return text

    @property
    def norms_max_age(self) -> timedelta:
        """`norms_max_age_d` as a span."""
        return timedelta(days=self.norms_max_age_d)


class S3Settings(_Section):
    """The object store's address and secrets, from the environment alone. None: the SDK's own."""

    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = Field(default=None, repr=False)
    session_token: str | None = Field(default=None, repr=False)


class ToldSettings(_Section):
    """What holds for every recording of the node whose source has a use for it; empty: not told.

    Attributes:
        site: where the node stands.
        clock_timezone: IANA zone of devices' clocks, where files tell local time.
        sport: where no file says it, as of a video.
    """

    site: str = ""
    clock_timezone: str = ""
    sport: str = ""

    @field_validator("clock_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return _checked_zone(name) if name else name

    @field_validator("sport")
    @classmethod
    def _known_sport(cls, name: str) -> str:
        if name and name not in SPORTS:
            raise ValueError(f"use one of {', '.join(SPORTS)}")
        return name

    def as_told(self) -> Told:
        """The same as what a sidecar says."""
        return Told(
            site=self.site or None,
            clock_timezone=self.clock_timezone or None,
            sport=self.sport or None,
        )


def _own_name() -> str:
    return slugify(socket.gethostname()) or "edge"


class Node(_Section):
    """An edge node.

    Attributes:
        node_id: its name; also of its key.
        home: folder of everything that it keeps.
        club_timezone: IANA name; days are the club's.
        filters: the club's own settings of the noise filters; None, or empty in the file: ours.
    """

    node_id: Slug = Field(default_factory=_own_name)
    home: Path = DEFAULT_HOME
    club_timezone: str = "Europe/Berlin"
    filters: Path | None = None
    landing: LandingSettings = LandingSettings()
    disk: DiskSettings = DiskSettings()
    watch: WatchSettings = WatchSettings()
    send: SendSettings = SendSettings()
    broker: BrokerSettings = BrokerSettings()
    told: ToldSettings = ToldSettings()
    login: BrokerLogin = BrokerLogin()
    live: LiveSettings = LiveSettings()
    s3: S3Settings = S3Settings()

    @field_validator("club_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return _checked_zone(name)

    @field_validator("filters", mode="before")
    @classmethod
    def _empty_is_ours(cls, path: object) -> object:
        return path or None

    @property
    def outbox(self) -> Path:
        """Drops in the layout of a landing zone; of those that it has confirmed, the manifests."""
        return self.home / "outbox"

    @property
    def kept(self) -> Path:
        """Originals, for some days."""
        return self.home / "kept"

    @property
    def quarantine(self) -> Path:
        """What was refused, until a person looks at it."""
        return self.home / "quarantine"

    @property
    def state(self) -> Path:
        """Locks, and what `status` shows of the sender. Nothing here is needed to go on."""
        return self.home / "state"

    @property
    def live_state(self) -> Path:
        """What the live node must not forget in a crash; it holds athletes' data."""
        return self.home / "live"

    @property
    def norms(self) -> Path:
        """Personal norms, as `send` fetched them from the landing zone; it holds athletes' data."""
        return self.home / "norms" / "personal_norms.json"

    @property
    def calendar(self) -> Path:
        """The club's calendar, if the node was given one."""
        return self.home / "identity" / "sessions.csv"

    @property
    def key(self) -> Path:
        """The node's private key, if it has one."""
        return self.home / "keys" / f"{self.node_id}.pem"


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


def address(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT.

    Raises:
        ValueError: it is no such thing.
    """
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 65536):  # noqa: PLR2004
        raise ValueError("give HOST:PORT, such as 127.0.0.1:1883")
    return host.strip("[]"), int(port)


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
