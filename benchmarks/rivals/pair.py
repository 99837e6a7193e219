"""What a pair is, and what its modules share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.named_sets import NamedSet, why_not
from edge_ingest.readers import read_source
from edge_ingest.samples import Sample

Work = Callable[[], object]


@dataclass(frozen=True)
class Rival:
    """Ours and theirs.

    Attributes:
        name: of the reader or the cleaner.
        beside: what one would take instead.
        given: what both are given.
        make: both, ready to run again and again; heavy imports within.
        wraps: ours is built on theirs.
        missing: what is not here to measure it with.
        less: what some would hold it against though it does less, and what that is: told beside,
            without a target.
    """

    name: str
    beside: str
    given: str
    make: Callable[[], tuple[Work, Work]]
    wraps: bool = False
    missing: str | None = None
    less: tuple[str, Callable[[], Work]] | None = None


@dataclass(frozen=True)
class Alone:
    """A reader or filter that no library offers: timed, and held against nothing.

    Attributes:
        reason: why there is no rival.
        make: it, ready to run again and again, and how many rows it is given.
    """

    name: str
    given: str
    reason: str
    make: Callable[[], tuple[Work, int]]
    missing: str | None = None


def of_set(
    name: str,
    beside: str,
    one: NamedSet,
    make: Callable[[Sample], tuple[Work, Work]],
    *,
    wraps: bool = False,
) -> Rival:
    """On the largest recording of a set."""
    return Rival(name, beside, one.what, lambda: make(largest(one)), wraps, why_not(one))


def largest(one: NamedSet) -> Sample:
    """The recording of a set with the most bytes."""
    return max(one.samples, key=lambda s: sum(path.stat().st_size for path in s.parts.values()))


def reading(sample: Sample) -> Work:
    """Our reader on a sample."""
    return partial(read_source, sample.source, sample.parts, sample.told)
