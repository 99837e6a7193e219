"""Every vendor's file is told by its first bytes, and by nobody else's."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.readers import READERS
from edge_ingest.readers.recognise import HEAD_BYTES, recognise

EXPECTED = {
    "datafactory_events.json": ("datafactory", "events"),
    "epts_metrica_metadata*.xml": ("metrica_epts", "match"),
    "epts_metrica_tracking*.txt": ("metrica_epts", "tracking"),
    "hawkeye_*.samples.ball": ("hawkeye", "ball"),
    "hawkeye_*.samples.centroids": ("hawkeye", "tracking"),
    "hawkeye_meta.*": ("hawkeye", "match"),
    "impect_events.json": ("impect", "events"),
    "impect_lineups.json": ("impect", "match"),
    "impect_players.json": ("impect", "players"),
    "impect_squads.json": ("impect", "squads"),
    "metrica_away.csv": ("metrica", "away"),
    "metrica_events.json": ("metrica_events", "events"),
    "metrica_home.csv": ("metrica", "home"),
    "opta_f24.xml": ("opta", "events"),
    "opta_f73.xml": ("opta", "events"),
    "opta_f7.xml": ("opta", "match"),
    "pff_[0-9]*.jsonl": ("pff", "tracking"),
    "pff_metadata_*.json": ("pff", "match"),
    "pff_rosters_*.json": ("pff", "players"),
    "second_spectrum_fake_data*.jsonl": ("second_spectrum", "tracking"),
    "second_spectrum_fake_metadata.json": ("second_spectrum", "details"),
    "second_spectrum_fake_metadata.xml": ("second_spectrum", "match"),
    "signality_meta_data.json": ("signality", "match"),
    "signality_p1_*.json": ("signality", "tracking"),
    "signality_p2_*.json": ("signality", "tracking_2"),
    "signality_venue_information.json": ("signality", "venue"),
    "skillcorner_ma*_data.json": ("skillcorner", "match"),
    "skillcorner_meta_data.json": ("skillcorner", "match"),
    "skillcorner_structured_*.json": ("skillcorner", "tracking"),
    "skillcorner_v3_raw_data.jsonl": ("skillcorner", "tracking"),
    "sportec_events.xml": ("sportec_events", "events"),
    "sportec_meta.xml": ("sportec", "match"),
    "sportec_positional*.xml": ("sportec", "tracking"),
    "statsbomb_*event.json": ("statsbomb", "events"),
    "statsbomb_*lineup.json": ("statsbomb", "match"),
    "statsbomb_*_360.json": None,  # not read
    "statsperform_*_ma1.xml": ("statsperform", "match"),
    "statsperform_*_ma[13].json": None,  # one begins like the other
    "statsperform_event_ma3.xml": ("statsperform_events", "events"),
    "statsperform_tracking_ma25.txt": ("statsperform", "tracking"),
    "tracab_meta*": ("tracab", "match"),
    "tracab_raw.*": ("tracab", "tracking"),
    "wyscout_events_*.json": ("wyscout", "events"),
    "code_xml.xml": None,  # no session
}


def test_every_file_of_the_wheel_is_known_or_known_to_be_unknown(kloppy_files: Path) -> None:
    seen = set()
    for pattern, expected in EXPECTED.items():
        files = list(kloppy_files.glob(pattern))
        assert files, pattern
        for file in files:
            assert recognise(file) == expected, file.name
            seen.add(file)
    assert seen == set(kloppy_files.iterdir())


def test_no_head_fits_another_sources_file(kloppy_files: Path) -> None:
    for file in kloppy_files.iterdir():
        with file.open("rb") as handle:
            head = handle.read(HEAD_BYTES).decode("latin-1").removeprefix("ï»¿")
        fits = [
            (source, part)
            for source, entry in READERS.items()
            for part, pattern in entry.head.items()
            if re.search(pattern, head)
        ]
        assert len(fits) <= 1, (file.name, fits)


@pytest.mark.realdata
def test_real_files_of_other_origin_are_recognised(real_data: Path) -> None:
    folder = real_data / "tracking_events"
    assert recognise(folder / "idsse_j03wmx_info.xml") == ("sportec", "match")
    assert recognise(folder / "idsse_j03wmx_positions.xml") == ("sportec", "tracking")
    assert recognise(folder / "idsse_j03wmx_events.xml") == ("sportec_events", "events")
    for file in (real_data / "wearables" / "fit").glob("*.fit"):
        assert recognise(file) in (("fit", "activity"), None)


@given(st.binary(max_size=HEAD_BYTES))
@settings(max_examples=200, deadline=None)
def test_any_bytes_may_come_in(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "file"
    file.write_bytes(content)
    found = recognise(file)
    assert found is None or found[1] in READERS[found[0]].parts


def test_a_file_that_two_sources_claim_is_nobodys(tmp_path: Path) -> None:
    file = tmp_path / "both.json"
    file.write_text('{"matchPeriod": "1H", "gameRefId": 1}')
    assert recognise(file) is None
