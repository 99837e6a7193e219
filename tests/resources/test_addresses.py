"""No password leaves with an address, and nothing else is lost of it."""

import pytest

from resources.addresses import without_password, without_passwords


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql+psycopg2://club:hush@db:5432/x", "postgresql+psycopg2://club@db:5432/x"),
        ("postgresql://club:hu/sh@db/x", "postgresql://club@db/x"),
        ("postgresql://db/x?user=club&password=hush", "postgresql://db/x?user=club"),
        ("postgresql://db/x?sslpassword=hush&sslmode=require", "postgresql://db/x?sslmode=require"),
        ("postgresql://club:hush@db/x?password=hush", "postgresql://club@db/x"),
        ("https://hush@rest/v1", "https://rest/v1"),
        ("https://b.s3.aws/k?X-Amz-Signature=hush", "https://b.s3.aws/k"),
        ("postgresql://club:hush", "postgresql://…"),
        ("my-scheme://club:hush@db/x", "my-scheme://…"),
    ],
)
def test_a_password_is_left_out_wherever_it_stands(address: str, shown: str) -> None:
    assert without_password(address) == shown
    for text in ("{} does not answer", "see '{}'; and (in {}).", "{}"):
        assert without_passwords(text.format(*[address] * 2)) == text.format(*[shown] * 2)


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:////tmp/a [b]/catalog.db?timeout=60",
        "sqlite:////tmp/a:b@c/catalog.db",
        "s3://bucket/raw/a:b@c/00.parquet",
        "postgresql://club@db/x?connect_timeout=5&passfile=/home/club/.pgpass",
        "http://127.0.0.1:9000/b",
        "glue://",
        "/var/lib/lakehouse",
    ],
)
def test_what_has_none_stays_as_it_was(address: str) -> None:
    assert without_password(address) == address
    assert without_passwords(f"in {address}: 3 of 4 files") == f"in {address}: 3 of 4 files"
