"""The way that was gone, and heart rate, power and height on it."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_course import Trace
from sports_assets.reports.laps import is_on_circuit
from sports_assets.reports.numerals import NARROW, grouped
from sports_assets.reports.route_map import bounds_in_words, draw_map, fifths, size_m
from sports_assets.reports.spread import known, median
from sports_assets.reports.svg import INK, Picture, new_figure, page_style, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ZONE_FROM: Final = (0.6, 0.7, 0.8, 0.9)
_POINTS: Final = 260
_LEAST_FIXES: Final = 10
#: A time axis that ends before is labelled in minutes and seconds.
_SHORT_MIN: Final = 5.0


def route(facts: SessionFacts) -> Picture | None:
    """The route, coloured by heart-rate zone; by speed where there is no heart rate.

    North is up, but for a circuit's own frame: a session in which no lap was timed ends up here.
    """
    trace = facts.trace
    if trace is None or len(known(trace.x_m)) < _LEAST_FIXES:
        return None
    reference = _reference_bpm(facts, trace)
    limits = (
        [share * reference for share in _ZONE_FROM] if reference else fifths(known(trace.speed_mps))
    )
    values = trace.heart_rate_bpm if reference else trace.speed_mps
    factor, unit = (1.0, "bpm") if reference else (3.6, "km/h")
    svg = draw_map(
        trace.x_m, trace.y_m, values,
        limits=limits,
        bounds=bounds_in_words(limits, factor, unit),
        name="route",
        alt=_route_alt(*size_m(trace.x_m, trace.y_m), by_heart_rate=bool(reference)),
        has_north=not is_on_circuit(facts.header),
    )  # fmt: skip
    what = "heart-rate zone" if reference else "speed, in fifths of the time"
    return Picture(
        "The way", svg, f"Coloured by {what}; the ring is the start. Breaks have no position."
    )


def course(facts: SessionFacts) -> Picture | None:
    """Heart rate, power and height over time; speed where there is neither."""
    trace = facts.trace
    if trace is None:
        return None
    panels = [
        (title, values, ink)
        for title, values, ink in (
            ("Heart rate, bpm", trace.heart_rate_bpm, "away"),
            ("Power, W", trace.power_w, "home"),
            ("Speed, km/h", tuple(v and v * 3.6 for v in trace.speed_mps), "home"),
            ("Height, m", trace.altitude_m, "muted"),
        )
        if len(known(values)) >= _LEAST_FIXES
    ]
    if any(title.startswith("Power") for title, _, _ in panels):
        panels = [panel for panel in panels if not panel[0].startswith("Speed")]
    if not panels:
        return None
    from matplotlib.ticker import MaxNLocator

    step = max(1, math.ceil(len(trace.t_s) / _POINTS))
    minutes = [value / 60 for value in _thinned(trace.t_s, step) if value is not None]
    reference = _reference_bpm(facts, trace)
    with page_style():
        figure = new_figure(40.0 + 88.0 * len(panels))
        rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        figure.subplots_adjust(
            left=0.1, right=0.98, hspace=0.46,
            top=1 - 18 / (40 + 88 * len(panels)), bottom=30 / (40 + 88 * len(panels)),
        )  # fmt: skip
        for axes, (title, values, ink) in zip(rows, panels, strict=True):
            axes.set_title(title, loc="left", fontsize=10.5, color=INK["muted"], pad=4)
            axes.grid(axis="y")
            line = [math.nan if v is None else v for v in _thinned(values, step)]
            axes.plot(minutes, line, color=INK[ink], linewidth=1.4)
            if title.startswith("Heart") and reference:
                _zone_bands(axes, reference, known(line))
            if title.startswith(("Power", "Speed")):
                axes.set_ylim(0, 1.05 * max(1.0, *known(line)))
            if title.startswith("Height"):
                lowest = min(known(line))
                axes.fill_between(minutes, lowest, line, color=INK[ink], alpha=0.18, linewidth=0)
            axes.margins(x=0.005)
            axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        is_short = minutes[-1] < _SHORT_MIN
        rows[-1].xaxis.set_major_locator(MaxNLocator(nbins=6, integer=not is_short))
        rows[-1].xaxis.set_major_formatter(
            lambda value, _: _minutes_seconds(value) if is_short else f"{value:.0f}′"
        )
        svg = to_svg(figure, "course", _course_alt(panels))
    caption = f"Means of {grouped(step * trace.bin_s)}{NARROW}s over minutes since the start."
    if reference:
        caption += f" Bands: zones of {grouped(reference)}{NARROW}bpm."
    return Picture("How it went", svg, caption)


def _reference_bpm(facts: SessionFacts, trace: Trace) -> float | None:
    mine = next((one for one in facts.athletes if one.athlete_id == trace.athlete_id), None)
    reference = mine.internal.max_heart_rate_reference_bpm if mine and mine.internal else None
    return reference if reference and known(trace.heart_rate_bpm) else None


def _minutes_seconds(minutes: float) -> str:
    whole, seconds = divmod(round(minutes * 60), 60)
    return f"{whole}:{seconds:02d}"


def _zone_bands(axes: "Axes", reference: float, values: Sequence[float]) -> None:
    low, high = min(values) - 5, max(values) + 5
    edges = [0.0, *(share * reference for share in _ZONE_FROM), 400.0]
    for zone, (bottom, top) in enumerate(pairwise(edges), start=1):
        if top > low and bottom < high:
            axes.axhspan(
                max(bottom, low), min(top, high), color=INK[f"zone-{zone}"], alpha=0.2, linewidth=0
            )
    axes.set_ylim(low, high)


def _thinned(values: Sequence[float | None], step: int) -> list[float | None]:
    """Means of so many bins; None where all of them are empty."""
    thinned: list[float | None] = []
    for at in range(0, len(values), step):
        there = known(values[at : at + step])
        thinned.append(sum(there) / len(there) if there else None)
    return thinned


def _route_alt(wide_m: float, tall_m: float, *, by_heart_rate: bool) -> str:
    how = "heart-rate zone" if by_heart_rate else "speed"
    return (
        f"Map of the route, {wide_m / 1000:.1f} kilometres from west to east and "
        f"{tall_m / 1000:.1f} from south to north, coloured by {how}."
    )


def _course_alt(panels: Sequence[tuple[str, Sequence[float | None], str]]) -> str:
    told = []
    for title, values, _ in panels:
        there = known(values)
        told.append(
            f"{title}: between {min(there):.0f} and {max(there):.0f}, median {median(there):.0f}"
        )
    return "Lines over time. " + "; ".join(told) + "."
