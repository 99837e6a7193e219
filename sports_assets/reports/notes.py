"""What stands below the tables in words: who is unknown, how good the data is, which thresholds."""

from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import ExternalLoad, UnmatchedAthlete
from sports_assets.reports.numerals import (
    SESSION,
    STREAM_QUALITY,
    Numeral,
    clock,
    derived,
    number_id,
    numeral,
)
from sports_assets.reports.wording import Sentence, say

_NAMELESS: Final = "unidentified_track"
#: Reasons of core/unmatched_athlete in words.
REASONS: Final = {
    "not_in_crosswalk": "Missing from the club’s list, so shown under the source’s own id",
    _NAMELESS: "Tracks that the source could not name: they count for the side’s shape "
    "and for nobody’s load",
    "not_listed_by_source": "Samples of somebody whom the source’s own list leaves out: add a name",
}

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


def unmatched_notes(facts: SessionFacts) -> tuple[Sentence, ...]:
    """One sentence a reason; none where everybody is known."""
    return tuple(
        say(
            "Not matched",
            "{count}{names}. {reason}.",
            count=derived("unmatched", f"{place}_count", each.count),
            names="" if each.reason == _NAMELESS else f": {_named(each)}",
            reason=REASONS.get(each.reason, _capitalised(each.reason.rstrip("."))),
        )
        for place, each in enumerate(facts.unmatched, start=1)
    )


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
                count=_counted("position_count", whole),
                source=_sources(facts, "tracking", "wearable"),
                unidentified=_share(
                    "unidentified_position", quality.unidentified_position_count, whole
                ),
                refused=_share("implausible_position", quality.implausible_position_count, whole),
                speedless=_share("speedless_position", quality.speedless_position_count, whole),
            )
        )
    if whole := quality.signal_count:
        told.append(
            say(
                "Signals",
                "{count} samples, from {source}; {missing} hold no value.",
                count=_counted("signal_count", whole),
                source=_sources(facts, "wearable", "tracking"),
                missing=_share("missing_signal", quality.missing_signal_count, whole),
            )
        )
    if (whole := quality.event_count) and has_field:
        told.append(
            say(
                "Events",
                "{count}, from {source}; {placeless} have no place.",
                count=_counted("event_count", whole),
                source=_sources(facts, "events"),
                placeless=_share("placeless_event", quality.placeless_event_count, whole),
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


def threshold_notes(facts: SessionFacts) -> tuple[Sentence, ...]:
    """The settings stored with the metrics; one sentence for each value that athletes differ in."""
    external = [one.external for one in facts.athletes if one.external]
    told = []
    for topic, wording, name, unit, factor, digits in (
        ("High speed", "{value} or faster.", "high_speed_threshold_mps", "km/h", 3.6, 1),
        ("Sprint", "{value} or faster.", "sprint_threshold_mps", "km/h", 3.6, 1),
        ("Effort", "counts once held for {value}.", "effort_dwell_s", "s", 1.0, 1),
        ("Acceleration", "{value} or more.", "acceleration_threshold_mps2", "m/s²", 1.0, 1),
    ):
        told += [
            say(
                topic,
                wording,
                value=derived(
                    "thresholds",
                    name if place == 1 else f"{name}_{place}",
                    value,
                    unit,
                    digits=digits,
                    factor=factor,
                ),
            )
            for place, value in enumerate(_distinct(external, name), start=1)
        ]
    filters = sorted({each.speed_filter for each in external if each.speed_filter})
    told += [Sentence("Speed", (_broken(text),)) for text in filters]
    return (*told, *_heart_rate_references(facts))


def when_and_where(facts: SessionFacts) -> tuple[str | Numeral, ...]:
    """Day, local start, length, place and sport, as short phrases."""
    header = facts.header
    local = header.started_at_utc.astimezone(ZoneInfo(header.timezone))
    day = header.local_day
    phrases: list[str | Numeral] = [
        f"{day:%A} {day.day} {day:%B %Y}",
        f"{local:%H:%M} ({header.timezone})",
    ]
    if header.duration_s:
        length = number_id(SESSION, "duration_s")
        phrases.append(Numeral(length, clock(header.duration_s), value=f"{header.duration_s:.6g}"))
    phrases += [header.site] if header.site else []
    return (*phrases, header.sport.capitalize())


def _heart_rate_references(facts: SessionFacts) -> tuple[Sentence, ...]:
    distinct = sorted(
        {
            (load.max_heart_rate_reference_bpm, load.max_heart_rate_source or "source unknown")
            for one in facts.athletes
            if (load := one.internal) and load.max_heart_rate_reference_bpm
        }
    )
    meaning = {
        "crosswalk": "from the club’s list",
        "device": "as set in the device",
        "observed": "the highest seen in the session; the true maximum may be higher",
    }
    return tuple(
        say(
            "Heart-rate zones",
            "tenths from half to all of {bpm}, {source}.",
            bpm=derived("thresholds", f"max_heart_rate_reference_{place}", bpm, "bpm"),
            source=meaning.get(source, source),
        )
        for place, (bpm, source) in enumerate(distinct, start=1)
    )


def _named(unmatched: UnmatchedAthlete) -> str:
    more = " and others" if unmatched.count > len(unmatched.names) else ""
    return ", ".join(unmatched.names) + more


def _distinct(external: Iterable[ExternalLoad], name: str) -> list[float]:
    values = (getattr(each, name) for each in external)
    return sorted({value for value in values if value is not None})


def _broken(text: str) -> str:
    """A filter's settings with room to break the line."""
    return text.replace(";", "; ").replace(",", ", ")


def _counted(name: str, count: int) -> Numeral:
    return derived("quality", name, count)


def _share(name: str, part: int | None, whole: int) -> Numeral:
    percent = None if part is None else 100 * part / whole
    return derived("quality", f"{name}_percent", percent, "%", digits=1)


def _sources(facts: SessionFacts, *kinds: str) -> str:
    return ", ".join(sorted({s.source for s in facts.sources if s.kind in kinds})) or "no source"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
