"""Every tracking vendor by way of kloppy, on its files, against kloppy's own transformation."""

import bz2
import gzip
import lzma
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kloppy import metrica, pff, secondspectrum, signality, statsperform

from edge_ingest.drops.drop import pack
from edge_ingest.errors import SourceError
from edge_ingest.identity import SessionIdentity
from edge_ingest.readers import READERS, load_reader, read_recording
from edge_ingest.recording import Recording, Told
from tests.edge_ingest.readers import second_opinion

START = datetime(2024, 5, 4, 13, 30, tzinfo=UTC)
FIELD = {"pitch_length": 105.0, "pitch_width": 68.0}


@dataclass(frozen=True)
class Case:
    source: str
    files: dict[str, str]
    frames: int
    start: datetime
    is_told: bool = False
    #: Frames are counted from nought, for the vendor's numbers are times.
    is_numbered_anew: bool = False


CASES = {
    "metrica_epts": Case(
        "metrica_epts",
        {"match": "epts_metrica_metadata.xml", "tracking": "epts_metrica_tracking.txt"},
        100, START, is_told=True,
    ),
    "metrica_epts with holes": Case(
        "metrica_epts",
        {"match": "epts_metrica_metadata_unused_sensor.xml",
         "tracking": "epts_metrica_tracking_with_empty_values.txt"},
        100, START, is_told=True,
    ),
    "second_spectrum": Case(
        "second_spectrum",
        {"match": "second_spectrum_fake_metadata.xml",
         "tracking": "second_spectrum_fake_data.jsonl",
         "details": "second_spectrum_fake_metadata.json"},
        376, START, is_told=True,
    ),
    "second_spectrum with a mark of byte order": Case(
        "second_spectrum",
        {"match": "second_spectrum_fake_metadata.xml",
         "tracking": "second_spectrum_fake_data_utf8sig.jsonl"},
        13, START, is_told=True,
    ),
    "signality": Case(
        "signality",
        {"match": "signality_meta_data.json", "venue": "signality_venue_information.json",
         "tracking": "signality_p1_raw_data_subset.json",
         "tracking_2": "signality_p2_raw_data_subset.json"},
        10, datetime(2024, 10, 6, 12, 0, 1, 408_000, tzinfo=UTC),
    ),
    "statsperform": Case(
        "statsperform",
        {"match": "statsperform_tracking_ma1.json", "tracking": "statsperform_tracking_ma25.txt"},
        92, datetime(2020, 8, 23, 11, 0, 10, tzinfo=UTC), is_numbered_anew=True,
    ),
    "statsperform as XML": Case(
        "statsperform",
        {"match": "statsperform_tracking_ma1.xml", "tracking": "statsperform_tracking_ma25.txt"},
        92, datetime(2020, 8, 23, 11, 0, 10, tzinfo=UTC), is_numbered_anew=True,
    ),
    "pff": Case(
        "pff",
        {"match": "pff_metadata_10517.json", "players": "pff_rosters_10517.json",
         "tracking": "pff_10517.jsonl"},
        200, datetime(2022, 12, 18, 15, tzinfo=UTC),
    ),
    "pff, home on the right": Case(
        "pff",
        {"match": "pff_metadata_3812.json", "players": "pff_rosters_3812.json",
         "tracking": "pff_3812.jsonl"},
        100, datetime(2022, 11, 21, 16, tzinfo=UTC),
    ),
}  # fmt: skip


def _kloppy(source: str, files: dict[str, Path]) -> Any:
    if source == "metrica_epts":
        return metrica.load_tracking_epts(files["match"], files["tracking"], coordinates="metrica")
    if source == "second_spectrum":
        return secondspectrum.load(
            files["match"], files["tracking"], files.get("details"), coordinates="secondspectrum"
        )
    if source == "signality":
        return signality.load(
            files["match"], [files["tracking"], files["tracking_2"]], files["venue"],
            coordinates="signality",
        )  # fmt: skip
    if source == "statsperform":
        return statsperform.load_tracking(
            files["match"], files["tracking"], coordinates="sportvu", **FIELD
        )
    return pff.load_tracking(files["match"], files["players"], files["tracking"], coordinates="pff")


def _read(case: Case, folder: Path) -> tuple[Recording, dict[str, Path]]:
    files = {part: folder / name for part, name in case.files.items()}
    told = Told(started_at_utc=START) if case.is_told else Told()
    return read_recording(case.source, files, told), files


def _assert_is_as_kloppy_reads_it(case: Case, folder: Path) -> Recording:
    match, files = _read(case, folder)
    dataset = _kloppy(case.source, files)
    mine = second_opinion.ours(match)
    # Which way the home side attacks is our vote of all frames: kloppy looks at one.
    is_turned = bool(match.filter_settings["is_turned"])
    other, sides = second_opinion.theirs(dataset, match, is_turned=is_turned)
    if case.is_numbered_anew:
        anew = {frame.frame_id: index for index, frame in enumerate(dataset.records)}
        other = {(key[0], anew[key[1]], key[2]): place for key, place in other.items()}
    other = {key: place for key, place in other.items() if place[0] == place[0]}  # no NaN

    second_opinion.assert_equal(mine, other)
    seen = {key[2] for key in other}
    assert second_opinion.sides_of(match) == {k: v for k, v in sides.items() if k in seen}
    rows = match.tables["positions"].select(["period_id", "frame_id"]).to_pylist()
    frames = {tuple(row.values()) for row in rows}
    assert len(frames) == len(dataset.records) == case.frames
    assert match.session.started_at_utc == case.start
    assert match.source == READERS[case.source].module.split(":")[1].removesuffix("_epts")
    return match


@pytest.mark.parametrize("name", CASES)
def test_kloppy_reads_the_same(kloppy_files: Path, tmp_path: Path, name: str) -> None:
    match = _assert_is_as_kloppy_reads_it(CASES[name], kloppy_files)
    identity = SessionIdentity("2024-05-04_football_home-away", None)
    assert pack(match, tmp_path, identity, START).manifest.kind == "tracking"


@pytest.mark.parametrize(
    ("name", "vendor_says_turned"),
    [("metrica_epts", False), ("pff", False), ("pff, home on the right", True),
     ("signality", False), ("statsperform", True)],
)  # fmt: skip
def test_the_direction_is_as_the_vendor_or_kloppy_says(
    kloppy_files: Path, name: str, vendor_says_turned: bool
) -> None:
    match, _ = _read(CASES[name], kloppy_files)
    assert match.filter_settings["is_turned"] is vendor_says_turned


def test_rows_checked_by_hand(kloppy_files: Path) -> None:
    match, _ = _read(CASES["pff"], kloppy_files)
    rows = match.tables["positions"].to_pylist()
    names = {r["source_athlete_id"]: r for r in match.tables["athletes"].to_pylist()}

    # {"jerseyNum": "9", …, "x": 4.987, "y": -1.993} of homePlayersSmoothed, first line.
    (nine,) = [r for r in rows if r["frame_id"] == 4630 and r["x_m"] == pytest.approx(4.987)]
    assert nine["y_m"] == pytest.approx(-1.993)
    assert nine["team_side"] == "home"
    assert names[nine["source_athlete_id"]]["shirt_number"] == 9

    match, _ = _read(CASES["statsperform"], kloppy_files)
    first = match.tables["positions"].to_pylist()
    # 0,a2s2c6anax9wnlsw1s6vunl5h,9,52.803,23.617: from the top left corner, home on the right.
    (nine,) = [
        row for row in first
        if row["source_athlete_id"] == "a2s2c6anax9wnlsw1s6vunl5h" and row["frame_id"] == 0
    ]  # fmt: skip
    assert nine["x_m"] == pytest.approx(-(52.803 - 52.5))
    assert nine["y_m"] == pytest.approx(-(34 - 23.617))


def test_the_pause_that_a_video_leaves_out_is_added(kloppy_files: Path) -> None:
    match, files = _read(CASES["pff"], kloppy_files)
    first, second = _kloppy("pff", files).metadata.periods[:2]
    assert (second.start_timestamp - first.end_timestamp).total_seconds() < 60
    rows = [row for row in match.tables["positions"].to_pylist() if row["period_id"] == 2]
    began = (rows[0]["captured_at_utc"] - match.session.started_at_utc).total_seconds()
    length = (first.end_timestamp - first.start_timestamp).total_seconds()
    assert began - rows[0]["period_time_s"] == pytest.approx(length + 900)


def test_a_start_that_nobody_knows_must_be_told(kloppy_files: Path) -> None:
    case = CASES["second_spectrum"]
    files = {part: kloppy_files / name for part, name in case.files.items()}
    with pytest.raises(SourceError, match="give the start") as caught:
        read_recording(case.source, files)
    assert caught.value.rule == "incomplete"


@pytest.mark.parametrize("name", CASES)
def test_damage_is_refused_in_words(kloppy_files: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    files = {part: kloppy_files / file for part, file in case.files.items()}
    told = Told(started_at_utc=START) if case.is_told else Told()
    for part, file in files.items():
        copy = tmp_path / file.name
        for text in (b"{", b"<", b"\x00\xff", b"[]"):
            # kloppy goes on without a roster.
            if part == "players" and text == b"[]":
                continue
            copy.write_bytes(text)
            with pytest.raises(SourceError, match=f"{part}=|{file.name}"):
                read_recording(case.source, {**files, part: copy}, told)


def test_an_xml_bomb_is_not_opened(kloppy_files: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "meta.xml"
    bomb.write_text('<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b "c">]><MetaData>&b;</MetaData>')
    tracking = kloppy_files / "second_spectrum_fake_data.jsonl"
    with pytest.raises(SourceError) as caught:
        read_recording("second_spectrum", {"match": bomb, "tracking": tracking})
    assert caught.value.rule == "entities"


def test_every_part_of_a_vendor_is_one_of_kloppys_arguments() -> None:
    for source in {case.source for case in CASES.values()}:
        vendor: Any = load_reader(READERS[source])
        assert set(READERS[source].parts) == {*vendor.arguments, *vendor.in_lists}


@pytest.mark.parametrize("packer", [bz2, gzip, lzma])
def test_what_is_compressed_is_refused_and_not_unpacked(
    packer: Any, kloppy_files: Path, tmp_path: Path
) -> None:
    """Else a small file might fill the memory, whatever its name."""
    packed = tmp_path / "tracking.jsonl"
    packed.write_bytes(
        packer.compress((kloppy_files / "second_spectrum_fake_data.jsonl").read_bytes())
    )
    parts = {"match": kloppy_files / "second_spectrum_fake_metadata.xml", "tracking": packed}
    with pytest.raises(SourceError, match="is compressed: unpack it") as raised:
        read_recording("second_spectrum", parts, Told(started_at_utc=START))
    assert raised.value.rule == "unknown_format"
