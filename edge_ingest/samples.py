"""Real recordings that anyone may use, and the facts that their files lack.

Sources and licences:
    Bayern München – Borussia Dortmund, 2019-11-09: SkillCorner open data, MIT, in kloppy's wheel.
    Leicester City – Liverpool, 2017-09-23: Pappalardo et al. 2019, Scientific Data 6:236,
        doi 10.1038/s41597-019-0247-7, CC BY 4.0, in kloppy's wheel. The file has neither day nor
        home side; both are public knowledge.
    Rides and a run of 2019 to 2021: the sweat project, MIT, in its wheel. Two devices, one
        athlete: that the wearer is the same is assumed for the demonstration.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from edge_ingest.cleaning.settings import load_settings
from edge_ingest.drops.drop import PackedDrop
from edge_ingest.durable import replace_durably
from edge_ingest.errors import SourceError
from edge_ingest.identity import read_calendar
from edge_ingest.intake.packing import Intake
from edge_ingest.readers import read_recording
from edge_ingest.recording import Told

CLUB_TIMEZONE = "Europe/Berlin"
ATHLETE_ID = "rider-1"

_CALENDAR = (
    ("starts_at_utc", "site", "sport", "slug", "name", "home_team", "away_team"),
    ("2017-09-23T16:30:00Z", "King Power Stadium", "football", "leicester-liverpool",
     "Leicester City – Liverpool", "Leicester City", "Liverpool"),
    ("2019-09-20T14:10:00Z", "", "cycling", "long-ride", "Long ride", "", ""),
    ("2019-11-09T17:30:00Z", "Allianz Arena", "football", "bayern-dortmund",
     "Bayern München – Borussia Dortmund", "FC Bayern München", "Borussia Dortmund"),
    ("2020-04-18T11:00:00Z", "", "cycling", "steady-ride", "Steady ride", "", ""),
    ("2020-06-01T14:50:00Z", "", "cycling", "short-test", "Short test ride", "", ""),
    ("2021-03-18T13:00:00Z", "", "cycling", "indoor-test", "Indoor test ride", "", ""),
    ("2021-03-22T10:45:00Z", "", "other", "multisport-test", "Multisport test", "", ""),
)  # fmt: skip
_ATHLETES = (
    ("source", "source_athlete_id", "athlete_id", "display_name", "max_heart_rate_bpm",
     "resting_heart_rate_bpm", "sex"),
    # Resting heart rate and sex as set in the devices; the highest heart rate is the highest seen,
    # since it lies above the 185 that one device is set to.
    ("fit", ATHLETE_ID, ATHLETE_ID, "Rider 1", "190", "50", "male"),
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One recording: where its files are, and what an operator would add."""

    source: str
    parts: dict[str, Path]
    told: Told = field(default_factory=Told)
    licence: str = "MIT"


def broadcast_match() -> Sample:
    """A whole match of broadcast tracking; it comes with kloppy, a dependency: always there."""
    folder = _kloppy_files()
    return Sample(
        "skillcorner",
        {
            "match": folder / "skillcorner_match_data.json",
            "tracking": folder / "skillcorner_structured_data.json",
        },
    )


def match_samples() -> list[Sample]:
    """The two football matches that come with kloppy."""
    folder = _kloppy_files()
    return [
        Sample(
            "wyscout",
            {"events": folder / "wyscout_events_v2.json"},
            Told(
                started_at_utc=datetime(2017, 9, 23, 16, 30, tzinfo=UTC),
                site="King Power Stadium",
                home_team_id="1631",
            ),
            licence="CC BY 4.0",
        ),
        broadcast_match(),
    ]


def activity_samples(samples_dir: Path) -> list[Sample]:
    """Every FIT activity of the sweat wheel, unpacked into `samples_dir`.

    Raises:
        SourceError: it is not there.
    """
    folder = samples_dir / "sweat" / "examples" / "data"
    found = sorted(folder.glob("*.fit"))
    if not found:
        raise SourceError(f"no sample activities in {folder}: run `make samples`")
    return [Sample("fit", {"activity": path}, Told(athlete_id=ATHLETE_ID)) for path in found]


def write_identity(landing: Path) -> None:
    """Write the calendar and the crosswalk that the samples need; a club keeps its own."""
    folder = landing / "identity"
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("sessions.csv", _CALENDAR), ("athletes.csv", _ATHLETES)):
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        if not (folder / name).exists():
            replace_durably(folder / name, text.getvalue().encode())


def every_sample(samples_dir: Path) -> list[Sample]:
    """Both matches, and the activities unpacked into `samples_dir`."""
    return match_samples() + activity_samples(samples_dir)


def pack_samples(
    samples: Sequence[Sample],
    landing: Path,
    packed_at_utc: datetime,
    progress: Callable[[Sample, PackedDrop], None] = lambda _sample, _drop: None,
) -> list[PackedDrop]:
    """Pack samples in order of time, with the calendar and the crosswalk that they need.

    Args:
        samples: some or all of `every_sample`.
        landing: the landing zone.
        packed_at_utc: now.
        progress: called after each drop.

    Raises:
        SourceError: a sample is missing or cannot be read.
    """
    write_identity(landing)
    calendar = read_calendar(landing / "identity" / "sessions.csv")
    intake = Intake(landing, load_settings(), calendar, CLUB_TIMEZONE)
    recordings = [
        (sample, read_recording(sample.source, sample.parts, sample.told)) for sample in samples
    ]
    packed = []
    # History is made in order of time, as it was.
    for sample, recording in sorted(recordings, key=lambda pair: pair[1].session.started_at_utc):
        packed.append(intake.take(recording, packed_at_utc))
        progress(sample, packed[-1])
    return packed


def _kloppy_files() -> Path:
    return Path(str(files("kloppy"))) / "tests" / "files"
