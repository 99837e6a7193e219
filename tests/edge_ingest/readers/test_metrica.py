"""The reader of Metrica's CSV on kloppy's snippets, and on damaged copies."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kloppy import metrica as kloppy_metrica

from edge_ingest.errors import SourceError
from edge_ingest.readers import read_recording
from edge_ingest.recording import Told
from tests.edge_ingest.readers import second_opinion

START = datetime(2024, 5, 4, 13, 30, tzinfo=UTC)
TOLD = Told(started_at_utc=START)


@pytest.fixture
def parts(kloppy_files: Path) -> dict[str, Path]:
    return {"home": kloppy_files / "metrica_home.csv", "away": kloppy_files / "metrica_away.csv"}


@pytest.fixture
def changed(parts: dict[str, Path], tmp_path: Path) -> Callable[..., dict[str, Path]]:
    def write(rewrite: Callable[[str], str], *names: str) -> dict[str, Path]:
        copies = dict(parts)
        for name in names or ("home",):
            copies[name] = tmp_path / parts[name].name
            copies[name].write_text(rewrite(parts[name].read_text()))
        return copies

    return write


def test_kloppy_reads_the_same(parts: dict[str, Path]) -> None:
    match = read_recording("metrica", parts, TOLD)
    dataset = kloppy_metrica.load_tracking_csv(
        home_data=parts["home"], away_data=parts["away"], coordinates="metrica"
    )
    other, sides = second_opinion.theirs(dataset, match)
    # kloppy turns the file's y over and still takes it for downwards, as the vendor's is: mirrored.
    mirrored = {key: (x_m, -y_m) for key, (x_m, y_m) in other.items()}
    second_opinion.assert_equal(second_opinion.ours(match), mirrored)
    assert second_opinion.sides_of(match) == sides
    assert match.rows_by_rule["not_seen"] == 3  # the ball in period 2


def test_rows_checked_by_hand(parts: dict[str, Path]) -> None:
    rows = read_recording("metrica", parts, TOLD).tables["positions"].to_pylist()
    ball = next(row for row in rows if row["object_kind"] == "ball" and row["frame_id"] == 2)

    # 1,2,0.08,…,0.49645,0.40656 of 105 × 68 m from the top left: above the middle is to the left.
    assert ball["x_m"] == pytest.approx((0.49645 - 0.5) * 105)
    assert ball["y_m"] == pytest.approx((0.5 - 0.40656) * 68)
    assert ball["y_m"] > 0
    assert ball["captured_at_utc"] == START + timedelta(seconds=0.04)
    assert ball["period_time_s"] == 0.04
    second = next(row for row in rows if row["period_id"] == 2)
    assert second["captured_at_utc"] == START + timedelta(seconds=(145_004 - 1) / 25)
    assert second["period_time_s"] == 0


def test_half_time_is_added_where_the_frames_leave_it_out(
    changed: Callable[..., dict[str, Path]],
) -> None:
    def follow(text: str) -> str:
        return text.replace("145004", "4").replace("145005", "5").replace("145006", "6")

    rows = read_recording("metrica", changed(follow, "home", "away"), TOLD).tables["positions"]
    second = next(row for row in rows.to_pylist() if row["period_id"] == 2)
    assert second["captured_at_utc"] == START + timedelta(minutes=15, seconds=3 / 25)


def test_a_player_has_rows_from_his_first_place_to_his_last(
    parts: dict[str, Path],
) -> None:
    table = read_recording("metrica", parts, TOLD).tables["positions"]
    frames: dict[str, list[int]] = {}
    for row in table.to_pylist():
        frames.setdefault(row["source_athlete_id"], []).append(row["frame_id"])
    assert frames["home_1"] == [1, 2, 3]  # substituted at half-time
    assert frames["home_12"] == [145_004, 145_005, 145_006]


def test_a_gap_between_two_places_is_not_seen(changed: Callable[..., dict[str, Path]]) -> None:
    gap = changed(lambda text: text.replace("1,2,0.08,0.00096,0.48238", "1,2,0.08,NaN,NaN"))
    rows = read_recording("metrica", gap, TOLD).tables["positions"].to_pylist()
    (row,) = [r for r in rows if r["x_m"] is None and r["object_kind"] == "athlete"]
    assert (row["source_athlete_id"], row["frame_id"]) == ("home_11", 2)
    assert row["missing_reason"] == "not_seen"


@pytest.mark.parametrize(
    ("rewrite", "rule", "words"),
    [
        (lambda text: text.replace("Period,", "Part,"), "malformed", "does not begin as Metrica"),
        (lambda text: text.replace("0.32648", "x"), "malformed", "not 32 numbers|not 33 numbers"),
        (lambda text: text[: len(text) - 30], "malformed", "broken off"),
        (lambda text: text.replace("1,2,0.08", "1,1,0.08"), "malformed", "other frames"),
        (lambda text: text.replace("0.49645", "0.5"), "malformed", "another ball"),
        (lambda text: text.replace("\n,,,11,,1,", "\n,,,11,,11,"), "duplicate_athlete", "1 athlet"),
        (lambda text: text.replace(",,,11,,", ",,,x,,"), "malformed", "does not read as metrica"),
        (lambda text: "", "empty", "is empty"),
        (lambda text: "\n".join(text.splitlines()[:3]) + "\n", "malformed", "."),
    ],
)
def test_a_damaged_side_says_why(
    changed: Callable[..., dict[str, Path]], rewrite: Callable[[str], str], rule: str, words: str
) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        read_recording("metrica", changed(rewrite), TOLD)
    assert caught.value.rule == rule


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text.replace("1,2,0.08", "1,1,0.08"),
        lambda text: text.replace("1,3,0.12", "1,1,0.12"),
        lambda text: text.replace("2,145004", "1,145004").replace("2,145006", "1,145006"),
    ],
)
def test_frames_and_periods_must_count_upwards(
    changed: Callable[..., dict[str, Path]], rewrite: Callable[[str], str]
) -> None:
    with pytest.raises(SourceError) as caught:
        read_recording("metrica", changed(rewrite, "home", "away"), TOLD)
    assert caught.value.rule == "clock_backwards"


def test_metres_are_no_shares_of_the_field(changed: Callable[..., dict[str, Path]]) -> None:
    files = changed(lambda text: text.replace(",0.", ",90."), "home", "away")
    with pytest.raises(SourceError) as caught:
        read_recording("metrica", files, TOLD)
    assert caught.value.rule == "absurd_values"


def test_the_start_must_be_told(parts: dict[str, Path]) -> None:
    with pytest.raises(SourceError, match="give the start") as caught:
        read_recording("metrica", parts)
    assert caught.value.rule == "incomplete"
