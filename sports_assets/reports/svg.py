"""Matplotlib figures as SVG that takes its colours and type from the page.

Colours are drawn as placeholders and become the page's CSS variables, so that one picture serves
the light and the dark page. Text stays text. Equal figures give equal bytes.
"""

import io
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        title: what it is about.
        svg: an `<svg>` element, alt text included.
        caption: how to read it.
    """

    title: str
    svg: str
    caption: str


#: Placeholder of each CSS variable. Any colour would do that no drawing uses otherwise.
INK: Final = {
    name: f"#0a{number:02x}fe"
    for number, name in enumerate(
        (
            "ink", "muted", "line", "paper", "grass", "pitch-line", "home", "away", "on-side",
            "zone-1", "zone-2", "zone-3", "zone-4", "zone-5",
        ),
        start=1,
    )
}  # fmt: skip
#: Width of a picture, points; a phone shows one point as about one pixel.
WIDTH_PT: Final = 360.0
_POINTS_PER_INCH: Final = 72.0


def page_style() -> AbstractContextManager[None]:
    """Within it, whatever is drawn looks like the page."""
    from matplotlib import rc_context

    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "touchline",
        "font.size": 11,
        "text.parse_math": False,  # a team may have a $ in its name
        "text.color": INK["ink"],
        "axes.edgecolor": INK["line"],
        "axes.labelcolor": INK["muted"],
        "axes.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "xtick.color": INK["line"],
        "ytick.color": INK["line"],
        "xtick.labelcolor": INK["muted"],
        "ytick.labelcolor": INK["muted"],
        "xtick.labelsize": 10.5,
        "ytick.labelsize": 10.5,
        "ytick.major.size": 0,
        "grid.color": INK["line"],
        "grid.linewidth": 0.6,
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
    }
    return rc_context(style)


def new_figure(height_pt: float) -> "Figure":
    """A figure as wide as a phone, without any global state of pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_PT / _POINTS_PER_INCH, height_pt / _POINTS_PER_INCH))
    FigureCanvasAgg(figure)
    return figure


def to_svg(figure: "Figure", name: str, alt: str) -> str:
    """Write a figure as an `<svg>` element.

    Args:
        figure: drawn under `page_style()`, with colours of `INK`.
        name: makes the ids within it differ from those of other pictures on the page.
        alt: what the picture shows, in words.
    """
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawn = buffer.getvalue()
    drawn = drawn[drawn.index("<svg") :].strip()
    drawn = re.sub(r"<metadata>.*?</metadata>\s*", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"<!--.*?-->\s*", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r'<g id="[^"]*"', "<g", drawn)
    drawn = drawn.replace("xlink:href", "href")
    drawn = re.sub(r"font-family:[^;\"]*;?", "", drawn)
    drawn = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", drawn)
    for variable, placeholder in INK.items():
        drawn = drawn.replace(placeholder, f"var(--{variable})")
    size = re.search(r'viewBox="[^"]*"', drawn)
    assert size is not None
    body = drawn[drawn.index(">") + 1 :]
    return (
        f'<svg {size.group()} role="img" aria-labelledby="{name}-alt">'
        f'<title id="{name}-alt">{escape(alt)}</title>{body}'
    )
