"""What GPX and TCX share: texts to numbers and instants, words to sports, and the recording.

Belongs here: everything after the XML. Which element means what stands in `gpx.py` and `tcx.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edge_ingest.errors import NothingRecordedError, SourceError
from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.readers.track_points import (
    Moment,
    TrackPoints,
    athletes_table,
    events_table,
    in_order,
    instant,
    moved_to,
    positions_table,
    sampling_rate_hz,
    signals_table,
)
from edge_ingest.recording import Recording, SessionFacts, Told

#: Points are written to whole seconds by most devices, s.
RESOLUTION_S = 1.0
#: Points that become columns in one go.
_BLOCK = 1024

#: Beginnings of the words that files use for sports; "1" and "9" are Strava's numbers.
_SPORTS = (
    ("run", "running"), ("treadmill", "running"), ("trail_running", "running"), ("9", "running"),
    ("bik", "cycling"), ("cycl", "cycling"), ("ride", "cycling"), ("virtualride", "cycling"),
    ("mountain_biking", "cycling"), ("road_biking", "cycling"), ("gravel", "cycling"),
    ("indoor_cycling", "cycling"), ("1", "cycling"), ("swim", "swimming"),
    ("lap_swimming", "swimming"), ("open_water", "swimming"), ("row", "rowing"),
    ("indoor_rowing", "rowing"), ("soccer", "football"), ("football", "football"),
    ("motor", "motorsport"), ("driving", "motorsport"),
)  # fmt: skip


class Texts:
    """Points as a file writes them, as columns of text: null where a point lacks it.

    Attributes:
        slots: place in a row by an element's full tag; None for what is no column.
    """

    def __init__(self, elements: Mapping[str, str], *others: str) -> None:
        """No point yet.

        Args:
            elements: the column that an element fills, by its local name.
            others: columns that no element fills.
        """
        names = list(dict.fromkeys((*others, *elements.values())))
        self._columns: dict[str, list[pa.Array]] = {name: [] for name in names}
        self._rows: list[Sequence[str | None]] = []  # the last few, not yet in the columns
        self.slots = _Slots({word: names.index(name) for word, name in elements.items()})

    def row(self) -> list[str | None]:
        """An empty row: those of `others` come first."""
        return [None] * len(self._columns)

    def add(self, row: Sequence[str | None]) -> None:
        """One more point."""
        self._rows.append(row)
        if len(self._rows) == _BLOCK:
            self._close_block()

    def columns(self) -> dict[str, pa.ChunkedArray]:
        """By channel, and `time`, `latitude`, `longitude`."""
        self._close_block()
        return {
            name: pa.chunked_array(blocks, pa.string()) for name, blocks in self._columns.items()
        }

    def _close_block(self) -> None:
        for blocks, texts in zip(
            self._columns.values(), zip(*self._rows, strict=True), strict=False
        ):
            blocks.append(pa.array(texts, pa.string()))
        self._rows.clear()


class _Slots(dict[str, int | None]):
    """Looks a tag's local name up once: a file has few tags, and asks for them at each point."""

    def __init__(self, by_word: Mapping[str, int]) -> None:
        super().__init__()
        self._by_word = by_word

    def __missing__(self, tag: str) -> int | None:
        slot = self[tag] = self._by_word.get(tag.rpartition("}")[2])
        return slot


@dataclass(frozen=True)
class Track:
    """A file, read: its points, and what else it tells.

    Attributes:
        points: columns of `Texts`.
        sport_words: what the file calls the sport, once for each activity in it.
        creator: device or software; `device_number` its serial number, None if not told.
        moments: ends of laps.
    """

    source: str
    version: str
    points: Mapping[str, pa.ChunkedArray]
    sport_words: Sequence[str]
    creator: str
    device_number: str | None = None
    name: str | None = None
    session_id: str | None = None
    moments: Sequence[Moment] = field(default_factory=tuple)


def recording(track: Track, path: Path, told: Told) -> Recording:
    """The track as rows.

    Raises:
        NothingRecordedError: no point bears a time: a planned route.
        SourceError: a number or a time cannot be read, or the points make no session.
    """
    times = track.points["time"]
    timed = times.is_valid().to_numpy()
    if not timed.any():
        raise NothingRecordedError(
            f"{path} has {len(times)} points and none bears a time: a planned route or an empty "
            "export, nothing to pack here"
        )
    numbers = {
        name: _numbers(column, name, path)[timed]
        for name, column in track.points.items()
        if name != "time"
    }
    stamps = _instants(times.drop_null(), path)
    unmoved = TrackPoints(
        stamps,
        {name: values for name, values in numbers.items() if name not in _PLACE},
        numbers["latitude"],
        numbers["longitude"],
    )
    points, shift_s = moved_to(unmoved, told.started_at_utc)
    points, found = in_order(points, str(path))
    started = instant(points.instants[0])
    device = slugify(f"{track.creator} {track.device_number or ''}") or "unknown-device"
    athlete = told.athlete_id or track.device_number or path.stem
    signals, out_of_range = signals_table(points, athlete)
    places = positions_table(points, started, athlete, where=str(path))
    moments = [
        replace(one, instant=one.instant + timedelta(seconds=shift_s)) for one in track.moments
    ]
    tables = {
        "signals": signals,
        "positions": places.table,
        "events": events_table(moments, started, athlete) if moments else None,
        "athletes": athletes_table(track.source, {athlete: None}),
    }
    return Recording(
        source=track.source,
        device_id=slugify(told.device_id or "") or device,
        kind="wearable",
        reader=track.source,
        reader_version=track.version,
        session=SessionFacts(
            sport=_sport(track.sport_words),
            started_at_utc=started,
            ended_at_utc=instant(points.instants[-1]),
            source_session_id=track.session_id,
            name=track.name,
            site=told.site,
            sampling_rate_hz=sampling_rate_hz(points.instants),
            origin_latitude_deg=places.origin[0] if places.origin else None,
            origin_longitude_deg=places.origin[1] if places.origin else None,
        ),
        clock=clock(told, shift_s, has_fix=bool(places.origin)),
        tables={name: table for name, table in tables.items() if table is not None},
        rows_by_rule={
            **found,
            **places.found,
            "out_of_range": out_of_range,
            "without_time": int((~timed).sum()),
        },
    )


_PLACE = ("latitude", "longitude")


def clock(told: Told, shift_s: float, *, has_fix: bool) -> Clock:
    """What the instants of a device's own clock rest on."""
    if told.started_at_utc:
        return Clock(source="operator", uncertainty_s=60.0, offset_s=shift_s)
    if has_fix:
        return Clock(source="gnss", uncertainty_s=RESOLUTION_S)
    return Clock(source="device")


def utc_instant(text: str, path: Path) -> datetime:
    """One ISO 8601 instant."""
    return instant(_instants(pa.array([text], pa.string()), path)[0])


def _numbers(texts: pa.ChunkedArray, name: str, path: Path) -> NDArray[np.float64]:
    if texts.null_count == len(texts):
        return np.full(len(texts), np.nan)
    try:
        try:
            numbers = texts.cast(pa.float64())
        except pa.ArrowInvalid:
            trimmed = pc.utf8_trim_whitespace(texts)
            numbers = pc.if_else(pc.equal(trimmed, ""), None, trimmed).cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise SourceError(
            f"{path}: a {name} is no number: the file is damaged; export it again"
        ) from error
    return np.asarray(numbers.fill_null(np.nan), np.float64)


def _instants(texts: pa.Array | pa.ChunkedArray, path: Path) -> NDArray[np.datetime64]:
    """ISO 8601 to UTC. Both formats mean UTC where a text names no zone."""
    utc = pa.timestamp("ns", "UTC")
    try:
        try:
            parsed = texts.cast(utc)  # only if each names its zone
        except pa.ArrowInvalid:
            trimmed = pc.utf8_trim_whitespace(texts)
            zoned = pc.match_substring_regex(trimmed, r"(Z|z|\d[T ].*[+-]\d\d(:?\d\d)?)$")
            in_utc = pc.binary_join_element_wise(trimmed, "Z", "")
            parsed = pc.if_else(zoned, trimmed, in_utc).cast(utc)
    except pa.ArrowInvalid as error:
        raise SourceError(
            f"{path}: a time is none such as 2019-09-20T14:10:03Z: the file is damaged; "
            "export it again"
        ) from error
    return np.asarray(parsed.cast(pa.timestamp("us"), safe=False), "datetime64[us]")


def _sport(words: Sequence[str]) -> str:
    """The one sport of all activities of the file; several make it `other`."""
    found = set()
    for word in words:
        plain = word.strip().lower()
        known = (ours for start, ours in _SPORTS if plain == start or
                 (len(start) > 1 and plain.startswith(start)))  # fmt: skip
        found.add(next(known, "other"))
    return found.pop() if len(found) == 1 else "other"
