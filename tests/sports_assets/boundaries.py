"""Every boundary that a process passes on the way from drop to page, counted as it passes it.

A boundary is where something outside of the process has just changed, or is about to: files of a
table, its catalogue, an object in a folder, what Dagster remembers. They are found by wrapping what
makes such changes, whatever table or page it is for, so a new table brings its boundaries with it.
At a chosen one the process dies as if from a power cut.
"""

import functools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEventType
from pyiceberg.catalog.sql import SqlCatalog

import resources.iceberg.lakehouse
import resources.landing_files
import resources.object_folder
from resources.landing_files import LocalDropFiles
from resources.object_folder import LocalFolder

_TOLD = {
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.STEP_SUCCESS,
    DagsterEventType.RUN_SUCCESS,
}


class Boundaries:
    """Counts boundaries, notes the name of each, and kills this process at one of them.

    Args:
        notes: file that the names go to, a line each; the last line of a killed process is where
            it died.
        die_at: which one, by number from 0 or by name, the first of it; None for none.
    """

    def __init__(self, notes: Path, die_at: int | str | None) -> None:
        self._notes = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._die_at = die_at
        self._passed = 0

    def at(self, name: str) -> None:
        os.write(self._notes, f"{name}\n".encode())
        if self._die_at in {self._passed, name}:
            os.kill(os.getpid(), signal.SIGKILL)
        self._passed += 1

    def install(self) -> None:
        """Wrap whatever changes something outside of this process, until the process ends."""
        self._wrap_tables()
        self._wrap_objects()
        self._wrap_instance()

    def _wrap_tables(self) -> None:
        self._wrap(
            resources.iceberg.lakehouse,
            "commit_files",
            lambda table, *_: f"{'.'.join(table.name())}: data files written, manifests not",
            None,
        )
        self._wrap(
            SqlCatalog,
            "commit_table",
            lambda _, table, *__: f"{'.'.join(table.name())}: manifests written, metadata not",
            lambda _, table, *__: f"{'.'.join(table.name())}: catalogue swapped",
        )
        written = SqlCatalog._write_metadata

        def write_metadata(metadata: Any, io: Any, metadata_path: str, *rest: Any) -> None:
            written(metadata, io, metadata_path, *rest)
            table = ".".join(Path(metadata.location).parts[-2:])
            self.at(f"{table}: metadata written, catalogue not swapped")

        SqlCatalog._write_metadata = staticmethod(write_metadata)
        self._wrap(
            SqlCatalog, "create_namespace", None, lambda _, name, *__: f"{name}: namespace made"
        )
        self._wrap(
            SqlCatalog, "create_table", None, lambda _, name, *__: f"{'.'.join(name)}: table made"
        )

    def _wrap_objects(self) -> None:
        for kind, change in (
            (LocalFolder, "create"),
            (LocalFolder, "replace"),
            (LocalDropFiles, "replace"),
        ):
            self._wrap(
                kind,
                change,
                None,
                lambda _, name, *__: f"object {name}: in its place",
            )
        for module in (resources.object_folder, resources.landing_files):
            module.written_beside = self._beside(module.written_beside)

    def _beside(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def written_beside(target: Path, *rest: Any, **named: Any) -> Iterator[Path]:
            with original(target, *rest, **named) as unfinished:
                place = f"{target.parent.name}/{target.name}"
                self.at(f"object {place}: written beside its place")
                yield unfinished

        return written_beside

    def _wrap_instance(self) -> None:
        def told(_: Any, entry: dg.EventLogEntry) -> str | None:
            event = entry.dagster_event
            if event is None or event.event_type not in _TOLD:
                return None
            subject = event.asset_key.to_user_string() if event.asset_key else event.step_key
            return f"Dagster: {event.event_type.value.lower()} of {subject} stored"

        self._wrap(dg.DagsterInstance, "handle_new_event", None, told)
        for change in (
            "add_dynamic_partitions",
            "create_tick",
            "update_tick",
            "add_instigator_state",
            "update_instigator_state",
            "create_run",
            "submit_run",
        ):
            self._wrap(
                dg.DagsterInstance, change, None, lambda *_, change=change: f"Dagster: {change}"
            )

    def _wrap(
        self,
        owner: Any,
        name: str,
        before: Callable[..., str | None] | None,
        after: Callable[..., str | None] | None,
    ) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapped(*arguments: Any, **named: Any) -> Any:
            self._at_named(before, arguments)
            result = original(*arguments, **named)
            self._at_named(after, arguments)
            return result

        setattr(owner, name, wrapped)

    def _at_named(self, naming: Callable[..., str | None] | None, arguments: Any) -> None:
        if naming is not None and (name := naming(*arguments)) is not None:
            self.at(name)
