"""The field from above: who went where in the clip's moment, and where each side was seen."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from sports_assets.reports.pitch import shortened
from sports_assets.reports.svg import INK, WIDTH_PT, Picture, new_figure, page_style, to_svg
from sports_assets.vision.page.facts import CameraFacts, FootageFacts
from sports_assets.vision.page.places import Path2d, SideDensity, simplified
from sports_assets.vision.pitch import FieldSize

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

_MARKER: Final = {"home": "o", "away": "s"}
#: Room around the field, where officials and throwers-in stand, m.
_MARGIN_M: Final = 3.0
_NAMES_PT: Final = 20.0
#: Places so far apart are asked whether any camera sees them, m.
_ASKED_M: Final = 2.5
#: Levels of shade, as shares of the fullest cell, and how much each one adds.
_LEVELS: Final = (0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
_SHADE: Final = 0.16
#: Width over which shades are smoothed, cells: looks are many, and edges of cells tell nothing.
_SMOOTH: Final = 0.8
#: A way may stray so far from where it was seen: half the width of its line, m.
_STRAY_M: Final = 0.25
#: No camera behind a place sees it; as far out of the picture as matters, px.
_BEHIND_PX: Final = -1000.0
#: A side's place in the moment is drawn with its number where that is a shirt's.
_MARK_PT2: Final = {"home": 150, "away": 125}
_SMALL_PT2: Final = 42
#: Of the youngest teams that change ends on a whole pitch.
_SHORTEST_HALF: Final = timedelta(minutes=20)


def moment_from_above(facts: FootageFacts) -> Picture | None:
    """Ways of everyone during the clip's moment; None where no place in metres is known."""
    field = facts.field_size
    if field is None or not facts.moment_paths:
        return None
    with page_style():
        figure, axes, pitch = _lying(field, WIDTH_PT)
        _shade_unseen(axes, facts.placed, field)
        for path in facts.moment_paths:
            _draw(pitch, axes, path)
        for side, place, align in (("home", 0.0, "left"), ("away", 1.0, "right")):
            mark = "●" if side == "home" else "■"
            figure.text(
                place, 1 - 0.5 * _NAMES_PT / (figure.get_figheight() * 72),
                f"{mark} {shortened(facts.names.side(side))}", color=INK[side], ha=align,
                va="center", fontsize=11.5, fontweight="bold",
            )  # fmt: skip
        svg = _written(figure, "moment-from-above", _moment_alt(facts))
    return Picture("The same moment from above", svg, _moment_caption(facts, field))


def sides_from_above(facts: FootageFacts) -> Picture | None:
    """Where each side was seen over all of the footage; None where no side is told in metres."""
    field = facts.field_size
    if field is None or not facts.densities:
        return None
    from mplsoccer import VerticalPitch

    with page_style():
        wide = (WIDTH_PT - 14.0) / 2
        high = wide * (field.length_m + 2 * _MARGIN_M) / (field.width_m + 2 * _MARGIN_M)
        figure = new_figure(high + _NAMES_PT)
        for number, told in enumerate(facts.densities):
            left = number * (wide + 14.0) / WIDTH_PT
            share = high / (high + _NAMES_PT)
            axes = figure.add_axes((left, 0.0, wide / WIDTH_PT, share))
            pitch = VerticalPitch(**_look(field))
            pitch.draw(ax=axes)
            _shade_unseen(axes, facts.placed, field, is_upright=True)
            _shade_cells(axes, told, field)
            mark = "●" if told.team_side == "home" else "■"
            figure.text(
                left, 1 - 0.5 * _NAMES_PT / (high + _NAMES_PT),
                f"{mark} {shortened(facts.names.side(told.team_side), 20)}",
                color=INK[told.team_side], va="center", fontsize=11.5, fontweight="bold",
            )  # fmt: skip
        svg = _written(figure, "sides-from-above", _sides_alt(facts, field))
    return Picture(
        "Where each side was seen", svg,
        "Outfield players over all of the footage, smoothed: the stronger the colour, the more "
        "looks saw one of the side there."
        + _ends(facts)
        + _greyed(facts, field),
    )  # fmt: skip


def picture_margin(cameras: Sequence[Camera], field: FieldSize) -> tuple[Floats, Floats, Floats]:
    """How far within the picture of some camera places of the field are.

    Returns:
        Places along the field (n, m), across it (m, m), and pixels to the nearest edge of the
        picture that shows them best, below 0 outside of all: m × n.
    """
    x, y = (
        np.linspace(-size / 2, size / 2, max(2, round(size / _ASKED_M) + 1))
        for size in (field.length_m, field.width_m)
    )
    places = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    best = np.full(len(places), _BEHIND_PX)
    for camera in cameras:
        pixels = camera.project(places)
        far = np.array([camera.width_px - 1, camera.height_px - 1])
        margin = np.minimum(pixels, far - pixels).min(1)
        best = np.fmax(best, np.maximum(margin, _BEHIND_PX))
    return x, y, best.reshape(y.size, x.size)


def _lying(field: FieldSize, wide: float) -> tuple[Any, "Axes", Any]:
    from mplsoccer import Pitch

    high = wide * (field.width_m + 2 * _MARGIN_M) / (field.length_m + 2 * _MARGIN_M)
    figure = new_figure(high + _NAMES_PT)
    axes = figure.add_axes((0.0, 0.0, 1.0, high / (high + _NAMES_PT)))
    pitch = Pitch(**_look(field))
    pitch.draw(ax=axes)
    return figure, axes, pitch


def _look(field: FieldSize) -> dict[str, Any]:
    return {
        "pitch_type": "skillcorner",  # metres, origin in the centre
        "pitch_length": field.length_m,
        "pitch_width": field.width_m,
        "pitch_color": INK["grass"],
        "line_color": INK["pitch-line"],
        "linewidth": 1.0,
        "goal_type": "box",
        "corner_arcs": True,
        **{f"pad_{side}": _MARGIN_M for side in ("top", "bottom", "left", "right")},
    }


def _draw(pitch: Any, axes: "Axes", path: Path2d) -> None:  # noqa: ANN401 - mplsoccer has no types
    side = path.team_side
    if path.object_kind == "other":
        return
    is_ball = path.object_kind == "ball"
    colour = INK["zone-4"] if is_ball else INK[side] if side else INK["muted"]
    for part in (simplified(one, _STRAY_M) for one in path.parts):
        pitch.plot(
            part[:, 0], part[:, 1], ax=axes, color=colour, linewidth=2.2 if is_ball else 1.3,
            alpha=0.9 if is_ball else 0.55, zorder=5 if is_ball else 3, solid_capstyle="round",
        )  # fmt: skip
    x, y = path.last
    has_number = bool(path.label) and side is not None
    marker = "o" if is_ball else _MARKER[side] if side else "D"
    size = _MARK_PT2[side] if has_number and side else _SMALL_PT2
    is_keeper = path.role == "goalkeeper"
    pitch.scatter(
        x, y, ax=axes, marker=marker, s=size * (0.6 if is_ball or not side else 1.0),
        color=colour, edgecolors=INK["ink"] if is_keeper or is_ball else INK["paper"],
        linewidth=1.3 if is_keeper or is_ball else 0.9, zorder=7 if is_ball else 6,
    )  # fmt: skip
    if has_number:
        pitch.text(
            x, y, path.label, ax=axes, color=INK["on-side"], fontsize=8, fontweight="bold",
            ha="center", va="center_baseline", zorder=8,
        )  # fmt: skip


def _shade_unseen(
    axes: "Axes", cameras: Sequence[CameraFacts], field: FieldSize, *, is_upright: bool = False
) -> None:
    """Grey what no camera has in its picture."""
    x, y, margin = picture_margin(_stands(cameras), field)
    if margin.min() >= 0:
        return
    # Standing up, the field's y runs from left to right.
    told = (y, x, margin.T) if is_upright else (x, y, margin)
    axes.contourf(*told, levels=[_BEHIND_PX - 1, 0], colors=[INK["line"]], zorder=0.9)


def _shade_cells(axes: "Axes", told: SideDensity, field: FieldSize) -> None:
    from scipy.ndimage import gaussian_filter

    # With a cell of nothing around them, shades close before the edge.
    share = gaussian_filter(np.pad(told.share, 1), _SMOOTH)
    x, y = (
        (np.arange(count) - 0.5) * size / (count - 2) - size / 2
        for count, size in zip(share.shape, (field.length_m, field.width_m), strict=True)
    )
    for level in _LEVELS:
        axes.contourf(
            y, x, share, levels=[level * share.max(), 2 * share.max()],
            colors=[INK[told.team_side]], alpha=_SHADE, zorder=0.95,
        )  # fmt: skip


def _stands(cameras: Sequence[CameraFacts]) -> list[Camera]:
    return [one for one in (each.stands for each in cameras) if one is not None]


def _ends(facts: FootageFacts) -> str:
    """That nobody's ends are turned, of footage in which a half-time may lie."""
    begins = min(one.started_at_utc for one in facts.cameras)
    ends = max(one.started_at_utc + timedelta(seconds=one.duration_s) for one in facts.cameras)
    if ends - begins < _SHORTEST_HALF:
        return ""
    return " Ends are not turned: whoever changes them at half-time shows in both halves."


def _greyed(facts: FootageFacts, field: FieldSize) -> str:
    unseen = picture_margin(_stands(facts.placed), field)[2].min() < 0
    return " The grey ground is in no camera’s picture." if unseen else ""


def _written(figure: "Figure", name: str, alt: str) -> str:
    """As `to_svg`, lines to a tenth of a point: nobody sees more, and it is half as long."""
    drawn = re.sub(r"(\.\d\d)\d+", r"\1", to_svg(figure, name, alt))
    drawn = re.sub(r'd="[^"]*"', lambda line: re.sub(r"(\.\d)\d+", r"\1", line[0]), drawn)
    return re.sub(r"\s*\n\s*", " ", drawn)


def _moment_caption(facts: FootageFacts, field: FieldSize) -> str:
    moment, plan = facts.moment, facts.plan
    assert moment is not None
    assert plan is not None
    length = f"{moment.end_s - moment.start_s:.0f} s"
    told = [f"Each way over the {length} of the clip; the mark is its end, ringed for a keeper."]
    if any(one.label for one in facts.moment_paths):
        told.append("Numbers are shirt numbers.")
    if any(one.team_side is None and one.object_kind != "ball" for one in facts.moment_paths):
        told.append("Grey diamonds: no side is told, or an official.")
    if any(one.object_kind == "ball" for one in facts.moment_paths):
        told.append("Yellow: the ball, where it was seen.")
    if plan.colours.are_shirts:
        told.append("Colours are those of all our pages, and not of the shirts.")
    return " ".join(told) + _greyed(facts, field)


def _moment_alt(facts: FootageFacts) -> str:
    kinds = [(one.object_kind, one.team_side) for one in facts.moment_paths]
    told = [
        f"{sum(kind == ('athlete', side) for kind in kinds)} of {facts.names.side(side)}"
        for side in ("home", "away")
    ]
    nobody = sum(kind == ("athlete", None) for kind in kinds)
    return (
        f"Field from above with the ways of {told[0]}, {told[1]}"
        f"{f' and {nobody} whose side is not told' if nobody else ''}"
        f"{', and of the ball' if any(kind[0] == 'ball' for kind in kinds) else ''}."
    )


def _sides_alt(facts: FootageFacts, field: FieldSize) -> str:
    told = []
    for one in facts.densities:
        x = (np.arange(one.share.shape[0]) + 0.5) / one.share.shape[0] - 0.5
        middle = float((one.share.sum(1) * x).sum()) * field.length_m
        end = "right" if middle > 0 else "left"
        told.append(
            f"{facts.names.side(one.team_side)}: middle {abs(middle):.0f} metres into the {end} end"
        )
    return "Shaded fields of where each side was seen. " + "; ".join(told) + "."
