"""What comes of a run's sessions, in one asset: each is told of, and one at fault costs itself."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg

from resources.faults import OF_A_SESSION, Fault, fault_of
from resources.lakehouse import Commit, together
from sports_assets.assets import materialized, outcome_of
from sports_assets.partitions import session_ids

#: Dagster exports no name for the tag under which it keeps a data version.
_DATA_VERSION_TAG = "dagster/data_version"
_NAMED = 20


@dataclass(frozen=True)
class SessionsTold:
    """What one event says of each of these sessions: its content, and metadata of their own."""

    session_ids: Sequence[str]
    data_version: str
    metadata: Mapping[str, dg.MetadataValue] = field(default_factory=dict)


@dataclass(frozen=True)
class SessionsCommitted:
    """A commit of some of a run's sessions, and metadata that is theirs alone."""

    session_ids: Sequence[str]
    commit: Commit
    metadata: Mapping[str, dg.MetadataValue] = field(default_factory=dict)


class SessionRun:
    """What comes of a run's sessions: one at fault costs itself only, and is named at the end.

    Attributes:
        session_ids: as `sports_assets.partitions.session_ids` gives them.
        failed: what stopped it, by session.
    """

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._context = context
        self.session_ids = session_ids(context)
        self.failed: dict[str, Fault] = {}

    def fail(self, session_id: str, fault: Fault) -> None:
        """Write down that a session failed, and go on."""
        self._context.log.warning("%s failed: %s", session_id, fault.reason)
        self.failed.setdefault(session_id, fault)

    @contextmanager
    def attempt(self, session_id: str) -> Iterator[None]:
        """Work on one session; its own faults are written down, unless the run is of it alone.

        Raises:
            EdgeError, ForeignRowsError, ImmutableReportError, NotCommittedError: the run's only
                session is at fault.
        """
        try:
            yield
        except OF_A_SESSION as error:
            if len(self.session_ids) == 1:
                raise
            self.fail(session_id, fault_of(error))

    def tell(
        self, whole: dg.MaterializeResult, parts: Sequence[SessionsTold]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Tell Dagster of an asset, and of no session that it does not hold.

        A result stands for every partition of the run. So where a session is missing, each of the
        others is told of by an event of its own, and the step fails in `require_all`.

        Args:
            whole: of all sessions that went well.
            parts: the same, as they were made together.
        """
        assert whole.asset_key is not None
        told = {session for part in parts for session in part.session_ids}
        if told.issuperset(self.session_ids):
            is_several = len(self.session_ids) > 1
            for part in parts:
                for session in part.session_ids if part.metadata else ():
                    # Naming the partition makes Dagster list all of them, each time.
                    partition = session if is_several else None
                    self._context.add_asset_metadata(part.metadata, whole.asset_key, partition)
            yield whole
            return
        for part in parts:
            for session in part.session_ids:
                self._context.log_event(
                    dg.AssetMaterialization(
                        whole.asset_key,
                        partition=session,
                        metadata={**(whole.metadata or {}), **part.metadata},
                        tags={_DATA_VERSION_TAG: part.data_version},
                    )
                )
        yield from whole.check_results or ()

    def tell_table(
        self,
        parts: Sequence[SessionsCommitted],
        check_results: Sequence[dg.AssetCheckResult] = (),
        metadata: Mapping[str, dg.MetadataValue] | None = None,
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Tell of a table by its commits, as `tell`; none: only of its checks."""
        if not parts:
            yield from check_results
            return
        several = {
            "sessions_together": dg.MetadataValue.int(sum(len(p.session_ids) for p in parts))
        }
        whole = materialized(
            together([part.commit for part in parts]),
            check_results,
            {**(metadata or {}), **(several if len(self.session_ids) > 1 else {})},
        )
        told = [
            SessionsTold(one.session_ids, one.commit.content_hash, one.metadata) for one in parts
        ]
        yield from self.tell(whole, told)

    def require_all(self) -> None:
        """Fail the step, at its end, if a session failed.

        The step is tried again, as `outcome_of` says, only where every fault passes by itself: one
        session that needs a person would fail each time, after all waits.

        Raises:
            RetryRequested: every session that failed may well succeed in a while.
            Failure: names each session and why, with the kind of the first fault that stays.
        """
        if not self.failed:
            return
        faults = list(self.failed.values())
        deciding = next((fault for fault in faults if not fault.is_transient), faults[0])
        if len(self.session_ids) == 1:
            raise outcome_of(deciding, self._context.retry_number)
        named = list(self.failed.items())[:_NAMED]
        more = len(self.failed) - len(named)
        said = (
            f"{len(self.failed)} of {len(self.session_ids)} sessions failed, and what could be "
            "published of the others is; correct these, or launch the run again without them. "
            + "; ".join(f"{session}: {fault.reason}" for session, fault in named)
            + (f"; and {more} more, which the log names" if more else "")
        )
        raise outcome_of(Fault(deciding.kind, said), self._context.retry_number)
