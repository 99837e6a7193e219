"""Sides and roles from colours and whereabouts."""

import numpy as np
import pytest

from sports_assets.vision.follow.roles import people
from sports_assets.vision.follow.sightings import Sightings
from sports_assets.vision.follow.teams import sides
from sports_assets.vision.pitch import FieldSize

KITS = {
    "red": [20.0, 60, 30, 40, 0, 0],
    "blue": [15.0, 20, -50, 15, 20, -50],
    "yellow": [40.0, -10, 70, 5, 0, 0],
    "black": [6.0, 0, 0, 6, 0, 0],
}


def track_colours(kits: list[str], noise: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([KITS[one] for one in kits]) + rng.normal(0, noise, (len(kits), 6))


def test_two_teams_are_found_among_others() -> None:
    kits = ["red"] * 10 + ["blue"] * 10 + ["yellow", "black"]
    told = sides(track_colours(kits), np.full(22, 100.0), np.ones(22, np.bool_))
    assert len(set(told.side[:10])) == len(set(told.side[10:20])) == 1
    assert told.side[0] != told.side[10]
    assert told.side[20:].tolist() == [-1, -1]
    assert told.is_neither[20:].all()
    assert (told.confidence[:20] > 0.7).all()


def test_between_two_teams_nothing_is_told() -> None:
    colours = track_colours(["red"] * 8 + ["blue"] * 8 + ["red"])
    colours[-1] = (np.array(KITS["red"]) + KITS["blue"]) / 2
    told = sides(colours, np.full(17, 100.0), np.ones(17, np.bool_))
    assert told.side[-1] == -1
    assert told.confidence[-1] < 0.3


def test_one_team_alone_is_not_made_two() -> None:
    told = sides(track_colours(["red"] * 10 + ["black"]), np.full(11, 100.0), np.ones(11, np.bool_))
    assert (told.side == -1).all()


def test_without_colours_nothing_is_told() -> None:
    told = sides(np.full((5, 6), np.nan), np.full(5, 100.0), np.ones(5, np.bool_))
    assert (told.side == -1).all()
    assert np.isnan(told.confidence).all()
    assert not told.is_neither.any()


@pytest.mark.parametrize("turn", [1, -1])
def test_roles_by_where_people_are(turn: int) -> None:
    rng = np.random.default_rng(1)
    crowd = [("red", -10.0 - 3 * n, 5.0 * n - 20) for n in range(9)]
    crowd += [("blue", 10.0 + 3 * n, 5.0 * n - 20) for n in range(9)]
    crowd += [("yellow", -48.0, 1.0), ("green", 47.0, 0.0)]  # goalkeepers
    crowd += [("black", 3.0, 2.0), ("black", 20.0, 34.5), ("black", -20.0, -34.5)]
    crowd += [("grey", -5.0, -38.0), ("red", 5.0, -39.0)]  # a coach and a substitute
    kits = KITS | {"green": [30.0, -50, 40, 30, -50, 40], "grey": [30.0, 0, 0, 20, 5, 10]}
    looks = 40
    seen_colours = np.concatenate([[kits[kit]] * looks for kit, _, _ in crowd])
    seen_colours = (seen_colours + rng.normal(0, 2, seen_colours.shape)) * [2, 1, 1, 2, 1, 1]
    place = np.concatenate([np.tile([[x * turn, y]], (looks, 1)) for _, x, y in crowd])
    place += rng.normal(0, 0.4, place.shape)
    count = len(place)
    tick = np.tile(np.arange(looks), len(crowd))
    seen = Sightings(
        tick, tick * 0.2, place, np.full(count, 0.2), np.tile(np.eye(2) * 0.04, (count, 1, 1)),
        np.ones(count), seen_colours, np.full((count, 7), np.nan),
        np.ones(count, np.bool_), np.zeros((count, 4)), np.zeros(count, np.int64), tick,
        np.arange(count), np.arange(looks) * 0.2,
    )  # fmt: skip
    label = np.repeat(np.arange(len(crowd)), looks)
    told = people(seen, label, len(crowd), FieldSize())
    left, right = ("home", "away") if turn > 0 else ("away", "home")
    assert {one.team_side for one in told[:9]} == {left}
    assert {one.team_side for one in told[9:18]} == {right}
    assert {one.role for one in told[:18]} == {"outfield"}
    assert [(one.team_side, one.role) for one in told[18:20]] == [
        (left, "goalkeeper"), (right, "goalkeeper"),
    ]  # fmt: skip
    assert [one.object_kind for one in told[20:23]] == ["official"] * 3
    assert {one.role for one in told[20:23]} == {"referee"}
    assert [(one.object_kind, one.role) for one in told[23:]] == [("other", None)] * 2
