"""What can be said of any session: how long, who is known, what can be compared."""

from typing import Final

from resources.explain.basis import Rows, basis, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import LEAST_TRACKED_S
from sports_assets.reports.numerals import (
    BASELINE,
    EVENTS,
    EXTERNAL,
    INTERNAL,
    SESSION,
    SESSION_SOURCE,
    UNMATCHED,
    Numeral,
    derived,
    number_id,
    numeral,
)
from sports_assets.reports.wording import Sentence, Writer, say


def record(facts: SessionFacts) -> Sentence:
    """How much was recorded, of whom."""
    is_short = facts.length_s is not None and facts.length_s < LEAST_TRACKED_S
    return say(
        "Record",
        "{length} recorded of {count}, from {sources}"
        + (": too short to judge load by." if is_short else "."),
        sources=_counted(
            "stream_count", len(facts.sources), "stream", rows_of(SESSION_SOURCE, "stream_id")
        ),
        length=numeral(
            number_id(SESSION, "duration_s"), facts.header.duration_s, "min", factor=1 / 60
        ),
        count=_measured(facts),
    )


def identity(facts: SessionFacts) -> Sentence:
    """Whether everybody is known to the club's list."""
    unknown = sum(each.count for each in facts.unmatched)
    return say(
        "Identity",
        "{unknown} could not be matched to the club’s list, beside {all} measured: add them to it, "
        "so that their history joins up."
        if unknown
        else "{all} measured; nobody is missing from the club’s list.",
        unknown=_counted(
            "unmatched_count",
            unknown,
            "athlete or track",
            rows_of(UNMATCHED, "source_athlete_id", "reason"),
            plural="athletes or tracks",
        ),
        all=_measured(facts),
    )


def comparison(facts: SessionFacts) -> Sentence:
    """Whether there is anything to compare with."""
    known = sum(
        any(baseline.earlier_session_count > 0 for baseline in one.baselines)
        for one in facts.athletes
    )
    return say(
        "History",
        "{known} of {all} with an earlier session of this sport on record"
        + (", shown beside their numbers." if known else ": nothing to set beside the numbers."),
        known=derived(
            "all",
            "athletes_with_history_count",
            known,
            made_of=basis(
                "athletes with an earlier session, counted",
                rows_of(BASELINE, "athlete_id", "earlier_session_count"),
            ),
        ),
        all=_measured(facts),
    )


def _measured(facts: SessionFacts) -> Numeral:
    told = {
        EXTERNAL: any(one.external for one in facts.athletes),
        INTERNAL: any(one.internal for one in facts.athletes),
        EVENTS: any(one.events for one in facts.athletes),
    }
    rows = [rows_of(table, "athlete_id") for table, is_told in told.items() if is_told]
    return _counted("measured_athlete_count", len(facts.athletes), "athlete", *rows)


def _counted(name: str, count: int, noun: str, *rows: Rows, plural: str | None = None) -> Numeral:
    plural = plural or f"{noun}s"
    made_of = basis(f"{plural}, counted, each once", *rows)
    return derived("all", name, count, noun if count == 1 else plural, made_of=made_of)


WRITERS: Final[tuple[Writer, ...]] = (record, identity, comparison)
