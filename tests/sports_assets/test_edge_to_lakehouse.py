"""A match day of real files: one watched folder, one landing zone, one lakehouse, its pages."""

import csv
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from edge_ingest.drops.replay import find_drops
from sports_assets.definitions import defs
from tests.conftest import REPOSITORY
from tests.sports_assets.test_session_runs import CONTRACTS, Club

pytestmark = [pytest.mark.slow, pytest.mark.realdata]

SETTINGS = """
node_id = "stadium-1"
[landing]
uri = "landing"
[watch]
folder = "inbox"
settle_s = 0
patience_s = 0
[disk]
free_floor_gb = 0
"""
CALENDAR = """starts_at_utc,sport,slug,name
2021-11-19T17:00:00Z,football,u18-training,U18 training
2026-02-11T07:00:00Z,motorsport,test-day,Test day
2017-06-12T16:10:00Z,cycling,evening-ride,Evening ride
"""
TRAINING = "2021-11-19_football_u18-training"
TEST_DAY = "2026-02-11_motorsport_test-day"
RIDE = "2017-06-12_cycling_evening-ride"
VIDEO = "2021-11-20_football_session-1810"
#: Sound files that hold no session, by what they are.
SKIPPED = {
    "DeveloperData.fit", "MonitoringFile.fit", "Settings.fit", "Settings2.fit",
    "WeightScaleMultiUser.fit", "WeightScaleSingleUser.fit", "WorkoutCustomTargetValues.fit",
    "WorkoutIndividualSteps.fit", "WorkoutRepeatGreaterThanStep.fit", "WorkoutRepeatSteps.fit",
}  # fmt: skip
#: What is refused, under which rule, and what the message asks for.
REFUSED = {
    "notes.doc": ("unknown_format", 'source = "…" into notes.doc.toml'),
    "link.fit": ("symlink", "put the file itself there"),
    "cut.fit": ("malformed", "cut.fit"),
    "bomb.gpx": ("entities", "bomb.gpx"),
    "empty.csv": ("empty", "empty.csv"),
    "antfs-dump.63.fit": ("incomplete", "started_at_utc = … into antfs-dump.63.fit.toml"),
    "compressed-speed-distance.fit": ("incomplete", "started_at_utc = … into compressed-speed"),
    "U18_ID1.csv": ("incomplete", "clock_timezone = … into U18_ID1.csv.toml"),
    # Damaged copies of Activity.fit, which is there whole.
    "activity-activity-filecrc.fit": ("malformed", "this copy of it is damaged"),
    "activity-filecrc.fit": ("malformed", "this copy of it is damaged"),
    "activity-settings-corruptheader.fit": ("malformed", "this copy of it is damaged"),
    "activity-settings-nodata.fit": ("malformed", "this copy of it is damaged"),
}  # fmt: skip
BOMB = '<!DOCTYPE gpx [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><gpx version="1.1">&b;</gpx>'


@dataclass
class MatchDay:
    """What the two commands said and left, and the lakehouse that took it in."""

    home: Path
    watched: subprocess.CompletedProcess[str]
    again: subprocess.CompletedProcess[str]
    sent: subprocess.CompletedProcess[str]
    club: Club

    def days(self, key: str, sql: str) -> list[tuple]:
        store_of = self.club.resources["lakehouse"]
        with store_of.open() as store, store.connect() as connection:
            store.view(connection, CONTRACTS[key], "t")
            return connection.sql(sql).fetchall()


def _fill(inbox: Path, data: Path, kloppy_files: Path) -> None:
    def folder(name: str, *files: Path, sidecar: str = "") -> None:
        (inbox / name).mkdir(parents=True)
        for path in files:
            shutil.copyfile(path, inbox / name / path.name)
        if sidecar:
            (inbox / name / "recording.toml").write_text(sidecar)

    folder("watches", *(data / "wearables" / "fit").glob("*.fit"))
    vests = sorted((data / "gnss_football").glob("*.csv"))
    folder("training", *vests, sidecar='clock_timezone = "Europe/Lisbon"\n')
    folder("no clock", data / "gnss_football" / "U18_ID1.csv")
    folder(
        "VER", *(data / "motorsport" / "VER").glob("*.json"),
        sidecar="started_at_utc = 2026-02-11T07:00:00Z\n",
    )  # fmt: skip
    folder("days", *(data / "wellness").glob("*.csv"), *(data / "injuries").glob("*.csv"))
    folder(
        "camera", data / "footage" / "left_camera.mp4",
        sidecar='sport = "football"\nstarted_at_utc = 2021-11-20T17:10:00Z\ndevice_id = "left"\n',
    )  # fmt: skip
    folder("match", *(kloppy_files / f"sportec_{name}.xml" for name in ("meta", "positional")))
    (inbox / "notes.doc").write_text("who knows")
    (inbox / "link.fit").symlink_to("/etc/hostname")
    ride = data / "wearables" / "fit" / "garmin-edge-820-bike.fit"
    (inbox / "cut.fit").write_bytes(ride.read_bytes()[:40])
    (inbox / "bomb.gpx").write_text(BOMB)
    (inbox / "empty.csv").touch()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, real_data: Path, kloppy_files: Path) -> MatchDay:
    home = tmp_path_factory.mktemp("match-day")
    club = Club(home)
    (club.landing / "identity").mkdir(parents=True)
    (club.landing / "identity" / "sessions.csv").write_text(CALENDAR)
    (home / "edge.toml").write_text(SETTINGS)
    _fill(home / "inbox", real_data, kloppy_files)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SPORTS", "AWS"))
    }

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "edge_ingest.cli", *command],
            cwd=REPOSITORY, env=environment | {
                "SPORTS_EDGE_CONFIG": str(home / "edge.toml"), "TERM": "xterm", "COLUMNS": "200",
            },
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip

    watched = run("watch", "--once")
    return MatchDay(home, watched, run("watch", "--once"), run("send", "--once"), club)


@pytest.fixture(scope="module")
def loaded(day: MatchDay) -> MatchDay:
    """Three sessions through to their pages; of all others, and of days, the raw tables."""
    club = day.club
    with club.resources["landing_zone"].open() as zone:
        sessions = {
            session
            for drop in find_drops(club.landing)
            if (session := zone.session_of(drop.manifest))
        }
    assert {TRAINING, TEST_DAY, RIDE, VIDEO} <= sessions
    club.run([VIDEO], ["raw/footage"])
    pages = [RIDE, TRAINING, TEST_DAY]
    others = sorted(sessions - {VIDEO, *pages})
    for session in pages:
        club.run([session])
    raw = [f"raw/{name}" for name in ("sessions", "athletes", "positions", "signals", "events")]
    club.run(others, raw)
    for name in ("wellness", "injuries", "quarantine"):
        result = dg.materialize(
            list(defs.assets or []), selection=[dg.AssetKey(["raw", name])],
            resources=club.resources, instance=club.instance,
        )  # fmt: skip
        assert result.success
    return day


def test_every_file_is_packed_passed_over_or_refused_and_the_kit_man_is_told(
    day: MatchDay,
) -> None:
    told = day.watched.stdout
    assert day.watched.returncode == 1, told
    states = Counter(re.findall(r"^(packed|known|skipped|failed|waiting|no space) ", told, re.M))
    skipped = set(re.findall(r"^skipped +([^:]+):", told, re.M))
    assert skipped == SKIPPED
    # 34 FIT files but for 10 and 6 refused, 4 vests, a car, 2 tables of days, a video, a match.
    assert states["packed"] + states["known"] == 18 + 4 + 1 + 2 + 1 + 1
    assert states["failed"] + states["waiting"] + states["no space"] == 0
    for name, (rule, remedy) in REFUSED.items():
        assert re.search(rf"^  {re.escape(name)} {rule}\n    .*{re.escape(remedy)}", told, re.M)
    assert f"{len(REFUSED)} refused; kept in {day.home / 'quarantine'}" in told
    assert str(day.home / "inbox") not in told
    assert "Traceback" not in told + day.watched.stderr
    assert not [path for path in (day.home / "inbox").rglob("*") if path.is_file()]
    assert (day.again.returncode, day.sent.returncode) == (0, 0)
    assert "nothing new" in day.again.stdout


def test_four_vests_and_a_pitch_are_one_session(loaded: MatchDay, real_data: Path) -> None:
    rows = "select source_athlete_id, count(*) from t group by all order by all"
    lines = {
        path.stem: len(path.read_text().splitlines()) - 1
        for path in sorted((real_data / "gnss_football").glob("U18_*.csv"))
    }
    assert dict(loaded.club.query("raw/positions", rows, TRAINING)) == lines
    corners = (real_data / "gnss_football" / "Dataset_B_Pitch.csv").read_text().split()[1:]
    at = [
        (111_320 * math.cos(math.radians(41.7264)) * lon, 111_320 * lat)
        for lon, lat in (map(float, corner.split(",")) for corner in corners)
    ]
    sides = sorted(math.dist(one, other) for one, other in itertools.combinations(at, 2))
    field = "select count(*), min(field_length_m), max(field_width_m) from t"
    ((streams, length_m, width_m),) = loaded.club.query("raw/sessions", field, TRAINING)
    assert streams == 4
    # Of the six ways between four corners the two shortest are the width, the longest diagonals.
    assert width_m == pytest.approx(sum(sides[:2]) / 2, rel=0.005)
    assert length_m == pytest.approx(sum(sides[2:4]) / 2, rel=0.005)


def test_a_ride_has_the_records_of_the_reference(loaded: MatchDay, real_data: Path) -> None:
    truth = real_data / "wearables" / "fit" / "garmin-edge-820-bike-records.csv"
    count = "select count(*) from t where stream_id like '%garmin-edge-820%'"
    assert loaded.club.query("raw/positions", count, RIDE) == [
        (len(truth.read_text().splitlines()) - 1,)
    ]


def test_a_car_has_every_sample_of_every_lap(loaded: MatchDay, real_data: Path) -> None:
    laps = (real_data / "motorsport" / "VER").glob("*_tel.json")
    samples = sum(len(json.loads(path.read_bytes())["tel"]["time"]) for path in laps)
    (drop,) = [
        one.manifest for one in find_drops(loaded.club.landing)
        if one.manifest.source == "tracinginsights"
    ]  # fmt: skip
    twice = drop.rows_by_rule["same_instant"]  # the last of a lap and the first of the next
    assert twice < 24
    filled_in = drop.rows_by_rule["filled_in_places_left_out"]
    count = "select count(*) from t"
    assert loaded.club.query("raw/positions", count, TEST_DAY) == [(samples - twice - filled_in,)]


def test_days_and_footage_are_in_their_tables(loaded: MatchDay, real_data: Path) -> None:
    with (real_data / "wellness" / "soccermon_team_a.csv").open() as file:
        lines = list(csv.DictReader(file))
    names = ("date", "player_id", "team", "daily_load")
    told = [
        line
        for line in lines
        if float(line["daily_load"]) or any(line[name] for name in line if name not in names)
    ]
    assert len(lines) == 27 * 731
    count = "select count(*), count(distinct source_athlete_id) from t"
    assert loaded.days("raw/wellness", count) == [(len(told), 27)]
    assert loaded.days("raw/injuries", "select count(*) from t") == [(6,)]
    video = "select camera, frame_count, codec from t"
    assert loaded.club.query("raw/footage", video, VIDEO) == [("left", 250, "hevc")]


def test_quarantine_names_rule_and_reason_of_each_bad_file(loaded: MatchDay) -> None:
    found = loaded.days("raw/quarantine", "select rule, reason, kept_at_uri from t")
    assert sorted(rule for rule, *_ in found) == sorted(rule for rule, _ in REFUSED.values())
    for rule, remedy in REFUSED.values():
        kept = [at for one, reason, at in found if one == rule and remedy in reason]
        assert kept
        assert all(at.startswith("edge://stadium-1/") for at in kept)


@pytest.mark.parametrize("session", [RIDE, TRAINING, TEST_DAY])
def test_the_page_is_there(loaded: MatchDay, session: str) -> None:
    page = (loaded.home / "reports" / session / "r0001.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    body = re.sub(r"<(style|script|svg)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert not re.search(r"\b(None|nan|NaT)\b", body)
