"""The page on a session's footage: a clip, the field from above, formations, what was not seen.

Bound as the session's page is: content apart from colophon, one HTML file that loads nothing from
elsewhere and runs no script. The clip is within the file, so that a page that is mailed or archived
is whole; it is bounded for that (see `browser_video`). The content is hashed by what the clip shows
and not by its bytes: another version of the encoder makes no new revision.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sports_assets.reports import colophon as reports_colophon
from sports_assets.reports.numerals import NARROW
from sports_assets.reports.svg import Picture
from sports_assets.reports.timeline import make_timeline
from sports_assets.vision.page.annotate import AnnotatedClip
from sports_assets.vision.page.facts import FootageFacts
from sports_assets.vision.page.formation_strip import formation_strip
from sports_assets.vision.page.gaps import exactness, unseen
from sports_assets.vision.page.pen import BALL, PITCH
from sports_assets.vision.page.sentences import headlines, moment_sentence
from sports_assets.vision.page.side_colours import NO_SIDE, hex_of
from sports_assets.vision.page.tables import camera_rows, formation_rows
from sports_assets.vision.page.top_view import moment_from_above, sides_from_above

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent
_NO_PITCH: Final = (
    "There is no view from above: no camera is placed on the pitch. Give four or more points of "
    "which you know the place, pixel and metres, as a calibration file beside the video."
)


@dataclass(frozen=True)
class FootageContent:
    """What a page says, without how it came to be.

    Attributes:
        title: of the page.
        before_clip, after_clip: HTML on both sides of the video.
        clip_sha256: checksum of what the clip shows; "" without one.
        clip_alt: what the clip shows, in words.
    """

    title: str
    before_clip: str
    after_clip: str
    clip_sha256: str
    clip_alt: str

    @property
    def sha256(self) -> str:
        """Checksum: the same for the same facts, whatever run, machine or time made the page."""
        told = (self.title, self.before_clip, self.after_clip, self.clip_sha256, self.clip_alt)
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


@dataclass(frozen=True)
class LegendEntry:
    """What a sign of the clip means; `colour` as a style sheet has it."""

    sign: str
    colour: str
    meaning: str


def make_content(facts: FootageFacts) -> FootageContent:
    """Write sentences, draw pictures, fill tables. Equal facts give equal bytes."""
    views: list[Picture] = [
        one for one in (moment_from_above(facts), sides_from_above(facts)) if one is not None
    ]
    html = (
        _environment()
        .get_template("footage_content.html.j2")
        .render(
            facts=facts,
            title=facts.names.title,
            phrases=_when(facts),
            warning=facts.quality.reason if facts.quality and not facts.quality.is_good else None,
            headlines=headlines(facts),
            clip=moment_sentence(facts),
            legend=_legend(facts),
            views=views,
            no_views=None if facts.placed or not facts.moment else _NO_PITCH,
            formations=formation_strip(facts),
            formation_rows=formation_rows(facts),
            unseen=unseen(facts),
            exactness=exactness(facts),
            cameras=camera_rows(facts),
        )
    )
    before, _, after = html.partition(_CLIP_HERE)
    plan = facts.plan
    return FootageContent(
        facts.names.title, before, after, plan.sha256 if plan else "", _alt(facts)
    )


def bind_page(
    content: FootageContent, colophon: reports_colophon.Colophon, clip: AnnotatedClip | None
) -> str:
    """Put content, clip and colophon into one HTML file.

    Args:
        clip: `annotate.annotate` of the facts' plan; None where its video cannot be read any more.
    """
    return (
        _environment()
        .get_template("footage_page.html.j2")
        .render(
            content=content,
            colophon=colophon,
            timeline=make_timeline(colophon.stopwatch) if colophon.stopwatch else None,
            provenance=colophon.provenance,
            clip=clip.video if clip else None,
            mp4=_base64(clip.video.mp4) if clip else "",
            poster=_base64(clip.poster) if clip else "",
        )
    )


#: Where in the content the video stands.
_CLIP_HERE: Final = "<!-- clip -->"


def _when(facts: FootageFacts) -> tuple[str, ...]:
    """Day, time and place in the club's clock."""
    if not facts.cameras:
        return ()
    zone = ZoneInfo(facts.names.timezone)
    first = min(one.started_at_utc for one in facts.cameras).astimezone(zone)
    return (f"{first:%A} {first.day} {first:%B %Y}", f"{first:%H:%M} ({facts.names.timezone})")


def _legend(facts: FootageFacts) -> tuple[LegendEntry, ...]:
    plan = facts.plan
    if plan is None:
        return ()
    sides = {one.team_side for one in plan.trails if one.object_kind == "athlete"}
    kinds = {one.object_kind for one in plan.trails}
    has_keeper = any(one.role == "goalkeeper" for one in plan.trails)
    told = [
        LegendEntry(sign, hex_of(plan.colours.of(side)), facts.names.side(side))
        for side, sign in (("home", "round"), ("away", "square"))
        if side in sides
    ]
    if told and plan.colours.are_shirts:
        told.append(LegendEntry("word", "", "colours: of the shirts, as the camera sees them"))
    if None in sides:
        told.append(LegendEntry("round", hex_of(NO_SIDE), "side not told"))
    if has_keeper:
        told.append(LegendEntry("word", "", "GK: goalkeeper, two rings"))
    if "official" in kinds:
        told.append(LegendEntry("word", "", "REF: official"))
    if "other" in kinds:
        told.append(LegendEntry("dot", "#ffffff", "not playing"))
    if "ball" in kinds:
        told.append(LegendEntry("ball", hex_of(BALL), "ball, and its way over one second"))
    if plan.camera is not None:
        told.append(LegendEntry("line", hex_of(PITCH), "where the pitch is believed to be"))
    numbers = {bool(plan.labels.get(one.track_id)) for one in plan.trails
               if one.object_kind == "athlete" and one.role != "goalkeeper"}  # fmt: skip
    if True in numbers:
        told.append(LegendEntry("word", "", "number on colour: shirt"))
    if False in numbers:
        told.append(LegendEntry("word", "", "number on black: a track’s running number"))
    return tuple(told)


def _alt(facts: FootageFacts) -> str:
    moment = facts.moment
    if moment is None:
        return ""
    zone = ZoneInfo(facts.names.timezone)
    return (
        f"Video without sound, {moment.end_s - moment.start_s:.0f}{NARROW}s from "
        f"{moment.started_at_utc.astimezone(zone):%H:%M:%S}, camera {moment.camera}: players, "
        "officials and ball are marked; what it shows is told below it"
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # The style of the session page is the style of ours: its sheet is included, then added to.
    return Environment(
        loader=FileSystemLoader([_TEMPLATES, _TEMPLATES.parents[1] / "reports"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
