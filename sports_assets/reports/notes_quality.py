"""How good the data is, in words below the tables: what is missing, what was flagged."""

from typing import Final

from resources.explain.basis import Rows, basis, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.numerals import (
    EVENT_ROWS,
    KINEMATICS,
    POSITIONS,
    SIGNALS,
    STREAM_QUALITY,
    Numeral,
    derived,
    number_id,
    numeral,
)
from sports_assets.reports.wording import Sentence, say

#: A share that is shown as 0.0 % is no news.
_LEAST_SHARE: Final = 0.0005
#: Rules of mart/stream_quality in words, after a share.
RULES: Final = {
    "estimated": "filled in by the source",
    "unidentified": "of nobody known",
    "out_of_field": "off the field",
    "implausible_speed": "faster than can be",
    "implausible_acceleration": "with an impossible change of speed",
    "frozen": "frozen",
    "poor_fix": "with a poor fix",
    "identity_swap": "under another’s name",
    "out_of_range": "beyond what can be",
    "recovered": "read from a damaged file",
    "artefact": "artefacts",
    "idle": "while play stood still",
    "misplaced_clock": "at a time that is not sure",
}
#: What became of them, in the order in which it is told.
EFFECTS: Final = {
    "left_out": "left out",
    "not_shown": "in no shape or picture",
    "shape_only": "for shape only",
    "informative": "counted as they are",
}
#: What a page is made from; mart/stream_quality tells of every channel.
QUANTITIES: Final = {
    "athlete": "Places",
    "ball": "Places of the ball",
    "event": "Events",
    "heart_rate": "Heart rate",
    "power": "Power",
    "speed": "Speed",
    "altitude": "Altitude",
}


def quality_notes(facts: SessionFacts) -> tuple[Sentence, ...]:
    """One sentence a kind of data, with what is missing and what was refused."""
    quality, has_field = facts.quality, facts.header.field_length_m is not None
    told = []
    if whole := quality.position_count:
        told.append(
            say(
                "Positions",
                "{count} of athletes, from {source}. "
                + ("{unidentified} belong to nobody known: shape only. " if has_field else "")
                + "{refused} were refused as implausible; in all, {speedless} have no speed.",
                count=_counted("position", whole),
                source=_sources(facts, "tracking", "wearable"),
                unidentified=_share(
                    "unidentified_position",
                    quality.unidentified_position_count,
                    "position",
                    whole,
                ),
                refused=_share(
                    "implausible_position", quality.implausible_position_count, "position", whole
                ),
                speedless=_share(
                    "speedless_position", quality.speedless_position_count, "position", whole
                ),
            )
        )
    if whole := quality.signal_count:
        told.append(
            say(
                "Signals",
                "{count} samples, from {source}; {missing} hold no value.",
                count=_counted("signal", whole),
                source=_sources(facts, "wearable", "tracking"),
                missing=_share("missing_signal", quality.missing_signal_count, "signal", whole),
            )
        )
    if (whole := quality.event_count) and has_field:
        told.append(
            say(
                "Events",
                "{count}, from {source}; {placeless} have no place.",
                count=_counted("event", whole),
                source=_sources(facts, "events"),
                placeless=_share("placeless_event", quality.placeless_event_count, "event", whole),
            )
        )
    return tuple(told)


def flag_notes(facts: SessionFacts) -> tuple[Sentence, ...]:
    """One sentence for each quantity of a stream of which the filters flagged a visible share."""
    told = []
    quantities = dict.fromkeys(
        (one.stream_id, one.quantity) for one in facts.flagged if one.quantity in QUANTITIES
    )
    names = {stream.stream_id: stream for stream in facts.sources}
    for stream_id, quantity in quantities:
        slots: dict[str, str | Numeral] = {}
        clauses = []
        for effect, words in EFFECTS.items():
            parts = []
            for one in facts.flagged:
                if (one.stream_id, one.quantity, one.effect) != (stream_id, quantity, effect):
                    continue
                # Of athletes whom nobody knows, `quality_notes` tells.
                if one.flagged_share >= _LEAST_SHARE and one.rule != "unidentified":
                    identity = number_id(
                        STREAM_QUALITY, stream_id, quantity, one.rule, "flagged_share"
                    )
                    slots[one.rule] = numeral(
                        identity, one.flagged_share, "%", digits=1, factor=100.0
                    )
                    parts.append(f"{{{one.rule}}} {RULES[one.rule]}")
            if parts:
                clauses.append(f"{', '.join(parts)} ({words})")
        if clauses:
            device = names[stream_id].device_id if stream_id in names else None
            topic = f"{QUANTITIES[quantity]}, {device}" if device else QUANTITIES[quantity]
            told.append(say(topic, "; ".join(clauses) + ".", **slots))
    return tuple(told)


_ATHLETES: Final = {"object_kind": "athlete"}
#: What is counted, of which rows: by the name of the count, as `facts_sql.QUALITY` counts it.
_COUNTS: Final[dict[str, tuple[str, Rows]]] = {
    "position": ("rows", rows_of(POSITIONS, "x_m", **_ATHLETES)),
    "unidentified_position": (
        "rows with the quality bit unidentified", rows_of(POSITIONS, "quality", **_ATHLETES),
    ),
    "implausible_position": (
        "rows that have a place, and a quality bit of an implausible speed or acceleration",
        rows_of(KINEMATICS, "x_m", "quality", **_ATHLETES),
    ),
    "speedless_position": (
        "rows that have a place and no speed",
        rows_of(KINEMATICS, "x_m", "speed_mps", **_ATHLETES),
    ),
    "signal": ("rows", rows_of(SIGNALS, "value")),
    "missing_signal": ("rows without a value", rows_of(SIGNALS, "value")),
    "event": ("rows", rows_of(EVENT_ROWS, "event_type")),
    "placeless_event": ("rows without a place", rows_of(EVENT_ROWS, "x_m")),
}  # fmt: skip


def _counted(name: str, count: int) -> Numeral:
    what, rows = _COUNTS[name]
    return derived("quality", f"{name}_count", count, made_of=basis(f"{what}, counted", rows))


def _share(name: str, part: int | None, of: str, whole: int) -> Numeral:
    percent = None if part is None else 100 * part / whole
    what, rows = _COUNTS[name]
    all_rows = _COUNTS[of][1]
    made_of = basis(
        f"{what}, as a share of all of {all_rows.table}",
        *dict.fromkeys((rows, all_rows)),
    )
    return derived("quality", f"{name}_percent", percent, "%", digits=1, made_of=made_of)


def _sources(facts: SessionFacts, *kinds: str) -> str:
    return ", ".join(sorted({s.source for s in facts.sources if s.kind in kinds})) or "no source"
