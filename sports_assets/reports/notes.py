"""What stands below the tables in words: who is unknown, which thresholds; and when and where."""

from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

from resources.explain.basis import basis, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import ExternalLoad, UnmatchedAthlete
from sports_assets.reports.numerals import (
    EXTERNAL,
    FORMATION,
    INTERNAL,
    SESSION,
    UNMATCHED,
    Numeral,
    clock,
    derived,
    number_id,
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


def unmatched_notes(facts: SessionFacts) -> tuple[Sentence, ...]:
    """One sentence a reason; none where everybody is known."""
    return tuple(
        say(
            "Not matched",
            "{count}{names}. {reason}.",
            count=derived(
                "unmatched",
                f"{place}_count",
                each.count,
                made_of=basis(
                    "rows with this reason, counted",
                    rows_of(UNMATCHED, "source_athlete_id", reason=each.reason),
                ),
            ),
            names="" if each.reason == _NAMELESS else f": {_named(each)}",
            reason=REASONS.get(each.reason, _capitalised(each.reason.rstrip("."))),
        )
        for place, each in enumerate(facts.unmatched, start=1)
    )


def footage_notes(facts: SessionFacts) -> tuple[Sentence, ...]:
    """The usual formation of each side that footage showed; none without footage."""
    if facts.footage is None:
        return ()
    return tuple(
        say(
            facts.side_name(each.team_side),
            f"mostly stood {each.formation}: in {{windows}} of {{told}} windows.",
            windows=derived(
                "footage",
                f"{each.team_side}_formation_windows",
                each.windows,
                made_of=basis(
                    f"windows of all play with the formation {each.formation}, counted",
                    rows_of(
                        FORMATION,
                        "formation",
                        team_side=each.team_side,
                        formation=each.formation,
                        phase="all",
                    ),
                ),
            ),
            told=derived(
                "footage",
                f"{each.team_side}_told_windows",
                each.told,
                made_of=basis(
                    "windows of all play with any formation, counted",
                    rows_of(FORMATION, "formation", team_side=each.team_side, phase="all"),
                ),
            ),
        )
        for each in facts.footage.formations
    )


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
                    made_of=basis(
                        "a setting that stands with the athletes’ rows, told once for all that "
                        "have it",
                        rows_of(EXTERNAL, name),
                    ),
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
            bpm=derived(
                "thresholds",
                f"max_heart_rate_reference_{place}",
                bpm,
                "bpm",
                made_of=basis(
                    "told once for all athletes who have it",
                    rows_of(INTERNAL, "max_heart_rate_reference_bpm", "max_heart_rate_source"),
                ),
            ),
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


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
