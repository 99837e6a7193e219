"""Files that nothing names: of writers that died, of races that were lost, of expired snapshots.

Files are listed first and what names them is read second: a file that a writer commits in between
is then named, and one that it wrote in between was not listed.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table

from resources.iceberg.stored_files import StoredFile, list_files, plain_path
from resources.upkeep import UpkeepPolicy, days_between


def unnamed_files(
    table: Table, listed: Mapping[str, StoredFile], policy: UpkeepPolicy, now: datetime
) -> list[StoredFile]:
    """Files of the list that no snapshot of the table names, and that are older than the grace.

    Args:
        table: read after the files were listed.
        listed: by path, as `list_files` gives them.
    """
    old = {
        path
        for path, file in listed.items()
        if days_between(file.modified_ms, now) > policy.orphan_grace_d
    }
    if not old:
        return []
    return [listed[path] for path in sorted(old - named_files(table))]


def named_files(table: Table) -> set[str]:
    """Everything that a table's metadata leads to, in the spelling of `plain_path`."""
    metadata = table.metadata
    found = {table.metadata_location}
    found |= {entry.metadata_file for entry in metadata.metadata_log}
    found |= {file.statistics_path for file in metadata.statistics}
    found |= {file.statistics_path for file in metadata.partition_statistics}
    manifests: dict[str, ManifestFile] = {}
    for snapshot in metadata.snapshots:
        found.add(snapshot.manifest_list)
        manifests |= {one.manifest_path: one for one in snapshot.manifests(table.io)}
    found |= manifests.keys()
    for manifest in manifests.values():
        # Not what a manifest says was taken out: a snapshot that still has it says so in another.
        found |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
    return {plain_path(path) for path in found}


def listed_files(table: Table, s3: Mapping[str, str]) -> dict[str, StoredFile]:
    """Every file that lies at the table's place, by path."""
    return {file.path: file for file in list_files(table.location(), s3)}


def strangers(table: Table, listed: Mapping[str, StoredFile]) -> list[str]:
    """Metadata at the table's place that is of another table, and has rows; however young.

    It stands there after a catalogue was lost and begun anew: what looks like an orphan is then the
    old table, and a restore needs it. The newest metadata of a busy table is minutes old when its
    catalogue is lost, and its data files are months old.

    Args:
        listed: every file at the place, by path.
    """
    own = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    others = {path for path in listed if path.endswith(".metadata.json")}
    return [
        path
        for path in sorted(others - {plain_path(location) for location in own})
        if _is_stranger(table, path)
    ]


def _is_stranger(table: Table, path: str) -> bool:
    try:
        with table.io.new_input(path).open() as file:
            told = json.loads(file.read())
    except (FileNotFoundError, ValueError):
        return False  # gone meanwhile, or left half written by a writer that died
    return told.get("table-uuid") != str(table.metadata.table_uuid) and bool(told.get("snapshots"))
