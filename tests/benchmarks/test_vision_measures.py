"""Measures of vision, by examples that can be reckoned by hand."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.vision_measures import (
    ball_found,
    box_overlap,
    detected,
    followed_hota,
    told_of_people,
)

FIELD = (105.0, 68.0)
FRAMES = np.arange(10)
#: Two of each side, and a referee: id, side, role, x, y.
PEOPLE: list[tuple[str, str | None, str, float, float]] = [
    ("a", "home", "outfield", -10.0, 0.0),
    ("b", "home", "goalkeeper", -50.0, 0.0),
    ("c", "away", "outfield", 10.0, 5.0),
    ("d", "away", "outfield", 20.0, -5.0),
    ("e", None, "referee", 0.0, 10.0),
]


def box(x_m: float, y_m: float) -> dict[str, float]:
    left, top = 1000 + 15 * x_m, 500 - 10 * y_m
    return {"left_px": left, "top_px": top, "right_px": left + 20, "bottom_px": top + 50}


def truth(visible: float = 1.0) -> pa.Table:
    rows = [
        {"frame_id": frame, "object_id": name, "object_kind": "athlete" if side else "official",
         "team_side": side, "role": role, "x_m": x, "y_m": y, "visible_share": visible, **box(x, y)}
        for frame in FRAMES for name, side, role, x, y in PEOPLE
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def told(**changes: Any) -> pa.Table:
    """Truth as rows of vision/positions; `changes` maps (frame, person) to other values."""
    rows = []
    for frame in FRAMES:
        for number, (_, side, role, x, y) in enumerate(PEOPLE):
            row: dict[str, Any] = {
                "frame_id": int(frame), "track_id": number, "object_kind": "athlete",
                "team_side": side, "role": role, "x_m": x, "y_m": y, **box(x, y),
                "missing_reason": None,
            }  # fmt: skip
            row |= changes["change"](int(frame), number) if "change" in changes else {}
            rows.append(row)
    types = pa.schema([("missing_reason", pa.string()), ("team_side", pa.string())])
    table = pa.Table.from_pylist(rows)
    for field in types:
        at = table.column_names.index(field.name)
        table = table.set_column(at, field, table[field.name].cast(field.type))
    return table


def as_detections(positions: pa.Table) -> pa.Table:
    person = pa.array(["person"] * positions.num_rows)
    return positions.drop_columns(["track_id", "object_kind"]).append_column("object_kind", person)


def test_what_is_true_is_perfect() -> None:
    for on_ground in (False, True):
        found = followed_hota(truth(), told(), FRAMES, FIELD, on_ground=on_ground)
        assert found.hota == pytest.approx(1)
        assert found.association == pytest.approx(1)
    people = told_of_people(truth(), told(), FRAMES, FIELD)
    assert (people.team_purity, people.team_abstained, people.role_accuracy) == (1, 0, 1)
    assert people.switches == 0
    seen = detected(truth(), as_detections(told()), FRAMES, FIELD)
    assert (seen.recall, seen.precision, seen.position_median_m) == (1, 1, 0)


def test_a_swap_of_two_at_half_time_costs_what_the_paper_says() -> None:
    def swap(frame: int, number: int) -> dict[str, Any]:
        return {"track_id": 5 - number} if frame >= 5 and number in (2, 3) else {}

    found = followed_hota(truth(), told(change=swap), FRAMES, FIELD)
    # three tracks of five are whole (1), two are half right: 5 / (10 + 10 − 5) = 1/3
    assert found.association == pytest.approx((3 + 2 / 3) / 5)
    assert found.detection == pytest.approx(1)
    assert found.hota == pytest.approx(np.sqrt((3 + 2 / 3) / 5))
    assert told_of_people(truth(), told(change=swap), FRAMES, FIELD).switches == 2


def test_sides_count_under_the_better_naming_and_abstentions_apart() -> None:
    other = {"home": "away", "away": "home", None: None}

    def turned(frame: int, number: int) -> dict[str, Any]:
        return {"team_side": other[PEOPLE[number][1]]}

    def unsure(frame: int, number: int) -> dict[str, Any]:
        return {"team_side": None} if number == 0 else {}

    def wrong(frame: int, number: int) -> dict[str, Any]:
        return {"team_side": "away", "role": "referee"} if number == 0 else {}

    assert told_of_people(truth(), told(change=turned), FRAMES, FIELD).team_purity == 1
    abstained = told_of_people(truth(), told(change=unsure), FRAMES, FIELD)
    assert (abstained.team_purity, abstained.team_abstained) == (1, 0.25)
    mistaken = told_of_people(truth(), told(change=wrong), FRAMES, FIELD)
    assert (mistaken.team_purity, mistaken.role_accuracy) == (0.75, 0.8)


def test_missed_extra_and_misplaced_people_are_counted() -> None:
    def change(frame: int, number: int) -> dict[str, Any]:
        if number == 0 and frame < 5:
            return {"x_m": -30.0}  # one missed, and one who is nobody
        return {"x_m": PEOPLE[number][3] + 0.5} if number == 2 else {}

    seen = detected(truth(), as_detections(told(change=change)), FRAMES, FIELD)
    assert seen.recall == pytest.approx(45 / 50)
    assert seen.precision == pytest.approx(45 / 50)
    assert seen.position_p95_m == pytest.approx(0.5)


def test_nobody_is_asked_for_who_cannot_be_seen() -> None:
    hidden = truth(visible=0.1)
    seen = detected(hidden, as_detections(told()), FRAMES, FIELD)
    assert np.isnan(seen.recall)
    assert np.isnan(seen.precision)  # told, and truly there: neither right nor wrong


def test_overlap_of_boxes() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 0, 30, 10]])
    assert box_overlap(boxes, boxes)[0] == pytest.approx([1, 1 / 3, 0])


def test_the_ball_counts_where_it_can_be_seen() -> None:
    def rows(x_m: list[float], **more: Any) -> pa.Table:
        return pa.Table.from_pylist(
            [
                {"frame_id": frame, "object_kind": "ball", "x_m": x, "y_m": 0.0, **box(x, 0.0),
                 **{name: one(frame) if callable(one) else one for name, one in more.items()}}
                for frame, x in enumerate(x_m)
            ]
        )  # fmt: skip

    true = rows([0.0] * 10, object_id="ball", visible_share=lambda frame: float(frame < 8))
    names = pa.schema([("missing_reason", pa.string())])
    found = rows([0.0] * 6 + [30.0] + [0.0] * 3, track_id=0)
    found = found.append_column(names.field(0), pa.nulls(10, pa.string()))
    ball = ball_found(true, found, FRAMES)
    assert ball.recall == pytest.approx(7 / 8)  # the one that is elsewhere is missed
    assert ball.precision == pytest.approx(7 / 8)  # and wrong; hidden ones that fit are neither
