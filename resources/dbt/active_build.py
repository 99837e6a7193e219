"""Which build dbt is working for: how an object reaches a plugin that dbt makes by itself.

Environment variables and `--vars` would do too, but they carry text only, and each change of vars
throws away dbt's partial parsing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import duckdb

from resources.errors import ResourceError


class ConnectionOwner(Protocol):
    """Whoever says what stands in the in-memory database that dbt opens."""

    def configure(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Lay out relations in an empty database."""
        ...


_LOCK = threading.RLock()
_active: ConnectionOwner | None = None


def active_build() -> ConnectionOwner | None:
    """The build that is under way in this process, if one is."""
    return _active


@contextmanager
def activated(build: ConnectionOwner) -> Iterator[None]:
    """Make a build the active one; builds of other threads wait.

    Raises:
        ResourceError: this thread has an active build already.
    """
    global _active  # noqa: PLW0603 - dbt makes its plugin without arguments of ours
    with _LOCK:
        if _active is not None:
            raise ResourceError("a dbt build is active here: leave its `with` block first")
        _active = build
        try:
            yield
        finally:
            _active = None
