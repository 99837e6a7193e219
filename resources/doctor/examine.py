"""Is the installation well? Every system is asked in turn; each finding says what to do."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from resources.doctor.finding import Check, guarded
from resources.environment import Settings, load_settings
from resources.errors import SettingsError

_LOG = "report it with the whole line; the other checks stand"


def examine(environ: Mapping[str, str], now: Callable[[], datetime]) -> Iterator[Check]:
    """Check an installation; takes seconds where something does not answer.

    Args:
        environ: the environment's variables.
        now: this instant, UTC.
    """
    from resources.doctor.machine import check_home, check_packages, check_settings

    try:
        settings = load_settings(environ)
    except SettingsError as error:
        found, _, remedy = str(error).rpartition(": ")
        yield Check("settings", "bad", found or str(error), remedy or "see .env.example")
        yield from guarded("packages", _LOG, check_packages)
        return
    yield from guarded("settings", _LOG, lambda: check_settings(settings, environ))
    yield from guarded("packages", _LOG, check_packages)
    yield from guarded("home", _LOG, lambda: check_home(settings))
    yield from _systems(settings, environ, now)


def _systems(
    settings: Settings, environ: Mapping[str, str], now: Callable[[], datetime]
) -> Iterator[Check]:
    from resources.doctor import keeping
    from resources.doctor.orchestration import check_dagster
    from resources.doctor.places import check_places
    from resources.doctor.record import check_record

    is_recorded = True
    for check in guarded("catalogue", _LOG, lambda: check_record(settings)):
        is_recorded &= check.name != "catalogue" or check.state != "bad"
        yield check
    yield from guarded("places", _LOG, lambda: check_places(settings, now))
    yield from guarded("dbt", _LOG, lambda: keeping.check_project(settings))
    yield from guarded("edge nodes", _LOG, lambda: keeping.check_nodes(settings))
    if is_recorded:  # else neither can be told, and each would wait for the catalogue again
        yield from guarded("upkeep", _LOG, lambda: keeping.check_upkeep(settings, now()))
        yield from guarded("backup", _LOG, lambda: keeping.check_backup(settings, now()))
    yield from guarded("dagster", _LOG, lambda: check_dagster(settings, environ, now()))
