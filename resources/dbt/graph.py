"""What reads what in the dbt project: the questions that a build asks before dbt starts.

Ephemeral models are no tables: whoever reads one reads what it reads. Tables and sources go by
their key, `layer/name`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from edge_ingest.contract import TableContract
from resources.dbt.contracts import dbt_contracts
from resources.errors import DbtError

_HISTORY = "macro.touchline.history"


@dataclass(frozen=True)
class DbtTest:
    """One test. A failing test that `blocks` keeps `model` out of the record."""

    unique_id: str
    name: str
    selector: str
    model: str
    reads: frozenset[str]
    blocks: bool


class DbtGraph:
    """The parsed project as tables and who reads them.

    Args:
        manifest: `manifest.json` of the parsed project.
    """

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._nodes: Mapping[str, Any] = manifest["nodes"]
        self._sources: Mapping[str, Any] = manifest["sources"]
        self.contracts: dict[str, TableContract] = dbt_contracts(manifest)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Keys of all tables, parents before children, the same on every machine."""
        edges = {key: sorted(self.parents(key)) for key in sorted(self.contracts)}
        return tuple(TopologicalSorter(edges).static_order())

    @cached_property
    def of_sessions(self) -> tuple[str, ...]:
        """Keys of the tables that are replaced by session, in order."""
        return tuple(key for key in self.order if self.contracts[key].replaced_by == "session")

    @cached_property
    def sources(self) -> frozenset[str]:
        """Keys of all sources."""
        return frozenset(_source_key(node) for node in self._sources.values())

    @cached_property
    def tests(self) -> tuple[DbtTest, ...]:
        """Data tests, by name. Unit tests test SQL, not rows, and are no part of a build."""
        tests = (node for node in self._nodes.values() if node["resource_type"] == "test")
        return tuple(sorted(map(self._test, tests), key=lambda test: test.name))

    def tagged(self, tag: str) -> frozenset[str]:
        """Keys of the tables that carry a tag."""
        return frozenset(
            key for key, uid in self._tables.items() if tag in self._nodes[uid]["tags"]
        )

    def day_column(self, key: str) -> str:
        """Column of the day, for a table that is replaced by slices of days."""
        meta = self._nodes[self._tables[key]]["config"]["meta"]
        if "slice_day" not in meta:
            raise DbtError(f"model {key} is replaced by slice: name its slice_day in config.meta")
        return str(meta["slice_day"])

    def selector(self, key: str) -> str:
        """How dbt's `--select` names a table."""
        return _selector(self._nodes[self._tables[key]])

    def key_of(self, unique_id: str) -> str | None:
        """Key of a node that is a table; None for any other node."""
        return self._keys.get(unique_id)

    def parents(self, key: str) -> frozenset[str]:
        """Tables that a table reads."""
        return self._tables_among(self._read_by(self._tables[key]))

    def ancestors(self, keys: Iterable[str]) -> frozenset[str]:
        """Tables that these read, and so on; themselves only where one reads another."""
        found: set[str] = set()
        waiting = set(keys)
        while waiting:
            fresh = self.parents(waiting.pop()) - found
            found |= fresh
            waiting |= fresh
        return frozenset(found)

    def sources_of(self, keys: Iterable[str]) -> frozenset[str]:
        """Sources that these tables read."""
        read = {uid for key in keys for uid in self._read_by(self._tables[key])}
        return frozenset(_source_key(self._sources[uid]) for uid in read if uid in self._sources)

    def history_of(self, keys: Iterable[str]) -> frozenset[str]:
        """Tables whose history these may read: the parents of whoever calls `history()`."""
        found: set[str] = set()
        for key in keys:
            read = self._read_by(self._tables[key])
            readers = {self._tables[key]} | {uid for uid in read if uid not in self._sources}
            for uid in readers:
                if _HISTORY in self._nodes[uid]["depends_on"]["macros"]:
                    found |= self._tables_among(self._nodes[uid]["depends_on"]["nodes"])
        return frozenset(found)

    def history_days(self, keys: Iterable[str]) -> int | None:
        """How many days before the run's own these look back; None for all that there is.

        Each model that calls `history()` may say so by `history_days` in its config.meta. Its SQL
        must say the same: this is about what is read, not about what counts.
        """
        looking_back = [key for key in keys if self.history_of([key])]
        metas = [self._nodes[self._tables[key]]["config"]["meta"] for key in looking_back]
        if not all("history_days" in meta for meta in metas):
            return None
        return max((int(meta["history_days"]) for meta in metas), default=0)

    def tests_for(self, selected: Collection[str]) -> tuple[DbtTest, ...]:
        """Tests of these tables that can run: what else they read is selected or stands above."""
        known = frozenset(selected) | self.ancestors(selected)
        return tuple(test for test in self.tests if test.model in selected and test.reads <= known)

    def check_keys(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Give known keys back, in order.

        Raises:
            DbtError: a key is none of a table that dbt makes.
        """
        if unknown := sorted(set(keys) - set(self.contracts)):
            raise DbtError(
                f"dbt makes no table {', '.join(unknown)}: it makes {', '.join(self.order)}"
            )
        return tuple(key for key in self.order if key in set(keys))

    @cached_property
    def _tables(self) -> dict[str, str]:
        return {key: uid for uid, key in self._keys.items()}

    @cached_property
    def _keys(self) -> dict[str, str]:
        keys = {
            uid: f"{node['schema']}/{node['name']}"
            for uid, node in self._nodes.items()
            if node["resource_type"] == "model"
        }
        return {uid: key for uid, key in keys.items() if key in self.contracts}

    def _read_by(self, unique_id: str) -> frozenset[str]:
        """Tables, sources and ephemeral models that a node reads, through ephemeral ones."""
        found: set[str] = set()
        for parent in self._nodes[unique_id]["depends_on"]["nodes"]:
            found.add(parent)
            if parent in self._nodes and parent not in self._keys:
                found |= self._read_by(parent)
        return frozenset(found)

    def _tables_among(self, unique_ids: Iterable[str]) -> frozenset[str]:
        return frozenset(self._keys[uid] for uid in unique_ids if uid in self._keys)

    def _test(self, node: Mapping[str, Any]) -> DbtTest:
        model = self._keys.get(node["attached_node"] or "")
        if model is None:
            raise DbtError(
                f"test {node['name']} belongs to no table: write it as a generic test in the .yml "
                "of a core or mart model, so that it is known what it keeps out of the record"
            )
        return DbtTest(
            unique_id=node["unique_id"],
            name=node["name"],
            selector=_selector(node),
            model=model,
            reads=self._tables_among(self._read_by(node["unique_id"])),
            blocks=node["config"]["severity"].lower() == "error",
        )


def _selector(node: Mapping[str, Any]) -> str:
    return "fqn:" + ".".join(node["fqn"])


def _source_key(node: Mapping[str, Any]) -> str:
    return f"{node['source_name']}/{node['name']}"
