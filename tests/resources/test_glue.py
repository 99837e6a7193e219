"""AWS Glue as the catalogue, spoken by moto's server."""

import uuid

import pytest

from edge_ingest.records import ATHLETES
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.object_store import s3_client
from tests.resources.lakehouse_rows import CONTEXT, MATCH, NEXT_MATCH, athletes


@pytest.mark.slow
def test_sessions_are_appended_and_replaced(
    s3_options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The SDK's own variable: AWS itself needs none.
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", s3_options["endpoint"])
    bucket = f"club-{uuid.uuid4().hex[:12]}"
    s3_client(s3_options).create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3_options["region"]}
    )
    lakehouse = IcebergLakehouse("glue://", f"s3://{bucket}/warehouse", s3_options)
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1", "2"), [MATCH], CONTEXT)
    lakehouse.replace_sessions(ATHLETES, athletes(NEXT_MATCH, "3"), [NEXT_MATCH], CONTEXT)
    corrected = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "4"), [MATCH], CONTEXT)
    other = IcebergLakehouse("glue://", f"s3://{bucket}/warehouse", s3_options)
    with other.connect() as connection:
        assert other.view(connection, ATHLETES, "a") == corrected.snapshot_id
        names = connection.sql("select source_athlete_id from a order by 1").fetchall()
    assert names == [("3",), ("4",)]
    assert not other.replace_sessions(ATHLETES, athletes(MATCH, "4"), [MATCH], CONTEXT).is_new
