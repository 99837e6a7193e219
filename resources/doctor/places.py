"""Warehouse, landing zone and report store: whether each lets us do what we must do there."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from resources.doctor.finding import Check, reason, span
from resources.environment import Settings
from resources.errors import ResourceError
from resources.object_folder import LocalFolder, S3Folder
from resources.object_store import is_s3, s3_client, split_s3

_TRIAL = b"a trial of the doctor: it may be removed"
#: What each act needs, as AWS calls it.
_RIGHTS = {
    "put": "s3:PutObject", "put once": "s3:PutObject with If-None-Match", "read": "s3:GetObject",
    "list": "s3:ListBucket", "delete": "s3:DeleteObject",
}  # fmt: skip
_KEYS = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
    "AuthorizationHeaderMalformed", "RequestTimeTooSkewed",
}  # fmt: skip
#: Off by more than this is worth a word, s; signatures are void beyond the other.
_WORTH_A_WORD_S, _VOID_S = 5.0, 900


def check_places(settings: Settings, now: Callable[[], datetime]) -> Iterator[Check]:
    """Put, put once, read, list and delete a trial object in each place."""
    client = None
    for name, uri in (
        ("warehouse", settings.warehouse_uri),
        ("landing zone", settings.landing_uri),
        ("reports", settings.report_uri),
    ):
        if not is_s3(uri):
            yield _folder(name, uri)
            continue
        client = client or s3_client(settings.s3)
        yield _bucket(client, name, uri)
    if client is not None:
        yield from _clock(client, settings, now)


def _folder(name: str, uri: str) -> Check:
    trial = f".doctor-{uuid.uuid4().hex}"
    folder, target = LocalFolder(Path(uri)), Path(uri) / trial
    clock = time.perf_counter()
    try:
        if not folder.create(trial, _TRIAL) or folder.create(trial, b"another"):
            return Check(
                name, "bad", f"{uri}: a file can be written over, though it must be written once",
                "keep it on a file system with hard links, such as ext4 or xfs",
            )  # fmt: skip
        if folder.read(trial) != _TRIAL:
            return Check(name, "bad", f"{uri} gives back other bytes", "check the disk")
        target.unlink()
    except OSError as error:
        return Check(
            name, "bad", f"{uri}: {error.strerror or reason(error)}",
            "give this user the right to read, write and remove files there, or free space",
        )  # fmt: skip
    finally:
        with suppress(OSError):
            target.unlink(missing_ok=True)
    return Check(name, "ok", f"{uri}: {_took(time.perf_counter() - clock)}")


def _bucket(client: Any, name: str, uri: str) -> Check:  # noqa: ANN401 - boto3 has no types
    try:
        bucket, prefix = split_s3(uri)
        folder = S3Folder(client, bucket, prefix)
        key = f".doctor-{uuid.uuid4().hex}"
        whole = f"{prefix}/{key}" if prefix else key
        clock = time.perf_counter()
        missing = [act for act, does in _acts(client, folder, bucket, key, whole) if not does]
    except (ClientError, BotoCoreError, ResourceError) as error:
        return _refused(name, uri, error)
    if "put once" in missing:
        missing.remove("put once")
        once = "an object that must be written once can be written over"
        if not missing:
            return Check(
                name, "bad", f"{uri}: {once}",
                "use a store that honours If-None-Match on PutObject",
            )  # fmt: skip
    if missing:
        rights = ", ".join(_RIGHTS[act] for act in missing)
        return Check(
            name, "bad", f"{uri}: not allowed to {', '.join(missing)}",
            f"grant {rights} to these keys, on the bucket and the prefix",
        )  # fmt: skip
    return Check(name, "ok", f"{uri}: {_took(time.perf_counter() - clock)}")


def _acts(
    client: Any,  # noqa: ANN401 - boto3 has no types
    folder: S3Folder,
    bucket: str,
    key: str,
    whole: str,
) -> Iterator[tuple[str, bool]]:
    """Each act, and whether it is allowed; any other error is raised."""
    is_there = _may(lambda: folder.replace(key, _TRIAL)) is not None
    yield "put", is_there
    if is_there:
        # Refused because it is there: that is what must happen.
        yield "put once", _may(lambda: not folder.create(key, b"another")) is True
        yield "read", _may(lambda: folder.read(key)) is not None
    listed = lambda: client.list_objects_v2(Bucket=bucket, Prefix=whole, MaxKeys=1)  # noqa: E731
    yield "list", _may(listed) is not None
    if is_there:
        removed = lambda: client.delete_object(Bucket=bucket, Key=whole)  # noqa: E731
        yield "delete", _may(removed) is not None


def _may(act: Callable[[], object]) -> object:
    """What an act gives (True for nothing), or None where it is not allowed."""
    try:
        found = act()
    except ClientError as error:
        if error.response["Error"]["Code"] in {"AccessDenied", "403"}:
            return None
        raise
    return True if found is None else found


def _refused(name: str, uri: str, error: Exception) -> Check:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in {"NoSuchBucket", "404"}:
        return Check(
            name, "bad", f"{uri}: there is no such bucket",
            f"make it, or correct the place (SPORTS_{_variable(name)}_URI)",
        )  # fmt: skip
    if code in _KEYS or type(error).__name__ == "NoCredentialsError":
        return Check(
            name, "bad", f"{uri}: the keys are refused ({code or 'there are none'})",
            "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of a role, AWS_SESSION_TOKEN anew",
        )  # fmt: skip
    return Check(
        name, "bad", f"{uri}: {code or reason(error)}",
        "check SPORTS_S3_ENDPOINT and AWS_REGION, and that the store is running",
    )  # fmt: skip


def _clock(
    client: Any,  # noqa: ANN401 - boto3 has no types
    settings: Settings,
    now: Callable[[], datetime],
) -> Iterator[Check]:
    """How far this machine's clock is from the store's, which judges our signatures."""
    uri = next(uri for uri in (settings.warehouse_uri, settings.landing_uri, settings.report_uri)
               if is_s3(uri))  # fmt: skip
    try:
        answer = client.head_bucket(Bucket=split_s3(uri)[0])["ResponseMetadata"]
    except ClientError as error:  # also a refusal has the time on it
        answer = error.response["ResponseMetadata"]
    except BotoCoreError:
        return
    date = answer.get("HTTPHeaders", {}).get("date")
    if date is None:
        return
    off = (now() - parsedate_to_datetime(date).astimezone(UTC)).total_seconds()
    if abs(off) <= _WORTH_A_WORD_S:
        yield Check("clock", "ok", f"agrees with the object store’s within {_WORTH_A_WORD_S:.0f} s")
        return
    yield Check(
        "clock", "bad" if abs(off) > _VOID_S else "warn",
        f"{span(abs(off))} {'ahead of' if off > 0 else 'behind'} the object store’s",
        "set the clock: timedatectl set-ntp true",
    )  # fmt: skip


def _variable(name: str) -> str:
    return {"warehouse": "WAREHOUSE", "landing zone": "LANDING", "reports": "REPORT"}[name]


def _took(seconds: float) -> str:
    return f"takes, keeps, gives back and lets go in {seconds * 1000:,.0f} ms"
