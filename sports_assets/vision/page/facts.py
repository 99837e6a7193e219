"""What the page on a session's footage is made from, out of the rows of its tables.

Belongs here: reading rows. Does not belong here: how facts are told (`footage_sentences.py`), drawn
(`top_view.py`, `formation_strip.py`, `annotate.py`) or bound into a page (`footage_page.py`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.camera import Camera
from resources.vision_contracts import VISION_DETECTION
from sports_assets.vision.page.annotate import ClipPlan
from sports_assets.vision.page.moment import Moment, choose_moment
from sports_assets.vision.page.places import Path2d, SideDensity, density, paths
from sports_assets.vision.page.side_colours import side_colours
from sports_assets.vision.page.trails import cut_trails
from sports_assets.vision.pitch import FieldSize

#: Share of places that are as exact as is told, or better, in per cent.
_FAR_PERCENTILE: Final = 95


@dataclass(frozen=True)
class FootageTables:
    """Rows of one session, each as its contract has them; `detection` only lends its colours."""

    footage: pa.Table
    camera: pa.Table
    track: pa.Table
    positions: pa.Table
    formation: pa.Table
    quality: pa.Table
    detection: pa.Table = field(default_factory=VISION_DETECTION.empty)


@dataclass(frozen=True)
class SessionNames:
    """What the session, its sides and its athletes are called.

    Attributes:
        title: of the page: the sides, or what the club's calendar calls it.
        timezone: in which the club reads its clock.
        home_name, away_name: None where nobody says.
        shirt_numbers: by `athlete_id`.
    """

    session_id: str
    title: str
    timezone: str
    home_name: str | None = None
    away_name: str | None = None
    shirt_numbers: Mapping[str, str] = field(default_factory=dict)

    def side(self, team_side: str) -> str:
        """What a side is called."""
        name = self.home_name if team_side == "home" else self.away_name
        return name or f"the {team_side} side"


@dataclass(frozen=True)
class CameraFacts:
    """A video object and how its camera stands: a row of raw/footage with one of vision/camera.

    Attributes:
        state: calibrated, uncalibrated or refused; None: nobody looked yet.
    """

    footage_sha256: str
    camera: str
    started_at_utc: datetime
    duration_s: float
    state: str | None = None
    reason: str | None = None
    method: str | None = None
    model: str | None = None
    field_length_m: float | None = None
    field_width_m: float | None = None
    reprojection_error_px: float | None = None
    reprojection_error_m: float | None = None
    pitch_seen_share: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    detector: str | None = None
    looks: int = 0
    frames_damaged: int = 0

    @property
    def stands(self) -> Camera | None:
        """The camera, where it is calibrated."""
        return Camera.from_dict(json.loads(self.model)) if self.model else None

    @property
    def field_size(self) -> FieldSize | None:
        """The field that it was calibrated on."""
        if self.field_length_m is None or self.field_width_m is None:
            return None
        return FieldSize(self.field_length_m, self.field_width_m)


@dataclass(frozen=True)
class QualityFacts:
    """A row of vision/quality."""

    footage_s: float
    looks: int
    calibrated_share: float
    reprojection_error_m: float | None
    people_seen: float | None
    followed_share: float | None
    team_share: float | None
    ball_share: float | None
    longest_gap_s: float | None
    swaps: int
    is_good: bool
    reason: str | None


@dataclass(frozen=True)
class FormationWindow:
    """A row of vision/formation."""

    team_side: str
    window_start_utc: datetime
    window_end_utc: datetime
    phase: str
    formation: str | None
    confidence: float | None
    mean_distance_m: float | None
    athletes: int
    seen_s: float


@dataclass(frozen=True)
class FootageFacts:
    """All that the page says; equal facts give the same content.

    Attributes:
        cameras: video objects by camera and time.
        windows: formations by time, side and phase.
        athlete_tracks, linked_tracks: players who were followed, and those who are recognised.
        position_sd_m, far_position_sd_m: how exact places of players are: median, and what 95 of
            100 keep.
        plan: the clip; None where nobody is seen.
        moment_paths: ways of everyone on the field during that moment, over all cameras.
        densities: where each side was seen.
    """

    names: SessionNames
    cameras: tuple[CameraFacts, ...]
    quality: QualityFacts | None
    windows: tuple[FormationWindow, ...]
    athlete_tracks: int
    linked_tracks: int
    position_sd_m: float | None
    far_position_sd_m: float | None
    plan: ClipPlan | None
    moment_paths: tuple[Path2d, ...]
    densities: tuple[SideDensity, ...]

    @property
    def moment(self) -> Moment | None:
        """The stretch that the clip shows."""
        return self.plan.moment if self.plan else None

    @property
    def placed(self) -> tuple[CameraFacts, ...]:
        """Video objects whose camera is calibrated."""
        return tuple(one for one in self.cameras if one.state == "calibrated")

    @property
    def field_size(self) -> FieldSize | None:
        """The field, as the first calibrated camera has it."""
        return next((one.field_size for one in self.placed if one.field_size), None)


def read_facts(tables: FootageTables, names: SessionNames) -> FootageFacts:
    """Read the rows of one session."""
    cameras = _cameras(tables)
    placed = [one for one in cameras if one.state == "calibrated"]
    size = next((one.field_size for one in placed if one.field_size), None)
    plan = _plan(tables, names, cameras)
    quality = tables.quality.to_pylist()
    athletes = tables.track.filter(pc.equal(tables.track["object_kind"], "athlete"))
    exact = _exactness(tables.positions)
    labels = _labels(tables.track, names)
    return FootageFacts(
        names=names,
        cameras=cameras,
        quality=QualityFacts(**_fields(QualityFacts, quality[0])) if quality else None,
        windows=_windows(tables.formation),
        athlete_tracks=athletes.num_rows,
        linked_tracks=athletes.num_rows - athletes["athlete_id"].null_count,
        position_sd_m=exact[0],
        far_position_sd_m=exact[1],
        plan=plan,
        moment_paths=paths(tables.positions, plan.moment, labels) if plan and size else (),
        densities=density(tables.positions, size) if size else (),
    )


def _cameras(tables: FootageTables) -> tuple[CameraFacts, ...]:
    looked = {row["footage_sha256"]: row for row in tables.camera.to_pylist()}
    found = []
    for row in tables.footage.to_pylist():
        told = looked.get(row["sha256"], {})
        known = _fields(CameraFacts, told) | _fields(CameraFacts, {
            "footage_sha256": row["sha256"], "camera": row["camera"],
            "started_at_utc": row["started_at_utc"], "duration_s": row["duration_s"],
        })  # fmt: skip
        found.append(CameraFacts(**known))
    return tuple(sorted(found, key=lambda one: (one.camera, one.started_at_utc)))


def _plan(
    tables: FootageTables, names: SessionNames, cameras: tuple[CameraFacts, ...]
) -> ClipPlan | None:
    moment = choose_moment(tables.positions, tables.footage)
    if moment is None:
        return None
    sha = moment.footage_sha256
    mine = next(one for one in cameras if one.footage_sha256 == sha)
    row = next(row for row in tables.footage.to_pylist() if row["sha256"] == sha)
    if mine.width_px is None or mine.height_px is None:
        return None
    trails = cut_trails(tables.positions, sha, moment.recorded_at_utc, moment.start_s, moment.end_s)
    shown = {one.track_id for one in trails}
    labels = {
        track: label for track, label in _labels(tables.track, names).items() if track in shown
    }
    return ClipPlan(
        moment=moment,
        trails=trails,
        colours=side_colours(tables.positions, tables.detection),
        width_px=mine.width_px,
        height_px=mine.height_px,
        rate_hz=row["frame_rate_hz"],
        labels=labels,
        camera=mine.stands,
        field=mine.field_size,
        timezone=names.timezone,
    )


def _labels(track: pa.Table, names: SessionNames) -> dict[int, str]:
    """Shirt numbers by track, of those who are recognised and have one."""
    return {
        row["track_id"]: names.shirt_numbers[row["athlete_id"]]
        for row in track.select(["track_id", "athlete_id"]).to_pylist()
        if row["athlete_id"] in names.shirt_numbers
    }


def _windows(formation: pa.Table) -> tuple[FormationWindow, ...]:
    rows = [FormationWindow(**_fields(FormationWindow, row)) for row in formation.to_pylist()]
    return tuple(sorted(rows, key=lambda one: (one.window_start_utc, one.team_side, one.phase)))


def _exactness(positions: pa.Table) -> tuple[float | None, float | None]:
    is_told = pc.and_(
        pc.equal(positions["object_kind"], "athlete"), pc.is_valid(positions["position_sd_m"])
    )
    told = positions.filter(is_told)["position_sd_m"].to_numpy(zero_copy_only=False)
    if not told.size:
        return None, None
    return float(np.median(told)), float(np.percentile(told, _FAR_PERCENTILE))


def _fields(of: type, row: Mapping[str, Any]) -> dict[str, Any]:
    """Those values of a row that a dataclass has a field for."""
    return {name: row[name] for name in of.__dataclass_fields__ if name in row}  # type: ignore[attr-defined] # dataclasses alone
