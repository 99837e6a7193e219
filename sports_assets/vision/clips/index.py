"""Clips of a session: stretches of footage with what happens in them, under a version.

What a training set is made of: video beside events and boxes. The version is a hash of all clips
and of the rows behind them, so that the same input gives the same version and any change another.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edge_ingest.records import INSTANT
from resources.vision_contracts import VISION_CLIP, VISION_POSITIONS

Ints = NDArray[np.int64]

PLAY = "play"
#: Facts of a video object that a clip depends on.
_OBJECT = ("sha256", "camera", "started_at_utc", "duration_s", "frame_count", "rotation_deg")


@dataclass(frozen=True)
class ClipSettings:
    """What clips are.

    Attributes:
        before_s, after_s: a clip shows so much before and after its event, s: a run-up, and what
            became of it.
        play_s: length of a clip of play, whatever happens, s.
        play_every_s: one of these begins so often, s: a detector learns from a sample of the
            whole match, and frames one after the other teach it nothing new.
    """

    before_s: float = 3.0
    after_s: float = 3.0
    play_s: float = 10.0
    play_every_s: float = 60.0


def clip_index(
    footage: pa.Table,
    positions: pa.Table,
    events: pa.Table,
    athletes: Mapping[tuple[str, str], str] | None = None,
    settings: ClipSettings | None = None,
) -> pa.Table:
    """Clips of one session: one a camera and event that it filmed, and of play at intervals.

    A clip stays within its video object. An event that lasts is shown to its end.

    Args:
        footage: rows of `raw/footage`.
        positions: rows of `vision/positions`.
        events: rows of `raw/events`.
        athletes: our athlete by stream and source's id; whoever is not in it is not linked.

    Returns:
        Rows of `vision/clip`, in the contract's order.
    """
    chosen, known = settings or ClipSettings(), athletes or {}
    happened = events.sort_by(
        [(name, "ascending") for name in ("captured_at_utc", "stream_id", "source_event_id")]
    ).to_pylist()
    rows = [
        clip
        for filmed in objects(footage)
        for clip in (*_of_events(filmed, happened, known, chosen), *_of_play(filmed, chosen))
    ]
    counts = _Boxes(positions)
    for row in rows:
        row["boxes"], row["ball_boxes"] = counts.within(row)
    table = pa.Table.from_pylist(rows, VISION_CLIP.schema).sort_by(
        [(name, "ascending") for name in VISION_CLIP.sort_by]
    )
    version = version_of(table, footage, positions)
    column = table.column_names.index("version")
    return VISION_CLIP.conform(
        table.set_column(
            column, VISION_CLIP.schema.field("version"), pa.repeat(pa.scalar(version), len(table))
        )
    )


def objects(footage: pa.Table) -> list[dict[str, Any]]:
    """Video objects, each once, in the order of cameras and time."""
    rows = footage.select(["session_id", "uri", *_OBJECT]).to_pylist()
    once = {(row["camera"], row["started_at_utc"], row["sha256"]): row for row in rows}
    return [once[key] for key in sorted(once)]


def version_of(clips: pa.Table, footage: pa.Table, positions: pa.Table) -> str:
    """Hash of clips, of the objects that they are cut from, and of what was seen in them.

    Args:
        clips: rows of `vision/clip`, whatever version they bear.
    """
    digest = hashlib.sha256()
    filmed = pa.Table.from_pylist(objects(footage)).select(list(_OBJECT)) if len(footage) else None
    without = clips.drop_columns(["version"])
    behind = positions.filter(_in_any(clips, positions)).select(VISION_POSITIONS.schema.names)
    for table, order in (
        (without, VISION_CLIP.sort_by),
        (filmed, ("camera", "started_at_utc", "sha256")),
        (behind, VISION_POSITIONS.sort_by),
    ):
        if table is not None:
            _digest(digest, table.sort_by([(name, "ascending") for name in order]))
    return digest.hexdigest()[:32]


def _of_events(
    filmed: Mapping[str, Any],
    events: list[dict[str, Any]],
    athletes: Mapping[tuple[str, str], str],
    settings: ClipSettings,
) -> Iterator[dict[str, Any]]:
    for event in events:
        at_s = (event["captured_at_utc"] - filmed["started_at_utc"]).total_seconds()
        if not 0 <= at_s < filmed["duration_s"]:
            continue
        # A lap ends at its instant; everything else begins at it.
        lasts_s = 0.0 if event["event_type"] == "lap" else (event["duration_s"] or 0.0)
        yield _clip(
            filmed,
            at_s - settings.before_s,
            at_s + lasts_s + settings.after_s,
            event["event_type"],
            source_event_id=event["source_event_id"],
            stream_id=event["stream_id"],
            athlete_id=athletes.get((event["stream_id"], event["source_athlete_id"] or "")),
        )


def _of_play(filmed: Mapping[str, Any], settings: ClipSettings) -> Iterator[dict[str, Any]]:
    for start_s in np.arange(0.0, filmed["duration_s"], settings.play_every_s):
        # A piece that is cut short by the end is no clip of fixed length; of a short object the
        # whole is.
        if start_s == 0 or start_s + settings.play_s <= filmed["duration_s"]:
            yield _clip(filmed, float(start_s), float(start_s) + settings.play_s, PLAY)


def _clip(
    filmed: Mapping[str, Any],
    start_s: float,
    end_s: float,
    label: str,
    *,
    source_event_id: str | None = None,
    stream_id: str | None = None,
    athlete_id: str | None = None,
) -> dict[str, Any]:
    start_s, end_s = round(max(0.0, start_s), 6), round(min(end_s, filmed["duration_s"]), 6)
    began: datetime = filmed["started_at_utc"]
    named = (filmed["camera"], filmed["sha256"], start_s, end_s, label, stream_id, source_event_id)
    return {
        "session_id": filmed["session_id"],
        "clip_id": hashlib.sha256(repr((began.isoformat(), *named)).encode()).hexdigest()[:32],
        "footage_sha256": filmed["sha256"],
        "camera": filmed["camera"],
        "start_s": start_s,
        "end_s": end_s,
        "started_at_utc": began + timedelta(seconds=start_s),
        "label": label,
        "source_event_id": source_event_id,
        "stream_id": stream_id,
        "athlete_id": athlete_id,
        "boxes": 0,
        "ball_boxes": 0,
        "version": "",
    }


class _Boxes:
    """How many boxes there are of people and balls, by object and time."""

    def __init__(self, positions: pa.Table) -> None:
        real = positions.filter(has_box(positions))
        self._times: dict[tuple[str, bool], Ints] = {}
        micros, is_ball = micros_of(real), pc.equal(real["object_kind"], "ball").to_numpy()
        for sha256, of in by_object(real):
            for kind in (False, True):
                self._times[sha256, kind] = np.sort(micros[of & (is_ball == kind)])

    def within(self, clip: Mapping[str, Any]) -> tuple[int, int]:
        counts = []
        for is_ball in (False, True):
            times = self._times.get((clip["footage_sha256"], is_ball), np.empty(0, np.int64))
            first, last = np.searchsorted(times, bounds(clip))
            counts.append(int(last - first))
        return counts[0], counts[1]


def bounds(clip: Mapping[str, Any]) -> tuple[int, int]:
    """Begin and end of a clip, µs since 1970; the end is not in it."""
    begin = pa.scalar(clip["started_at_utc"], INSTANT).cast(pa.int64()).as_py()
    return begin, begin + round((clip["end_s"] - clip["start_s"]) * 1e6)


def has_box(positions: pa.Table) -> pa.ChunkedArray:
    """Which rows a detector saw, and are not between two that it did."""
    return pc.and_(pc.invert(positions["is_interpolated"]), pc.is_valid(positions["left_px"]))


def micros_of(positions: pa.Table) -> Ints:
    """Instants, µs since 1970."""
    return np.asarray(positions["captured_at_utc"].cast(pa.int64()).to_numpy(), np.int64)


def by_object(positions: pa.Table) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each video object that rows are of, and which rows those are."""
    coded = positions["footage_sha256"].combine_chunks().dictionary_encode()
    number = coded.indices.to_numpy()
    for place, sha256 in enumerate(coded.dictionary.to_pylist()):
        yield sha256, np.asarray(number == place, np.bool_)


def _in_any(clips: pa.Table, positions: pa.Table) -> pa.Array:
    """Which rows of positions lie within a clip."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for clip in clips.select(["footage_sha256", "started_at_utc", "start_s", "end_s"]).to_pylist():
        spans.setdefault(clip["footage_sha256"], []).append(bounds(clip))
    micros, is_in = micros_of(positions), np.zeros(len(positions), np.bool_)
    for sha256, of in by_object(positions):
        begun, ended = (
            np.searchsorted(np.sort([span[end] for span in spans.get(sha256, [])]), micros, "right")
            for end in (0, 1)
        )
        is_in |= of & (begun > ended)
    return pa.array(is_in)


def _digest(digest: "hashlib._Hash", table: pa.Table) -> None:
    """Add a table, column by column, by what it says and not by how Arrow keeps it."""
    digest.update(f"{table.column_names}{len(table)}".encode())
    for name, column in zip(table.column_names, table.columns, strict=True):
        whole = column.combine_chunks()
        digest.update(f"{name}{column.type}".encode())
        digest.update(np.packbits(whole.is_valid().to_numpy(zero_copy_only=False)).tobytes())
        if pa.types.is_string(column.type):
            digest.update("\x1f".join(whole.fill_null("").to_pylist()).encode())
        elif pa.types.is_timestamp(column.type):
            digest.update(whole.cast(pa.int64()).fill_null(0).to_numpy().tobytes())
        elif pa.types.is_boolean(column.type):
            digest.update(whole.fill_null(False).to_numpy(zero_copy_only=False).tobytes())
        else:
            digest.update(whole.fill_null(0).to_numpy(zero_copy_only=False).tobytes())
