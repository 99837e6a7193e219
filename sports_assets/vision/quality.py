"""How far a session's footage can be believed: one row, and whether what follows may be made."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from resources.vision_contracts import VISION_QUALITY
from sports_assets.vision.follow.joining import FASTEST_MPS
from sports_assets.vision.follow.sightings import CameraView, Floats
from sports_assets.vision.pitch import FieldSize

#: Formations need half a side in sight: fewer people than this on the field, median, are no match.
FEWEST_PEOPLE = 8.0
#: Of all who are seen, this share must be in tracks that last: else the tracks are crumbs.
LEAST_FOLLOWED = 0.6
#: And of this share the side must be told, or nothing can be said of either.
LEAST_TEAM = 0.5
#: Places that are worse than this say nothing of who stands where in a line of four, 10 m apart, m.
MOST_REPROJECTION_M = 2.0
#: A stretch in which nobody is seen hides whatever happened in it, s.
LONGEST_GAP_S = 120.0
#: More jumps than this a minute of footage, and tracks are no longer one person each.
MOST_SWAPS_A_MINUTE = 3.0
#: What `followed_share` calls a track that lasts, s, or so much of a shorter footage (contract
#: vision/quality).
_LASTING_S, _LASTING_SHARE = 10.0, 0.5
#: Feet this far beside the line are still on the field, m.
_BESIDE_M = 1.0
#: Smoothed places move this much faster than people only if two were taken for one.
_SDS = 2.0


def quality(
    session_id: str, positions: pa.Table, tracks: pa.Table, cameras: Sequence[CameraView]
) -> pa.Table:
    """Contract vision/quality, one row.

    Args:
        positions, tracks: contracts vision/positions and vision/track of the session, the ball's
            rows among them.
        cameras: every video object that was looked at.
    """
    looks = sum(int(one.times_us.size) for one in cameras)
    calibrated = [one for one in cameras if one.is_calibrated]
    errors = [
        one.reprojection_error_m for one in calibrated if one.reprojection_error_m is not None
    ]
    # Where a camera is not calibrated, nobody is on a field: others beside it are judged alone.
    judged = calibrated or cameras
    seen = _seen_on_field(positions, calibrated)
    people = seen.filter(pc.not_equal(seen["object_kind"], "ball"))
    row: dict[str, object] = {
        "session_id": session_id,
        "footage_s": sum(_length_s(one) for one in cameras),
        "looks": looks,
        "calibrated_share": (
            sum(int(one.times_us.size) for one in calibrated) / looks if looks else None
        ),
        "reprojection_error_m": max(errors) if errors else None,
        "people_seen": _people_a_look(people, judged) if looks else None,
        "followed_share": _followed_share(people, tracks, judged),
        "team_share": _team_share(people),
        "ball_share": _ball_share(positions, looks) if looks else None,
        "longest_gap_s": _longest_gap_s(people, judged) if looks else None,
        "swaps": _swaps(positions),
    }
    reasons = _reasons(row)
    row |= {
        "calibrated_share": row["calibrated_share"] or 0.0,
        "is_good": not reasons,
        "reason": "; ".join(reasons) or None,
    }
    return VISION_QUALITY.conform(
        pa.table(
            {field.name: pa.array([row[field.name]], field.type) for field in VISION_QUALITY.schema}
        )
    )


def _reasons(row: dict[str, object]) -> list[str]:
    """What is bad, each with the number and the limit."""
    out: list[str] = []

    def told(name: str) -> float | None:
        value = row[name]
        return None if value is None else float(value)  # type: ignore[arg-type]

    if not row["looks"]:
        return ["no frame was looked at: see vision/camera for the reasons"]
    if not row["calibrated_share"]:
        out.append("no camera is calibrated, so that no place is known: give a calibration file")
    for name, limit, words in (
        ("people_seen", FEWEST_PEOPLE, "people on the field in a look, median"),
        ("followed_share", LEAST_FOLLOWED, "of people are in tracks that last"),
        ("team_share", LEAST_TEAM, "of people have a side"),
    ):
        value = told(name)
        if value is None or value < limit:
            out.append(f"{0 if value is None else value:.2f} {words}: at least {limit:g} is needed")
    error, gap = told("reprojection_error_m"), told("longest_gap_s")
    if error is not None and error > MOST_REPROJECTION_M:
        out.append(f"places are {error:.2f} m off: at most {MOST_REPROJECTION_M:g} m is believed")
    if gap is not None and gap > LONGEST_GAP_S:
        out.append(f"nobody is seen for {gap:.0f} s: at most {LONGEST_GAP_S:g} s is believed")
    minutes = max((told("footage_s") or 0.0) / 60, 1.0)
    swaps = told("swaps") or 0.0
    if swaps > MOST_SWAPS_A_MINUTE * minutes:
        out.append(
            f"{swaps / minutes:.1f} jumps a minute that nobody can run: at most "
            f"{MOST_SWAPS_A_MINUTE:g} is believed"
        )
    return out


def _length_s(view: CameraView) -> float:
    if view.duration_s is not None:
        return view.duration_s
    return float(view.times_us[-1] - view.times_us[0]) / 1e6 if view.times_us.size else 0.0


def _seen_on_field(positions: pa.Table, calibrated: Sequence[CameraView]) -> pa.Table:
    """Rows of looks that saw somebody on the field; without any calibration, all that saw."""
    seen = positions.filter(
        pc.and_(pc.is_null(positions["missing_reason"]), pc.invert(positions["is_interpolated"]))
    )
    if not calibrated:
        return seen.filter(pc.not_equal(seen["object_kind"], "other"))
    size = calibrated[0].field or FieldSize()
    place = np.column_stack(
        [seen[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in ("x_m", "y_m")]
    )
    return seen.filter(pa.array(size.holds(place, _BESIDE_M)))


def _people_a_look(people: pa.Table, cameras: Sequence[CameraView]) -> float:
    """Median over looks; where several cameras look at once, who is seen by any of them."""
    step_us = 1e6 * max(min((one.step_s for one in cameras if one.step_s > 0), default=0.2), 1e-3)
    looked = np.unique(
        np.concatenate([np.floor(one.times_us / step_us) for one in cameras]).astype(np.int64)
    )
    tick = np.floor(_instants(people) / step_us).astype(np.int64)
    pairs = np.unique(np.column_stack([tick, people["track_id"].to_numpy()]), axis=0)
    counts = np.zeros(looked.size)
    at, number = (
        np.unique(pairs[:, 0], return_counts=True) if len(pairs) else (looked[:0], looked[:0])
    )
    counts[np.searchsorted(looked, at)] = number
    return float(np.median(counts))


def _followed_share(
    people: pa.Table, tracks: pa.Table, cameras: Sequence[CameraView]
) -> float | None:
    if not people.num_rows:
        return None
    looked = np.concatenate([one.times_us for one in cameras])
    lasting_s = min(_LASTING_S, _LASTING_SHARE * float(np.ptp(looked)) / 1e6)
    length_us = pc.subtract(
        tracks["last_seen_at_utc"].cast(pa.int64()), tracks["first_seen_at_utc"].cast(pa.int64())
    ).to_numpy()
    lasting = tracks["track_id"].to_numpy()[length_us >= lasting_s * 1e6]
    return float(np.isin(people["track_id"].to_numpy(), lasting).mean())


def _team_share(people: pa.Table) -> float | None:
    rest = people.filter(pc.not_equal(people["object_kind"], "official"))
    if not rest.num_rows:
        return None
    return float(pc.mean(pc.is_valid(rest["team_side"])).as_py())


def _ball_share(positions: pa.Table, looks: int) -> float:
    ball = positions.filter(
        pc.and_(pc.equal(positions["object_kind"], "ball"), pc.is_null(positions["missing_reason"]))
    )
    there = int(ball.group_by(["footage_sha256", "frame_id"]).aggregate([]).num_rows)
    return min(1.0, there / looks)


def _longest_gap_s(people: pa.Table, cameras: Sequence[CameraView]) -> float:
    """Longest time without anybody among all looks, breaks between footage apart."""
    looked = np.unique(np.concatenate([one.times_us for one in cameras]))
    instants = np.unique(_instants(people).astype(np.int64))
    steps = [one.step_s for one in cameras if one.step_s > 0]
    most_us = 3e6 * max(steps, default=0.2)
    # a look counts for the time until the next, but not for a break in which nobody looked
    length = np.minimum(np.diff(looked, append=looked[-1]), most_us)
    saw = np.isin(looked, instants)
    longest = run = 0.0
    for one, is_seen in zip(length, saw, strict=True):
        run = 0.0 if is_seen else run + float(one)
        longest = max(longest, run)
    return longest / 1e6


def _swaps(positions: pa.Table) -> int:
    """Steps of people, from one look to a later one of the same camera, too long to run.

    Clocks of two cameras may differ by more than they tell.
    """
    seen = positions.filter(
        pc.and_(
            pc.and_(pc.is_valid(positions["x_m"]), pc.invert(positions["is_interpolated"])),
            pc.not_equal(positions["object_kind"], "ball"),
        )
    )
    if not seen.num_rows:
        return 0
    track, when = seen["track_id"].to_numpy(), _instants(seen)
    place = np.column_stack([seen["x_m"].to_numpy(), seen["y_m"].to_numpy()])
    spread = seen["position_sd_m"].to_numpy()
    footage = np.unique(seen["footage_sha256"].to_numpy(), return_inverse=True)[1]
    order = np.lexsort([when, footage, track])
    track, when, place, spread = track[order], when[order], place[order], spread[order]
    is_one = (np.diff(track) == 0) & (np.diff(footage[order]) == 0)
    way: Floats = np.linalg.norm(np.diff(place, axis=0), axis=1)
    can = FASTEST_MPS * np.diff(when) / 1e6 + _SDS * np.hypot(spread[1:], spread[:-1])
    return int((is_one & (way > can)).sum())


def _instants(rows: pa.Table) -> Floats:
    return np.asarray(rows["captured_at_utc"].cast(pa.int64()).to_numpy(), np.float64)
