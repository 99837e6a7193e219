"""A writer in a process of its own: `writer_process.py JOB`, where JOB is JSON.

Writes `times` times the athletes `<writer>-<n>` of a session, or stops between the data files and
the commit and waits there to be killed.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

import resources.iceberg.lakehouse  # noqa: E402
from edge_ingest.records import ATHLETES  # noqa: E402
from tests.resources.lakehouse_rows import CONTEXT, athletes  # noqa: E402


def _hang(*_: object) -> int:
    print("files written", flush=True)
    time.sleep(600)
    raise AssertionError("nobody came to kill this process")


def main(arguments: Sequence[str]) -> None:
    job = json.loads(arguments[0])
    if job.get("hang"):
        resources.iceberg.lakehouse.commit_files = _hang
    lakehouse = resources.iceberg.lakehouse.IcebergLakehouse(
        job["catalog"], job["warehouse"], job["s3"]
    )
    for number in range(job["times"]):
        session = job["session"].format(number=number)
        names = [f"{job['writer']}-{number}-{n}" for n in range(3)]
        lakehouse.replace_sessions(ATHLETES, athletes(session, *names), [session], CONTEXT)


if __name__ == "__main__":
    main(sys.argv[1:])
