"""Bad input of every kind at once: each costs its own file, and nobody else's.

What each reader says of each fault stands in the readers' own tests; here is what a club sees.
"""

import json
import os
import re
import shutil
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from edge_ingest.cli import app
from edge_ingest.drops.arrival import check
from edge_ingest.drops.replay import find_drops
from edge_ingest.errors import RULES, SourceError
from edge_ingest.intake.kept import recordings
from edge_ingest.intake.quarantine import refusals
from edge_ingest.node.load import load_node
from edge_ingest.readers import READERS, read_source
from resources.dagster_resources import LandingZoneResource
from resources.landing_files import LocalDropFiles
from resources.landing_zone import LandingZone
from tests.edge_ingest.readers.fuzz_seeds import PITCH, SEEDS, Places
from tests.edge_ingest.test_cli_node import SETTINGS
from tests.sensors.test_edge_drops import Tick, ticks
from tests.sports_assets.workouts import FIRST, ride, send

#: Stands for a name in files, and must stand in no message.
NAME = "Zebrafink"
GPX = '<gpx version="1.1" creator="{name}"><trk><trkseg>{points}</trkseg></trk></gpx>'
BILLION = "".join(
    f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10)
)  # fmt: skip
BOMBS = {
    "billion laughs": f"<!DOCTYPE a [{BILLION}]>",
    "quadratic": f'<!DOCTYPE a [<!ENTITY e "{"x" * 50_000}">]>',
    "external entity": '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
    "external subset": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
    "behind a long comment": f"<!--{' ' * 200_000}--><!DOCTYPE a [{BILLION}]>",
}


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node's folder, with its settings."""
    for name in [name for name in os.environ if name.startswith(("SPORTS_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "landing").mkdir()
    (tmp_path / "edge.toml").write_text(SETTINGS)
    return tmp_path


def _run(ground: Path, *command: str) -> Result:
    result = CliRunner().invoke(app, [*command, "--config", str(ground / "edge.toml")])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def _points(seconds: list[int], latitude: str = "51.5") -> str:
    return "".join(
        f'<trkpt lat="{latitude}" lon="{7 + n / 1e5}"><time>2024-05-06T08:{s // 60:02d}:'
        f"{s % 60:02d}Z</time></trkpt>"
        for n, s in enumerate(seconds)
    )


@dataclass(frozen=True)
class Bad:
    """A file or a folder of files, the rule that it breaks, and what its reason tells."""

    files: dict[str, bytes]
    rule: str
    words: str


def _vests(*lines: str) -> bytes:
    head = "Player Id,Player Display Name,Time,Lat,Lon,Speed (km/h),Heart Rate (bpm)"
    return "\n".join([head, *lines]).encode()


def _bad(places: Places) -> dict[str, Bad]:
    gpx = GPX.format(name="watch", points=_points(list(range(60))))
    skill, epts = SEEDS["skillcorner"](places).files, SEEDS["metrica_epts"](places).files
    fit = SEEDS["fit"](places).files["2020-06-01-16-52-40.fit"]
    zone = b'clock_timezone = "Europe/Berlin"\n'
    back = [*range(60), *range(20, 80)]
    twins = [f"7,{who},2024-05-06 10:00:{s:02d}.000,51.5,{7 + s / 1e5},7.2,140"
             for who in (NAME, "Other") for s in range(50)]  # fmt: skip
    absurd = [f"2024-05-06 10:00:{s:02d}.000,7.0,{'nan' if s % 2 else '915.0'}" for s in range(50)]
    laughs = gpx.replace("<gpx", BOMBS["billion laughs"] + "<gpx", 1).replace("watch", "&e9;")
    return {
        "cut.gpx": Bad({"": gpx[:900].encode()}, "malformed", "export it again"),
        "cut json": Bad(
            {"m.json": skill["match.json"], "t.json": skill["tracking.json"][:9000]},
            "malformed", "t.json",
        ),
        "cut csv": Bad(
            {"vest.csv": _vests(*twins[:50])[:-30] + b"\n7,Z", "vest.csv.toml": zone},
            "malformed", "vest.csv",
        ),
        "text as xml": Bad(
            {"m.xml": epts["match.xml"].replace(b"</", b"<"), "t.txt": epts["tracking.txt"],
             "recording.toml": b'source = "metrica_epts"\nstarted_at_utc = 2024-05-04T13:30:00Z\n'
             b'[parts]\nmatch = "m.xml"\ntracking = "t.txt"\n'},
            "malformed", "export it again",
        ),
        "letter.doc": Bad({"": b"Dear club"}, "unknown_format", "letter.doc"),
        "header.fit": Bad({"": fit[:8] + b".XXX" + fit[12:]}, "unknown_format", "header.fit"),
        "session-less.gpx": Bad(
            {"": GPX.format(name="watch", points="").encode()}, "empty", "nothing was recorded",
        ),
        "nothing.gpx": Bad({"": b""}, "empty", "nothing.gpx"),
        "twins": Bad(
            {"vest.csv": _vests(*twins), "vest.csv.toml": zone}, "duplicate_athlete", "vest.csv",
        ),
        "back.gpx": Bad(
            {"": GPX.format(name="watch", points=_points(back)).encode()},
            "clock_backwards", "back.gpx",
        ),
        "absurd": Bad(
            {"vest.csv": "\n".join(["Timestamp,Longitude,Latitude", *absurd]).encode(),
             "pitch.csv": PITCH, "recording.toml": zone},
            "absurd_values", "vest.csv",
        ),
        "climbs": Bad(
            {"r.gpx": gpx.encode(), "recording.toml":
             b'source = "gpx"\n[parts]\nactivity = "../../edge.toml"\n'},
            "path", "leads out of the folder",
        ),
        "laughs.gpx": Bad({"": laughs.encode()}, "entities", "declares a document type"),
    }  # fmt: skip


def _put(inbox: Path, found: dict[str, Bad]) -> None:
    for name, bad in found.items():
        for file, data in bad.files.items():
            path = inbox / name / file if file else inbox / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)


@pytest.mark.slow
def test_a_folder_full_of_bad_files_costs_no_good_one(
    ground: Path, kloppy_files: Path, sweat_samples: Path
) -> None:
    places = Places(kloppy_files, None, ground / "scratch")
    places.scratch.mkdir()
    for path in sweat_samples.glob("2020-06-01*.fit"):
        shutil.copy(path, places.scratch)
    bad, inbox = _bad(places), ground / "inbox"
    _put(inbox, bad)
    with (inbox / "huge.gpx").open("wb") as handle:
        handle.write(b"<gpx>")
        handle.truncate(5 * 10**9)  # of which the disk holds one block
    (inbox / "link.gpx").symlink_to(ground / "edge.toml")
    with zipfile.ZipFile(inbox / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("track.gpx", b"<gpx>" + b" " * 50_000_000)
    (inbox / "good").mkdir()
    track = GPX.format(name="a", points=_points(list(range(60))))
    (inbox / "good" / "a.gpx").write_text(track)
    shutil.copy(sweat_samples / "6449921903_ACTIVITY.fit", inbox / "good.fit")

    watched = _run(ground, "watch", "--once")

    assert watched.exit_code == 1
    node = load_node(ground / "edge.toml")
    found = refusals(node.quarantine)
    rules = Counter(one.rule for one in found)
    expected = Counter(one.rule for one in bad.values())
    expected += Counter(["too_large", "symlink", "unknown_format"])
    assert rules == expected, watched.output
    for name, one in bad.items():
        mine = [each for each in found if each.files[0].name in {name, *one.files}
                and each.rule == one.rule and one.words in each.reason]  # fmt: skip
        assert mine, f"{name}: {[(each.rule, each.reason) for each in found]}"
    for one in found:
        assert one.rule in RULES
        assert re.search(r"[:;,] \w+", one.reason), one.reason  # what to do
        assert NAME not in one.reason
        assert one.rule in watched.output
    # What was refused is told to the lakehouse; what is good is packed.
    kinds = Counter(drop.manifest.kind for drop in find_drops(node.outbox))
    assert kinds == {"quarantine": len(found), "wearable": 2}
    assert {path.name for one in recordings(node.kept) for path in one.folder.iterdir()} >= {
        "a.gpx", "good.fit",
    }  # fmt: skip
    assert not [path for path in inbox.rglob("*") if path.is_file() or path.is_symlink()]
    assert (ground / "edge.toml").read_text() == SETTINGS
    assert _run(ground, "watch", "--once").exit_code == 0
    assert _run(ground, "send", "--once").exit_code == 0
    assert len(find_drops(ground / "landing")) == len(found) + 2


# --- XML bombs --------------------------------------------------------------------------------


def _xml_parts() -> list[tuple[str, str]]:
    """Every part of a source that is, or may be, XML."""
    return [
        (name, part)
        for name, source in READERS.items()
        for part, what in source.parts.items()
        if "XML" in what or what.endswith(("GPX", "TCX"))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize(("source", "part"), _xml_parts())
def test_no_source_opens_an_xml_bomb(  # noqa: PLR0917 - pytest
    tmp_path: Path, kloppy_files: Path, sweat_samples: Path, source: str, part: str, bomb: str
) -> None:
    for path in sweat_samples.glob("activity_5039744860.*"):
        shutil.copy(path, tmp_path)
    seed = SEEDS[source](Places(kloppy_files, None, tmp_path))
    paths = {}
    for name, file in seed.parts.items():
        paths[name] = tmp_path / file
        paths[name].write_bytes(seed.files[file])
    paths[part] = tmp_path / "bomb.xml"
    paths[part].write_text(f'<?xml version="1.0"?>{BOMBS[bomb]}<a>&e;</a>')
    with pytest.raises(SourceError) as caught:
        read_source(source, paths, seed.told)
    assert caught.value.rule == "entities", caught.value
    assert "bomb.xml declares a document type" in str(caught.value)


# --- what watches write -----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.realdata
def test_every_real_fit_file_is_packed_kept_or_refused_with_a_reason(
    ground: Path, real_data: Path
) -> None:
    """34 files: four are broken, ten hold no session, two devices had no clock."""
    # Two wrong checksums, a bad header at byte 771, an early end: all are copies of one activity.
    broken = ("activity-activity-filecrc", "activity-filecrc", "activity-settings-corruptheader",
              "activity-settings-nodata")  # fmt: skip
    files = {path.stem: path for path in (real_data / "wearables" / "fit").glob("*.fit")}
    node = load_node(ground / "edge.toml")
    for name in broken:
        shutil.copy(files.pop(name), ground / "inbox")

    watched = _run(ground, "watch", "--once")

    # What could be saved is kept, and the loss is stated.
    places = dict(re.findall(r"^\w+ +([\w.-]+)\.fit: (\S+)$", watched.output, re.MULTILINE))
    assert set(places) == set(broken), watched.output
    for place in places.values():
        manifest = json.loads((node.outbox / place / "manifest.json").read_text())
        assert manifest["rows_by_rule"]["recovered"] == 14
    assert watched.exit_code == 0

    for path in files.values():
        shutil.copy(path, ground / "inbox")
    watched = _run(ground, "watch", "--once")

    states = Counter(re.findall(r"^(packed|known|skipped) ", watched.output, re.MULTILINE))
    # Two more copies of the one activity are sound: the first replaces what was saved.
    assert states == {"packed": 17, "known": 1, "skipped": 10}, watched.output
    no_clock = {"antfs-dump.63.fit": "incomplete", "compressed-speed-distance.fit": "incomplete"}
    refused = {one.files[0].name: one.rule for one in refusals(node.quarantine)}
    assert refused == no_clock
    assert watched.exit_code == 1
    newest = {drop.manifest.stream_id: drop.manifest for drop in find_drops(node.outbox)}
    assert not [one for one in newest.values() if one.rows_by_rule.get("recovered")]

    # And never the other way round.
    damaged = real_data / "wearables" / "fit" / f"{broken[0]}.fit"
    shutil.copy(damaged, ground / "inbox" / "once-more.fit")
    watched = _run(ground, "watch", "--once")
    refused = {one.files[0].name: one.rule for one in refusals(node.quarantine)}
    assert refused == no_clock | {"once-more.fit": "malformed"}, watched.output
    assert "holds this recording whole" in re.sub(r"\s+", " ", watched.output)
    assert not list((ground / "inbox").iterdir())
    for receipt in [one.receipt for one in recordings(node.kept)]:
        assert receipt.place or "hold" in (receipt.reason or "") or "time" in (receipt.reason or "")


# --- drops ------------------------------------------------------------------------------------


def _spoil(folder: Path, kind: str) -> str:
    """Spoil a drop; gives the rule that `verify` names."""
    manifest, table = folder / "manifest.json", folder / "positions.parquet"
    told = json.loads(manifest.read_text())
    match kind:
        case "checksum":
            data = bytearray(table.read_bytes())
            data[len(data) // 2] ^= 1
            table.write_bytes(data)
        case "missing":
            table.unlink()
        case "cut_short":
            table.write_bytes(table.read_bytes()[:100])
        case "no_manifest":
            manifest.unlink()
        case "future_version":
            manifest.write_text(json.dumps(told | {"manifest_version": 9}))
        case "too_large":
            told["files"][0]["bytes"] = 5 * 10**9
            manifest.write_text(json.dumps(told))
        case "path":
            told["files"][0]["path"] = "../../../etc/passwd.parquet"
            manifest.write_text(json.dumps(told))
        case "symlink":
            table.rename(folder.parent / "elsewhere")
            table.symlink_to(folder.parent / "elsewhere")
        case "rows":
            # A bomb: a million rows in some kilobytes, where the manifest says sixty.
            zeros = pa.table({"frame_id": pa.array(np.zeros(10**6, np.int8))})
            pq.write_table(zeros, table, compression="zstd")
            _tell_the_truth(told, table)
            manifest.write_text(json.dumps(told))
        case "unreadable":
            table.write_bytes(b"no Parquet at all" * 999)
            _tell_the_truth(told, table)
            manifest.write_text(json.dumps(told))
        case _:
            manifest.write_text('{"manifest_version": 1')
    return "manifest" if kind == "no_manifest" else kind


def _tell_the_truth(told: dict, table: Path) -> None:
    """What a forger does: size and checksum fit, all the way up."""
    import hashlib

    from edge_ingest import manifest as manifests
    from edge_ingest.manifest import DropFile

    data = table.read_bytes()
    (mine,) = [one for one in told["files"] if one["path"] == table.name]
    mine |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    content = manifests.content_sha256(
        tuple(DropFile(**one) for one in told["files"]), told["scale"], encoding=told["encoding"]
    )
    told["content_sha256"] = content
    told["drop_id"] = manifests.drop_id(told["stream_id"], told["revision"], content)


KINDS = ("checksum", "missing", "cut_short", "no_manifest", "future_version", "too_large", "path",
         "symlink", "rows", "unreadable", "manifest")  # fmt: skip


def test_verify_says_of_each_bad_drop_what_to_do_and_exits_non_zero(tmp_path: Path) -> None:
    good = send(tmp_path, ride(FIRST))
    for day, kind in enumerate(KINDS, start=1):
        bad = send(tmp_path, ride(FIRST + timedelta(days=day)))
        rule = _spoil(bad.folder, kind)
        result = CliRunner().invoke(
            app, ["verify", str(bad.folder)], env={"COLUMNS": "250", "TERM": "xterm"}
        )
        assert result.exit_code == 1, kind
        assert isinstance(result.exception, SystemExit), kind
        assert rule in RULES
        assert rule in result.output or "unfinished" in result.output, (kind, result.output)
        assert re.search(r"[:;] \w+", result.output), (kind, result.output)
    assert CliRunner().invoke(app, ["verify", str(good.folder)]).exit_code == 0


@pytest.mark.slow
def test_a_landing_zone_full_of_bad_drops_loads_the_good_one(tmp_path: Path) -> None:
    tick: Tick = ticks(
        LandingZoneResource(landing_uri=str(tmp_path), club_timezone="Europe/Berlin")
    )
    good = send(tmp_path, ride(FIRST))
    places = {}
    for day, kind in enumerate(KINDS, start=1):
        bad = send(tmp_path, ride(FIRST + timedelta(days=day)))
        _spoil(bad.folder, kind)
        places[kind] = bad
    asked = {request.partition_key for request in tick().run_requests or []}
    assert good.session_id in asked
    refused = {
        kind: json.loads((bad.folder / "refused.json").read_text())
        for kind, bad in places.items()
        if (bad.folder / "refused.json").is_file()
    }
    # What a manifest tells is refused at once; tables are looked into when they are loaded.
    assert {kind: one["rule"] for kind, one in refused.items()} == {
        kind: kind for kind in ("future_version", "too_large", "path", "manifest")
    }
    for kind in ("missing", "cut_short", "no_manifest"):  # may yet come, for an hour
        assert places[kind].session_id not in asked
    zone = LandingZone(LocalDropFiles(tmp_path), "Europe/Berlin")
    for kind in ("checksum", "symlink", "rows", "unreadable"):
        place = "/".join(places[kind].folder.parts[-2:])
        problems = check(zone.manifest(place), zone.fetch(place))
        assert [one.rule for one in problems] == [kind]
