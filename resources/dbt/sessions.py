"""Many sessions in one run: chunk after chunk, each published before the next is built.

Memory holds one chunk, whatever the number of sessions. A chunk of which something had to stay out
is built again in halves, until the session at fault stands alone: it costs itself only.

Another run may correct a session, and publish it, while a chunk holds what it read of it before.
Sessions that were overtaken like this are built again, so that no older facts stay over newer ones.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from resources.dbt.outcome import BuildResult
from resources.errors import CommitConflictError, FailedBuildError
from resources.faults import OF_A_SESSION, Fault, FaultKind, fault_of

_ATTEMPTS = 5


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
        had to stay out; whatever failed stands alone. Sessions that had to be built again come
        after those that were built with them first.

    Raises:
        NotCommittedError, ForeignRowsError, ContractError: the run is of one session only, and it
            is at fault.
        CommitConflictError: other runs kept changing what was read. Transient: try again.
        FailedBuildError, TableEvolutionError, …: faults of the surroundings; what was published
            stays.
    """
    total = sum(map(len, chunks))
    if total == 1:
        yield from _attempt(tuple(chunks[0]), partial(_built, build), say)
        return
    done = 0
    for number, chunk in enumerate(chunks, start=1):
        say(
            f"chunk {number} of {len(chunks)}: {len(chunk)} sessions, {chunk[0]} to {chunk[-1]}; "
            f"{done} of {total} are done"
        )
        yield from _attempt(tuple(chunk), partial(_built_if_sound, build), say)
        done += len(chunk)


def _attempt(
    session_ids: tuple[str, ...],
    build: Callable[[Sequence[str]], SessionsBuilt],
    say: Callable[[str], None],
    number: int = 1,
) -> Iterator[SessionsBuilt]:
    built = build(session_ids)
    if built.fault is not None and len(session_ids) > 1:
        say(
            f"{len(session_ids)} sessions in halves, since something had to stay out: "
            f"{built.reason}"
        )
        half = len(session_ids) // 2
        yield from _attempt(session_ids[:half], build, say, number)
        yield from _attempt(session_ids[half:], build, say, number)
        return
    overtaken = () if built.result is None else built.result.overtaken
    if kept := tuple(one for one in session_ids if one not in overtaken):
        yield replace(built, session_ids=kept)
    if not overtaken:
        return
    named = ", ".join(overtaken)
    if number == _ATTEMPTS:
        raise CommitConflictError(
            f"what is read of {named} changed during each of {_ATTEMPTS} builds: run it again when "
            "fewer runs are under way"
        )
    say(f"once more, since other runs changed what was read of {named}")
    again = tuple(one for one in session_ids if one in overtaken)
    yield from _attempt(again, build, say, number + 1)


def _built(
    build: Callable[[Sequence[str]], BuildResult], session_ids: Sequence[str]
) -> SessionsBuilt:
    result = build(session_ids)
    try:
        result.require_complete()
    except FailedBuildError as error:
        fault = fault_of(error)
        if fault.kind is not FaultKind.FAILED_TEST:
            raise  # the disk is full, the object store is gone: no session's fault
        return SessionsBuilt(tuple(session_ids), result, fault)
    return SessionsBuilt(tuple(session_ids), result, None)


def _built_if_sound(
    build: Callable[[Sequence[str]], BuildResult], session_ids: Sequence[str]
) -> SessionsBuilt:
    try:
        return _built(build, session_ids)
    except OF_A_SESSION as error:
        return SessionsBuilt(tuple(session_ids), None, fault_of(error))
