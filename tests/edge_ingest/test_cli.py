"""The command, as a kit man uses it: what it prints and what it answers."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge_ingest.cli import app
from edge_ingest.drop import read_manifest
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
