"""kloppy's vocabulary of football events in ours: kinds, and how they end."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kloppy.domain import Event

#: Our kind of each kind of kloppy; the rest is `other`.
KINDS = {
    "PASS": "pass", "SHOT": "shot", "TAKE_ON": "take_on", "CARRY": "carry",
    "CLEARANCE": "clearance", "INTERCEPTION": "interception", "DUEL": "duel",
    "SUBSTITUTION": "substitution", "CARD": "card", "RECOVERY": "recovery",
    "MISCONTROL": "miscontrol", "BALL_OUT": "ball_out", "FOUL_COMMITTED": "foul",
    "GOALKEEPER": "goalkeeper", "PRESSURE": "pressure", "FORMATION_CHANGE": "formation_change",
}  # fmt: skip
_OUTCOMES = {
    "PassResult": {"COMPLETE": "success", "INCOMPLETE": "failure", "OUT": "out",
                   "OFFSIDE": "offside"},
    "ShotResult": {"GOAL": "goal", "OFF_TARGET": "off_target", "POST": "woodwork",
                   "BLOCKED": "blocked", "SAVED": "saved", "OWN_GOAL": "own_goal"},
    "TakeOnResult": {"COMPLETE": "success", "INCOMPLETE": "failure", "OUT": "out"},
    "CarryResult": {"COMPLETE": "success", "INCOMPLETE": "failure"},
    "DuelResult": {"WON": "won", "LOST": "lost", "NEUTRAL": "neutral"},
    "InterceptionResult": {"SUCCESS": "success", "LOST": "failure", "OUT": "out"},
}  # fmt: skip
_CARDS = {"FIRST_YELLOW": "yellow_card", "SECOND_YELLOW": "second_yellow_card", "RED": "red_card"}


class Words(NamedTuple):
    """An event in words.

    Attributes:
        source: the source's own.
        kind: ours.
        outcome: how it ended, in ours; None where the source does not tell.
    """

    source: str
    kind: str
    outcome: str | None


def kind_of(event: "Event") -> str:
    """Our kind of an event."""
    return KINDS.get(event.event_type.name, "other")


def outcome_of(event: "Event") -> str | None:
    """How an event ended, in our words; None where the source does not tell."""
    result = getattr(event, "result", None)
    if result is not None:
        return _OUTCOMES.get(type(result).__name__, {}).get(result.name)
    card = getattr(event, "card_type", None)
    return _CARDS.get(card.name) if card is not None else None
