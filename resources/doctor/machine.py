"""The machine and what is installed on it: settings, versions, the home folder and its disk."""

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

from resources.addresses import without_password
from resources.doctor.finding import Check, reason
from resources.environment import DEFAULTS, REQUIRED, Settings
from resources.object_store import is_s3

_ROOT = Path(__file__).resolve().parents[2]
_LOCK = _ROOT / "requirements.lock"
_EXAMPLE = _ROOT / ".env.example"
_PYTHON = (3, 11)
_WHYLOGS = "1.6.4"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.M)
_OURS = re.compile(r"^#? ?(SPORTS_[A-Z0-9_]+)=", re.M)
#: Of tests and of the demonstration: no part of an installation.
_BESIDE = {"SPORTS_SAMPLES", "SPORTS_REAL_DATA"}
_NAMED = 5
_TRIAL_BYTES = 4_000_000
GIGABYTE = 1e9
#: Below this much room nothing can be committed for long, B; below the other it is time to act.
LEAST_BYTES, FEW_BYTES = 1e9, 5e9
_REINSTALL = (
    "install what is locked: make setup (pip install --require-hashes -r requirements.lock)"
)


def check_settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    """Each variable with its value, and whether it was told or stands by default; no secrets."""
    yield Check("SPORTS_ENV", "ok", f"{settings.environment}{_told('SPORTS_ENV', environ)}")
    values = {
        "SPORTS_HOME": str(settings.home),
        "SPORTS_CATALOG_URI": without_password(settings.catalog_uri),
        "SPORTS_WAREHOUSE_URI": settings.warehouse_uri,
        "SPORTS_LANDING_URI": settings.landing_uri,
        "SPORTS_REPORT_URI": settings.report_uri,
        "SPORTS_CLUB_TIMEZONE": settings.club_timezone,
    }
    for name, value in values.items():
        yield Check(name, "ok", f"{value}{_told(name, environ)}")
    yield from _catalogue_place(settings)
    yield from _store_keys(settings)
    yield from _unknown(environ)


def check_packages() -> Iterator[Check]:
    """Python, and every installed package beside the lock; the pairs that fail without a word."""
    found = f"Python {sys.version.split()[0]}"
    if sys.version_info[:2] != _PYTHON:
        needed = ".".join(map(str, _PYTHON))
        yield Check(
            "python", "bad", found, f"make the environment with Python {needed}: make setup"
        )
    else:
        yield Check("python", "ok", found)
    yield _beside_the_lock()
    yield _engine()
    yield _one_cv2()
    yield _profiler()


def check_home(settings: Settings) -> Iterator[Check]:
    """Whether the home folder can be written, and how much room its disk has."""
    home = settings.home
    trial = home / f".doctor-{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        clock = time.perf_counter()
        with trial.open("wb") as handle:
            handle.write(os.urandom(_TRIAL_BYTES))
            handle.flush()
            os.fsync(handle.fileno())
        rate = _TRIAL_BYTES / (time.perf_counter() - clock)
    except OSError as error:
        yield Check(
            "home", "bad", f"{home} cannot be written: {error.strerror}",
            "give this user the right to write there, free space, or set SPORTS_HOME",
        )  # fmt: skip
    else:
        yield Check("home", "ok", f"{home} takes {rate / 1e6:,.0f} MB/s")
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        yield _room(shutil.disk_usage(home).free)


def _room(free: float) -> Check:
    found = f"{free / GIGABYTE:,.1f} GB free on the disk of SPORTS_HOME"
    if free < LEAST_BYTES:
        return Check(
            "room", "bad", f"{found}: commits will fail", "free space, or move SPORTS_HOME",
        )  # fmt: skip
    if free < FEW_BYTES:
        return Check("room", "warn", found, "free space before the next match, or run the upkeep")
    return Check("room", "ok", found)


def _told(name: str, environ: Mapping[str, str]) -> str:
    return "" if environ.get(name) else " (by default)"


def _catalogue_place(settings: Settings) -> Iterator[Check]:
    if "SPORTS_CATALOG_URI" in REQUIRED[settings.environment] and settings.catalog_uri.startswith(
        "sqlite"
    ):
        yield Check(
            "SPORTS_CATALOG_URI", "warn", "SQLite serves one machine only, and has no backup",
            "use PostgreSQL: postgresql+psycopg2://user:password@host/db",
        )  # fmt: skip


def _store_keys(settings: Settings) -> Iterator[Check]:
    """Keys of the object store: whether there are any, never which."""
    places = (settings.warehouse_uri, settings.landing_uri, settings.report_uri)
    s3 = settings.s3
    if not any(map(is_s3, places)):
        return
    has = {name for name in ("access-key-id", "secret-access-key") if s3.get(name)}
    where = s3.get("endpoint") or f"AWS, region {s3.get('region') or 'by profile'}"
    if len(has) == 1:
        yield Check(
            "object store", "bad", f"{where}: half of a pair of keys is set",
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY together, or neither",
        )  # fmt: skip
        return
    keys = "keys from the environment" if has else "keys by the SDK’s own chain (profile, role)"
    yield Check("object store", "ok", f"{where}, {keys}")


def _unknown(environ: Mapping[str, str]) -> Iterator[Check]:
    """A name that nobody reads is a setting that somebody believes to have made."""
    if not _EXAMPLE.is_file():
        return
    known = set(_OURS.findall(_EXAMPLE.read_text())) | _BESIDE | set(DEFAULTS[next(iter(DEFAULTS))])
    told = {name for name in environ if name.startswith("SPORTS_") and environ[name]}
    if strange := sorted(told - known):
        yield Check(
            "unknown", "warn", f"{', '.join(strange)}: nothing reads it",
            "correct the name, or unset it; .env.example lists every setting",
        )  # fmt: skip


def _beside_the_lock() -> Check:
    if not _LOCK.is_file():
        return Check("packages", "warn", f"there is no {_LOCK}", "keep it beside the code")
    # Universal: a package may be locked several times, each for its own platform.
    locked: dict[str, set[str]] = {}
    for name, number in _PINNED.findall(_LOCK.read_text()):
        locked.setdefault(_plain(name), set()).add(number)
    installed = {_plain(one.metadata["Name"]): one.version for one in distributions()}
    other = [
        f"{name} {number} (locked {', '.join(sorted(locked[name]))})"
        for name, number in sorted(installed.items())
        if name in locked and number not in locked[name]
    ]
    if other:
        more = f" and {len(other) - _NAMED} more" if len(other) > _NAMED else ""
        return Check("packages", "bad", f"{', '.join(other[:_NAMED])}{more}", _REINSTALL)
    count = sum(name in locked for name in installed)
    return Check("packages", "ok", f"{count} packages are those of requirements.lock")


def _engine() -> Check:
    """DuckDB and its extension must be of one version: they load together or not at all."""
    from resources.duckdb_engine import connect

    told = [f"{name} {_version(name)}" for name in ("duckdb", "duckdb-extension-httpfs")]
    try:
        with connect({}) as engine:
            engine.execute("select 1")
    except Exception as error:  # noqa: BLE001 - whatever keeps it from loading is the finding
        return Check("engine", "bad", f"{', '.join(told)}: {reason(error)}", _REINSTALL)
    return Check("engine", "ok", f"{', '.join(told)} load together, offline")


def _one_cv2() -> Check:
    names = [
        name
        for name in (
            "opencv-python", "opencv-python-headless", "opencv-contrib-python",
            "opencv-contrib-python-headless",
        )
        if _version(name) != "absent"
    ]  # fmt: skip
    if len(names) > 1:
        return Check(
            "cv2", "bad", f"{' and '.join(names)} share one folder",
            "uninstall all of them, then make setup",
        )  # fmt: skip
    return Check("cv2", "ok", f"{names[0]} {_version(names[0])}" if names else "not installed")


def _profiler() -> Check:
    """whylogs asks NumPy for names of NumPy 1: one pair is known to work, with a patch of ours."""
    whylogs, numpy = _version("whylogs"), _version("numpy")
    found = f"whylogs {whylogs} with NumPy {numpy}"
    if whylogs != "absent" and (whylogs != _WHYLOGS or numpy.split(".")[0] != "2"):
        return Check("profiler", "warn", f"{found}: never tried together", _REINSTALL)
    return Check("profiler", "ok", found)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
