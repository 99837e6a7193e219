"""Where the sides stood, and how long and wide their blocks were."""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Final

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_team import MeanPlace, ShapeWindow
from sports_assets.reports.pitch import draw_upright_pitch, minute_axis, period_offsets
from sports_assets.reports.spread import known, median
from sports_assets.reports.svg import INK, Picture, new_figure, page_style, to_svg

_SIDES: Final = ("home", "away")
_MARKER: Final = {"home": "o", "away": "s"}
_MARKER_PT2: Final = {"home": 300, "away": 250}
#: Width of a mark on the pitch as drawn, m, and how often crowded marks are pushed apart.
_MARK_M: Final = 3.8
_PUSHES: Final = 60
_NUDGE_M: Final = 0.05
_PLAYERS: Final = 11
_CORNERS: Final = 3


def mean_places(facts: SessionFacts) -> Picture | None:
    """The eleven of each side who were seen longest, at their mean place while in view."""
    chosen = {
        side: [each for each in facts.mean_places if each.team_side == side][:_PLAYERS]
        for side in _SIDES
    }
    if not any(chosen.values()):
        return None
    with page_style():
        shown = [each for places in chosen.values() for each in places]
        figure, axes, pitch = draw_upright_pitch(facts, [each.x_m for each in shown])
        for side, places in chosen.items():
            if _spans_an_area(places):
                x, y = [each.x_m for each in places], [each.y_m for each in places]
                # The shade is of the true places; only the marks make room for each other.
                hull = pitch.convexhull(x, y)
                pitch.polygon(hull, ax=axes, color=INK[side], alpha=0.12, linewidth=0, zorder=2)
        for place, (mark_x, mark_y) in zip(shown, _apart(shown), strict=True):
            side = place.team_side
            pitch.scatter(
                mark_x, mark_y, ax=axes, marker=_MARKER[side], s=_MARKER_PT2[side],
                color=INK[side], edgecolors=INK["paper"], linewidth=1.2, zorder=3,
            )  # fmt: skip
            pitch.text(
                mark_x, mark_y, _number(place), ax=axes, color=INK["on-side"],
                fontsize=10, fontweight="bold", ha="center", va="center_baseline", zorder=4,
            )  # fmt: skip
        svg = to_svg(figure, "mean-places", _places_alt(facts, chosen))
    return Picture(
        "Where they stood",
        svg,
        "Mean place while in view of the eleven seen longest on each side, both halves turned so "
        "that the home side plays upwards. Numbers are shirt numbers; the shade spans a side. "
        "Marks that would cover each other stand side by side.",
    )


def shape_over_time(facts: SessionFacts) -> Picture | None:
    """Length and width of both sides in windows of five minutes."""
    windows = [each for side in _SIDES for each in facts.solid_shape(side)]
    if len(windows) < _CORNERS:
        return None
    offsets = period_offsets(windows)
    with page_style():
        figure = new_figure(250.0)
        panels = figure.subplots(2, 1, sharex=True)
        figure.subplots_adjust(left=0.095, right=0.98, top=0.85, bottom=0.1, hspace=0.42)
        for axes, column, title in zip(
            panels, ("length_m", "width_m"), ("Length, m", "Width, m"), strict=True
        ):
            axes.grid(axis="y")
            axes.set_title(title, loc="left", fontsize=10.5, color=INK["muted"], pad=5)
            for side in _SIDES:
                for period, offset in offsets.items():
                    line = [
                        each
                        for each in windows
                        if each.team_side == side and each.period_id == period
                    ]
                    axes.plot(
                        [offset + (w.window_start_s + w.window_s / 2) / 60 for w in line],
                        [getattr(each, column) for each in line],
                        _MARKER[side] + "-",
                        color=INK[side],
                        markersize=4,
                        linewidth=1.8,
                    )
            axes.yaxis.set_major_locator(_few_ticks())
        minute_axis(panels[-1], offsets)
        for side, place, align in (("home", 0.02, "left"), ("away", 0.98, "right")):
            mark = "●" if side == "home" else "■"
            figure.text(
                place, 0.955, f"{mark} {facts.side_name(side)}", color=INK[side], ha=align,
                fontsize=11.5, fontweight="bold",
            )  # fmt: skip
        svg = to_svg(figure, "shape-over-time", _shape_alt(facts, windows))
    return Picture(
        "How the blocks held",
        svg,
        "Mean length and width of each side by five minutes of play, goalkeepers left out, over "
        "moments with seven or more of its players in view. Who is out of view is not counted: "
        "true blocks are larger.",
    )


def _spans_an_area(places: Sequence[MeanPlace]) -> bool:
    """Whether there is something to shade: three places at least, and not all in a line."""
    import numpy as np

    points = np.array([(place.x_m, place.y_m) for place in places])
    return len(points) >= _CORNERS and int(np.linalg.matrix_rank(points - points[0], tol=0.1)) > 1


def _apart(places: Sequence[MeanPlace]) -> list[tuple[float, float]]:
    """Where to draw the marks, m: their places, pushed apart until no mark covers another."""
    # Each a little off its spot, in a direction of its own: marks in a line can part sideways.
    at = [
        (place.x_m + _NUDGE_M * math.cos(2.4 * n), place.y_m + _NUDGE_M * math.sin(2.4 * n))
        for n, place in enumerate(places)
    ]
    for _ in range(_PUSHES):
        for one, other in combinations(range(len(at)), 2):
            dx, dy = at[other][0] - at[one][0], at[other][1] - at[one][1]
            apart = math.hypot(dx, dy)
            if 0 < apart < _MARK_M:
                push = (_MARK_M / apart - 1) / 2
                at[one] = at[one][0] - push * dx, at[one][1] - push * dy
                at[other] = at[other][0] + push * dx, at[other][1] + push * dy
    return at


def _few_ticks() -> object:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4, integer=True)


def _number(place: MeanPlace) -> str:
    return "" if place.shirt_number is None else str(place.shirt_number)


def _places_alt(facts: SessionFacts, chosen: dict[str, list[MeanPlace]]) -> str:
    told = []
    for side, places in chosen.items():
        centre = median(each.x_m for each in places)
        if centre is not None:
            half = "away" if centre > 0 else "home"
            told.append(
                f"{facts.side_name(side)}: {len(places)} players, middle of the side "
                f"{abs(centre):.0f} metres into the half of the {half} side"
            )
    return "Pitch with the mean place of the players of both sides. " + "; ".join(told) + "."


def _shape_alt(facts: SessionFacts, windows: list[ShapeWindow]) -> str:
    told = []
    for side in _SIDES:
        lengths = known(each.length_m for each in windows if each.team_side == side)
        if lengths:
            told.append(
                f"{facts.side_name(side)} between {min(lengths):.0f} and {max(lengths):.0f} metres"
            )
    return "Lines of the length and width of both sides over the match. Length: " + (
        "; ".join(told) + "."
    )
