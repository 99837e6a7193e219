"""What a club copies to its edge node: units, container file, lock."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

EDGE = REPOSITORY / "deploy" / "edge"
UNITS = sorted(EDGE.glob("*.service"))


def _blocks(lock: Path) -> dict[str, set[str]]:
    """Hashes by requirement, with its marker."""
    found: dict[str, set[str]] = {}
    for line in lock.read_text().splitlines():
        if match := re.match(r"[a-z0-9][^=]*==[^\\]*", line):
            hashes = found.setdefault(match[0].split(" ;")[0].strip(), set())
        elif match := re.search(r"sha256:[0-9a-f]{64}", line):
            hashes.add(match[0])
    return found


def test_the_edge_s_lock_is_a_part_of_the_whole_and_holds_every_dependency() -> None:
    whole, edge = (_blocks(REPOSITORY / f"requirements{name}.lock") for name in ("", "-edge"))
    assert {name: whole.get(re.sub(r"\[.*\]", "", name)) for name in edge} == edge
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    needed = {re.match(r"[A-Za-z0-9-]+", one)[0] for one in project["dependencies"]}  # type: ignore[index]
    assert needed <= {name.partition("==")[0] for name in edge}
    assert not {"dagster", "duckdb", "pyiceberg"} & {name.partition("==")[0] for name in edge}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_are_sound_and_hardened(unit: Path, tmp_path: Path) -> None:
    # The command is not installed on this machine: another that is stands for it.
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/opt/touchline/bin/edge-ingest", "/bin/true"))
    verified = subprocess.run(
        ["systemd-analyze", "verify", here], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    exposure = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", here],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert exposure.returncode == 0, exposure.stdout[-400:]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_start_commands_that_there_are_and_come_back_after_anything(unit: Path) -> None:
    text = unit.read_text()
    command = re.search(r"^ExecStart=\S+/edge-ingest (\w+)$", text, re.MULTILINE)
    assert command is not None
    assert unit.stem == f"touchline-{command[1]}"
    assert "Restart=always" in text
    assert "StartLimitIntervalSec=0" in text
    # Secrets where they are needed, and no others.
    secrets = re.findall(r"^EnvironmentFile=-/etc/touchline/(\S+)$", text, re.MULTILINE)
    assert secrets == {"send": ["environment"], "live": ["environment-live"]}.get(command[1], [])
    for name in secrets:
        told = re.findall(r"^(\w+)=", (EDGE / name).read_text(), re.MULTILINE)
        assert all(variable.startswith(("SPORTS_", "AWS_")) for variable in told)
        example = (REPOSITORY / ".env.example").read_text()
        assert [one for one in told if f"\n{one}=" not in example] == []


def test_the_container_copies_files_that_there_are() -> None:
    text = (EDGE / "Containerfile").read_text()
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        assert (REPOSITORY / source).exists()
    for folder in ("resources", "sports_assets", "sensors"):
        assert folder not in text
