"""Formations over the match: time runs down, so that a phone shows every name and every minute.

Drawn as an SVG of our own: a bar a window, as thick as the formation is sure.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from sports_assets.reports.pitch import shortened
from sports_assets.reports.svg import Picture
from sports_assets.vision.page.facts import FootageFacts, FormationWindow, SessionNames

#: Phases in the order of columns, and their headings.
PHASES: Final = {"all": "all play", "in_possession": "with ball", "out_of_possession": "without"}
_SIDES: Final = ("home", "away")
_WIDE: Final = 360.0
_CLOCK: Final = 36.0
_BETWEEN: Final = 12.0
_HEAD: Final = 46.0
#: Height of a window; a name of 10 px stands in it with room.
_WINDOW: Final = 17.0
#: Of a break in the footage.
_BREAK: Final = 14.0
#: Thickness of a bar that is not sure at all, and of one that is.
_THIN, _THICK = 1.5, 9.0
#: Windows that lie further apart have a break between them.
_JOINED: Final = timedelta(seconds=60)


def formation_strip(facts: FootageFacts) -> Picture | None:
    """Both sides in every phase; None where no window names a formation."""
    windows = facts.windows
    if not any(one.formation for one in windows):
        return None
    rows = _rows(windows)
    heights, at = {}, _HEAD
    for number, (begin, _) in enumerate(rows):
        if number and begin - rows[number - 1][1] > _JOINED:
            at += _BREAK
        heights[begin] = at
        at += _WINDOW
    phases = [phase for phase in PHASES if any(one.phase == phase for one in windows)]
    wide = (_WIDE - _CLOCK - _BETWEEN) / 2
    parts = [_clock(rows, heights, facts.names.timezone)]
    for number, side in enumerate(_SIDES):
        left = _CLOCK + number * (wide + _BETWEEN)
        parts.append(_side_head(facts.names, side, left))
        for column, phase in enumerate(phases):
            lane = left + column * wide / len(phases)
            mine = [one for one in windows if (one.team_side, one.phase) == (side, phase)]
            parts.append(_lane(mine, heights, lane, side, PHASES[phase]))
    alt = escape(_alt(facts))
    svg = (
        f'<svg viewBox="0 0 {_WIDE:g} {at + 4:g}" role="img" aria-labelledby="formation-strip-alt" '
        f'class="strip"><title id="formation-strip-alt">{alt}</title>{"".join(parts)}</svg>'
    )
    return Picture("Formations", svg, _caption(windows))


def usual(windows: Sequence[FormationWindow], side: str) -> tuple[str, int, int] | None:
    """The formation of most of a side's windows, in how many, and how many say one at all."""
    told = [
        one.formation
        for one in windows
        if one.team_side == side and one.phase == "all" and one.formation
    ]
    if not told:
        return None
    most = min(set(told), key=lambda name: (-told.count(name), name))
    return most, told.count(most), len(told)


def _rows(windows: Sequence[FormationWindow]) -> list[tuple[datetime, datetime]]:
    ends: dict[datetime, datetime] = {}
    for one in windows:
        ends[one.window_start_utc] = max(
            ends.get(one.window_start_utc, one.window_end_utc), one.window_end_utc
        )
    return sorted(ends.items())


def _clock(
    rows: Sequence[tuple[datetime, datetime]], heights: dict[datetime, float], timezone: str
) -> str:
    """Clock times, at the first window, after each break, and at every third one between."""
    zone, drawn, since = ZoneInfo(timezone), [], 0
    for number, (begin, _) in enumerate(rows):
        is_first = number == 0 or begin - rows[number - 1][1] > _JOINED
        since = 0 if is_first else since + 1
        if since % 3 == 0:
            drawn.append(
                f'<text x="0" y="{heights[begin] + 12:g}" class="t">'
                f"{begin.astimezone(zone):%H:%M}</text>"
            )
    return "".join(drawn)


def _side_head(names: SessionNames, side: str, left: float) -> str:
    mark = "●" if side == "home" else "■"
    name = escape(shortened(names.side(side), 18))
    return f'<text x="{left:g}" y="14" class="n" fill="var(--{side})">{mark} {name}</text>'


def _lane(
    windows: Sequence[FormationWindow],
    heights: dict[datetime, float],
    left: float,
    side: str,
    heading: str,
) -> str:
    """One side in one phase: its name where it begins, dots where nothing can be said."""
    drawn = [f'<text x="{left:g}" y="34" class="t">{heading}</text>']
    before: FormationWindow | None = None
    for one in windows:
        y = heights[one.window_start_utc]
        middle = left + _THICK / 2
        is_joined = (
            before is not None
            and before.formation == one.formation
            and one.window_start_utc - before.window_end_utc <= _JOINED
        )
        if one.formation is None:
            drawn.append(f'<circle cx="{middle:g}" cy="{y + _WINDOW / 2:g}" r="1.3" class="u"/>')
        else:
            thick = _THIN + (_THICK - _THIN) * (one.confidence or 0.0)
            top = y if is_joined else y + 1.5
            drawn.append(
                f'<rect x="{middle - thick / 2:.1f}" y="{top:g}" width="{thick:.1f}" '
                f'height="{y + _WINDOW - top:g}" fill="var(--{side})"/>'
            )
            if not is_joined:
                name = escape(one.formation)
                x = left + _THICK + 3
                drawn.append(f'<text x="{x:g}" y="{y + 12:g}" class="f">{name}</text>')
        before = one
    return "".join(drawn)


def _caption(windows: Sequence[FormationWindow]) -> str:
    minutes = {
        round((one.window_end_utc - one.window_start_utc).total_seconds() / 60) for one in windows
    }
    each = f"{max(minutes)} min" if max(minutes) else "less than a minute"
    dots = (
        " A dot: too few of the side were seen for long enough to say."
        if any(one.formation is None for one in windows)
        else ""
    )
    return (
        f"Time runs down, a bar for {each}. The thicker the bar, the surer the formation; a thin "
        f"one may as well be another.{dots}"
    )


def _alt(facts: FootageFacts) -> str:
    told = []
    for side in _SIDES:
        most = usual(facts.windows, side)
        if most:
            told.append(f"{facts.names.side(side)} {most[0]} in {most[1]} of {most[2]} windows")
        else:
            told.append(f"{facts.names.side(side)} in no window that says anything")
    return "Formations over time: " + "; ".join(told) + ". The table below has every window."
