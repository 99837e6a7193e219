"""kloppy's own reading of a match in our axes: what our readers are held against."""

from typing import Any

import numpy as np
from kloppy.domain import Orientation
from kloppy.domain.models.common import SkillCornerCoordinateSystem

from edge_ingest.recording import Recording

Places = dict[tuple[int, int, str | None], tuple[float, float]]


def ours(recording: Recording, *kinds: str) -> Places:
    """Place by period, frame and athlete (None: the ball) of all rows that have one."""
    table = recording.tables["positions"]
    return {
        (row["period_id"], row["frame_id"], row["source_athlete_id"]): (row["x_m"], row["y_m"])
        for row in table.to_pylist()
        if row["object_kind"] in (kinds or ("athlete", "ball")) and row["x_m"] is not None
    }


def in_our_axes(dataset: Any, length_m: float, width_m: float, *, is_turned: bool | None) -> Any:
    """Metres from the centre; half turns by kloppy's word, or as told where it has none."""
    system = SkillCornerCoordinateSystem(pitch_length=length_m, pitch_width=width_m)
    if is_turned is not None:
        told = Orientation.AWAY_HOME if is_turned else Orientation.HOME_AWAY
        dataset.metadata.orientation = told
    return dataset.transform(to_coordinate_system=system, to_orientation=Orientation.HOME_AWAY)


def theirs(
    dataset: Any, recording: Recording, *, is_turned: bool | None = None
) -> tuple[Places, dict[str, str]]:
    """The same by kloppy's own transformation, and the side of each athlete."""
    facts = recording.session
    frames = in_our_axes(dataset, facts.field_length_m, facts.field_width_m, is_turned=is_turned)
    places: Places = {}
    sides: dict[str, str] = {}
    for frame in frames.records:
        ball = frame.ball_coordinates
        if ball and not np.isnan(ball.x):
            places[frame.period.id, frame.frame_id, None] = (ball.x, ball.y)
        for player, data in frame.players_data.items():
            places[frame.period.id, frame.frame_id, player.player_id] = (
                data.coordinates.x,
                data.coordinates.y,
            )
            sides[player.player_id] = str(player.team.ground)
    return places, sides


def assert_equal(mine: Places, other: Places, within_m: float = 0.001) -> None:
    """Same frames, same ids, same places."""
    assert mine.keys() == other.keys()
    keys = list(mine)
    off = np.abs(np.array([mine[k] for k in keys]) - np.array([other[k] for k in keys]))
    assert off.max() < within_m


def sides_of(recording: Recording) -> dict[str, str]:
    """Side of everybody who is tracked, by the rows themselves."""
    table = recording.tables["positions"]
    pairs = table.select(["source_athlete_id", "team_side"]).group_by(table.column_names[5:7])
    return {
        row["source_athlete_id"]: row["team_side"]
        for row in pairs.aggregate([]).to_pylist()
        if row["team_side"]
    }
