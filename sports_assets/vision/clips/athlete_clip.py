"""Any moment of any athlete: from the lakehouse's tables to a clip that can be played."""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from edge_ingest.contract import TableContract
from edge_ingest.records import FOOTAGE
from resources.object_store import is_s3
from resources.stored_object import open_object
from resources.vision_contracts import VISION_POSITIONS
from sports_assets.vision.clips.crop_path import CropPath
from sports_assets.vision.clips.cut import ClipFile, copy_clip, encode_clip, suffix_of
from sports_assets.vision.clips.moments import (
    SEEN_COLUMNS,
    Moment,
    MomentError,
    follow,
    moments,
)
from sports_assets.vision.clips.range import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resources.lakehouse import Lakehouse

#: A clip is a moment. What is longer is the recording itself, s.
LONGEST_S = 600.0


@dataclass(frozen=True)
class Wanted:
    """What is to be seen.

    Attributes:
        start_utc, end_utc: between two instants.
        athlete_id: our athlete; with no `track_id` either, whatever there is.
        track_id: a track of the session's `vision/track`, of somebody whom nobody has recognised.
        camera: from this one alone.
        is_exact: begin and end at the frame, encoded anew as H.264; else the camera's own bytes,
            from the key frame before.
        is_following: cut out a part that follows the athlete, for a phone; always exact.
    """

    start_utc: datetime
    end_utc: datetime
    athlete_id: str | None = None
    track_id: int | None = None
    camera: str | None = None
    is_exact: bool = False
    is_following: bool = False

    @property
    def whom(self) -> str | None:
        """Who is asked for, in words; None for nobody in particular."""
        return f"track {self.track_id}" if self.track_id is not None else self.athlete_id


@dataclass(frozen=True)
class Clip:
    """A clip, and where it is from."""

    moment: Moment
    file: ClipFile

    @property
    def starts_utc(self) -> datetime:
        """Instant of the first frame."""
        return self.moment.at(self.file.start_s)

    @property
    def ends_utc(self) -> datetime:
        """End of the last frame."""
        return self.moment.at(self.file.end_s)


def frames(
    store: "Lakehouse", s3: Mapping[str, str], session_id: str, wanted: Wanted, target: Path
) -> tuple[Clip, ...]:
    """Cut what a session's footage shows of somebody between two instants.

    One camera is chosen, the one that saw them most. Without anybody asked for, every camera.

    Args:
        s3: options of the object store, as in `Settings.s3`.
        target: where to, for one clip; of several each has its number before the suffix. The
            suffix may change: Matroska holds what MP4 does not.

    Raises:
        MomentError: there is no such session or athlete, nothing filmed it, nobody saw them, or
            the video is gone.
        SourceError: the video is damaged.
    """
    length_s = (wanted.end_utc - wanted.start_utc).total_seconds()
    if length_s > LONGEST_S:
        raise MomentError(
            f"{length_s:.0f} s is no moment: ask for {LONGEST_S:.0f} s at most, or take the "
            "recording itself, which raw/footage names"
        )
    if wanted.is_following and wanted.whom is None:
        raise MomentError("there is nobody to follow: name an athlete or a track")
    footage = session_footage(store, session_id)
    seen = _seen(store, session_id, wanted) if wanted.whom is not None else None
    try:
        found = moments(footage, wanted.start_utc, wanted.end_utc, seen=seen, camera=wanted.camera)
    except MomentError as error:
        of = f"{wanted.whom} in {session_id}" if wanted.whom is not None else session_id
        raise MomentError(f"{of}: {error}") from None
    clips = []
    for number, moment in enumerate(found, 1):
        place = target if len(found) == 1 else target.with_stem(f"{target.stem}_{number}")
        path = follow(moment, seen) if wanted.is_following and seen is not None else None
        with _opened(moment.uri, s3) as source:
            is_exact = wanted.is_exact or path is not None
            clips.append(Clip(moment, _cut(source, moment, place, path, is_exact=is_exact)))
    return tuple(clips)


def session_footage(store: "Lakehouse", session_id: str) -> pa.Table:
    """A session's rows of `raw/footage`.

    Raises:
        MomentError: it has none.
    """
    rows = _read(store, FOOTAGE, session_id, "from told")
    if not rows.num_rows:
        known = store.committed_sessions(FOOTAGE)
        listed = f"; sessions with footage: {', '.join(known[-5:])}" if known else ""
        raise MomentError(f"there is no footage of a session {session_id}{listed}")
    return rows


#: Looks that saw somebody: those about a moment, the last before it and the first after it.
_SEEN = f"""
with theirs as (
    select {", ".join(SEEN_COLUMNS)} from told
    where case when $track is null then athlete_id = $athlete else track_id = $track end
        and not is_interpolated and left_px is not null
)
select * from theirs
where captured_at_utc between $begin and $end
    or captured_at_utc = (select max(captured_at_utc) from theirs where captured_at_utc < $begin)
    or captured_at_utc = (select min(captured_at_utc) from theirs where captured_at_utc > $end)
"""  # noqa: S608 - names of columns


def _seen(store: "Lakehouse", session_id: str, wanted: Wanted) -> pa.Table:
    given = {
        "athlete": wanted.athlete_id,
        "track": wanted.track_id,
        "begin": wanted.start_utc,
        "end": wanted.end_utc,
    }
    rows = _read(store, VISION_POSITIONS, session_id, _SEEN, given)
    if not rows.num_rows:
        anybody = "select track_id from told limit 1"
        if not _read(store, VISION_POSITIONS, session_id, anybody).num_rows:
            raise MomentError(
                f"nobody was looked for in the footage of {session_id} yet: leave the athlete out, "
                "or materialise vision/positions"
            )
        raise MomentError(f"{session_id}: no footage shows {wanted.whom}: see vision/track")
    return rows


def _read(
    store: "Lakehouse",
    contract: TableContract,
    session_id: str,
    query: str,
    given: Mapping[str, Any] | None = None,
) -> pa.Table:
    """Rows of a session's part of a table, `told` in the query."""
    with store.connect() as connection:
        store.view(connection, contract, "told", [session_id])
        return connection.execute(query, dict(given or {})).to_arrow_table()


@contextmanager
def _opened(uri: str, s3: Mapping[str, str]) -> "Iterator[Source]":
    try:
        with open_object(uri, s3) as handle:
            yield Source(Path(uri.rpartition("/")[2]), handle) if is_s3(uri) else Source(Path(uri))
    except FileNotFoundError as error:
        raise MomentError(
            f"the footage is gone from {uri}: bring it back there, or send the recording again"
        ) from error


def _cut(
    source: Source, moment: Moment, target: Path, path: CropPath | None, *, is_exact: bool
) -> ClipFile:
    """A whole file in its place, or none."""
    place = target.with_suffix(suffix_of(source, is_exact=is_exact))
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".writing-{place.name}")
    try:
        if is_exact:
            made = encode_clip(source, moment.start_s, moment.end_s, unfinished, path)
        else:
            made = copy_clip(source, moment.start_s, moment.end_s, unfinished)
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)
    return replace(made, path=place)
