"""The live node: engine, journal, broker and page in one process.

One lock guards everything that a message changes. Messages come in the broker's thread and are done
with when it returns, so an alert is on its way before the next message is looked at.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from edge_ingest.cleaning.causal_filter import design
from edge_ingest.cleaning.kinematics_settings import KinematicsSettings
from edge_ingest.cleaning.settings import CleaningSettings
from edge_ingest.errors import LiveError
from edge_ingest.live.alerts import Alert, iso
from edge_ingest.live.engine import Engine
from edge_ingest.live.journal import Journal, Kind
from edge_ingest.live.messages import alert_topic, read_batches
from edge_ingest.live.mqtt import Broker, Bus
from edge_ingest.norms import KeptNorms

log = logging.getLogger("touchline.live")

TICK_S = 0.1
CHECKPOINT_S = 5.0
NORMS_S = 10.0
#: Alerts that the page shows.
_ALERTS_KEPT = 200


def now_us() -> int:
    """µs since 1970."""
    return time.time_ns() // 1000


@dataclass
class Told:
    """What a node says of itself. `refused` counts messages that were none."""

    started_at_utc: str
    messages: int = 0
    refused: int = 0
    recovered: int = 0
    alerts: list[dict[str, Any]] = field(default_factory=list)


class LiveNode:
    """Load and alerts of one ground.

    Args:
        node: its name; part of every topic.
        norms: the file, as `edge-ingest send` leaves it; it may come and change at any time.
        norms_max_age: older norms are complained of.
        state: folder for checkpoint, journal and the last good norms.
        filters: gates of satellite fixes; None: those that come with the package.
        zone: of the ground, for what people read.
        clock_us: µs since 1970.
        heard: called with each alert as it is raised, in whatever thread raised it.
    """

    def __init__(
        self,
        *,
        node: str,
        sport: str,
        broker: Broker,
        norms: Path,
        norms_max_age: timedelta,
        state: Path,
        filters: CleaningSettings | None = None,
        zone: tzinfo = UTC,
        clock_us: Callable[[], int] = now_us,
        heard: Callable[[dict[str, Any]], None] = lambda _alert: None,
    ) -> None:
        self.node, self.sport = node, sport
        self.heard = heard
        self._clock_us = clock_us
        self._lock = threading.Lock()
        self._zone = zone
        self._engine = Engine(f"edge-live/{node}", sport, filters, zone)
        self._journal = Journal(state)
        self._norms = KeptNorms(norms, state / "last-good-norms.json", norms_max_age)
        self._bus = Bus(broker, node, self._receive)
        #: Alerts that the broker has not confirmed, by id; and by the id of their message.
        self._unconfirmed: dict[str, tuple[str, bytes]] = {}
        self._sent: dict[int, str] = {}
        self._told = Told(datetime.fromtimestamp(clock_us() / 1e6, UTC).isoformat())
        self._checkpoint_us = self._norms_us = 0
        self._problem: str | None = None
        self._unkept: str | None = None

    def start(self) -> None:
        """Take up what a former process left, then connect."""
        # The filter's design imports SciPy: not when the first sample waits.
        design(10.0, KinematicsSettings.for_sport(self.sport))
        self._refresh_norms()
        self._recover()
        with self._lock:
            for alert_id in list(self._unconfirmed):
                self._send(alert_id)
        self._bus.start()

    def tick(self) -> None:
        """Do what time asks for; to be called about every `TICK_S`."""
        now = self._clock_us()
        with self._lock:
            self._raise(self._engine.tick(now))
            while self._bus.confirmed:
                alert_id = self._sent.pop(self._bus.confirmed.popleft(), None)
                if alert_id in self._unconfirmed:
                    del self._unconfirmed[alert_id]
                    self._append(b"A", now, "", alert_id.encode())
            if now - self._norms_us >= NORMS_S * 1e6:
                self._refresh_norms()
        if now - self._checkpoint_us >= CHECKPOINT_S * 1e6:
            self._keep(now)

    def stop(self) -> None:
        """Disconnect, and keep everything for the next process."""
        self._bus.stop()
        self.tick()
        self._keep(self._clock_us())
        self._journal.close()

    def athletes(self) -> list[dict[str, Any]]:
        """Everybody, as `Engine.athletes` orders them."""
        with self._lock:
            return self._engine.athletes(self._clock_us())

    def alerts(self) -> list[dict[str, Any]]:
        """The newest alerts of this session, oldest first."""
        with self._lock:
            began = iso(self._engine.session_arrived_us)
            return [alert for alert in self._told.alerts if alert["raised_at_utc"] >= began]

    def health(self) -> dict[str, Any]:
        """Whether it works, and what happened; no athlete's values."""
        now = self._clock_us()
        with self._lock:
            norms = self._norms.current
            return {
                "node": self.node,
                "sport": self.sport,
                "is_connected": self._bus.is_connected,
                "reconnects": max(0, self._bus.reconnects),
                "started_at_utc": self._told.started_at_utc,
                "session_started_at_utc": iso(self._engine.session_arrived_us),
                "messages": self._told.messages,
                "refused_messages": self._told.refused,
                "recovered_messages": self._told.recovered,
                "unconfirmed_alerts": len(self._unconfirmed),
                "batches": self._engine.counts(),
                "refused_fixes": self._engine.refused_fixes(),
                "timezone": str(self._zone),
                "norms_made_at_utc": norms.made_at_utc.isoformat() if norms else None,
                "journal_problem": self._unkept,
                "norms_problem": self._norms.told(
                    datetime.fromtimestamp(now / 1e6, UTC), self._zone
                ),
            }

    def _receive(self, topic: str, payload: bytes) -> None:
        arrived = self._clock_us()
        with self._lock:
            self._append(b"M", arrived, topic, payload)
            self._raise(self._take(topic, payload, arrived))

    def _take(self, topic: str, payload: bytes, arrived_us: int) -> list[Alert]:
        self._told.messages += 1
        alerts: list[Alert] = []
        try:
            for batch in read_batches(topic, payload):
                alerts += self._engine.take(batch, arrived_us)
        except LiveError as error:
            self._told.refused += 1
            # Once for each hundred: a sender that is wrong is wrong ten times a second.
            if self._told.refused % 100 == 1:
                log.warning("refused message %d: %s", self._told.refused, error)
        return alerts

    def _raise(self, alerts: list[Alert]) -> None:
        for alert in alerts:
            if self._note(alert):
                self._send(alert.alert_id)
                self.heard(self._told.alerts[-1])

    def _note(self, alert: Alert) -> bool:
        """Keep an alert; false, and nothing done, where it was told already."""
        import orjson

        payload = alert.to_json()
        if any(told["alert_id"] == alert.alert_id for told in self._told.alerts):
            return False
        self._unconfirmed[alert.alert_id] = (alert_topic(self.node, alert.athlete_id), payload)
        self._told.alerts = [*self._told.alerts, orjson.loads(payload)][-_ALERTS_KEPT:]
        return True

    def _send(self, alert_id: str) -> None:
        self._sent[self._bus.publish(*self._unconfirmed[alert_id])] = alert_id

    def _recover(self) -> None:
        kept, entries = self._journal.recover()
        if kept is not None:
            # Alerts are told whatever becomes of the engine's state: they hang on no version of it.
            self._told.alerts = kept["alerts"]
            self._unconfirmed = {
                alert_id: (topic, payload.encode())
                for alert_id, topic, payload in kept["unconfirmed"]
            }
            if not self._engine.restore(kept["engine"]):
                log.warning("the kept state is of another version or sport: starting anew")
        for entry in entries:
            if entry.kind == b"A":
                self._unconfirmed.pop(entry.payload.decode(), None)
                continue
            self._told.recovered += 1
            for alert in self._take(entry.topic, entry.payload, entry.arrived_us):
                self._note(alert)
        self._keep(self._clock_us())
        if kept is not None:
            log.info("took up %d messages after the checkpoint", self._told.recovered)

    def _append(self, kind: Kind, arrived_us: int, topic: str, payload: bytes) -> None:
        try:
            self._journal.append(kind, arrived_us, topic, payload)
        except OSError as error:
            self._say_unkept(error)

    def _keep(self, now: int) -> None:
        """Write a checkpoint. Messages wait only while it is put together, not for the disk."""
        self._checkpoint_us = now
        try:
            with self._lock:
                checkpoint = self._journal.rotate(
                    {
                        "engine": self._engine.state(),
                        "alerts": self._told.alerts,
                        "unconfirmed": [
                            [alert_id, topic, payload.decode()]
                            for alert_id, (topic, payload) in self._unconfirmed.items()
                        ],
                    }
                )
            self._journal.keep(checkpoint)
        except OSError as error:
            self._say_unkept(error)
        else:
            self._unkept = None

    def _say_unkept(self, error: OSError) -> None:
        """The bench is told of its athletes though the disk is full; a crash now would lose."""
        told = f"what comes is not kept through a crash: {error.strerror}: make room on the disk"
        if told != self._unkept:
            log.warning("%s", told)
        self._unkept = told

    def _refresh_norms(self) -> None:
        self._norms_us = now = self._clock_us()
        if self._norms.refresh() and self._norms.current is not None:
            self._engine.use(self._norms.current)
            log.info("norms of %s", self._norms.current.made_at_utc.isoformat())
        problem = self._norms.told(datetime.fromtimestamp(now / 1e6, UTC), self._zone)
        if problem != self._problem and problem is not None:
            log.warning("%s", problem)
        self._problem = problem
