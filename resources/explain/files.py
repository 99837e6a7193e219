"""The drops that a page was made from, and the rows in their files."""

from collections.abc import Sequence

import pyarrow as pa

from edge_ingest.drops.arrival import read_table
from edge_ingest.errors import DropError, EdgeError
from edge_ingest.manifest import DropFile, Manifest
from resources.duckdb_engine import connect
from resources.explain.findings import DropStory, FileRows, Row
from resources.explain.past import Past
from resources.explain.raw_rows import RawRows
from resources.landing_zone import LandingZone
from resources.provenance import DropRef


class Drops:
    """The drops of one page; each file is read, and its checksum held against, once.

    Args:
        zone: where they stand.
        drops: as the page names them.
        session_id: the page's session.
    """

    def __init__(self, zone: LandingZone, drops: Sequence[DropRef], session_id: str) -> None:
        self._zone = zone
        self._drops = tuple(drops)
        self._session_id = session_id
        self._manifests = {drop.drop_id: self._manifest(drop) for drop in drops}
        self._tables: dict[tuple[str, str], pa.Table | str] = {}
        self._engine = connect()
        self._read: dict[tuple[str, RawRows], FileRows] = {}

    def close(self) -> None:
        """Give back the engine."""
        self._engine.close()

    def stories(self) -> tuple[DropStory, ...]:
        """What is known of each drop, in the page's order."""
        newest = {
            drop.manifest.stream_id: drop.manifest.revision
            for drop in self._zone.active(self._session_id)
        }
        return tuple(self._story(drop, newest.get(drop.stream_id, 0)) for drop in self._drops)

    def rows(self, wanted: RawRows, past: Past) -> tuple[FileRows, ...]:
        """The rows of each drop that has a file of the table; a drop without any is left out."""
        found = []
        for drop in self._drops:
            manifest = self._manifests[drop.drop_id]
            if wanted.streams and drop.stream_id not in wanted.streams:
                continue
            if isinstance(manifest, str):
                found.append(self._lost(drop, wanted, past, manifest))
                continue
            for file in manifest.files:
                if file.table == wanted.table:
                    key = (drop.drop_id, wanted)
                    if key not in self._read:
                        self._read[key] = self._file_rows(drop, manifest, file, wanted, past)
                    found.append(self._read[key])
        return tuple(found)

    def _manifest(self, drop: DropRef) -> Manifest | str:
        """The drop's manifest, or why there is none."""
        try:
            manifest = self._zone.manifest(_place(drop))
        except (EdgeError, OSError) as error:
            return _fault(error)
        if manifest.drop_id != drop.drop_id:
            return f"another drop, {manifest.drop_id}, stands in its place"
        return manifest

    def _story(self, drop: DropRef, newest: int) -> DropStory:
        manifest, place = self._manifests[drop.drop_id], _place(drop)
        uri, newer = self._zone.uri(place), newest if newest > drop.revision else None
        if isinstance(manifest, str):
            return DropStory(
                drop.drop_id, drop.stream_id, drop.revision, uri,
                newer_revision=newer, fault=manifest,
            )  # fmt: skip
        doubt = self._zone.doubt(place) or ""
        signature = manifest.signature
        return DropStory(
            drop_id=drop.drop_id,
            stream_id=drop.stream_id,
            revision=drop.revision,
            uri=uri,
            source=manifest.source,
            device_id=manifest.device_id,
            kind=manifest.kind,
            reader=manifest.reader,
            reader_version=manifest.reader_version,
            packed_at_utc=manifest.packed_at_utc,
            signed_by=signature.node_id if signature and not doubt else None,
            doubt=doubt,
            filter_settings=manifest.filter_settings,
            rows_by_rule=manifest.rows_by_rule,
            newer_revision=newer,
        )

    def _file_rows(
        self, drop: DropRef, manifest: Manifest, file: DropFile, wanted: RawRows, past: Past
    ) -> FileRows:
        rows = self._table(drop, manifest, file)
        if isinstance(rows, str):
            return self._lost(drop, wanted, past, rows, file)
        self._engine.register("file", rows)
        narrow = wanted.narrower or "true"
        count, narrower = self._counts(wanted.where, narrow)
        # A narrower row says more; where there is none, any that is meant.
        chosen = f"{wanted.where} and {narrow}" if narrower else wanted.where
        first, last = self._ends(chosen, "captured_at_utc" in rows.column_names)
        return FileRows(
            drop.drop_id, drop.stream_id, self._zone.uri(f"{_place(drop)}/{file.path}"),
            file.table, file.sha256, wanted.what,
            in_file=rows.num_rows, count=count, first=first, last=last,
            of_which=wanted.of_which, of_which_count=narrower if wanted.narrower else 0,
        )  # fmt: skip

    def _counts(self, where: str, narrow: str) -> tuple[int, int]:
        sql = f"select count(*), count(*) filter ({narrow}) from file where {where}"  # noqa: S608
        found = self._engine.execute(sql).fetchone()
        return found if found else (0, 0)

    def _ends(self, where: str, has_clock: bool) -> tuple[Row | None, Row | None]:
        """The first and the last row by the clock; without one there is no last."""
        found = []
        for direction in ("asc", "desc") if has_clock else ("",):
            order = f"order by captured_at_utc {direction}" if has_clock else ""
            sql = f"select * from file where {where} {order} limit 1"  # noqa: S608
            found += self._engine.execute(sql).to_arrow_table().to_pylist()
        first = found[0] if found else None
        return first, found[-1] if found and found[-1] != first else None

    def _table(self, drop: DropRef, manifest: Manifest, file: DropFile) -> pa.Table | str:
        """A file's rows, its checksum held against the manifest; or why it cannot be read."""
        key = (drop.drop_id, file.path)
        if key not in self._tables:
            try:
                self._tables[key] = read_table(manifest, file, self._zone.fetch(_place(drop)))
            except (EdgeError, OSError) as error:
                self._tables[key] = _fault(error)
        return self._tables[key]

    def _lost(
        self, drop: DropRef, wanted: RawRows, past: Past, fault: str, file: DropFile | None = None
    ) -> FileRows:
        """What remains: the same rows in the raw table."""
        stream = drop.stream_id.replace("'", "''")
        where = f"stream_id = '{stream}' and {wanted.where}"
        place = f"{_place(drop)}/{file.path}" if file else _place(drop)
        return FileRows(
            drop.drop_id, drop.stream_id, self._zone.uri(place), wanted.table,
            file.sha256 if file else "", wanted.what, fault=fault,
            in_record=past.count(f"raw/{wanted.table}", where),
        )  # fmt: skip


def _place(drop: DropRef) -> str:
    return f"{drop.stream_id}/r{drop.revision:04d}"


def _fault(error: Exception) -> str:
    if isinstance(error, DropError) and isinstance(error.__cause__, FileNotFoundError):
        return "it is gone from the landing zone"
    return str(error)
