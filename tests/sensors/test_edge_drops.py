"""The sensor over a real landing zone, tick by tick."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from resources import landing_trust
from resources.dagster_resources import LandingZoneResource
from resources.landing_files import Listing, LocalDropFiles
from resources.landing_zone import LandingZone
from sensors.cursor import ARRIVALS_A_TICK, OVERLAP_NS, Cursor
from sensors.edge_drops import edge_drops
from sports_assets.keys import LANE_TAG
from tests.sports_assets import diary
from tests.sports_assets.diary import place_of, send_days, wellness
from tests.sports_assets.workouts import FIRST, PACKED, ride, send

Tick = Callable[[], dg.SensorResult]


@pytest.fixture
def tick(tmp_path: Path) -> Tick:
    return ticks(LandingZoneResource(landing_uri=str(tmp_path), club_timezone="Europe/Berlin"))


def ticks(zone: LandingZoneResource) -> Tick:
    """One tick after the other, as the daemon does it: cursor and partitions are kept."""
    instance = dg.DagsterInstance.ephemeral()
    cursor: list[str | None] = [None]

    def look() -> dg.SensorResult:
        context = dg.build_sensor_context(instance=instance, cursor=cursor[0])
        result = edge_drops(context, landing_zone=zone)
        for request in result.dynamic_partitions_requests or []:
            instance.add_dynamic_partitions(
                request.partitions_def_name, list(request.partition_keys)
            )
        cursor[0] = result.cursor
        return result

    return look


def _asked(result: dg.SensorResult) -> list[str | None]:
    return [request.partition_key for request in result.run_requests or []]


def test_five_sessions_give_one_request_each_and_no_more(tmp_path: Path, tick: Tick) -> None:
    drops = [send(tmp_path, ride(FIRST + timedelta(days=day))) for day in range(5)]
    first = tick()
    assert _asked(first) == [drop.session_id for drop in drops]
    assert {request.job_name for request in first.run_requests or []} == {"session_facts"}
    assert (first.run_requests or [])[0].tags[LANE_TAG] == f"{drops[0].session_id}:facts"
    for _ in range(3):
        later = tick()
        assert not later.run_requests
        assert later.skip_reason is not None


def test_an_empty_landing_zone_says_so(tick: Tick) -> None:
    result = tick()
    assert not result.run_requests
    assert result.skip_reason is not None
    assert "no new drop" in str(result.skip_reason.skip_message)


def test_two_drops_of_one_session_are_one_request(tmp_path: Path, tick: Tick) -> None:
    drops = [send(tmp_path, ride(device=device)) for device in ("watch-1", "watch-2")]
    assert _asked(tick()) == [drops[0].session_id]


def test_a_corrected_drop_asks_again_under_another_key(tmp_path: Path, tick: Tick) -> None:
    send(tmp_path, ride(speed_mps=8.0))
    first = (tick().run_requests or [])[0]
    assert not send(tmp_path, ride(speed_mps=8.0)).is_new
    assert not tick().run_requests
    assert send(tmp_path, ride(speed_mps=9.0)).manifest.revision == 2
    (second,) = tick().run_requests or []
    assert second.partition_key == first.partition_key
    assert second.run_key != first.run_key


def test_footage_takes_the_vision_lane(tmp_path: Path, tick: Tick) -> None:
    drop = send(tmp_path, ride(kind="footage"))
    (request,) = tick().run_requests or []
    assert request.job_name == "session_footage"
    assert request.tags[LANE_TAG] == f"{drop.session_id}:vision"


def test_an_unreadable_manifest_costs_only_itself(tmp_path: Path, tick: Tick) -> None:
    bad = send(tmp_path, ride(FIRST))
    (bad.folder / "manifest.json").write_text("{}")
    good = send(tmp_path, ride(FIRST + timedelta(days=1)))
    result = tick()
    jobs = {request.job_name: request.partition_key for request in result.run_requests or []}
    assert jobs == {"session_facts": good.session_id, "quarantine": None}
    assert (bad.folder / "refused.json").is_file()
    assert (bad.folder / "manifest.json").is_file()
    assert not tick().run_requests


def test_a_tick_is_capped_and_nothing_is_lost(tmp_path: Path, tick: Tick) -> None:
    days = ARRIVALS_A_TICK + 7
    sent = {send(tmp_path, ride(FIRST + timedelta(days=day))).session_id for day in range(days)}
    asked = [_asked(tick()) for _ in range(3)]
    assert [len(one) for one in asked] == [ARRIVALS_A_TICK, 7, 0]
    assert {session for one in asked for session in one} == sent


def test_a_half_copied_drop_is_waited_for_and_asked_for_once_it_is_whole(
    tmp_path: Path, tick: Tick
) -> None:
    drop = send(tmp_path, ride())
    late = drop.folder / "positions.parquet"
    late.rename(tmp_path / "on-its-way")

    waiting = tick()
    assert not waiting.run_requests
    assert "wait for files" in str(waiting.skip_reason)
    assert "for positions.parquet" in str(waiting.skip_reason)
    assert not (drop.folder / "refused.json").exists()

    (tmp_path / "on-its-way").rename(late)
    assert _asked(tick()) == [drop.session_id]
    assert not tick().run_requests


def test_a_file_that_comes_long_after_its_manifest_is_not_forgotten(
    tmp_path: Path, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an object store shows a large upload: under the time at which it began."""
    slow = send(tmp_path, ride())
    late = slow.folder / "positions.parquet"
    late.rename(tmp_path / "on-its-way")
    tick()
    other = send(tmp_path, ride(FIRST + timedelta(days=1)))
    plain = LandingZone.arrivals

    def shifted(zone: LandingZone, after_ns: int = 0) -> list:
        known = plain(zone)
        times = {drop.place: drop.arrived_ns for drop in known}
        times |= {one.place: 2 * OVERLAP_NS for one in known if slow.session_id in one.place}
        return [replace(one, arrived_ns=times[one.place]) for one in known]

    monkeypatch.setattr(LandingZone, "arrivals", shifted)
    assert _asked(tick()) == [other.session_id]
    (tmp_path / "on-its-way").rename(late)
    assert _asked(tick()) == [slow.session_id]
    assert not tick().run_requests


def test_drops_that_never_become_whole_do_not_hold_up_the_others(
    tmp_path: Path, tick: Tick
) -> None:
    for day in range(ARRIVALS_A_TICK + 3):
        drop = send(tmp_path, ride(FIRST + timedelta(days=day)))
        (drop.folder / "positions.parquet").unlink()
    assert not tick().run_requests
    good = send(tmp_path, ride(FIRST - timedelta(days=1)))
    assert good.session_id in _asked(tick()) + _asked(tick())


@pytest.mark.slow
def test_120_drops_that_wait_are_each_asked_for_once_they_are_whole(
    tmp_path: Path, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an object store shows a large upload: under the time at which it began."""
    sent = {}
    for day in range(120):
        drop = send_days(tmp_path, wellness({(day, "anna"): 7}, first=day, last=day))
        (drop.folder / "wellness.parquet").rename(drop.folder / ".wellness.parquet")
        sent[place_of(drop)] = drop
    times = {place: n * 5 * OVERLAP_NS for n, place in enumerate(sorted(sent), start=1)}
    plain = LandingZone.arrivals

    def begun(zone: LandingZone, after_ns: int = 0) -> list:
        known = plain(zone)
        return [replace(one, arrived_ns=times.setdefault(one.place, 10**14)) for one in known]

    monkeypatch.setattr(LandingZone, "arrivals", begun)
    for _ in range(5):
        assert not _places_asked(tick())
    newest = send_days(tmp_path, wellness({(-1, "anna"): 7}, first=-1, last=-1))
    assert _places_asked(tick()) == {place_of(newest)}  # the watermark goes far beyond the others
    for drop in sent.values():
        (drop.folder / ".wellness.parquet").rename(drop.folder / "wellness.parquet")
    asked = [_places_asked(tick()) for _ in range(5)]
    assert set().union(*asked) >= set(sent)
    for _ in range(3):  # and then all is quiet
        last = tick()
    assert not last.run_requests
    assert Cursor.parse(last.cursor).sweep is None


def _places_asked(result: dg.SensorResult) -> set[str]:
    return {place for _, places in _days_asked(result) for place in places}


def test_a_tick_lists_the_zone_once(
    tmp_path: Path, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[tuple[str, ...]] = []
    plain = LocalDropFiles.look

    def counted(self, stream_prefixes=("",), *, is_anew: bool = False) -> Listing:
        looks.append(tuple(stream_prefixes))
        return plain(self, stream_prefixes, is_anew=is_anew)

    monkeypatch.setattr(LocalDropFiles, "look", counted)
    for day in range(3):
        send(tmp_path, ride(FIRST + timedelta(days=day)))
    send_days(tmp_path, wellness({(0, "anna"): 7}))
    assert len(tick().run_requests or []) == 4
    assert looks == [("",)]
    bad = send(tmp_path, ride(FIRST - timedelta(days=1)))
    (bad.folder / "manifest.json").write_text("{}")
    assert _jobs(tick()) == ["quarantine"]
    # Before it is refused, and after, its own stream is looked at: it may have come again.
    stream = bad.folder.parent.name
    assert looks == [("",), ("",), (stream,), (stream,)]


def test_the_same_drop_sent_over_a_refused_one_asks_again(tmp_path: Path, tick: Tick) -> None:
    drop = send(tmp_path, ride())
    (first,) = tick().run_requests or []
    with LandingZoneResource(landing_uri=str(tmp_path), club_timezone="Europe/Berlin").open() as z:
        z.refuse(f"{drop.folder.parent.name}/r0001", "checksum", "altered", PACKED)
    assert {request.job_name for request in tick().run_requests or []} == {"quarantine"}

    path = drop.folder / "positions.parquet"
    path.write_bytes(path.read_bytes())
    requests = {request.job_name: request for request in tick().run_requests or []}

    assert requests["session_facts"].partition_key == first.partition_key
    # Dagster never runs one key twice.
    assert requests["session_facts"].run_key != first.run_key
    assert "quarantine" in requests  # the list of refused drops is shorter again
    assert not tick().run_requests


def _days_asked(result: dg.SensorResult) -> list[tuple[str, list[str]]]:
    """Table and places of each request for days."""
    return [
        (
            (request.asset_selection or [])[0].path[-1],
            request.run_config["ops"]["raw_days"]["config"]["arrived"],
        )
        for request in result.run_requests or []
        if request.job_name == "daily_records"
    ]


def test_drops_about_days_are_one_request_a_table_and_source(tmp_path: Path, tick: Tick) -> None:
    this = send_days(tmp_path, wellness({(0, "anna"): 7}))
    last = send_days(tmp_path, wellness({(-7, "anna"): 7}, first=-7, last=-1))
    hurt = send_days(tmp_path, diary.injuries({"i1": (0, "anna")}))
    plan = send_days(tmp_path, diary.fixtures({("m1", 3): -20}))
    result = tick()
    assert _days_asked(result) == [
        ("fixtures", [place_of(plan)]),
        ("injuries", [place_of(hurt)]), ("wellness", sorted([place_of(this), place_of(last)])),
    ]  # fmt: skip
    assert {request.tags[LANE_TAG] for request in result.run_requests or []} == {"days"}
    assert not result.dynamic_partitions_requests
    assert not tick().run_requests


def test_corrected_days_ask_again_under_another_key(tmp_path: Path, tick: Tick) -> None:
    send_days(tmp_path, wellness({(0, "anna"): 7}))
    (first,) = tick().run_requests or []
    send_days(tmp_path, wellness({(0, "anna"): 7}))
    assert not tick().run_requests
    corrected = send_days(tmp_path, wellness({(0, "anna"): 6}))
    (second,) = tick().run_requests or []
    # In a folder the first arrives again with the second; it counts no more.
    assert second.run_config["ops"]["raw_days"]["config"]["arrived"] == [place_of(corrected)]
    assert second.run_key != first.run_key


def test_days_and_sessions_do_not_hold_each_other_up(tmp_path: Path, tick: Tick) -> None:
    late = send_days(tmp_path, wellness({(0, "anna"): 7}))
    (late.folder / "wellness.parquet").rename(tmp_path / "_on-its-way")
    ridden = send(tmp_path, ride())
    assert _asked(tick()) == [ridden.session_id]
    (tmp_path / "_on-its-way").rename(late.folder / "wellness.parquet")
    assert _days_asked(tick()) == [("wellness", [place_of(late)])]


def _jobs(result: dg.SensorResult) -> list[str | None]:
    return [request.job_name for request in result.run_requests or []]


def test_a_node_that_refused_a_file_asks_for_the_list(tmp_path: Path, tick: Tick) -> None:
    from edge_ingest.errors import SourceError
    from edge_ingest.intake.quarantine import refuse_file

    def refuse(content: bytes) -> None:
        bad = tmp_path / "_in.fit"
        bad.write_bytes(content)
        refuse_file(
            [bad], SourceError("no FIT"), quarantine=tmp_path / "_bad", outbox=tmp_path,
            node_id="stadium-1", source="fit", now=PACKED, key=None,
        )  # fmt: skip

    refuse(b"1")
    assert _jobs(tick()) == ["quarantine"]
    assert _jobs(tick()) == []
    refuse(b"1")
    assert _jobs(tick()) == []
    refuse(b"2")
    assert _jobs(tick()) == ["quarantine"]


def test_the_list_is_asked_for_each_time_it_becomes_empty(tmp_path: Path, tick: Tick) -> None:
    """Dagster never runs one key twice, and an empty list is like any other empty list."""
    drop = send(tmp_path, ride())
    tick()
    keys = []
    for _ in range(2):
        (drop.folder / "refused.json").write_text("{}")
        keys += [request.run_key for request in tick().run_requests or []]
        (drop.folder / "refused.json").unlink()
        emptied = [one for one in tick().run_requests or [] if one.job_name == "quarantine"]
        keys += [request.run_key for request in emptied]
    assert len(keys) == 4
    assert len(set(keys)) == 4


def test_what_never_becomes_a_drop_is_listed_after_the_grace(tmp_path: Path) -> None:
    patient = LandingZoneResource(landing_uri=str(tmp_path), club_timezone="Europe/Berlin")
    at_once = LandingZoneResource(
        landing_uri=str(tmp_path), club_timezone="Europe/Berlin", grace_s=0
    )
    lacking = send(tmp_path, ride())
    (lacking.folder / "positions.parquet").unlink()
    bare = send(tmp_path, ride(FIRST + timedelta(days=1)))
    (bare.folder / "manifest.json").unlink()
    assert _jobs(ticks(patient)()) == []
    look = ticks(at_once)
    first = look()
    assert _jobs(first) == ["quarantine"]
    (request,) = first.run_requests or []
    config = request.run_config["ops"]["raw__quarantine"]["config"]
    assert config == {"waiting": [f"{lacking.folder.parent.name}/r0001"]}
    assert _jobs(look()) == []
    (bare.folder / "positions.parquet").unlink()
    for path in bare.folder.iterdir():
        path.unlink()
    assert _jobs(look()) == ["quarantine"]


def test_a_link_in_the_landing_zone_is_listed_and_never_followed(
    tmp_path: Path, tick: Tick
) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    hidden = send(elsewhere, ride())
    (tmp_path / hidden.folder.parent.name).symlink_to(hidden.folder.parent)
    good = send(tmp_path, ride(FIRST + timedelta(days=1)))
    result = tick()
    assert _asked(result) == [good.session_id, None]
    assert _jobs(result) == ["session_facts", "quarantine"]
    assert not list(elsewhere.rglob("refused.json"))


def test_unsigned_drops_are_refused_where_signatures_are_required(tmp_path: Path) -> None:
    from edge_ingest.drops.signing import make_key, public_line

    key = make_key("stadium-1", tmp_path / "_keys")
    stranger = make_key("stranger", tmp_path / "_keys")
    (tmp_path / "_nodes").write_text(public_line(key))
    zone = LandingZoneResource(
        landing_uri=str(tmp_path),
        club_timezone="Europe/Berlin",
        edge_keys=str(tmp_path / "_nodes"),
        are_signatures_required=True,
    )
    send_days(tmp_path, wellness({(0, "anna"): 7}, last=0), key=key)
    plain = send_days(tmp_path, wellness({(1, "anna"): 7}, first=1, last=1))
    forged = send_days(tmp_path, wellness({(2, "anna"): 7}, first=2, last=2), key=stranger)
    look = ticks(zone)
    result = look()
    assert [len(places) for _, places in _days_asked(result)] == [1]
    assert '"rule": "unsigned"' in (plain.folder / "refused.json").read_text()
    assert '"rule": "signature"' in (forged.folder / "refused.json").read_text()
    assert _jobs(look()) == []
    # The node packs it again, signed: the next revision.
    again = send_days(tmp_path, wellness({(1, "anna"): 7}, first=1, last=1), key=key)
    assert _days_asked(look()) == [("wellness", [place_of(again)])]


def test_unsigned_drops_are_warned_about_elsewhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from edge_ingest.drops.signing import make_key, public_line

    (tmp_path / "_nodes").write_text(public_line(make_key("stadium-1", tmp_path / "_keys")))
    zone = LandingZoneResource(
        landing_uri=str(tmp_path), club_timezone="Europe/Berlin",
        edge_keys=str(tmp_path / "_nodes"),
    )  # fmt: skip
    for number in range(3):
        records = wellness({(number, "anna"): 7}, first=number, last=number)
        send_days(tmp_path, records)
    assert len(_days_asked(ticks(zone)())) == 1
    (warning,) = [line for line in capfd.readouterr().err.splitlines() if "aws" in line]
    assert "3 of 3 drops would be refused in aws" in warning
    assert "bears no signature" in warning


def test_where_no_node_is_known_it_is_said_once_a_process(
    tmp_path: Path, tick: Tick, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing_trust, "_told", set())
    for number in range(3):
        records = wellness({(number, "anna"): 7}, first=number, last=number)
        send_days(tmp_path, records)
        assert len(_days_asked(tick())) == 1
    (warning,) = [line for line in capfd.readouterr().err.splitlines() if "signed" in line]
    assert "no edge node is known here" in warning
    assert "set SPORTS_EDGE_KEYS" in warning


@pytest.mark.parametrize(
    "kind",
    ["future_version", "encoding", "too_large", "path", "manifest", "symlink", "instant"],
)
def test_a_manifest_beyond_all_bounds_costs_its_drop_only(
    tmp_path: Path, tick: Tick, kind: str
) -> None:
    import json

    bad = send(tmp_path, ride())
    path = bad.folder / "manifest.json"
    told = json.loads(path.read_text())
    if kind == "future_version":
        told = {"manifest_version": 2, "everything": "else"}
    elif kind == "encoding":
        told["encoding"] = 3
    elif kind == "too_large":
        told["files"][0]["bytes"] = 5 * 10**9
    elif kind == "path":
        told["files"][0]["path"] = "../../../etc/passwd.parquet"
    elif kind == "manifest":
        told = [[]]
    elif kind == "instant":
        told["session"]["started_at_utc"] = "0001-01-01T00:00:00+05:00"
    path.write_text(json.dumps(told))
    if kind == "symlink":
        path.rename(tmp_path / "_manifest")
        path.symlink_to(tmp_path / "_manifest")
    good = send(tmp_path, ride(FIRST + timedelta(days=1)))
    assert good.session_id in _asked(tick())
    refused = json.loads((bad.folder / "refused.json").read_text())
    expected = {"instant": "manifest", "encoding": "future_version"}.get(kind, kind)
    assert refused["rule"] == expected
    if expected == "future_version":
        assert "update the lakehouse" in refused["reason"]
