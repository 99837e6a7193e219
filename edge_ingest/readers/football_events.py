"""Football events in kloppy's form to our table: what every events reader shares.

Conventions. Home attacks towards +x in odd periods and towards −x in even ones. Places that a
vendor gives as the acting side sees them are turned by side and period alone; in a shoot-out, where
both shoot at one goal, they stay; an event of nobody has no place then. Where a vendor gives them
in one direction for both sides, most shots must be ahead, or the whole match is turned.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.readers.event_words import Words
from edge_ingest.readers.football_tracking import CANNOT_BE_TRUE_M, instant
from edge_ingest.readers.kloppy_objects import side_of, to_metres
from edge_ingest.records import INSTANT

if TYPE_CHECKING:
    from kloppy.domain import Event, EventDataset

SHOOT_OUT = 5

#: An event that lies further from the start of its period has a clock that cannot be true, s.
_LONGEST_PERIOD_S = 4 * 3600
_BY_SIDE = {"home": 1.0, "away": -1.0}

_MICROSECOND = timedelta(microseconds=1)
#: Where kloppy keeps the end of an event.
ENDS = ("receiver_coordinates", "end_coordinates", "result_coordinates")


def events_table(
    dataset: "EventDataset",
    began: Mapping[int, datetime],
    *,
    words_of: Callable[["Event"], Words],
    has_place: Callable[["Event"], bool] | None = None,
    ends: Sequence[str] = ENDS,
) -> tuple[pa.Table, dict[str, int]]:
    """The table `events`, and how many rows each rule found.

    Args:
        dataset: in the vendor's own coordinates.
        began: instant at which each period began.
        words_of: an event in the source's word and in ours.
        has_place: whether the place of an event is one, and not a stand-in.
        ends: attributes of kloppy's events that are their end.

    Raises:
        SourceError: an event is of no period, or nothing tells which way the sides attack.
    """
    ids, derived = _distinct_ids(dataset.records)
    # Flat lists: a tuple kept for each event would have the collector go over all of kloppy's.
    sources: list[str] = []
    kinds: list[str] = []
    outcomes: list[str | None] = []
    players: list[str | None] = []
    sides: list[str | None] = []
    periods: list[int] = []
    elapsed: list[float] = []
    places: list[float | None] = []
    side_by_team = {id(team): side_of(team) for team in dataset.metadata.teams}
    ends_by_class: dict[type, list[str]] = {}
    for event in dataset.records:
        periods.append(event.period.id)
        elapsed.append(event.timestamp / _MICROSECOND)
        source, kind, outcome = words_of(event)
        sources.append(source)
        kinds.append(kind)
        outcomes.append(outcome)
        player = event.player
        players.append(str(player.player_id) if player else None)
        sides.append(side_by_team.get(id(event.team)))
        x = y = end_x = end_y = None
        if (at := event.coordinates) and (has_place is None or has_place(event)):
            x, y = at.x, at.y
        names = ends_by_class.get(type(event))
        if names is None:
            names = ends_by_class[type(event)] = [name for name in ends if hasattr(event, name)]
        for name in names:
            if at := getattr(event, name):
                end_x, end_y = at.x, at.y
                break
        places += (x, y, end_x, end_y)
    if strange := sorted(set(periods) - set(began)):
        raise SourceError(f"an event is of period {strange[0]}, which the match does not have")
    period = np.array(periods, np.int64)
    given = np.array(places, np.float64).reshape(-1, 4)
    start_x, start_y, end_x_m, end_y_m = _in_metres(dataset, given)
    sign = _signs(dataset, period, sides, kinds, start_x)
    since = np.rint(np.array(elapsed)).astype("timedelta64[us]")
    starts = np.empty(max(began) + 1, "datetime64[us]")
    for number, when in began.items():
        starts[number] = instant(when)
    table = pa.table(
        {
            "source_event_id": pa.array(ids, pa.string()),
            "period_id": pa.array(period.astype(np.int32)),
            "captured_at_utc": pa.array(starts[period] + since).cast(INSTANT),
            "period_time_s": pa.array(since.astype(np.int64) / 1e6),
            "event_type": pa.array(kinds, pa.string()),
            "source_event_type": pa.array(sources, pa.string()),
            "outcome": pa.array(outcomes, pa.string()),
            "source_athlete_id": pa.array(players, pa.string()),
            "team_side": pa.array(sides, pa.string()),
            "x_m": _place(start_x, sign),
            "y_m": _place(start_y, sign),
            "end_x_m": _place(end_x_m, sign),
            "end_y_m": _place(end_y_m, sign),
            "quality": pa.array(np.zeros(period.size, np.int32)),
        }
    )
    of_play = np.abs(since.astype(np.int64)) <= _LONGEST_PERIOD_S * 1_000_000
    if 2 * int(of_play.sum()) < period.size:
        raise SourceError(
            f"{int((~of_play).sum())} of {period.size} events bear an instant far from their "
            "period: export the match again",
            rule="absurd_values",
        )
    if not of_play.all():
        table = table.filter(pa.array(of_play))
    return table, {
        "derived": derived,
        "without_place": table["x_m"].null_count,
        "impossible_time": int((~of_play).sum()),
    }


def _distinct_ids(events: "list[Event]") -> tuple[list[str], int]:
    """One id an event: where kloppy derives a second event from one, its kind goes after the id."""
    ids = [str(event.event_id) for event in events]
    if len(set(ids)) == len(ids):
        return ids, 0
    seen: set[str] = set()
    derived = 0
    # The ball's going out is what kloppy derives, before the event or after.
    kinds = [event.event_type.name.lower() for event in events]
    for place in sorted(range(len(ids)), key=lambda place: kinds[place] == "ball_out"):
        found, count = ids[place], 1
        if found in seen:
            derived += 1
            found = f"{ids[place]}-{kinds[place]}"
        while found in seen:
            count += 1
            found = f"{ids[place]}-{kinds[place]}-{count}"
        seen.add(found)
        ids[place] = found
    return ids, derived


def _in_metres(dataset: "EventDataset", given: NDArray[np.float64]) -> tuple[Any, Any, Any, Any]:
    is_y_down = dataset.metadata.coordinate_system.vertical_orientation.name == "TOP_TO_BOTTOM"
    dimensions = dataset.metadata.pitch_dimensions
    start = to_metres(dimensions, given[:, 0], given[:, 1], is_y_down=is_y_down)
    return *start, *to_metres(dimensions, given[:, 2], given[:, 3], is_y_down=is_y_down)


def _signs(
    dataset: "EventDataset",
    period: NDArray[np.int64],
    sides: list[str | None],
    kinds: Sequence[str],
    x_m: NDArray[np.float64],
) -> NDArray[np.float64]:
    """+1, or −1 for half a turn, for each event; NaN where nobody can know."""
    from kloppy.domain import Orientation

    by_period = np.where(period % 2 == 1, 1.0, -1.0)
    acting = np.array([_BY_SIDE.get(side or "", np.nan) for side in sides])
    orientation = dataset.metadata.orientation
    if orientation == Orientation.ACTION_EXECUTING_TEAM:
        return np.where((period == SHOOT_OUT) & np.isfinite(acting), 1.0, acting * by_period)
    signs = {
        Orientation.HOME_AWAY: np.ones(period.size),
        Orientation.AWAY_HOME: -np.ones(period.size),
        Orientation.STATIC_HOME_AWAY: by_period,
        Orientation.STATIC_AWAY_HOME: -by_period,
    }
    if orientation not in signs:
        raise SourceError(
            "nothing in the events tells which way the home side attacks: give the whole match",
            rule="incomplete",
        )
    # A shot is taken in the other half: most shots outweigh a direction that metadata claim.
    is_shot = np.array([kind == "shot" for kind in kinds]) & (period != SHOOT_OUT)
    with np.errstate(invalid="ignore"):
        ahead = (signs[orientation] * x_m * acting * by_period)[is_shot]
    is_wrong = int((ahead < 0).sum()) > int((ahead > 0).sum())
    return -signs[orientation] if is_wrong else signs[orientation]


def _place(metres: NDArray[np.float64], sign: NDArray[np.float64]) -> pa.Array:
    values = metres * sign
    return pa.array(values, mask=~(np.abs(values) <= CANNOT_BE_TRUE_M))
