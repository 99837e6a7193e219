"""The broker: positions in, alerts out, nothing lost while it is away."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edge_ingest.live.messages import every_position
from edge_ingest.node.settings import BrokerLogin, BrokerSettings

if TYPE_CHECKING:
    from paho.mqtt.client import Client

#: How long the broker keeps what comes while the node is away, s.
SESSION_EXPIRY_S = 24 * 3600
_KEEPALIVE_S = 10
_LONGEST_PAUSE_S = 5


@dataclass(frozen=True)
class Broker:
    """Where the broker is, and who asks it; user None: nobody in particular."""

    host: str = "127.0.0.1"
    port: int = 1883
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: BrokerSettings, login: BrokerLogin) -> "Broker":
        """As a node was told."""
        return cls(settings.host, settings.port, login.user, login.password)

    def client(self, client_id: str) -> "Client":
        """A client of MQTT 5 that logs in here, not connected yet."""
        from paho.mqtt.client import Client, MQTTv5
        from paho.mqtt.enums import CallbackAPIVersion

        client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5)
        if self.user:
            client.username_pw_set(self.user, self.password)
        return client


def try_broker(broker: Broker, client_id: str, timeout_s: float) -> str:
    """What is wrong with a broker's answer; empty where it lets us in.

    Args:
        client_id: none that is in use: a broker drops whoever had it.

    Raises:
        OSError: nobody answers there.
    """
    answered = threading.Event()
    refused: list[str] = []

    def note(_client: Any, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:  # noqa: ANN401
        if reason.is_failure:
            refused.append(f"refuses: {reason}")
        answered.set()

    client = broker.client(client_id)
    client.on_connect = note
    client.connect_timeout = timeout_s
    client.connect(broker.host, broker.port, keepalive=_KEEPALIVE_S)
    client.loop_start()
    try:
        if not answered.wait(timeout_s):
            return "does not answer as an MQTT broker"
    finally:
        client.disconnect()
        client.loop_stop()
    return "".join(refused)


class Bus:
    """A connection that comes back by itself; MQTT 5 with a session that the broker keeps.

    What is published while the broker is away waits here, and is sent when it is back.

    Args:
        receive: called with topic, payload in the network's own thread, one message at a time; the
            broker is told that a message arrived after it returns.
    """

    def __init__(self, broker: Broker, node: str, receive: Callable[[str, bytes], None]) -> None:
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        self._broker, self._node, self._receive = broker, node, receive
        #: Message ids that the broker has confirmed; read in another thread than it is filled in.
        self.confirmed: deque[int] = deque()
        self.reconnects = -1
        self._properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        self._properties.SessionExpiryInterval = SESSION_EXPIRY_S
        self._client = broker.client(f"touchline-live-{node}")
        self._client.reconnect_delay_set(1, _LONGEST_PAUSE_S)
        self._client.on_connect = self._connected
        self._client.on_message = self._arrived
        self._client.on_publish = self._published

    @property
    def is_connected(self) -> bool:
        """Whether the broker answers now."""
        return bool(self._client.is_connected())

    def start(self) -> None:
        """Connect, now or as soon as the broker is there."""
        self._client.connect_async(
            self._broker.host, self._broker.port, _KEEPALIVE_S,
            clean_start=False, properties=self._properties,
        )  # fmt: skip
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes) -> int:
        """Send with QoS 1; the id that will stand in `confirmed`."""
        return int(self._client.publish(topic, payload, qos=1).mid)

    def stop(self) -> None:
        """Disconnect; the broker keeps what comes."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: Any, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:  # noqa: ANN401
        if reason.is_failure:
            return
        self.reconnects += 1
        client.subscribe(every_position(self._node), qos=1)

    def _arrived(self, _client: Any, _data: Any, message: Any) -> None:  # noqa: ANN401
        self._receive(message.topic, message.payload)

    def _published(self, _client: Any, _data: Any, mid: int, _reason: Any, _props: Any) -> None:  # noqa: ANN401
        self.confirmed.append(mid)
