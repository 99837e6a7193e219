"""One run over many sessions: in order of date, and one at fault costs itself only."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from resources.dbt.chunks import ChunkLimits
from sports_assets.keys import BASELINE_KEY, asset_key
from tests.sports_assets.test_session_runs import Club, _why
from tests.sports_assets.workouts import FIRST, ride, send

NEVER_SENT = "2024-03-02_cycling_never-sent"
RAW = ["raw/sessions", "raw/positions"]
COUNT = "select max(earlier_session_count) from t where metric = 'total_distance_m'"


def materialized(club: Club, key: dg.AssetKey) -> dict[str, dg.AssetMaterialization]:
    """The newest materialisation of each partition."""
    records = club.instance.fetch_materializations(key, limit=100, ascending=True).records
    found = [one.asset_materialization for one in records]
    return {one.partition: one for one in found if one is not None and one.partition}


@pytest.mark.slow
def test_sessions_at_fault_are_named_and_the_others_are_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sports_assets.warehouse.assets.LIMITS", ChunkLimits(sessions=2))
    club = Club(tmp_path)
    rides = [ride(FIRST + timedelta(days=day), speed_mps=7.0 + day) for day in range(3)]
    # It fits raw, and fails a blocking dbt test of core.
    facts = rides[1].session
    backwards = replace(facts, ended_at_utc=facts.started_at_utc - timedelta(hours=1))
    rides[1] = replace(rides[1], session=backwards)
    first, bad, last = (send(club.landing, one).session_id for one in rides)
    arrived = [last, bad, first]

    result = club.run([*arrived, NEVER_SENT], RAW, expect=False)
    assert "1 of 4 sessions failed" in _why(result)
    assert f"{NEVER_SENT}: {NEVER_SENT} has no drop that can be loaded" in _why(result)
    for key in RAW:
        assert materialized(club, asset_key(key)).keys() == set(arrived)

    result = club.run(arrived, expect=False)
    assert "1 of 3 sessions failed" in _why(result)
    assert "session_ends_after_it_starts" in _why(result)
    for session, earlier in ((first, None), (last, 1)):
        assert club.query("core/session", "select session_id from t", session) == [(session,)]
        assert club.query("mart/athlete_session_baseline", COUNT, session) == [(earlier,)]
    assert club.query("core/session", "select session_id from t", bad) == []

    made = materialized(club, BASELINE_KEY)
    assert made.keys() == {first, last}
    read = {session: made[session].metadata["snapshots_read"].value for session in made}
    assert "core/session" not in read[first]  # nothing came before it
    with club.resources["lakehouse"].open() as store:
        # The history of the last one was read before it was published itself.
        assert int(read[last]["core/session"]) != store.snapshot_id("core/session")
