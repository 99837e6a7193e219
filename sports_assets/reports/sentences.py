"""Three sentences a coach can act on: each with its number, how sure it is, and beside what.

Belongs here: the choice. The sentences themselves stand in `sentences_load.py` (tracking),
`sentences_events.py`, `sentences_endurance.py`; what can always be said, in `sentences_record.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Final

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.numerals import Numeral

COUNT: Final = 3


@dataclass(frozen=True)
class Sentence:
    """Text and numbers in turn; the first number is the one that the sentence is about.

    Attributes:
        topic: one or two words that stand before it.
        parts: in order; joined without spaces.
    """

    topic: str
    parts: tuple[str | Numeral, ...]

    @property
    def text(self) -> str:
        """The sentence as plain text."""
        return "".join(
            part
            if isinstance(part, str)
            else f"{part.text}\u202f{part.unit}"
            if part.unit
            else part.text
            for part in self.parts
        )


def say(topic: str, wording: str, **slots: str | Numeral) -> Sentence:
    """Put texts and numbers into the `{slots}` of a wording."""
    parts: list[str | Numeral] = []
    for literal, slot, _, _ in Formatter().parse(wording):
        parts += [literal] if literal else []
        parts += [slots[slot]] if slot else []
    return Sentence(topic, tuple(parts))


Writer = Callable[[SessionFacts], Sentence | None]


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
        sentences_load,
        sentences_record,
    )

    has_field = facts.header.field_length_m is not None
    return (
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
