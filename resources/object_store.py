"""S3 in three dialects: one set of options for boto3, Iceberg and DuckDB.

Options are those of `Settings.s3`: `endpoint`, `region`, `access-key-id`, `secret-access-key`,
`session-token`. None given means AWS itself with the SDK's own chain of credentials.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from resources.errors import SettingsError
from resources.faults import fault_of

_DEFAULT_REGION = "us-east-1"
#: Objects that one request deletes, at most.
_DELETED_AT_ONCE = 1000


def is_s3(uri: str) -> bool:
    """Whether a URI names a place in an object store rather than a folder."""
    return uri.startswith("s3://")


def split_s3(uri: str) -> tuple[str, str]:
    """Bucket and prefix (without slashes around it) of an `s3://` URI.

    Raises:
        SettingsError: there is no bucket in it.
    """
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise SettingsError(f"{uri!r} is no place in an object store: write s3://bucket/prefix")
    return parts.netloc, parts.path.strip("/")


def s3_client(options: Mapping[str, str]) -> Any:  # noqa: ANN401 - boto3 makes its types at run time
    """A boto3 client; a custom endpoint is addressed by path, as its buckets have no host names."""
    import boto3
    from botocore.config import Config

    style = {"addressing_style": "path"} if options.get("endpoint") else {}
    return boto3.client(
        "s3",
        endpoint_url=options.get("endpoint"),
        region_name=_region(options),
        aws_access_key_id=options.get("access-key-id"),
        aws_secret_access_key=options.get("secret-access-key"),
        aws_session_token=options.get("session-token"),
        config=Config(s3=style, retries={"mode": "standard", "max_attempts": 5}),
    )


def delete_keys(client: Any, bucket: str, keys: Sequence[str]) -> dict[str, str]:  # noqa: ANN401
    """Delete objects; one that is gone already counts as deleted.

    Returns:
        By key, why an object could not be deleted: the store said so of it, or refused to delete
        any of those that were asked for with it.

    Raises:
        ClientError: the store is out of order for now.
    """
    refused: dict[str, str] = {}
    for start in range(0, len(keys), _DELETED_AT_ONCE):
        batch = [{"Key": key} for key in keys[start : start + _DELETED_AT_ONCE]]
        try:
            answer = client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        except ClientError as error:
            if (fault := fault_of(error)).is_transient:
                raise
            refused |= dict.fromkeys(keys[start : start + _DELETED_AT_ONCE], fault.reason)
            continue
        for one in answer.get("Errors", ()):
            refused[one["Key"]] = f"{one['Code']}: {one['Message']}"
    return refused


def iceberg_properties(options: Mapping[str, str]) -> dict[str, str]:
    """The same options as Iceberg's file layer reads them."""
    properties = {f"s3.{name}": value for name, value in options.items()}
    if region := _region(options):
        properties["s3.region"] = region
    return properties


def duckdb_secret(options: Mapping[str, str]) -> dict[str, str | bool]:
    """The same options as parameters of DuckDB's `create secret`.

    Without keys they come from the SDK's chain (a role, a profile): DuckDB's own chain needs an
    extension that no wheel carries. Keys of a role expire; a connection lives as long as one run.
    """
    secret: dict[str, str | bool] = {"type": "s3"}
    if region := _region(options):
        secret["region"] = region
    if endpoint := options.get("endpoint"):
        parts = urlsplit(endpoint)
        secret |= {
            "endpoint": parts.netloc,
            "use_ssl": parts.scheme == "https",
            "url_style": "path",
        }
    key, word, token = _credentials(options)
    if key and word:
        secret |= {"key_id": key, "secret": word}
    if token:
        secret["session_token"] = token
    return secret


def _credentials(options: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    if options.get("access-key-id"):
        return (
            options["access-key-id"],
            options.get("secret-access-key"),
            options.get("session-token"),
        )
    import boto3

    found = boto3.Session().get_credentials()
    if found is None:
        return None, None, None
    frozen = found.get_frozen_credentials()
    return frozen.access_key, frozen.secret_key, frozen.token


def _region(options: Mapping[str, str]) -> str | None:
    """Region to sign for; stores of one's own have none and accept any."""
    return options.get("region") or (_DEFAULT_REGION if options.get("endpoint") else None)
