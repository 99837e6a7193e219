"""Numbers as the page shows them: rounded honestly, with unit, with the id that explains them.

A number's id is `<table>/<row>/<column>`, e.g.
`mart/athlete_session_external_load/<athlete_id>/total_distance_m`. What is computed on the page
from several rows is `report/session/<what>/<name>`, and says of which by its basis. Where the same
number stands on the page again, `#<place>` follows: ids are unique on a page, and what stands
before `#` leads to the source.
"""

import math
from dataclasses import dataclass, replace
from urllib.parse import quote

from resources.explain.basis import Basis

NARROW = "\u202f"  # narrow no-break space: between thousands, and between number and unit
EXTERNAL = "mart/athlete_session_external_load"
INTERNAL = "mart/athlete_session_internal_load"
EVENTS = "mart/athlete_session_events"
LAP = "mart/athlete_lap"
STREAM_QUALITY = "mart/stream_quality"
BASELINE = "mart/athlete_session_baseline"
TEAM_SHAPE = "mart/team_shape"
SESSION = "core/session"
SESSION_SOURCE = "core/session_source"
ATHLETE_SESSION = "core/athlete_session"
UNMATCHED = "core/unmatched_athlete"
POSITIONS = "raw/positions"
SIGNALS = "raw/signals"
EVENT_ROWS = "raw/events"
KINEMATICS = "tracking/kinematics"
FORMATION = "vision/formation"
DERIVED = "report/session"
#: Numbers that a page computes bear the page's own name.
_COMPUTED = "report/"

_GROUP = 3


@dataclass(frozen=True)
class Numeral:
    """A number to be shown.

    Attributes:
        number_id: leads to where it comes from.
        text: rounded, grouped, signed; an en dash where there is none.
        unit: shown after it, "" for none.
        value: the same to six digits, for machines; None where there is none.
        absent: why there is none.
        factor: from what the row holds to `value`; -1 where words tell the sign.
        basis: what a number is computed from that stands in no row itself.
    """

    number_id: str
    text: str
    unit: str = ""
    value: str | None = None
    absent: str | None = None
    factor: float = 1.0
    basis: Basis | None = None

    def __post_init__(self) -> None:
        """No number without a way back."""
        if (self.basis is None) == self.number_id.startswith(_COMPUTED):
            raise ValueError(
                f"{self.number_id}: a number of {_COMPUTED} needs a basis, any other has its row"
            )

    def at(self, place: str) -> "Numeral":
        """The same number once more, elsewhere on the page."""
        return replace(self, number_id=f"{self.number_id.split('#')[0]}#{place}")


def number_id(table: str, *parts: str) -> str:
    """Join table, row and column; what could break an id out of its place is escaped."""
    return "/".join([table, *(quote(part, safe=":.+-_") for part in parts)])


def numeral(
    identity: str,
    value: float | None,
    unit: str = "",
    *,
    digits: int = 0,
    factor: float = 1.0,
    signed: bool = False,
    absent: str = "not measured",
    made_of: Basis | None = None,
) -> Numeral:
    """Format a value.

    Args:
        identity: see `number_id`.
        value: in the unit of its column; None, NaN and infinities are shown as absent.
        unit: of the number as shown.
        digits: after the decimal point.
        factor: from the column's unit to the one shown.
        signed: show a plus sign.
        absent: why there is no number, if there is none.
        made_of: what the page computed it from, unless it stands in a row.
    """
    if value is None or not math.isfinite(value * factor):
        return Numeral(identity, "–", absent=absent, basis=made_of)
    text = grouped(value * factor, digits, signed=signed)
    return Numeral(identity, text, unit, f"{value * factor:.6g}", factor=factor, basis=made_of)


def derived(
    who: str,
    name: str,
    value: float | None,
    unit: str = "",
    *,
    made_of: Basis,
    digits: int = 0,
    factor: float = 1.0,
) -> Numeral:
    """A number that the page computes from several rows: of an athlete, a side, or `all`."""
    identity = number_id(DERIVED, who, name)
    return numeral(identity, value, unit, digits=digits, factor=factor, made_of=made_of)


def grouped(value: float, digits: int = 0, *, signed: bool = False) -> str:
    """Digits in groups of three, with a true minus sign and no minus zero."""
    rounded = round(value, digits) + 0.0
    text = f"{abs(rounded):.{digits}f}"
    whole, _, fraction = text.partition(".")
    head = len(whole) % _GROUP
    groups = [whole[:head]] if head else []
    groups += [whole[at : at + _GROUP] for at in range(head, len(whole), _GROUP)]
    sign = "−" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + NARROW.join(groups) + (f".{fraction}" if fraction else "")


def lap_time(identity: str, seconds: float, made_of: Basis | None = None) -> Numeral:
    """A lap time as people at a circuit write it: `1:35.425`, `58.210`, `31:55.902`."""
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    text = f"{minutes}:{rest / 1000:06.3f}" if minutes else f"{rest / 1000:.3f}"
    return Numeral(identity, text, "" if minutes else "s", f"{seconds:.6g}", basis=made_of)


def clock(seconds: float) -> str:
    """A duration in words of the clock: `2 h 19 min`, `43 min`, `50 s`."""
    if seconds < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{grouped(seconds)}{NARROW}s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}{NARROW}h {minutes:02d}{NARROW}min" if hours else f"{minutes}{NARROW}min"
