"""Who has left the personal norm, told once for each crossing."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

from edge_ingest.norms import METRICS, PersonalNorm

Severity = Literal["watch", "act"]
_RANK: dict[Severity | None, int] = {None: 0, "watch": 1, "act": 2}
#: A value must fall below its limit by this share of the way from mean to limit before a further
#: crossing is told: what is refused afterwards, or another tracker's view, is no new event.
_HYSTERESIS = 0.05


@dataclass(frozen=True)
class Alert:
    """An athlete left the personal norm; the columns of alert/norm_breach but for the day.

    Attributes:
        alert_id: the same for the same crossing, however often it is sent; another has another.
        raised_at_utc: when the node knew. crossed_at_utc: instant of the sample that crossed.
        session_count: sessions that the norm rests on.
        explanation: one sentence for the bench, in the ground's own time.
    """

    alert_id: str
    source: str
    athlete_id: str
    display_name: str | None
    sport: str
    metric: str
    unit: str
    observed: float
    norm_low: float
    norm_high: float
    norm_mean: float
    session_count: int
    severity: Severity
    crossed_at_utc: str
    raised_at_utc: str
    explanation: str

    def to_json(self) -> bytes:
        """As it is published."""
        import orjson

        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)


@dataclass
class Crossing:
    """How one metric of one athlete stands: its level, since when, how often it was told."""

    level: Severity | None = None
    since_us: int = 0
    number: int = 0

    def step(self, value: float, norm: PersonalNorm, at_us: int) -> Severity | None:
        """Take the newest value; the severity of a crossing that it made, None otherwise."""
        level = _level(value, norm.high, norm.act_above)
        if _RANK[level] > _RANK[self.level]:
            self.number += 1
            self.level, self.since_us = level, at_us
            return level
        slack = _HYSTERESIS * (norm.high - norm.mean)
        # At the limit less the slack it still stands where it was.
        lowest = _level(value + slack, norm.high, norm.act_above)
        if _RANK[lowest] < _RANK[self.level]:
            self.level, self.since_us = lowest, at_us
        return None

    def state(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def alert_of(
    *,
    source: str,
    athlete_id: str,
    display_name: str | None,
    norm: PersonalNorm,
    crossing: Crossing,
    value: float,
    session_start_us: int,
    now_us: int,
    zone: tzinfo = UTC,
) -> Alert:
    """Put a crossing that was just made into words.

    Its id rests on who, what, how loud, the session, the instant of the sample and how many were
    told before it: a second climb has another, and the same journal played again has the same.

    Args:
        source: which node.
        value: what was measured at `crossing.since_us`.
        session_start_us: names the session.
        zone: of the ground.
    """
    severity = crossing.level or "watch"
    named = (
        f"{athlete_id} {norm.metric} {severity} {session_start_us} {crossing.since_us} "
        f"{crossing.number}"
    )
    return Alert(
        alert_id=hashlib.sha256(named.encode()).hexdigest()[:16],
        source=source,
        athlete_id=athlete_id,
        display_name=display_name,
        sport=norm.sport,
        metric=norm.metric,
        unit=norm.unit,
        observed=value,
        norm_low=norm.low,
        norm_high=norm.high,
        norm_mean=norm.mean,
        session_count=norm.session_count,
        severity=severity,
        crossed_at_utc=iso(crossing.since_us),
        raised_at_utc=iso(now_us),
        explanation=_explained(display_name or athlete_id, norm, crossing, value, zone),
    )


def amount(value: float, unit: str) -> str:
    """A value with its unit, rounded as people say it."""
    if unit == "m/s":
        return f"{value * 3.6:.1f} km/h"
    if unit == "s":
        return f"{int(value) // 60}:{int(value) % 60:02d} min"
    if unit == "kJ/kg":
        return f"{value:.1f} kJ/kg"
    return f"{value:,.0f} {unit}" if unit != "1" else f"{value:,.0f}"


def local(instant: datetime, form: str, zone: tzinfo) -> str:
    """An instant as people at the ground read it, with its zone: `16:05:09 CEST`."""
    return instant.astimezone(zone).strftime(f"{form} %Z")


def _explained(
    name: str, norm: PersonalNorm, crossing: Crossing, value: float, zone: tzinfo
) -> str:
    what = METRICS[norm.metric][1]
    far = "far above" if crossing.level == "act" else "above"
    since = datetime.fromtimestamp(crossing.since_us / 1e6, UTC)
    return (
        f"{name}: {what} is {amount(value, norm.unit)}, {far} the own norm of "
        f"{amount(norm.low, norm.unit)} to {amount(norm.high, norm.unit)} "
        f"(mean {amount(norm.mean, norm.unit)} of {norm.session_count} {norm.sport} sessions), "
        f"since {local(since, '%H:%M:%S', zone)}"
    )


def _level(value: float, high: float, act_above: float) -> Severity | None:
    if value > act_above:
        return "act"
    return "watch" if value > high else None


def iso(instant_us: int) -> str:
    """An instant as alerts write it: to the millisecond, in UTC."""
    return datetime.fromtimestamp(instant_us / 1e6, UTC).isoformat(timespec="milliseconds")
