"""Wyscout's vocabulary in ours: kinds of event and how they end."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edge_ingest.readers.event_words import KINDS, Words, outcome_of

if TYPE_CHECKING:
    from kloppy.domain import Event

#: Names of version 2's sub-events, for files that carry only numbers.
SUB_EVENTS = {
    10: "Air duel", 11: "Ground attacking duel", 12: "Ground defending duel",
    13: "Ground loose ball duel", 20: "Foul", 21: "Hand foul", 22: "Late card foul",
    23: "Out of game foul", 24: "Protest", 25: "Simulation", 26: "Time lost foul",
    27: "Violent foul", 30: "Corner", 31: "Free kick", 32: "Free kick cross",
    33: "Free kick shot", 34: "Goal kick", 35: "Penalty", 36: "Throw in",
    40: "Goalkeeper leaving line", 50: "Ball out of the field", 51: "Whistle",
    70: "Acceleration", 71: "Clearance", 72: "Touch", 80: "Cross", 81: "Hand pass",
    82: "Head pass", 83: "High pass", 84: "Launch", 85: "Simple pass", 86: "Smart pass",
    90: "Reflexes", 91: "Save attempt", 100: "Shot",
}  # fmt: skip
EVENTS = {
    1: "Duel", 2: "Foul", 3: "Free kick", 4: "Goalkeeper leaving line", 5: "Interruption",
    6: "Offside", 7: "Others on the ball", 8: "Pass", 9: "Save attempt", 10: "Shot",
}  # fmt: skip

_OWN_GOAL = 102
_WON, _NEUTRAL, _LOST = 703, 702, 701

#: What the source says outweighs what kloppy makes of it.
_BY_SOURCE = {
    "Touch": "other", "Acceleration": "carry", "Goalkeeper leaving line": "goalkeeper",
    "Whistle": "other", "touch": "other", "acceleration": "carry",
    "goalkeeper_exit": "goalkeeper", "shot_against": "goalkeeper",
}  # fmt: skip
#: Kinds that kloppy finds in tags, whatever the event is called.
_DERIVED = frozenset(("INTERCEPTION", "MISCONTROL", "CARD", "TAKE_ON", "CARRY", "FORMATION_CHANGE"))
_DUELS = {_WON: "won", _NEUTRAL: "neutral", _LOST: "lost"}


def words_of(event: "Event") -> Words:
    """A kloppy event in words; Wyscout's own is version 2's sub-event or 3's primary type."""
    raw = event.raw_event or {}
    kloppy_kind = event.event_type.name
    source = _source_word(raw, kloppy_kind)
    if kloppy_kind == "GENERIC":
        kind = _kind_of_generic(raw, source)
    else:
        of_source = None if kloppy_kind in _DERIVED else _BY_SOURCE.get(source)
        kind = of_source or KINDS.get(kloppy_kind, "other")
    tags = [tag["id"] for tag in raw.get("tags", ())]
    if _OWN_GOAL in tags:
        return Words(source, kind, "own_goal")
    if kloppy_kind == "GENERIC":
        won = (word for tag, word in _DUELS.items() if tag in tags) if kind == "duel" else ()
        return Words(source, kind, next(iter(won), None))
    return Words(source, kind, outcome_of(event))


def _source_word(raw: Mapping[str, Any], kloppy_kind: str) -> str:
    if "type" in raw:
        return str(raw["type"]["primary"])
    if isinstance(name := raw.get("subEventName"), str) and name:
        return name
    # Some exports of version 2 write the numbers where others have the names.
    for key, words in (("subEventName", SUB_EVENTS), ("eventName", EVENTS)):
        if name := raw.get(key):
            return name if isinstance(name, str) else words.get(name, str(name))
    return kloppy_kind.lower()


def _kind_of_generic(raw: Mapping[str, Any], source: str) -> str:
    if source in _BY_SOURCE:
        return _BY_SOURCE[source]
    if source.endswith("duel"):
        return "duel"
    is_out = "ball_out" in raw.get("type", {}).get("secondary", ())
    return "ball_out" if is_out else "other"
