"""A match as a detector would see it: places through a camera, with its misses and its noise."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from edge_ingest.records import INSTANT
from resources.vision_contracts import VISION_DETECTION
from sports_assets.vision.follow.sightings import CameraView
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]

START_US = 1_700_000_000_000_000
FIELD = FieldSize()
#: High on the main stand, the whole pitch in its picture.
WIDE = Camera(2560, 1080, 1180.0, 0.0, -62.0, 17.0, 90.0, 17.0)
#: CIE L*a*b* of shirt and shorts.
KITS = {
    "home": (45.0, 55.0, 35.0, 90.0, 0.0, 0.0),
    "away": (35.0, 20.0, -55.0, 35.0, 20.0, -55.0),
    "home goalkeeper": (80.0, -20.0, 70.0, 20.0, 0.0, 0.0),
    "away goalkeeper": (60.0, -50.0, 40.0, 60.0, -50.0, 40.0),
    "official": (12.0, 0.0, 0.0, 12.0, 0.0, 0.0),
    "other": (55.0, 0.0, 5.0, 40.0, 0.0, 5.0),
}
#: Head and boots: this eye sees none.
_NO_MARKS = (None,) * 6
PERSON_M = 1.8


@dataclass(frozen=True)
class People:
    """Who is there, and where: k people at n instants.

    Attributes:
        t_s: n.
        place_m: k × n × 2.
        kit, side, role: k, as KITS, and as truth tells them.
    """

    t_s: Floats
    place_m: Floats
    kit: list[str]
    side: list[str | None]
    role: list[str | None]


@dataclass(frozen=True)
class Eye:
    """How well a detector sees.

    Attributes:
        missed: share of looks at a person that see nothing.
        hidden: share of a person's box from which on one in front hides it.
        extra: things a look that are nobody.
        foot_px: standard deviation of a foot point, as share of the person's height.
        colour_sd: of L*, a*, b* of one box.
    """

    missed: float = 0.05
    hidden: float = 0.5
    extra: float = 0.3
    foot_share: float = 0.04
    colour_sd: tuple[float, float, float] = (8.0, 4.0, 4.0)


def walking(seed: int, seconds: float, hz: float = 5.0, a_side: int = 11) -> People:
    """Two teams with goalkeepers, a referee, two assistants and a coach, who move as people do."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(0, seconds, 1 / hz)
    kit, side, role, home_m = [], [], [], []
    for team, sign in (("home", -1), ("away", 1)):
        kit.append(f"{team} goalkeeper"), side.append(team), role.append("goalkeeper")
        home_m.append((sign * 46.0, 0.0))
        for number in range(a_side - 1):
            kit.append(team), side.append(team), role.append("outfield")
            home_m.append((sign * (8 + 12 * (number % 3)) - 4, -24 + 48 * number / (a_side - 2)))
    kit.append("official"), side.append(None), role.append("referee")
    home_m.append((0.0, 4.0))
    for y_m, x_m in ((-34.6, -25.0), (34.6, 25.0)):
        kit.append("official"), side.append(None), role.append("referee")
        home_m.append((x_m, y_m))
    kit.append("other"), side.append(None), role.append(None)
    home_m.append((-8.0, -38.0))
    places = np.stack([_wander(rng, t_s, np.array(one)) for one in home_m])
    for one, (who, home) in enumerate(zip(role, home_m, strict=True)):
        if who == "goalkeeper":
            places[one] = home + (places[one] - home) * 0.25
        if abs(home[1]) > 34:
            places[one, :, 1] = home[1] + (places[one, :, 1] - home[1]) * 0.03
    return People(t_s, places, kit, side, role)


def _wander(rng: np.random.Generator, t_s: Floats, home_m: Floats) -> Floats:
    """Speed that is forgotten within two seconds, 2 m/s on each axis, and a pull home."""
    step = t_s[1] - t_s[0]
    place, speed = home_m + rng.normal(0, 3, 2), rng.normal(0, 1.5, 2)
    path = np.empty((t_s.size, 2))
    for one in range(t_s.size):
        path[one] = place
        push = -speed / 2 + (home_m - place) * 0.08
        speed = speed + push * step + rng.normal(0, 2.0, 2) * np.sqrt(step)
        place = place + speed * step
    return path


def real_match(real_data: Path, begin_s: float, seconds: float, hz: float = 5.0) -> People:
    """Real tracking (Bundesliga J03WMX, Bassek et al. 2025), with officials who are made up."""
    frames = pq.read_table(
        real_data / "tracking_events" / "idsse_j03wmx_frames.parquet"
    ).to_pandas()
    frames = frames[
        ~frames.is_ball & frames.time_seconds.between(begin_s - 1, begin_s + seconds + 1)
    ]
    t_s = np.arange(begin_s, begin_s + seconds, 1 / hz)
    kit, side, role, places = [], [], [], []
    for _, rows in frames.groupby("player_id", sort=True, observed=True):
        team = "home" if rows.team_attacking_direction.iloc[0] == "ltr" else "away"
        keeps = bool(rows.is_goalkeeper.iloc[0])
        kit.append(f"{team} goalkeeper" if keeps else team), side.append(team)
        role.append("goalkeeper" if keeps else "outfield")
        places.append(
            np.column_stack(
                [
                    np.interp(t_s, rows.time_seconds, rows[axis].astype(float)) - middle
                    for axis, middle in (("x", 52.5), ("y", 34.0))
                ]
            )
        )
    centre = np.mean(places, axis=0)
    made = walking(7, seconds, hz)
    others = [one for one, who in enumerate(made.kit) if who in ("official", "other")]
    for one in others:
        path = made.place_m[one][: t_s.size].copy()
        if one == others[0]:
            path = path * 0.5 + _slowly(centre, hz)
        places.append(path)
        kit.append(made.kit[one]), side.append(None), role.append(made.role[one])
    return People(t_s - begin_s, np.stack(places), kit, side, role)


def _slowly(path: Floats, hz: float) -> Floats:
    window = np.ones(max(1, round(3 * hz)))
    count = np.convolve(np.ones(len(path)), window, "same")
    return np.column_stack([np.convolve(path[:, axis], window, "same") / count for axis in (0, 1)])


def seen(
    people: People,
    camera: Camera,
    eye: Eye,
    seed: int = 0,
    *,
    name: str = "main",
    sha256: str = "a" * 64,
    is_calibrated: bool = True,
    shift_s: float = 0.0,
) -> tuple[pa.Table, CameraView, pa.Table]:
    """Rows of vision/detection, the camera, and the truth as the renderer writes it.

    Args:
        shift_s: what the camera's clock is ahead of the true one.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, list] = {column.name: [] for column in VISION_DETECTION.columns}
    truth: dict[str, list] = {name: [] for name in _TRUTH}
    times = START_US + np.round((people.t_s + shift_s) * 1e6).astype(np.int64)
    for frame, t_s in enumerate(people.t_s):
        ground = people.place_m[:, frame]
        boxes, in_picture = _boxes(camera, ground)
        hidden = _hidden(boxes, ground, camera)
        rows = _look(rng, camera, eye, boxes, hidden, in_picture, people)
        feet = np.array([row[1] for row in rows]).reshape(-1, 2)
        tall = np.array([row[0][3] - row[0][1] for row in rows])
        places = camera.ground(feet)
        sds = camera.ground_sd_m(feet, 1.0) * (eye.foot_share * tall + 0.5)
        for number, (box, foot, colour, sure) in enumerate(rows):
            place, sd = places[number], sds[number]
            on = is_calibrated and bool(np.isfinite(place).all()) and bool(np.isfinite(sd))
            for key, value in zip(
                found,
                ("s", sha256, frame, number, int(times[frame]), "person", *box, *foot,
                 float(place[0]) if on else None, float(place[1]) if on else None,
                 float(sd) if on else None, sure, False, *colour, *_NO_MARKS),
                strict=True,
            ):  # fmt: skip
                found[key].append(value)
        for one in range(len(people.kit)):
            told = [*boxes[one]] if in_picture[one] else [None] * 4
            kind = "athlete" if people.side[one] else "official"
            if people.kit[one] == "other":
                kind = "other"
            for key, value in zip(
                _TRUTH,
                (frame, float(t_s), f"p{one:02d}", kind, people.side[one], people.role[one],
                 *ground[one], 0.0, *told, 1 - hidden[one] if in_picture[one] else 0.0),
                strict=True,
            ):  # fmt: skip
                truth[key].append(value)
    arrays = {
        column.name: pa.array(found[column.name], pa.int64()).cast(INSTANT)
        if column.type == INSTANT
        else pa.array(found[column.name], column.type, from_pandas=True)
        for column in VISION_DETECTION.columns
    }
    view = CameraView(
        sha256, name, np.arange(people.t_s.size), times,
        camera.width_px, camera.height_px,
        camera if is_calibrated else None, FIELD if is_calibrated else None,
    )  # fmt: skip
    return VISION_DETECTION.conform(pa.table(arrays)), view, pa.table(truth)


_TRUTH = (
    "frame_id", "t_s", "object_id", "object_kind", "team_side", "role", "x_m", "y_m", "z_m",
    "left_px", "top_px", "right_px", "bottom_px", "visible_share",
)  # fmt: skip


def _boxes(camera: Camera, ground: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    feet = camera.project(ground)
    heads = camera.project(np.column_stack([ground, np.full(len(ground), PERSON_M)]))
    height = feet[:, 1] - heads[:, 1]
    half = 0.2 * height
    boxes = np.column_stack([feet[:, 0] - half, heads[:, 1], feet[:, 0] + half, feet[:, 1]])
    return boxes, camera.is_in_picture(feet) & camera.is_in_picture(heads)


def _hidden(boxes: Floats, ground: Floats, camera: Camera) -> Floats:
    """Share of each box that somebody nearer to the camera covers most of."""
    far = np.linalg.norm(ground - [camera.x_m, camera.y_m], axis=1)
    width = np.minimum(boxes[:, None, 2], boxes[None, :, 2]) - np.maximum(
        boxes[:, None, 0], boxes[None, :, 0]
    )
    height = np.minimum(boxes[:, None, 3], boxes[None, :, 3]) - np.maximum(
        boxes[:, None, 1], boxes[None, :, 1]
    )
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    share = np.clip(width, 0, None) * np.clip(height, 0, None) / area[:, None]
    share[far[:, None] <= far[None, :]] = 0
    return np.nan_to_num(share.max(axis=1))


def _look(  # noqa: PLR0917
    rng, camera, eye, boxes, hidden, in_picture, people
):
    kits = np.array([KITS[one] for one in people.kit])
    rows = []
    for one in range(len(kits)):
        gone = rng.random() < eye.missed or (hidden[one] > eye.hidden and rng.random() < 0.9)
        noise = rng.normal(0, 1, 4)
        tint = rng.normal(0, 1, 6)
        if gone or not in_picture[one]:
            continue
        box = boxes[one]
        height = box[3] - box[1]
        shift = noise * eye.foot_share * height
        box = box + np.array([shift[0] - 0.3 * abs(shift[2]), shift[3], shift[0], shift[1]])
        colour = kits[one] + tint * np.tile(eye.colour_sd, 2)
        if hidden[one] > 0.2:
            front = np.argmin(
                np.linalg.norm(boxes - boxes[one], axis=1) + 1e9 * (np.arange(len(kits)) == one)
            )
            colour = colour * (1 - hidden[one]) + kits[front] * hidden[one]
        colour[[0, 3]] = np.clip(colour[[0, 3]], 0, 100)
        rows.append((box, np.array([(box[0] + box[2]) / 2, box[3]]), colour, 0.8))
    for _ in range(rng.poisson(eye.extra)):
        foot = camera.project(rng.uniform([-55, -36], [55, 36])[None])[0]
        if not camera.is_in_picture(foot[None])[0]:
            continue
        height = 40.0
        box = np.array([foot[0] - 8, foot[1] - height, foot[0] + 8, foot[1]])
        colour = rng.uniform([20, -20, -20] * 2, [80, 20, 20] * 2)
        rows.append((box, foot, colour, 0.5))
    return rows
