"""Heart beat intervals as text (Polar, Elite HRV, Kubios, …): the reader.

One interval a line, or a time and an interval; a heading is optional. Milliseconds, or seconds
where most intervals are below ten. Without times a beat comes at the sum of the intervals up to
it, from the start that must be told. Times of the recorder (ISO 8601, or seconds or milliseconds
since it was started) tie the sum down, so that lost beats move nothing behind them.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.readers.beats import beat_times, beats_table
from edge_ingest.readers.bounds import LONGEST_SESSION
from edge_ingest.readers.local_time import to_utc
from edge_ingest.readers.track_points import athletes_table, instant
from edge_ingest.recording import Recording, SessionFacts, Told

VERSION = "1"

#: No heart beats so slowly that its intervals have this many seconds, nor so fast that they have as
#: few milliseconds.
_SECONDS_BELOW = 10.0
#: A recording longer than this is no session, beats.
_MOST_BEATS = 2_000_000

_Times = NDArray[np.datetime64]
_Numbers = NDArray[np.float64]


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read one recording: `intervals`."""
    path = parts["intervals"]
    stamps, intervals = _lines(path)
    if 2 * np.count_nonzero(intervals < _SECONDS_BELOW) > np.count_nonzero(~np.isnan(intervals)):
        intervals = 1000 * intervals
    seconds = intervals / 1000
    start, told_s, clock = _start(stamps, seconds, told, path)
    elapsed = beat_times(seconds, told_s)
    if not elapsed.max() < LONGEST_SESSION.total_seconds():
        raise SourceError(
            f"{path}: its intervals and times reach over more than {LONGEST_SESSION.days} days: "
            "the file is damaged; export it again",
            rule="absurd_values",
        )
    instants = start + np.rint(1e6 * elapsed).astype("timedelta64[us]")
    athlete = told.athlete_id or path.stem
    beats, out_of_range = beats_table(instants, intervals, athlete, 0)
    if 2 * out_of_range > len(intervals):
        raise SourceError(
            f"{path}: {out_of_range} of {len(intervals)} intervals are none of a heart: check that "
            "they are intervals, in ms or s",
            rule="absurd_values",
        )
    return Recording(
        source="rr",
        device_id=slugify(told.device_id or "") or slugify(f"rr {path.stem}"),
        kind="wearable",
        reader="rr",
        reader_version=VERSION,
        session=SessionFacts(
            sport="other",
            started_at_utc=instant(start),
            ended_at_utc=instant(max(start, instants[-1])),
            site=told.site,
        ),
        clock=clock,
        tables={"signals": beats, "athletes": athletes_table("rr", {athlete: None})},
        rows_by_rule={"out_of_range": out_of_range},
    )


def _start(
    stamps: list[str] | None, seconds: _Numbers, told: Told, path: Path
) -> tuple[np.datetime64, _Numbers | None, Clock]:
    """When the first interval begins, the recorder's times since, s, and what they rest on."""
    since = None
    numbers, instants, is_utc = _recorder_times(stamps, path)
    if numbers is not None:
        step = np.nanmedian(np.diff(numbers)) if len(numbers) > 1 else 0.0
        # Intervals of a second or so, or of a thousand milliseconds or so.
        scale = 1e-3 if step > _SECONDS_BELOW else 1.0
        since = (numbers - numbers[0]) * scale + _first_s(seconds)
    elif instants is not None:
        offset_s = 0.0
        if not is_utc and told.started_at_utc is None:
            instants, offset_s = to_utc(instants, told.clock_timezone, path)
        first_s = _first_s(seconds)
        since = (instants - instants[0]) / np.timedelta64(1, "s") + first_s
        if told.started_at_utc is None:
            start = instants[0] - np.timedelta64(round(1e6 * first_s), "us")
            return start, since, Clock(source="device", offset_s=offset_s)
    if told.started_at_utc is None:
        raise SourceError(
            f"{path} tells intervals and not when they were: give the start (started_at_utc)",
            rule="incomplete",
        )
    start = np.datetime64(told.started_at_utc.replace(tzinfo=None), "us")
    return start, since, Clock(source="operator", uncertainty_s=60.0)


def _first_s(seconds: _Numbers) -> float:
    return float(np.nan_to_num(seconds[0]))


def _recorder_times(
    stamps: list[str] | None, path: Path
) -> tuple[_Numbers | None, _Times | None, bool]:
    """Times as numbers, or as instants, and whether those are UTC."""
    if stamps is None:
        return None, None, False
    texts = pa.array(stamps, pa.string())
    try:
        return np.asarray(texts.cast(pa.float64()), np.float64), None, False
    except pa.ArrowInvalid:
        pass
    zoned = re.search(r"(Z|[+-]\d\d:?\d\d)$", stamps[0]) is not None
    try:
        parsed = pc.replace_substring_regex(texts, r"^(\S+) ", r"\1T").cast(
            pa.timestamp("ns", "UTC") if zoned else pa.timestamp("ns")
        )
    except pa.ArrowInvalid:
        raise SourceError(
            f"{path}: the times beside the intervals are neither numbers nor such as "
            "2024-05-06T08:00:00.250: export them so, or leave them out"
        ) from None
    instants = np.asarray(parsed.cast(pa.timestamp("us"), safe=False), "datetime64[us]")
    return None, instants, zoned


def _lines(path: Path) -> tuple[list[str] | None, _Numbers]:
    """The times' texts, None where there are none, and the intervals as written."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is no UTF-8 text: export it as plain text") from error
    if (intervals := _one_a_line(text)) is not None:
        return None, intervals
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    rows = [[cell.strip().strip('"') for cell in re.split(r"[,;\t]", line)] for line in lines]
    if rows and not _is_number(rows[0][-1]):
        rows = rows[1:]  # a heading
    if not rows:
        raise SourceError(f"{path} holds no interval: nothing was recorded", rule="empty")
    if len(rows) > _MOST_BEATS:
        raise SourceError(f"{path} holds {len(rows)} lines, and a session has fewer than "
                          f"{_MOST_BEATS} beats: check what it is", rule="too_large")  # fmt: skip
    width = len(rows[0])
    if width > 2:  # noqa: PLR2004 - a time and an interval
        raise SourceError(f"{path} has {width} columns: give an interval a line, or a time and an "
                          "interval", rule="unknown_format")  # fmt: skip
    bad = next(
        (n for n, row in enumerate(rows) if len(row) != width or not _is_number(row[-1])), None
    )
    if bad is not None:
        raise SourceError(f"{path}: row {bad + 1} holds no interval: the file is damaged or cut "
                          "short; export it again")  # fmt: skip
    intervals = np.array([float(row[-1]) for row in rows])
    if not np.isfinite(intervals).any():
        raise SourceError(f"{path} holds no interval: nothing was recorded", rule="empty")
    return ([row[0] for row in rows] if width > 1 else None), intervals


def _one_a_line(text: str) -> _Numbers | None:
    """Intervals where every line but a heading is one and nothing else; None: look closer."""
    body = text.strip()
    first, _, rest = body.partition("\n")
    # What else splits lines may hide an interval in what looks like a heading.
    if any(mark in text for mark in ',;\t"') or len(first.splitlines()) > 1:
        return None
    cells = _lines_of((body if _is_number(first) else rest).encode())
    if len(cells) > _MOST_BEATS:
        return None
    try:
        intervals = np.asarray(pc.ascii_trim_whitespace(cells).cast(pa.float64()))
    except pa.ArrowInvalid:
        return None
    return intervals if np.isfinite(intervals).any() else None


def _lines_of(text: bytes) -> pa.LargeStringArray:
    """Each line of UTF-8 with its end, none of them copied."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    bounds = np.concatenate([[0], ends, [len(text)]])
    return pa.LargeStringArray.from_buffers(
        len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(text)
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
