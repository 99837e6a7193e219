"""Fixtures that every folder of tests shares: where real recordings are."""

import os
from importlib.resources import files
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def kloppy_files() -> Path:
    """Vendor files that come with kloppy, a dependency: always there."""
    return Path(str(files("kloppy"))) / "tests" / "files"


@pytest.fixture(scope="session")
def sweat_samples() -> Path:
    """Real FIT files of the sweat wheel, fetched by `make samples`."""
    default = REPOSITORY / ".sports" / "samples"
    folder = Path(os.environ.get("SPORTS_SAMPLES", default)) / "sweat" / "examples" / "data"
    if not folder.is_dir():
        pytest.skip(f"no sample recordings at {folder}: run `make samples`")
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Recordings that are not part of this project; see the `realdata` marker."""
    folder = Path(os.environ.get("SPORTS_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}: set SPORTS_REAL_DATA")
    return folder.resolve()
