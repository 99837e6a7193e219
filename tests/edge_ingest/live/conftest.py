"""A real broker, a real `edge-ingest live`, and a tracker of our own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deploy.edge.broker import broker, find_mosquitto, free_port
from edge_ingest.live.messages import Batch, positions_topic
from edge_ingest.norms import NormsFile
from tests.conftest import REPOSITORY
from tests.edge_ingest.live.feed import payload

NODE = "north"
PATIENCE_S = 30
SETTINGS = f"""
node_id = "{NODE}"
[landing]
uri = "landing"
[disk]
free_floor_gb = 0
[broker]
host = "127.0.0.1"
port = {{port}}
[live]
http = "127.0.0.1:{{http}}"
"""


def wait_until(what: str, look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.05)
    raise TimeoutError(f"waited {PATIENCE_S} s for {what}")


class Ground:
    """One stadium: broker, live node, tracker, and somebody who hears the alerts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.http = free_port(), free_port()
        self.landing, self.norms = folder / "landing", folder / "norms" / "personal_norms.json"
        self.landing.mkdir()
        (folder / "edge.toml").write_text(
            SETTINGS.format(port=self.port, http=self.http), encoding="utf-8"
        )
        self.alerts: list[dict] = []
        self._stack = ExitStack()
        self._broker = ExitStack()
        self.live: subprocess.Popen[bytes] | None = None
        self.start_broker()
        self.tracker = self._client("tracker")
        self.listener = self._client("listener")
        self.listener.on_message = lambda _c, _d, message: self.alerts.append(
            json.loads(message.payload)
        )
        self.listener.subscribe(f"touchline/{NODE}/alerts/#", qos=1)

    def start_broker(self) -> None:
        self._broker.enter_context(broker(self.folder / "broker", self.port))

    def stop_broker(self) -> None:
        self._broker.close()

    def set_norms(self, norms: NormsFile) -> None:
        self.norms.parent.mkdir(exist_ok=True)
        self.norms.write_text(norms.to_json())

    def start_live(self, *more: str, expect_up: bool = True) -> None:
        log = (self.folder / "live.log").open("ab")
        self._stack.callback(log.close)
        self.live = subprocess.Popen(
            [
                sys.executable, "-m", "edge_ingest.cli", "live",
                "--config", str(self.folder / "edge.toml"), *more,
            ],
            stdout=log, stderr=log, cwd=REPOSITORY, env=_environment(),
        )  # fmt: skip
        if expect_up:
            wait_until("the live node", lambda: self._answers("/healthz"))

    def stop_live(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.live is not None
        self.live.send_signal(how)
        return self.live.wait(timeout=20)

    def run(self, *command: str) -> str:
        """Another command of the same node; what it said, and that it went well."""
        done = subprocess.run(
            [
                sys.executable, "-m", "edge_ingest.cli", *command,
                "--config", str(self.folder / "edge.toml"),
            ],
            capture_output=True, text=True, cwd=REPOSITORY, env=_environment(), check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def publish(self, *sent: Batch) -> None:
        for batch in sent:
            topic = positions_topic(NODE, batch.source, batch.source_athlete_id)
            self.tracker.publish(topic, payload(batch), qos=1)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=10) as answer:
            return json.load(answer)

    def row(self, athlete_id: str = "ada") -> dict | None:
        rows = [one for one in self.get("/athletes")["athletes"] if one["athlete_id"] == athlete_id]
        return rows[0] if rows else None

    def has_samples(self, count: int, athlete_id: str = "ada") -> bool:
        row = self.row(athlete_id)
        return row is not None and row["samples"] >= count

    def log(self) -> str:
        return (self.folder / "live.log").read_text()

    def close(self) -> None:
        for client in (self.tracker, self.listener):
            client.disconnect()
            client.loop_stop()
        if self.live is not None and self.live.poll() is None:
            self.live.kill()
            self.live.wait()
        self._broker.close()
        self._stack.close()

    def _client(self, name: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTv5)
        client.reconnect_delay_set(1, 1)
        client.max_inflight_messages_set(200)
        keep = Properties(PacketTypes.CONNECT)
        keep.SessionExpiryInterval = 3600
        client.connect("127.0.0.1", self.port, clean_start=False, properties=keep)
        client.loop_start()
        return client

    def _answers(self, path: str) -> bool:
        assert self.live is not None
        assert self.live.poll() is None, self.log()
        try:
            self.get(path)
        except (urllib.error.URLError, ConnectionError):
            return False
        return True


def _environment() -> dict[str, str]:
    """Of this process, but for what would come before the node's settings."""
    own = {name: told for name, told in os.environ.items() if not name.startswith("SPORTS_")}
    return own | {"PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    if find_mosquitto() is None:
        pytest.skip("no mosquitto: deploy/local/debian-packages mosquitto")
    made = Ground(tmp_path)
    yield made
    made.close()
