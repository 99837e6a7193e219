"""A session on a circuit: the best lap on the map, all lap times, and where time was made."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_course import Lap, LapTrace
from sports_assets.reports.laps import is_on_circuit, laps_of_best, quick
from sports_assets.reports.numerals import NARROW, lap_time
from sports_assets.reports.route_map import bounds_in_words, draw_map, fifths, size_m
from sports_assets.reports.spread import known
from sports_assets.reports.svg import INK, Picture, new_figure, page_style, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST_FIXES: Final = 10
_PANEL_PT: Final = 120.0
_EDGES_PT: Final = 46.0
_KMH: Final = 3.6


def circuit(facts: SessionFacts) -> Picture | None:
    """The best lap that has places, coloured by speed."""
    trace = next((one for one in facts.lap_traces if len(known(one.x_m)) >= _LEAST_FIXES), None)
    if trace is None:
        return None
    # Places and speed are measured at instants of their own: the way leads from place to place.
    placed = [
        (x, y, speed)
        for x, y, speed in zip(trace.x_m, trace.y_m, trace.speed_mps, strict=True)
        if x is not None and y is not None
    ]
    x, y, speeds = (list(values) for values in zip(*placed, strict=True))
    limits = fifths(speeds)
    wide, tall = size_m(x, y)
    svg = draw_map(
        x, y, speeds,
        limits=limits,
        bounds=bounds_in_words(limits, _KMH, "km/h"),
        name="circuit",
        alt=f"Map of lap {trace.lap_number}, {wide / 1000:.1f} by {tall / 1000:.1f} kilometres, "
        "coloured by speed.",
        has_north=False,
    )  # fmt: skip
    return Picture(
        f"Lap {trace.lap_number}, {_time(trace.duration_s)}",
        svg,
        "Coloured by speed, in fifths of the samples; the ring is where the lap begins. The "
        "source’s own frame: up need not be north.",
    )


def lap_times(facts: SessionFacts) -> Picture | None:
    """Each timed lap; below, speed along the two best laps that have telemetry."""
    laps = laps_of_best(facts)
    if not laps or not is_on_circuit(facts.header):
        return None
    has_traces = len(facts.lap_traces) > 0
    panels = 1 + has_traces
    height = _EDGES_PT + panels * _PANEL_PT + (panels - 1) * _EDGES_PT
    with page_style():
        figure = new_figure(height)
        rows = figure.subplots(panels, 1, squeeze=False)[:, 0]
        figure.subplots_adjust(
            left=0.14, right=0.98, hspace=_EDGES_PT / _PANEL_PT,
            top=1 - 18 / height, bottom=32 / height,
        )  # fmt: skip
        _draw_times(rows[0], laps)
        if has_traces:
            _draw_speeds(rows[1], facts.lap_traces)
        svg = to_svg(figure, "lap-times", _alt(laps, facts.lap_traces))
    slow = len(laps) - len(quick(laps))
    caption = f"Top: whole laps within 107{NARROW}% of the best; the ring is the best."
    if slow:
        caption += f" {slow} other lap{'s' * (slow != 1)} left out of the picture."
    if has_traces:
        caption += " Below: speed along the lap, by the car’s own reckoning."
    return Picture("Lap times", svg, caption)


def _draw_times(axes: "Axes", laps: Sequence[Lap]) -> None:
    from matplotlib.ticker import MaxNLocator

    fast = quick(laps)
    best = min(fast, key=lambda lap: (lap.duration_s, lap.lap_number))
    axes.set_title("Lap time, by lap", loc="left", fontsize=10.5, color=INK["muted"], pad=4)
    axes.grid(axis="y")
    for before, after in pairwise(fast):
        if after.lap_number == before.lap_number + 1:
            axes.plot(
                [before.lap_number, after.lap_number], [before.duration_s, after.duration_s],
                color=INK["line"], linewidth=1.2, zorder=1,
            )  # fmt: skip
    axes.plot(
        [lap.lap_number for lap in fast], [lap.duration_s for lap in fast], "o",
        color=INK["home"], markersize=5, zorder=2,
    )  # fmt: skip
    axes.plot(
        best.lap_number, best.duration_s, "o", markersize=10, color="none",
        markeredgecolor=INK["ink"], markeredgewidth=1.6, zorder=3,
    )  # fmt: skip
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(lambda value, _: _time(value)[:-2])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    axes.margins(x=0.04, y=0.12)


def _draw_speeds(axes: "Axes", traces: Sequence[LapTrace]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title("Speed, km/h", loc="left", fontsize=10.5, color=INK["muted"], pad=4)
    axes.grid(axis="y")
    # The best on top of the second.
    for trace, ink, width in reversed(
        list(zip(traces, ("home", "away"), (1.6, 1.1), strict=False))
    ):
        axes.plot(
            [way / 1000 for way in trace.distance_m], [v * _KMH for v in trace.speed_mps],
            color=INK[ink], linewidth=width,
            label=f"lap {trace.lap_number}, {_time(trace.duration_s)}",
        )  # fmt: skip
    handles, names = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1], names[::-1], loc="lower right", bbox_to_anchor=(1.0, 0.96), ncols=2,
        frameon=False, fontsize=10.5, handlelength=1.2, columnspacing=1.0, borderaxespad=0.1,
    )  # fmt: skip
    axes.set_ylim(0, None)
    axes.margins(x=0.005)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}{NARROW}km")


def _alt(laps: Sequence[Lap], traces: Sequence[LapTrace]) -> str:
    fast = quick(laps)
    times = [lap.duration_s for lap in fast]
    told = (
        f"Lap times of {len(fast)} quick laps, between {_time(min(times))} and {_time(max(times))}."
    )
    for trace in traces:
        low, high = min(trace.speed_mps) * _KMH, max(trace.speed_mps) * _KMH
        told += f" Speed on lap {trace.lap_number}: between {low:.0f} and {high:.0f} km/h."
    return told


def _time(seconds: float) -> str:
    shown = lap_time("", seconds)
    return f"{shown.text}{NARROW}{shown.unit}" if shown.unit else shown.text
