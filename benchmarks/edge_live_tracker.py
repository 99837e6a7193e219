"""The tracker of `benchmarks.edge_live`: each sample of each athlete in a message, when it is due.

`python -m benchmarks.edge_live_tracker PORT FOLDER SPEED` reads `runs.npz` there, and leaves when
each sample was handed over for sending in `published.npy`, s of the machine's monotonic clock.
"""

import json
import sys
import threading
import time
from pathlib import Path

import numpy as np

from edge_ingest.live.messages import positions_topic

RATE_HZ = 10
NODE, SOURCE = "bench", "replay"
PATIENCE_S = 60


def message(run: str, seq: int, at_us: int, x_m: float, y_m: float) -> bytes:
    """One sample as `edge_ingest.live.messages` wants it."""
    return json.dumps(
        {"v": 1, "run": run, "seq": seq, "rate_hz": RATE_HZ, "t_us": [at_us], "x_m": [x_m],
         "y_m": [y_m]}
    ).encode()  # fmt: skip


def main(port: int, folder: Path, speed: float) -> None:
    """Publish everything, and wait until the broker has it."""
    from paho.mqtt.client import Client, MQTTv5
    from paho.mqtt.enums import CallbackAPIVersion

    runs = np.load(folder / "runs.npz")
    x, y = runs["x"], runs["y"]
    athletes, samples = x.shape
    connected = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, client_id="bench-tracker", protocol=MQTTv5)
    client.max_inflight_messages_set(1000)
    client.on_connect = lambda *_: connected.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    if not connected.wait(PATIENCE_S):
        raise TimeoutError("the broker does not answer")
    topics = [positions_topic(NODE, SOURCE, str(athlete)) for athlete in range(athletes)]
    published = np.zeros(x.shape)
    began, began_us = time.monotonic(), time.time_ns() // 1000
    last = None
    for sample in range(samples):
        for athlete in range(athletes):
            # Trackers are not switched on together: their samples are spread over the tenth.
            due_s = (sample + athlete / athletes) / RATE_HZ
            wait = began + due_s / speed - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            at_us = began_us + round(due_s * 1e6)
            payload = message(
                str(began_us), sample, at_us, float(x[athlete, sample]), float(y[athlete, sample])
            )
            published[athlete, sample] = time.monotonic()
            last = client.publish(topics[athlete], payload, qos=1)
    if last is not None:
        last.wait_for_publish(PATIENCE_S)
    np.save(folder / "published.npy", published)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
