"""How soon does the bench know? `python -m benchmarks.edge_live [--speed 1] [--seconds 600]`

Thirty athletes at 10 Hz for ten minutes, in real time, one message a sample: a real broker, a real
`edge-ingest live` with all its threads on one core (`sched_setaffinity`, looked up afterwards in
the process), a tracker in a process of its own on the others. It is known beforehand which sample
crosses which norm (`edge_live_expected`). Timed from the publication of that sample, not of the one
that made it known, to the alert's arrival by MQTT. A sample's speed rests on the half second after
it (see `edge_ingest/cleaning/causal_filter.py`): that is in the figure.

An alert before the sample that crosses rests on what was taken back later. It is no quick one, so
it is counted, and left out of the times.

Beside it stands what one would write first (`edge_live_beside`).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.edge_live_beside import against_pandas, against_the_lakehouse
from benchmarks.edge_live_expected import (
    ATHLETES,
    Expected,
    Floats,
    known_crossings,
    real_runs,
    reference,
)
from benchmarks.edge_live_tracker import NODE, RATE_HZ
from benchmarks.outcome import Target, print_outcome
from deploy.edge.broker import broker, free_port
from deploy.local.services import REPOSITORY

PATIENCE_S = 60

#: Athlete, metric and severity of an alert.
Key = tuple[str, str, str]


@dataclass
class Heard:
    """Alerts that came: when each did for the first time, and how often in all."""

    first: dict[Key, float] = field(default_factory=dict)
    times: Counter[Key] = field(default_factory=Counter)


def main() -> None:
    """Replay, time, compare; one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--speed", type=float, default=1.0, help="times faster, for rehearsal only")
    parser.add_argument("--seconds", type=float, default=600.0)
    told = parser.parse_args()
    samples = round(told.seconds * RATE_HZ)
    x, y = real_runs(samples)
    load = reference(x, y)
    with tempfile.TemporaryDirectory(prefix="edge-live-") as folder:
        norms, expected = known_crossings(load)
        figures = replay(Path(folder), x, y, norms=norms, expected=expected, speed=told.speed)
    lost = figures.pop("lost_samples") + figures.pop("lost_alerts")
    print_outcome(
        "edge_live",
        [
            Target("p95_s", figures.pop("p95_s"), "s", "<= 1"),
            Target("lost", lost, "1", "<= 0"),
            Target("alerts_early", figures.pop("alerts_early"), "1", "<= 0"),
        ],
        figures
        | {
            "athletes": ATHLETES,
            "seconds": told.seconds,
            "speed": told.speed,
            **against_the_lakehouse(x, y, load),
            **against_pandas(x, y),
        },
    )


def replay(
    folder: Path, x: Floats, y: Floats, *, norms: str, expected: Sequence[Expected], speed: float
) -> dict[str, Any]:
    """Play the recordings to a real node, and time the alerts."""
    port, http = free_port(), free_port()
    # A node's folder as `edge-ingest send` leaves it.
    (folder / "norms").mkdir()
    (folder / "norms" / "personal_norms.json").write_text(norms)
    (folder / "edge.toml").write_text(
        f'node_id = "{NODE}"\n[broker]\nhost = "127.0.0.1"\nport = {port}\n'
        f'[live]\nhttp = "127.0.0.1:{http}"\n'
    )
    np.savez(folder / "runs.npz", x=x, y=y)
    own, others = _cores()
    os.sched_setaffinity(0, others)
    with ExitStack() as stack:
        stack.enter_context(broker(folder / "broker", port))
        # Threads begin where the process began.
        os.sched_setaffinity(0, own)
        live = stack.enter_context(_process(
            "-m", "edge_ingest.cli", "live", "--config", str(folder / "edge.toml"),
        ))  # fmt: skip
        os.sched_setaffinity(0, others)
        _wait("the live node", lambda: _get(http, "/healthz") is not None)
        heard, stop = _listen(port)
        stack.callback(stop)
        cpu_before, began = _cpu_s(live.pid), time.monotonic()
        tracker = stack.enter_context(_process(
            "-m", "benchmarks.edge_live_tracker", str(port), str(folder), str(speed)
        ))  # fmt: skip
        tracker.wait()
        if tracker.returncode:
            raise RuntimeError("the tracker failed")
        published = np.load(folder / "published.npy")
        _wait("every sample", lambda: _samples(http) >= x.size, or_go_on=True)
        took, cpu = time.monotonic() - began, _cpu_s(live.pid) - cpu_before
        _wait("every alert", lambda: len(heard.first) >= len(expected), or_go_on=True)
        cores = _cores_of(live.pid)
        rows = (_get(http, "/athletes") or {})["athletes"]
        health = _get(http, "/healthz") or {}
    return {
        **_times(heard, expected, published),
        "lost_samples": x.size - sum(row["samples"] for row in rows),
        "samples": x.size,
        "batches": health["batches"],
        "live_cores": len(cores),
        "live_share_of_core": round(cpu / took, 3),
    }


def _times(heard: Heard, expected: Sequence[Expected], published: Floats) -> dict[str, float]:
    """From the publication of the samples that cross to their alerts, s; and how many came."""
    seconds: dict[int, list[float]] = defaultdict(list)
    for one in expected:
        if (key := (f"athlete-{one.athlete}", one.metric, one.severity)) in heard.first:
            seconds[one.athlete].append(heard.first[key] - published[one.athlete, one.sample])
    found = [one for each in seconds.values() for one in each]
    timed = {athlete: [one for one in each if one > 0] for athlete, each in seconds.items()}
    all_timed = [one for each in timed.values() for one in each]
    return {
        "p95_s": float(np.percentile(all_timed, 95)),
        "worst_athletes_p95_s": round(
            max(float(np.percentile(each, 95)) for each in timed.values() if each), 3
        ),
        "p50_s": round(float(np.percentile(all_timed, 50)), 3),
        "max_s": round(max(all_timed), 3),
        "min_s": round(min(all_timed), 3),
        "alerts": heard.times.total(),
        "alerts_expected": len(expected),
        "alerts_not_expected": len(heard.first) - len(found),
        "alerts_told_again": heard.times.total() - len(heard.first),
        "alerts_early": len(found) - len(all_timed),
        "earliest_s": round(min(found), 3),
        "lost_alerts": len(expected) - len(found),
    }


def _cores() -> tuple[set[int], set[int]]:
    """One core for the live node; the rest, or the same where there is but one, for all others."""
    own, *others = sorted(os.sched_getaffinity(0))
    return {own}, set(others) or {own}


def _cores_of(pid: int) -> set[int]:
    """Every core that a thread of a process may run on."""
    threads = [int(one.name) for one in Path(f"/proc/{pid}/task").iterdir()]
    return {core for thread in threads for core in os.sched_getaffinity(thread)}


class _process:  # noqa: N801 - used as a function
    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments

    def __enter__(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(
            [sys.executable, *self._arguments],
            stdout=sys.stderr,
            cwd=REPOSITORY,
            # Without what would come before the node's settings.
            env={name: told for name, told in os.environ.items() if not name.startswith("SPORTS_")}
            | {"PYTHONPATH": str(REPOSITORY)},
        )
        return self._child

    def __exit__(self, *_: object) -> None:
        self._child.terminate()
        self._child.wait(timeout=30)


def _listen(port: int) -> tuple[Heard, Callable[[], None]]:
    """What arrives from now on, and how to stop."""
    from paho.mqtt.client import Client, MQTTv5
    from paho.mqtt.enums import CallbackAPIVersion

    heard = Heard()

    def arrived(_client: Any, _data: Any, received: Any) -> None:  # noqa: ANN401
        now = time.monotonic()
        alert = json.loads(received.payload)
        key = alert["athlete_id"], alert["metric"], alert["severity"]
        heard.first.setdefault(key, now)
        heard.times[key] += 1

    subscribed = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, client_id="bench-listener", protocol=MQTTv5)
    client.on_message = arrived
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port)
    client.subscribe(f"touchline/{NODE}/alerts/#", qos=1)
    client.loop_start()
    if not subscribed.wait(PATIENCE_S):
        raise TimeoutError("the broker did not take the listener's subscription")

    def stop() -> None:
        client.disconnect()
        client.loop_stop()

    return heard, stop


def _get(http: int, path: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{http}{path}", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
    except OSError:
        return None
    return found


def _samples(http: int) -> int:
    told = _get(http, "/healthz")
    return int(told["batches"]["samples"]) if told else 0


def _cpu_s(pid: int) -> float:
    import psutil

    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _wait(what: str, is_there: Callable[[], bool], *, or_go_on: bool = False) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_there():
        if time.monotonic() > deadline:
            if or_go_on:
                return  # what lacks is counted as lost
            raise TimeoutError(f"waited {PATIENCE_S} s for {what}")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
