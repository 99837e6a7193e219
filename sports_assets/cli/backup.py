"""`backup`: keep what makes the lakehouse readable."""

from contextlib import closing
from datetime import UTC, datetime

from edge_ingest.cli.console import facts, size
from sports_assets.cli.console import app, errors_in_a_line


@app.command()
def backup() -> None:
    """Back up the catalogue, every table's metadata, and Dagster's storage; writers go on."""
    with errors_in_a_line():
        from resources.backup.place import backup_place
        from resources.backup.run import back_up
        from resources.environment import load_settings

        settings = load_settings()
        place = backup_place(settings)
        with closing(place.catalog):
            made = back_up(place, datetime.now(UTC))
    data_files = sum(table.data_files for table in made.tables)
    data_bytes = sum(table.data_bytes for table in made.tables)
    facts(
        [
            ("backup", f"[bold]{made.name}[/] in {settings.backup_uri}"),
            ("tables", f"{len(made.tables)}, with {made.files:,} metadata files"),
            ("data", f"{data_files:,} files, {size(data_bytes)}: named, not copied"),
            ("dagster", made.dagster.note),
            ("models", made.registry.note),
            ("size", f"{size(made.size_bytes)} in {made.seconds:.1f} s"),
            ("removed", ", ".join(made.removes) or "none, by policy"),
        ]
    )
