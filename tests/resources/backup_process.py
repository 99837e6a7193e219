"""A backup or a restore in a process of its own: `backup_process.py JOB`, where JOB is JSON.

It stops half-way, says so, and waits there to be killed.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from resources.backup.store import BackupStore  # noqa: E402
from resources.iceberg.catalog import TableCatalog  # noqa: E402
from tests.resources.backups import NIGHT, Club  # noqa: E402
from tests.resources.conftest import Place  # noqa: E402


def _hang(*_: object) -> None:
    print("half-way", flush=True)
    time.sleep(600)
    raise AssertionError("nobody came to kill this process")


def main(arguments: Sequence[str]) -> None:
    job = json.loads(arguments[0])
    club = Club(Place(job["catalog"], job["uri"], job["s3"]))
    if backup := job.get("restore"):
        register, done = TableCatalog.point, []

        def point(self: TableCatalog, key: str, metadata_location: str) -> object:
            if done:
                _hang()
            done.append(key)
            return register(self, key, metadata_location)

        TableCatalog.point = point
        club.restore(backup)
    else:
        BackupStore.finish = _hang
        club.back_up(NIGHT)


if __name__ == "__main__":
    main(sys.argv[1:])
