"""How soon does the bench know? `python -m benchmarks.edge_live [--speed 1] [--seconds 600]`

Thirty athletes at 10 Hz for ten minutes, in real time, one message a sample: a real broker, a real
`edge-ingest live` held to one core, a tracker in a process of its own. They run as in four real
GNSS recordings, cut at other times for each athlete, with lost fixes filled in so that all 18,000
samples of a minute come. Norms are set between two samples, so that it is known beforehand which
sample crosses. Timed from the publication of that sample, not of the one that made it known, to the
alert's arrival by MQTT. A sample's speed rests on the half second after it (see
`edge_ingest/cleaning/causal_filter.py`): that is in the figure.

Beside it stands what one would write first: every message recomputes its athlete's session with
pandas and SciPy's zero-phase filter.
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
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.outcome import Target, print_outcome
from deploy.edge.broker import broker, free_port
from deploy.local.services import REPOSITORY

ATHLETES = 30
RATE_HZ = 10
NODE = "bench"
SOURCE = "replay"
SEED = 7
#: The recordings last 65 minutes; athletes of one recording are so far apart, s.
SHIFT_S = 400
PATIENCE_S = 60
#: What is watched: share of the session's end at which the norm lies, twice for watch and act.
METRICS = ("total_distance_m", "metabolic_energy_kj_per_kg", "high_speed_distance_m")
LEAST = {"total_distance_m": 50.0, "metabolic_energy_kj_per_kg": 0.2, "high_speed_distance_m": 5.0}

#: A norm halfway up a step of this height is crossed by that sample, whatever the rounding.
LEAST_STEP = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """One crossing that is known beforehand: who, what, how loud, and by which sample."""

    athlete: int
    metric: str
    severity: str
    sample: int


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


def real_runs(samples: int) -> tuple[Floats, Floats]:
    """Positions of thirty athletes, (athletes, samples), m, on an even grid."""
    from edge_ingest.geodesy import to_local

    folder = Path(os.environ.get("SPORTS_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    files = sorted((folder / "gnss_football").glob("U18_ID*.csv"))
    if not files:
        sys.exit(f"no GNSS recordings in {folder}: set SPORTS_REAL_DATA")
    grids = []
    for file in files:
        days, east, north = np.loadtxt(file, delimiter=",", skiprows=1).T
        seconds = (days - days[0]) * 86_400
        place = to_local(north, east, float(north[0]), float(east[0]))[:2]
        grid = np.arange(0, seconds[-1], 1 / RATE_HZ)
        grids.append(np.stack([np.interp(grid, seconds, one) for one in place]))
    runs = []
    for athlete in range(ATHLETES):
        grid = grids[athlete % len(grids)]
        first = SHIFT_S * RATE_HZ * (athlete // len(grids))
        runs.append(grid[:, first : first + samples])
    x, y = np.array(runs).transpose(1, 0, 2)
    return x, y


def reference(x: Floats, y: Floats) -> dict[str, Floats]:
    """What each metric has grown to by each sample, (athletes, samples), by the causal filter."""
    from edge_ingest.cleaning.causal import CausalTrack
    from edge_ingest.cleaning.kinematics_settings import KinematicsSettings
    from edge_ingest.live.load import metabolic_power
    from edge_ingest.norms import DEFAULT_THRESHOLDS

    settings = KinematicsSettings.for_sport("football")
    fast = DEFAULT_THRESHOLDS["football"].high_speed_threshold_mps or 0.0
    grown = {metric: np.zeros(x.shape) for metric in METRICS}
    for athlete in range(x.shape[0]):
        track, moved = CausalTrack(RATE_HZ, settings), []
        for sample in range(x.shape[1]):
            at_us = sample * 1_000_000 // RATE_HZ
            moved += track.push(at_us, float(x[athlete, sample]), float(y[athlete, sample]))
        moved += track.unsettled()
        for one in moved:
            if one.speed_mps is None:
                continue
            sample, way = one.captured_us * RATE_HZ // 1_000_000, one.speed_mps * one.dt_s
            grown["total_distance_m"][athlete, sample] = way
            grown["high_speed_distance_m"][athlete, sample] = way * (one.speed_mps >= fast)
            if one.acceleration_mps2 is not None:
                power = metabolic_power(one.speed_mps, one.acceleration_mps2)
                grown["metabolic_energy_kj_per_kg"][athlete, sample] = power * one.dt_s / 1000
    return {metric: np.cumsum(each, axis=1) for metric, each in grown.items()}


def known_crossings(load: dict[str, Floats]) -> tuple[str, list[Expected]]:
    """Norms that lie halfway between two samples, at random times; and who crosses them where."""
    from edge_ingest.norms import (
        DEFAULT_THRESHOLDS,
        AthleteNorms,
        NormsFile,
        PersonalNorm,
        SourceId,
    )
    from edge_ingest.norms import (
        METRICS as UNITS,
    )

    rng = np.random.default_rng(SEED)
    athletes, expected = [], []
    for athlete in range(ATHLETES):
        norms = []
        for metric in METRICS:
            grown = load[metric][athlete]
            steps = np.flatnonzero(np.diff(grown) > LEAST_STEP) + 1
            # Within the session, and early enough that what follows makes it known.
            steps = steps[(steps > 0.05 * grown.size) & (steps < grown.size - 2 * RATE_HZ)]
            if grown[-1] < LEAST[metric] or steps.size < RATE_HZ:
                continue
            first, second = np.sort(rng.choice(steps, 2, replace=False))
            high, act = (float(grown[s - 1] + grown[s]) / 2 for s in (first, second))
            norms.append(
                PersonalNorm(
                    sport="football", metric=metric, unit=UNITS[metric][0], session_count=10,
                    first_day=date(2026, 1, 1), last_day=date(2026, 2, 1), mean=high / 2,
                    sd=high / 4, low=0.0, high=high, act_above=act,
                )
            )  # fmt: skip
            expected += [
                Expected(athlete, metric, "watch", int(first)),
                Expected(athlete, metric, "act", int(second)),
            ]
        known = (SourceId(source=SOURCE, source_athlete_id=str(athlete)),)
        athletes.append(
            AthleteNorms(athlete_id=f"athlete-{athlete}", known_as=known, norms=tuple(norms))
        )
    made = NormsFile(
        made_at_utc=datetime.now(UTC), provenance={}, definition={},
        sports={"football": DEFAULT_THRESHOLDS["football"]}, athletes=tuple(athletes),
    )  # fmt: skip
    return made.to_json(), expected


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
        live = stack.enter_context(_process(
            "-m", "edge_ingest.cli", "live", "--config", str(folder / "edge.toml"),
        ))  # fmt: skip
        os.sched_setaffinity(live.pid, own)
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
        _wait("every alert", lambda: len(heard) >= len(expected), or_go_on=True)
        rows = (_get(http, "/athletes") or {})["athletes"]
        health = _get(http, "/healthz") or {}
    seconds = [
        heard[key] - published[one.athlete, one.sample]
        for one in expected
        if (key := (f"athlete-{one.athlete}", one.metric, one.severity)) in heard
    ]
    # A sample counts until a gate refuses it; one that did not last may have told a little early.
    # Such an alert is no quick one, and is left out of the times.
    timed = [one for one in seconds if one > 0]
    return {
        "p95_s": float(np.percentile(timed, 95)),
        "p50_s": round(float(np.percentile(timed, 50)), 3),
        "max_s": round(max(timed), 3),
        "min_s": round(min(timed), 3),
        "alerts_early": len(seconds) - len(timed),
        "earliest_s": round(min(seconds), 3),
        "lost_samples": x.size - sum(row["samples"] for row in rows),
        "lost_alerts": len(expected) - len(seconds),
        "alerts_expected": len(expected),
        "alerts_not_expected": len(heard) - len(seconds),
        "samples": x.size,
        "batches": health["batches"],
        "live_share_of_core": round(cpu / took, 3),
    }


def against_the_lakehouse(x: Floats, y: Floats, load: dict[str, Floats]) -> dict[str, float]:
    """How far the live numbers lie from the lakehouse's, all athletes together, %."""
    import pyarrow as pa

    from edge_ingest.cleaning.kinematics_settings import KinematicsSettings
    from edge_ingest.records import INSTANT, POSITIONS
    from sports_assets.tracking.kinematics import kinematics

    athletes, samples = x.shape
    instants = np.arange(samples) * 1_000_000 // RATE_HZ
    rows = POSITIONS.conform(
        pa.table(
            {
                "session_id": ["s"] * x.size, "stream_id": ["s"] * x.size,
                "frame_id": pa.array(np.tile(np.arange(samples), athletes), pa.int32()),
                "captured_at_utc": pa.array(np.tile(instants, athletes)).cast(INSTANT),
                "period_time_s": np.tile(instants / 1e6, athletes),
                "object_kind": ["athlete"] * x.size,
                "source_athlete_id": [str(a) for a in range(athletes) for _ in range(samples)],
                "x_m": x.ravel(), "y_m": y.ravel(),
                "quality": pa.array(np.zeros(x.size), pa.int32()),
            }
        )
    )  # fmt: skip
    moved = kinematics(rows, KinematicsSettings.for_sport("football"))
    speed = moved["speed_mps"].to_numpy()
    way = np.nan_to_num(speed * moved["dt_s"].to_numpy())
    there = {"distance": way.sum(), "hsr": way[speed >= 5.5].sum()}  # noqa: PLR2004 - football
    here = {
        "distance": load["total_distance_m"][:, -1].sum(),
        "hsr": load["high_speed_distance_m"][:, -1].sum(),
    }
    return {
        f"live_{name}_error_pct": round(100 * (here[name] / there[name] - 1), 3)
        for name in there
        if there[name] > 0
    } | {f"lakehouse_{name}_m": round(there[name], 1) for name in there}


def against_pandas(x: Floats, y: Floats) -> dict[str, float]:
    """Cost of one message, ms: ours, and that of recomputing the session with pandas."""
    import pandas as pd
    from scipy.signal import butter, sosfiltfilt

    from benchmarks.edge_live_tracker import message
    from edge_ingest.live.engine import Engine
    from edge_ingest.live.messages import read_batches

    samples = x.shape[1]
    sections = butter(2, 1.25, fs=RATE_HZ, output="sos")

    def naive(rows: list[tuple[float, float, float]]) -> tuple[float, float]:
        frame = pd.DataFrame(rows, columns=["t", "x", "y"])
        step = frame["t"].diff().bfill()
        velocity = frame[["x", "y"]].diff().fillna(0).div(step, axis=0)
        smooth = sosfiltfilt(sections, velocity.to_numpy(), axis=0)
        frame["speed"] = np.hypot(smooth[:, 0], smooth[:, 1])
        way = frame["speed"] * step
        return float(way.sum()), float(way[frame["speed"] >= 5.5].sum())  # noqa: PLR2004

    told: dict[str, float] = {}
    for minutes in (1, 10):
        length = min(samples, minutes * 60 * RATE_HZ)
        rows = [(i / RATE_HZ, float(x[0, i]), float(y[0, i])) for i in range(length)]
        told[f"pandas_ms_a_message_after_{minutes}_min"] = _ms(partial(naive, rows), 100)
    engine, messages = Engine("bench", "football"), []
    for sample in range(min(samples, 1200)):
        at_us = 1_772_373_600_000_000 + sample * 100_000
        messages.append(message("r", sample, at_us, float(x[0, sample]), float(y[0, sample])))
    topic = f"touchline/{NODE}/positions/{SOURCE}/0"
    waiting = iter(messages)

    def ours() -> None:
        payload = next(waiting)
        for batch in read_batches(topic, payload):
            engine.take(batch, 0)

    told["engine_ms_a_message"] = _ms(ours, len(messages) - 1)
    share = ATHLETES * RATE_HZ / 1000 * told["pandas_ms_a_message_after_10_min"]
    # Above 1 it falls behind, and each alert comes later than the one before.
    return told | {"pandas_share_of_core_after_10_min": round(share, 2)}


def _ms(work: Callable[[], object], times: int) -> float:
    work()
    began = time.process_time()
    for _ in range(times - 1):
        work()
    return round(1000 * (time.process_time() - began) / (times - 1), 4)


def _cores() -> tuple[set[int], set[int]]:
    """One core for the live node; the rest, or the same where there is but one, for all others."""
    own, *others = sorted(os.sched_getaffinity(0))
    return {own}, set(others) or {own}


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


def _listen(port: int) -> tuple[dict[tuple[str, str, str], float], Callable[[], None]]:
    """When each alert arrived for the first time, by athlete, metric and severity."""
    from paho.mqtt.client import Client, MQTTv5
    from paho.mqtt.enums import CallbackAPIVersion

    heard: dict[tuple[str, str, str], float] = {}

    def arrived(_client: Any, _data: Any, received: Any) -> None:  # noqa: ANN401
        now = time.monotonic()
        alert = json.loads(received.payload)
        heard.setdefault((alert["athlete_id"], alert["metric"], alert["severity"]), now)

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
