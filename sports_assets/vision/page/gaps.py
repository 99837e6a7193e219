"""What could not be seen and why, and how far a place can be trusted, in words."""

from collections.abc import Sequence
from typing import Final

from resources.explain.basis import basis, rows_of
from sports_assets.reports.numerals import Numeral
from sports_assets.reports.wording import Sentence, say
from sports_assets.vision.page.facts import CameraFacts, FootageFacts, QualityFacts
from sports_assets.vision.page.numbers import (
    FORMATION,
    POSITIONS,
    QUALITY,
    TRACK,
    computed,
    of_camera,
    of_quality,
    placed,
)

#: Shares above this read as 100 %: nothing to tell.
_ALL: Final = 0.995
#: Nobody seen for longer than this is more than a blink, s.
_GAP_S: Final = 2.0
#: Above this error distances between two players are no longer told apart, m.
_COARSE_M: Final = 0.5


def unseen(facts: FootageFacts) -> tuple[Sentence, ...]:
    """Everything that could not be seen, and what to do about it."""
    told = [*_bad_cameras(facts.cameras), *_cut_off(facts.placed)]
    if facts.quality is not None:
        told += _missing_people(facts.quality)
    if not facts.moment:
        told.append(say("People", "Nobody was seen: there is no clip, and no view from above."))
    told += _missing_formations(facts)
    told += _missing_names(facts)
    return placed(told, "unseen")


def exactness(facts: FootageFacts) -> tuple[Sentence, ...]:
    """How far places in metres can be trusted, in words."""
    if not facts.placed:
        return ()
    worst = max(facts.placed, key=lambda one: one.reprojection_error_m or 0.0)
    wording = (
        "Where the cameras put the lines of the pitch, and where they are, lie {error} apart in "
        "the middle of all of them: a place on this page is no better than that."
    )
    if (worst.reprojection_error_m or 0.0) > _COARSE_M:
        wording += " Distances between players below a metre mean nothing."
    error = of_camera(worst, "reprojection_error_m", "m", digits=2)
    told = [say("Pitch", wording, error=error)]
    if facts.position_sd_m is not None:
        rows = rows_of(POSITIONS, "position_sd_m", object_kind="athlete")
        usual = computed(
            "places", "position_sd_m", facts.position_sd_m, "m", digits=2,
            made_of=basis("median", rows),
        )  # fmt: skip
        far = computed(
            "places", "position_sd_95_m", facts.far_position_sd_m, "m", digits=2,
            made_of=basis("95th percentile", rows),
        )  # fmt: skip
        wording = (
            "A player’s feet are placed to {usual} (one standard deviation, median); far from the "
            "camera, where a pixel covers more grass, to {far} (95 of 100 are better)."
        )
        told.append(say("Players", wording, usual=usual, far=far))
    return placed(told, "exactness")


#: What became of a video by its camera's state: of one, and of several.
_STATES: Final = {
    "uncalibrated": (
        "tells of pixels and not of metres",
        "tell of pixels and not of metres",
    ),
    "refused": ("was not looked at", "were not looked at"),
    None: ("was not looked at yet", "were not looked at yet"),
}


def _bad_cameras(cameras: Sequence[CameraFacts]) -> list[Sentence]:
    """Each reason once a camera, with how many of its videos it is about."""
    reasons: dict[tuple[str, str | None, str], int] = {}
    for one in cameras:
        if one.state != "calibrated":
            key = (one.camera, one.state, one.reason or "")
            reasons[key] = reasons.get(key, 0) + 1
    told = []
    for (camera, state, reason), count in reasons.items():
        mine = sum(one.camera == camera for one in cameras)
        which = f"{count} of {mine} videos" if mine > 1 else "The video"
        words = _STATES[state][int(count > 1)]
        told.append(say(f"Camera {camera}", "{told}", told=f"{which} {words}{_because(reason)}"))
    told += [
        say(
            f"Camera {one.camera}",
            "{damaged} frames that were due did not decode.",
            damaged=of_camera(one, "frames_damaged"),
        )
        for one in cameras
        if one.frames_damaged
    ]
    return told


def _because(reason: str) -> str:
    """A reason of a table as the end of a sentence."""
    if not reason:
        return "."
    return f": {reason}" if reason.endswith((".", "!", "?")) else f": {reason}."


def _cut_off(cameras: Sequence[CameraFacts]) -> list[Sentence]:
    """Of each camera once, how much of the field is in its picture."""
    seen: dict[str, CameraFacts] = {}
    for one in cameras:
        if one.pitch_seen_share is not None and one.pitch_seen_share < _ALL:
            seen.setdefault(one.camera, one)
    wording = "{seen} of the field is in its picture; nobody beyond is counted."
    return [
        say(
            f"Camera {camera}",
            wording,
            seen=of_camera(one, "pitch_seen_share", "%", factor=100.0),
        )
        for camera, one in seen.items()
    ]


def _missing_people(quality: QualityFacts) -> list[Sentence]:
    told = []
    for column, topic, wording in _SHARES:
        share = getattr(quality, column)
        # That no camera is placed at all, a headline says.
        if share is None or share >= _ALL or (column == "calibrated_share" and not share):
            continue
        made_of = basis(f"1 less the {column}", rows_of(QUALITY, column))
        rest = computed("quality", f"without_{column}", 100 * (1 - share), "%", made_of=made_of)
        told.append(say(topic, wording, share=rest))
    if quality.longest_gap_s is not None and quality.longest_gap_s > _GAP_S:
        gap = of_quality(quality, "longest_gap_s", "s", digits=1)
        told.append(say("Gap", "For {gap} on end nobody was seen at all.", gap=gap))
    if quality.swaps:
        times = "time" if quality.swaps == 1 else "times"
        told.append(
            say(
                "Mixed up",
                f"{{swaps}} {times} a track jumped further than anyone can run: two people were "
                "probably taken for each other there.",
                swaps=of_quality(quality, "swaps"),
            )
        )
    return told


#: Column of vision/quality, topic, and what is said of all but its share.
_SHARES: Final = (
    (
        "team_share",
        "Sides",
        "Of {share} of the people on the field no side is told: too small, too dark, or like both.",
    ),
    (
        "followed_share",
        "Lost",
        "{share} of those seen were followed for less than 10 s, or half of a short video: hidden.",
    ),
    ("ball_share", "Ball", "In {share} of looks the ball was not found."),
    ("calibrated_share", "Metres", "{share} of looks have no place in metres."),
)


def _missing_formations(facts: FootageFacts) -> list[Sentence]:
    if not any(one.formation for one in facts.windows):
        wording = (
            "There is none: it needs minutes of footage in metres, sides told apart, and most of "
            "their outfield players in the picture."
        )
        return [say("Formation", wording)]
    told = []
    for side in ("home", "away"):
        mine = [one for one in facts.windows if (one.team_side, one.phase) == (side, "all")]
        silent = sum(one.formation is None for one in mine)
        if not silent:
            continue
        rows = rows_of(FORMATION, "formation", team_side=side, phase="all")
        how = basis("windows without a formation, counted", rows)
        wording = (
            "{silent} of {all} windows of {name} name no formation: too few of its outfield "
            "players were seen for long enough."
        )
        counts: dict[str, str | Numeral] = {
            "name": facts.names.side(side),
            "silent": computed(side, "silent_windows", silent, made_of=how),
            "all": computed(side, "windows", len(mine), made_of=basis("windows, counted", rows)),
        }
        told.append(say("Formation", wording, **counts))
    return told


def _missing_names(facts: FootageFacts) -> list[Sentence]:
    nameless = facts.athlete_tracks - facts.linked_tracks
    if not nameless:
        return []
    rows = rows_of(TRACK, "athlete_id", object_kind="athlete")
    how = basis("tracks of athletes without a name, counted", rows)
    counts = {
        "nameless": computed("tracks", "nameless", nameless, made_of=how),
        "all": computed(
            "tracks", "athletes", facts.athlete_tracks, made_of=basis("tracks, counted", rows)
        ),
    }
    why = (
        "the others were recognised by their tracking data."
        if facts.linked_tracks
        else "no tracking data of this session knows them, and shirt numbers are not read."
    )
    return [
        say("Names", f"{{nameless}} of {{all}} tracks of players have no name: {why}", **counts)
    ]
