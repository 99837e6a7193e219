"""The dbt project as files, and its parsed manifest, kept in a cache that knows when it is stale.

`python -m resources.dbt.project` parses and prints where the manifest is.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.dbt.invocation import invoke_dbt
from resources.environment import load_settings
from resources.errors import DbtError

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"

_SUFFIXES = {".sql", ".yml"}
_GENERATED = {"target", "logs", "dbt_packages"}
_PARSING = "parsing-"
#: What a process that died left of its parsing is removed by the next one, after so long, s.
_ABANDONED_S = 3600
_MANIFEST, _PARSED = "manifest.json", "partial_parse.msgpack"


@dataclass(frozen=True)
class DbtProject:
    """A parsed project.

    Attributes:
        folder: of `dbt_project.yml`.
        artifacts: folder that holds `manifest.json`; named for the files it was parsed from.
    """

    folder: Path
    artifacts: Path

    @property
    def manifest_path(self) -> Path:
        """`manifest.json`, as Dagster and the data dictionary read it."""
        return self.artifacts / _MANIFEST

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """`manifest.json` as a mapping."""
        parsed: Mapping[str, Any] = json.loads(self.manifest_path.read_bytes())
        return parsed

    def runtime_manifest(self) -> "Manifest":
        """A fresh manifest for one invocation: dbt then parses nothing, and may change it."""
        from dbt.contracts.graph.manifest import Manifest

        manifest = Manifest.from_msgpack((self.artifacts / _PARSED).read_bytes())
        manifest.build_flat_graph()  # type: ignore[no-untyped-call]
        return manifest


def load_project(cache: Path, folder: Path = PROJECT) -> DbtProject:
    """Give the parsed project, parsing it only when a file of it (or dbt itself) has changed.

    Safe with several processes at once: each parses into a folder of its own, and the first to
    finish names it.

    Args:
        cache: folder for parsed projects, e.g. `settings.home / "dbt"`.
        folder: of `dbt_project.yml`.

    Raises:
        DbtError: the project does not parse.
    """
    artifacts = cache / _fingerprint(folder)
    project = DbtProject(folder, artifacts)
    if project.manifest_path.is_file():
        return project
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_PARSING, dir=cache) as scratch:
        _remove_abandoned(Path(scratch))
        parsed = Path(scratch) / "parsed"
        invoke_dbt(["parse"], folder, parsed)
        _keep(parsed, artifacts)
    return project


def _fingerprint(folder: Path) -> str:
    """Hash of everything that parsing depends on."""
    if not (folder / "dbt_project.yml").is_file():
        raise DbtError(f"no dbt_project.yml in {folder}: name the project's own folder")
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}\n".encode())
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.suffix in _SUFFIXES and not _GENERATED & set(place.parts):
            digest.update(f"{place.as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _keep(parsed: Path, artifacts: Path) -> None:
    try:
        parsed.rename(artifacts)
    except OSError:
        if not (artifacts / _MANIFEST).is_file():  # not another process that was first
            raise


def _remove_abandoned(scratch: Path) -> None:
    """Remove what processes that died left beside a scratch folder, by the storage's own clock."""
    now = scratch.stat().st_mtime
    for path in scratch.parent.glob(f"{_PARSING}*"):
        with suppress(FileNotFoundError):  # another process was first
            if now - path.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    print(load_project(load_settings().home / "dbt").manifest_path)
