"""The commands of a running node, as a kit man uses them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.edge.broker import broker, find_mosquitto, free_port, running_broker
from edge_ingest.cli import app
from edge_ingest.cli.status import _names
from edge_ingest.node.doctor import Check, examine
from edge_ingest.node.load import load_node
from edge_ingest.node.settings import Node
from edge_ingest.spool.landing_s3 import s3_client
from tests.conftest import REPOSITORY
from tests.edge_ingest.nodes import Ground
from tests.edge_ingest.spool.test_landing import _settings
from tests.edge_ingest.test_norms import norms
from tests.edge_ingest.tiny_reader import register

pytestmark = pytest.mark.slow

SETTINGS = """
node_id = "stadium-1"
[landing]
uri = "landing"
[watch]
folder = "inbox"
settle_s = 0
[disk]
free_floor_gb = 0
"""


class Stadium:
    def __init__(self, root: Path) -> None:
        self.root, self.inbox, self.landing = root, root / "inbox", root / "landing"
        self.inbox.mkdir()
        self.landing.mkdir()
        self.set(SETTINGS)

    def set(self, text: str) -> None:
        (self.root / "edge.toml").write_text(text)

    def put(self, name: str, text: str) -> None:
        (self.inbox / name).write_text(text)

    def run(self, *command: object) -> Result:
        arguments = [*map(str, command), "--config", str(self.root / "edge.toml")]
        result = CliRunner().invoke(app, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result


@pytest.fixture
def stadium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stadium:
    for name in [name for name in os.environ if name.startswith(("SPORTS_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    register(monkeypatch)
    return Stadium(tmp_path)


def test_a_match_day_from_the_folder_to_the_landing_zone(stadium: Stadium) -> None:
    stadium.put("alone.json", '{"tiny": 0.5}')
    stadium.put("settings.json", '{"tiny": "nothing"}')

    watched = stadium.run("watch", "--once")
    assert watched.exit_code == 0, watched.output
    assert "packed   alone.json: 2024-05-04_football" in watched.output
    assert "skipped  settings.json" in watched.output
    assert re.search(r"waiting +1 drop, \d+\.\d kB, the oldest packed \d+ s ago",
                     stadium.run("status").output)  # fmt: skip

    sent = stadium.run("send", "--once")
    assert (sent.exit_code, sent.output.split()[0]) == (0, "sent")
    assert stadium.run("send", "--once").output == "nothing to send\n"
    assert stadium.run("watch", "--once").output.startswith("nothing new in")
    shown = stadium.run("status").output
    assert re.search(r"waiting +nothing", shown)
    assert re.search(r"confirmed +1 lately, the last \d s ago", shown)
    assert re.search(r"originals +2 kept", shown)
    assert re.search(r"runs +watch does not run, send does not run", shown)


def test_a_refused_file_says_what_to_do_and_the_exit_code_tells(stadium: Stadium) -> None:
    stadium.put("damaged.json", '{"tiny": "bad"}')

    watched = stadium.run("watch", "--once")

    assert watched.exit_code == 1
    assert re.search(r"damaged\.json malformed\n +damaged\.json ends early: export it again",
                     watched.output)  # fmt: skip
    assert str(stadium.root / "quarantine") in watched.output
    shown = stadium.run("status").output
    assert "  damaged.json malformed\n    damaged.json ends early: export it again\n" in shown
    assert "Put a mended file into the watched folder" in shown


def test_what_cannot_be_sent_is_told_and_waits(stadium: Stadium) -> None:
    stadium.put("alone.json", '{"tiny": 0.5}')
    stadium.run("watch", "--once")
    stadium.landing.rmdir()

    sent = stadium.run("send", "--once")

    assert sent.exit_code == 1
    assert "mount the share, or make the folder once" in sent.output
    assert "1 drop still to send" in sent.output
    assert "mount the share" in stadium.run("status").output


def test_a_drop_that_was_damaged_here_fails_each_send_until_it_is_packed_anew(
    stadium: Stadium,
) -> None:
    stadium.put("alone.json", '{"tiny": 0.5}')
    stadium.run("watch", "--once")
    (rows,) = stadium.root.glob("**/r0001/positions.parquet")
    rows.write_bytes(b"x")

    assert [stadium.run("send", "--once").exit_code for _ in range(3)] == [1, 1, 1]

    stadium.put("alone.json", '{"tiny": 0.5}')
    stadium.run("watch", "--once")
    assert stadium.run("send", "--once").exit_code == 0
    assert stadium.run("send", "--once").exit_code == 0


def test_a_drop_that_the_lakehouse_refused_is_told_with_where_its_original_is(
    stadium: Stadium,
) -> None:
    stadium.put("alone.json", '{"tiny": 0.5}')
    stadium.run("watch", "--once")
    stadium.run("send", "--once")
    (place,) = stadium.landing.glob("*/r0001")
    (place / "refused.json").write_text(
        '{"rule": "schema", "reason": "columns of yesterday: pack the recording again"}'
    )

    assert "refused by the lakehouse" in stadium.run("send", "--once").output
    shown = stadium.run("status").output
    assert re.search(r"/r0001 schema\n +columns of yesterday: pack the recording again\n", shown)
    original = next(stadium.root.glob("kept/*/*/alone.json"))
    assert str(original.parent) in shown

    shutil.move(original, stadium.inbox / "alone.json")
    assert "r0002" in stadium.run("watch", "--once").output
    assert "refused by the lakehouse" not in stadium.run("status").output


def test_settings_and_folders_that_are_wrong_are_one_line(stadium: Stadium) -> None:
    stadium.set("quota = 1")
    for command in ("watch", "send", "live", "status", "doctor"):
        result = stadium.run(command)
        assert result.exit_code == 2
        assert "there is no setting quota" in result.output
    stadium.set(SETTINGS.replace("inbox", "nowhere"))
    assert "to watch: make it, or mount it" in stadium.run("watch", "--once").output
    stadium.set("")
    assert "which folder? Give it" in stadium.run("watch", "--once").output


def _start(stadium: Stadium, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edge_ingest.cli", *command, "--config",
         str(stadium.root / "edge.toml")],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["watch", "send"])
def test_sigterm_ends_a_service_cleanly_and_a_second_one_is_refused(
    stadium: Stadium, command: str
) -> None:
    with _start(stadium, command) as service:
        assert service.stdout is not None
        assert service.stdout.readline().startswith(f"{command}ing")
        second = stadium.run(command, "--once")
        assert second.exit_code == 2
        assert f"`edge-ingest {command}` runs already (process {service.pid})" in second.output
        assert f"{command} runs" in stadium.run("status").output
        service.send_signal(signal.SIGTERM)
        told, _ = service.communicate(timeout=30)
    assert (service.returncode, told) == (0, "")


def test_a_service_takes_in_what_is_put_there_later(stadium: Stadium) -> None:
    """A real reader in a real process: a damaged FIT file, and a file nobody knows."""
    with _start(stadium, "watch") as service:
        assert service.stdout is not None
        service.stdout.readline()
        (stadium.inbox / "cut.fit").write_bytes(b"\x0e\x10\x00\x00\xff\xff\x00\x00.FIT\x00\x00")
        stadium.put("notes.txt", "who knows")
        told = [service.stdout.readline() for _ in range(2)]
        service.terminate()
        service.communicate(timeout=30)
    assert sorted(line.split(":")[0] for line in told) == ["refused  cut.fit", "refused  notes.txt"]


# --- doctor -----------------------------------------------------------------------------------


def _checks(node: Node, now: datetime | None = None) -> dict[str, Check]:
    return {check.name: check for check in examine(node, lambda: now or datetime.now(UTC))}


def test_a_healthy_node_passes(stadium: Stadium) -> None:
    subprocess.run(
        [sys.executable, "-m", "edge_ingest.cli", "keygen", "stadium-1", "--into",
         str(stadium.root / "keys")],
        cwd=REPOSITORY, check=True, capture_output=True,
    )  # fmt: skip
    result = stadium.run("doctor")
    assert result.exit_code == 0, result.output
    assert "→" not in result.output
    assert sorted(path.name for path in stadium.root.iterdir()) == [
        "edge.toml", "inbox", "keys", "landing",
    ]  # fmt: skip
    assert list(stadium.landing.iterdir()) == []


def test_each_illness_is_found_with_its_remedy(stadium: Stadium) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        stadium.set(
            SETTINGS.replace("landing", "away", 1).replace('"landing"', '"away"')
            .replace("[away]", "[landing]").replace('"inbox"', '"nowhere"')
            .replace("free_floor_gb = 0", "free_floor_gb = 1e6")
            + f'[broker]\nhost = "127.0.0.1"\nport = {port}\n'
        )  # fmt: skip
        result = stadium.run("doctor")
    assert result.exit_code == 1
    for illness, remedy in (
        ("nothing more is taken in", "free space, or change disk.free_floor_gb"),
        ("nowhere is not there", "make it, or mount it"),
        ("drops are not signed", "edge-ingest keygen stadium-1 --into"),
        ("away is not there", "mount the share"),
        (f"127.0.0.1:{port} cannot be reached", "systemctl start mosquitto"),
    ):
        assert re.search(f"{re.escape(illness)}.*\n? *→ .*{re.escape(remedy)}", result.output)


def test_filters_that_are_not_there_are_found_before_and_at_the_start(stadium: Stadium) -> None:
    stadium.set('filters = "mine.toml"\n' + SETTINGS)
    for command in (("doctor",), ("watch", "--once")):
        result = stadium.run(*command)
        assert result.exit_code == (1 if command[0] == "doctor" else 2)
        assert f"{stadium.root / 'mine.toml'} cannot be read" in result.output
    packaged = resources.files("edge_ingest.cleaning") / "settings.toml"
    (stadium.root / "mine.toml").write_text(packaged.read_text("utf-8"))
    assert re.search(r"ok +filters +.*mine\.toml, version 2", stadium.run("doctor").output)


def test_a_home_that_cannot_be_written_ends_the_examination(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    node = Node.model_validate({"home": tmp_path / "file" / "home"})
    assert [(check.name, check.state) for check in examine(node, lambda: datetime.now(UTC))] == [
        ("disk", "bad")
    ]


def test_a_clock_that_went_backwards_is_noticed_without_network(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    ground.put("alone.json", '{"tiny": 0.5}')
    with pytest.MonkeyPatch.context() as patch:
        register(patch)
        ground.watch()
    clock = _checks(ground.node, ground.clock.now() - timedelta(days=3))["clock"]
    assert (clock.state, clock.found) == ("bad", "3 days before the node's own last drop")
    assert "timedatectl" in clock.remedy
    assert _checks(ground.node, ground.clock.now())["clock"].state == "ok"


def test_the_store_s_own_clock_is_compared(tmp_path: Path, s3_options: dict[str, str]) -> None:
    settings = _settings(s3_options)
    s3_client(settings).create_bucket(
        Bucket="club-doctor", CreateBucketConfiguration={"LocationConstraint": settings.region}
    )
    node = Node.model_validate(
        {"home": tmp_path, "landing": {"uri": "s3://club-doctor/drops"}, "s3": settings}
    )
    assert _checks(node)["clock there"].state == "ok"
    late = _checks(node, datetime.now(UTC) - timedelta(minutes=5))["clock there"]
    assert late.state == "warn"
    assert "5 min behind" in late.found or "300 s behind" in late.found
    assert _checks(node, datetime.now(UTC) + timedelta(hours=3))["clock there"].state == "bad"
    assert s3_client(settings).list_objects_v2(Bucket="club-doctor").get("KeyCount") == 0


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[int]:
    if find_mosquitto() is None:
        pytest.skip("no mosquitto: deploy/local/debian-packages mosquitto")
    port = free_port()
    with broker(tmp_path / "broker", port):
        yield port


def test_a_real_broker_answers(tmp_path: Path, mosquitto: int) -> None:
    told = {"home": tmp_path, "landing": {"uri": str(tmp_path)}}
    node = Node.model_validate(told | {"broker": {"host": "127.0.0.1", "port": mosquitto}})
    found = _checks(node)["broker"]
    assert (found.state, found.found) == ("ok", f"127.0.0.1:{mosquitto} speaks MQTT")


def test_a_broker_that_wants_a_password_is_asked_as_the_live_node_asks(tmp_path: Path) -> None:
    if find_mosquitto() is None:
        pytest.skip("no mosquitto: deploy/local/debian-packages mosquitto")
    passwords = tmp_path / "passwords"
    tool = shutil.which("mosquitto_passwd", path="/usr/bin:/usr/local/bin")
    assert tool is not None
    subprocess.run([tool, "-b", "-c", passwords, "live", "right"], check=True, capture_output=True)
    passwords.chmod(0o644)
    port = free_port()
    told = {
        "home": tmp_path / "node",
        "landing": {"uri": str(tmp_path)},
        "broker": {"host": "127.0.0.1", "port": port},
    }
    (tmp_path / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n"
    )
    states = {}
    with running_broker(tmp_path / "mosquitto.conf", port):
        for password in ("right", "wrong", None):
            login = {"user": "live", "password": password} if password else {}
            found = _checks(Node.model_validate(told | {"login": login}))["broker"]
            states[password] = (found.state, "SPORTS_MQTT_PASSWORD" in found.remedy)
    assert states == {"right": ("ok", False), "wrong": ("bad", True), None: ("bad", True)}


def test_doctor_and_status_say_how_old_the_norms_are(stadium: Stadium) -> None:
    def norms_of(result: Result) -> str:
        row = re.search(r"^(?:ok +|warn +)?norms +(.*(?:\n +→ .*)?)", result.output, re.MULTILINE)
        assert row is not None, result.output
        return row[1].strip()

    assert norms_of(stadium.run("status")) == "none was fetched yet"
    assert "norms" not in stadium.run("doctor").output  # without a broker nobody needs them
    stadium.set(SETTINGS + '[broker]\nhost = "127.0.0.1"\nport = 9\n[live]\nnorms_max_age_d = 2\n')
    assert "→ materialise alert/personal_norm" in norms_of(stadium.run("doctor"))

    assert stadium.run("send", "--once").output == "nothing to send\n"
    assert norms_of(stadium.run("status")).endswith("has no norms/personal_norms.json")
    published = stadium.landing / "norms" / "personal_norms.json"
    published.parent.mkdir()
    published.write_text(norms(datetime.now(UTC) - timedelta(hours=30)).to_json())
    assert re.match(
        r"fetched personal norms of .*, 1 athlete\n", stadium.run("send", "--once").output
    )
    assert norms_of(stadium.run("status")) == "made 30 h ago"
    assert norms_of(stadium.run("doctor")) == "made 30 h ago"

    published.write_text("{")
    sent = stadium.run("send", "--once")
    assert (sent.exit_code, "cannot fetch norms" in sent.output) == (0, True)
    assert norms_of(stadium.run("status")).startswith("made 30 h ago; not renewed:")
    published.write_text(norms(datetime.now(UTC) - timedelta(days=3)).to_json())
    stadium.run("send", "--once")
    assert norms_of(stadium.run("status")) == "made 3 d ago, more than 2 days"
    assert "→ see that `edge-ingest send` runs" in norms_of(stadium.run("doctor"))


def test_live_needs_a_broker_and_names_a_wrong_option(stadium: Stadium) -> None:
    for options, told in (
        ((), "which broker? Set host in [broker]"),
        (("--broker", "here"), "--broker is 'here': give HOST:PORT"),
        (("--sport", "chess"), "--sport is 'chess': use one of football"),
        (("--http", "8770"), "--http is '8770': give HOST:PORT"),
    ):
        result = stadium.run("live", *options)
        assert (result.exit_code, told in result.output) == (2, True), result.output


def test_a_server_that_is_no_broker_is_told_apart(
    tmp_path: Path, s3_options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_ingest.node.doctor._TIMEOUT_S", 1.0)
    port = int(s3_options["endpoint"].rpartition(":")[2])
    told = {"home": tmp_path, "landing": {"uri": str(tmp_path)}}
    node = Node.model_validate(told | {"broker": {"host": "127.0.0.1", "port": port}})
    found = _checks(node)["broker"]
    assert found.state == "bad"
    assert "check that it is an MQTT broker" in found.remedy


def test_settings_are_read_from_where_the_environment_says(
    stadium: Stadium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPORTS_EDGE_CONFIG", str(stadium.root / "edge.toml"))
    assert load_node().node_id == "stadium-1"


def test_of_a_refused_folder_the_first_file_is_named() -> None:
    assert _names(["a.xml", "b.xml"]) == "a.xml, b.xml"
    assert _names(["laptimes.json", *(f"{n}_tel.json" for n in range(24))]) == (
        "laptimes.json and 24 more"
    )
