"""From drops that tell of a drift to a squad scored by whoever then serves, by the clock.

The product's own jobs and sensors in one process, on a home of its own: a simulated club of 25
athletes whose third season brings a coach who asks for more. What a daemon adds is the interval of
its sensors (15 and 30 s) and the start of each run's process.
"""

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import dagster as dg

from edge_ingest.drops.drop import pack_days
from edge_ingest.simulate.calendar import YEAR_D, Scenario
from edge_ingest.simulate.club import Clubs, Settings, simulate
from edge_ingest.simulate.drops import Told, write_club
from resources.approvals import Approval, approval_records
from resources.dagster_resources import LakehouseResource, ModelsResource
from resources.environment import load_settings
from resources.model_contracts import OPS_PROMOTION
from resources.model_registry import Alias, ModelRegistry
from sports_assets.keys import FEATURE_WORKLOAD_KEY, MODEL_KEYS, PROMOTION_KEY, RAW_KEYS

_MODEL_TAG, _REASON_TAG = "touchline/model", "touchline/retrain-reason"
_CHANGE_D: Final = 2 * YEAR_D + 80
#: What the second drop tells: up to so many days after the change.
_TOLD_AFTER_D: Final = 42
_CLUB: Final = Settings(
    seed=4040, dial=0.5, scenario=Scenario(new_coach_on_d=_CHANGE_D, coach_load=1.5)
)


def drift_to_score() -> dict[str, Any]:
    """Seconds from the moment at which the drifting days are in raw.

    Returns:
        `seconds` until the slowest of the models that were asked for had its squad scored; by
        model the seconds of its own run, the verdict, and who serves; `reasons` as the sensor
        tagged them.
    """
    with TemporaryDirectory() as folder, _home(Path(folder)), dg.instance_for_test() as instance:
        return _Loop(Path(folder) / "landing", instance).measure()


class _Loop:
    """One home, from its first days to the squad scored anew."""

    def __init__(self, landing: Path, instance: dg.DagsterInstance) -> None:
        # What reads the environment as it is imported comes after the home.
        from resources.dagster_resources import resources_for
        from sports_assets.definitions import defs, settings

        self.landing, self.instance, self.defs = landing, instance, defs
        self.zone = settings.club_timezone
        self.resources = resources_for(load_settings())
        self.cursors: dict[str, str | None] = {}

    def measure(self) -> dict[str, Any]:
        clubs = simulate(_CLUB)
        change = clubs.days[_CHANGE_D]
        self._tell(clubs, Told(clubs.days[0], change - timedelta(days=1)))
        # Not by the jobs of the sensor, whose cool-down would hold the next training back.
        self._make(FEATURE_WORKLOAD_KEY)
        self._make(*MODEL_KEYS.values())
        self._make(PROMOTION_KEY)
        self._approve()
        self._run(*self._tick("labels"))
        self._tick("drift")
        before = self._serving()
        self._tell(clubs, Told(change, change + timedelta(days=_TOLD_AFTER_D)))
        began = time.perf_counter()
        self._run(*self._tick("labels"))
        requests = self._tick("drift")
        seen_s = time.perf_counter() - began
        runs = {request.tags[_MODEL_TAG]: self._timed(request) for request in requests}
        # The one word that the loop waits for is a doctor's; it is given at once here.
        self._approve()
        approved_s = self._timed(*self._tick("labels"))
        return {
            "seconds": round(seen_s + sum(runs.values()) + approved_s, 1),
            "seen_s": round(seen_s, 1),
            "run_s": {name: round(one, 1) for name, one in runs.items()},
            "approved_and_scored_s": round(approved_s, 1),
            "served_before": before,
            "served_after": self._serving(),
            "decisions": self._decisions(set(runs)),
            "reasons": {one.tags[_MODEL_TAG]: one.tags[_REASON_TAG] for one in requests},
        }

    def _tell(self, clubs: Clubs, told: Told) -> None:
        write_club(clubs, self.landing, told, datetime.now(UTC))
        self._load()

    def _load(self) -> None:
        self._make(*(RAW_KEYS[name] for name in ("wellness", "injuries", "fixtures", "approvals")))

    def _approve(self) -> None:
        """A doctor's word for whatever waits for one."""
        waiting = self._registry().history("injury_risk", Alias.CHALLENGER).current
        if waiting is None:
            return
        now = datetime.now(UTC)
        word = Approval("injury_risk", waiting, "approved", "Dr. Test", "benchmark", now)
        pack_days(approval_records(word, self.zone), self.landing, now)
        self._load()

    def _registry(self) -> ModelRegistry:
        models = self.resources["models"]
        assert isinstance(models, ModelsResource)
        return models.registry()

    def _lakehouse(self) -> LakehouseResource:
        lakehouse = self.resources["lakehouse"]
        assert isinstance(lakehouse, LakehouseResource)
        return lakehouse

    def _serving(self) -> dict[str, int | None]:
        registry = self._registry()
        return {name: registry.history(name).current for name in MODEL_KEYS}

    def _decisions(self, models: Collection[str]) -> dict[str, str]:
        """The newest verdict on each of these models, with its reasons."""
        with self._lakehouse().open() as store, store.connect() as connection:
            store.view(connection, OPS_PROMOTION, "decided")
            rows = connection.sql(
                "select model, verdict, reasons from decided order by version, decided_at_utc"
            ).fetchall()
        return {
            model: f"{verdict}: {reasons}" for model, verdict, reasons in rows if model in models
        }

    def _make(self, *keys: dg.AssetKey) -> None:
        job = self.defs.resolve_implicit_global_asset_job_def()
        done = job.execute_in_process(instance=self.instance, asset_selection=list(keys))
        assert done.success

    def _tick(self, name: str) -> list[dg.RunRequest]:
        from sensors.drift import drift_sensor
        from sensors.labels import labels_sensor

        sensor = {"drift": drift_sensor, "labels": labels_sensor}[name]
        resources = {"lakehouse": self._lakehouse()} if name == "drift" else None
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursors.get(name), resources=resources
        ) as context:
            told = sensor.evaluate_tick(context)
        self.cursors[name] = told.cursor
        return list(told.run_requests or [])

    def _run(self, *requests: dg.RunRequest) -> None:
        for request in requests:
            job = self.defs.resolve_job_def(str(request.job_name))
            done = job.execute_in_process(instance=self.instance, tags=dict(request.tags))
            assert done.success

    def _timed(self, *requests: dg.RunRequest) -> float:
        began = time.perf_counter()
        self._run(*requests)
        return time.perf_counter() - began


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """`SPORTS_HOME` for as long as this takes."""
    before = {name: os.environ.get(name) for name in ("SPORTS_HOME", "SPORTS_ENV")}
    (folder / "landing").mkdir()
    os.environ.update(SPORTS_HOME=str(folder), SPORTS_ENV="local")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
