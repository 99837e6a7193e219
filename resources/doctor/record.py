"""The record: whether the catalogue answers, and whether the tables' files are there."""

import time
from collections.abc import Iterator, Sequence

from pyiceberg.table import Table

from resources.doctor.finding import Check, reason
from resources.environment import Settings
from resources.errors import ResourceError
from resources.iceberg.catalog import TableCatalog
from resources.iceberg.filters import EVERYTHING
from resources.iceberg.reading import plan_files

#: Files that are looked for, over all tables: a season has tens of thousands.
MOST_FILES = 200
#: A catalogue that takes longer makes every commit and every plan slow, s.
SLOW_S = 0.5
_NAMED = 3


def check_record(settings: Settings) -> Iterator[Check]:
    """Ask the catalogue, read every table's metadata, and look for files of its current rows."""
    tables = TableCatalog(settings.catalog_uri, settings.warehouse_uri, settings.s3)
    try:
        clock = time.perf_counter()
        keys = tables.keys()
        took = time.perf_counter() - clock
    except Exception as error:  # noqa: BLE001 - every catalogue has its own errors
        yield Check(
            "catalogue", "bad", _told(error),
            "start it, and check SPORTS_CATALOG_URI and the password in it",
        )  # fmt: skip
        return
    try:
        found = f"{len(keys)} tables, listed in {took * 1000:,.0f} ms"
        if took > SLOW_S:
            yield Check(
                "catalogue", "warn", found,
                "bring it nearer to this machine, or give its server more memory",
            )  # fmt: skip
        else:
            yield Check("catalogue", "ok", found)
        yield from _tables(tables, keys)
    finally:
        tables.close()


def _tables(tables: TableCatalog, keys: Sequence[str]) -> Iterator[Check]:
    readable: list[tuple[str, Table]] = []
    for key in keys:
        try:
            table = tables.find(key)
        except Exception as error:  # noqa: BLE001 - of storage and of parsing alike
            yield Check(
                "tables", "bad", f"{key}: its metadata cannot be read ({reason(error)})",
                "restore it from a backup: python -m sports_assets restore",
            )  # fmt: skip
            continue
        if table is not None:
            readable.append((key, table))
    # Every table has its share, so that none is passed over for a large one.
    share = max(1, MOST_FILES // max(1, len(readable)))
    looked_for, whole, is_sound = 0, 0, True
    for key, table in readable:
        try:
            files = [file.file_path for file in plan_files(table, EVERYTHING)]
            chosen = files[:: max(1, -(-len(files) // share))]
            lost = [path for path in chosen if not table.io.new_input(path).exists()]
        except Exception as error:  # noqa: BLE001 - of storage and of parsing alike
            is_sound = False
            yield _unplanned(key, error)
            continue
        looked_for, whole = looked_for + len(chosen), whole + len(files)
        if lost:
            is_sound = False
            yield _lost(key, lost, len(chosen))
    if is_sound and len(readable) == len(keys):
        how = "all" if looked_for == whole else f"{looked_for:,} of {whole:,}, spread evenly,"
        yield Check("tables", "ok", f"{len(keys)} can be read; {how} {_files(whole)} looked for")


def _files(count: int) -> str:
    return (
        f"{count:,} files of their current rows were" if count else "they have no files, none was"
    )


def _unplanned(key: str, error: Exception) -> Check:
    return Check(
        "tables", "bad", f"{key}: its current snapshot cannot be read ({reason(error)})",
        "restore it from a backup: python -m sports_assets restore",
    )  # fmt: skip


def _lost(key: str, lost: Sequence[str], looked_for: int) -> Check:
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    return Check(
        "tables", "bad",
        f"{key}: {len(lost)} of {looked_for} files are gone: {', '.join(lost[:_NAMED])}{more}",
        f"put the files back, or drop the table and materialise {key} again for its sessions",
    )  # fmt: skip


def _told(error: Exception) -> str:
    return str(error).partition(": check")[0] if isinstance(error, ResourceError) else reason(error)
