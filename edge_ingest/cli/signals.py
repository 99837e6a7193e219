"""A service ends when it is told to, between two pieces of work."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def until_told() -> Iterator[tuple[Callable[[], bool], Callable[[float], None]]]:
    """SIGTERM and SIGINT end the command between two pieces of work, with exit code 0."""
    # A pipe, because a handler that runs in the midst of a wait may take no lock.
    wake, waker = os.pipe()
    told: list[int] = []

    def tell(number: int, _frame: object) -> None:
        told.append(number)
        os.write(waker, b".")

    def sleep(seconds: float) -> None:
        select.select([wake], [], [], max(0.0, seconds))

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(told), sleep
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(wake)
        os.close(waker)
