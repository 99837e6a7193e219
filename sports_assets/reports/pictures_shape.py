"""Where the sides stood, and how long and wide their blocks were."""

from typing import Final

from sports_assets.reports.facts import MeanPlace, SessionFacts, ShapeWindow
from sports_assets.reports.pictures import Picture
from sports_assets.reports.pitch import draw_upright_pitch, minute_axis, period_offsets
from sports_assets.reports.spread import known, median
from sports_assets.reports.svg import INK, new_figure, page_style, to_svg

_SIDES: Final = ("home", "away")
_MARKER: Final = {"home": "o", "away": "s"}
_MARKER_PT2: Final = {"home": 300, "away": 250}
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
            if len(places) >= _CORNERS:
                x, y = [each.x_m for each in places], [each.y_m for each in places]
                hull = pitch.convexhull(x, y)
                pitch.polygon(hull, ax=axes, color=INK[side], alpha=0.12, linewidth=0, zorder=2)
            for place in places:
                pitch.scatter(
                    place.x_m, place.y_m, ax=axes, marker=_MARKER[side], s=_MARKER_PT2[side],
                    color=INK[side], edgecolors=INK["paper"], linewidth=1.2, zorder=3,
                )  # fmt: skip
                pitch.text(
                    place.x_m, place.y_m, _number(place), ax=axes, color=INK["on-side"],
                    fontsize=9, fontweight="bold", ha="center", va="center_baseline", zorder=4,
                )  # fmt: skip
        svg = to_svg(figure, "mean-places", _places_alt(facts, chosen))
    return Picture(
        "Where they stood",
        svg,
        "Mean place while in view of the eleven seen longest on each side, both halves turned so "
        "that the home side plays upwards. Numbers are shirt numbers; the shade spans a side.",
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
        figure.subplots_adjust(left=0.085, right=0.98, top=0.88, bottom=0.1, hspace=0.42)
        for axes, column, title in zip(
            panels, ("length_m", "width_m"), ("Length, m", "Width, m"), strict=True
        ):
            axes.grid(axis="y")
            axes.set_title(title, loc="left", fontsize=9.5, color=INK["muted"], pad=5)
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
                fontsize=10.5, fontweight="bold",
            )  # fmt: skip
        svg = to_svg(figure, "shape-over-time", _shape_alt(facts, windows))
    return Picture(
        "How the blocks held",
        svg,
        "Mean length and width of each side by five minutes of play, over moments with seven or "
        "more of its players in view. Who is out of view is not counted: true blocks are larger.",
    )


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
