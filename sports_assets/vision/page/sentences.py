"""What the footage page says first: cameras, people, ball, formations, and which clip it shows."""

from collections.abc import Sequence
from typing import Final

from resources.explain.basis import basis, rows_of
from sports_assets.reports.numerals import Numeral, clock, grouped, number_id
from sports_assets.reports.wording import Sentence, say
from sports_assets.vision.page.facts import FootageFacts
from sports_assets.vision.page.formation_strip import usual
from sports_assets.vision.page.numbers import (
    FORMATION,
    PAGE,
    POSITIONS,
    computed,
    of_camera,
    of_quality,
    percent_of,
    placed,
)

#: Shares from here on are good enough to read numbers of single players from.
_MOSTLY: Final = 0.9
_COUNTS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six")


def headlines(facts: FootageFacts) -> tuple[Sentence, ...]:
    """What to know in half a minute."""
    told = [_cameras(facts), _people(facts), _ball(facts), _formations(facts)]
    return placed([one for one in told if one is not None], "in-short")


def moment_sentence(facts: FootageFacts) -> Sentence | None:
    """Which stretch the clip shows, and why this one."""
    moment = facts.moment
    if moment is None:
        return None
    rows = rows_of(POSITIONS, "track_id", footage_sha256=moment.footage_sha256)
    how = basis("athletes and officials seen in a look, mean over the stretch", rows)
    people = computed("moment", "people", moment.people, digits=1, made_of=how)
    how = basis("looks of the stretch with the ball, as a share of all", rows)
    ball = computed("moment", "ball_percent", 100 * moment.ball_share, "%", made_of=how)
    how = basis("chosen: 20 s, or the whole video where that is shorter")
    length = computed("moment", "length_s", moment.end_s - moment.start_s, "s", made_of=how)
    if moment.is_whole:
        wording = "All {length} of it: {people} people seen in a look, the ball in {ball} of looks."
    elif moment.has_ball:
        wording = (
            "Of all stretches with the ball in view, the {length} with the most people: {people} "
            "in a look, the ball in {ball} of looks. It is the best that was seen, not the usual."
        )
    else:
        wording = (
            "The {length} with the most people: {people} in a look. In no stretch was the ball in "
            "view for half of the time; here in {ball} of looks."
        )
    if facts.plan and facts.plan.framing.is_moving:
        wording += " The picture moves along with the play, so that people are large enough."
    return say("Clip", wording, length=length, people=people, ball=ball)


def _cameras(facts: FootageFacts) -> Sentence:
    names = list(dict.fromkeys(one.camera for one in facts.cameras))
    if not names:
        return say("Cameras", "There is no footage of this session.")
    length_s = sum(one.duration_s for one in facts.cameras)
    length = Numeral(
        number_id(PAGE, "cameras", "duration_s"),
        clock(length_s),
        value=f"{length_s:.6g}",
        basis=basis("lengths of all video objects, summed", rows_of("raw/footage", "duration_s")),
    )
    who = "One camera" if len(names) == 1 else f"{_counted(len(names))} cameras ({_joined(names)})"
    in_all = " in all" if len(facts.cameras) > 1 else ""
    states = {name: {one.state for one in facts.cameras if one.camera == name} for name in names}
    on_pitch = [name for name in names if "calibrated" in states[name]]
    parts: list[str | Numeral] = [f"{who} filmed ", length, f"{in_all}. ", _which(names, on_pitch)]
    errors = [one for one in facts.placed if one.reprojection_error_m is not None]
    if errors:
        worst = max(errors, key=lambda one: one.reprojection_error_m or 0.0)
        parts += [", to within ", of_camera(worst, "reprojection_error_m", "m", digits=2)]
    parts.append("." if on_pitch else ": nothing below is in metres.")
    for state, words in _LEFT_OUT.items():
        mine = [name for name in names if states[name] == {state}]
        if mine and (on_pitch or state != "uncalibrated"):
            parts.append(f" What {_named(mine)} filmed {words}.")
    return Sentence("Cameras", tuple(parts))


#: What is said of a camera of whose videos none is calibrated.
_LEFT_OUT: Final = {
    "uncalibrated": "tells of pixels alone",
    "refused": "was refused",
    None: "was not looked at yet",
}


def _which(names: Sequence[str], on_pitch: Sequence[str]) -> str:
    if len(names) == 1:
        return "It is placed on the pitch" if on_pitch else "It is not placed on the pitch"
    if not on_pitch:
        return "None is placed on the pitch"
    if len(on_pitch) == len(names):
        return f"{'Both' if len(names) == 2 else 'All'} are placed on the pitch"  # noqa: PLR2004
    return f"Only {_named(on_pitch)} {'is' if len(on_pitch) == 1 else 'are'} placed on the pitch"


def _people(facts: FootageFacts) -> Sentence | None:
    quality = facts.quality
    if quality is None or quality.people_seen is None:
        return None
    said = "{people} people are on the field in a look (median of {looks} looks)"
    slots: dict[str, str | Numeral] = {
        "people": of_quality(quality, "people_seen"), "looks": of_quality(quality, "looks"),
    }  # fmt: skip
    if quality.followed_share is not None:
        said += "; {followed} of those seen are followed for 10 s, or half of a short video"
        slots["followed"] = percent_of(quality, "followed_share")
    if quality.team_share is not None:
        said += ", and the side is told of {sides}"
        slots["sides"] = percent_of(quality, "team_share")
    shares = [one for one in (quality.followed_share, quality.team_share) if one is not None]
    if shares and min(shares) < _MOSTLY:
        said += ". Read shapes from this page, not numbers of single players."
    else:
        said += "."
    return say("People", said, **slots)


def _ball(facts: FootageFacts) -> Sentence | None:
    quality = facts.quality
    if quality is None or quality.ball_share is None:
        return None
    wording = (
        "The ball is seen in {share} of looks, short gaps bridged. Elsewhere its place is left "
        "open and not guessed."
        if quality.ball_share
        else "The ball is seen in {share} of looks: nothing here tells of it."
    )
    return say("Ball", wording, share=percent_of(quality, "ball_share"))


def _formations(facts: FootageFacts) -> Sentence | None:
    if not any(one.formation for one in facts.windows):
        return None
    parts: list[str | Numeral] = []
    for side in ("home", "away"):
        most = usual(facts.windows, side)
        name = facts.names.side(side)
        parts.append("; " if parts else "")
        if most is None:
            parts.append(f"{name}: too little was seen to say")
            continue
        formation, count, told = most
        rows = rows_of(FORMATION, "formation", team_side=side, phase="all")
        these = basis(f"windows of all play that say {formation}, counted", rows)
        any_of = basis("windows of all play that say a formation, counted", rows)
        parts += [
            f"{name} {formation} in ",
            computed(side, "usual_formation_windows", count, made_of=these),
            " of ",
            computed(side, "told_windows", told, made_of=any_of),
            f" window{'s' if told > 1 else ''}",
        ]
    first = str(parts[1])
    return Sentence("Formation", (first[0].upper() + first[1:], *parts[2:], "."))


def _joined(names: Sequence[str]) -> str:
    """`left`, `left and right`, `left, right and goal`."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _counted(count: int) -> str:
    return _COUNTS[count] if count < len(_COUNTS) else grouped(count)


def _named(cameras: Sequence[str]) -> str:
    return f"camera{'s' if len(cameras) > 1 else ''} {_joined(cameras)}"
