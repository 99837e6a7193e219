"""Tables of the footage page: every video with its camera, and every window with its formations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sports_assets.reports.numerals import Numeral, clock, number_id, numeral
from sports_assets.vision.page.facts import CameraFacts, FootageFacts, FormationWindow

_METHODS: Final = {
    "lines": "by the pitch’s lines", "points": "by points that a person gave",
    "told": "as a person told it",
}  # fmt: skip
_STATES: Final = {
    "calibrated": "placed", "uncalibrated": "not placed", "refused": "refused",
    None: "not looked at yet",
}  # fmt: skip


@dataclass(frozen=True)
class CameraRow:
    """One video.

    Attributes:
        state: in words, and `how`: who says so, at which size, with which detector.
        numbers: error in metres, share of the field in per cent, error in pixels, looks.
    """

    camera: str
    began: str
    length: str
    state: str
    how: str
    numbers: tuple[Numeral, ...]


@dataclass(frozen=True)
class FormationRow:
    """One window: of each side its formation, how sure, how far off, and of how many athletes."""

    began: str
    sides: tuple[tuple[str, tuple[Numeral, ...]], ...]


def camera_rows(facts: FootageFacts) -> tuple[CameraRow, ...]:
    """Every video object, by camera and time."""
    zone = ZoneInfo(facts.names.timezone)
    return tuple(
        CameraRow(
            one.camera,
            f"{one.started_at_utc.astimezone(zone):%H:%M:%S}",
            clock(one.duration_s),
            _STATES[one.state],
            _how(one),
            tuple(
                numeral(
                    number_id("vision/camera", one.footage_sha256, column), getattr(one, column),
                    digits=digits, factor=factor,
                    absent="not calibrated" if column != "looks" else "not looked at",
                )
                for column, digits, factor in (
                    ("reprojection_error_m", 2, 1.0), ("pitch_seen_share", 0, 100.0),
                    ("reprojection_error_px", 1, 1.0), ("looks", 0, 1.0),
                )
            ),
        )
        for one in facts.cameras
    )  # fmt: skip


def formation_rows(facts: FootageFacts) -> tuple[FormationRow, ...]:
    """Every window of all play, by time."""
    zone = ZoneInfo(facts.names.timezone)
    windows = [one for one in facts.windows if one.phase == "all"]
    begins = sorted({one.window_start_utc for one in windows})
    return tuple(
        FormationRow(
            f"{begin.astimezone(zone):%H:%M}",
            tuple(_side(windows, begin, side) for side in ("home", "away")),
        )
        for begin in begins
    )


def instant_key(instant: datetime) -> str:
    """An instant in the key of a row, as the engine writes it: `2026-03-01 14:00:00+00`."""
    fraction = f".{instant.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{instant.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M:%S}{fraction}+00"


def _side(
    windows: Sequence[FormationWindow], begin: datetime, side: str
) -> tuple[str, tuple[Numeral, ...]]:
    mine = [one for one in windows if (one.window_start_utc, one.team_side) == (begin, side)]
    one = mine[0] if mine else None
    key = ("vision/formation", side, instant_key(begin), "all")
    absent = "no formation: too few were seen for long enough"
    numbers = (
        numeral(number_id(*key, "confidence"), one.confidence if one else None, factor=100.0,
                absent=absent),
        numeral(number_id(*key, "mean_distance_m"), one.mean_distance_m if one else None,
                digits=1, absent=absent),
        numeral(number_id(*key, "athletes"), one.athletes if one else None, absent=absent),
    )  # fmt: skip
    return (one.formation or "" if one else ""), numbers


def _how(one: CameraFacts) -> str:
    told = [_METHODS[one.method]] if one.method else []
    if one.width_px and one.height_px:
        told.append(f"{one.width_px} × {one.height_px}")
    if one.detector:
        told.append(f"detector {one.detector}")
    return ", ".join(told)
