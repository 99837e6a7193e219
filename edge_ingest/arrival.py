"""Reading a drop and telling what is wrong with it, from a folder or from an object store.

Belongs here: what the receiving side needs. Writing drops stands in `drop.py`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from edge_ingest.encoding import add_constants, decode
from edge_ingest.errors import ContractError, DropError, IncompleteDropError
from edge_ingest.manifest import MANIFEST_NAME, MANIFEST_VERSION, DropFile, Manifest
from edge_ingest.records import SESSION_TABLES


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a drop. `reason` says what and what to do; `file` where, if anywhere."""

    rule: str
    reason: str
    file: str | None = None

    def __str__(self) -> str:
        """File and reason, in one line."""
        return f"{self.file}: {self.reason}" if self.file else self.reason


def read_manifest(source: bytes | Path) -> Manifest:
    """Read and check a manifest: a drop's folder, the file, or its bytes.

    Raises:
        DropError: it is not there, is no manifest, or contradicts itself.
    """
    where = MANIFEST_NAME
    if isinstance(source, Path):
        path = source / MANIFEST_NAME if source.is_dir() else source
        where = str(path)
        if not path.is_file():
            raise DropError(f"there is no {where}: the drop is unfinished, or the path is wrong")
        source = path.read_bytes()
    try:
        return Manifest.model_validate_json(source)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "as a whole"
        raise DropError(
            f"{where} is no manifest of version {MANIFEST_VERSION}: {place}: "
            f"{first['msg']} ({error.error_count()} in all); pack the recording again"
        ) from error


def read_table(manifest: Manifest, file: DropFile, fetch: Callable[[str], bytes]) -> pa.Table:
    """Read one file of a drop: coordinates in metres, without the columns that raw adds.

    Args:
        fetch: gives the bytes of a file of this drop by its name; raises OSError if it cannot.

    Raises:
        IncompleteDropError: the file is missing, cut short, or cannot be read: it may yet arrive.
        DropError: the file is altered, or does not fit; says which and what to do.
    """
    where = f"{manifest.stream_id} r{manifest.revision:04d} {file.path}"
    contract = SESSION_TABLES.get(file.table)
    if contract is None:
        raise DropError(
            f"{where} is for the table {file.table!r}, which we do not know: update the lakehouse",
            rule="unknown_table",
        )
    try:
        payload = fetch(file.path)
    except FileNotFoundError:
        raise IncompleteDropError(
            f"{where} is not there: wait for it, or send the drop again", rule="missing"
        ) from None
    except OSError as error:
        raise IncompleteDropError(f"{where} cannot be read: {error}", rule="unreadable") from error
    if len(payload) < file.bytes:
        raise IncompleteDropError(
            f"{where} has {len(payload)} of {file.bytes} bytes: wait for it, or send it again",
            rule="cut_short",
        )
    if (found := hashlib.sha256(payload).hexdigest()) != file.sha256:
        raise DropError(
            f"{where} was altered on the way: its sha256 is {found[:12]}… and the manifest says "
            f"{file.sha256[:12]}…; send the drop again",
            rule="checksum",
        )
    rows = decode(contract, payload, manifest.scale, where)
    if rows.num_rows != file.rows:
        raise DropError(
            f"{where} has {rows.num_rows} rows and the manifest says {file.rows}: pack it again",
            rule="rows",
        )
    return rows


def as_raw(manifest: Manifest, file: DropFile, rows: pa.Table, session_id: str) -> pa.Table:
    """Rows of a drop as rows of the raw table: with session, stream and drop.

    Args:
        session_id: the session they belong to, which may differ from the edge's guess.

    Raises:
        ContractError: rows do not fit the contract.
        DropError: the drop is about days, not about a session.
    """
    if manifest.session is None:
        raise DropError(f"{manifest.stream_id} is about days: its rows belong to no session")
    constants: dict[str, str | int] = {
        "session_id": session_id,
        "stream_id": manifest.stream_id,
        "drop_id": manifest.drop_id,
        "revision": manifest.revision,
        "edge_session_id": manifest.session.session_id,
        "filter_settings": json.dumps(manifest.filter_settings, sort_keys=True),
    }
    return add_constants(SESSION_TABLES[file.table], rows, constants)


def check(manifest: Manifest, fetch: Callable[[str], bytes]) -> list[Problem]:
    """Everything wrong with a drop's files; an empty list means that it can be loaded."""
    return list(_problems(manifest, fetch))


def verify(folder: Path) -> list[Problem]:
    """Everything wrong with a drop's folder, its name and its files included."""
    try:
        manifest = read_manifest(folder)
    except DropError as error:
        return [Problem("manifest", str(error), MANIFEST_NAME)]
    folder = folder.resolve()
    found = []
    if folder.parent.name != manifest.stream_id or folder.name != f"r{manifest.revision:04d}":
        expected = f"{manifest.stream_id}/r{manifest.revision:04d}"
        found.append(
            Problem(
                "place", f"stands in {folder.parent.name}/{folder.name}, and belongs in {expected}"
            )
        )
    return found + check(manifest, lambda name: (folder / name).read_bytes())


def _problems(manifest: Manifest, fetch: Callable[[str], bytes]) -> Iterator[Problem]:
    if manifest.session is None:
        yield Problem("session", "is about days, which this version does not read")
        return
    if [file.table for file in manifest.files].count("sessions") != 1:
        yield Problem("session", "a drop carries the table sessions exactly once")
    for file in manifest.files:
        try:
            rows = read_table(manifest, file, fetch)
            rows = as_raw(manifest, file, rows, manifest.session.session_id)
        except DropError as error:
            yield Problem(error.rule, str(error), file.path)
            continue
        except ContractError as error:
            yield Problem("schema", str(error), file.path)
            continue
        for broken in SESSION_TABLES[file.table].violations(rows):
            yield Problem(
                "contract",
                f"{broken.rows} rows break {broken.column}: {broken.rule} ({broken.limit})",
                file.path,
            )
