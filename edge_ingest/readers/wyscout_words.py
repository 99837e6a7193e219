"""Wyscout's vocabulary in ours: kinds of event and how they end."""

from typing import TYPE_CHECKING

from edge_ingest.readers.event_words import kind_of, outcome_of

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
_DERIVED = ("INTERCEPTION", "MISCONTROL", "CARD", "TAKE_ON", "CARRY", "FORMATION_CHANGE")


def source_event_type(event: "Event") -> str:
    """Wyscout's own word: the sub-event of version 2, the primary type of version 3."""
    raw = event.raw_event or {}
    if "type" in raw:
        return str(raw["type"]["primary"])
    # Some exports of version 2 write the numbers where others have the names.
    for key, words in (("subEventName", SUB_EVENTS), ("eventName", EVENTS)):
        if name := raw.get(key):
            return name if isinstance(name, str) else words.get(name, str(name))
    return str(event.event_type.name).lower()


def event_type(event: "Event") -> str:
    """Our kind of a kloppy event."""
    kind = event.event_type.name
    word = source_event_type(event)
    raw = event.raw_event or {}
    if kind not in _DERIVED and word in _BY_SOURCE:
        return _BY_SOURCE[word]
    if kind == "GENERIC" and (word.endswith("duel") or word == "duel"):
        return "duel"
    if kind == "GENERIC" and "ball_out" in raw.get("type", {}).get("secondary", ()):
        return "ball_out"
    return kind_of(event)


def outcome(event: "Event") -> str | None:
    """How a kloppy event ended, in our words; None where the source does not tell."""
    tags = {tag["id"] for tag in (event.raw_event or {}).get("tags", ())}
    if _OWN_GOAL in tags:
        return "own_goal"
    if event.event_type.name == "GENERIC" and event_type(event) == "duel":
        by_tag = {_WON: "won", _NEUTRAL: "neutral", _LOST: "lost"}
        return next((word for tag, word in by_tag.items() if tag in tags), None)
    return outcome_of(event)
