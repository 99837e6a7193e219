"""What a landing zone promises, in a folder and in an object store alike."""

import hashlib
import json
import os
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from edge_ingest import manifest as manifests
from edge_ingest.drops.arrival import LARGEST_MANIFEST
from edge_ingest.drops.drop import pack
from edge_ingest.drops.signing import make_key, public_line, read_public_keys, sign
from edge_ingest.errors import DropError, SourceError
from edge_ingest.identity import mint_session_id, read_calendar
from edge_ingest.manifest import Manifest, MediaFile
from resources.errors import ResourceError
from resources.landing_drops import ActiveDrop, Arrival
from resources.landing_files import DropFiles, Listing, LocalDropFiles
from resources.landing_trust import Trust
from resources.landing_zone import LandingZone, landing_zone
from tests.edge_ingest.recordings import recording
from tests.resources.conftest import Place
from tests.resources.landing_drops import GUESS, KICK_OFF, days_drop, drop, place_of

ENTRY = "2019-11-09_football_bayern-dortmund"
CALENDAR = (
    "starts_at_utc,site,sport,slug,name,home_team,away_team\n"
    "2019-11-09T17:30:00Z,,football,bayern-dortmund,Bayern - Dortmund,Bayern,Dortmund\n"
)
REFUSED_AT = datetime(2019, 11, 10, 8, 0, tzinfo=UTC)


@pytest.fixture
def zone(place: Place) -> LandingZone:
    return opened(place)


def opened(place: Place) -> LandingZone:
    return landing_zone(f"{place.uri}/landing", place.s3, "Europe/Berlin")


def files(zone: LandingZone) -> DropFiles:
    return zone._files


def deliver(zone: LandingZone, manifest_and_payload: tuple[Manifest, bytes]) -> str:
    manifest, payload = manifest_and_payload
    place = place_of(manifest)
    assert files(zone).create(f"{place}/{manifest.files[0].path}", payload)
    assert files(zone).create(f"{place}/manifest.json", manifest.to_json().encode())
    return place


def places(drops: list[Arrival] | list[ActiveDrop]) -> list[str]:
    return [drop.place for drop in drops]


def test_an_empty_zone_has_nothing_and_an_empty_calendar(zone: LandingZone) -> None:
    assert zone.arrivals() == []
    assert zone.active(GUESS) == []
    assert zone.refused() == []
    assert zone.calendar() == ()
    assert zone.athletes().num_rows == 0


def test_drops_arrive_in_the_order_in_which_they_were_finished(zone: LandingZone) -> None:
    started = time.time_ns()
    manifest, payload = drop(device="b")
    slow = place_of(manifest)
    files(zone).create(f"{slow}/positions.parquet", payload)
    time.sleep(1.1)  # an object store tells whole seconds
    first = deliver(zone, drop(device="z"))
    time.sleep(1.1)
    files(zone).create(f"{slow}/manifest.json", manifest.to_json().encode())
    arrivals = zone.arrivals()
    assert places(arrivals) == [first, slow]
    assert abs(arrivals[0].arrived_ns - started) < 60 * 10**9
    assert places(zone.arrivals(after_ns=arrivals[0].arrived_ns)) == [slow]
    assert zone.arrivals(after_ns=arrivals[1].arrived_ns) == []


def test_an_unfinished_drop_has_not_arrived(zone: LandingZone) -> None:
    manifest, payload = drop()
    files(zone).create(f"{place_of(manifest)}/positions.parquet", payload)
    assert zone.arrivals() == []
    with pytest.raises(DropError, match="unfinished"):
        zone.manifest(place_of(manifest))


def test_what_is_not_a_drop_is_not_listed(zone: LandingZone) -> None:
    text = drop()[0].to_json().encode()
    for name in (
        "identity/r0001/manifest.json",
        f"{GUESS}.camera.tracking/.packing-x7/manifest.json",
        f"{GUESS}.camera.tracking/manifest.json",
        f"{GUESS}.camera.tracking/old/manifest.json",
        f".incoming/{GUESS}.camera.tracking/r0001/manifest.json",
        "_attic/r0001/manifest.json",
    ):
        assert files(zone).create(name, text)
    assert zone.arrivals() == []


def test_the_newest_revision_of_each_stream_is_active(zone: LandingZone) -> None:
    deliver(zone, drop(payload=b"first"))
    second = deliver(zone, drop(revision=2, payload=b"second"))
    watch = deliver(zone, drop(device="watch"))
    deliver(zone, drop(guess="2019-11-10_football_muenchen-1830"))
    active = zone.active(GUESS)
    assert places(active) == [second, watch]
    assert active[0].fetch("positions.parquet") == b"second"
    assert zone.fetch(watch)("positions.parquet") == b"rows"
    with pytest.raises(FileNotFoundError):
        active[0].fetch("signals.parquet")


def test_the_calendar_has_the_last_word_on_the_session(zone: LandingZone, place: Place) -> None:
    # Two devices that guessed differently were at one match.
    one = deliver(zone, drop(guess="2019-11-09_football_muenchen-1830"))
    other = deliver(zone, drop(guess="2019-11-09_football_arena-1834", device="watch"))
    assert places(zone.active("2019-11-09_football_arena-1834")) == [other]
    files(zone).create("identity/sessions.csv", CALENDAR.encode())
    later = opened(place)
    assert places(later.active(ENTRY)) == sorted([one, other])
    assert later.active("2019-11-09_football_arena-1834") == []
    assert {later.session_of(later.manifest(drop)) for drop in (one, other)} == {ENTRY}


def test_a_guess_of_another_day_is_found_across_midnight(place: Place) -> None:
    zone = opened(place)
    # 23:30 UTC is the next day in Berlin, and for an edge that has been told UTC it is not.
    night = datetime(2019, 11, 9, 23, 30, tzinfo=UTC)
    found = deliver(zone, drop(guess="2019-11-09_football_field-2330", started=night))
    calendar = CALENDAR.replace("2019-11-09T17:30:00Z", "2019-11-10T01:00:00Z")
    files(zone).create("identity/sessions.csv", calendar.encode())
    assert places(zone.active("2019-11-10_football_bayern-dortmund")) == [found]


def test_a_calendar_that_cannot_be_read_stops_everything_by_its_line(zone: LandingZone) -> None:
    deliver(zone, drop())
    files(zone).create("identity/sessions.csv", CALENDAR.replace("17:30", "half six").encode())
    with pytest.raises(SourceError, match="line 2"):
        zone.active(GUESS)


def test_a_refused_drop_stays_where_it_is_and_the_one_before_it_counts(zone: LandingZone) -> None:
    first = deliver(zone, drop(payload=b"first"))
    second = deliver(zone, drop(revision=2, payload=b"second"))
    zone.refuse(second, "contract", "3 rows break x_m: send the drop again", REFUSED_AT)
    zone.refuse(second, "other", "a later opinion", REFUSED_AT + timedelta(days=1))
    assert places(zone.active(GUESS)) == [first]
    assert second not in places(zone.arrivals())
    (refused,) = zone.refused()
    assert (refused.place, refused.rule) == (second, "contract")
    assert refused.reason == "3 rows break x_m: send the drop again"
    assert refused.refused_at_utc == REFUSED_AT
    assert refused.kept_at_uri.endswith(second)
    assert refused.manifest is not None
    assert refused.manifest.revision == 2
    assert zone.read(f"{second}/positions.parquet") == b"second"


def test_a_manifest_that_cannot_be_read_costs_that_drop_only(zone: LandingZone) -> None:
    good = deliver(zone, drop())
    bad = f"{GUESS}.watch.tracking/r0001"
    files(zone).create(f"{bad}/manifest.json", b"{}")
    assert set(places(zone.arrivals())) == {good, bad}
    with pytest.raises(DropError, match=r"manifest\.json"):
        zone.manifest(bad)
    assert places(zone.active(GUESS)) == [good]
    zone.refuse(bad, "manifest", "pack it again", REFUSED_AT)
    assert zone.refused()[0].manifest is None


@pytest.mark.parametrize(
    ("manifest", "stands_in", "fault"),
    [
        (drop()[0], f"{GUESS}.camera.tracking/r0002", "belongs in"),
        (drop()[0], "2019-11-09_football_elsewhere.camera.tracking/r0001", "belongs in"),
        (
            drop(started=KICK_OFF + timedelta(days=30))[0],
            f"{GUESS}.camera.tracking/r0001",
            "device's clock",
        ),
    ],
    ids=["revision", "stream", "day"],
)
def test_a_drop_in_a_place_that_is_not_its_own_is_no_drop(
    zone: LandingZone, manifest: Manifest, stands_in: str, fault: str
) -> None:
    files(zone).create(f"{stands_in}/manifest.json", manifest.to_json().encode())
    with pytest.raises(DropError, match=fault):
        zone.manifest(stands_in)
    assert zone.active(GUESS) == []


def test_only_the_days_around_a_session_are_read(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for month in range(1, 9):
        started = datetime(2019, month, 9, 17, 30, tzinfo=UTC)
        deliver(zone, drop(guess=f"2019-{month:02d}-09_football_cup", started=started))
    deliver(zone, drop())
    read: list[str] = []
    plain = files(zone).read
    monkeypatch.setattr(files(zone), "read", lambda name, *_: read.append(name) or plain(name))
    assert len(zone.active(GUESS)) == 1
    zone.active(GUESS)  # a manifest is read once
    assert read == [f"{GUESS}.camera.tracking/r0001/manifest.json", "identity/sessions.csv"]


def test_the_crosswalk_is_read_with_blanks_as_null(zone: LandingZone) -> None:
    header = (
        "source,source_athlete_id,athlete_id,display_name,max_heart_rate_bpm,"
        "resting_heart_rate_bpm,sex\n"
    )
    files(zone).create("identity/athletes.csv", f"{header}vendor,7,a7,,191,,female\n".encode())
    (row,) = zone.athletes().to_pylist()
    assert (row["athlete_id"], row["max_heart_rate_bpm"], row["display_name"]) == ("a7", 191, None)


def test_a_folder_that_was_moved_in_counts_as_new(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    aside = landing_zone(str(tmp_path / "aside"), {}, "Europe/Berlin")
    place = deliver(aside, drop())
    old = time.time_ns() - 3600 * 10**9
    for path in (tmp_path / "aside").rglob("*"):
        os.utime(path, ns=(old, old))
    time.sleep(0.05)
    before = time.time_ns() - 20_000_000  # the file system's clock ticks more coarsely than ours
    landing.mkdir()
    (tmp_path / "aside" / place.split("/")[0]).rename(landing / place.split("/")[0])
    zone = landing_zone(str(landing), {}, "Europe/Berlin")
    assert places(zone.arrivals(after_ns=before)) == [place]


def test_removing_a_refusal_submits_the_drop_again(tmp_path: Path) -> None:
    zone = landing_zone(str(tmp_path), {}, "Europe/Berlin")
    place = deliver(zone, drop())
    zone.refuse(place, "contract", "wrong", REFUSED_AT)
    told = json.loads((tmp_path / place / "refused.json").read_text())
    assert told == {
        "reason": "wrong",
        "refused_at_utc": "2019-11-10T08:00:00+00:00",
        "rule": "contract",
    }
    time.sleep(0.05)
    before = time.time_ns() - 20_000_000
    (tmp_path / place / "refused.json").unlink()
    assert places(zone.arrivals(after_ns=before)) == [place]


def test_a_video_that_is_still_arriving_is_waited_for(zone: LandingZone) -> None:
    video = MediaFile(path="camera.mp4", bytes=5, sha256=hashlib.sha256(b"video").hexdigest())
    manifest, payload = drop()
    content = manifests.content_sha256(manifest.files, {}, (video,))
    changed = {
        "media": (video,),
        "content_sha256": content,
        "drop_id": manifests.drop_id(manifest.stream_id, 1, content),
    }
    place = deliver(zone, (Manifest(**(manifest.model_dump() | changed)), payload))

    (arrival,) = zone.arrivals()
    assert zone.lacks(arrival) == ("camera.mp4",)
    files(zone).replace(f"{place}/camera.mp4", b"vid")
    assert zone.lacks(zone.arrivals()[0]) == ("camera.mp4",)
    assert zone.active(GUESS) == []
    files(zone).replace(f"{place}/camera.mp4", b"video")
    (active,) = zone.active(GUESS)
    assert zone.lacks(zone.arrivals()[0]) == ()
    assert active.uri == files(zone).uri(place)


def test_a_drop_whose_files_are_still_arriving_is_waited_for(zone: LandingZone) -> None:
    first = deliver(zone, drop(payload=b"first"))
    manifest, payload = drop(revision=2, payload=b"second")
    second = place_of(manifest)
    files(zone).create(f"{second}/manifest.json", manifest.to_json().encode())

    def lacks() -> dict[str, tuple[str, ...]]:
        return {one.place: zone.lacks(one) for one in zone.arrivals()}

    assert lacks() == {first: (), second: ("positions.parquet",)}
    assert places(zone.active(GUESS)) == [first]
    assert zone.awaited(GUESS) == [(second, ("positions.parquet",))]
    files(zone).replace(f"{second}/positions.parquet", payload[:3])
    assert lacks()[second] == ("positions.parquet",)
    files(zone).replace(f"{second}/positions.parquet", payload)
    assert lacks() == {first: (), second: ()}
    assert places(zone.active(GUESS)) == [second]
    assert zone.awaited(GUESS) == []


def test_the_last_file_of_a_drop_tells_when_it_arrived(zone: LandingZone) -> None:
    manifest, payload = drop()
    files(zone).create(f"{place_of(manifest)}/manifest.json", manifest.to_json().encode())
    (early,) = zone.arrivals()
    time.sleep(1.1)  # an object store tells whole seconds
    files(zone).create(f"{place_of(manifest)}/positions.parquet", payload)
    (late,) = zone.arrivals(after_ns=early.arrived_ns)
    assert late.arrived_ns > early.arrived_ns
    assert zone.arrivals(after_ns=late.arrived_ns) == []


@pytest.mark.slow
def test_sending_a_drop_over_a_refused_one_submits_it_again(zone: LandingZone) -> None:
    place = deliver(zone, drop())
    (first,) = zone.active(GUESS)
    zone.refuse(place, "checksum", "send the drop again", REFUSED_AT)
    assert zone.active(GUESS) == []
    time.sleep(1.1)
    files(zone).replace(f"{place}/positions.parquet", b"rows")
    (again,) = zone.active(GUESS)
    assert places(zone.arrivals()) == [place]
    assert zone.refused() == []
    # The same drop, asked for anew, and only once.
    assert again.manifest == first.manifest
    assert again.delivery_id != first.delivery_id
    assert zone.active(GUESS)[0].delivery_id == again.delivery_id
    time.sleep(1.1)
    assert zone.refuse(place, "contract", "pack it again", REFUSED_AT)
    assert [refused.rule for refused in zone.refused()] == ["contract"]


def test_a_refusal_of_what_has_been_sent_again_meanwhile_is_not_written(zone: LandingZone) -> None:
    place = deliver(zone, drop())
    (judged,) = zone.active(GUESS)
    time.sleep(1.1)
    files(zone).replace(f"{place}/positions.parquet", b"rows")
    assert not zone.refuse(place, "checksum", "altered", REFUSED_AT, judged.arrived_ns)
    (now,) = zone.active(GUESS)
    assert zone.refuse(place, "checksum", "altered", REFUSED_AT, now.arrived_ns)
    assert zone.active(GUESS) == []


@pytest.mark.parametrize("text", [b"", b"no", b"[]", b'{"rule": 1}'])
def test_a_refusal_by_hand_is_a_refusal_too(zone: LandingZone, text: bytes) -> None:
    place = deliver(zone, drop())
    files(zone).create(f"{place}/refused.json", text)
    (refused,) = zone.refused()
    assert (refused.place, refused.rule) == (place, "by_hand")
    assert zone.active(GUESS) == []


def test_a_partition_that_names_no_session_says_so(zone: LandingZone) -> None:
    with pytest.raises(ResourceError, match="'derby' names no session"):
        zone.active("derby")


def test_a_day_that_no_calendar_has_costs_that_drop_only(zone: LandingZone) -> None:
    good = deliver(zone, drop())
    text = drop()[0].to_json().replace("2019-11-09_", "2019-11-31_")
    bad = place_of(drop()[0]).replace("2019-11-09_", "2019-11-31_")
    files(zone).create(f"{bad}/manifest.json", text.encode())
    assert places(zone.active(GUESS)) == [good]
    with pytest.raises(DropError, match="day is out of range"):
        zone.manifest(bad)


def test_a_device_without_the_calendar_joins_the_session_of_one_that_has_it(
    tmp_path: Path,
) -> None:
    """Packed for real, one edge with the club's calendar and one without, four minutes apart."""
    started = recording().session.started_at_utc
    calendar = "starts_at_utc,site,sport,slug\n2024-05-04T13:30:00Z,,football,cup-final\n"
    (tmp_path / "identity").mkdir()
    (tmp_path / "identity" / "sessions.csv").write_text(calendar)
    for device, known, late_s in (("camera", read_calendar(calendar), 0), ("watch", (), 240)):
        facts = replace(recording().session, started_at_utc=started + timedelta(seconds=late_s))
        identity = mint_session_id(
            facts.started_at_utc, "Europe/Berlin", facts.sport, facts.site, known
        )
        pack(recording(device_id=device, session=facts), tmp_path, identity, REFUSED_AT)
    zone = landing_zone(str(tmp_path), {}, "Europe/Berlin")
    active = zone.active("2024-05-04_football_cup-final")
    assert [drop.manifest.session.session_id for drop in active if drop.manifest.session] == [
        "2024-05-04_football_cup-final",
        "2024-05-04_football_test-ground-1534",
    ]
    assert [drop.manifest.device_id for drop in active] == ["camera", "watch"]
    assert zone.active("2024-05-04_football_test-ground-1534") == []


def test_days_are_found_by_kind_and_range(zone: LandingZone) -> None:
    may = deliver(zone, days_drop("2024-05-01", "2024-05-31"))
    june = deliver(zone, days_drop("2024-06-01", "2024-06-30"))
    deliver(zone, days_drop("2024-05-01", "2024-05-31", kind="injuries"))
    deliver(zone, drop())
    told = deliver(zone, days_drop("2024-05-04", "2024-05-04", kind="quarantine"))

    def found(*days: tuple[str, str]) -> list[str]:
        ranges = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in days]
        return places(zone.active_days("wellness", ranges))

    assert found() == [may, june]
    assert found(("2024-05-31", "2024-05-31")) == [may]
    assert found(("2024-05-31", "2024-06-01")) == [may, june]
    assert found(("2024-04-01", "2024-04-30"), ("2024-06-30", "2024-07-04")) == [june]
    assert found(("2024-07-01", "2024-07-04")) == []
    corrected = deliver(zone, days_drop("2024-05-01", "2024-05-31", revision=2, payload=b"more"))
    assert found() == [corrected, june]
    ((place, sizes),) = zone.reports()
    assert place == told
    assert sizes["quarantine.parquet"] == 4


def test_a_file_larger_than_its_manifest_says_is_refused_unread(zone: LandingZone) -> None:
    place = deliver(zone, drop())
    files(zone).replace(f"{place}/positions.parquet", b"rows and a bomb")
    (active,) = zone.active(GUESS)
    with pytest.raises(DropError, match="15 bytes, and 4 at most") as raised:
        active.fetch("positions.parquet")
    assert raised.value.rule == "checksum"


def test_a_monstrous_manifest_is_refused_unread(zone: LandingZone) -> None:
    good = deliver(zone, drop())
    bad = place_of(drop(device="watch")[0])
    files(zone).create(f"{bad}/manifest.json", b" " * (LARGEST_MANIFEST + 1))
    with pytest.raises(DropError, match="its manifest is none") as raised:
        zone.manifest(bad)
    assert raised.value.rule == "too_large"
    assert places(zone.active(GUESS)) == [good]


def test_signatures_are_held_against_the_list_of_nodes(place: Place, tmp_path: Path) -> None:
    ours = make_key("stadium-1", tmp_path / "keys")
    theirs = make_key("stranger", tmp_path / "keys")
    known = read_public_keys(public_line(ours), "nodes")
    zone = opened(place)
    signed, plain, forged = (
        deliver(zone, (signing(manifest), payload))
        for device, signing in (
            ("a", lambda one: sign(one, ours)),
            ("b", lambda one: one),
            ("c", lambda one: sign(one, theirs)),
        )
        for manifest, payload in [drop(device=device)]
    )

    def told(is_required: bool) -> LandingZone:
        trust = Trust(known, is_required)
        return landing_zone(f"{place.uri}/landing", place.s3, "Europe/Berlin", trust)

    strict = told(is_required=True)
    assert [(one.place, one.signed_by) for one in strict.active(GUESS)] == [(signed, "stadium-1")]
    for bad, rule in ((plain, "unsigned"), (forged, "signature")):
        with pytest.raises(DropError) as raised:
            strict.manifest(bad)
        assert raised.value.rule == rule
    lenient = told(is_required=False)
    assert [(one.place, one.signed_by) for one in lenient.active(GUESS)] == [
        (signed, "stadium-1"), (plain, None), (forged, None),
    ]  # fmt: skip
    assert lenient.doubt(signed) is None
    assert "bears no signature" in str(lenient.doubt(plain))
    assert "not in the list of nodes" in str(lenient.doubt(forged))


def test_a_doubt_goes_with_the_manifest_that_gave_rise_to_it(place: Place, tmp_path: Path) -> None:
    """Sent again, this time signed."""
    ours = make_key("stadium-1", tmp_path / "keys")
    trust = Trust(read_public_keys(public_line(ours), "nodes"), is_required=False)
    zone = landing_zone(f"{place.uri}/landing", place.s3, "Europe/Berlin", trust)
    manifest, payload = drop()
    at = deliver(zone, (manifest, payload))
    zone.manifest(at)
    assert zone.doubt(at)
    files(zone).replace(f"{at}/manifest.json", sign(manifest, ours).to_json().encode())
    assert not zone.refuse(at, "checksum", "altered", REFUSED_AT, as_of_ns=1)  # it came again

    zone.manifest(at)

    assert zone.doubt(at) is None


def test_what_is_not_whole_is_told_after_the_grace_and_is_not_refused(zone: LandingZone) -> None:
    lacking, _ = drop()
    files(zone).create(f"{place_of(lacking)}/manifest.json", lacking.to_json().encode())
    bare, payload = drop(device="watch")
    files(zone).create(f"{place_of(bare)}/positions.parquet", payload)
    files(zone).create("monday.fit", b"x")
    files(zone).create("identity/sessions.csv", CALENDAR.encode())
    refused = deliver(zone, drop(device="z"))
    zone.refuse(refused, "checksum", "altered", REFUSED_AT)
    now = datetime.now(UTC)

    def listed(later: timedelta, waiting: list[str] | None = None) -> list[tuple[str, str]]:
        return [(one.place, one.rule) for one in zone.unloaded(now + later, waiting)]

    assert listed(timedelta(minutes=50)) == [(refused, "checksum")]
    late = timedelta(minutes=70)
    whole = [
        (place_of(lacking), "missing"), (place_of(bare), "no_manifest"), (refused, "checksum"),
        ("monday.fit", "no_manifest"),
    ]  # fmt: skip
    assert listed(late) == whole
    assert listed(late, []) == whole[1:]
    assert listed(late, [place_of(lacking)]) == whole
    files(zone).create(f"{place_of(bare)}/manifest.json", bare.to_json().encode())
    files(zone).create(f"{place_of(lacking)}/positions.parquet", payload)
    assert listed(late) == whole[2:]


@pytest.mark.parametrize("name", ["positions.parquet", "manifest.json"])
def test_a_link_to_a_file_is_refused_and_not_followed(tmp_path: Path, name: str) -> None:
    zone = landing_zone(str(tmp_path / "landing"), {}, "Europe/Berlin")
    place = deliver(zone, drop())
    path = tmp_path / "landing" / place / name
    path.rename(tmp_path / "outside")
    path.symlink_to(tmp_path / "outside")
    (arrival,) = zone.arrivals()
    assert zone.lacks(arrival) == ()
    with pytest.raises(DropError, match="is a link") as raised:
        zone.fetch(place)(name)
    assert raised.value.rule == "symlink"


def test_a_pipe_in_a_drop_is_not_waited_for(tmp_path: Path) -> None:
    zone = landing_zone(str(tmp_path), {}, "Europe/Berlin")
    place = deliver(zone, drop())
    (tmp_path / place / "positions.parquet").unlink()
    os.mkfifo(tmp_path / place / "positions.parquet")
    with pytest.raises(DropError, match="is no file"):
        zone.fetch(place)("positions.parquet")


@pytest.mark.parametrize("depth", [1, 2])
def test_a_folder_that_is_a_link_is_told_and_not_followed(tmp_path: Path, depth: int) -> None:
    elsewhere = landing_zone(str(tmp_path / "elsewhere"), {}, "Europe/Berlin")
    stream, revision = deliver(elsewhere, drop()).split("/")
    landing = tmp_path / "landing"
    link = landing.joinpath(*(stream, revision)[:depth])
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "elsewhere" / link.relative_to(landing))
    zone = landing_zone(str(landing), {}, "Europe/Berlin")
    assert zone.arrivals() == []
    assert zone.active(GUESS) == []
    with pytest.raises(DropError) as raised:
        zone.manifest(f"{stream}/{revision}")
    assert raised.value.rule == "symlink"
    (told,) = zone.unloaded(datetime.now(UTC))
    assert (told.rule, told.place) == ("symlink", str(link.relative_to(landing)))
    assert not list((tmp_path / "elsewhere").rglob("refused.json"))


def test_a_refusal_that_is_a_link_is_a_refusal(tmp_path: Path) -> None:
    zone = landing_zone(str(tmp_path), {}, "Europe/Berlin")
    place = deliver(zone, drop())
    (tmp_path / place / "refused.json").symlink_to("/etc/hostname")
    (refused,) = zone.refused()
    assert refused.rule == "by_hand"


def test_a_video_is_measured_in_pieces(zone: LandingZone) -> None:
    """Bounded memory: of 48 MB a few are held at a time."""
    manifest, payload = drop()
    video = hashlib.sha256(b"seed").digest() * (48 * 2**20 // 32)
    media = MediaFile(path="camera.mp4", bytes=len(video), sha256=hashlib.sha256(video).hexdigest())
    manifest = manifest.model_copy(update={"media": (media,)})
    content = manifests.content_sha256(manifest.files, {}, manifest.media)
    manifest = manifest.model_copy(
        update={
            "content_sha256": content,
            "drop_id": manifests.drop_id(manifest.stream_id, 1, content),
        }
    )
    place = place_of(manifest)
    files(zone).create(f"{place}/camera.mp4", video)
    deliver(zone, (manifest, payload))
    zone.manifest(place)
    expected = (len(video), media.sha256)
    del video
    tracemalloc.start()
    try:
        assert zone.measure(place)("camera.mp4") == expected
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20
    with pytest.raises(FileNotFoundError):
        zone.measure(place)("other.mp4")
    files(zone).replace(f"{place}/camera.mp4", bytes(media.bytes + 1))
    with pytest.raises(DropError, match="larger than its manifest says") as raised:
        zone.measure(place)("camera.mp4")
    assert raised.value.rule == "checksum"


def test_a_drop_that_went_away_is_not_refused_and_leaves_nothing(
    zone: LandingZone, place: Place
) -> None:
    gone = place_of(drop()[0])
    assert not zone.refuse(gone, "checksum", "altered", REFUSED_AT)
    assert not zone.refuse(gone, "checksum", "altered", REFUSED_AT, 1)
    assert zone.unloaded(datetime.now(UTC) + timedelta(days=1)) == []
    if not place.s3:
        assert not Path(place.uri, "landing").exists()


def test_a_drop_that_goes_away_while_it_is_refused_leaves_no_folder(tmp_path: Path) -> None:
    local = LocalDropFiles(tmp_path)
    with pytest.raises(FileNotFoundError):
        local.replace(f"{GUESS}.camera.tracking/r0001/refused.json", b"{}")
    assert list(tmp_path.iterdir()) == []
    local.replace("norms/personal_norms.json", b"{}")
    assert (tmp_path / "norms" / "personal_norms.json").is_file()


def test_a_zone_that_is_listed_once_is_listed_once(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = deliver(zone, drop())
    other = deliver(zone, drop(device="other"))
    looks: list[tuple[str, ...]] = []
    kind = type(files(zone))
    plain = kind.look

    def counted(self: DropFiles, stream_prefixes=("",), *, is_anew: bool = False) -> Listing:
        looks.append(tuple(stream_prefixes))
        return plain(self, stream_prefixes, is_anew=is_anew)

    monkeypatch.setattr(kind, "look", counted)
    once = zone.listed_once()
    assert sorted(places(once.arrivals())) == sorted([place, other])
    assert sorted(places(once.active(GUESS))) == sorted([place, other])
    assert once.active_days("wellness") == []
    assert once.reports() == []
    assert once.unloaded(datetime.now(UTC)) == []
    assert once.marks_of_unloaded(datetime.now(UTC), []) == []
    assert looks == [("",)]
    # What is refused through it is seen to be so; only its stream is looked at again.
    assert once.refuse(place, "checksum", "altered", REFUSED_AT)
    assert [one.place for one in once.refused()] == [place]
    assert places(once.active(GUESS)) == [other]
    (mark,) = once.marks_of_unloaded(datetime.now(UTC), [])
    assert mark.startswith(f"{place} refused ")
    assert set(looks[1:]) == {(place.partition("/")[0],)}
    # What came meanwhile is of the next look.
    late = deliver(zone, drop(device="third"))
    assert late not in places(once.arrivals())
    assert late in places(zone.listed_once().arrivals())
