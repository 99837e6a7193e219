"""Real matches that scenes are drawn from.

J03WMX: 1. FC Köln – FC Bayern München, 2023-05-27, optical tracking at 12.5 Hz; Bassek et al.
2025, Scientific Data, doi 10.1038/s41597-025-04505-y, CC BY 4.0.
SkillCorner: the broadcast tracking of `edge_ingest.samples`: whoever the broadcast did not show is
not in it.
"""

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.errors import SourceError
from edge_ingest.simulate.footage.tracking import Role, Tracking, from_positions

SourceName = Literal["j03wmx", "skillcorner"]
#: Where a stretch begins unless told, s after kick-off: the two minutes in which the broadcast
#: showed most people (12.5 at a time); J03WMX has everybody all the time.
BEGINS_S: dict[SourceName, float] = {"j03wmx": 60.0, "skillcorner": 1647.0}

_J03WMX_FRAMES = Path("tracking_events") / "idsse_j03wmx_frames.parquet"
_J03WMX_HOME = "DFL-CLU-000008"
_FIELD_M = (105.0, 68.0)


def read_stretch(
    source: str, begin_s: float, seconds: float, recordings: Path | None = None
) -> Tracking:
    """A stretch of a real match's first half.

    Args:
        source: `j03wmx` or `skillcorner`.
        begin_s, seconds: which stretch, since kick-off.
        recordings: folder of `tracking_events/`; only j03wmx needs it.

    Raises:
        SourceError: no such source, its file is not there, or nobody is tracked then.
    """
    if source == "skillcorner":
        return _skillcorner(begin_s, seconds)
    if source == "j03wmx":
        return _j03wmx(begin_s, seconds, recordings)
    raise SourceError(f"no tracking is called {source}: give {' or '.join(get_args(SourceName))}")


def _skillcorner(begin_s: float, seconds: float) -> Tracking:
    from edge_ingest.readers import read_recording
    from edge_ingest.samples import broadcast_match

    sample = broadcast_match()
    recording = read_recording(sample.source, sample.parts, sample.told)
    squad = recording.tables["athletes"]
    roles: dict[str, Role] = {
        one: "goalkeeper"
        for one, role in zip(
            squad["source_athlete_id"].to_pylist(), squad["role"].to_pylist(), strict=True
        )
        if role == "Goalkeeper"
    }
    facts = recording.session
    field_m = (facts.field_length_m or _FIELD_M[0], facts.field_width_m or _FIELD_M[1])
    return from_positions(recording.tables["positions"], roles, begin_s, seconds, field_m=field_m)


def _j03wmx(begin_s: float, seconds: float, recordings: Path | None) -> Tracking:
    import pyarrow.parquet as pq

    if recordings is None:
        raise SourceError(
            "j03wmx is no part of this project: say where its recordings are "
            "(--recordings, or SPORTS_REAL_DATA)",
            rule="incomplete",
        )
    path = recordings / _J03WMX_FRAMES
    if not path.is_file():
        raise SourceError(
            f"{path} is not there: give the folder that holds tracking_events/", rule="incomplete"
        )
    frames = pq.read_table(
        path, columns=["period_id", "frame_id", "time_seconds", "player_id", "team_id", "is_ball",
                       "is_goalkeeper", "x", "y", "z"],
    )  # fmt: skip
    is_ball = frames["is_ball"]
    is_home = pc.equal(frames["team_id"].cast(pa.string()), _J03WMX_HOME)
    side = pc.if_else(is_ball, pa.scalar(None, pa.string()), pc.if_else(is_home, "home", "away"))
    positions = pa.table(
        {
            "period_id": frames["period_id"].cast(pa.int32()),
            "period_time_s": frames["time_seconds"],
            "object_kind": pc.if_else(is_ball, "ball", "athlete"),
            "source_athlete_id": pc.if_else(
                is_ball, pa.scalar(None, pa.string()), frames["player_id"]
            ),
            "team_side": side,
            "x_m": pc.subtract(frames["x"].cast(pa.float64()), _FIELD_M[0] / 2),
            "y_m": pc.subtract(frames["y"].cast(pa.float64()), _FIELD_M[1] / 2),
            "z_m": frames["z"].cast(pa.float64()),
        }
    )
    is_keeper = frames["is_goalkeeper"].to_numpy(zero_copy_only=False).astype(bool)
    keepers = np.unique(frames["player_id"].filter(pa.array(is_keeper)).to_pylist())
    roles: dict[str, Role] = {str(one): "goalkeeper" for one in keepers}
    return from_positions(positions, roles, begin_s, seconds, field_m=_FIELD_M)
