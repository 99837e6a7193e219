"""Several small files as one: a zip that any tool opens."""

import io
import zipfile
from collections.abc import Mapping, Sequence

from resources.backup.manifest import Kept, kept

#: Files of one content make one archive, whenever it is made.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def packed(files: Mapping[str, bytes]) -> tuple[bytes, tuple[Kept, ...]]:
    """Files by name as one archive, and what is in it.

    Inside of the archive a name has no scheme and no leading slash, so that it unpacks anywhere.
    """
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, payload in sorted(files.items()):
            entry = zipfile.ZipInfo(_inside(name), _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, payload)
    return into.getvalue(), tuple(kept(name, files[name]) for name in sorted(files))


def unpacked(payload: bytes, files: Sequence[Kept], where: str) -> dict[str, bytes]:
    """The files of an archive by name, each checked.

    Raises:
        BackupError: one is not what was kept.
    """
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        found = {file.name: archive.read(_inside(file.name)) for file in files}
    for file in files:
        file.check(found[file.name], f"{file.name} in {where}")
    return found


def _inside(name: str) -> str:
    return name.rpartition("://")[2].lstrip("/")
