"""Where the shots came from and which passes led into the box; who had the ball when."""

from typing import Final

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_team import EventMark, PassWindow
from sports_assets.reports.pitch import draw_pitch, minute_axis, period_offsets
from sports_assets.reports.svg import INK, Picture, new_figure, page_style, to_svg

_SIDES: Final = ("home", "away")
_MARKER: Final = {"home": "o", "away": "s"}
_ON_TARGET: Final = frozenset({"goal", "saved"})


def shots(facts: SessionFacts) -> Picture | None:
    """Shots by outcome, and completed passes into the box, of both sides on one pitch."""
    if not facts.event_marks:
        return None
    with page_style():
        figure, axes, pitch = draw_pitch(facts)
        for mark in facts.event_marks:
            if mark.event_type == "pass" and None not in (mark.end_x_m, mark.end_y_m):
                pitch.lines(
                    mark.x_m, mark.y_m, mark.end_x_m, mark.end_y_m,
                    ax=axes, color=INK[mark.team_side], lw=1.0, alpha=0.45, zorder=2,
                )  # fmt: skip
        for mark in sorted(_shots(facts), key=lambda each: each.outcome == "goal"):
            is_goal = mark.outcome == "goal"
            filled = mark.outcome in _ON_TARGET
            axes.plot(
                mark.x_m,
                mark.y_m,
                _MARKER[mark.team_side],
                markersize=12 if is_goal else 7,
                color=INK[mark.team_side] if filled else INK["paper"],
                markeredgecolor=INK["ink"] if is_goal else INK[mark.team_side],
                markeredgewidth=2.0 if is_goal else 1.4,
                zorder=4 if is_goal else 3,
            )
        svg = to_svg(figure, "shots", _shots_alt(facts))
    return Picture(
        "How they came to shoot",
        svg,
        "Large and ringed: goal. Filled: on target. Hollow: off target or blocked. Lines: "
        "completed passes into the box. Both halves turned: the home side plays to the right.",
    )


def passes_over_time(facts: SessionFacts) -> Picture | None:
    """Completed passes in windows of five minutes, home above and away below, and goals."""
    windows = facts.pass_windows
    if not windows:
        return None
    offsets = period_offsets(windows)
    with page_style():
        figure = new_figure(200.0)
        axes = figure.add_axes((0.095, 0.13, 0.89, 0.73))
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.axhline(0, color=INK["muted"], linewidth=0.8)
        largest = max(each.completed_pass_count for each in windows) or 1
        for window in windows:
            sign = 1 if window.team_side == "home" else -1
            middle = _middle(window, offsets)
            axes.bar(
                middle,
                sign * window.completed_pass_count,
                width=0.78 * window.window_s / 60,
                color=INK[window.team_side],
            )
            for goal in range(window.goal_count):
                axes.plot(
                    middle,
                    sign * (window.completed_pass_count + largest * (0.13 + 0.2 * goal)),
                    _MARKER[window.team_side],
                    color=INK[window.team_side],
                    markeredgecolor=INK["ink"],
                    markeredgewidth=1.6,
                    markersize=8,
                )
        axes.set_ylim(-1.35 * largest, 1.35 * largest)
        axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
        axes.locator_params(axis="y", nbins=5, integer=True)
        minute_axis(axes, offsets)
        for side, place, align in (("home", 0.02, "left"), ("away", 0.98, "right")):
            way = "↑" if side == "home" else "↓"
            figure.text(
                place, 0.93, f"{way} {facts.side_name(side)}", color=INK[side], ha=align,
                fontsize=11.5, fontweight="bold",
            )  # fmt: skip
        svg = to_svg(figure, "passes-over-time", _passes_alt(facts))
    return Picture(
        "Who had the ball",
        svg,
        "Completed passes by five minutes of play. A ringed mark is a goal.",
    )


def _shots(facts: SessionFacts) -> list[EventMark]:
    return [mark for mark in facts.event_marks if mark.event_type == "shot"]


def _middle(window: PassWindow, offsets: dict[int, float]) -> float:
    return offsets[window.period_id] + (window.window_start_s + window.window_s / 2) / 60


def _shots_alt(facts: SessionFacts) -> str:
    told = []
    for side in _SIDES:
        mine = [mark for mark in _shots(facts) if mark.team_side == side]
        goals = sum(mark.outcome == "goal" for mark in mine)
        passes = sum(
            mark.event_type == "pass" and mark.team_side == side for mark in facts.event_marks
        )
        told.append(
            f"{facts.side_name(side)}: {len(mine)} shots, {goals} of them goals, and {passes} "
            "completed passes into the box"
        )
    return "Pitch with shots and passes into the box. " + "; ".join(told) + "."


def _passes_alt(facts: SessionFacts) -> str:
    told = [
        f"{facts.side_name(side)} "
        f"{sum(w.completed_pass_count for w in facts.pass_windows if w.team_side == side)}"
        for side in _SIDES
    ]
    return "Bars of completed passes over the match. In all: " + "; ".join(told) + "."
