"""The football pitch under a picture, in the page's colours."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.svg import INK, WIDTH_PT, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LYING_PT: Final = 252.0
_NAMES_PT: Final = 20.0
#: Room around the outermost player, m.
_ROOM_M: Final = 9.0


class _Windowed(Protocol):
    @property
    def period_id(self) -> int: ...
    @property
    def window_start_s(self) -> float: ...
    @property
    def window_s(self) -> float: ...


_Window = TypeVar("_Window", bound=_Windowed)


def draw_pitch(facts: SessionFacts) -> "tuple[Figure, Axes, Any]":
    """An empty pitch lying down: the home side plays to the right."""
    from mplsoccer import Pitch

    figure = new_figure(_LYING_PT)
    axes = figure.add_axes((0.0, 0.0, 1.0, 0.93))
    pitch = Pitch(**_look(facts), pad_top=1.5, pad_bottom=1.5, pad_left=1.5, pad_right=1.5)
    pitch.draw(ax=axes)
    _name_sides(figure, facts, "{} →", "← {}", 1 - 11 / _LYING_PT)
    return figure, axes, pitch


def draw_upright_pitch(facts: SessionFacts, x_m: Sequence[float]) -> "tuple[Figure, Axes, Any]":
    """An empty pitch standing up, cut to where the `x_m` are: the home side plays upwards.

    Wider on a phone than a pitch lying down, so that players stand clear of each other.
    """
    from mplsoccer import VerticalPitch

    look = _look(facts)
    half = look["pitch_length"] / 2
    cut = max(0.0, half - max(abs(x) for x in x_m) - _ROOM_M)
    height = WIDTH_PT * 2 * (half - cut) / (look["pitch_width"] + 3.0) + _NAMES_PT
    figure = new_figure(height)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1 - _NAMES_PT / height))
    pitch = VerticalPitch(**look, pad_top=-cut, pad_bottom=-cut, pad_left=1.5, pad_right=1.5)
    pitch.draw(ax=axes)
    _name_sides(figure, facts, "↑ {}", "↓ {}", 1 - 11 / height)
    return figure, axes, pitch


def _look(facts: SessionFacts) -> dict[str, Any]:
    return {
        "pitch_type": "skillcorner",  # metres, origin in the centre
        "pitch_length": facts.header.field_length_m or 105.0,
        "pitch_width": facts.header.field_width_m or 68.0,
        "pitch_color": INK["grass"],
        "line_color": INK["pitch-line"],
        "linewidth": 1.0,
        "goal_type": "box",
        "corner_arcs": True,
    }


def _name_sides(figure: "Figure", facts: SessionFacts, home: str, away: str, height: float) -> None:
    for side, place, align, wording in (("home", 0.0, "left", home), ("away", 1.0, "right", away)):
        name = wording.format(shortened(facts.side_name(side)))
        figure.text(
            place, height, name, color=INK[side], ha=align, va="center", fontsize=11.5,
            fontweight="bold",
        )  # fmt: skip


def shortened(name: str, most: int = 24) -> str:
    """A name that fits over half a pitch."""
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def period_offsets(windows: Iterable[_Window]) -> dict[int, float]:
    """Where each period begins on a common axis, min: after the last window of the one before."""
    ends: dict[int, float] = {}
    for window in windows:
        end = (window.window_start_s + window.window_s) / 60
        ends[window.period_id] = max(ends.get(window.period_id, 0.0), end)
    offsets, at = {}, 0.0
    for period in sorted(ends):
        offsets[period] = at
        at += ends[period] + 4.0
    return offsets


def minute_axis(axes: "Axes", offsets: dict[int, float]) -> None:
    """Ticks that read as a match clock: 0, 15, 30, 45 and again from 45."""
    places, labels = [], []
    for period, offset in offsets.items():
        # The end of a period would stand in the way of the next one's beginning.
        is_last = period == max(offsets)
        for minute in (0, 15, 30, 45) if is_last else (0, 15, 30):
            places.append(offset + minute)
            labels.append(f"{45 * (period - 1) + minute}′")
    axes.set_xticks(places, labels)
