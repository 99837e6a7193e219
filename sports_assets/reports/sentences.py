"""Three sentences a coach can act on: each with its number, how sure it is, and beside what.

Belongs here: the choice. The sentences themselves stand in `sentences_load.py` (tracking),
`sentences_events.py`, `sentences_endurance.py`, `sentences_laps.py`; what can
always be said, in `sentences_record.py`.
"""

from collections.abc import Sequence
from typing import Final

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.wording import Sentence, Writer

COUNT: Final = 3


def write_sentences(facts: SessionFacts) -> tuple[Sentence, ...]:
    """Choose and write exactly three.

    Candidates stand in order of use to a coach; one that the facts do not carry gives None and the
    next one steps in. The last ones can always be said.
    """
    by_topic: dict[str, Sentence] = {}
    for writer in _candidates(facts):
        if sentence := writer(facts):
            by_topic.setdefault(sentence.topic, sentence)
    return _first(COUNT, list(by_topic.values()))


def _candidates(facts: SessionFacts) -> Sequence[Writer]:
    from sports_assets.reports import (
        sentences_endurance,
        sentences_events,
        sentences_laps,
        sentences_load,
        sentences_record,
    )

    has_field = facts.header.field_length_m is not None
    return (
        *sentences_laps.WRITERS,
        *(sentences_load.WRITERS if has_field else sentences_endurance.WRITERS),
        *sentences_events.WRITERS,
        *sentences_record.WRITERS,
    )


def _first(count: int, sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The first so many, each number's id made its own by the sentence's place."""
    return tuple(
        Sentence(
            sentence.topic,
            tuple(
                part if isinstance(part, str) else part.at(f"sentence-{place}")
                for part in sentence.parts
            ),
        )
        for place, sentence in enumerate(sentences[:count], start=1)
    )
