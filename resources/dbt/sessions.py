"""Many sessions in one run: chunk after chunk, each published before the next is built.

Memory holds one chunk, whatever the number of sessions. A chunk of which something had to stay out
is built again in halves, until the session at fault stands alone: it costs itself only.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edge_ingest.errors import ContractError
from resources.dbt.outcome import BuildResult
from resources.errors import FailedBuildError, ForeignRowsError, NotCommittedError
from resources.faults import Fault, FaultKind, fault_of

#: Faults of the sessions themselves, and none that another attempt would mend.
_OF_A_SESSION = (ContractError, ForeignRowsError, NotCommittedError)


@dataclass(frozen=True)
class SessionsBuilt:
    """What came of some sessions that were built together.

    Attributes:
        session_ids: in order of time.
        result: None where the build could not begin.
        fault: why not everything was published; None where it was.
    """

    session_ids: tuple[str, ...]
    result: BuildResult | None
    fault: Fault | None

    @property
    def reason(self) -> str | None:
        """Why not everything was published, in one line."""
        return None if self.fault is None else self.fault.reason

    def is_published(self, key: str) -> bool:
        """Whether this table holds these sessions as they were built now."""
        return self.result is not None and key in self.result.published


def build_by_chunk(
    chunks: Sequence[Sequence[str]],
    build: Callable[[Sequence[str]], BuildResult],
    say: Callable[[str], None] = lambda _line: None,
) -> Iterator[SessionsBuilt]:
    """Build chunks one after the other, and look for the sessions at fault where one fails.

    Args:
        chunks: from `resources.dbt.chunks.plan_chunks`.
        build: builds and publishes some sessions.
        say: told once a chunk how far it is.

    Yields:
        Sessions that were built together, in order of time, each session once. Of several nothing
        had to stay out; whatever failed stands alone.

    Raises:
        NotCommittedError, ForeignRowsError, ContractError: the run is of one session only, and it
            is at fault.
        FailedBuildError, CommitConflictError, TableEvolutionError, …: faults of the surroundings;
            what was published stays.
    """
    total = sum(map(len, chunks))
    if total == 1:
        yield _described(chunks[0], build(chunks[0]))
        return
    done = 0
    for number, chunk in enumerate(chunks, start=1):
        say(
            f"chunk {number} of {len(chunks)}: {len(chunk)} sessions, {chunk[0]} to {chunk[-1]}; "
            f"{done} of {total} are done"
        )
        yield from _attempt(tuple(chunk), build, say)
        done += len(chunk)


def _attempt(
    session_ids: tuple[str, ...],
    build: Callable[[Sequence[str]], BuildResult],
    say: Callable[[str], None],
) -> Iterator[SessionsBuilt]:
    try:
        built = _described(session_ids, build(session_ids))
    except _OF_A_SESSION as error:
        built = SessionsBuilt(session_ids, None, fault_of(error))
    if built.fault is None or len(session_ids) == 1:
        yield built
        return
    say(f"{len(session_ids)} sessions in halves, since something had to stay out: {built.reason}")
    half = len(session_ids) // 2
    yield from _attempt(session_ids[:half], build, say)
    yield from _attempt(session_ids[half:], build, say)


def _described(session_ids: Sequence[str], result: BuildResult) -> SessionsBuilt:
    try:
        result.require_complete()
    except FailedBuildError as error:
        fault = fault_of(error)
        if fault.kind is not FaultKind.FAILED_TEST:
            raise  # the disk is full, the object store is gone: no session's fault
        return SessionsBuilt(tuple(session_ids), result, fault)
    return SessionsBuilt(tuple(session_ids), result, None)
