"""Each kind of fault has its page, and each command on a page exists."""

import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.faults import Fault, FaultKind
from resources.trouble import LATE_PAGE
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "docs" / "runbooks"
PAGES = sorted(FOLDER.glob("*.md"))
#: What every page of a kind tells, in this order.
PARTS = [
    "**What you see**",
    "**What it means**",
    "**What the system does**",
    "**What to do**",
    "**It is over when**",
]
_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([\w.-]+)\)")


def _commands(page: Path) -> Iterator[list[str]]:
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            for part in line.split(" | "):
                yield shlex.split(part)


def test_each_kind_has_its_page_and_each_page_its_kind() -> None:
    kinds = {REPOSITORY / Fault(kind, "").runbook for kind in FaultKind}
    assert kinds | {REPOSITORY / LATE_PAGE, FOLDER / "README.md"} == set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_tells_what_one_must_know(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.name != "README.md":
        places = [text.find(part) for part in PARTS]
        assert places == sorted(places)
        assert places[0] > 0
        assert len(text.splitlines()) < 50
    for name in _LINK.findall(text):
        assert (FOLDER / name).is_file(), name


def test_index_names_each_page() -> None:
    named = set(_LINK.findall((FOLDER / "README.md").read_text(encoding="utf-8")))
    assert named == {page.name for page in PAGES} - {"README.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_the_page_exist(page: Path) -> None:
    for command, *arguments in _commands(page):
        if command == "export":
            continue
        if command.startswith(".venv/bin/"):
            assert Path(sys.executable).with_name(Path(command).name).exists(), command
            _check_subcommand(Path(command).name, arguments)
        else:
            # `journalctl` and `free` are the machine's; a small container lacks them.
            known = shutil.which(command) or command in {"journalctl", "free", "curl"}
            assert known, f"{page.name} names {command}"


def _check_subcommand(program: str, arguments: list[str]) -> None:
    if program == "edge-ingest":
        from typer.main import get_command

        from edge_ingest.cli import app

        assert arguments[0] in get_command(app).commands, arguments  # type: ignore[attr-defined]
    elif program == "dagster":
        from dagster._cli import create_dagster_cli

        group = create_dagster_cli().commands[arguments[0]]
        assert arguments[1] in group.commands, arguments  # type: ignore[attr-defined]
    elif program == "dagster-daemon":
        from dagster._daemon.cli import create_dagster_daemon_cli

        assert arguments[0] in create_dagster_daemon_cli().commands, arguments
