"""The landing zone in an object store: small files at once, large ones in parts that resume.

Every file travels with its SHA-256, which the store checks and keeps; it is then asked for what it
has. Of a file in parts the store keeps the hash of the parts' hashes (Amazon S3's *composite*
checksum), which is computed here anew. A store that keeps no checksums is read back.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edge_ingest.manifest import REFUSAL_NAME
from edge_ingest.node.settings import S3Settings
from edge_ingest.spool.landing import (
    CHUNK,
    AlteredHereError,
    BrokenOffError,
    LandingError,
    Parcel,
    Pause,
    altered,
    read_refusal,
    refuse_larger,
    unreadable,
)

#: S3 takes no more parts of a file.
MOST_PARTS = 10_000
_DEFAULT_REGION = "us-east-1"
_SHA256 = "sha256"
_PART_BYTES = "part-bytes"
_TIMEOUT_S = 20
_NOT_FOUND = {"404", "NoSuchKey", "NotFound"}
_REMEDIES = {
    "NoSuchBucket": "there is no such bucket: check landing.uri",
    "RequestTimeTooSkewed": "the clock of this machine is wrong: set it",
    "InvalidAccessKeyId": "the access key is unknown: check AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret does not fit the key: check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the credentials have expired: renew them",
    "PermanentRedirect": "the bucket is in another region: check AWS_REGION",
    "QuotaExceeded": "the store is full: raise its quota",
}
_FORBIDDEN = "the credentials may not do this: allow GetObject, PutObject, DeleteObject, ListBucket"


@dataclass(frozen=True)
class _Digests:
    """SHA-256 of a file, whole and by part."""

    whole: str
    parts: tuple[bytes, ...]

    @property
    def composite(self) -> str:
        return base64.b64encode(hashlib.sha256(b"".join(self.parts)).digest()).decode()


def s3_client(settings: S3Settings) -> Any:  # noqa: ANN401 - boto3 makes its types at run time
    """A boto3 client that gives up soon: waiting and trying again is the spool's part."""
    import boto3
    from botocore.config import Config

    own = bool(settings.endpoint)
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region or (_DEFAULT_REGION if own else None),
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        aws_session_token=settings.session_token,
        config=Config(
            s3={"addressing_style": "path"} if own else {},
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=_TIMEOUT_S,
            read_timeout=_TIMEOUT_S,
        ),
    )


class S3Landing:
    """A landing zone under a prefix of a bucket.

    Args:
        uri: `s3://bucket/prefix`.
        part_bytes: larger files go in parts of this size.
    """

    def __init__(self, client: Any, uri: str, part_bytes: int) -> None:  # noqa: ANN401
        parts = urlsplit(uri)
        if not parts.netloc:
            raise LandingError(
                f"{uri!r} names no bucket: write s3://bucket/prefix", is_permanent=True
            )
        self._client = client
        self._bucket = parts.netloc
        self._prefix = f"{prefix}/" if (prefix := parts.path.strip("/")) else ""
        self._part_bytes = part_bytes
        self._server_time: datetime | None = None
        self._last_digests: tuple[tuple[Path, int, int, int, int], _Digests] | None = None
        client.meta.events.register("after-call.s3", self._note_time)

    @property
    def uri(self) -> str:
        """See `LandingTarget`."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    @property
    def server_time_utc(self) -> datetime | None:
        """The Date of the store's last answer."""
        return self._server_time

    def read(self, name: str, most_bytes: int | None = None) -> bytes | None:
        """See `LandingTarget`."""
        with self._faults():
            try:
                found = self._client.get_object(**self._at(name))
                with closing(found["Body"]) as body:
                    refuse_larger(f"{self.uri}/{name}", found["ContentLength"], most_bytes)
                    return bytes(body.read())
            except self._client.exceptions.ClientError as error:
                if _code(error) in _NOT_FOUND:
                    return None
                raise

    def holds(self, parcel: Parcel) -> bool:
        """See `LandingTarget`: by the checksum that the store made as it received the file."""
        with self._faults():
            try:
                head = self._client.head_object(**self._at(parcel.name), ChecksumMode="ENABLED")
            except self._client.exceptions.ClientError as error:
                if _code(error) in _NOT_FOUND:
                    return False
                raise
            return self._has(parcel, head)

    def put(self, parcel: Parcel, pause: Pause) -> None:
        """See `LandingTarget`; a file in parts goes on where the last attempt broke off."""
        part_bytes = max(self._part_bytes, -(-parcel.bytes // MOST_PARTS))
        with self._faults():
            try:
                digests = self._digests(parcel, part_bytes)
                if digests.whole != parcel.sha256:
                    raise altered(parcel)
            except AlteredHereError:
                for upload in self._uploads_begun(parcel.name):  # nobody will go on with them
                    self._abort(parcel.name, upload)
                raise
            try:
                if parcel.bytes <= part_bytes:
                    self._put_whole(parcel)
                else:
                    self._put_in_parts(parcel, part_bytes, digests, pause)
            except self._client.exceptions.ClientError:
                # Perhaps its bytes are not what they were: a disk that fails changes no time.
                self._last_digests = None
                raise
        if not self.holds(parcel):
            self._last_digests = None
            raise LandingError(f"{self.uri}/{parcel.name} arrived altered: it is sent again")

    def refusal(self, place: str) -> bytes | None:
        """See `LandingTarget`: by when each file was last written, as the lakehouse judges it."""
        told = read_refusal(self, place)
        if told is None:
            return None
        with self._faults():
            pages = self._client.get_paginator("list_objects_v2")
            beneath = f"{self._prefix}{place}/"
            written = {
                str(found["Key"]): found["LastModified"]
                for page in pages.paginate(Bucket=self._bucket, Prefix=beneath)
                for found in page.get("Contents", ())
            }
        refused_at = written.pop(f"{beneath}{REFUSAL_NAME}", None)
        if refused_at is None:
            return None  # taken away this moment
        return told if all(at <= refused_at for at in written.values()) else None

    def remove(self, name: str) -> None:
        """See `LandingTarget`."""
        with self._faults():
            self._client.delete_object(**self._at(name))

    def _has(self, parcel: Parcel, head: Mapping[str, Any]) -> bool:
        """Whether what the store tells of a file is what the parcel says."""
        if head["ContentLength"] != parcel.bytes:
            return False
        told = head.get("ChecksumSHA256", "").partition("-")[0]
        part_bytes: str | None = head["Metadata"].get(_PART_BYTES)
        if told and part_bytes is None:
            return bool(told == _base64(parcel.sha256))
        if head["Metadata"].get(_SHA256, parcel.sha256) != parcel.sha256:
            return False
        parts_of = int(part_bytes) if part_bytes and part_bytes.isdecimal() else 0
        if not told or not parts_of or not parcel.path.exists():
            return self._hash_back(parcel.name) == parcel.sha256
        digests = self._digests(parcel, parts_of)
        return digests.whole == parcel.sha256 and bool(told == digests.composite)

    def _digests(self, parcel: Parcel, part_bytes: int) -> _Digests:
        """Hashes of a file here; of the last one they are remembered while nobody writes it.

        A video is hashed for minutes: to see whether it is there, before each attempt to send it,
        and to check what arrived. Its bytes are checked on their way by the store, part by part.

        Raises:
            AlteredHereError, UnreadableHereError: it is gone, or cannot be read.
        """
        try:
            told = parcel.path.stat()
        except OSError as error:
            raise unreadable(parcel, error) from error
        key = (parcel.path, told.st_ino, told.st_size, told.st_mtime_ns, part_bytes)
        if self._last_digests is None or self._last_digests[0] != key:
            self._last_digests = key, _digest(parcel, part_bytes)
        return self._last_digests[1]

    def _put_whole(self, parcel: Parcel) -> None:
        self._client.put_object(
            **self._at(parcel.name),
            Body=parcel.path.read_bytes(),
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=_base64(parcel.sha256),
            Metadata={_SHA256: parcel.sha256},
        )

    def _put_in_parts(
        self, parcel: Parcel, part_bytes: int, digests: _Digests, pause: Pause
    ) -> None:
        upload, there = self._upload_to_go_on_with(parcel, part_bytes, digests)
        if upload is None:
            upload = self._begin_upload(parcel, part_bytes)
        parts = []
        with parcel.path.open("rb") as source:
            for number, digest in enumerate(digests.parts, start=1):
                checksum = base64.b64encode(digest).decode()
                known = there.get(number)
                if known is None:
                    if pause():
                        raise BrokenOffError(parcel.name)
                    source.seek((number - 1) * part_bytes)
                    known = self._client.upload_part(
                        **self._at(parcel.name), UploadId=upload, PartNumber=number,
                        Body=source.read(part_bytes),
                        ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum,
                    )  # fmt: skip
                parts.append(
                    {"PartNumber": number, "ETag": known["ETag"], "ChecksumSHA256": checksum}
                )
        self._client.complete_multipart_upload(
            **self._at(parcel.name), UploadId=upload, MultipartUpload={"Parts": parts}
        )

    def _upload_to_go_on_with(
        self, parcel: Parcel, part_bytes: int, digests: _Digests
    ) -> tuple[str | None, dict[int, Mapping[str, Any]]]:
        """The newest upload that was begun of this file, in parts of this size; the others end.

        The store tells of what was begun no more than its parts: an upload whose parts are not all
        parts of this file, of this size, is of another content or was begun under other settings,
        and would bear the wrong metadata.
        """
        chosen: tuple[str | None, dict[int, Mapping[str, Any]]] = (None, {})
        for upload in self._uploads_begun(parcel.name):
            there = {} if chosen[0] else self._parts_there(parcel.name, upload)
            if there and _are_parts(there, parcel, part_bytes, digests):
                chosen = upload, there
            else:
                self._abort(parcel.name, upload)
        return chosen

    def _uploads_begun(self, name: str) -> list[str]:
        """Uploads of this file that were not finished, the newest first."""
        key = self._prefix + name
        pages = self._client.get_paginator("list_multipart_uploads")
        found = [
            (upload["Initiated"], str(upload["UploadId"]))
            for page in pages.paginate(Bucket=self._bucket, Prefix=key)
            for upload in page.get("Uploads", ())
            if upload["Key"] == key
        ]
        return [upload for _, upload in sorted(found, reverse=True)]

    def _abort(self, name: str, upload: str) -> None:
        try:
            self._client.abort_multipart_upload(**self._at(name), UploadId=upload)
        except self._client.exceptions.ClientError as error:
            if _code(error) != "NoSuchUpload":
                raise

    def _begin_upload(self, parcel: Parcel, part_bytes: int) -> str:
        begun = self._client.create_multipart_upload(
            **self._at(parcel.name),
            ChecksumAlgorithm="SHA256",
            Metadata={_SHA256: parcel.sha256, _PART_BYTES: str(part_bytes)},
        )
        return str(begun["UploadId"])

    def _parts_there(self, name: str, upload: str) -> dict[int, Mapping[str, Any]]:
        pages = self._client.get_paginator("list_parts")
        return {
            part["PartNumber"]: part
            for page in pages.paginate(**self._at(name), UploadId=upload)
            for part in page.get("Parts", ())
        }

    def _hash_back(self, name: str) -> str:
        digest = hashlib.sha256()
        body = self._client.get_object(**self._at(name))["Body"]
        for chunk in body.iter_chunks(CHUNK):
            digest.update(chunk)
        return digest.hexdigest()

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}

    def _note_time(self, http_response: Any, **_: Any) -> None:  # noqa: ANN401
        if date := http_response.headers.get("date"):
            self._server_time = parsedate_to_datetime(date).astimezone(UTC)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            NoCredentialsError,
            PartialCredentialsError,
        )

        try:
            yield
        except ClientError as error:
            raise _explained(self.uri, error) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise LandingError(
                f"{self.uri}: there are no credentials: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or give the machine a role",
                is_permanent=True,
            ) from error
        except (BotoCoreError, Boto3Error) as error:
            # Without the name of the file: the same fault is then told once.
            endpoint = self._client.meta.endpoint_url
            raise LandingError(
                f"{self.uri} cannot be reached ({type(error).__name__} at {endpoint}): check the "
                "network"
            ) from error


def _explained(uri: str, error: Any) -> LandingError:  # noqa: ANN401 - a ClientError
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    remedy = _REMEDIES.get(code) or (_FORBIDDEN if status == 403 or code == "403" else None)  # noqa: PLR2004
    if remedy:
        return LandingError(f"{uri}: {code}: {remedy}", is_permanent=True)
    message = error.response.get("Error", {}).get("Message", "")
    return LandingError(f"{uri}: {code} {message}".rstrip())


def _code(error: Any) -> str:  # noqa: ANN401 - a ClientError
    return str(error.response.get("Error", {}).get("Code", ""))


def _are_parts(
    there: Mapping[int, Mapping[str, Any]], parcel: Parcel, part_bytes: int, digests: _Digests
) -> bool:
    """Whether what was uploaded before are parts of this file, by SHA-256, else by their ETags."""
    if max(there) > len(digests.parts):
        return False
    with parcel.path.open("rb") as source:
        for number, known in there.items():
            first = (number - 1) * part_bytes
            if known["Size"] != min(part_bytes, parcel.bytes - first):
                return False
            if told := known.get("ChecksumSHA256"):
                if told != base64.b64encode(digests.parts[number - 1]).decode():
                    return False
                continue
            # The MD5, but for stores that encrypt with keys of their own: then all is sent again.
            source.seek(first)
            md5 = hashlib.md5(source.read(part_bytes), usedforsecurity=False).hexdigest()
            if known["ETag"].strip('"') != md5:
                return False
    return True


def _digest(parcel: Parcel, part_bytes: int) -> _Digests:
    """Hashes of a file here and of its parts, reading it once.

    Raises:
        AlteredHereError, UnreadableHereError: it is gone, or cannot be read.
    """
    whole = hashlib.sha256()
    parts = []
    try:
        with parcel.path.open("rb") as handle:
            while True:
                part, left = hashlib.sha256(), part_bytes
                while left and (chunk := handle.read(min(CHUNK, left))):
                    whole.update(chunk)
                    part.update(chunk)
                    left -= len(chunk)
                if left == part_bytes:
                    break
                parts.append(part.digest())
                if left:
                    break
    except OSError as error:
        raise unreadable(parcel, error) from error
    return _Digests(whole.hexdigest(), tuple(parts))


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()
