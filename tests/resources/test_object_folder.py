"""What a folder of objects does when writers meet."""

import io
import os
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from resources.backup import store
from resources.errors import BackupError, ResourceError
from resources.object_folder import LocalFolder, S3Folder, ensure
from resources.object_store import delete_keys


class Contested:
    """A client whose store is busy with another writer of the same name for some attempts."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)

    def put_object(self, **_: Any) -> None:
        if self.codes:
            raise ClientError({"Error": {"Code": self.codes.pop(0)}}, "PutObject")


def test_a_contested_name_is_tried_again_before_it_counts_as_taken() -> None:
    conflict, taken = "ConditionalRequestConflict", "PreconditionFailed"
    assert S3Folder(Contested(conflict), "b", "").create("a", b"")
    assert not S3Folder(Contested(conflict, taken), "b", "").create("a", b"")
    with pytest.raises(ClientError, match=conflict):
        S3Folder(Contested(conflict, conflict, conflict), "b", "").create("a", b"")


class Answering:
    """A client of a store that has `kept` already, and refuses to delete what ends in `refused`."""

    def __init__(self, kept: bytes = b"", refused: str = "-") -> None:
        self.kept = kept
        self.refused = refused
        self.asked: list[int] = []

    def put_object(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.kept), "ContentLength": len(self.kept)}

    def get_paginator(self, _: str) -> "Answering":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": f"p/archives/old/{n}"} for n in range(1500)]}]

    def delete_object(self, **_: Any) -> None:
        pass

    def delete_objects(self, Delete: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        keys = [one["Key"] for one in Delete["Objects"]]
        self.asked.append(len(keys))
        refused = [key for key in keys if key.endswith(self.refused)]
        return {"Errors": [{"Key": k, "Code": "AccessDenied", "Message": "no"} for k in refused]}


def test_a_write_whose_answer_got_lost_is_a_write() -> None:
    folder = S3Folder(Answering(kept=b"1"), "b", "")
    assert ensure(folder, "a", b"1")
    assert not ensure(folder, "a", b"2")


def test_what_a_store_refuses_to_delete_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Answering(refused="/1499")
    assert delete_keys(client, "b", ["a/1499", "a/2"]) == {"a/1499": "AccessDenied: no"}
    client.asked.clear()
    monkeypatch.setattr(store, "s3_client", lambda _: client)
    with pytest.raises(BackupError, match=r"1 files .* s3://b/p/archives/old/1499 \(AccessDenied"):
        store.backup_store("s3://b/p", {}).remove("old")
    assert client.asked == [1000, 500]


def test_create_keeps_what_is_there_and_replace_does_not(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    assert folder.create("x/a", b"1")
    assert not folder.create("x/a", b"2")
    assert folder.read("x/a") == b"1"
    folder.replace("x/a", b"3")
    assert folder.read("x/a") == b"3"
    assert folder.names("x") == ["x/a"]
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["", "/a", "../a", "a/../b", "a//b", "."])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    for act in (LocalFolder(tmp_path).read, LocalFolder(tmp_path).uri):
        with pytest.raises(ResourceError, match="no name inside a folder"):
            act(name)


def test_what_a_killed_writer_left_is_removed_once_nobody_can_be_writing_it(
    tmp_path: Path,
) -> None:
    folder = LocalFolder(tmp_path)
    folder.create("a/one", b"1")
    dead, at_work = tmp_path / "a" / ".writing-dead", tmp_path / "a" / ".writing-at-work"
    elsewhere = tmp_path / "b" / ".writing-dead"
    elsewhere.parent.mkdir()
    for path in (dead, at_work, elsewhere):
        path.write_bytes(b"half")
    two_hours_ago = time.time() - 7200
    for path in (dead, elsewhere):
        os.utime(path, (two_hours_ago, two_hours_ago))
    assert folder.names("a") == ["a/one"]
    folder.create("a/two", b"2")
    assert not dead.exists()
    assert at_work.exists()
    assert elsewhere.exists(), "each folder is looked after by who writes there"
