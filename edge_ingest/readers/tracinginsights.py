"""Formula 1 telemetry as TracingInsights publishes it, one driver's session: the reader.

The part is `laptimes.json`; the telemetry of lap n is `n_tel.json` beside it.

Clock. A file tells the time within its lap. Laps follow each other without a break: where two
neighbours both have telemetry, the car leaves one where and as fast as it enters the next. So a
lap starts at the sum of the laps before it, each as long as its lap time, or else as its telemetry;
a lap that was slept through in the garage is long. Behind a lap whose length nobody tells the sum
is too small by an unknown time: what stands there is flagged `MISPLACED_CLOCK`. Instants begin
with the first lap, at the start that must be told.

Values. The source merges two feeds, some four samples a second each, and fills in either at the
other's instants. A sample whose engine speed is no whole number was not measured and is flagged
`ESTIMATED`, as both accelerations always are, being derived; a place that is none is left out.
Places are tenths of a metre in the circuit's own frame, whose origin and north are not told; its
heights are no heights above the ground and are left out. Brake is on or off.

Laps. An event ends each lap that has a lap time. A lap without one has telemetry and no event.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.identity import slugify
from edge_ingest.inputs import check_file
from edge_ingest.manifest import Clock
from edge_ingest.readers.tracinginsights_laps import (
    Lap,
    lay_out,
    positions_table,
    telemetry_of,
)
from edge_ingest.readers.track_points import (
    Moment,
    athletes_table,
    events_table,
    instant,
    sampling_rate_hz,
    signals_table,
)
from edge_ingest.recording import Recording, SessionFacts, Told
from edge_ingest.records import Quality

VERSION = "1"

_LARGEST_LAP = 64 * 1024**2
_MOST_LAPS = 1000
_UNTOLD = ("None", "nan", "", None)
_KEY = re.compile(r"(?P<session>.+)-(?P<driver>[A-Z0-9]+)-\d+")


@dataclass(frozen=True)
class _Names:
    """What `dataKey` tells: session and driver; None where it is missing."""

    session: str | None
    driver: str | None


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read one driver's session: `laptimes`, and the telemetry beside it."""
    path = parts["laptimes"]
    if told.started_at_utc is None:
        raise SourceError(
            f"{path} tells the time within laps and not of the day: give the start of the first "
            "lap (started_at_utc)",
            rule="incomplete",
        )
    listed = _laptimes(path)
    laps, names = _with_telemetry(listed, path)
    laid_out, behind_unknown = lay_out(laps)
    start = np.datetime64(told.started_at_utc.replace(tzinfo=None), "us")
    telemetry = telemetry_of(laid_out, start, path)
    points = telemetry.points
    athlete = told.athlete_id or names.driver or slugify(path.parent.name) or "unknown-driver"
    signals, out_of_range = signals_table(points, athlete)
    positions = positions_table(telemetry, start, athlete)
    ends = [_end(lap, told) for lap in laid_out if lap.lap_time_s is not None]
    events = events_table([moment for moment, _ in ends], told.started_at_utc, athlete)
    bits = pa.array([bits for _, bits in ends], pa.int32())
    events = events.set_column(events.schema.get_field_index("quality"), "quality", bits)
    last = max([points.instants[-1], *(_instant(start, lap) for lap in laid_out)])
    tables = {
        "athletes": athletes_table("tracinginsights", {athlete: None}),
        "signals": signals,
        "positions": positions,
        "events": events,
    }
    return Recording(
        source="tracinginsights",
        device_id=slugify(told.device_id or "") or slugify(f"car {athlete}"),
        kind="wearable",
        reader="tracinginsights",
        reader_version=VERSION,
        session=SessionFacts(
            sport="motorsport",
            started_at_utc=told.started_at_utc,
            ended_at_utc=instant(last),
            source_session_id=f"{names.session}-{names.driver}" if names.session else None,
            name=names.session,
            site=told.site,
            sampling_rate_hz=sampling_rate_hz(points.instants),
        ),
        clock=Clock(source="operator", uncertainty_s=60.0 if not behind_unknown else None),
        tables={name: table for name, table in tables.items() if table is not None},
        rows_by_rule={
            **telemetry.found,
            "out_of_range": out_of_range,
            "laps_without_telemetry": sum(lap.telemetry is None for lap in laid_out),
            "laps_without_a_lap_time": sum(lap.lap_time_s is None for lap in laid_out),
            "laps_behind_one_of_unknown_length": behind_unknown,
        },
    )


def _instant(start: np.datetime64, lap: Lap) -> np.datetime64:
    return np.datetime64(
        start + np.timedelta64(round(1e6 * (lap.start_s + (lap.length_s or 0))), "us")
    )


def _end(lap: Lap, told: Told) -> tuple[Moment, int]:
    """The event that ends a lap, and its quality bits."""
    assert told.started_at_utc is not None  # `read` refuses without it
    assert lap.lap_time_s is not None  # the caller asks for laps with one
    when = told.started_at_utc + timedelta(seconds=lap.start_s + lap.lap_time_s)
    words = [f"lap {lap.number}", f"{lap.lap_time_s:.3f} s", *lap.words]
    bits = Quality.MISPLACED_CLOCK.value if lap.is_misplaced else 0
    return Moment(f"lap-{lap.number}", "lap", ", ".join(words), when, lap.lap_time_s), bits


def _laptimes(path: Path) -> list[Lap]:
    """The laps listed, by number, without telemetry."""
    told = _json(path)
    columns = {key: value for key, value in told.items() if isinstance(value, list)}
    numbers, times = columns.get("lap"), columns.get("time")
    if numbers is None or times is None or len(numbers) != len(times):
        raise SourceError(
            f"{path} is no list of lap times: it needs `lap` and `time`, equally long"
        )
    if not numbers:
        raise SourceError(f"{path} lists no lap: nothing was recorded", rule="empty")
    if len(numbers) > _MOST_LAPS:
        raise SourceError(f"{path} lists {len(numbers)} laps, and no session has more than "
                          f"{_MOST_LAPS}: check what it is", rule="absurd_values")  # fmt: skip
    laps = []
    for index, number in enumerate(numbers):
        words = [
            word.format(columns[key][index])
            for key, word in (("compound", "{}"), ("stint", "stint {}"), ("life", "tyre lap {}"))
            if len(columns.get(key, ())) > index and columns[key][index] not in _UNTOLD
        ]
        time = _number(times[index])
        if time is not None and not 0 < time < 86_400:  # noqa: PLR2004 - a day
            raise SourceError(f"{path}: the time of lap {number} cannot be true: export it again",
                              rule="absurd_values")  # fmt: skip
        laps.append(Lap(int(number), time, tuple(words)))
    laps.sort(key=lambda lap: lap.number)
    if len({lap.number for lap in laps}) < len(laps):
        raise SourceError(f"{path} lists a lap twice: one file is one driver's session",
                          rule="duplicate_athlete")  # fmt: skip
    return laps


def _with_telemetry(listed: Sequence[Lap], path: Path) -> tuple[list[Lap], _Names]:
    """Laps with the telemetry that stands beside the file; laps that are listed nowhere are added.

    Raises:
        SourceError: there is none, a file is damaged or a link, or two drivers stand in one folder.
    """
    by_number = {lap.number: lap for lap in listed}
    drivers, session = set(), None
    for file in sorted(path.parent.glob("*_tel.json")):
        if not (match := re.fullmatch(r"(\d{1,4})_tel\.json", file.name)):
            continue
        check_file(file, _LARGEST_LAP)
        number = int(match.group(1))
        telemetry = _json(file).get("tel")
        if not isinstance(telemetry, dict):
            raise SourceError(f"{file} holds no telemetry (`tel`): download it again")
        key = _KEY.fullmatch(str(telemetry.get("dataKey", "")))
        if key:
            drivers.add(key["driver"])
            session = key["session"]
        columns = {
            name: _column(telemetry.get(name), file, name)
            for name in ("time", "rpm", "speed", "gear", "throttle", "brake", "acc_x", "acc_y",
                         "x", "y")
        }  # fmt: skip
        if len({len(column) for column in columns.values()}) > 1:
            raise SourceError(f"{file}: its columns are not equally long: download it again")
        by_number[number] = by_number.get(number, Lap(number, None, ())).with_telemetry(columns)
    if len(drivers) > 1:
        raise SourceError(
            f"{path.parent} holds laps of {', '.join(sorted(drivers))}: put each driver's files "
            "into a folder of their own",
            rule="duplicate_athlete",
        )
    laps = [by_number[number] for number in sorted(by_number)]
    if not any(lap.telemetry for lap in laps):
        raise SourceError(
            f"there is no telemetry beside {path}: put the files <lap>_tel.json there",
            rule="incomplete",
        )
    return laps, _Names(session, drivers.pop() if drivers else None)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise SourceError(f"{path} is no sound JSON ({error}): download it again") from error
    if not isinstance(found, dict):
        raise SourceError(f"{path} is no object of columns: download it again")
    return found


def _column(values: Any, path: Path, name: str) -> NDArray[np.float64]:  # noqa: ANN401 - JSON
    if not isinstance(values, list):
        raise SourceError(f"{path} has no column {name!r}: download it again")
    try:
        return np.array(values, np.float64)
    except (TypeError, ValueError):
        return np.array([np.nan if n is None else n for n in map(_number, values)], np.float64)


def _number(value: Any) -> float | None:  # noqa: ANN401 - JSON
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and np.isfinite(value) else None
