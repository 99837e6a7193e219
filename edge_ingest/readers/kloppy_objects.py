"""What the readers by way of kloppy share: loading, places in metres, clocks, squads.

Does not belong here: what is particular to tracking or to events, or to one vendor.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.inputs import refuse_document_type
from edge_ingest.manifest import Clock
from edge_ingest.readers.football_tracking import INTERVALS_S, athletes
from edge_ingest.recording import Told

if TYPE_CHECKING:
    from kloppy.domain import Dataset, PitchDimensions

#: A pause longer than this between periods is in the source's own time already, s.
SHORTEST_PAUSE_S = 60.0
#: Kick-off as told is often the scheduled one, and the length of half-time is assumed, s.
ASSUMED_PAUSE_UNCERTAINTY_S = 300.0
DEVICE_UNCERTAINTY_S = 1.0
_LARGEST_SHIRT = 999
_PERIODS = range(1, 21)
#: How files of gzip, bzip2 and xz begin.
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")


def load(
    loader: str,
    parts: Mapping[str, Path],
    arguments: Mapping[str, str],
    *,
    in_lists: Mapping[str, str],
    by_name: Iterable[str],
    extra: Mapping[str, Any],
) -> "Dataset[Any]":
    """Call a loader of kloppy on our parts.

    Args:
        loader: such as `statsbomb.load`.
        arguments: kloppy's argument by our part.
        in_lists: the same for parts that go into one list, in their order.
        by_name: parts whose file name kloppy must see.
        extra: arguments beside files.

    Raises:
        SourceError: kloppy cannot read them.
    """
    from edge_ingest.readers import kloppy_quick

    module, _, function = loader.partition(".")
    call = kloppy_quick.LOADERS.get(loader) or getattr(import_module(f"kloppy.{module}"), function)
    given: dict[str, Any] = dict(extra)
    listed = " ".join(f"{name}={path}" for name, path in parts.items())
    for path in parts.values():
        with path.open("rb") as handle:
            head = handle.read(256)
        if head.startswith(_COMPRESSED):
            # kloppy would unpack it, without a bound: no size that we allow would hold.
            raise SourceError(
                f"{path} is compressed: unpack it, and give the file that it holds",
                rule="unknown_format",
            )
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
            refuse_document_type(path)
    with ExitStack() as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, path in parts.items():
            # No names where it can be helped: kloppy guesses a format by them.
            if name in in_lists:
                given.setdefault(in_lists[name], []).append(path.read_bytes())
            elif name in by_name:
                given[arguments[name]] = path
            else:
                given[arguments[name]] = opened.enter_context(path.open("rb"))
        try:
            dataset: Dataset[Any] = call(**given)
        except Exception as error:
            # kloppy checks little, so a damaged file ends in any exception there is; its words
            # may quote an athlete's values.
            raise SourceError(
                f"{listed} does not read by kloppy's {loader} ({type(error).__name__}): export it "
                "again, or report the format"
            ) from error
    if not dataset.records:
        raise SourceError(f"{listed} holds no record: give a match that was played", rule="empty")
    return dataset


def to_metres(
    dimensions: "PitchDimensions",
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    is_y_down: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places in a vendor's system as metres from the centre, y up.

    The vendor's boxes, arcs and goals are drawn onto those of the Laws, and what lies between is
    stretched evenly: the same as kloppy's `to_metric_base`, for a whole column at once.
    """
    length, width = field_of(dimensions)
    laws_x = (0.0, 5.5, 11.0, 16.5, 11.0 + 9.15, length / 2 - 9.15, length / 2)
    laws_y = tuple((width - part) / 2 for part in (width, 40.32, 18.32, 7.32, 0.0))
    lengths = (
        0.0,
        dimensions.six_yard_length,
        dimensions.penalty_spot_distance,
        dimensions.penalty_area_length,
        dimensions.penalty_spot_distance + dimensions.penalty_arc_radius,
        (dimensions.x_dim.max - dimensions.x_dim.min) / 2 - dimensions.circle_radius,
        (dimensions.x_dim.max - dimensions.x_dim.min) / 2,
    )
    across = dimensions.y_dim.max - dimensions.y_dim.min
    widths = tuple(
        (across - part) / 2
        for part in (
            across,
            dimensions.penalty_area_width,
            dimensions.six_yard_width,
            dimensions.goal_width,
            0.0,
        )
    )
    x_m = _stretch(x - dimensions.x_dim.min, lengths, laws_x) - length / 2
    y_m = _stretch(y - dimensions.y_dim.min, widths, laws_y) - width / 2
    return x_m, -y_m if is_y_down else y_m


def _stretch(
    values: NDArray[np.float64], own: Sequence[float], laws: Sequence[float]
) -> NDArray[np.float64]:
    """Piecewise linear from a half and its mirror image; beyond the lines as the whole is."""
    whole, target = 2 * own[-1], 2 * laws[-1]
    knots = [*own, *(whole - knot for knot in own[-2::-1])]
    onto = [*laws, *(target - knot for knot in laws[-2::-1])]
    inside = np.interp(values, knots, onto)
    return np.where((values < 0) | (values > whole), values * (target / whole), inside)


def field_of(dimensions: "PitchDimensions") -> tuple[float, float]:
    """Length and width of the field, m; 105 × 68 where the source does not tell."""
    return float(dimensions.pitch_length or 105.0), float(dimensions.pitch_width or 68.0)


def period_starts(
    dataset: "Dataset[Any]", told: Told, date: datetime | None, listed: str
) -> tuple[dict[int, datetime], Clock]:
    """Instant at which each period began, and what that rests on.

    Periods that bear instants are believed. Else the first begins at the start that is told or
    known, and the rest follow in the source's own time, with the pause that the Laws allow where
    that has none.

    Raises:
        SourceError: nobody knows when it was played, or a period has no number of one.
    """
    periods = sorted(dataset.metadata.periods, key=lambda period: period.id)
    if strange := [period.id for period in periods if period.id not in _PERIODS]:
        raise SourceError(
            f"{listed} has a period {strange[0]}, which no match has: export it again"
        )
    if all(isinstance(period.start_timestamp, datetime) for period in periods):
        began = {period.id: _utc(period.start_timestamp) for period in periods}
        if told.started_at_utc is None:
            return began, Clock(source="device", uncertainty_s=DEVICE_UNCERTAINTY_S)
        shift = told.started_at_utc - next(iter(began.values()))
        return {number: when + shift for number, when in began.items()}, Clock(
            source="operator", uncertainty_s=DEVICE_UNCERTAINTY_S
        )
    start = told.started_at_utc or date
    if start is None:
        raise SourceError(
            f"{listed} does not say when it was played: give the start (started_at_utc)",
            rule="incomplete",
        )
    began, clock, last = {}, start, None
    for period in periods:
        if last is not None:
            pause = period.start_timestamp - last
            is_cut = pause < timedelta(seconds=SHORTEST_PAUSE_S)
            clock += timedelta(seconds=INTERVALS_S.get(period.id, 0)) if is_cut else pause
        began[period.id] = clock
        last = period.end_timestamp
        clock += last - period.start_timestamp
    return began, Clock(
        source="operator" if told.started_at_utc else "scheduled_start",
        uncertainty_s=ASSUMED_PAUSE_UNCERTAINTY_S,
    )


def known_date(dataset: "Dataset[Any]") -> datetime | None:
    """Kick-off as the source dates the match; None for a day without its hour."""
    date = dataset.metadata.date
    if not isinstance(date, datetime) or date.time() == datetime.min.time():
        return None
    return _utc(date)


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def squads(source: str, dataset: "Dataset[Any]") -> pa.Table:
    """The table `athletes`: everybody in the teams' lists.

    Raises:
        SourceError: two of them bear one id.
    """
    listed = [
        {
            "source_athlete_id": str(player.player_id),
            "display_name": _name(player),
            "team_side": side_of(team),
            "team_name": str(team.name),
            "shirt_number": _shirt(player.jersey_no),
            "role": str(player.starting_position) if player.starting_position else None,
        }
        for team in dataset.metadata.teams
        for player in team.players
    ]
    named = {(one["team_side"], one["source_athlete_id"]) for one in listed if one["display_name"]}
    # For a frame whose shirt number is not the list's, kloppy adds the same player without a name.
    return athletes(
        source,
        (
            one
            for one in listed
            if one["display_name"] or (one["team_side"], one["source_athlete_id"]) not in named
        ),
    )


def _name(player: Any) -> str | None:  # noqa: ANN401 (kloppy's Player)
    """As the source writes it; kloppy's `full_name` makes one up where there is none."""
    has_one = player.name or player.first_name or player.last_name
    return str(player.full_name) if has_one else None


def _shirt(number: object) -> int | None:
    return number if isinstance(number, int) and 0 <= number <= _LARGEST_SHIRT else None


def side_of(team: Any) -> str | None:  # noqa: ANN401 (kloppy's Team, or none)
    """`home`, `away`, or None."""
    found = str(team.ground) if team is not None else None
    return found if found in ("home", "away") else None


def team_names(dataset: "Dataset[Any]") -> dict[str, str | None]:
    """Name of each side."""
    return {side_of(team) or "": str(team.name) for team in dataset.metadata.teams}


def score_of(dataset: "Dataset[Any]") -> tuple[int | None, int | None]:
    """Final score of home and away; None where the source does not tell."""
    score = dataset.metadata.score
    home, away = getattr(score, "home", None), getattr(score, "away", None)
    if isinstance(home, int) and isinstance(away, int):
        return home, away
    return None, None
