"""What a folder of objects does when writers meet."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from resources.errors import ResourceError
from resources.object_folder import LocalFolder, S3Folder


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
