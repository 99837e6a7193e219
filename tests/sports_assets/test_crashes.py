"""Killed at every boundary between drop and page: after the next run nothing is lost or twice.

A process dies by SIGKILL where something outside of it has just changed: data files of a table are
written and its manifests are not, its metadata is written and the catalogue not swapped, the
catalogue is swapped and Dagster does not know, and so on for pages, norms and the sensor. The
boundaries are counted as a process passes them; see `boundaries.py`.

Compared is every row of every table, but for what no two runs share: when a row was written, the
hash of a page with its stopwatch (which is held against the page instead), and of its provenance
the snapshots at which history was read: a run after a killed one finds tables committed that were
not there before, without a row of any other session in them.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from resources.upkeep import POLICY
from sports_assets.partitions import SESSIONS_NAME
from sports_assets.warehouse.assets import PROJECT
from tests.sports_assets.killed_club import KilledClub
from tests.sports_assets.test_session_runs import CONTRACTS
from tests.sports_assets.workouts import ride, send

KILLS = 20

#: A boundary of each kind, as a run comes by, early ones where there is a choice; each run dies at
#: the next of them. That of a page beside its place is with the norms, which cost less.
CHAIN = (
    "raw: namespace made",
    "raw.sessions: metadata written, catalogue not swapped",
    "raw.sessions: table made",
    "raw.athletes: data files written, manifests not",
    "raw.positions: manifests written, metadata not",
    "raw.signals: catalogue swapped",
    "Dagster: asset_materialization of raw/athletes stored",
    "object {session}/r0001.html: in its place",
)
NORMS_CHAIN = (
    "alert.personal_norm: catalogue swapped",
    "object norms/personal_norms.json: written beside its place",
    "object norms/personal_norms.json: in its place",
)
TICK_CHAIN = ("Dagster: add_dynamic_partitions", "Dagster: update_tick", "Dagster: create_run")


class Trials:
    """A club with one drop, and what it looks like where nothing was ever killed."""

    def __init__(self, folder: Path) -> None:
        self.club = KilledClub(folder, CONTRACTS, PROJECT.artifacts.parent)
        self.session = send(self.club.landing, ride(speed_mps=8.0)).session_id
        self.club.save()
        self.club.warm_up(self.session)
        self.club.do("norms")
        self.expected = self.club.state()

    def run(self, die_at: int | str | None = None) -> list[str]:
        return self.club.do("run", die_at, session=self.session)

    def tick(self, minutes: int, die_at: int | str | None = None) -> list[str]:
        """One look of the sensor, so many minutes from now: each must be later than the last."""
        return self.club.do("tick", die_at, minutes=minutes)

    def longest_run_s(self) -> float:
        """Seconds that the run took which took longest, without what came before its first step."""
        with dg.DagsterInstance.from_config(str(self.club.home / "dagster")) as instance:
            stats = [instance.get_run_stats(run.run_id) for run in instance.get_runs()]
        return max(one.end_time - one.start_time for one in stats if one.end_time is not None)

    def asked_for(self) -> list[tuple[str, str, str]]:
        """Job, session and status of each run that the instance knows."""
        with dg.DagsterInstance.from_config(str(self.club.home / "dagster")) as instance:
            assert list(instance.get_dynamic_partitions(SESSIONS_NAME)) == [self.session]
            return [
                (run.job_name, run.tags["dagster/partition"], run.status.value)
                for run in instance.get_runs()
            ]


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    trials = Trials(tmp_path_factory.mktemp("killed"))
    yield trials
    trials.club.close()


@pytest.mark.slow
def test_runs_that_are_killed_one_boundary_after_the_other_end_as_one_that_was_not(
    trials: Trials,
) -> None:
    club = trials.club
    club.restore()
    for boundary in CHAIN:
        name = boundary.format(session=trials.session)
        assert trials.run(name)[-1] == name
    trials.run()
    for name in NORMS_CHAIN:
        assert club.do("norms", name)[-1] == name
    club.do("norms")
    assert club.state() == trials.expected
    club.check_pages()
    # Files of commits that never happened: they stay for the grace period, and no longer.
    left = club.unreached()
    assert {path.parent.name for path in left} >= {"metadata"}
    assert any(path.suffix == ".parquet" for path in left)
    club.do("upkeep")
    assert club.unreached() == left
    club.age(days=POLICY.orphan_grace_d + 1)
    club.do("upkeep")
    assert club.unreached() == []
    assert club.state() == trials.expected


@pytest.mark.slow
def test_a_sensor_that_is_killed_in_a_tick_asks_for_the_session_once(trials: Trials) -> None:
    trials.club.restore()
    for number, name in enumerate(TICK_CHAIN):
        assert trials.tick(2 * number, name)[-1] == name
    for number in range(len(TICK_CHAIN), len(TICK_CHAIN) + 2):
        trials.tick(2 * number)
        assert trials.asked_for() == [("session_facts", trials.session, "QUEUED")]


@pytest.mark.soak
class TestEachBoundaryByItself:
    """Everything is put back, one process is killed, the next one is not."""

    @pytest.mark.parametrize("is_corrected", [False, True], ids=["first", "corrected"])
    def test_of_a_run(self, trials: Trials, is_corrected: bool) -> None:
        club = trials.club
        club.restore()
        if is_corrected:
            trials.run()
            send(club.landing, ride(speed_mps=9.0))
        self._try_each(trials, "run", session=trials.session)

    def test_of_the_norms(self, trials: Trials) -> None:
        trials.club.restore()
        trials.run()
        self._try_each(trials, "norms")

    def test_of_a_tick(self, trials: Trials) -> None:
        trials.club.restore()
        boundaries = trials.tick(0)
        assert len(boundaries) > len(TICK_CHAIN)
        for number, boundary in enumerate(boundaries):
            trials.club.restore()
            trials.tick(0, number)
            for later in (2, 4):
                trials.tick(later)
                asked_for = trials.asked_for()
                assert asked_for == [("session_facts", trials.session, "QUEUED")], boundary

    @staticmethod
    def _try_each(trials: Trials, what: str, **job: Any) -> None:
        club = trials.club
        before = club.home.with_name("before")
        club.save(before)
        boundaries = club.do(what, **job)
        assert len(boundaries) > len(NORMS_CHAIN)
        expected = club.state()
        for number, boundary in enumerate(boundaries):
            club.restore(before)
            assert club.do(what, number, **job)[-1] == boundary
            club.do(what, **job)
            assert club.state() == expected, boundary
            print(f"{what} {number + 1}/{len(boundaries)}: {boundary}", flush=True)


@pytest.mark.soak
def test_real_run_processes_killed_at_random_moments_lose_nothing(trials: Trials) -> None:
    """As Dagster starts them: a process of its own, killed with its children."""
    club = trials.club
    club.restore()
    trials.tick(0)  # the session is known, as in any run that the sensor asked for
    before = club.home.with_name("before")
    club.save(before)
    started = time.monotonic()
    assert club.start("session_facts", trials.session).wait(timeout=600) == 0
    took_s = time.monotonic() - started
    began_s = took_s - trials.longest_run_s()
    expected = club.state()
    killed = 0
    for seed in range(3 * KILLS):
        club.restore(before)
        # Before its first step a run has changed nothing; most of that time is imports.
        after_s = random.Random(seed).uniform(began_s, took_s)
        started = time.monotonic()
        process = club.start("session_facts", trials.session)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=after_s)
            # It was faster than the one that was measured: the machine is less busy now.
            took_s = time.monotonic() - started
            began_s = min(began_s, took_s / 2)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        trials.run()
        assert club.state() == expected, f"seed {seed}, killed after {after_s:.2f} s"
        killed += code == -signal.SIGKILL
        print(f"kill {seed}: after {after_s:.2f} of {took_s:.2f} s, exit code {code}", flush=True)
        if killed == KILLS:
            return
    pytest.fail(f"of {3 * KILLS} runs only {killed} could be killed")
