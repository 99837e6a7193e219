"""Catalogues that are no database: AWS Glue, spoken by moto's server, and Iceberg's REST."""

import pytest

from edge_ingest.records import ATHLETES
from tests.resources.conftest import Place, new_bucket
from tests.resources.lakehouse_rows import CONTEXT, MATCH, NEXT_MATCH, athletes


@pytest.fixture
def glue_place(s3_options: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Place:
    # The SDK's own variable: AWS itself needs none.
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", s3_options["endpoint"])
    return Place("glue://", f"s3://{new_bucket(s3_options)}", s3_options)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["glue_place", "rest_place"])
def test_sessions_are_appended_and_replaced(kind: str, request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue(kind)
    lakehouse = place.lakehouse
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1", "2"), [MATCH], CONTEXT)
    lakehouse.replace_sessions(ATHLETES, athletes(NEXT_MATCH, "3"), [NEXT_MATCH], CONTEXT)
    corrected = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "4"), [MATCH], CONTEXT)
    other = place.lakehouse
    with other.connect() as connection:
        assert other.view(connection, ATHLETES, "a") == corrected.snapshot_id
        names = connection.sql("select source_athlete_id from a order by 1").fetchall()
    assert names == [("3",), ("4",)]
    assert not other.replace_sessions(ATHLETES, athletes(MATCH, "4"), [MATCH], CONTEXT).is_new
