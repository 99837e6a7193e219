"""What an edge node can be told, with defaults; `load.py` reads it from file and environment.

deploy/edge/edge.toml names each setting.
"""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from edge_ingest.identity import slugify
from edge_ingest.manifest import LONGEST_NODE_ID, NodeId
from edge_ingest.recording import Told
from edge_ingest.records import SPORTS

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


def address(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT.

    Raises:
        ValueError: it is no such thing.
    """
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 65536):  # noqa: PLR2004
        raise ValueError("give HOST:PORT, such as 127.0.0.1:1883")
    return host.strip("[]"), int(port)


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
    return slugify(socket.gethostname())[:LONGEST_NODE_ID].strip("-") or "edge"


class Node(_Section):
    """An edge node.

    Attributes:
        node_id: its name; also of its key.
        home: folder of everything that it keeps.
        club_timezone: IANA name; days are the club's.
        filters: the club's own settings of the noise filters; None, or empty in the file: ours.
    """

    node_id: NodeId = Field(default_factory=_own_name)
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
