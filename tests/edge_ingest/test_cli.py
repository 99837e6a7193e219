"""The command, as a kit man uses it: what it prints and what it answers."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge_ingest.arrival import read_manifest
from edge_ingest.cli import app
from edge_ingest.readers import READERS
from tests.conftest import REPOSITORY

WYSCOUT = ("--started-at", "2017-09-23T16:30:00Z", "--home-team", "1631")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPORTS_LANDING_URI", "SPORTS_CLUB_TIMEZONE", "SPORTS_SAMPLES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def _events(kloppy_files: Path) -> Path:
    return kloppy_files / "wyscout_events_v2.json"


def test_help_answers_at_once_and_lists_the_commands() -> None:
    best = float("inf")
    for _ in range(3):
        clock = time.perf_counter()
        shown = subprocess.run(
            [sys.executable, "-m", "edge_ingest.cli", "--help"],
            cwd=REPOSITORY, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        best = min(best, time.perf_counter() - clock)
    assert best < 1
    assert all(word in shown for word in ("sources", "pack", "verify", "replay", "samples"))


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
