"""The recordings that the benchmarks of the edge are held against, by name.

Each set is one kind of source, all of it real. What is not in this project's dependencies is looked
for beside it; a set whose files are not there says so and is not measured.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.layouts import read_frames, write_metrica
from deploy.local.services import REPOSITORY
from edge_ingest.readers import READERS
from edge_ingest.recording import Told
from edge_ingest.samples import Sample, activity_samples, broadcast_match


@dataclass(frozen=True)
class NamedSet:
    """Recordings of one kind.

    Attributes:
        name: as the targets name it.
        what: whose recordings, in words.
        samples: none where `missing` says what is not there.
    """

    name: str
    what: str
    samples: Sequence[Sample] = ()
    missing: str | None = None


def why_not(one: NamedSet) -> str | None:
    """Why a set cannot be measured, None where it can."""
    unread = {sample.source for sample in one.samples} - set(READERS)
    return one.missing or (f"no reader of {', '.join(sorted(unread))}" if unread else None)


def real_data() -> Path:
    """Where recordings are that are not part of this project; `SPORTS_REAL_DATA` says otherwise."""
    default = REPOSITORY.parent / "shared" / "data"
    return Path(os.environ.get("SPORTS_REAL_DATA", default)).resolve()


def named_sets(work: Path) -> list[NamedSet]:
    """Every set; files that must be made are written into `work`, unless they stand there."""
    return [
        NamedSet("tracking_json", "SkillCorner, a whole match at 10 Hz", [broadcast_match()]),
        _metrica(work),
        _catapult(),
        _sweat(),
    ]


def _metrica(work: Path) -> NamedSet:
    frames = real_data() / "tracking_events" / "idsse_j03wmx_frames.parquet"
    what = "IDSSE J03WMX, 20 minutes of optical tracking at 12.5 Hz, rendered in Metrica's layout"
    if not frames.is_file():
        return NamedSet("tracking_csv", what, missing=f"no {frames}: set SPORTS_REAL_DATA")
    kick_off = datetime(2023, 5, 27, 13, 30, 12, tzinfo=UTC)
    parts = {side: work / f"{side}.csv" for side in ("home", "away")}
    if not all(path.is_file() for path in parts.values()):
        parts = write_metrica(read_frames(frames), work)
    sample = Sample("metrica", parts, Told(started_at_utc=kick_off))
    return NamedSet("tracking_csv", what, [sample])


def _catapult() -> NamedSet:
    folder = real_data() / "gnss_football"
    what = "Catapult, four players at 10 Hz: time, longitude, latitude"
    vests = sorted(folder.glob("U18_ID*.csv"))
    if not vests:
        return NamedSet("gnss_csv", what, missing=f"no vests in {folder}: set SPORTS_REAL_DATA")
    pitch = folder / "Dataset_B_Pitch.csv"
    return NamedSet(
        "gnss_csv",
        what,
        [
            Sample(
                "catapult",
                {"positions": path, "pitch": pitch},
                # The files tell local time and not where; the first sample is of about then.
                Told(
                    athlete_id=path.stem, started_at_utc=datetime(2021, 11, 19, 17, 10, tzinfo=UTC)
                ),
            )
            for path in vests
        ],
    )


def _sweat() -> NamedSet:
    folder = Path(os.environ.get("SPORTS_SAMPLES", REPOSITORY / ".sports" / "samples"))
    what = "sweat's five activities, FIT"
    if not (folder / "sweat").is_dir():
        return NamedSet("fit", what, missing=f"no sweat in {folder}: run `make samples`")
    return NamedSet("fit", what, activity_samples(folder))
