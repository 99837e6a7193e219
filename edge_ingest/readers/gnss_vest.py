"""What the readers of GNSS vests share: one or more athletes' track points to a recording."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from edge_ingest.geodesy import to_local
from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.pitch_corners import Pitch
from edge_ingest.readers.gnss_csv import CsvColumns
from edge_ingest.readers.track_points import (
    Numbers,
    Places,
    Projection,
    TrackPoints,
    athletes_table,
    in_order,
    instant,
    positions_table,
    rate_of_steps,
    signals_table,
)
from edge_ingest.recording import Recording, SessionFacts, Told


def vest_recording(
    vendor: tuple[str, str],
    athletes: Mapping[str, tuple[str | None, TrackPoints]],
    read: CsvColumns,
    told: Told,
    *,
    pitch: Pitch | None,
    clock: Clock,
) -> Recording:
    """Rows of one file: metres on the pitch, or east and north of the first fix of all.

    Args:
        vendor: the source, and its reader's version.
        athletes: name (None if not told) and points, by the source's own id.
        read: the file that they stand in.
        clock: what the points' instants rest on.

    Raises:
        SourceError: an athlete has no sample, the clock was set back, or places are absurd.
    """
    source, version = vendor
    ordered: dict[str, TrackPoints] = {}
    path = read.path
    counts = {"without_time": read.without_time}
    for athlete, (_, points) in athletes.items():
        ordered[athlete], found = in_order(points, f"{path} ({athlete})")
        _add(counts, found)
    begun = min(points.instants[0] for points in ordered.values())
    ended = max(points.instants[-1] for points in ordered.values())
    projection: Projection | None = pitch.to_metres if pitch else None
    origin: tuple[float, float] | None = None
    signals, positions = [], []
    for athlete, points in ordered.items():
        rows, out_of_range = signals_table(points, athlete)
        _add(counts, {"out_of_range": out_of_range})
        places: Places = positions_table(
            points, instant(begun), athlete, projection=projection, where=f"{path} ({athlete})"
        )
        _add(counts, places.found)
        if places.origin is not None:
            origin = places.origin
            projection = _east_north(origin)
        signals += [rows] if rows is not None else []
        positions += [places.table] if places.table is not None else []
    tables = {
        "athletes": athletes_table(source, {key: name for key, (name, _) in athletes.items()})
    }
    if signals:
        tables["signals"] = pa.concat_tables(signals)
    if positions:
        tables["positions"] = pa.concat_tables(positions)
    steps = np.concatenate([np.diff(points.instants) for points in ordered.values()])
    return Recording(
        source=source,
        device_id=slugify(told.device_id or "") or slugify(f"{source} {path.stem}"),
        kind="wearable",
        reader=source,
        reader_version=version,
        session=SessionFacts(
            sport="football",
            started_at_utc=instant(begun),
            ended_at_utc=instant(ended),
            site=told.site,
            sampling_rate_hz=rate_of_steps(steps),
            field_length_m=pitch.length_m if pitch else None,
            field_width_m=pitch.width_m if pitch else None,
            origin_latitude_deg=origin[0] if origin else None,
            origin_longitude_deg=origin[1] if origin else None,
        ),
        clock=clock,
        tables=tables,
        filter_settings=pitch.settings() if pitch else {},
        rows_by_rule=counts,
    )


def _east_north(origin: tuple[float, float]) -> Projection:
    """All athletes of a file share the origin of the first one."""

    def project(latitude: Numbers, longitude: Numbers) -> tuple[Numbers, Numbers]:
        east, north, _ = to_local(latitude, longitude, *origin)
        return east, north

    return project


def _add(counts: dict[str, int], found: Mapping[str, int]) -> None:
    for rule, count in found.items():
        counts[rule] = counts.get(rule, 0) + count
