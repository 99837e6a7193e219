"""A small sound recording of every source, cut from real files where there are any.

Small, because a fuzzer tries hundreds of each, and a reader's mistakes stand in a file's structure,
not in its length.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from edge_ingest.recording import Told
from tests.edge_ingest.footage_clips import drawn, encode

START = datetime(2024, 5, 4, 13, 30, tzinfo=UTC)
STARTED = Told(started_at_utc=START)
WORN = Told(started_at_utc=START, athlete_id="a-1")
ZONED = Told(athlete_id="a-1", clock_timezone="Europe/Lisbon")


@dataclass(frozen=True)
class Seed:
    """Files by name, and how a source is to read them.

    Attributes:
        parts: the files that `read_source` is told of; others stand beside them.
    """

    files: dict[str, bytes]
    parts: dict[str, str]
    told: Told = field(default_factory=Told)


@dataclass(frozen=True)
class Places:
    """Where recordings are; `real` is None on a machine without them."""

    kloppy: Path
    real: Path | None
    scratch: Path


def _lines(path: Path, count: int, skip: int = 0) -> bytes:
    return b"\n".join(path.read_bytes().split(b"\n")[skip : skip + count]) + b"\n"


def _cut(path: Path, change: Callable[[Any], Any]) -> bytes:
    return orjson.dumps(change(orjson.loads(path.read_bytes())))


def _kloppy(told: Told = Told(), **names: str) -> Callable[[Places], Seed]:  # noqa: B008 - frozen
    """Files of kloppy's wheel as they are."""

    def make(places: Places) -> Seed:
        files = {name: (places.kloppy / name).read_bytes() for name in names.values()}
        return Seed(files, names, told)

    return make


def _kloppy_cut(
    change: Callable[[Any], Any],
    of: str,
    told: Told = Told(),  # noqa: B008 - frozen
    **names: str,
) -> Callable[[Places], Seed]:
    """The same, with one JSON file made shorter."""

    def make(places: Places) -> Seed:
        seed = _kloppy(told, **names)(places)
        return Seed(seed.files | {names[of]: _cut(places.kloppy / names[of], change)}, names, told)

    return make


def _skillcorner(places: Places) -> Seed:
    frames = orjson.loads((places.kloppy / "skillcorner_structured_data.json").read_bytes())
    frames = [frame for frame in frames if frame["data"]][100:130]
    match = (places.kloppy / "skillcorner_match_data.json").read_bytes()
    return Seed(
        {"match.json": match, "tracking.json": orjson.dumps(frames)},
        {"match": "match.json", "tracking": "tracking.json"},
    )


def hawkeye_minutes(kloppy: Path, names: tuple[str, ...] = ("1_1", "2_46")) -> dict[str, bytes]:
    """Two real minutes of one match, the first frames of each, and its description."""

    def shorter(told: dict[str, Any]) -> dict[str, Any]:
        samples = {name: rows[: 150 if name == "people" else 30]
                   for name, rows in told["samples"].items()}  # fmt: skip
        return {**told, "samples": samples}

    files = {
        f"hawkeye_{name}.football.samples.{kind}": _cut(
            kloppy / f"hawkeye_{name}.football.samples.{kind}", shorter
        )
        for name in names
        for kind in ("ball", "centroids")
    }
    return {**files, "hawkeye_meta.json": (kloppy / "hawkeye_meta.json").read_bytes()}


def _hawkeye(places: Places) -> Seed:
    files = hawkeye_minutes(places.kloppy, ("2_46",))
    names = ("ball", "tracking", "match")
    return Seed(files, dict(zip(names, files, strict=True)))


def _second_spectrum(places: Places) -> Seed:
    files = {
        "match.xml": (places.kloppy / "second_spectrum_fake_metadata.xml").read_bytes(),
        "tracking.jsonl": _lines(places.kloppy / "second_spectrum_fake_data.jsonl", 10),
        "details.json": (places.kloppy / "second_spectrum_fake_metadata.json").read_bytes(),
    }
    return Seed(files, {name.split(".")[0]: name for name in files}, STARTED)


def _pff(places: Places) -> Seed:
    files = {
        "match.json": (places.kloppy / "pff_metadata_10517.json").read_bytes(),
        "players.json": (places.kloppy / "pff_rosters_10517.json").read_bytes(),
        "tracking.jsonl": _lines(places.kloppy / "pff_10517.jsonl", 12),
    }
    return Seed(files, {name.split(".")[0]: name for name in files})


def _epts(places: Places) -> Seed:
    files = {
        "match.xml": (places.kloppy / "epts_metrica_metadata.xml").read_bytes(),
        "tracking.txt": _lines(places.kloppy / "epts_metrica_tracking.txt", 20),
    }
    return Seed(files, {name.split(".")[0]: name for name in files}, STARTED)


def _statsperform(places: Places) -> Seed:
    files = {
        "match.xml": (places.kloppy / "statsperform_tracking_ma1.xml").read_bytes(),
        "tracking.txt": _lines(places.kloppy / "statsperform_tracking_ma25.txt", 20),
    }
    return Seed(files, {name.split(".")[0]: name for name in files})


def _ends(events: list[Any]) -> list[Any]:
    """Events of the beginning and the end, and those that begin or end something."""
    words = ("Half Start", "Half End", "Starting XI")
    between = [one for one in events[25:-15] if one.get("type", {}).get("name") in words]
    return [*events[:25], *between, *events[-15:]]


def _first_events(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "events": told["events"][:40]}


def _datafactory(told: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: dict(list(rows.items())[:4]) if isinstance(rows, dict) else rows[:4]
        for name, rows in told["incidences"].items()
    }
    kept["status"] = told["incidences"]["status"]
    return {**told, "incidences": kept, "summary": {}, "commentary": {}}


def _ma3(told: dict[str, Any]) -> dict[str, Any]:
    live = {**told["liveData"], "event": told["liveData"]["event"][:40]}
    return {**told, "liveData": live}


def sweat(name: str, part: str, told: Told = WORN) -> Callable[[Places], Seed]:
    """A small file of a watch, from the sweat wheel if it is there, else made."""

    def make(places: Places) -> Seed:
        return Seed({name: (places.scratch / name).read_bytes()}, {part: name}, told)

    return make


def _gnss_rows(places: Places) -> list[list[str]]:
    """Days, longitude, latitude: of a real player, or walked in a circle."""
    if places.real is not None:
        path = places.real / "gnss_football" / "U18_ID1.csv"
        return [line.split(",") for line in _lines(path, 300, skip=1).decode().split()]
    turn = np.arange(300) / 50
    return [
        [repr(44519.7156 + index / 864_000), repr(-9.1236 + 3e-4 * np.sin(one)),
         repr(41.7261 + 3e-4 * np.cos(one))]
        for index, one in enumerate(turn)
    ]  # fmt: skip


PITCH = (
    b"longitude,latitude\n-9.12436877,41.72674194\n-9.123890745,41.72592757\n"
    b"-9.123290669,41.72612579\n-9.12376968,41.72693916\n"
)


def _catapult(places: Places) -> Seed:
    rows = [",".join(row) for row in _gnss_rows(places)]
    text = "\n".join(["Timestamp, Longitude, Latitude", *rows]) + "\n"
    return Seed(
        {"U18_ID1.csv": text.encode(), "pitch.csv": PITCH},
        {"positions": "U18_ID1.csv", "pitch": "pitch.csv"}, ZONED,
    )  # fmt: skip


def _statsports(places: Places) -> Seed:
    lines = ["Player Id,Player Display Name,Time,Lat,Lon,Speed (km/h),Heart Rate (bpm)"]
    for index, (_, longitude, latitude) in enumerate(_gnss_rows(places)[:150]):
        clock = f"2021-11-19 17:10:{index // 10:02d}.{index % 10}00"
        lines += [f"{player},Player {player},{clock},{latitude},{longitude},7.2,140"
                  for player in (7, 9)]  # fmt: skip
    return Seed(
        {"squad.csv": "\n".join(lines).encode(), "pitch.csv": PITCH},
        {"positions": "squad.csv", "pitch": "pitch.csv"},
        Told(clock_timezone="Europe/Lisbon"),
    )


def _rr(places: Places) -> Seed:
    if places.real is not None:
        text = _lines(places.real / "rr_intervals" / "nn_60min.csv", 400)
    else:
        beats = 800 + 40 * np.sin(np.arange(400) / 3)
        text = "\n".join(["rr_ms", *(f"{beat:.0f}" for beat in beats)]).encode()
    return Seed({"belt.csv": text}, {"intervals": "belt.csv"}, WORN)


def _tracinginsights(places: Places) -> Seed:
    if places.real is not None:
        folder = places.real / "motorsport" / "VER"
        listed = orjson.loads((folder / "laptimes.json").read_bytes())
        lap = orjson.loads((folder / "4_tel.json").read_bytes())
        lap["tel"] = {key: value[:60] if isinstance(value, list) else value
                      for key, value in lap["tel"].items()}  # fmt: skip
    else:
        listed = {"time": [91.5], "lap": [4], "compound": ["HARD"]}
        ticks = [index / 4 for index in range(60)]
        lap = {"tel": {"time": ticks, "speed": [200.0] * 60, "rpm": [11_000] * 60,
                       "x": [3.0 * one for one in ticks], "y": [0.0] * 60,
                       "z": [0.0] * 60}}  # fmt: skip
    return Seed(
        {"laptimes.json": json.dumps(listed).encode(), "4_tel.json": json.dumps(lap).encode()},
        {"laptimes": "laptimes.json"}, WORN,
    )  # fmt: skip


WELLNESS_MAPPING = b"""version = 1
kind = "wellness"
source = "diary"
athlete_id = "who"
day = { from = "day", format = "%d.%m.%Y" }
[columns]
soreness = { from = "pain", scale_from = [0, 4], reversed = true }
session_load_au = { from = "load", filled_with = 0 }
"""
INJURY_MAPPING = b"""version = 1
kind = "injuries"
source = "physio"
athlete_id = "who"
injury_id = ["case"]
delimiter = ";"
missing = ["", "-"]
day = { from = "since" }
[columns]
kind = { from = "what", values = { Zerrung = "muscle" } }
return_day = { from = "back" }
"""
FIXTURES_MAPPING = b"""version = 1
kind = "fixtures"
source = "league"
fixture_id = ["match"]
day = { from = "day" }
[columns]
team = { from = "side" }
known_from = { from = "since" }
is_withdrawn = { from = "off" }
"""


def _wellness(_places: Places) -> Seed:
    rows = [f"A{who},{day:02d}.03.2024,{(day + who) % 5},{310 + day}"
            for day in range(1, 29) for who in range(4)]  # fmt: skip
    table = "\n".join(["who,day,pain,load", *rows]).encode()
    return Seed(
        {"diary.csv": table, "mapping.toml": WELLNESS_MAPPING},
        {"table": "diary.csv", "mapping": "mapping.toml"},
    )


def _injuries(_places: Places) -> Seed:
    rows = [f"A{case % 7};{case};2024-0{case % 9 + 1}-03;Zerrung;2024-0{case % 9 + 1}-21"
            for case in range(60)]  # fmt: skip
    table = "\n".join(["who;case;since;what;back", *rows]).encode()
    return Seed(
        {"physio.csv": table, "mapping.toml": INJURY_MAPPING},
        {"table": "physio.csv", "mapping": "mapping.toml"},
    )


def _fixtures(_places: Places) -> Seed:
    rows = [f"m{match},2024-0{match % 9 + 1}-17,first,2024-0{match % 9 + 1}-02,{match % 2}"
            for match in range(60)]  # fmt: skip
    table = "\n".join(["match,day,side,since,off", *rows]).encode()
    return Seed(
        {"plan.csv": table, "mapping.toml": FIXTURES_MAPPING},
        {"table": "plan.csv", "mapping": "mapping.toml"},
    )


def _video(places: Places) -> Seed:
    path = encode(places.scratch / "clip.mp4", drawn([("play", 1.0)]))
    told = Told(started_at_utc=START, sport="football")
    return Seed({"clip.mp4": path.read_bytes()}, {"video": "clip.mp4"}, told)


SEEDS: dict[str, Callable[[Places], Seed]] = {
    "skillcorner": _skillcorner,
    "sportec": _kloppy(match="sportec_meta.xml", tracking="sportec_positional.xml"),
    "tracab": _kloppy(match="tracab_meta.json", tracking="tracab_raw.dat"),
    "tracab as XML and JSON": _kloppy(match="tracab_meta.xml", tracking="tracab_raw.json"),
    "metrica": _kloppy(STARTED, home="metrica_home.csv", away="metrica_away.csv"),
    "metrica_epts": _epts,
    "second_spectrum": _second_spectrum,
    "signality": _kloppy(
        match="signality_meta_data.json", venue="signality_venue_information.json",
        tracking="signality_p1_raw_data_subset.json",
        tracking_2="signality_p2_raw_data_subset.json",
    ),
    "statsperform": _statsperform,
    "hawkeye": _hawkeye,
    "pff": _pff,
    "wyscout": _kloppy_cut(
        _first_events, "events", Told(started_at_utc=START, home_team_id="1631"),
        events="wyscout_events_v2.json",
    ),
    "wyscout of version 3": _kloppy_cut(_first_events, "events", events="wyscout_events_v3.json"),
    "statsbomb": _kloppy_cut(
        _ends, "events", STARTED,
        match="statsbomb_15986_lineup.json", events="statsbomb_15986_event.json",
    ),
    "opta": _kloppy(match="opta_f7.xml", events="opta_f24.xml"),
    "statsperform_events": _kloppy_cut(
        _ma3, "events", match="statsperform_event_ma1.json", events="statsperform_event_ma3.json"
    ),
    "sportec_events": _kloppy(match="sportec_meta.xml", events="sportec_events.xml"),
    "datafactory": _kloppy_cut(_datafactory, "events", events="datafactory_events.json"),
    "metrica_events": _kloppy_cut(
        lambda told: {"data": told["data"][:40]}, "events", STARTED,
        match="epts_metrica_metadata.xml", events="metrica_events.json",
    ),
    "impect": _kloppy_cut(
        lambda told: [*told[:30], *told[1533:1560]], "events",
        match="impect_lineups.json", events="impect_events.json",
        squads="impect_squads.json", players="impect_players.json",
    ),
    "fit": sweat("2020-06-01-16-52-40.fit", "activity"),
    "gpx": sweat("activity_5039744860.gpx", "activity"),
    "tcx": sweat("activity_5039744860.tcx", "activity"),
    "catapult": _catapult,
    "statsports": _statsports,
    "rr": _rr,
    "tracinginsights": _tracinginsights,
    "wellness": _wellness,
    "injuries": _injuries,
    "fixtures": _fixtures,
    "video": _video,
}  # fmt: skip
