"""The catalogue of tables: any that pyiceberg knows by URL, made ready where it is a local file."""

import random
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from urllib.parse import unquote, urlsplit, urlunsplit

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import (
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io import FileIO, load_file_io
from pyiceberg.table import Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from edge_ingest.contract import TableContract
from resources.addresses import without_password
from resources.errors import CatalogueRefusedError, CatalogueUnavailableError
from resources.faults import fault_of
from resources.iceberg.tables import (
    evolve,
    iceberg_schema,
    identifier,
    partition_spec,
    sort_order,
    table_properties,
)
from resources.object_store import iceberg_properties, is_s3

CATALOG_NAME = "touchline"
_ATTEMPTS = 5

#: A server that is gone without a word is given up after these, s and ms; the default is for ever.
_PATIENCE = {"connect_timeout": "10", "tcp_user_timeout": "30000", "keepalives_idle": "30"}

#: Our own class for databases, by the way that the library has for it.
_CACHING = {"py-catalog-impl": "resources.iceberg.sql_catalog.CachingSqlCatalog"}

#: Our own class for files of this machine, by the same.
_DURABLE = {"py-io-impl": "resources.iceberg.durable_files.DurableFileIO"}

#: Options of the object store that the same account of AWS signs requests to Glue with.
_SIGNING = ("region", "access-key-id", "secret-access-key", "session-token")


class TableCatalog:
    """Tables by key; opened on first use, safe between threads and processes.

    Args:
        catalog_uri: `sqlite:///…`, `postgresql+psycopg2://…`, `https://…` (REST) or `glue://`.
        warehouse_uri: folder or `s3://bucket/prefix` under which tables are made.
        s3: options of the object store, as in `Settings.s3`.
    """

    def __init__(self, catalog_uri: str, warehouse_uri: str, s3: Mapping[str, str]) -> None:
        self._catalog_uri = catalog_uri
        self._properties = {
            "warehouse": warehouse_uri,
            **({} if is_s3(warehouse_uri) else _DURABLE),
            **iceberg_properties(s3),
            **_catalogue_properties(catalog_uri, s3),
        }
        self._opened: Catalog | None = None
        self._lock = Lock()

    def find(self, key: str) -> Table | None:
        """The table as it is now, None where it was never made."""
        try:
            return self._catalog().load_table(identifier(key))
        except NoSuchTableError:
            return None

    def ensure(self, contract: TableContract) -> Table:
        """The table as it is now, made if it is not there, with every column of the contract.

        Raises:
            TableEvolutionError: a column changed to a type that old files cannot be read as.
            CommitFailedException: another writer added columns at the same moment.
        """
        table = self.find(contract.key) or self._create(contract)
        evolve(table, contract)
        return table

    def keys(self) -> list[str]:
        """Keys of all tables, in order; their metadata is not looked at."""
        catalog = self._catalog()
        return sorted(
            "/".join(name)
            for namespace in catalog.list_namespaces()
            for name in catalog.list_tables(namespace)
        )

    def namespaces(self) -> list[str]:
        """Layers that were made, with tables or without, in order."""
        return sorted(".".join(name) for name in self._catalog().list_namespaces())

    def files(self, location: str) -> FileIO:
        """What reads and writes files at a place, with the options of the object store."""
        return load_file_io(self._properties, location)

    def make_namespace(self, namespace: str) -> None:
        """Make a layer, if it is not there."""
        with suppress(NamespaceAlreadyExistsError, IntegrityError):  # another was first: as good
            self._catalog().create_namespace_if_not_exists(namespace)

    def point(self, key: str, metadata_location: str) -> Table:
        """Make the catalogue's entry of a table name this metadata file, whatever it named before.

        There is a moment without an entry where there was one: nobody may write meanwhile.
        """
        self.make_namespace(identifier(key)[0])
        with suppress(NoSuchTableError):
            self._catalog().drop_table(identifier(key))
        return self._catalog().register_table(identifier(key), metadata_location)

    def close(self) -> None:
        """Give back the catalogue's connections; the next use opens them again."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    def _create(self, contract: TableContract) -> Table:
        name = identifier(contract.key)
        schema = iceberg_schema(contract)
        self.make_namespace(name[0])
        try:
            return self._catalog().create_table(
                name,
                schema,
                partition_spec=partition_spec(contract, schema),
                sort_order=sort_order(contract, schema),
                properties=table_properties(contract),
            )
        except TableAlreadyExistsError:
            return self._catalog().load_table(name)

    def _catalog(self) -> Catalog:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> Catalog:
        uri = self._catalog_uri
        if uri.startswith("sqlite") and (database := make_url(uri).database):
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        failed: DBAPIError | None = None
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return load_catalog(CATALOG_NAME, **self._properties)
            except (OperationalError, ProgrammingError, IntegrityError) as error:
                # Two processes that make the tables of a new catalogue at once: the second one
                # finds them on its next attempt.
                failed = error
                back_off(attempt, longest_s=1.0)
        assert failed is not None
        place, fault = without_password(uri), fault_of(failed)
        if not fault.is_transient:
            raise CatalogueRefusedError(
                f"the catalogue at {place} cannot be used: {fault.reason}; check "
                "SPORTS_CATALOG_URI, and that its database, user and rights are there"
            ) from failed
        raise CatalogueUnavailableError(
            f"the catalogue at {place} does not answer: see that it is running and can be reached, "
            "then run again; SPORTS_CATALOG_URI says where it is looked for"
        ) from failed


def _catalogue_properties(uri: str, s3: Mapping[str, str]) -> dict[str, str]:
    """A catalogue's URI as the library wants to be told."""
    if uri.startswith("glue:"):
        return {"type": "glue"} | {f"glue.{name}": s3[name] for name in _SIGNING if name in s3}
    if uri.startswith("http"):
        return _rest_properties(uri)
    if not uri.startswith("postgresql"):
        return {"uri": uri, **_CACHING}
    url = make_url(uri)
    patience = {name: value for name, value in _PATIENCE.items() if name not in url.query}
    told = url.update_query_dict(patience).render_as_string(hide_password=False)
    # A connection that the server cut while nobody used it is opened anew, and nobody notices.
    return {"uri": told, "pool_pre_ping": "true", **_CACHING}


def _rest_properties(uri: str) -> dict[str, str]:
    """A client and its secret stand in the address, as a password does in that of a database.

    The catalogue itself is asked for tokens then. Whoever gives them out elsewhere is named by the
    library's own variables (`PYICEBERG_CATALOG__TOUCHLINE__…`), with the secret.
    """
    parts = urlsplit(uri)
    client, at, place = parts.netloc.rpartition("@")
    if not at:
        return {"uri": uri}
    bare = urlunsplit(parts._replace(netloc=place)).rstrip("/")
    return {
        "uri": bare,
        "credential": unquote(client),
        "oauth2-server-uri": f"{bare}/v1/oauth/tokens",
    }


def back_off(attempt: int, longest_s: float) -> None:
    """Wait before attempt number `attempt` + 1: at most 25 ms, doubling, with full jitter."""
    time.sleep(random.uniform(0, min(longest_s, 0.025 * 2**attempt)))  # noqa: S311 - no secret
