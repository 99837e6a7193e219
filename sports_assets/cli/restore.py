"""`restore`: bring tables back as a backup has them."""

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from edge_ingest.cli.console import facts, say, size
from sports_assets.cli.console import app, errors_in_a_line

if TYPE_CHECKING:
    from resources.backup.run import Restored
    from resources.backup.store import BackupStore
    from resources.iceberg.restore import Checked


@app.command()
def restore(
    name: Annotated[str, typer.Argument(help="Which backup. Default: the newest whole one.")] = "",
    *,
    is_listing: Annotated[bool, typer.Option("--list", help="Name the backups, and end.")] = False,
    is_check: Annotated[
        bool, typer.Option("--check", help="Say whether it can be restored; change nothing.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Restore this table and not all, e.g. raw/positions.")
    ] = None,
    is_partial: Annotated[
        bool,
        typer.Option("--partial", help="Where data files are missing: the last whole snapshot."),
    ] = False,
    is_over: Annotated[
        bool, typer.Option("--over", help="Also where that loses what was committed since.")
    ] = False,
) -> None:
    """Restore tables from a backup. Stop Dagster first: nothing else may write meanwhile."""
    with errors_in_a_line():
        from resources.backup import run
        from resources.backup.place import backup_place
        from resources.environment import load_settings
        from resources.errors import BackupError

        settings = load_settings()
        place = backup_place(settings)
        whole = place.store.whole()
        if is_listing:
            _list(place.store, whole, settings.backup_uri)
            return
        if not (name or whole):
            raise BackupError(
                f"there is no whole backup in {settings.backup_uri}: see SPORTS_BACKUP_URI"
            )
        chosen, tables = name or whole[-1], only or []
        with closing(place.catalog):
            if is_check:
                _, checked = run.check(place, chosen, tables)
            else:
                done = run.restore(
                    place, chosen, only=tables, is_partial=is_partial, is_over=is_over,
                )  # fmt: skip
    if is_check:
        _tell_check(chosen, checked)
    else:
        _tell(done)


def _list(store: "BackupStore", whole: tuple[str, ...], uri: str) -> None:
    from resources.backup.policy import RESTORABLE

    if not whole:
        say(f"no backup in {uri} yet: `python -m sports_assets backup` makes one")
    for name in whole:
        manifest = store.manifest(name)
        age = datetime.now(UTC) - manifest.begun_at
        old = "" if age < RESTORABLE else f"  [yellow]older than {RESTORABLE.days} days[/]"
        tables = f"{len(manifest.tables)} tables  {size(manifest.size_bytes)}"
        say(f"[bold]{name}[/]  {tables}  dagster: {manifest.dagster.kind}{old}")
    for name in store.unfinished():
        say(f"[dim]{name}  begun and not finished: no backup[/]")


def _tell_check(name: str, checked: "tuple[Checked, ...]") -> None:
    faulty = [table for table in checked if table.faults]
    for table in faulty:
        say(f"[red]not whole[/] {table.told}")
    if faulty:
        raise typer.Exit(1)
    say(f"[green]backup {name} can be restored[/]: {len(checked)} tables with every data file")


def _tell(done: "Restored") -> None:
    from resources.iceberg.restore import named

    back = [one.table.key for one in done.tables if one.table.key not in done.unchanged]
    rows = [
        ("backup", f"[bold]{done.manifest.name}[/]"),
        ("restored", f"{len(back)} tables: {named(back)}" if back else "no table"),
        ("as it was", f"{len(done.unchanged)} tables: {named(done.unchanged)}")
        if done.unchanged
        else ("as it was", "no table"),
        ("dagster", done.dagster),
        ("models", done.registry),
    ]
    rows += [
        ("not whole", f"[yellow]{table.table.key}: {len(table.not_whole)} snapshot(s) back[/]")
        for table in done.tables
        if table.not_whole
    ]
    if done.left_out:
        rows.append(("left out", f"[red]{', '.join(done.left_out)}[/]: no snapshot is whole"))
    if done.not_in_backup:
        rows.append(("untouched", f"{named(done.not_in_backup)}: not in the backup"))
    since = f"{done.manifest.begun_at:%Y-%m-%d %H:%M} UTC"
    then = f"start Dagster. What came after {since} is to be built again: see docs/backup.md"
    rows.append(("next", then))
    facts(rows)
