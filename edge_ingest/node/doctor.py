"""Is the node fit for a match day? Each check says what it found, and what to do."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from edge_ingest.cleaning.settings import load_settings
from edge_ingest.drops.signing import load_key
from edge_ingest.errors import EdgeError
from edge_ingest.node.settings import GIGABYTE, Node
from edge_ingest.node.space import space
from edge_ingest.spool.landing import probe
from edge_ingest.spool.landing_choice import landing_target
from edge_ingest.spool.norms_fetch import node_norms
from edge_ingest.spool.outbox import Outbox

#: A clock that is off by more spoils joins with other devices' data, s.
WORST_CLOCK_S = 2.0
#: Below this the disk will not keep up with a camera, B/s.
SLOWEST_DISK = 10_000_000
_TRIAL_BYTES = 16_000_000
_TIMEOUT_S = 5.0
#: Signatures of S3 are void beyond this, s.
_VOID_S = 900


@dataclass(frozen=True)
class Check:
    """One finding. `remedy` says what to do where the state is not `ok`."""

    name: str
    state: Literal["ok", "warn", "bad"]
    found: str
    remedy: str = ""


def examine(node: Node, now: Callable[[], datetime]) -> Iterator[Check]:
    """Check a node, one thing after the other; takes seconds where something does not answer."""
    folder = _home(node)
    yield folder
    if folder.state == "bad":
        return
    yield _room(node)
    if node.watch.folder is not None:
        yield _watched(node.watch.folder)
    yield _filters(node)
    yield _key(node)
    yield _own_clock(node, now())
    yield from _landing(node, now)
    yield _broker(node)
    if node.broker.host:
        yield _norms(node, now())


def _home(node: Node) -> Check:
    """Whether the node's folder can be written, and how fast."""
    trial = node.home / f".doctor-{os.getpid()}"
    try:
        node.home.mkdir(parents=True, exist_ok=True)
        payload = os.urandom(_TRIAL_BYTES)
        clock = time.perf_counter()
        with trial.open("wb") as handle:
            handle.write(payload)
            handle.flush()
            os.fsync(handle.fileno())
        rate = _TRIAL_BYTES / (time.perf_counter() - clock)
    except OSError as error:
        return Check(
            "disk", "bad", f"{node.home}: {error.strerror}",
            "give the service the right to write there, or free space",
        )  # fmt: skip
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
    found = f"{node.home} takes {rate / 1e6:,.0f} MB/s"
    if rate < SLOWEST_DISK:
        return Check("disk", "warn", found, "use a faster disk for video; an SD card wears out")
    return Check("disk", "ok", found)


def _room(node: Node) -> Check:
    found = space(node)
    told = f"{found.free_bytes / GIGABYTE:,.1f} GB free, {found.used_bytes / GIGABYTE:,.2f} GB ours"
    if found.quota_bytes is not None:
        told += f" of {found.quota_bytes / GIGABYTE:,.1f} GB"
    if found.lacks(0, 0):
        return Check(
            "room", "bad", f"{told}: nothing more is taken in",
            "free space, or change disk.free_floor_gb or disk.quota_gb",
        )  # fmt: skip
    return Check("room", "ok", told)


def _watched(folder: Path) -> Check:
    if not folder.is_dir():
        return Check("watched folder", "bad", f"{folder} is not there", "make it, or mount it")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(
            "watched folder", "bad", f"files cannot be moved out of {folder}",
            "give the service the right to write there, or mount it writable",
        )  # fmt: skip
    return Check("watched folder", "ok", str(folder))


def _filters(node: Node) -> Check:
    try:
        settings = load_settings(node.filters)
    except EdgeError as error:
        return Check(
            "filters", "bad", str(error),
            "correct filters in edge.toml, or leave it out: then ours are used",
        )  # fmt: skip
    return Check("filters", "ok", f"{node.filters or 'ours'}, version {settings.version}")


def _key(node: Node) -> Check:
    if not node.key.exists():
        return Check(
            "key", "warn", f"there is no {node.key}: drops are not signed",
            f"edge-ingest keygen {node.node_id} --into {node.key.parent}",
        )  # fmt: skip
    try:
        load_key(node.key)
    except EdgeError as error:
        return Check("key", "bad", str(error).partition(": ")[0], str(error).partition(": ")[2])
    return Check("key", "ok", str(node.key))


def _own_clock(node: Node, now: datetime) -> Check:
    """The clock never goes backwards: what was packed or sent cannot be later than now."""
    outbox = Outbox(node.outbox)
    known = [drop.manifest.packed_at_utc for drop in outbox.waiting()]
    known += [sent.confirmed_at_utc for sent in outbox.sent()[-1:]]
    if known and (back := (max(known) - now).total_seconds()) > WORST_CLOCK_S:
        return Check(
            "clock", "bad", f"{_span(back)} before the node's own last drop",
            "set the clock: timedatectl set-ntp true; a battery for the clock may be empty",
        )  # fmt: skip
    told = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return Check("clock", "ok", f"{told}, after everything that the node did")


def _landing(node: Node, now: Callable[[], datetime]) -> Iterator[Check]:
    """Whether a file can be put, read back and removed, and what time it is there."""
    try:
        target = landing_target(node)
        clock = time.perf_counter()
        probe(target, node.home, node.node_id)
        took = time.perf_counter() - clock
    except EdgeError as error:
        found, _, remedy = str(error).rpartition(": ")
        yield Check("landing zone", "bad", found or str(error), remedy or "check the network")
        return
    yield Check("landing zone", "ok", f"{target.uri} took, gave back and let go in {took:.2f} s")
    if target.server_time_utc is None:
        return
    # Its answer names whole seconds, and came on the way through the probe.
    off = (now() - target.server_time_utc).total_seconds()
    if -WORST_CLOCK_S <= off <= WORST_CLOCK_S + took + 1:
        yield Check("clock there", "ok", "agrees with the landing zone's within 2 s")
        return
    which = "ahead of" if off > 0 else "behind"
    yield Check(
        "clock there", "bad" if abs(off) > _VOID_S else "warn",
        f"{_span(abs(off))} {which} the landing zone's",
        "set the clock: timedatectl set-ntp true",
    )  # fmt: skip


def _broker(node: Node) -> Check:
    """Whether the live node would be let in."""
    if not node.broker.host:
        return Check("broker", "ok", "none is set: no live numbers from this node")
    from edge_ingest.live.mqtt import Broker, try_broker

    where = f"{node.broker.host}:{node.broker.port}"
    try:
        # Another name than the live node's, whom the broker would drop.
        wrong = try_broker(
            Broker.of(node.broker, node.login), f"touchline-doctor-{node.node_id}", _TIMEOUT_S
        )
    except OSError as error:
        return Check(
            "broker", "bad", f"{where} cannot be reached: {error.strerror or error}",
            "start it (systemctl start mosquitto), or correct [broker]",
        )  # fmt: skip
    if wrong:
        return Check(
            "broker", "bad", f"{where} {wrong}",
            "check that it is an MQTT broker, and who may use it (SPORTS_MQTT_USER, "
            "SPORTS_MQTT_PASSWORD)",
        )  # fmt: skip
    return Check("broker", "ok", f"{where} speaks MQTT")


def _norms(node: Node, now: datetime) -> Check:
    found = node_norms(node.norms, node.state)
    if found.made_at_utc is None:
        return Check(
            "norms", "warn", f"{found.problem}: no alerts",
            "materialise alert/personal_norm in the lakehouse, and let `edge-ingest send` fetch it",
        )  # fmt: skip
    age = now - found.made_at_utc
    told = f"made {_span(max(0.0, age.total_seconds()))} ago"
    if found.problem:
        told += f"; {found.problem}"
    if age > node.live.norms_max_age:
        return Check(
            "norms", "warn", f"older than {node.live.norms_max_age_d:g} days: {told}",
            "see that `edge-ingest send` runs, and that the lakehouse makes alert/personal_norm "
            "after each session",
        )  # fmt: skip
    if found.problem:
        return Check("norms", "warn", told, "these hold meanwhile; let the next ones come whole")
    return Check("norms", "ok", told)


def _span(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} s"
