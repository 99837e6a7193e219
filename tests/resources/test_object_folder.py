"""What a folder of objects does when writers meet."""

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
