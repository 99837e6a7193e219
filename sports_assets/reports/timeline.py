"""The stopwatch: how long each stage took on the way from manifest to page."""

from collections.abc import Sequence
from dataclasses import dataclass

from resources.explain.basis import basis
from sports_assets.reports.colophon import StageTime
from sports_assets.reports.numerals import DERIVED, Numeral, number_id, numeral

_CLOCKED = "measured by the run that wrote the page; no part of what the page says"


@dataclass(frozen=True)
class Bar:
    """One stage; `left` and `width` are shares of the whole, 0 to 1."""

    stage: str
    started: str
    seconds: Numeral
    left: float
    width: float


@dataclass(frozen=True)
class Timeline:
    """All stages in order of their start, and the time from the first start to the last end."""

    total: Numeral
    bars: tuple[Bar, ...]


def make_timeline(stages: Sequence[StageTime]) -> Timeline:
    """Lay stages out on one axis; stages may overlap or leave time between them."""
    ordered = sorted(stages, key=lambda stage: (stage.started_at_utc, stage.stage))
    starts = [stage.started_at_utc.timestamp() for stage in ordered]
    first = min(starts, default=0.0)
    last = max((s + t.seconds for s, t in zip(starts, ordered, strict=True)), default=0.0)
    whole = max(last - first, 1e-9)
    bars = tuple(
        Bar(
            stage.stage,
            f"{stage.started_at_utc:%H:%M:%S}",
            numeral(
                number_id(DERIVED, "stopwatch", stage.stage),
                stage.seconds,
                "s",
                digits=1,
                made_of=basis(_CLOCKED),
            ),
            (start - first) / whole,
            stage.seconds / whole,
        )
        for start, stage in zip(starts, ordered, strict=True)
    )
    total = numeral(
        number_id(DERIVED, "stopwatch", "total"),
        last - first if ordered else None,
        "s",
        digits=1,
        absent="no stage was timed",
        made_of=basis("from the first stage’s start to the last one’s end"),
    )
    return Timeline(total, bars)
