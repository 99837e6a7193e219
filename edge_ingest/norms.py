"""Personal norms as a file: what the lakehouse exports and the live node holds load against.

Belongs here: the format, and how a node keeps a good copy. Does not belong here: what a norm is
made of; `sports_assets/alerts/norms.py` defines that, once.
"""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from edge_ingest.durable import replace_durably
from edge_ingest.errors import NormsError
from edge_ingest.records import SPORTS

NORMS_VERSION: Literal[1] = 1
#: Where the file stands in the landing zone.
NORMS_NAME = "norms/personal_norms.json"
#: A squad of a hundred has a tenth of this, B.
LARGEST_NORMS = 16 * 1024**2

#: Metrics with a norm: unit, and what people call it. Columns of mart/athlete_session_external_load
#: and mart/athlete_session_internal_load that only grow during a session: what may still fall
#: cannot be judged before it is over.
METRICS: dict[str, tuple[str, str]] = {
    "total_distance_m": ("m", "distance"),
    "high_speed_distance_m": ("m", "high-speed distance"),
    "sprint_distance_m": ("m", "sprint distance"),
    "high_speed_effort_count": ("1", "number of high-speed runs"),
    "sprint_effort_count": ("1", "number of sprints"),
    "top_speed_mps": ("m/s", "top speed"),
    "metabolic_energy_kj_per_kg": ("kJ/kg", "metabolic energy"),
    "heart_rate_zone_5_s": ("s", "time above 90 % of maximum heart rate"),
}

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Thresholds(_Frozen):
    """What counts as fast in a sport; None where the sport has no such zone."""

    high_speed_threshold_mps: Positive | None = None
    sprint_threshold_mps: Positive | None = None
    effort_dwell_s: Positive | None = None
    top_speed_dwell_s: Positive = 0.5
    is_on_foot: bool = True


#: What a node without norms reckons with: as `dbt_project/models/staging/sport_threshold.sql` says,
#: which a test compares.
DEFAULT_THRESHOLDS: dict[str, Thresholds] = {
    sport: Thresholds(is_on_foot=sport == "running") for sport in SPORTS
} | {
    "football": Thresholds(
        high_speed_threshold_mps=5.5, sprint_threshold_mps=7.0, effort_dwell_s=1.0
    )
}


class PersonalNorm(_Frozen):
    """What is usual for one athlete, sport and metric, in the metric's unit.

    Attributes:
        session_count: sessions that it rests on, from `first_day` to `last_day`.
        mean, sd: of those sessions; sd with n − 1.
        low, high: a further session of the athlete is expected between them.
        act_above: far beyond what is usual.
    """

    sport: Text
    metric: Text
    unit: Text
    session_count: Annotated[int, Field(ge=2)]
    first_day: date
    last_day: date
    mean: Number
    sd: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    low: Number
    high: Number
    act_above: Number

    @model_validator(mode="after")
    def _in_order(self) -> "PersonalNorm":
        if not self.low <= self.mean <= self.high <= self.act_above:
            raise ValueError("low, mean, high and act_above must stand in this order")
        if self.metric in METRICS and METRICS[self.metric][0] != self.unit:
            raise ValueError(f"{self.metric} is told in {METRICS[self.metric][0]}")
        return self


class SourceId(_Frozen):
    """How one source calls an athlete."""

    source: Text
    source_athlete_id: Text


class AthleteNorms(_Frozen):
    """One athlete: names, and norms by sport and metric."""

    athlete_id: Text
    display_name: Text | None = None
    max_heart_rate_bpm: Annotated[float, Field(ge=80, le=250)] | None = None
    known_as: tuple[SourceId, ...] = ()
    norms: tuple[PersonalNorm, ...] = ()


class NormsFile(_Frozen):
    """The file.

    Attributes:
        provenance: the ProvenanceRef of the table that it was made from.
        definition: the norm in words, and its settings by name.
        sports: thresholds under which the sessions were reckoned, by sport.
    """

    norms_version: Literal[1] = NORMS_VERSION
    made_at_utc: AwareDatetime
    provenance: dict[str, object]
    definition: dict[str, str | float | int]
    sports: dict[str, Thresholds]
    athletes: tuple[AthleteNorms, ...]

    @model_validator(mode="after")
    def _unambiguous(self) -> "NormsFile":
        _refuse_repeated("athlete_id", (one.athlete_id for one in self.athletes))
        for one in self.athletes:
            _refuse_repeated("sport and metric", ((n.sport, n.metric) for n in one.norms))
        ids = ((k.source, k.source_athlete_id) for one in self.athletes for k in one.known_as)
        _refuse_repeated("id of a source", ids)
        return self

    def to_json(self) -> str:
        """The file's text: stable order, final newline."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return text + "\n"

    def thresholds(self, sport: str) -> Thresholds:
        """What counts as fast in a sport."""
        return self.sports.get(sport) or DEFAULT_THRESHOLDS[sport]


def read_norms(payload: bytes, name: str = NORMS_NAME) -> NormsFile:
    """Read the file's bytes.

    Args:
        name: what messages call it.

    Raises:
        NormsError: it is no such file, of another version, or contradicts itself; no message quotes
            an athlete's value.
    """
    again = "export it again (materialise alert/personal_norm) and fetch it whole"
    try:
        told = json.loads(payload)
    except ValueError:
        raise NormsError(f"{name} is no JSON, or was cut short: {again}") from None
    version = told.get("norms_version") if isinstance(told, dict) else None
    if isinstance(version, int) and version > NORMS_VERSION:
        raise NormsError(
            f"{name} is of version {version}, and this node reads {NORMS_VERSION}: update the node"
        )
    try:
        return NormsFile.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise NormsError(f"{name}: {place}: {first['msg']}: {again}") from None


class KeptNorms:
    """The norms that a node goes by: the file as it is now, or the last good one.

    Args:
        path: the file, as whoever fetches it leaves it; it may come and change at any time.
        copy: where the last good one is kept, so that a restart finds it.
        max_age: older norms are complained of.
    """

    def __init__(self, path: Path, copy: Path, max_age: timedelta) -> None:
        self._path = path
        self._max_age = max_age
        self._copy = copy
        self._seen: tuple[int, int, int] | None = None
        self.current: NormsFile | None = None
        self.problem: str | None = None

    def refresh(self) -> bool:
        """Look again; whether `current` is another than before. Never raises for a bad file."""
        before = self.current
        if before is None and self._copy.is_file():
            self._take(self._copy)
        if payload := self._changed():
            replace_durably(self._copy, payload)
        return self.current is not before

    def told(self, now: datetime, zone: tzinfo = UTC) -> str | None:
        """What is wrong with the norms, in words and in the time of `zone`; None: nothing is."""
        if self.current is None:
            return f"no personal norms, so no alerts: {self.problem}"
        age = now - self.current.made_at_utc
        made = f"{self.current.made_at_utc.astimezone(zone):%Y-%m-%d %H:%M %Z}"
        if self.problem:
            return f"going on with the norms of {made}: {self.problem}"
        if age > self._max_age:
            return f"the norms are {age.days} days old, of {made}: `edge-ingest send` fetches newer"
        return None

    def _changed(self) -> bytes | None:
        """The file's bytes where they are new and good; what is wrong stands in `problem`."""
        try:
            found = self._path.stat()
        except OSError:
            self._seen = None
            self.problem = f"there is no {self._path}: `edge-ingest send` fetches it"
            return None
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp == self._seen:
            return None
        self._seen = stamp
        if found.st_size > LARGEST_NORMS:
            self.problem = f"{self._path} has {found.st_size:,} B, and norms have fewer: check it"
            return None
        return self._take(self._path)

    def _take(self, path: Path) -> bytes | None:
        try:
            payload = path.read_bytes()
            self.current, self.problem = read_norms(payload, str(path)), None
        except (OSError, NormsError) as error:
            self.problem = str(error)
            return None
        return payload


def _refuse_repeated(what: str, values: Iterable[object]) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise ValueError(f"a {what} stands there twice")
        seen.add(value)
