"""Footage of a made match for tests of the page: every table of it, and a video that fits."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from edge_ingest.camera import Camera
from edge_ingest.contract import TableContract
from edge_ingest.records import FOOTAGE
from resources.vision_contracts import (
    BODY_PARTS,
    VISION_CAMERA,
    VISION_DETECTION,
    VISION_FORMATION,
    VISION_POSITIONS,
    VISION_QUALITY,
    VISION_TRACK,
)
from sports_assets.vision.page.facts import FootageTables
from sports_assets.vision.pitch import FieldSize, marks
from tests.edge_ingest.footage_clips import encode

SESSION = "2026-03-01_football_made"
BEGAN = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
CAMERA = Camera(640, 360, 420.0, 0.0, -62.0, 22.0, 90.0, 24.0)
SHIRTS = {"home": (200, 30, 40), "away": (245, 245, 245), None: (20, 20, 20)}
SHIRT_LAB = {"home": (42.0, 62.0, 38.0), "away": (96.0, 0.0, 0.0), None: (8.0, 0.0, 0.0)}
LOOK_HZ = 5
#: Of a home side that plays to the right: keeper, four, four, two.
HOME = [(-48, 0), *((-30, y) for y in (-24, -8, 8, 24)), *((-12, y) for y in (-24, -8, 8, 24)),
        (2, -7), (2, 7)]  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Somebody of the made match."""

    track_id: int
    object_kind: str
    team_side: str | None
    role: str | None
    x_m: float
    y_m: float

    def at(self, t_s: float) -> tuple[float, float]:
        """Everybody runs in circles of their own."""
        turn = 0.5 * t_s + self.track_id
        return self.x_m + 3 * np.cos(turn), self.y_m + 3 * np.sin(turn)


def people() -> list[Person]:
    """Two sides of eleven, a referee, a coach and the ball, which is track 24."""
    found = []
    for side, sign in (("home", 1), ("away", -1)):
        for x, y in HOME:
            role = "goalkeeper" if abs(x) > 40 else "outfield"
            found.append(Person(len(found), "athlete", side, role, sign * x, sign * y))
    found.append(Person(22, "official", None, "referee", 5.0, 12.0))
    found.append(Person(23, "other", None, None, -10.0, -36.0))
    return [*found, Person(24, "ball", None, None, 0.0, 4.0)]


def box_of(camera: Camera, person: Person, t_s: float) -> np.ndarray:
    """Left, top, right, bottom of a person of 1.8 m, or a ball of 0.22 m."""
    x, y = person.at(t_s)
    tall = 0.22 if person.object_kind == "ball" else 1.8
    foot, head = camera.project([[x, y, 0.0], [x, y, tall]])
    half = (foot[1] - head[1]) * (0.5 if person.object_kind == "ball" else 0.19)
    return np.array([foot[0] - half, head[1], foot[0] + half, foot[1]])


def positions(
    sha: str = "aa" * 32, length_s: float = 4.0, camera: Camera = CAMERA, *,
    start_s: float = 0.0, is_calibrated: bool = True, fps: int = 25, has_sides: bool = True,
    who: list[Person] | None = None,
) -> list[dict]:  # fmt: skip
    """Rows of vision/positions: the ball is gone in every fourth second."""
    rows = []
    for look in range(int(length_s * LOOK_HZ)):
        t_s = look / LOOK_HZ
        for person in people() if who is None else who:
            is_gone = person.object_kind == "ball" and int(t_s) % 4 == 3
            box = box_of(camera, person, t_s)
            is_out = not camera.is_in_picture([[box[0], box[3]]])[0]
            x, y = person.at(t_s)
            is_missing = is_gone or is_out
            told = not is_missing
            rows.append({
                "session_id": SESSION, "footage_sha256": sha, "frame_id": round(t_s * fps),
                "captured_at_utc": BEGAN + timedelta(seconds=start_s + t_s),
                "track_id": person.track_id, "object_kind": person.object_kind,
                "athlete_id": None,
                "team_side": person.team_side if has_sides else None,
                "role": person.role if has_sides or person.role == "referee" else None,
                "x_m": float(x) if told and is_calibrated else None,
                "y_m": float(y) if told and is_calibrated else None,
                "position_sd_m": 0.3 if told and is_calibrated else None,
                **{name: float(value) if told else None for name, value in zip(
                    ("left_px", "top_px", "right_px", "bottom_px"), box, strict=True)},
                "is_interpolated": False,
                "missing_reason": "not_seen" if is_missing else None,
                "confidence": 0.8 if told else 0.0,
            })  # fmt: skip
    return rows


def detections(rows: list[dict]) -> list[dict]:
    """What a detector saw to give these positions, with the colours of shirts."""
    found = []
    for number, row in enumerate(one for one in rows if one["left_px"] is not None):
        lab = SHIRT_LAB[row["team_side"]]
        is_ball = row["object_kind"] == "ball"
        found.append({
            **{name: row[name] for name in (
                "session_id", "footage_sha256", "frame_id", "captured_at_utc", "left_px", "top_px",
                "right_px", "bottom_px", "x_m", "y_m", "position_sd_m", "confidence")},
            "detection_id": number, "object_kind": "ball" if is_ball else "person",
            "ground_x_px": (row["left_px"] + row["right_px"]) / 2, "ground_y_px": row["bottom_px"],
            **{f"shirt_{axis}": None if is_ball else value
               for axis, value in zip("lab", lab, strict=True)},
            **{f"{part}_{axis}": None for part in BODY_PARTS[1:] for axis in "lab"},
        })  # fmt: skip
    return found


def footage_row(sha: str = "aa" * 32, length_s: float = 4.0, **told: object) -> dict:
    """A row of raw/footage."""
    return {
        "session_id": SESSION, "stream_id": "s.left.footage", "drop_id": "d", "revision": 1,
        "uri": "left.mp4", "sha256": sha, "bytes": 1000, "codec": "h264", "frame_rate_hz": 25.0,
        "is_variable_rate": False, "frame_count": int(length_s * 25), "duration_s": length_s,
        "width_px": CAMERA.width_px, "height_px": CAMERA.height_px, "rotation_deg": 0,
        "camera": "left", "started_at_utc": BEGAN, "source_start_s": 0.0,
        "clock_source": "device", "clock_uncertainty_s": 1.0, "calibration": None,
    } | told  # fmt: skip


def camera_row(sha: str = "aa" * 32, state: str = "calibrated", **told: object) -> dict:
    """A row of vision/camera."""
    is_calibrated, is_refused = state == "calibrated", state == "refused"
    return {
        "session_id": SESSION, "footage_sha256": sha, "camera": "left", "state": state,
        "reason": None if is_calibrated else "two lines of the pitch were found: give four points",
        "method": "lines" if is_calibrated else None,
        "model": json.dumps(CAMERA.to_dict()) if is_calibrated else None,
        "field_length_m": 105.0 if is_calibrated else None,
        "field_width_m": 68.0 if is_calibrated else None,
        "reprojection_error_px": 1.4 if is_calibrated else None,
        "reprojection_error_m": 0.21 if is_calibrated else None,
        "pitch_seen_share": 0.93 if is_calibrated else None,
        "width_px": None if is_refused else CAMERA.width_px,
        "height_px": None if is_refused else CAMERA.height_px,
        "detector": None if is_refused else "motion", "looks": 0 if is_refused else 20,
        "frames_damaged": 0, "made_by": "m",
    } | told  # fmt: skip


def quality_row(**told: object) -> dict:
    """A row of vision/quality."""
    return {
        "session_id": SESSION, "footage_s": 4.0, "looks": 20, "calibrated_share": 1.0,
        "reprojection_error_m": 0.21, "people_seen": 22.0, "followed_share": 0.97,
        "team_share": 0.91, "ball_share": 0.75, "longest_gap_s": 0.2, "swaps": 1, "is_good": True,
        "reason": None,
    } | told  # fmt: skip


def formation_rows(windows: int = 6) -> list[dict]:
    """Windows of five minutes: the home side changes once, and one window says nothing."""
    rows = []
    for side, first, then in (("home", "4-4-2", "3-5-2"), ("away", "4-2-3-1", "4-2-3-1")):
        for number in range(windows):
            for phase in ("all", "in_possession", "out_of_possession"):
                begin = BEGAN + timedelta(minutes=5 * number)
                is_told = not (side == "away" and number == 2)
                rows.append({
                    "session_id": SESSION, "team_side": side, "window_start_utc": begin,
                    "window_end_utc": begin + timedelta(minutes=5), "phase": phase,
                    "formation": (first if number < 4 else then) if is_told else None,
                    "confidence": (0.25 if number == 4 else 0.7) if is_told else None,
                    "mean_distance_m": 3.1 if is_told else None,
                    "athletes": 10 if is_told else 4, "seen_s": 280.0,
                })  # fmt: skip
    return rows


def track_rows(rows: list[dict]) -> list[dict]:
    """Rows of vision/track of these positions."""
    found = []
    for track in sorted({row["track_id"] for row in rows}):
        mine = [row for row in rows if row["track_id"] == track]
        seen = [row for row in mine if row["left_px"] is not None]
        if seen:
            found.append({
                **{name: mine[0][name] for name in (
                    "session_id", "track_id", "object_kind", "team_side", "role", "athlete_id")},
                "team_confidence": None, "link_distance_m": None,
                "first_seen_at_utc": seen[0]["captured_at_utc"],
                "last_seen_at_utc": seen[-1]["captured_at_utc"], "seen": len(seen),
                "missed": len(mine) - len(seen), "longest_gap_s": 0.2,
            })  # fmt: skip
    return found


def table(contract: TableContract, rows: list[dict]) -> pa.Table:
    """Rows as the contract has them."""
    return contract.conform(pa.Table.from_pylist(rows, schema=contract.schema))


def tables(rows: list[dict] | None = None, **told: list[dict]) -> FootageTables:
    """Every table of a session with one good camera; give rows to have others."""
    rows = positions() if rows is None else rows
    given = {
        "footage": [footage_row()], "camera": [camera_row()], "track": track_rows(rows),
        "positions": rows, "formation": formation_rows(), "quality": [quality_row()],
        "detection": detections(rows),
    } | told  # fmt: skip
    contracts = {
        "footage": FOOTAGE, "camera": VISION_CAMERA, "track": VISION_TRACK,
        "positions": VISION_POSITIONS, "formation": VISION_FORMATION, "quality": VISION_QUALITY,
        "detection": VISION_DETECTION,
    }  # fmt: skip
    return FootageTables(**{name: table(contracts[name], given[name]) for name in contracts})


def video(path: Path, length_s: float = 4.0, camera: Camera = CAMERA, fps: int = 25) -> Path:
    """A video that the positions fit: grass, lines, and people as upright boxes."""
    import cv2

    grass = np.full((camera.height_px, camera.width_px, 3), (60, 120, 50), np.uint8)
    for line in marks(FieldSize()).values():
        points = camera.project(line)
        points = points[~np.isnan(points).any(1)]
        cv2.polylines(grass, [np.rint(points).astype(np.int32)], False, (210, 220, 210), 1)

    def frames():
        for number in range(round(length_s * fps)):
            picture = grass.copy()
            for person in people():
                box = np.rint(box_of(camera, person, number / fps)).astype(int)
                colour = (
                    (255, 255, 255) if person.object_kind == "ball" else SHIRTS[person.team_side]
                )
                cv2.rectangle(picture, box[:2].tolist(), box[2:].tolist(), colour, -1)
            yield picture

    return encode(path, frames(), rate=fps)
