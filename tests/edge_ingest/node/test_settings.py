"""The node's settings: from a file, from the environment, and what is said of a wrong one."""

import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from edge_ingest.drops.signing import make_key
from edge_ingest.errors import BusyError, KeyFileError, SettingsError
from edge_ingest.manifest import Signature
from edge_ingest.node.load import load_node, with_live_options
from edge_ingest.node.lock import is_running, only_one
from edge_ingest.node.settings import Node
from tests.conftest import REPOSITORY

EXAMPLE = REPOSITORY / "deploy" / "edge" / "edge.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(text)
    return path


def test_without_a_file_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    node = load_node(None, {})
    assert node.home == Path(".edge")
    assert node.landing.uri == ".sports/landing"
    assert (node.disk.quota_gb, node.disk.keep_originals_days) == (0, 30)
    assert node.outbox == Path(".edge/outbox")


def test_the_home_s_own_file_is_found_and_paths_are_taken_from_its_folder(tmp_path: Path) -> None:
    write(
        tmp_path, 'node_id = "stadium-1"\n[landing]\nuri = "../landing"\n[watch]\nfolder = "in"\n'
    )
    node = load_node(None, {"SPORTS_EDGE_HOME": str(tmp_path)})
    assert node.node_id == "stadium-1"
    assert node.home == tmp_path
    assert Path(node.landing.uri).resolve() == tmp_path.parent / "landing"
    assert node.watch.folder == tmp_path / "in"
    assert node.key == tmp_path / "keys" / "stadium-1.pem"


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, 'club_timezone = "Europe/London"\n[landing]\nuri = "s3://a/b"\n')
    node = load_node(
        path,
        {
            "SPORTS_LANDING_URI": "s3://club/drops",
            "SPORTS_S3_ENDPOINT": "http://127.0.0.1:9000",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "a secret",
            "AWS_SESSION_TOKEN": "",
        },
    )
    assert node.landing.uri == "s3://club/drops"
    assert node.club_timezone == "Europe/London"
    assert node.s3.endpoint == "http://127.0.0.1:9000"
    assert node.s3.session_token is None
    assert "a secret" not in repr(node)


def test_the_environment_s_broker_comes_before_the_file_s(tmp_path: Path) -> None:
    path = write(tmp_path, '[broker]\nhost = "10.0.0.5"\nport = 8883\n')
    assert load_node(path, {"SPORTS_MQTT_BROKER": ""}).broker.host == "10.0.0.5"
    told = {
        "SPORTS_MQTT_BROKER": "[::1]:1884",
        "SPORTS_MQTT_USER": "live",
        "SPORTS_MQTT_PASSWORD": "a secret",
    }
    node = load_node(path, told)
    assert (node.broker.host, node.broker.port) == ("::1", 1884)
    assert (node.login.user, node.login.password) == ("live", "a secret")
    assert "a secret" not in repr(node)
    with pytest.raises(SettingsError, match=r"SPORTS_MQTT_BROKER is '10\.0\.0\.5': give HOST:PORT"):
        load_node(path, {"SPORTS_MQTT_BROKER": "10.0.0.5"})


def test_options_of_live_come_before_everything(tmp_path: Path) -> None:
    node = load_node(write(tmp_path, '[live]\nsport = "rowing"\n[broker]\nhost = "a"\n'), {})
    same = with_live_options(node, sport=None, broker=None, http=None)
    assert same == node
    other = with_live_options(node, sport="running", broker="b:1884", http="0.0.0.0:80")
    assert (other.live.sport, other.live.http, other.broker.host, other.broker.port) == (
        "running", "0.0.0.0:80", "b", 1884,
    )  # fmt: skip
    with pytest.raises(SettingsError, match="--sport is 'chess': use one of football"):
        with_live_options(node, sport="chess", broker=None, http=None)
    with pytest.raises(SettingsError, match="--http is '80': give HOST:PORT"):
        with_live_options(node, sport=None, broker=None, http="80")
    with pytest.raises(SettingsError, match="--broker is 'b': give HOST:PORT"):
        with_live_options(node, sport=None, broker="b", http=None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("node = 1", "there is no setting node: use one of node_id, home, club_timezone"),
        ("[disk]\nquota = 1", r"no setting disk\.quota: use one of quota_gb, free_floor_gb"),
        ("[disk]\nquota_gb = -1", r"disk\.quota_gb is -1: Input should be greater"),
        ("[landing]\npart_mb = 1", r"landing\.part_mb is 1"),
        ('node_id = "Stadium 1"', "node_id is 'Stadium 1': use lower-case letters and digits"),
        ('club_timezone = "Mars/Olympus"', "is no IANA time zone"),
        ("[s3]\nendpoint = 'x'", r"\[s3\] belongs in no file: set SPORTS_S3_ENDPOINT"),
        ('[told]\nclock_timezone = "Lisbon"', r"told\.clock_timezone is 'Lisbon': 'Lisbon' is no"),
        ('[told]\nsport = "soccer"', r"told\.sport is 'soccer': use one of football"),
        ('[told]\nathlete_id = "anna"', r"no setting told\.athlete_id: use one of site, clock"),
        ("[login]\nuser = 'x'", r"\[login\] belongs in no file: set SPORTS_MQTT_USER"),
        ('[live]\ntimezone = "Home"', r"live\.timezone is 'Home': 'Home' is no IANA time zone"),
        ('[live]\nsport = "chess"', r"live\.sport is 'chess': use one of football"),
        ('[live]\nhttp = "8770"', r"live\.http is '8770': give HOST:PORT"),
        ("[live]\nnorms_max_age_d = 0", r"live\.norms_max_age_d is 0"),
        ("disk = ", "is no TOML"),
        ("disk = 3", "disk is 3"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as refused:
        load_node(write(tmp_path, text), {})
    assert str(tmp_path / "edge.toml") in str(refused.value)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no settings file"):
        load_node(tmp_path / "edge.toml", {})
    with pytest.raises(SettingsError, match="there is no settings file"):
        load_node(None, {"SPORTS_EDGE_CONFIG": str(tmp_path / "edge.toml")})


def test_the_packaged_example_names_every_setting_and_its_default(tmp_path: Path) -> None:
    node = load_node(EXAMPLE, {})
    whole = re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    # What stood behind a # changes nothing: it is what holds anyway.
    assert load_node(write(tmp_path, whole), {}) == node

    sections = {
        name: getattr(node, name)
        for name in ("landing", "disk", "watch", "send", "broker", "told", "live")
    }
    expected: dict[str, set[str]] = {
        name: set(type(section).model_fields) for name, section in sections.items()
    }
    told = tomllib.loads(whole)
    assert {name: set(told.pop(name)) for name in sections} == expected
    assert set(told) == set(Node.model_fields) - {*sections, "s3", "login"}


def test_a_task_runs_once_on_a_node(tmp_path: Path) -> None:
    assert not is_running(tmp_path, "send")
    code = (
        "import sys; from pathlib import Path; from edge_ingest.node.lock import only_one\n"
        f"with only_one(Path({str(tmp_path)!r}), 'send'):\n print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=REPOSITORY, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert is_running(tmp_path, "send")
        held = rf"runs already \(process {other.pid}\)"
        with pytest.raises(BusyError, match=held), only_one(tmp_path, "send"):
            pass
        other.kill()
    assert not is_running(tmp_path, "send")
    with only_one(tmp_path, "send"):
        pass


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("a" * 100, True), ("a" * 101, False), ("stadium-1.east_2", True), ("Stadium", False),
     ("a--b", False), ("-a", False), ("a\n", False), ("", False)],
)  # fmt: skip
def test_settings_keys_and_signatures_agree_on_what_a_node_may_be_called(
    tmp_path: Path, name: str, is_one: bool
) -> None:
    def allows(work: Callable[[], object]) -> bool:
        try:
            work()
        except (KeyFileError, ValidationError):
            return False
        return True

    assert [
        allows(lambda: Node(node_id=name)),
        allows(lambda: Signature(node_id=name, ed25519="A" * 86 + "==")),
        allows(lambda: make_key(name, tmp_path)),
    ] == [is_one] * 3


def test_a_long_host_name_makes_a_name_that_a_node_may_bear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "x" * 99 + ".example.org")
    assert Node().node_id == "x" * 99
