"""A way on a map: coloured stretches, one scale for both directions, a bar of a round length."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sports_assets.reports.numerals import NARROW, grouped
from sports_assets.reports.svg import INK, WIDTH_PT, new_figure, page_style, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TALLEST_PT: Final = 320.0
_LOWEST_PT: Final = 110.0
_LEGEND_PT: Final = 24.0
_SCALE_PT: Final = 30.0


def draw_map(
    x_m: Sequence[float | None],
    y_m: Sequence[float | None],
    values: Sequence[float | None],
    *,
    limits: Sequence[float],
    bounds: Sequence[str],
    name: str,
    alt: str,
    has_north: bool,
) -> str:
    """Draw a way as an `<svg>` element, a ring at its start.

    Args:
        x_m, y_m, values: of equal length; None is a hole, of a value: the colour before it.
        limits: four values between the five colours.
        bounds: five words for the colours.
        name: of the picture, for the ids within it.
        alt: what the picture shows, in words.
        has_north: whether up is north.
    """
    x = [value for value in x_m if value is not None]
    y = [value for value in y_m if value is not None]
    wide, tall = size_m(x_m, y_m)
    map_pt = min(_TALLEST_PT, max(_LOWEST_PT, 0.92 * WIDTH_PT * tall / wide))
    height = map_pt + _LEGEND_PT + _SCALE_PT
    with page_style():
        figure = new_figure(height)
        axes = figure.add_axes((0.04, _SCALE_PT / height, 0.92, map_pt / height))
        metres_per_pt = max(wide / (0.92 * WIDTH_PT), tall / map_pt) * 1.08
        _frame(axes, x, y, (0.92 * WIDTH_PT * metres_per_pt, map_pt * metres_per_pt))
        for zone, xs, ys in _stretches(x_m, y_m, values, limits):
            axes.plot(xs, ys, color=INK[f"zone-{zone}"], linewidth=3.0, solid_capstyle="round")
        axes.plot(
            x[0], y[0], "o", markersize=9, color=INK["paper"],
            markeredgecolor=INK["ink"], markeredgewidth=2, zorder=5,
        )  # fmt: skip
        _scale(figure, metres_per_pt, height, has_north=has_north)
        _legend(figure, bounds)
        return to_svg(figure, name, alt)


def size_m(x_m: Sequence[float | None], y_m: Sequence[float | None]) -> tuple[float, float]:
    """How far a way reaches to both sides, m; at least one metre."""
    reach = []
    for axis in (x_m, y_m):
        there = [value for value in axis if value is not None]
        reach.append(max(max(there) - min(there), 1.0))
    return reach[0], reach[1]


def bounds_in_words(limits: Sequence[float], factor: float, unit: str) -> list[str]:
    """The five colours in words: `< 100`, `100+`, …, the last with its unit."""
    shown = [limit * factor for limit in limits]
    names = [f"< {shown[0]:.0f}", *(f"{bound:.0f}+" for bound in shown[:-1])]
    return [*names, f"{shown[-1]:.0f}+ {unit}"]


def fifths(values: Sequence[float]) -> list[float]:
    """Limits between five parts of equal count."""
    ordered = sorted(values) or [0.0]
    return [ordered[int(len(ordered) * part / 5)] for part in range(1, 5)]


def _zone(value: float, limits: Sequence[float]) -> int:
    return 1 + sum(value >= limit for limit in limits)


def _stretches(
    x_m: Sequence[float | None],
    y_m: Sequence[float | None],
    values: Sequence[float | None],
    limits: Sequence[float],
) -> list[tuple[int, list[float], list[float]]]:
    """Runs of one colour, each reaching to the first point of the next; none across a hole."""
    runs: list[tuple[int, list[float], list[float]]] = []
    zone, before = 1, False
    for x, y, value in zip(x_m, y_m, values, strict=True):
        if x is None or y is None:
            before = False
            continue
        zone = zone if value is None else _zone(value, limits)
        if before:
            runs[-1][1].append(x)
            runs[-1][2].append(y)
        if not before or runs[-1][0] != zone:
            runs.append((zone, [x], [y]))
        before = True
    return [run for run in runs if len(run[1]) > 1]


def _frame(
    axes: "Axes", x: Sequence[float], y: Sequence[float], size_m: tuple[float, float]
) -> None:
    """Limits of the map: the route in the middle, one scale for both directions."""
    centre = (max(x) + min(x)) / 2, (max(y) + min(y)) / 2
    axes.set_xlim(centre[0] - size_m[0] / 2, centre[0] + size_m[0] / 2)
    axes.set_ylim(centre[1] - size_m[1] / 2, centre[1] + size_m[1] / 2)
    axes.axis("off")


def _scale(figure: "Figure", metres_per_pt: float, height: float, *, has_north: bool) -> None:
    """A bar of a round length at the foot, and where north is; drawn over the whole picture."""
    longest = 0.3 * WIDTH_PT * metres_per_pt
    decade = 10 ** math.floor(math.log10(longest))
    length = max(step * decade for step in (1, 2, 5) if step * decade <= longest)
    page = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    page.set_xlim(0, WIDTH_PT)
    page.set_ylim(0, height)
    page.axis("off")
    left, foot = 0.04 * WIDTH_PT, 8.0
    page.plot([left, left + length / metres_per_pt], [foot, foot], color=INK["ink"], linewidth=2)
    km = length / 1000
    text = f"{grouped(km)}{NARROW}km" if km >= 1 else f"{grouped(length)}{NARROW}m"
    page.text(left + length / metres_per_pt + 6, foot, text, fontsize=10.5, va="center")
    if not has_north:
        return
    right = 0.96 * WIDTH_PT - 4
    page.annotate(
        "", (right, foot + 20), (right, foot - 5),
        arrowprops={"arrowstyle": "-|>", "color": INK["ink"], "linewidth": 1.2},
    )  # fmt: skip
    page.text(right - 9, foot + 8, "N", fontsize=10.5, ha="right", va="center")


def _legend(figure: "Figure", names: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=INK[f"zone-{zone}"], linewidth=4) for zone in range(1, 6)]
    figure.legend(
        handles, names, loc="upper left", bbox_to_anchor=(0.03, 1.0), ncols=5, frameon=False,
        fontsize=10.5, handlelength=1.0, columnspacing=0.9, handletextpad=0.4, borderaxespad=0.1,
    )  # fmt: skip
