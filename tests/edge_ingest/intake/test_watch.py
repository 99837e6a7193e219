"""The watched folder: what is taken in, what is refused, and what stays where it is."""

import errno
import faulthandler
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from edge_ingest.drops.encoding import decode
from edge_ingest.drops.replay import find_drops
from edge_ingest.errors import EdgeError, SourceError
from edge_ingest.identity import slugify
from edge_ingest.intake.isolation import StoppedError, in_child
from edge_ingest.intake.kept import recordings
from edge_ingest.intake.quarantine import refusals
from edge_ingest.records import POSITIONS
from edge_ingest.scratch import FILLING, scratch_folder
from edge_ingest.spool.landing import never
from tests.edge_ingest.nodes import Ground, files, fill
from tests.edge_ingest.readers.fuzz_seeds import hawkeye_minutes
from tests.edge_ingest.tiny_reader import register

DAY = 86_400.0


@pytest.fixture(autouse=True)
def _readers(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def told(outcomes: list[Any]) -> dict[str, str]:
    return {outcome.name: outcome.state for outcome in outcomes}


def devices(ground: Ground) -> list[str]:
    """Devices of the drops about sessions in the outbox."""
    drops = ground.outbox.waiting()
    return sorted(drop.manifest.device_id for drop in drops if drop.manifest.session)


def kept(ground: Ground) -> set[str]:
    return {path.name for path in ground.node.kept.glob("*/*/*") if path.name[0] != "."}


# --- what becomes of a file -------------------------------------------------------------------


def test_a_recording_becomes_a_drop_and_its_original_is_kept(ground: Ground) -> None:
    ground.put("alone.json", '{"tiny": 0.5}')

    (outcome,) = ground.watch()

    (drop,) = find_drops(ground.node.outbox)
    assert (outcome.name, outcome.state) == ("alone.json", "packed")
    assert outcome.detail == f"{drop.manifest.stream_id}/r0001"
    (original,) = recordings(ground.node.kept)
    assert (original.folder / "alone.json").read_text() == '{"tiny": 0.5}'
    assert original.receipt.place == outcome.detail
    assert not list(ground.inbox.iterdir())
    assert ground.watch() == []


def test_the_same_recording_again_makes_no_other_drop(ground: Ground) -> None:
    ground.put("alone.json", '{"tiny": 0.5}')
    ground.watch()
    ground.sender().round()
    ground.put("copy of alone.json", '{"tiny": 0.5}')

    assert told(ground.watch()) == {"copy of alone.json": "known"}
    assert ground.outbox.waiting() == []
    assert kept(ground) == {"alone.json", "copy of alone.json"}


def test_a_bad_file_costs_that_file_only_and_is_told_to_the_lakehouse(ground: Ground) -> None:
    ground.put("a-damaged.json", '{"tiny": "bad"}')
    ground.put("b-unknown.doc", "who knows")
    ground.put("c-sound.json", '{"tiny": 0.5}')
    (ground.inbox / "d-link.json").symlink_to("/etc/hostname")
    (ground.inbox / "e-empty.json").touch()
    os.mkfifo(ground.inbox / "f-pipe.json")

    outcomes = ground.watch()

    assert told(outcomes) == {
        "a-damaged.json": "refused", "b-unknown.doc": "refused", "c-sound.json": "packed",
        "d-link.json": "refused", "e-empty.json": "refused",
    }  # fmt: skip
    rules = {one.files[0].name: one.rule for one in refusals(ground.node.quarantine)}
    assert rules == {
        "a-damaged.json": "malformed", "b-unknown.doc": "unknown_format",
        "d-link.json": "symlink", "e-empty.json": "empty",
    }  # fmt: skip
    kinds = [drop.manifest.kind for drop in ground.outbox.waiting()]
    assert kinds == ["quarantine"] * 4 + ["tracking"]
    assert [path.name for path in ground.inbox.iterdir()] == ["f-pipe.json"]


def test_a_sound_file_without_a_session_is_passed_over_and_kept(ground: Ground) -> None:
    ground.put("settings.json", '{"tiny": "nothing"}')
    assert told(ground.watch()) == {"settings.json": "skipped"}
    (original,) = recordings(ground.node.kept)
    assert original.receipt.outcome == "skipped"
    assert "nothing to pack" in (original.receipt.reason or "")
    assert ground.outbox.waiting() == []


# --- standing still ---------------------------------------------------------------------------


def test_a_file_is_taken_once_it_has_not_changed_for_a_while(ground: Ground) -> None:
    ground.settings = {"watch": {"settle_s": 10}}
    watcher = ground.watcher()
    path = ground.put("alone.json", '{"tiny"')
    os.utime(path, (1, 1))  # copied with its old time: that says nothing

    assert list(watcher.once()) == []
    ground.clock.sleep(9)
    path.write_text('{"tiny": 0.5}')
    assert list(watcher.once()) == []
    ground.clock.sleep(9)
    assert list(watcher.once()) == []
    ground.clock.sleep(1)
    assert told(list(watcher.once())) == {"alone.json": "packed"}


def test_unfinished_and_hidden_files_are_not_looked_at(ground: Ground) -> None:
    names = ["a.json.part", "b.json.crdownload", ".hidden.json", "c.tmp", "Thumbs.db", "d.json~"]
    for name in names:
        ground.put(name, '{"tiny": 0.5}')
    ground.put("System Volume Information/x.json", '{"tiny": 0.5}')
    assert ground.watch() == []
    assert len(list(ground.inbox.iterdir())) == len(names) + 1


def test_a_file_that_changes_while_it_is_read_is_read_again(ground: Ground) -> None:
    path = ground.put("alone.json", '{"tiny": 0.5}')

    def meanwhile(work: Callable[[], Any]) -> Any:
        result = work()
        path.write_text('{"tiny": 0.75}')
        return result

    (outcome,) = ground.watch(meanwhile)
    assert outcome.state == "failed"
    assert told(ground.watch()) == {"alone.json": "packed"}
    assert [drop.manifest.revision for drop in find_drops(ground.node.outbox)] == [1, 2]


def test_a_folder_that_goes_away_with_its_file_holds_up_nobody(ground: Ground) -> None:
    path = ground.put("a/gone.json", '{"tiny": 0.5}')
    ground.put("b/there.json", '{"tiny": 0.75, "device": "watch-3"}')

    def meanwhile(work: Callable[[], Any]) -> Any:
        result = work()
        shutil.rmtree(path.parent, ignore_errors=True)
        return result

    states = {outcome.name: outcome.state for outcome in ground.watch(meanwhile)}
    assert states == {"gone.json": "failed", "there.json": "packed"}


# --- which files make one recording -----------------------------------------------------------


def test_parts_in_one_folder_are_one_recording(ground: Ground) -> None:
    ground.put("match/r.json", '{"pair_rows": 0.5}')
    ground.put("match/n.json", '{"pair_names": 1}')
    ground.put("match/ride.json", '{"tiny": 0.5, "device": "watch-3"}')

    assert told(ground.watch()) == {"match": "packed", "ride.json": "packed"}
    assert devices(ground) == ["tracker-1", "watch-3"]
    assert not list(ground.inbox.iterdir())


def test_a_missing_part_is_waited_for_and_then_refused(ground: Ground) -> None:
    ground.settings = {"watch": {"settle_s": 0, "patience_s": 600}}
    watcher = ground.watcher()
    ground.put("match/r.json", '{"pair_rows": 0.5}')
    (outcome,) = watcher.once()
    assert (outcome.name, outcome.state) == ("match", "waiting")
    assert "names (JSON)" in outcome.detail
    ground.clock.sleep(599)
    assert told(list(watcher.once())) == {"match": "waiting"}
    ground.clock.sleep(1)
    (outcome,) = watcher.once()
    assert (outcome.state, outcome.rule) == ("refused", "incomplete")


def test_a_part_that_comes_late_is_in_time(ground: Ground) -> None:
    watcher = ground.watcher()
    ground.put("match/r.json", '{"pair_rows": 0.5}')
    assert told(list(watcher.once())) == {"match": "waiting"}
    ground.clock.sleep(500)
    ground.put("match/n.json", '{"pair_names": 1}')
    assert told(list(watcher.once())) == {"match": "packed"}


def test_a_part_that_nobody_knows_is_not_torn_from_its_recording(ground: Ground) -> None:
    ground.settings = {"watch": {"settle_s": 0, "patience_s": 600}}
    watcher = ground.watcher()
    ground.put("match/r.json", '{"pair_rows": 0.5}')
    ground.put("match/n.dat", "names, in a way that nobody knows")
    (outcome,) = watcher.once()
    assert outcome.state == "waiting"
    assert "nobody knows n.dat by how it begins" in outcome.detail
    assert "name it in recording.toml" in outcome.detail
    ground.clock.sleep(600)
    assert told(list(watcher.once())) == {"match": "refused"}
    (refusal,) = refusals(ground.node.quarantine)
    assert {one.name for one in refusal.files} == {"r.json", "n.dat"}


def test_two_recordings_in_one_folder_are_not_guessed_at(ground: Ground) -> None:
    for name in ("r1.json", "r2.json"):
        ground.put(f"match/{name}", '{"pair_rows": 0.5}')
    ground.put("match/n.json", '{"pair_names": 1}')
    (outcome,) = ground.watch()
    assert outcome.state == "waiting"
    assert "each recording into a folder of its own" in outcome.detail


@pytest.mark.parametrize("name", ["worn.json.toml", "worn.toml"])
def test_a_sidecar_tells_what_the_file_does_not(ground: Ground, name: str) -> None:
    ground.put("worn.json", '{"tiny": 0.5}')
    ground.put(name, 'athlete_id = "anna"\n')
    assert told(ground.watch()) == {"worn.json": "packed"}
    assert devices(ground) == ["anna"]
    assert kept(ground) == {"worn.json", name}


def test_a_sidecar_that_comes_first_waits_for_its_file(ground: Ground) -> None:
    ground.put("worn.json.toml", 'athlete_id = "anna"\n')
    assert ground.watch() == []
    ground.put("worn.json", '{"tiny": 0.5}')
    ground.watch()
    assert devices(ground) == ["anna"]


def test_a_folder_with_its_sidecar_is_one_recording_with_all_that_is_in_it(
    ground: Ground,
) -> None:
    ground.put("match/one.dat", '{"pair_rows": 0.5}')
    ground.put("match/two.dat", '{"pair_names": 1}')
    ground.put("match/readme.pdf", "from the vendor")
    ground.put(
        "match/recording.toml",
        'source = "pair"\ndevice_id = "vest-1"\n[parts]\nrows = "one.dat"\nnames = "two.dat"\n',
    )
    assert told(ground.watch()) == {"match": "packed"}
    assert devices(ground) == ["vest-1"]
    assert kept(ground) == {"one.dat", "two.dat", "readme.pdf", "recording.toml"}


@pytest.mark.parametrize(
    ("text", "rule", "reason"),
    [
        ("athlete = 1", "malformed", "says athlete, which means nothing: use source, parts"),
        ("x = ", "malformed", "is no TOML"),
        ('source = "nobody"', "unknown_format", "no reader is called 'nobody'"),
        ("site = 2.5", "malformed", "site is 2.5: give one text"),
        ("device_id = true", "malformed", "device_id is True: give one text"),
        ("home_team_id = 2024-05-04", "malformed", "home_team_id is datetime.date(2024, 5, 4)"),
        ('athlete_id = " "', "malformed", "athlete_id is ' ': give one text"),
        ('sport = "soccer"', "malformed", "sport is 'soccer': use one of football"),
        ('clock_timezone = "Lisbon"', "malformed", "'Lisbon', which is no IANA time zone"),
        ("started_at_utc = 2024-05-04T10:00:00", "malformed", "lacks its zone"),
        ('started_at_utc = "noon"', "malformed", "is no instant"),
        ('[parts]\nrows = "../../secret"', "path", "leads out of the folder"),
    ],
)
def test_a_wrong_sidecar_is_refused_with_its_recording(
    ground: Ground, text: str, rule: str, reason: str
) -> None:
    ground.put("match/r.json", '{"pair_rows": 0.5}')
    ground.put("match/recording.toml", text)
    (outcome,) = ground.watch()
    assert (outcome.state, outcome.rule) == ("refused", rule)
    assert reason in outcome.detail
    (refusal,) = refusals(ground.node.quarantine)
    assert {one.name for one in refusal.files} == {"r.json", "recording.toml"}


def xs(ground: Ground) -> dict[str, float]:
    """Where the athlete of each device stood first, m."""
    found = {}
    for drop in find_drops(ground.node.outbox):
        if drop.manifest.session:
            payload = (drop.folder / "positions.parquet").read_bytes()
            rows = decode(POSITIONS, payload, drop.manifest.scale, "test").to_pylist()
            (first, *_) = [row["x_m"] for row in rows if row["source_athlete_id"] == "7"]
            found[drop.manifest.device_id] = first
    return found


def vests(ground: Ground, count: int = 3) -> None:
    ground.put("training/pitch.json", '{"corners": 4}')
    for number in range(count):
        ground.put(f"training/v{number}.json", f'{{"vest": {number}, "device": "v{number}"}}')


def test_a_part_that_several_need_serves_each_and_leaves_with_the_last(ground: Ground) -> None:
    vests(ground)
    ground.put("training/v1.json", '{"vest": "bad"}')

    outcomes = ground.watch()

    assert told(outcomes) == {"v0.json": "packed", "v1.json": "refused", "v2.json": "packed"}
    assert xs(ground) == pytest.approx({"v0": 100.0, "v2": 102.0})
    assert not list(ground.inbox.iterdir())
    folders = {one.receipt.place: one.folder for one in recordings(ground.node.kept)}
    assert len(folders) == 2
    assert all((folder / "pitch.json").is_file() for folder in folders.values())
    (refusal,) = refusals(ground.node.quarantine)
    assert [one.name for one in refusal.files] == ["v1.json"]


def test_a_shared_part_waits_for_one_that_could_not_be_taken_yet(ground: Ground) -> None:
    vests(ground, 2)
    calls: list[int] = []

    def once_away(work: Callable[[], Any]) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise OSError(5, "the share is away")
        return work()

    watcher = ground.watcher(once_away)
    assert told(list(watcher.once())) == {"v0.json": "failed", "v1.json": "packed"}
    assert {path.name for path in (ground.inbox / "training").iterdir()} == {
        "v0.json", "pitch.json",
    }  # fmt: skip
    assert told(list(watcher.once())) == {"v0.json": "packed"}
    assert xs(ground) == pytest.approx({"v0": 100.0, "v1": 101.0})


def test_none_of_a_folder_is_taken_while_another_is_still_written(ground: Ground) -> None:
    ground.settings = {"watch": {"settle_s": 10}}
    watcher = ground.watcher()
    vests(ground, 1)
    list(watcher.once())
    ground.clock.sleep(9)
    ground.put("training/late.json", '{"vest": 5, "device": "late"}')
    assert list(watcher.once()) == []
    ground.clock.sleep(9)
    assert list(watcher.once()) == []
    ground.clock.sleep(1)
    assert told(list(watcher.once())) == {"late.json": "packed", "v0.json": "packed"}


def test_a_part_that_looks_alike_for_two_sources_waits_for_its_company(ground: Ground) -> None:
    ground.put("training/pitch.json", '{"corners": 4}')
    (outcome,) = ground.watch()
    assert outcome.state == "waiting"
    assert "pitch.json is pitch of vest or pitch of west" in outcome.detail
    ground.put("training/w.json", '{"west": 1, "device": "w"}')
    assert told(ground.watch()) == {"w.json": "packed"}
    (drop,) = find_drops(ground.node.outbox)
    assert drop.manifest.device_id == "w"


MATCH = {"info.xml": "sportec_meta.xml", "events.xml": "sportec_events.xml",
         "positions.xml": "sportec_positional.xml"}  # fmt: skip


@pytest.mark.parametrize(
    ("there", "kinds"),
    [
        (("info.xml", "events.xml"), ["events"]),
        (("info.xml", "positions.xml"), ["tracking"]),
        (("info.xml", "events.xml", "positions.xml"), ["events", "tracking"]),
    ],
)
def test_what_describes_a_match_serves_its_tracking_and_its_events(
    ground: Ground, kloppy_files: Path, there: tuple[str, ...], kinds: list[str]
) -> None:
    ground.put("match/info.xml", (kloppy_files / MATCH["info.xml"]).read_text())
    (outcome,) = ground.watch()
    assert outcome.state == "waiting"
    assert "info.xml is match of sportec or match of sportec_events" in outcome.detail
    assert 'write source = "sportec", or the other, into info.xml.toml' in outcome.detail
    for name in there:
        ground.put(f"match/{name}", (kloppy_files / MATCH[name]).read_text())

    outcomes = ground.watch()

    assert [one.state for one in outcomes] == ["packed"] * len(kinds), outcomes
    drops = find_drops(ground.node.outbox)
    assert sorted(drop.manifest.kind for drop in drops) == kinds
    assert kept(ground) == set(there)
    assert not list(ground.inbox.iterdir())


def test_a_sidecar_says_which_of_two_sources_a_file_is_for(
    ground: Ground, kloppy_files: Path
) -> None:
    ground.put("match/info.xml", (kloppy_files / MATCH["info.xml"]).read_text())
    ground.put("match/info.xml.toml", 'source = "sportec_events"')
    (outcome,) = ground.watch()
    assert outcome.state == "waiting"
    assert "sportec_events also needs events" in outcome.detail


def test_parts_that_a_folder_s_sidecar_names_show_their_source_together(
    ground: Ground, kloppy_files: Path
) -> None:
    for name in ("info.xml", "events.xml"):
        ground.put(f"match/{name}", (kloppy_files / MATCH[name]).read_text())
    ground.put("match/recording.toml", '[parts]\nmatch = "info.xml"\nevents = "events.xml"\n')
    assert told(ground.watch()) == {"match": "packed"}


@pytest.mark.slow
def test_all_minutes_of_a_folder_are_one_recording(ground: Ground, kloppy_files: Path) -> None:
    for name, data in hawkeye_minutes(kloppy_files, ("2_46",)).items():
        ground.put(f"match/{name}", data.decode())
        if name.endswith((".ball", ".centroids")):
            other = json.loads(data)
            other["sequences"]["match-minute"] = 47
            began = datetime.fromisoformat(other["time"]["startUTC"])
            other["time"]["startUTC"] = (began + timedelta(minutes=1)).isoformat()
            ground.put(f"match/{name.replace('46', '47')}", json.dumps(other))
    assert told(ground.watch()) == {"match": "packed"}
    (drop,) = find_drops(ground.node.outbox)
    (positions,) = [file for file in drop.manifest.files if file.table == "positions"]
    assert positions.rows > 100
    assert len(kept(ground)) == 5
    assert not list(ground.inbox.iterdir())


def test_a_session_that_the_calendar_lacks_is_hinted_at(ground: Ground) -> None:
    vests(ground)
    hints = {outcome.hint for outcome in ground.watch()}
    assert len(hints) == 1
    assert "no session for training" in hints.pop()
    calendar = ground.node.calendar
    calendar.parent.mkdir()
    start = find_drops(ground.node.outbox)[0].manifest.session.started_at_utc
    sport = find_drops(ground.node.outbox)[0].manifest.session.sport
    calendar.write_text(f"starts_at_utc,sport,slug\n{start.isoformat()},{sport},training\n")
    for number in range(2):
        ground.put(f"training/w{number}.json", f'{{"vest": {number}, "device": "w{number}"}}')
    ground.put("training/pitch.json", '{"corners": 5}')
    outcomes = ground.watch()
    assert told(outcomes) == {"w0.json": "packed", "w1.json": "packed"}
    assert {outcome.hint for outcome in outcomes} == {""}


def test_files_that_only_stand_beside_belong_to_their_recording(ground: Ground) -> None:
    ground.put("car/1_lap.json", "1")
    (outcome,) = ground.watch()
    assert (outcome.name, outcome.state) == ("car", "waiting")
    ground.put("car/laps.json", '{"laps": 10}')
    ground.put("car/2_lap.json", "2")
    assert told(ground.watch()) == {"car": "packed"}
    assert xs(ground) == pytest.approx({"tracker-1": 13.0})
    assert kept(ground) == {"laps.json", "1_lap.json", "2_lap.json"}
    assert not list(ground.inbox.iterdir())


def test_a_folder_s_sidecar_speaks_for_each_of_its_recordings(ground: Ground) -> None:
    vests(ground, 2)
    ground.put("training/recording.toml", 'site = "Pitch 3"\nclock_timezone = "Europe/Lisbon"\n')
    ground.put("training/v0.json.toml", 'athlete_id = "anna"\n')
    ground.put("training/readme.pdf", "from the vendor")
    ground.put("training/alone.json", '{"tiny": 7, "device": "alone"}')  # no use for a zone

    assert set(told(ground.watch()).values()) == {"packed"}
    assert devices(ground) == ["alone", "anna", "v1"]
    assert not list(ground.inbox.iterdir())


def test_one_athlete_is_not_told_of_several_recordings(ground: Ground) -> None:
    vests(ground, 2)
    ground.put("training/recording.toml", 'athlete_id = "anna"\n')
    (outcome,) = ground.watch()
    assert outcome.state == "refused"
    assert "there are 2 recordings beside it" in outcome.detail
    assert "v0.json.toml" in outcome.detail


def test_what_is_missing_is_asked_for_where_it_can_be_written(ground: Ground) -> None:
    ground.put("car/laps.json", '{"laps": "when"}')
    (outcome,) = ground.watch()
    assert (outcome.state, outcome.rule) == ("refused", "incomplete")
    assert "write started_at_utc = … into laps.json.toml beside it" in outcome.detail
    assert "recording.toml" in outcome.detail


def test_what_a_node_is_told_holds_where_a_source_has_a_use_for_it(ground: Ground) -> None:
    ground.settings = {"told": {"clock_timezone": "Europe/Lisbon", "sport": "football"}}
    ground.put("v.json", '{"vest": 1, "device": "v"}')
    ground.put("t.json", '{"tiny": 1, "device": "t"}')
    assert told(ground.watch()) == {"v.json": "packed", "t.json": "packed"}


def test_the_club_s_own_filters_are_used_and_must_be_there(ground: Ground) -> None:
    mine = ground.root / "filters.toml"
    ground.settings = {"filters": mine}
    with pytest.raises(EdgeError, match=r"filters\.toml cannot be read"):
        ground.watcher()
    packaged = (resources.files("edge_ingest.cleaning") / "settings.toml").read_text("utf-8")
    mine.write_text(packaged.replace("run_off_m = 5.0", "run_off_m = 6.5"))
    ground.put("alone.json", '{"tiny": 0.5}')
    ground.watch()
    (drop,) = find_drops(ground.node.outbox)
    assert drop.manifest.filter_settings["optical.run_off_m"] == 6.5


# --- room -------------------------------------------------------------------------------------


def test_a_quota_refuses_before_anything_is_begun_and_takes_in_once_there_is_room(
    ground: Ground,
) -> None:
    ground.settings = {"disk": {"quota_gb": 0.0012, "free_floor_gb": 0}}
    large = ground.put("large.json", '{"tiny": 0.5}' + " " * 200_000)
    before = files(ground.root / "inbox")

    (outcome,) = ground.watch()

    assert outcome.state == "no space"
    assert "no room for large.json: 0.2 MB are missing" in outcome.detail
    assert "disk.quota_gb" in outcome.detail
    assert files(ground.inbox) == before
    assert files(ground.node.outbox) == {}
    ground.settings = {"disk": {"quota_gb": 0.01, "free_floor_gb": 0}}
    assert told(ground.watch()) == {"large.json": "packed"}
    assert not large.exists()


def test_originals_make_room_but_only_those_that_have_arrived(ground: Ground) -> None:
    """A quota of 2.4 MB; each recording has 0.4 MB, and may need 1.8 MB while it is taken in."""
    ground.settings = {"disk": {"quota_gb": 0.0024, "free_floor_gb": 0}}
    for name in ("a", "b", "c"):
        ground.put(f"{name}.json", f'{{"tiny": 0.5, "device": "{name}"}}' + " " * 400_000)
    assert told(ground.watch()) == {
        "a.json": "packed", "b.json": "packed", "c.json": "no space",
    }  # fmt: skip
    assert kept(ground) == {"a.json", "b.json"}

    ground.sender().round()

    assert told(ground.watch()) == {"c.json": "packed"}
    assert kept(ground) == {"b.json", "c.json"}  # the oldest went


def test_originals_go_after_their_days_and_never_before_their_drop_arrived(
    ground: Ground,
) -> None:
    ground.settings = {"disk": {"keep_originals_days": 7, "free_floor_gb": 0}}
    ground.put("sent.json", '{"tiny": 0.5, "device": "a"}')
    ground.put("settings.json", '{"tiny": "nothing"}')
    ground.watch()
    ground.sender().round()
    ground.put("waits.json", '{"tiny": 0.5, "device": "b"}')
    ground.watch()

    ground.clock.seconds = 7 * DAY - 1
    ground.watch()
    assert kept(ground) == {"sent.json", "settings.json", "waits.json"}
    ground.clock.seconds = 7 * DAY
    ground.watch()
    assert kept(ground) == {"waits.json"}
    ground.sender().round()
    ground.watch()
    assert kept(ground) == set()
    assert list(ground.node.kept.iterdir()) == []


def test_the_original_of_a_refused_drop_is_kept(ground: Ground) -> None:
    ground.put("alone.json", '{"tiny": 0.5}')
    (outcome,) = ground.watch()
    ground.sender().round()
    (ground.landing / outcome.detail / "refused.json").write_text("{}")
    ground.sender().mirror_refusals()

    ground.clock.seconds = 400 * DAY
    ground.watch()
    assert kept(ground) == {"alone.json"}


def test_a_disk_that_is_full_leaves_the_recording_where_it_is(
    small_disk: Path,
    tmp_path: Path,
) -> None:
    """Nobody foresaw it: the disk is full although a moment ago there was room."""
    ground = Ground(tmp_path, {"home": small_disk / "node"})
    ground.put("alone.json", '{"tiny": 0.5}')
    ground.put("damaged.json", '{"tiny": "bad"}')
    watcher = ground.watcher()
    watcher._make_room = lambda _candidate: None  # type: ignore[method-assign]
    ballast = fill(small_disk)
    before = files(ground.inbox)

    outcomes = list(watcher.once())

    assert told(outcomes) == {"alone.json": "no space", "damaged.json": "no space"}
    assert all("stays where it is" in outcome.detail for outcome in outcomes)
    assert files(ground.inbox) == before
    ballast.unlink()
    assert told(ground.watch()) == {"alone.json": "packed", "damaged.json": "refused"}


def test_an_original_on_another_disk_is_copied_before_it_goes(
    small_disk: Path,
    tmp_path: Path,
) -> None:
    ground = Ground(tmp_path, {"home": small_disk / "node"})
    ground.put("match/r.json", '{"pair_rows": 0.5}')
    ground.put("match/n.json", '{"pair_names": 1}')
    assert told(ground.watch()) == {"match": "packed"}
    assert kept(ground) == {"r.json", "n.json"}
    assert not list(ground.inbox.iterdir())


# --- a process of its own ---------------------------------------------------------------------


def _dies(number: int) -> Callable[[], None]:
    # Without pytest's report of it.
    return lambda: (faulthandler.disable(), os.kill(os.getpid(), number))[1]


def test_a_reader_that_crashes_costs_its_file_only(ground: Ground) -> None:
    attempt = in_child(30, never)
    assert attempt(lambda: {"a": 1}) == {"a": 1}
    with pytest.raises(SourceError, match="crashed on it \\(SIGSEGV\\)"):
        attempt(_dies(signal.SIGSEGV))
    with pytest.raises(SourceError, match="failed on it \\(RecursionError\\)"):
        attempt(lambda: (_ for _ in ()).throw(RecursionError("deep")))
    with pytest.raises(SourceError, match="it ends early") as refused:
        attempt(lambda: (_ for _ in ()).throw(SourceError("it ends early", rule="empty")))
    assert refused.value.rule == "empty"


def test_a_reader_that_never_ends_is_ended(ground: Ground) -> None:
    with pytest.raises(SourceError, match=r"more than 0\.3 s") as refused:
        in_child(0.3, never)(lambda: time.sleep(600))
    assert refused.value.rule == "too_large"


def test_a_reader_is_broken_off_when_the_node_stops_and_its_file_stays(ground: Ground) -> None:
    ground.put("alone.json", '{"tiny": 0.5}')
    stopped = in_child(600, lambda: True)

    def slow(work: Callable[[], Any]) -> Any:
        return stopped(lambda: (time.sleep(600), work()))

    with pytest.raises(StoppedError):
        slow(lambda: None)
    assert told(ground.watch(slow)) == {"alone.json": "failed"}
    assert (ground.inbox / "alone.json").exists()
    assert refusals(ground.node.quarantine) == []


def test_a_reader_that_is_killed_twice_is_killed_by_its_file(ground: Ground) -> None:
    ground.put("a-hungry.json", '{"tiny": 0.5, "device": "a"}')
    ground.put("b-sound.json", '{"tiny": 0.5, "device": "b"}')
    attempt = in_child(30, never)
    calls: list[int] = []

    def hungry(work: Callable[[], Any]) -> Any:
        calls.append(1)
        return attempt(_dies(signal.SIGKILL) if len(calls) in {1, 3} else work)

    watcher = ground.watcher(hungry)
    assert told(list(watcher.once())) == {"a-hungry.json": "failed", "b-sound.json": "packed"}
    assert told(list(watcher.once())) == {"a-hungry.json": "refused"}
    assert refusals(ground.node.quarantine)[0].rule == "too_large"


def test_what_a_dead_packer_left_in_the_outbox_is_swept(ground: Ground) -> None:
    left = ground.node.outbox / FILLING / f"{slugify(socket.gethostname())}.x7"
    left.mkdir(parents=True)
    (left / "huge.mp4").write_bytes(b"x")
    ground.watcher()
    assert not left.exists()


def test_a_manual_pack_that_runs_beside_is_not_disturbed_by_a_start_or_a_failed_read(
    ground: Ground,
) -> None:
    ground.put("damaged.json", '{"tiny": "bad"}')
    with scratch_folder(ground.node.outbox) as filling:
        (filling / "half.mp4").write_bytes(b"x")
        assert told(ground.watch()) == {"damaged.json": "refused"}
        assert (filling / "half.mp4").exists()


def test_a_recording_that_could_only_leave_in_part_is_finished_and_not_missed(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The share went away in the middle: what is left is no recording that lacks a part."""
    ground.put("match/rows.json", '{"pair_rows": 1.5}')
    ground.put("match/names.json", '{"pair_names": 1}')
    watcher = ground.watcher()
    unlink, left = Path.unlink, iter([True, True])

    def away(path: Path, *given: Any, **named: Any) -> None:
        if ground.inbox in path.parents and not next(left, False):
            raise OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN))
        unlink(path, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", away)
        next(left)
        assert told(list(watcher.once())) == {"match": "failed"}
    assert len(list((ground.inbox / "match").iterdir())) == 1

    assert list(watcher.once()) == []

    assert kept(ground) == {"rows.json", "names.json"}
    assert files(ground.inbox) == {}
    assert not refusals(ground.node.quarantine)


def test_a_file_that_is_taken_away_while_it_is_read_is_not_refused(ground: Ground) -> None:
    path = ground.put("damaged.json", '{"tiny": "bad"}')

    def and_away(work: Callable[[], Any]) -> Any:
        path.unlink()
        raise SourceError("it ends in the middle")

    assert told(ground.watch(and_away)) == {"damaged.json": "failed"}
    assert not refusals(ground.node.quarantine)


def test_a_file_that_changes_while_its_reader_fails_is_not_refused(ground: Ground) -> None:
    """A download that had not ended: what was read in part is no fault of the whole file."""
    path = ground.put("alone.json", '{"tiny": "bad"}')

    def goes_on(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            path.write_text('{"tiny": 0.5}')

    (outcome,) = ground.watch(goes_on)
    assert (outcome.state, outcome.detail) == (
        "failed", "it changed while it was read: it is read again",
    )  # fmt: skip
    assert not refusals(ground.node.quarantine)
    assert told(ground.watch()) == {"alone.json": "packed"}


def test_what_earlier_versions_left_half_done_is_swept(ground: Ground) -> None:
    ground.put("alone.json", '{"tiny": 0.5}')
    ground.watch()
    (drop,) = ground.outbox.waiting()
    home = ground.node.outbox
    left = [
        drop.folder.parent / ".packing-ab12", home / "2024-05-04_x_y_footage" / ".packing-cd",
        home / ".cutting-1", ground.node.kept / ".taking-2",
    ]  # fmt: skip
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "video.mp4").write_bytes(b"1")

    ground.watcher()

    assert [folder for folder in left if folder.exists()] == []
    assert [path.name for path in home.iterdir()] == [drop.folder.parent.name]
    assert [one.place for one in ground.outbox.waiting()] == [drop.place]
    assert kept(ground) == {"alone.json"}


def test_outcomes_of_two_files_of_one_name_are_told_apart(ground: Ground) -> None:
    paths = {ground.put(f"{folder}/r.json", '{"tiny": "bad"}') for folder in ("a", "b")}
    outcomes = ground.watch()
    assert {one.name for one in outcomes} == {"r.json"}
    assert {one.file for one in outcomes} == paths
