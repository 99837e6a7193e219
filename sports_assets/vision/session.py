"""From what was seen in a session's footage to who stood where: the steps over all its cameras."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from edge_ingest.contract import TableContract
from edge_ingest.records import EVENTS, FOOTAGE, SESSIONS
from resources.vision_contracts import (
    VISION_CAMERA,
    VISION_CLIP,
    VISION_DETECTION,
    VISION_FORMATION,
    VISION_LOOK,
    VISION_POSITIONS,
    VISION_QUALITY,
    VISION_TRACK,
)
from sports_assets.vision.ball.rows import ball_rows, one_ball
from sports_assets.vision.ball.views import ball_views
from sports_assets.vision.clips.index import clip_index
from sports_assets.vision.follow.following import BALL_TRACK_ID, follow, shifted
from sports_assets.vision.follow.sightings import CameraView
from sports_assets.vision.follow.tracked_athletes import tracked_athletes
from sports_assets.vision.follow.views import camera_views
from sports_assets.vision.formation.formations import formations
from sports_assets.vision.look import SPORTS
from sports_assets.vision.quality import quality
from sports_assets.vision.tables import SessionTables


@dataclass(frozen=True)
class Shown:
    """What a session's footage shows: contracts vision/track, positions and formation."""

    tracks: pa.Table
    positions: pa.Table
    formations: pa.Table


def views_of(tables: SessionTables) -> list[CameraView]:
    """Every video of the session that was looked at."""
    return camera_views(tables.of(FOOTAGE), tables.of(VISION_CAMERA), tables.of(VISION_LOOK))


def shown(tables: SessionTables, core_athlete: TableContract) -> Shown:
    """Follow people and ball over all cameras, and name formations.

    Formations are told only of footage that can be believed: see `quality`.

    Args:
        tables: with raw/footage, vision/camera, look and detection, and the tracking data's.
        core_athlete: contract of core/athlete.
    """
    views, detections = views_of(tables), tables.of(VISION_DETECTION)
    people = follow(tables.session_id, detections, views, tracked_athletes(tables, core_athlete))
    # Cameras see one ball by clocks that agree; rows tell the instants of the footage.
    agreed = [shifted(view, people.camera_shift_s.get(view.camera, 0.0)) for view in views]
    told_us = {view.footage_sha256: view.times_us for view in views}
    balls = [
        replace(one, times_us=told_us[one.footage_sha256])
        for one in one_ball(ball_views(detections, agreed))
    ]
    ball, ball_track = ball_rows(tables.session_id, BALL_TRACK_ID, balls)
    tracks = _sorted(VISION_TRACK, ball_track, people.tracks)
    positions = _sorted(VISION_POSITIONS, ball, people.positions)
    (is_good,) = quality(tables.session_id, positions, tracks, views)["is_good"].to_pylist()
    return Shown(tracks, positions, formations(positions) if is_good else VISION_FORMATION.empty())


def sport_of(session_id: str) -> str:
    """Sport of a session, which its id names."""
    return session_id.split("_")[1]


def believed(tables: SessionTables) -> pa.Table:
    """Contract vision/quality: one row; none where there is no footage of a sport that is read."""
    if not tables.of(FOOTAGE).num_rows or sport_of(tables.session_id) not in SPORTS:
        return VISION_QUALITY.empty()
    return quality(
        tables.session_id, tables.of(VISION_POSITIONS), tables.of(VISION_TRACK), views_of(tables)
    )


def clips(tables: SessionTables, core_athlete: TableContract) -> pa.Table:
    """Contract vision/clip: none of footage that cannot be believed."""
    if not all(tables.of(VISION_QUALITY)["is_good"].to_pylist()):
        return VISION_CLIP.empty()
    return clip_index(
        tables.of(FOOTAGE),
        tables.of(VISION_POSITIONS),
        tables.of(EVENTS),
        _athletes(tables, core_athlete),
    )


def _athletes(tables: SessionTables, core_athlete: TableContract) -> Mapping[tuple[str, str], str]:
    """Our athlete by stream and source's id."""
    named = {
        (row["source"], row["source_athlete_id"]): row["athlete_id"]
        for row in tables.of(core_athlete).to_pylist()
    }
    return {
        (stream["stream_id"], athlete): ours
        for stream in tables.of(SESSIONS).to_pylist()
        for (source, athlete), ours in named.items()
        if source == stream["source"]
    }


def _sorted(contract: TableContract, *parts: pa.Table) -> pa.Table:
    order = [(name, "ascending") for name in contract.sort_by]
    return pa.concat_tables(parts).sort_by(order)
