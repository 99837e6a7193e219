"""What every landing zone promises the sender, on a folder and on S3 spoken by moto's server."""

import errno
import hashlib
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge_ingest.node.settings import Node, S3Settings
from edge_ingest.spool import landing_s3
from edge_ingest.spool.landing import (
    AlteredHereError,
    BrokenOffError,
    LandingError,
    LandingTarget,
    Parcel,
    never,
    probe,
)
from edge_ingest.spool.landing_choice import landing_target
from edge_ingest.spool.landing_folder import FolderLanding
from edge_ingest.spool.landing_s3 import S3Landing, s3_client

PART = 5 * 1024**2
LARGE = os.urandom(3 * PART + 17)
OTHER = bytes([LARGE[0] ^ 1]) + LARGE[1:]


@dataclass
class Place:
    """A landing zone, and the back door to what it stores."""

    target: LandingTarget
    stored: Callable[[str], bytes | None]
    spoil: Callable[[str], None]
    client: Any = None
    bucket: str = ""


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return request.getfixturevalue(f"{request.param}_place")


@pytest.fixture
def folder_place(tmp_path: Path) -> Place:
    root = tmp_path / "a share [of ours]"
    root.mkdir()

    def stored(name: str) -> bytes | None:
        path = root / name
        return path.read_bytes() if path.exists() else None

    def spoil(name: str) -> None:
        payload = (root / name).read_bytes()
        (root / name).write_bytes(payload[:-1] + b"\0")

    return Place(FolderLanding(root), stored, spoil)


@pytest.fixture
def s3_place(s3_options: dict[str, str]) -> Place:
    client = s3_client(_settings(s3_options))
    bucket = f"club-{uuid.uuid4().hex[:12]}"
    client.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3_options["region"]}
    )

    def stored(name: str) -> bytes | None:
        try:
            return client.get_object(Bucket=bucket, Key=f"some/prefix/{name}")["Body"].read()
        except client.exceptions.NoSuchKey:
            return None

    def spoil(name: str) -> None:
        payload = stored(name)
        assert payload is not None
        client.put_object(Bucket=bucket, Key=f"some/prefix/{name}", Body=payload[:-1] + b"\0")

    return Place(
        S3Landing(client, f"s3://{bucket}/some/prefix", PART), stored, spoil, client, bucket
    )


def _settings(options: dict[str, str]) -> S3Settings:
    return S3Settings(
        endpoint=options["endpoint"],
        region=options["region"],
        access_key_id=options["access-key-id"],
        secret_access_key=options["secret-access-key"],
    )


def parcel(tmp_path: Path, payload: bytes, name: str = "stream/r0001/positions.parquet") -> Parcel:
    path = tmp_path / "outbox" / Path(name).name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(payload)
    return Parcel(path, name, len(payload), hashlib.sha256(payload).hexdigest())


def pause_after(pieces: int) -> Callable[[], bool]:
    """Breaks off once so many pieces have gone."""
    left = iter([False] * pieces)
    return lambda: next(left, True)


@pytest.mark.parametrize("payload", [b"rows", b"", LARGE], ids=["small", "empty", "large"])
def test_what_is_put_is_there(place: Place, tmp_path: Path, payload: bytes) -> None:
    one = parcel(tmp_path, payload)
    assert not place.target.holds(one)
    assert place.target.read(one.name) is None

    place.target.put(one, never)

    assert place.target.holds(one)
    assert place.stored(one.name) == payload
    assert place.target.read(one.name) == payload


def test_what_is_larger_than_it_may_be_is_not_read(place: Place, tmp_path: Path) -> None:
    one = parcel(tmp_path, b"rows", "norms/personal_norms.json")
    place.target.put(one, never)
    assert place.target.read(one.name, 4) == b"rows"
    assert place.target.read("norms/other.json", 4) is None
    with pytest.raises(LandingError, match=r"norms/personal_norms\.json has 4 B") as refused:
        place.target.read(one.name, 3)
    assert refused.value.is_permanent


def test_putting_twice_is_putting_once_and_another_content_replaces(
    place: Place, tmp_path: Path
) -> None:
    one = parcel(tmp_path, b"rows")
    place.target.put(one, never)
    place.target.put(one, never)
    assert place.stored(one.name) == b"rows"

    other = parcel(tmp_path, b"more rows")
    assert not place.target.holds(other)
    place.target.put(other, never)
    assert place.stored(one.name) == b"more rows"


@pytest.mark.parametrize("payload", [b"rows", LARGE], ids=["small", "large"])
def test_a_file_that_changed_on_either_side_is_noticed(
    place: Place, tmp_path: Path, payload: bytes
) -> None:
    one = parcel(tmp_path, payload)
    place.target.put(one, never)
    place.spoil(one.name)
    assert not place.target.holds(one)  # same size, other bytes

    one.path.write_bytes(payload[:-1] + b"\0")
    with pytest.raises(AlteredHereError, match="no longer what was packed"):
        place.target.put(one, never)


def test_a_file_that_is_gone_here_is_still_known_there(place: Place, tmp_path: Path) -> None:
    for payload in (b"rows", LARGE):
        one = parcel(tmp_path, payload)
        place.target.put(one, never)
        one.path.unlink()
        assert place.target.holds(one)


def test_an_upload_that_gave_way_goes_on_where_it_was(place: Place, tmp_path: Path) -> None:
    whole = Pieces()
    place.target.put(parcel(tmp_path, LARGE, "stream/r0001/other.mp4"), whole)
    one = parcel(tmp_path, LARGE)
    with pytest.raises(BrokenOffError):
        place.target.put(one, pause_after(2))
    assert place.target.read(one.name) is None
    assert not place.target.holds(one)

    rest = Pieces()
    place.target.put(one, rest)

    assert place.stored(one.name) == LARGE
    assert rest.count == whole.count - 2


class Pieces:
    """A pause that never comes, and counts the pieces that went."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> bool:
        self.count += 1
        return False


def test_an_upload_of_other_content_is_not_gone_on_with(place: Place, tmp_path: Path) -> None:
    with pytest.raises(BrokenOffError):
        place.target.put(parcel(tmp_path, LARGE), pause_after(2))
    other = os.urandom(len(LARGE))
    one = parcel(tmp_path, other)

    if isinstance(place.target, FolderLanding):  # it finds out at the end, and begins anew
        with pytest.raises(LandingError, match="arrived altered"):
            place.target.put(one, never)
    place.target.put(one, never)

    assert place.stored(one.name) == other


@pytest.mark.slow
def test_an_upload_is_begun_anew_once_it_goes_in_other_parts(
    s3_place: Place, tmp_path: Path
) -> None:
    """Somebody changed landing.part_mb while the network was away."""
    one = parcel(tmp_path, LARGE)
    with pytest.raises(BrokenOffError):
        s3_place.target.put(one, pause_after(2))
    other = S3Landing(s3_place.client, s3_place.target.uri, PART + 2**20)
    sent: list[int] = []
    s3_place.client.meta.events.register(
        "before-call.s3.UploadPart",
        lambda params, **_: sent.append(params["body"].getbuffer().nbytes),
    )

    other.put(one, never)  # at the first try

    assert sum(sent) == len(LARGE)
    assert s3_place.stored(one.name) == LARGE
    assert other.holds(one)
    assert s3_place.target.holds(one)
    assert not s3_place.client.list_multipart_uploads(Bucket=s3_place.bucket).get("Uploads")


@pytest.mark.slow
def test_an_upload_goes_on_only_with_parts_of_its_own_file(s3_place: Place, tmp_path: Path) -> None:
    """Its metadata would be the other's."""
    with pytest.raises(BrokenOffError):
        s3_place.target.put(parcel(tmp_path, OTHER), pause_after(2))
    one = parcel(tmp_path, LARGE)

    s3_place.target.put(one, never)

    key = f"some/prefix/{one.name}"
    head = s3_place.client.head_object(Bucket=s3_place.bucket, Key=key)
    assert head["Metadata"]["sha256"] == one.sha256


@pytest.mark.parametrize("fault", ["gone", "altered"])
def test_an_upload_of_what_is_damaged_here_ends_and_leaves_nothing(
    place: Place, tmp_path: Path, fault: str
) -> None:
    one = parcel(tmp_path, LARGE)
    with pytest.raises(BrokenOffError):
        place.target.put(one, pause_after(2))
    if fault == "gone":
        one.path.unlink()
    else:
        one.path.write_bytes(OTHER[::-1])

    with pytest.raises(AlteredHereError) as refused:
        place.target.put(one, never)

    assert refused.value.rule == {"gone": "missing", "altered": "checksum"}[fault]
    assert place.stored(one.name) is None
    if place.client is not None:
        assert not place.client.list_multipart_uploads(Bucket=place.bucket).get("Uploads")
    else:
        assert not [path for path in Path(place.target.uri).rglob("*") if path.is_file()]


def test_no_folder_is_made_for_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "zone").mkdir()
    one = parcel(tmp_path, b"rows")
    one.path.unlink()
    with pytest.raises(AlteredHereError, match="is gone"):
        FolderLanding(tmp_path / "zone").put(one, never)
    assert list((tmp_path / "zone").iterdir()) == []


def test_a_refusal_holds_until_something_of_the_drop_is_written_anew(
    place: Place, tmp_path: Path
) -> None:
    drop = "stream/r0001"
    rows = parcel(tmp_path, b"rows", f"{drop}/positions.parquet")
    manifest = parcel(tmp_path, b"{}", f"{drop}/manifest.json")
    refusal = parcel(tmp_path, b'{"rule": "schema"}', f"{drop}/refused.json")
    place.target.put(rows, never)
    place.target.put(manifest, never)
    assert place.target.refusal(drop) is None
    place.target.put(refusal, never)
    assert place.target.refusal(drop) == b'{"rule": "schema"}'

    time.sleep(1.1 if place.client else 0.02)  # what an object store's times, a disk's can tell
    place.target.put(rows, never)

    assert place.target.refusal(drop) is None
    assert place.target.refusal("stream/r0002") is None


def test_probing_leaves_nothing_and_tells_the_time_there(place: Place, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    probe(place.target, tmp_path, "stadium-1")
    assert place.stored("_probe/stadium-1.txt") is None
    assert not (tmp_path / "probe.txt").exists()
    assert place.target.server_time_utc is not None
    assert abs((place.target.server_time_utc - before).total_seconds()) < 60


def test_removing_what_is_not_there_is_no_fault(place: Place) -> None:
    place.target.remove("_probe/nobody.txt")


def test_a_folder_is_filled_through_hidden_files_and_synced(tmp_path: Path) -> None:
    root = tmp_path / "share"
    root.mkdir()
    seen: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        replace, fsync = os.replace, os.fsync
        patch.setattr(
            os,
            "replace",
            lambda a, b: (seen.append(f"{Path(a).name}>{Path(b).name}"), replace(a, b)),
        )
        patch.setattr(os, "fsync", lambda handle: (seen.append("fsync"), fsync(handle)))
        FolderLanding(root).put(parcel(tmp_path, b"rows"), never)
    renamed = seen.index(".sending-positions.parquet>positions.parquet")
    assert seen[renamed - 1] == "fsync" == seen[renamed + 1]


def test_a_share_that_is_not_mounted_is_waited_for_and_not_made(tmp_path: Path) -> None:
    target = FolderLanding(tmp_path / "away")
    with pytest.raises(LandingError, match="is not there: mount the share") as refused:
        target.put(parcel(tmp_path, b"rows"), never)
    assert not refused.value.is_permanent
    assert not (tmp_path / "away").exists()


def test_a_folder_that_must_be_a_share_and_is_none_is_refused(tmp_path: Path) -> None:
    target = FolderLanding(tmp_path, is_mount=True)
    if any(folder.is_mount() for folder in (tmp_path, *tmp_path.parents[:-1])):
        pytest.skip(f"{tmp_path} lies on a mount of its own")
    with pytest.raises(LandingError, match="not on a mounted share"):
        target.holds(parcel(tmp_path, b"rows"))


def test_a_full_share_asks_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LandingError, match="free space there") as refused:
        FolderLanding(tmp_path).put(parcel(tmp_path, b"rows"), never)
    assert refused.value.is_permanent


@pytest.mark.parametrize(
    ("code", "status", "told", "is_permanent"),
    [
        ("AccessDenied", 403, "allow GetObject", True),
        ("InvalidAccessKeyId", 403, "check AWS_ACCESS_KEY_ID", True),
        ("SignatureDoesNotMatch", 403, "check AWS_SECRET_ACCESS_KEY", True),
        ("RequestTimeTooSkewed", 403, "the clock of this machine is wrong", True),
        ("ExpiredToken", 400, "renew them", True),
        ("SlowDown", 503, "SlowDown", False),
        ("InternalError", 500, "InternalError", False),
    ],
)
def test_what_s3_answers_is_put_into_words(
    s3_place: Place, code: str, status: int, told: str, is_permanent: bool
) -> None:
    """Answers that moto never gives, put in place of its own as they come from the wire."""

    def answer(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        http_response.status_code = status
        parsed["Error"] = {"Code": code, "Message": "…"}
        parsed["ResponseMetadata"]["HTTPStatusCode"] = status

    s3_place.client.meta.events.register("after-call.s3.GetObject", answer)
    with pytest.raises(LandingError, match=told) as refused:
        s3_place.target.read("anything")
    assert refused.value.is_permanent is is_permanent


def test_a_bucket_that_is_not_there_and_a_store_that_is_off(
    s3_place: Place,
    tmp_path: Path,
    s3_options: dict[str, str],
) -> None:
    one = parcel(tmp_path, b"rows")
    wrong = S3Landing(s3_place.client, "s3://no-such-bucket-of-ours", PART)
    with pytest.raises(LandingError, match=r"check landing\.uri") as refused:
        wrong.put(one, never)
    assert refused.value.is_permanent

    settings = _settings(s3_options | {"endpoint": "http://127.0.0.1:9"})
    off = S3Landing(s3_client(settings), "s3://club", PART)
    with pytest.raises(LandingError, match="cannot be reached") as refused:
        off.put(one, never)
    assert not refused.value.is_permanent


def test_a_store_without_checksums_is_read_back(s3_place: Place, tmp_path: Path) -> None:
    def forget(parsed: dict[str, Any], **_: Any) -> None:
        parsed.pop("ChecksumSHA256", None)

    s3_place.client.meta.events.register("after-call.s3.HeadObject", forget)
    for payload in (b"rows", LARGE):
        one = parcel(tmp_path, payload)
        s3_place.target.put(one, never)
        assert s3_place.target.holds(one)
        s3_place.spoil(one.name)
        assert not s3_place.target.holds(one)


def test_the_store_is_given_the_checksum_of_every_part(s3_place: Place, tmp_path: Path) -> None:
    told: list[str] = []
    for call in ("PutObject", "UploadPart"):
        s3_place.client.meta.events.register(
            f"before-parameter-build.s3.{call}",
            lambda params, **_: told.append(params["ChecksumSHA256"]),
        )
    s3_place.target.put(parcel(tmp_path, LARGE), never)
    s3_place.target.put(parcel(tmp_path, b"rows", "stream/r0001/manifest.json"), never)
    assert len(set(told)) == 5


def test_a_landing_zone_is_chosen_by_its_uri(tmp_path: Path) -> None:
    def of(uri: str) -> LandingTarget:
        return landing_target(Node.model_validate({"landing": {"uri": uri}}))

    assert isinstance(of(str(tmp_path)), FolderLanding)
    with pytest.raises(LandingError, match="give a folder or s3://bucket/prefix"):
        of("gs://club")
    with pytest.raises(LandingError, match="names no bucket"):
        of("s3://")


@pytest.mark.slow
def test_a_large_file_is_hashed_once_while_nobody_writes_it(
    s3_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    plain = landing_s3._digest

    def counting(one: Parcel, part_bytes: int) -> Any:
        hashed.append(one.name)
        return plain(one, part_bytes)

    monkeypatch.setattr(landing_s3, "_digest", counting)
    video = parcel(tmp_path, LARGE)
    with pytest.raises(BrokenOffError):
        s3_place.target.put(video, pause_after(1))
    s3_place.target.put(video, never)
    assert s3_place.target.holds(video)
    assert len(hashed) == 1
    assert s3_place.stored(video.name) == LARGE

    video.path.write_bytes(OTHER)
    with pytest.raises(AlteredHereError):
        s3_place.target.put(video, never)
