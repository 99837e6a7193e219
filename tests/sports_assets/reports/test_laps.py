"""What laps say together, and the page of a session on a circuit."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_course import Lap
from sports_assets.reports.laps import LEAST_FOR_SLOPE, longest_run, quick
from sports_assets.reports.numerals import lap_time
from sports_assets.reports.pictures import draw_pictures
from sports_assets.reports.sentences import write_sentences
from sports_assets.reports.session_page import make_content
from sports_assets.reports.tables import make_tables


def test_slow_laps_are_no_quick_ones(circuit: SessionFacts) -> None:
    assert [lap.lap_number for lap in quick(circuit.laps)] == [2, 3, 4, 5, 6, 7, 8, 12]
    assert quick(()) == ()


def test_a_lap_at_the_limit_is_quick(circuit: SessionFacts) -> None:
    best, other = (replace(circuit.laps[0], duration_s=s) for s in (100.0, 107.0))
    assert quick((best, other)) == (best, other)
    assert quick((best, replace(other, duration_s=107.01))) == (best,)


def test_a_lap_of_another_length_is_no_whole_one(circuit: SessionFacts) -> None:
    # Lap 12, the quickest, led through the pit lane; a lap without telemetry is believed.
    laps = [
        replace(lap, distance_m=4000.0 if lap.lap_number == 12 else lap.distance_m)
        for lap in circuit.laps
    ]
    assert 12 not in {lap.lap_number for lap in quick(laps)}
    laps[-1] = replace(laps[-1], distance_m=None, tracked_s=None)
    assert 12 in {lap.lap_number for lap in quick(laps)}


def test_the_slope_of_a_run_is_that_of_ordinary_least_squares(circuit: SessionFacts) -> None:
    run = longest_run(circuit.laps)
    assert run is not None
    assert [lap.lap_number for lap in run.laps] == [2, 3, 4, 5, 6, 7, 8]
    times = [lap.duration_s for lap in run.laps]
    second = stats.linregress(np.arange(len(times)), times)
    assert run.slope_s == pytest.approx(second.slope)
    t = stats.t.ppf(0.975, len(times) - 2)
    assert run.half_width_s == pytest.approx(t * second.stderr, rel=2e-4)


def test_a_run_is_broken_by_a_slow_lap_or_a_hole(circuit: SessionFacts) -> None:
    four = [lap for lap in circuit.laps if lap.lap_number in {2, 3, 4, 5}]
    assert len(four) < LEAST_FOR_SLOPE
    assert longest_run(four) is None
    with_hole = [lap for lap in circuit.laps if lap.lap_number != 5]
    assert longest_run(with_hole) is None  # 2–4 and 6–8


@pytest.mark.parametrize(
    ("told", "first", "last"),
    [
        ("SOFT, stint 1, tyre lap {n}", 2, 8),
        ("{early}, stint 1, tyre lap {n}", 4, 8),
        ("SOFT, stint {stint}, tyre lap {n}", 4, 8),
        ("tyre lap {n}", 2, 8),
        ("", 2, 8),
    ],
)
def test_a_run_ends_where_the_tyres_or_the_stint_change(
    circuit: SessionFacts, told: str, first: int, last: int
) -> None:
    laps = []
    for lap in circuit.laps:
        is_early = lap.lap_number < 4
        words = told.format(
            n=lap.lap_number, early="HARD" if is_early else "SOFT", stint=1 if is_early else 2
        )
        text = f"lap {lap.lap_number}, {lap.duration_s:.3f} s" + (f", {words}" if words else "")
        laps.append(replace(lap, description=text))
    run = longest_run(laps)
    assert run is not None
    assert (run.laps[0].lap_number, run.laps[-1].lap_number) == (first, last)


def test_the_words_of_a_lap_are_what_is_not_its_number_or_time(circuit: SessionFacts) -> None:
    assert circuit.laps[0].words == ("SOFT", "stint 1", "tyre lap 1")
    assert replace(circuit.laps[0], description="lap manual").words == ()


@pytest.mark.parametrize(
    ("seconds", "text", "unit"),
    [(95.425, "1:35.425", ""), (58.21, "58.210", "s"), (1915.902, "31:55.902", ""),
     (119.9996, "2:00.000", ""), (60.0, "1:00.000", "")],
)  # fmt: skip
def test_lap_times_are_written_as_at_a_circuit(seconds: float, text: str, unit: str) -> None:
    shown = lap_time("id", seconds)
    assert (shown.text, shown.unit) == (text, unit)


def test_three_sentences_of_a_circuit(circuit: SessionFacts) -> None:
    pace, long_run, top = (sentence.text for sentence in write_sentences(circuit))
    assert "best lap 1:29.500 on lap 12 (SOFT, stint 2, tyre lap 12)" in pace
    assert "8 quick laps of 10 timed" in pace
    assert re.search(r"Laps 2 to 8 \(SOFT\): 0\.1\d\d\u202fs slower a lap", long_run)
    assert "plan the stop" in long_run
    assert "on lap 12" in top


def test_scatter_is_no_trend(circuit: SessionFacts) -> None:
    flat = replace(
        circuit,
        laps=tuple(
            replace(lap, duration_s=90.0 + (lap.lap_number % 2) / 10) for lap in circuit.laps
        ),
    )
    texts = [sentence.text for sentence in write_sentences(flat)]
    assert any("no trend beyond" in text for text in texts)


@pytest.mark.slow
def test_pictures_and_table_of_a_circuit(circuit: SessionFacts) -> None:
    pictures = draw_pictures(circuit)
    assert [picture.title for picture in pictures] == ["Lap 12, 1:29.500", "Lap times"]
    assert "2 other laps left out" in pictures[1].caption
    table = make_tables(circuit)[0]
    assert table.kind == "laps"
    assert len(table.rows) == len(circuit.laps)
    assert [row.is_faint for row in table.rows] == [
        lap.lap_number in {1, 9} for lap in circuit.laps
    ]
    assert table.rows[-1].cells[1].number.text == "0.000"


def test_numbers_of_the_page_have_ids_of_their_own(circuit: SessionFacts) -> None:
    ids = re.findall(r'data-number-id="([^"]+)"', make_content(circuit).html)
    assert len(ids) == len(set(ids))
    assert "mart/athlete_lap/driver/lap-12/duration_s" in ids


def test_a_ride_with_laps_has_a_table_and_keeps_its_route(
    ride: SessionFacts, circuit: SessionFacts
) -> None:
    laps: tuple[Lap, ...] = tuple(
        replace(lap, athlete_id="rider", mean_power_w=200.0) for lap in circuit.laps[:3]
    )
    whole = replace(ride, laps=laps)
    assert draw_pictures(whole) == draw_pictures(ride)
    table = make_tables(whole)[0]
    assert [column.title for column in table.columns] == ["Time", "Distance", "Speed", "Power"]
    assert not any(row.is_faint for row in table.rows)
    assert make_tables(replace(ride, laps=laps[:1]))[0].kind != "laps"


def test_laps_of_two_lengths_alone_still_make_a_page(
    ride: SessionFacts, circuit: SessionFacts
) -> None:
    # Intervals: the middle between a kilometre and three is no lap's length.
    laps = tuple(
        replace(lap, athlete_id="rider", distance_m=length, tracked_s=lap.duration_s)
        for lap, length in zip(circuit.laps[:4], (1000.0, 1000.0, 3000.0, 3000.0), strict=True)
    )
    table = make_tables(replace(ride, laps=laps))[0]
    assert (table.kind, len(table.rows)) == ("laps", 4)
    assert quick(laps)
