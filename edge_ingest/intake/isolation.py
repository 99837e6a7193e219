"""Reading a recording in a process of its own: what ends the reader does not end the node.

A damaged video can bring down a C library, and an absurd file eat all memory. The child is forked,
so it costs a few milliseconds; its memory goes back to the machine with it.
"""

import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from edge_ingest.errors import EdgeError, SourceError

T = TypeVar("T")
#: Runs a piece of work somewhere; gives what it gives, raises what it raises.
Attempt = Callable[[Callable[[], Any]], Any]

_PR_SET_PDEATHSIG = 1
_POLL_S = 0.2
_FIRST_TO_GO = "1000"


class StoppedError(EdgeError):
    """The work was broken off, because the node is to stop."""


class KilledError(EdgeError):
    """The process that did the work was killed from outside; perhaps it took too much memory."""


def here(work: Callable[[], T]) -> T:
    """Do the work in this process."""
    return work()


def in_child(limit_s: float, stop: Callable[[], bool]) -> Attempt:
    """Do work in a child process each time.

    Args:
        limit_s: a child that takes longer is killed.
        stop: asked now and then: whether to break off.

    Returns:
        A function that runs the work, and raises what the work raises; SourceError if the child
        crashed or took too long, StoppedError if it was broken off, KilledError if somebody else
        killed it.
    """

    def attempt(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work gives
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_run, args=(work, theirs, os.getpid()), daemon=True)
        child.start()
        theirs.close()
        try:
            return _result(ours, child.sentinel, limit_s, stop)
        except EOFError:
            child.join()
            raise _what_ended(child.exitcode or 0) from None
        finally:
            ours.close()
            if child.is_alive():
                child.kill()
            child.join()

    return attempt


def _result(ours: Connection, sentinel: int, limit_s: float, stop: Callable[[], bool]) -> Any:  # noqa: ANN401
    deadline = time.monotonic() + limit_s
    while not multiprocessing.connection.wait([ours, sentinel], timeout=_POLL_S):
        if stop():
            raise StoppedError("broken off: the node stops")
        if time.monotonic() > deadline:
            raise SourceError(
                f"reading it took more than {limit_s:g} s: split it, or raise watch.read_limit_s",
                rule="too_large",
            )
    is_ok, result = ours.recv()
    if is_ok:
        return result
    raise result


def _run(work: Callable[[], Any], theirs: Connection, parent: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError, AttributeError):  # a system without it: the child ends its work alone
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(OSError):  # when memory is short, the reader goes before the node
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    if os.getppid() != parent:
        return
    try:
        told = True, work()
    except (EdgeError, OSError) as error:
        told = False, error
    except MemoryError:
        told = False, SourceError("reading it takes more memory than there is", rule="too_large")
    except Exception as error:  # noqa: BLE001 - the boundary: whatever a file does to a reader
        told = (
            False,
            SourceError(
                f"the reader failed on it ({type(error).__name__}): export it again, or report the "
                "format"
            ),
        )
    theirs.send(told)
    theirs.close()


def _what_ended(exitcode: int) -> EdgeError:
    number = -exitcode
    if number in {signal.SIGTERM, signal.SIGINT}:
        return StoppedError("broken off: the node stops")
    if number == signal.SIGKILL:
        return KilledError("the reader was killed: perhaps it took too much memory")
    name = signal.Signals(number).name if number > 0 else f"exit code {exitcode}"
    return SourceError(f"the reader crashed on it ({name}): export it again, or report the format")
