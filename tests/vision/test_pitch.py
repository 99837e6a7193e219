"""The marks of a pitch are where the Laws put them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.vision.camera.match_marks import Marks, off_marks
from sports_assets.vision.pitch import FieldSize, marks

SIZES = st.builds(FieldSize, st.floats(90, 120), st.floats(45, 90))


def test_marks_of_the_usual_field() -> None:
    drawn = marks(FieldSize())

    assert len(drawn) == 12
    assert drawn["halfway line"][[0, -1]].tolist() == [[0, -34], [0, 34]]
    assert np.abs(drawn["far touchline"][:, 1] - 34).max() == 0
    corners = drawn["right penalty area"]
    assert corners[0] == pytest.approx([52.5, -20.16])
    assert corners[:, 0].min() == pytest.approx(36.0)
    circle = np.linalg.norm(drawn["centre circle"], axis=1)
    assert circle == pytest.approx(np.full(len(circle), 9.15), rel=1e-3)
    arc = drawn["left penalty arc"]
    assert np.linalg.norm(arc - [-41.5, 0], axis=1) == pytest.approx(9.15, rel=1e-3)
    assert arc[[0, -1], 0] == pytest.approx([-36.0, -36.0])  # it meets the area, and bulges inwards
    assert arc[:, 0].max() == pytest.approx(-32.35, abs=0.02)


@given(SIZES, st.sampled_from([0.3, 0.5, 2.0]))
def test_points_are_close_together_on_the_field_and_mirrored(
    field: FieldSize, apart_m: float
) -> None:
    drawn = marks(field, apart_m)
    for line in drawn.values():
        assert np.linalg.norm(np.diff(line, axis=0), axis=1).max() <= apart_m + 1e-9
        assert field.holds(line, 1e-9).all()
    for name in ("penalty area", "goal area", "penalty arc"):
        left, right = drawn[f"left {name}"], drawn[f"right {name}"]
        assert np.sort(-left[:, 0]) == pytest.approx(np.sort(right[:, 0]), abs=1e-9)


@given(SIZES)
def test_every_mark_is_on_a_mark_and_grows_with_the_field(field: FieldSize) -> None:
    known = Marks(FieldSize())
    assert off_marks(known.points_m, FieldSize()).max() < 0.05
    # The points of the usual field, moved to another size, lie on that one's marks.
    assert off_marks(known.on(field), field).max() < 0.05


def test_how_far_places_are_from_the_nearest_mark() -> None:
    places = np.array([[0.0, 10.15], [-41.5, 0], [54.5, 0], [20, 20], [-36, -21.16], [-33.35, 0]])
    assert off_marks(places, FieldSize()) == pytest.approx([0, 5.5, 2, 13.66, 1, 1], abs=0.35)


def test_a_field_holds_what_is_on_it() -> None:
    places = np.array([[52.5, 34], [52.6, 0], [0, -35.0]])
    assert FieldSize().holds(places).tolist() == [True, False, False]
    assert FieldSize().holds(places, 1.0).tolist() == [True, True, True]
