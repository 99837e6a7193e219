"""What no recording can hold, whatever read it: looked at before any filter does.

One instant that is centuries off would cost whoever cuts time into windows all its memory, and a
coordinate beyond the planet ends in numbers that no machine has.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.errors import SourceError
from edge_ingest.recording import Recording
from edge_ingest.records import POSITIONS

#: The longest race that anybody wears a device for has some days.
LONGEST_SESSION = timedelta(days=7)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: No side of any match scores more.
_HIGHEST_SCORE = 999


def refuse_impossible(recording: Recording) -> None:
    """Refuse a recording whose score is none, or whose instants or places cannot be true.

    Raises:
        SourceError: names what it is, and of rows how many and of which table.
    """
    _refuse_scores(recording)
    _refuse_endless(recording)
    if (positions := recording.tables.get("positions")) is not None:
        _refuse_beyond_earth(positions, recording.source)


def _refuse_scores(recording: Recording) -> None:
    for score in (recording.session.home_score, recording.session.away_score):
        is_whole = isinstance(score, int | float) and score % 1 == 0
        if score is not None and not (is_whole and 0 <= score <= _HIGHEST_SCORE):
            raise SourceError(
                f"{recording.source}: the score of the match is none that a match ends with: "
                "correct it in the match data, and export it again",
                rule="absurd_values",
            )


def _refuse_endless(recording: Recording) -> None:
    began = _microseconds(recording.session.started_at_utc)
    ends = [_microseconds(recording.session.ended_at_utc)]
    for name, table in recording.tables.items():
        if "captured_at_utc" not in table.column_names or not table.num_rows:
            continue
        instants = table["captured_at_utc"]
        if instants.null_count:
            raise SourceError(
                f"{recording.source}: {instants.null_count} rows of {name} have no instant that a "
                "calendar knows: the file is damaged; export it again",
                rule="absurd_values",
            )
        in_us = instants.to_numpy().astype("datetime64[us]").astype(np.int64)
        ends += [int(in_us.min()), int(in_us.max())]
    span = timedelta(microseconds=max(abs(end - began) for end in ends))
    if span > LONGEST_SESSION:
        raise SourceError(
            f"{recording.source}: the recording reaches over {span.days:,} days, and a session has "
            f"{LONGEST_SESSION.days} at most: set the device's clock, or split the file",
            rule="absurd_values",
        )


def _microseconds(when: datetime) -> int:
    """Since 1970."""
    return (when - _EPOCH) // timedelta(microseconds=1)


def _refuse_beyond_earth(positions: pa.Table, source: str) -> None:
    bounds = {column.name: column.maximum for column in POSITIONS.columns}
    for name in ("x_m", "y_m"):
        bound = bounds[name]
        assert bound is not None  # the contract has one
        # Without NaN, which is a place that was not seen, or is told by the contract.
        far = pc.greater(pc.abs(positions[name]), pa.scalar(bound))
        if count := pc.sum(far).as_py():
            raise SourceError(
                f"{source}: {count} of {positions.num_rows} places lie more than "
                f"{bound / 1000:,.0f} km from where the session is: the file is damaged; "
                "export it again",
                rule="absurd_values",
            )
