"""Measures of what footage was turned into, beside the truth of a rendered scene.

Truth: one row a frame and object, as the renderer writes it beside each scene: frame_id, object_id,
object_kind, team_side, role, x_m, y_m, left_px, top_px, right_px, bottom_px (null out of the
picture), visible_share. Told: contracts vision/detection and vision/positions of one video object.
Only frames that were looked at count, and only people who stand on the field and can be seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Nobody can be asked to see a person of whom less than this is in sight.
VISIBLE_SHARE = 0.3
#: A person told further from the true place than this is not that person, m.
SAME_PLACE_M = 1.0
#: Who was followed is who is nearest, at most so far away, m: a swap is a swap 1.5 m off, too.
SAME_PERSON_M = 2.0
#: A ball told further from the true place than this, or these pixels, is another thing.
SAME_BALL_M, SAME_BALL_PX = 1.5, 8.0
#: Who stands further beside the lines than this is not on the field, m.
_BESIDE_M = 0.5
_BOX = ("left_px", "top_px", "right_px", "bottom_px")


@dataclass(frozen=True)
class Detected:
    """How well people on the field are seen. Shares of people and of detections; places in m."""

    recall: float
    precision: float
    position_median_m: float
    position_p95_m: float


@dataclass(frozen=True)
class Hota:
    """Higher order tracking accuracy (Luiten et al. 2021), means over thresholds 0.05 to 0.95.

    Attributes:
        hota, detection, association, localisation: HOTA, DetA, AssA, LocA.
        recall, precision: of detections: DetRe, DetPr.
    """

    hota: float
    detection: float
    association: float
    localisation: float
    recall: float
    precision: float


@dataclass(frozen=True)
class Told:
    """What is told of people who are seen and followed.

    Attributes:
        team_purity: share of looks at athletes with a told side whose side is the true one, under
            the better of both namings.
        team_abstained: share of looks at athletes whose side is not told.
        role_accuracy: share of looks at people with a true role whose role is that.
        switches: how often a person goes over to another track.
    """

    team_purity: float
    team_abstained: float
    role_accuracy: float
    switches: int


def detected(
    truth: pa.Table, detections: pa.Table, frames: Whole, field_m: tuple[float, float]
) -> Detected:
    """People of vision/detection beside truth, frame by frame, matched by place (Hungarian).

    A detection of somebody who is there but hardly in sight, or just beside the lines, is neither
    right nor wrong.

    Args:
        frames: those that were looked at.
        field_m: length and width.
    """
    people = detections.filter(pc.equal(detections["object_kind"], "person"))
    found = missed = extra = 0
    errors: list[float] = []
    for due, rest, told in _looks(truth, people, frames, field_m):
        far = _far(due.place_m, told.place_m)
        pairs = _matched(far, SAME_PLACE_M)
        errors += [float(far[one]) for one in pairs]
        found, missed = found + len(pairs), missed + len(due.place_m) - len(pairs)
        left = np.setdiff1d(np.arange(len(told.place_m)), [column for _, column in pairs])
        left = left[_inside(told.place_m[left], field_m)]
        extra += left.size - len(_matched(_far(rest.place_m, told.place_m[left]), SAME_PLACE_M))
    return Detected(
        _share(found, found + missed), _share(found, found + extra),
        float(np.median(errors)) if errors else float("nan"),
        float(np.percentile(errors, 95)) if errors else float("nan"),
    )  # fmt: skip


def followed_hota(
    truth: pa.Table, positions: pa.Table, frames: Whole, field_m: tuple[float, float],
    *, on_ground: bool = False,
) -> Hota:  # fmt: skip
    """HOTA of vision/positions: by overlap of boxes, or by nearness on the ground.

    Args:
        frames: those that were looked at.
        on_ground: likeness is 1 at the same place and 0 at `SAME_PERSON_M`, in place of the
            intersection over union of boxes.
    """
    truth_ids: list[Whole] = []
    told_ids: list[Whole] = []
    likeness: list[Floats] = []
    for due, rest, told in _looks(truth, _people(positions), frames, field_m):
        kept = _inside(told.place_m, field_m) | ~np.isfinite(told.place_m).all(axis=1)
        told = told.only(kept)  # noqa: PLW2901
        near = nearness if on_ground else box_overlap
        first, other, second = (
            (one.place_m if on_ground else one.boxes_px) for one in (due, rest, told)
        )
        alike = near(first, second)
        # who is told and is hardly in sight counts neither way
        taken = {column for _, column in _matched(1 - alike, 0.95)}
        ignored = {column for _, column in _matched(1 - near(other, second), 0.5)} - taken
        stay = np.array([n for n in range(len(second)) if n not in ignored], np.int64)
        truth_ids.append(due.ids)
        told_ids.append(told.ids[stay])
        likeness.append(alike[:, stay])
    return hota(truth_ids, told_ids, likeness)


def hota(truth_ids: Sequence[Whole], told_ids: Sequence[Whole], likeness: Sequence[Floats]) -> Hota:
    """HOTA by `trackeval`, frame by frame.

    Args:
        truth_ids, told_ids: who is there, by frame; any whole numbers.
        likeness: 0 to 1, truth × told, by frame.
    """
    from trackeval.metrics import HOTA

    names, told = (
        np.unique(np.concatenate([*ids, np.empty(0, np.int64)])) for ids in (truth_ids, told_ids)
    )
    found = HOTA().eval_sequence(
        {
            "num_gt_ids": names.size,
            "num_tracker_ids": told.size,
            "num_gt_dets": sum(one.size for one in truth_ids),
            "num_tracker_dets": sum(one.size for one in told_ids),
            "gt_ids": [np.searchsorted(names, one) for one in truth_ids],
            "tracker_ids": [np.searchsorted(told, one) for one in told_ids],
            "similarity_scores": list(likeness),
        }
    )
    return Hota(
        *(float(np.mean(found[one])) for one in ("HOTA", "DetA", "AssA", "LocA", "DetRe", "DetPr"))
    )


def told_of_people(
    truth: pa.Table, positions: pa.Table, frames: Whole, field_m: tuple[float, float]
) -> Told:
    """Sides, roles and switches of vision/positions, for people who are matched by place.

    Where rows have no places, by overlap of boxes.
    """
    sides: list[tuple[object, object]] = []
    roles: list[bool] = []
    switches, last = 0, dict[int, int]()
    for due, _, told in _looks(truth, _people(positions), frames, field_m):
        far = _far(due.place_m, told.place_m)
        if not np.isfinite(told.place_m).all():
            far = (1 - box_overlap(due.boxes_px, told.boxes_px)) * 2 * SAME_PERSON_M
        for row, column in _matched(far, SAME_PERSON_M):
            if due.side[row] is not None:
                sides.append((due.side[row], told.side[column]))
            if due.role[row] is not None:
                roles.append(bool(due.role[row] == told.role[column]))
            person, track = int(due.ids[row]), int(told.ids[column])
            switches += last.get(person, track) != track
            last[person] = track
    known = [pair for pair in sides if pair[1] is not None]
    right = sum(one == other for one, other in known)
    return Told(
        _share(max(right, len(known) - right), len(known)),
        _share(len(sides) - len(known), len(sides)),
        _share(sum(roles), len(roles)),
        switches,
    )


@dataclass(frozen=True)
class BallFound:
    """The ball where it can be seen: share of looks at it, and share of told places, that fit."""

    recall: float
    precision: float


def ball_found(truth: pa.Table, positions: pa.Table, frames: Whole) -> BallFound:
    """The ball of vision/positions beside truth, by place on the ground or by pixels.

    A told ball counts as wrong where the true one is elsewhere; where the true one is hidden or
    out of the picture, too.
    """
    true = _by_frame(truth.filter(pc.equal(truth["object_kind"], "ball")))
    rows = positions.filter(
        pc.and_(pc.equal(positions["object_kind"], "ball"), pc.is_null(positions["missing_reason"]))
    )
    told = _by_frame(rows)
    visible = right = wrong = 0
    for frame in frames:
        there = true.get(int(frame))
        is_seen = there is not None and len(there.ids) > 0 and there.visible[0] >= VISIBLE_SHARE
        visible += is_seen
        mine = told.get(int(frame))
        if mine is None:
            continue
        fits = False
        if there is not None and len(there.ids):
            off_m = np.linalg.norm(mine.place_m[0] - there.place_m[0])
            off_px = np.linalg.norm(_middle(mine.boxes_px[0]) - _middle(there.boxes_px[0]))
            fits = bool(off_m <= SAME_BALL_M or off_px <= SAME_BALL_PX)
        right += fits and is_seen
        wrong += not fits
    return BallFound(_share(right, visible), _share(right, right + wrong))


def box_overlap(first: Floats, second: Floats) -> Floats:
    """Intersection over union of boxes (left, top, right, bottom): n × m."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    area = [np.prod(one[:, 2:] - one[:, :2], axis=1) for one in (first, second)]
    return np.asarray(common / (area[0][:, None] + area[1][None] - common), np.float64)


def nearness(first: Floats, second: Floats) -> Floats:
    """Likeness of places: 1 at the same, falling evenly to 0 at `SAME_PERSON_M`: n × m."""
    return np.asarray(np.clip(1 - _far(first, second) / SAME_PERSON_M, 0, 1), np.float64)


@dataclass(frozen=True)
class _People:
    """Some people of one frame."""

    ids: Whole
    place_m: Floats
    boxes_px: Floats
    side: NDArray[np.object_]
    role: NDArray[np.object_]
    visible: Floats

    def only(self, which: NDArray[np.bool_]) -> "_People":
        return _People(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def _looks(
    truth: pa.Table, told: pa.Table, frames: Whole, field_m: tuple[float, float]
) -> Iterator[tuple[_People, _People, _People]]:
    """By frame: who is to be told, who is there besides, and who is told."""
    people = truth.filter(pc.not_equal(truth["object_kind"], "ball"))
    true, said = _by_frame(people), _by_frame(told)
    none = _rows(people.slice(0, 0))
    for frame in frames:
        there = true.get(int(frame), none)
        due = (there.visible >= VISIBLE_SHARE) & _inside(there.place_m, field_m)
        yield there.only(due), there.only(~due), said.get(int(frame), _rows(told.slice(0, 0)))


def _by_frame(table: pa.Table) -> dict[int, _People]:
    frame = table["frame_id"].to_numpy()
    rows = _rows(table)
    order = np.argsort(frame, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(frame[order])) + 1)
    return {
        int(frame[one[0]]): _People(*(getattr(rows, n)[one] for n in rows.__dataclass_fields__))
        for one in groups
        if one.size
    }


def _rows(table: pa.Table) -> _People:
    """Any of the three tables; ids are those of tracks, or of objects in order of their names."""
    names = table.column_names
    if "track_id" in names:
        ids = table["track_id"].to_numpy().astype(np.int64)
    elif "object_id" in names:
        ids = np.unique(np.array(table["object_id"].to_pylist(), dtype=str), return_inverse=True)[1]
    else:
        ids = np.arange(table.num_rows)
    nothing = np.full(table.num_rows, None, dtype=object)

    def numbers(columns: Sequence[str]) -> Floats:
        return np.column_stack(
            [table[one].to_numpy(zero_copy_only=False).astype(np.float64) for one in columns]
        )

    def texts(column: str) -> NDArray[np.object_]:
        if column not in names:
            return nothing
        return np.array([*table[column].to_pylist(), None], dtype=object)[:-1]

    visible = (
        numbers(["visible_share"])[:, 0] if "visible_share" in names else np.ones(table.num_rows)
    )
    return _People(
        ids.astype(np.int64), numbers(["x_m", "y_m"]), numbers(_BOX), texts("team_side"),
        texts("role"), np.nan_to_num(visible),
    )  # fmt: skip


def _people(positions: pa.Table) -> pa.Table:
    """Rows with a place or a box, the ball's apart."""
    return positions.filter(
        pc.and_(
            pc.not_equal(positions["object_kind"], "ball"), pc.is_null(positions["missing_reason"])
        )
    )


def _inside(place_m: Floats, field_m: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((np.abs(place_m) <= np.array(field_m) / 2 + _BESIDE_M).all(axis=1), np.bool_)


def _far(first: Floats, second: Floats) -> Floats:
    return np.asarray(np.linalg.norm(first[:, None] - second[None], axis=2), np.float64)


def _matched(far: Floats, limit: float) -> list[tuple[int, int]]:
    """Pairs that are near enough, as many as there can be, the nearest ones (Hungarian)."""
    from scipy.optimize import linear_sum_assignment

    cost = np.where(np.nan_to_num(far, nan=np.inf) <= limit, far, 1e6)
    return [
        (int(row), int(column))
        for row, column in zip(*linear_sum_assignment(cost), strict=True)
        if cost[row, column] <= limit
    ]


def _middle(box: Floats) -> Floats:
    return np.asarray((box[:2] + box[2:]) / 2, np.float64)


def _share(part: int, whole: int) -> float:
    """Of nothing, none is told: not a number."""
    return part / whole if whole else float("nan")
