"""What a sentence is: text with numbers in it, each of which leads back to where it comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.numerals import Numeral


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
