"""A match's tracking, read by whichever vendor's reader, to a recording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.readers.football_tracking import (
    RUN_OFF_M,
    Rows,
    TrackedObject,
    moment,
    must_be_turned,
    positions,
    refuse_unsound,
)
from edge_ingest.recording import Recording, SessionFacts, Told


@dataclass(frozen=True)
class MatchFacts:
    """What is known of a match beside its frames.

    Attributes:
        started_at_utc: kick-off; None: the first frame.
        clock: what every instant rests on.
        field_m: length and width, m.
        team_names: by `home` and `away`.
        home_is_left: the home side stands at −x in period 1; None: the frames vote.
        squads: the table `athletes`.
        score: of home and away.
    """

    started_at_utc: datetime | None
    clock: Clock
    field_m: tuple[float, float]
    frame_rate_hz: float
    team_names: Mapping[str, str]
    squads: pa.Table
    home_is_left: bool | None = None
    source_session_id: str | None = None
    name: str | None = None
    site: str | None = None
    score: tuple[int | None, int | None] = (None, None)


def tracking_recording(
    vendor: tuple[str, str],
    match: MatchFacts,
    objects: Sequence[TrackedObject],
    rows: Rows,
    *,
    told: Told,
    path: Path,
    is_estimated: NDArray[np.bool_] | None = None,
    settings: Mapping[str, str | float] | None = None,
    counts: Mapping[str, int] | None = None,
) -> Recording:
    """Refuse what contradicts itself, turn the match into our axes, and flag.

    Args:
        vendor: the source, and its reader's version.
        path: the file of the frames.
        is_estimated: a value a row: filled in by the vendor rather than seen.
        settings, counts: of the reader, beside those that all share.

    Raises:
        SourceError: as `refuse_unsound` and `must_be_turned`.
    """
    source, version = vendor
    refuse_unsound(rows, objects, path)
    is_turned = (
        must_be_turned(rows, objects, path)
        if match.home_is_left is None
        else not match.home_is_left
    )
    table, found = positions(
        rows, objects, match.field_m, is_turned=is_turned, is_estimated=is_estimated
    )
    names = match.team_names
    return Recording(
        source=source,
        device_id=slugify(told.device_id or "") or source,
        kind="tracking",
        reader=source,
        reader_version=version,
        session=SessionFacts(
            sport="football",
            started_at_utc=match.started_at_utc or moment(rows.captured.min()),
            ended_at_utc=moment(rows.captured.max()),
            source_session_id=match.source_session_id,
            name=match.name or f"{names['home']} – {names['away']}",
            site=told.site or match.site,
            sampling_rate_hz=match.frame_rate_hz,
            field_length_m=match.field_m[0],
            field_width_m=match.field_m[1],
            home_team_name=names["home"],
            away_team_name=names["away"],
            home_score=match.score[0],
            away_score=match.score[1],
        ),
        clock=match.clock,
        tables={"positions": table, "athletes": match.squads},
        filter_settings={"run_off_m": RUN_OFF_M, "is_turned": is_turned, **(settings or {})},
        rows_by_rule={**found, **(counts or {})},
    )
