"""What every asset does alike: say why it commits, tell Dagster what it left behind, or what
stopped it. A fault that passes is tried again; any other is told once, with kind and runbook page.

Also the tables that wait for whoever will fill them: their contract is part of the graph already.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from inspect import isgeneratorfunction
from traceback import format_tb
from typing import ParamSpec, TypeVar, cast

import dagster as dg

from resources.contracts import EMPTY
from resources.errors import CommitConflictError
from resources.failed_runs import fault_metadata
from resources.faults import Fault, fault_of
from resources.lakehouse import Commit, CommitContext
from resources.provenance import code_version
from sports_assets.keys import asset_key, owners, tags

_SETTLE_ATTEMPTS = 5

#: Waits before each further try of a step, s: a catalogue may be gone for a minute.
WAITS_S = (5.0, 15.0, 60.0)
#: Each wait is drawn from this range around it, so that two runs do not collide again.
_JITTER = (0.8, 1.2)

P = ParamSpec("P")
T = TypeVar("T")


def commit_context(
    context: dg.AssetExecutionContext, drop_ids: Sequence[str] = ()
) -> CommitContext:
    """Why this run commits; goes into the snapshot's properties."""
    return CommitContext(context.run.run_id, code_version(), tuple(sorted(drop_ids)))


def materialized(
    commit: Commit,
    check_results: Sequence[dg.AssetCheckResult] = (),
    metadata: dict[str, dg.MetadataValue] | None = None,
) -> dg.MaterializeResult:
    """A commit as Dagster's materialisation; its data version is the content of the rows."""
    return dg.MaterializeResult(
        asset_key=asset_key(commit.key),
        check_results=list(check_results),
        data_version=dg.DataVersion(commit.content_hash),
        metadata={
            "dagster/row_count": commit.rows,
            "iceberg_snapshot_id": dg.MetadataValue.text(str(commit.snapshot_id)),
            "size_bytes": commit.bytes,
            "commit_s": round(commit.seconds, 3),
            **(metadata or {}),
        },
    )


def guarded(body: Callable[P, T]) -> Callable[P, T]:
    """Decorate the body of an asset, below Dagster's own decorator: see `outcome_of`.

    Dagster reads the body's signature, which stays what it is.
    """
    if isgeneratorfunction(body):

        @wraps(body)
        def steps(*args: P.args, **named: P.kwargs) -> Iterator[object]:
            with _telling(args[0]):
                yield from body(*args, **named)

        return cast("Callable[P, T]", steps)

    @wraps(body)
    def step(*args: P.args, **named: P.kwargs) -> T:
        with _telling(args[0]):
            return body(*args, **named)

    return step


def outcome_of(fault: Fault, tries_before: int) -> dg.RetryRequested | dg.Failure:
    """What an asset raises for a fault.

    One that passes is tried again after a while, a bounded number of times. Any other, or one that
    did not pass, fails the step once; its metadata says kind, reason and runbook page, which is
    what the sensor of failed runs reads. Neither shows an athlete's value.

    Args:
        tries_before: `context.retry_number`.
    """
    if fault.is_transient and tries_before < len(WAITS_S):
        wait_s = WAITS_S[tries_before] * random.uniform(*_JITTER)  # noqa: S311 - no secret
        return dg.RetryRequested(max_retries=len(WAITS_S), seconds_to_wait=wait_s)
    tried = f" (tried {tries_before + 1} times)" if tries_before else ""
    return dg.Failure(
        f"{fault.reason}{tried}; see {fault.runbook}", fault_metadata(fault), allow_retries=False
    )


@contextmanager
def _telling(context: object) -> Iterator[None]:
    """Whatever an asset's body raises becomes `outcome_of` its fault; what it raises on purpose for
    Dagster stays as it is.

    The error itself is not passed on: Dagster would store its message, which may quote a value, for
    as long as it keeps events. Where it came from is told without it.
    """
    assert isinstance(context, dg.AssetExecutionContext)
    try:
        yield
    except (dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:  # noqa: BLE001 - the boundary at which a fault is told
        fault = fault_of(error)
        outcome = outcome_of(fault, context.retry_number)
        if isinstance(outcome, dg.RetryRequested):
            context.log.warning("%s: trying again in %.0f s", fault.reason, outcome.seconds_to_wait)
        else:
            context.log.error(  # noqa: TRY400 - `exception` would show what the error says
                "where it was raised:\n%s", _way_of(error)
            )
        raise outcome from None


def _way_of(error: BaseException) -> str:
    """Through which lines of code an error and its causes came; without what they say."""
    parts = []
    cause: BaseException | None = error
    while cause is not None:
        parts.append("".join(format_tb(cause.__traceback__)) + type(cause).__name__)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\ncaused by\n".join(parts)


def until_settled(write: Callable[[], tuple[T, bool]], what: str) -> T:
    """Read, make and commit again until what was read still stands when it is committed.

    Two runs may make one thing at the same time (a backfill, and a correction that has just come):
    the one that reads first and commits last would put older rows over newer ones, for good. So
    whoever committed looks again at what it read.

    Args:
        write: does it once; gives what came of it, and whether what was read still stands. A write
            that changed nothing has put nothing over anything.
        what: is written, for a person.

    Raises:
        CommitConflictError: it changed each time. Transient: try again.
    """
    for _ in range(_SETTLE_ATTEMPTS):
        done, still_stands = write()
        if still_stands:
            return done
    raise CommitConflictError(
        f"what {what} is made from changed during each of {_SETTLE_ATTEMPTS} attempts to make it: "
        "run it again when fewer runs are under way"
    )


def waiting_contracts() -> list[dg.AssetSpec]:
    """Tables whose contract exists before anything fills them; reading one gives no rows."""
    return [
        dg.AssetSpec(
            asset_key(contract.key),
            description=(
                f"{contract.grain[0].upper()}{contract.grain[1:]}. Nothing fills it yet; its "
                "contract stands, and reading it gives no rows."
            ),
            group_name=contract.layer,
            owners=owners(contract.layer),
            tags=tags(contract.layer, "health"),
            kinds={"iceberg"},
            metadata={
                "dagster/column_schema": dg.TableSchema(
                    columns=[
                        dg.TableColumn(
                            column.name,
                            str(column.type),
                            f"{column.description} [{column.unit}]"
                            if column.unit
                            else column.description,
                            constraints=dg.TableColumnConstraints(
                                nullable=column.null_means is not None
                            ),
                        )
                        for column in contract.columns
                    ]
                )
            },
        )
        for contract in EMPTY
    ]
