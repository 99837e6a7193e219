"""One real instance for all end-to-end tests: landing zone, daemon, webserver, browser."""

import json
import os
import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy.local.services import daemon, make_home, wait_for, webserver
from edge_ingest.drops.drop import PackedDrop
from edge_ingest.samples import activity_samples, match_samples, pack_samples
from sports_assets.keys import REPORT_SESSION_KEY

START_S = 180
RUN_S = 240


@dataclass
class Club:
    """A running Touchline, and what one asks of it."""

    home: Path
    url: str
    instance: dg.DagsterInstance
    drops: list[PackedDrop] = field(default_factory=list)

    @property
    def sessions(self) -> list[str]:
        return sorted({drop.session_id for drop in self.drops})

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]

    def runs(self, session: str) -> list[dg.DagsterRun]:
        return list(self.instance.get_runs(dg.RunsFilter(tags={"dagster/partition": session})))

    def page(self, session: str) -> Path | None:
        """The session's newest page, once its run is over; fails if the run did."""
        runs = self.runs(session)
        failed = [run.run_id for run in runs if run.status == dg.DagsterRunStatus.FAILURE]
        assert not failed, self.why(failed[0])
        if not runs or any(not run.is_finished for run in runs):
            return None
        records = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(REPORT_SESSION_KEY, asset_partitions=[session]), limit=1
        ).records
        made = records[0].asset_materialization if records else None
        return Path(str(made.metadata["page"].value)) if made else None

    def why(self, run_id: str) -> str:
        events = [entry.dagster_event for entry in self.instance.all_logs(run_id)]
        messages = [
            event.event_specific_data.error.to_string()
            for event in events
            if event and event.is_step_failure and event.event_specific_data.error
        ]
        return "\n".join(messages) or "the run failed before any step"


@pytest.fixture(scope="session")
def club(tmp_path_factory: pytest.TempPathFactory, sweat_samples: Path) -> Iterator[Club]:
    home = tmp_path_factory.mktemp("club")
    environment = make_home(home) | {"SPORTS_ENV": "test"}
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        with (
            dg.DagsterInstance.get() as instance,
            daemon(environment, home / "daemon.log"),
            webserver(environment, home / "webserver.log", port),
        ):
            club = Club(home, f"http://127.0.0.1:{port}", instance)
            wait_for("the webserver", lambda: _is_up(club), START_S)
            club.drops = pack_samples(
                [*match_samples(), *activity_samples(sweat_samples.parents[2])[1:3]],
                home / "landing",
                datetime.now(UTC),
            )
            yield club
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _is_up(club: Club) -> bool | None:
    try:
        club.graphql("{ version }")
    except OSError:
        return None
    return True
