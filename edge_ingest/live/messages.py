"""What trackers send to the live node by MQTT: the one place where a vendor's feed is adapted.

Topic `touchline/<node>/positions/<source>/<athlete>`, QoS 1, not retained. Names are
percent-encoded where they hold `/`, `+`, `#` or `%`. The payload is JSON lines: each line a batch
of one athlete's samples, in columns of equal length:

    {"v": 1, "run": "2026-03-01T14:00Z", "seq": 17, "rate_hz": 10,
     "t_us": [1772373600000000], "x_m": [12.3], "y_m": [-4.5], "heart_rate_bpm": [162],
     "hdop": [0.9], "satellites": [14], "speed_mps": [5.1]}

`run` names one start of the sender and `seq` counts its batches of this athlete from 0, so that
what comes twice or out of order is known. `t_us` is UTC in µs since 1970. `x_m` and `y_m` are in
any fixed axes, null where not seen; both may be left out by a heart-rate strap, and
`heart_rate_bpm` by a tracker. `hdop`, `satellites` and `speed_mps` (the device's own, by Doppler)
come from a satellite tracker that knows them, null where it does not: a fix of poor geometry counts
as not seen, and so does one that stands still while the device moves.

A vendor whose feed differs is turned into this beside its own software, or in `read_batches`.
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from edge_ingest.errors import LiveError

ROOT = "touchline"
_LARGEST_PAYLOAD = 1 << 20
_MOST_SAMPLES = 10_000
_RATES_HZ = (0.2, 100.0)
#: 2000 to 2100: what lies outside is no clock.
_INSTANTS_US = (946_684_800_000_000, 4_102_444_800_000_000)

Values = list[float | None]
_COLUMNS = ("x_m", "y_m", "heart_rate_bpm", "hdop", "satellites", "speed_mps")


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of one athlete from one source, in columns; None: not measured."""

    source: str
    source_athlete_id: str
    run: str
    seq: int
    rate_hz: float
    captured_us: list[int]
    x_m: Values | None
    y_m: Values | None
    heart_rate_bpm: Values | None
    hdop: Values | None = None
    satellites: Values | None = None
    speed_mps: Values | None = None


def positions_topic(node: str, source: str, source_athlete_id: str) -> str:
    """Where a tracker publishes one athlete's samples."""
    return "/".join((ROOT, node, "positions", _level(source), _level(source_athlete_id)))


def every_position(node: str) -> str:
    """What the node subscribes to."""
    return f"{ROOT}/{node}/positions/+/+"


def alert_topic(node: str, athlete_id: str) -> str:
    """Where the node publishes an athlete's alerts."""
    return "/".join((ROOT, node, "alerts", _level(athlete_id)))


def read_batches(topic: str, payload: bytes) -> list[Batch]:
    """Read a message.

    Raises:
        LiveError: it is not as above; never quotes a value.
    """
    import orjson

    parts = topic.split("/")
    if len(parts) != 5 or not all(parts[3:]):  # noqa: PLR2004 - the levels of the topic
        raise LiveError(f"no topic of positions: publish to {positions_topic('<node>', 's', 'a')}")
    if len(payload) > _LARGEST_PAYLOAD:
        raise LiveError(f"a message of {len(payload):,} B: send at most {_LARGEST_PAYLOAD:,}")
    source, athlete = unquote(parts[3]), unquote(parts[4])
    try:
        lines = [orjson.loads(line) for line in payload.splitlines() if line.strip()]
    except orjson.JSONDecodeError:
        raise LiveError(f"a message of {source} is no JSON lines: see edge_ingest/live") from None
    return [_batch(source, athlete, line) for line in lines]


def _batch(source: str, athlete: str, told: object) -> Batch:
    if not isinstance(told, dict) or told.get("v") != 1:
        raise LiveError(f"a batch of {source} has no 'v': 1: this node reads version 1")
    run, seq, rate, instants = (told.get(name) for name in ("run", "seq", "rate_hz", "t_us"))
    if not isinstance(run, str) or len(run) > 100:  # noqa: PLR2004
        raise LiveError(f"a batch of {source}: 'run' must be a short text")
    if type(seq) is not int or seq < 0:
        raise LiveError(f"a batch of {source}: 'seq' must count from 0")
    if not isinstance(rate, int | float) or not _RATES_HZ[0] <= rate <= _RATES_HZ[1]:
        raise LiveError(f"a batch of {source}: 'rate_hz' must be from {_RATES_HZ[0]} to 100")
    if not isinstance(instants, list) or not 0 < len(instants) <= _MOST_SAMPLES:
        raise LiveError(f"a batch of {source}: 't_us' must list 1 to {_MOST_SAMPLES:,} instants")
    if not all(type(t) is int and _INSTANTS_US[0] <= t <= _INSTANTS_US[1] for t in instants):
        raise LiveError(f"a batch of {source}: 't_us' must be whole µs since 1970, in this century")
    columns = {name: _column(source, told, name, len(instants)) for name in _COLUMNS}
    if (columns["x_m"] is None) != (columns["y_m"] is None):
        raise LiveError(f"a batch of {source}: give both x_m and y_m, or neither")
    return Batch(source, athlete, run, seq, float(rate), instants, **columns)


def _column(source: str, told: dict[str, object], name: str, length: int) -> Values | None:
    values = told.get(name)
    if values is None:
        return None
    if not isinstance(values, list) or len(values) != length:
        raise LiveError(f"a batch of {source}: {name!r} must list as many values as 't_us'")
    if not all(value is None or _is_number(value) for value in values):
        raise LiveError(f"a batch of {source}: {name!r} must hold numbers and nulls only")
    return values


def _is_number(value: object) -> bool:
    return type(value) is float or type(value) is int


def _level(name: str) -> str:
    return quote(name, safe=" :@!$&'()*,;=-._~")
