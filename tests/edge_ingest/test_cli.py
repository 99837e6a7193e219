"""The command, as a kit man uses it: what it prints and what it answers."""

import io
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from edge_ingest.checksum import sha256_of
from edge_ingest.cli import app
from edge_ingest.cli.console import say
from edge_ingest.drops.arrival import read_manifest
from edge_ingest.readers import READERS
from tests.conftest import REPOSITORY
from tests.edge_ingest.footage_clips import drawn, encode

WYSCOUT = ("--started-at", "2017-09-23T16:30:00Z", "--home-team", "1631")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPORTS_LANDING_URI", "SPORTS_CLUB_TIMEZONE", "SPORTS_SAMPLES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.slow
def test_a_video_is_probed_packed_without_idle_stretches_and_verified(tmp_path: Path) -> None:
    clip = encode(
        tmp_path / "north.mp4", drawn([("play", 8), ("empty", 60), ("play", 8)], rate=5), 5
    )
    shown = run("probe", clip, "--checksum").output
    assert all(word in shown for word in ("h264", "320 × 180 px", "380", "76.00 s", "--started-at"))
    assert sha256_of(clip) in shown

    told = ("--sport", "football", "--started-at", "2024-05-04T13:30:00Z")
    into = tmp_path / "landing"
    packed = run("pack", "video", clip, *told, "--into", into)
    assert packed.exit_code == 0
    assert "2 footage" in packed.output
    assert "idle_frames_left_out" in packed.output
    assert "B of video" in packed.output
    assert run("verify", into).output.strip() == "1 drop sound"
    (folder,) = (path.parent for path in into.rglob("manifest.json"))
    names = ["north_001.mp4", "north_002.mp4"]
    assert sorted(path.name for path in folder.glob("*.mp4")) == names
    assert "nothing new" in run("pack", "video", clip, *told, "--into", into).output
    assert not list(into.glob(".*"))  # what was cut stands in the drop alone

    whole = run("pack", "video", clip, *told, "--whole", "--device", "b", "--into", into)
    assert "1 footage" in whole.output
    assert any(path.samefile(clip) for path in into.rglob("b.mp4"))


def test_what_is_no_video_and_what_is_not_told_is_said(tmp_path: Path) -> None:
    bad = tmp_path / "a.mp4"
    bad.write_text("not a video")
    for command in (("probe", bad), ("pack", "video", bad, "--sport", "football")):
        refused = run(*command)
        assert refused.exit_code == 2
        assert "is no video that we read" in refused.output
    clip = encode(tmp_path / "b.mp4", drawn([("play", 1)]))
    assert "give one of football" in run("pack", "video", clip, "--into", tmp_path / "l").output
    asked = run("pack", "video", clip, "--sport", "football", "--into", tmp_path / "l")
    assert "give --started-at, the instant of its first frame" in asked.output


def _events(kloppy_files: Path) -> Path:
    return kloppy_files / "wyscout_events_v2.json"


def test_help_lists_the_commands_and_loads_nothing_heavy() -> None:
    told = subprocess.run(
        [sys.executable, "-c", ("import sys; from edge_ingest.cli import app\n"
         "try: app(['--help'])\nfinally: print(*sys.modules, file=sys.stderr)")],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert all(word in told.stdout for word in ("sources", "pack", "verify", "replay", "samples"))
    heavy = {"numpy", "pandas", "pyarrow", "pydantic", "scipy", "kloppy", "lxml", "av", "boto3",
             "paho", "starlette", "cryptography"}  # fmt: skip
    assert "edge_ingest.cli.recordings" in told.stderr.split()
    assert heavy & set(told.stderr.split()) == set()


def test_sources_lists_each_with_its_files() -> None:
    shown = run("sources").output

    for name, source in READERS.items():
        assert name in shown
        assert all(f"{part}=…" in shown for part in source.parts)
    assert "--home-team" in shown


def test_pack_verify_and_replay(kloppy_files: Path, tmp_path: Path) -> None:
    landing, again = tmp_path / "landing", tmp_path / "again"
    calendar = tmp_path / "sessions.csv"
    calendar.write_text(
        "starts_at_utc,sport,slug\n2017-09-23T16:00:00Z,football,leicester-liverpool\n"
    )

    packed = run("pack", "wyscout", _events(kloppy_files), *WYSCOUT, "--into", landing,
                 "--calendar", calendar, "--scale", "0.01", "--device", "Analyst 1")  # fmt: skip
    assert packed.exit_code == 0, packed.output
    assert re.search(r"rows +36 athletes, 1,844 events", packed.output)
    assert re.search(r"clock +operator, ± 300 s", packed.output)
    folder = landing / "2017-09-23_football_leicester-liverpool.analyst-1.events" / "r0001"
    assert read_manifest(folder).scale["x_m"] == 0.01

    verified = run("verify", landing)
    assert (verified.exit_code, verified.output.strip()) == (0, "1 drop sound")
    sent = run("replay", landing, "--into", again)
    assert (sent.exit_code, sent.output.split()[1]) == (0, "sent")
    assert "there already" in run("replay", folder, "--into", again).output


def test_packing_again_says_that_there_is_nothing_new(kloppy_files: Path, tmp_path: Path) -> None:
    arguments = ("pack", "wyscout", f"events={_events(kloppy_files)}", *WYSCOUT, "--into", tmp_path)
    run(*arguments)

    assert "nothing new" in run(*arguments).output
    # Another zone, another name: the day and time are the club's.
    moved = run(*arguments, "--timezone", "Asia/Tokyo")
    assert "2017-09-24_football_session-0130" in moved.output


def test_verify_of_a_damaged_drop_says_what_is_wrong_and_fails(
    kloppy_files: Path, tmp_path: Path
) -> None:
    run("pack", "wyscout", _events(kloppy_files), *WYSCOUT, "--into", tmp_path)
    (path,) = tmp_path.rglob("events.parquet")
    path.write_bytes(path.read_bytes() + b"x")

    for folder in (tmp_path, path.parent):
        result = run("verify", folder)
        assert result.exit_code == 1
        assert "checksum" in result.output
        assert "events.parquet" in result.output
        assert "1 of 1 drops must not be loaded" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pack", "nope", "x"), "no reader is called 'nope'"),
        (("pack", "fit", "not-there.fit"), "there is no file not-there.fit"),
        (("pack", "skillcorner", "a.json"), "Write match=FILE tracking=FILE"),
        (("pack", "fit", "a.fit", "b.fit"), "activity is given twice"),
        (("pack", "fit", __file__), "is no FIT file"),
        (("pack", "fit", "a", "--started-at", "noon"), "'noon', which is no instant"),
        (("pack", "fit", "a", "--started-at", "2024-01-01T12:00"), "add Z for UTC"),
        (("verify", "nowhere"), "holds no drop"),
        (("replay", "nowhere"), "holds no drop"),
        (("samples", "--from", "nowhere"), "run `make samples`"),
    ],
)
def test_an_error_is_one_clear_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    into = ("--into", str(tmp_path)) if arguments[0] != "verify" else ()
    result = run(*arguments, *into)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_a_wrong_calendar_or_zone_is_told(kloppy_files: Path, tmp_path: Path) -> None:
    base = ("pack", "wyscout", _events(kloppy_files), *WYSCOUT, "--into", tmp_path)

    assert "there is no calendar" in run(*base, "--calendar", tmp_path / "x.csv").stderr
    assert "'Berlin' is no IANA time zone" in run(*base, "--timezone", "Berlin").stderr
    (tmp_path / "bad.csv").write_text("starts_at_utc,sport,slug\nsoon,football,a\n")
    assert "line 2: starts_at_utc is 'soon'" in run(
        *base, "--calendar", tmp_path / "bad.csv"
    ).stderr  # fmt: skip
    assert not list(tmp_path.rglob("manifest.json"))


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("wyscout", {"events": '{"events": [1], "teams": {"1": {}}, "players": {}}'}),
        (
            "skillcorner",
            {
                "match": '{"home_team": {}, "away_team": {}, "players": [], "ball": {}, '
                '"pitch_length": null, "pitch_width": 68, "date_time": "2024-01-01T12:00:00Z"}',
                "tracking": "[]",
            },
        ),
    ],
)
def test_a_file_that_no_reader_expects_is_one_line_too(
    source: str, files: dict[str, str], tmp_path: Path
) -> None:
    for part, text in files.items():
        (tmp_path / f"{part}.json").write_text(text)
    parts = [f"{part}={tmp_path / part}.json" for part in files]

    result = run("pack", source, *parts, "--into", tmp_path / "landing",
                 "--started-at", "2024-01-01T12:00:00Z")  # fmt: skip

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert f"does not read as {source}" in result.stderr


def test_what_is_missing_is_asked_for_by_its_option(kloppy_files: Path, tmp_path: Path) -> None:
    result = run("pack", "wyscout", _events(kloppy_files), "--into", tmp_path)

    assert "give the start (--started-at)" in result.stderr
    told = run("pack", "wyscout", _events(kloppy_files), *WYSCOUT[:2], "--into", tmp_path)
    assert "give --home-team, one of" in told.stderr


def test_the_zone_of_the_device_s_clock_is_asked_for_and_heeded(tmp_path: Path) -> None:
    vest = tmp_path / "p7.csv"
    vest.write_text("Timestamp,Longitude,Latitude\n44519.5,7,50\n44519.500011574,7,50\n")
    landing = tmp_path / "landing"

    asked = run("pack", "catapult", f"positions={vest}", "--into", landing)
    packed = run(
        "pack", "catapult", f"positions={vest}", "--into", landing, "--clock-timezone", "Asia/Tokyo"
    )

    assert asked.exit_code != 0
    assert "--clock-timezone" in asked.output
    assert packed.exit_code == 0
    (manifest,) = (read_manifest(path.parent) for path in landing.glob("*/r0001/manifest.json"))
    assert manifest.session is not None
    assert manifest.session.started_at_utc.isoformat() == "2021-11-19T03:00:00+00:00"
    assert manifest.clock.offset_s == -9 * 3600


def test_the_club_s_own_filters_are_used_and_told(sweat_samples: Path, tmp_path: Path) -> None:
    packaged = (files("edge_ingest.cleaning") / "settings.toml").read_text("utf-8")
    own = tmp_path / "filters.toml"
    own.write_text(packaged.replace("highest_bpm = 230.0", "highest_bpm = 100.0"))
    arguments = ("pack", "fit", sweat_samples / "2020-06-01-16-52-40.fit", "--athlete", "anna",
                 "--into", tmp_path / "landing")  # fmt: skip

    shown = run(*arguments, "--filters", own)

    assert shown.exit_code == 0, shown.output
    assert re.search(r"found .*heart_rate_out_of_range \d+", shown.output)
    (manifest,) = (tmp_path / "landing").rglob("manifest.json")
    told = read_manifest(manifest.parent).filter_settings
    assert told["heart_rate.highest_bpm"] == 100.0
    own.write_text("version = 9")
    refused = run(*arguments, "--filters", own)
    assert refused.exit_code == 2
    assert "filters.toml says version = 9" in refused.stderr


@pytest.mark.parametrize("command", ["pack", "replay", "samples"])
def test_an_object_store_is_no_folder(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPORTS_LANDING_URI", "s3://club/landing")

    result = run(command, *{"pack": ("fit", "a.fit"), "replay": (".",), "samples": ()}[command])

    assert result.exit_code == 2
    assert "object store" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_drop_is_told_whole_on_a_narrow_screen(
    kloppy_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    shown = run("pack", "wyscout", _events(kloppy_files), *WYSCOUT, "--into", tmp_path).output

    (folder,) = tmp_path.glob("*/r0001")
    assert str(folder) in re.sub(r"\s", "", shown)
    again = run("replay", tmp_path, "--into", tmp_path / "again").output
    assert f"sent {folder.parent.name} r0001\n" in again


def test_a_drop_without_a_manifest_is_told_as_unfinished(tmp_path: Path) -> None:
    (tmp_path / "stream" / "r0001").mkdir(parents=True)

    result = run("verify", tmp_path / "stream" / "r0001")

    assert result.exit_code == 1
    assert "unfinished" in result.output


def test_a_long_message_breaks_between_words_on_a_screen_and_paths_stay_whole() -> None:
    path = "/var/lib/touchline/outbox/2019-11-09_football_bayern-dortmund.tracker-1.tracking/r0001"
    text = f"[red]error[/] {path}: " + "copy it again " * 8
    screen = Console(file=io.StringIO(), force_terminal=True, width=80, no_color=True)
    say(text, to=screen, indent=4)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", screen.file.getvalue()).splitlines()
    assert path in "".join(lines)
    assert any(path in line for line in lines)
    assert all(len(line) <= 80 for line in lines if path not in line)
    assert {line[:4] for line in lines} == {"    "}

    log = Console(file=io.StringIO(), width=80)
    say(text, to=log)
    assert log.file.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [("pack", "fit", "bad.fit"), ("verify", "."), ("replay", "."), ("probe", "bad.fit"),
     ("keygen", "Not A Name"), ("watch", "nowhere", "--once"), ("live",)],
)  # fmt: skip
def test_what_does_not_work_is_told_and_the_exit_code_says_so(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.fit").write_bytes(b"\x0e\x10.FIT and then it ends")
    result = run(*arguments)
    assert result.exit_code == 2
    assert re.match(r"error .+: \w+|error which broker", result.output)
