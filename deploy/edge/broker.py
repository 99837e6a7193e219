"""Debian's mosquitto on loopback, as `mosquitto.conf` sets it, for tests and benchmarks."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONFIG = Path(__file__).with_name("mosquitto.conf")
_START_S = 10


def find_mosquitto() -> str | None:
    """Its path; None where it is not installed (`deploy/local/debian-packages mosquitto`)."""
    return shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def broker(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A broker whose memory is in the folder: started again there, it knows what it knew.

    Raises:
        FileNotFoundError: mosquitto is not installed.
        TimeoutError: it does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "mosquitto.conf"
    text = _CONFIG.read_text().replace("listener 1883", f"listener {port}")
    text = text.replace("/var/lib/mosquitto/", f"{folder}/")
    # Started as root it would become another user, who may not write here.
    config.write_text(f"{text}user root\n")
    with running_broker(config, port) as process:
        yield process


@contextmanager
def running_broker(config: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A broker with any settings that make it listen on a port of loopback; its log beside them.

    Raises:
        FileNotFoundError: mosquitto is not installed.
        TimeoutError: it does not answer.
    """
    command = find_mosquitto()
    if command is None:
        raise FileNotFoundError("no mosquitto: deploy/local/debian-packages mosquitto")
    with (config.parent / "mosquitto.log").open("ab") as log:
        process = subprocess.Popen([command, "-c", str(config)], stdout=log, stderr=log)
    try:
        _wait_for(process, port)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"mosquitto did not answer on port {port}: see its log beside its config")
