"""Tracking of vendors that have no reader of their own here, by way of kloppy.

Conventions. kloppy loads in the vendor's own axes; half turns, metres and the y-axis are settled
here, a column at a time: kloppy's own change of coordinates takes as long as its loading. The whole
match is turned where the home side attacks towards −x in period 1: as the vendor says where it
does, or else by the vote of all frames of the first period. Officials are not in kloppy's data.

Clock. The vendor's instants where periods bear them, else its date with an hour, else the start
that the operator tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.identity import slugify
from edge_ingest.inputs import LARGEST_DESCRIPTION, check_file
from edge_ingest.readers.football_tracking import (
    RUN_OFF_M,
    Rows,
    TrackedObject,
    instant,
    moment,
    must_be_turned,
    positions,
    refuse_unsound,
    while_on_the_field,
)
from edge_ingest.readers.kloppy_objects import (
    field_of,
    known_date,
    load,
    period_starts,
    score_of,
    side_of,
    squads,
    team_names,
    to_metres,
)
from edge_ingest.recording import Recording, SessionFacts, Told

if TYPE_CHECKING:
    from kloppy.domain import Player, TrackingDataset

_NOWHERE = (None, None)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Vendor:
    """One vendor: kloppy's loader, and which of its arguments each of our parts is.

    Attributes:
        source: whose ids and places these are.
        axes: kloppy's name for the vendor's own coordinates.
        in_lists: parts that go into one list, by kloppy's argument.
        says_direction: kloppy's orientation is the vendor's word, not a guess from one frame.
        field_m: assumed where the files tell no field; kloppy is told.
        VERSION: as of any reader.
    """

    source: str
    loader: str
    axes: str
    arguments: Mapping[str, str]
    in_lists: Mapping[str, str] = field(default_factory=dict)
    says_direction: bool = False
    field_m: tuple[float, float] | None = None
    VERSION: str = "1"

    def read(self, parts: Mapping[str, Path], told: Told) -> Recording:
        """Read a match, as `edge_ingest.readers.Reader`."""
        if "details" in parts:
            _refuse_broken_json(parts["details"])
        extra: dict[str, Any] = {"coordinates": self.axes}
        if self.field_m:
            extra |= {"pitch_length": self.field_m[0], "pitch_width": self.field_m[1]}
        dataset = load(
            self.loader,
            parts,
            self.arguments,
            in_lists=self.in_lists,
            by_name=(),
            extra=extra,
        )
        return _recording(self, dataset, parts, told)


def _refuse_broken_json(path: Path) -> None:
    """Refuse a file that kloppy passes over in silence where it is damaged: names would be lost."""
    import orjson

    check_file(path, LARGEST_DESCRIPTION)
    try:
        told = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise SourceError(
            f"{path} is no sound JSON (line {error.lineno}, column {error.colno}): export it "
            "again, or leave it out",
        ) from error
    if not isinstance(told, dict):
        raise SourceError(f"{path} holds no match: export it again, or leave it out")


def _recording(
    vendor: Vendor, dataset: "TrackingDataset", parts: Mapping[str, Path], told: Told
) -> Recording:
    path = parts["tracking"]
    began, clock = period_starts(dataset, told, known_date(dataset), str(path))
    objects, rows = _rows(dataset, {number: instant(when) for number, when in began.items()})
    refuse_unsound(rows, objects, path)
    is_turned = _must_be_turned(vendor, dataset, rows, objects, path)
    field_m = field_of(dataset.metadata.pitch_dimensions)
    table, counts = positions(rows, objects, field_m, is_turned=is_turned)
    names, (home_score, away_score) = team_names(dataset), score_of(dataset)
    settings: dict[str, str | float | bool] = {"run_off_m": RUN_OFF_M, "is_turned": is_turned}
    if vendor.field_m:
        settings["assumed_field"] = f"{field_m[0]:g}x{field_m[1]:g} m"
    first = rows.period_id.min()
    return Recording(
        source=vendor.source,
        device_id=slugify(told.device_id or "") or vendor.source,
        kind="tracking",
        reader=f"kloppy {vendor.loader}",
        reader_version=vendor.VERSION,
        session=SessionFacts(
            sport="football",
            started_at_utc=began[min(began)] if first in began else moment(rows.captured.min()),
            ended_at_utc=moment(rows.captured.max()),
            source_session_id=str(dataset.metadata.game_id) if dataset.metadata.game_id else None,
            name=" – ".join(str(names.get(side, side)) for side in ("home", "away")),
            site=told.site,
            sampling_rate_hz=float(dataset.metadata.frame_rate),
            field_length_m=field_m[0],
            field_width_m=field_m[1],
            home_team_name=names.get("home"),
            away_team_name=names.get("away"),
            home_score=home_score,
            away_score=away_score,
        ),
        clock=clock,
        tables={"positions": table, "athletes": squads(vendor.source, dataset)},
        filter_settings=settings,
        rows_by_rule=counts,
    )


def _must_be_turned(
    vendor: Vendor, dataset: "TrackingDataset", rows: Rows, objects: list[TrackedObject], path: Path
) -> bool:
    from kloppy.domain import Orientation

    said = {Orientation.HOME_AWAY: False, Orientation.AWAY_HOME: True}
    if vendor.says_direction and dataset.metadata.orientation in said:
        return said[dataset.metadata.orientation]
    return must_be_turned(rows, objects, path)


def _rows(
    dataset: "TrackingDataset", began: Mapping[int, np.datetime64]
) -> tuple[list[TrackedObject], Rows]:
    """All frames as columns: the ball of each, then its players."""
    records = dataset.records
    players = [player for frame in records for player in frame.players_data]
    objects, index = _athletes(players)
    places = [frame.ball_coordinates for frame in records]
    places += [data.coordinates for frame in records for data in frame.players_data.values()]
    # In one go: to fetch each place from memory takes longer than anything done with it.
    xy = [axis for place in places for axis in ((place.x, place.y) if place else _NOWHERE)]
    heights = [getattr(place, "z", None) for place in places[: len(records)]]
    count = len(records)
    sizes = [len(frame.players_data) for frame in records]
    frames = np.concatenate([np.arange(count), np.repeat(np.arange(count), sizes)])
    system = dataset.metadata.coordinate_system
    x_m, y_m = to_metres(
        dataset.metadata.pitch_dimensions,
        *np.array(xy, np.float64).reshape(-1, 2).T,
        is_y_down=system.vertical_orientation.name == "TOP_TO_BOTTOM",
    )
    period_id = [frame.period.id for frame in records]
    elapsed = np.array([frame.timestamp / _MICROSECOND for frame in records])
    since = np.rint(elapsed).astype("timedelta64[us]")
    starts = np.array([began.get(number, np.datetime64("NaT", "us")) for number in period_id])
    if np.isnat(starts).any():
        raise SourceError("a frame is of a period that the match does not have: export it again")
    number_of = np.array([frame.frame_id for frame in records], np.int64)
    if number_of.max() > np.iinfo(np.int32).max:
        number_of = np.arange(count)  # milliseconds since 1970 are no number of a frame
    rows = Rows(
        period_id=np.array(period_id, np.int64)[frames],
        frame_id=number_of[frames],
        captured=(starts + since)[frames],
        period_time_s=(since.astype(np.int64) / 1e6)[frames],
        object_index=np.concatenate([np.zeros(count, np.int64), index]),
        x_m=x_m,
        y_m=y_m,
        z_m=np.concatenate([np.array(heights, np.float64), np.full(len(players), np.nan)]),
    )
    return objects, while_on_the_field(rows, objects)


def _athletes(players: "list[Player]") -> tuple[list[TrackedObject], NDArray[np.int64]]:
    """The ball and all who are among the players, and the place in that list of each of these."""
    objects = [TrackedObject("ball")]
    # By identity: hashing kloppy's player costs more than the rest.
    keys = [*map(id, players)]
    numbers: dict[int, int] = {}
    for key, player in dict(zip(keys, players, strict=True)).items():
        found = TrackedObject("athlete", str(player.player_id), side_of(player.team))
        if found not in objects:
            objects.append(found)
        numbers[key] = objects.index(found)
    return objects, np.array([*map(numbers.__getitem__, keys)], np.int64)


second_spectrum = Vendor(
    "second_spectrum", "secondspectrum.load", "secondspectrum",
    {"match": "meta_data", "tracking": "raw_data", "details": "additional_meta_data"},
)  # fmt: skip
signality = Vendor(
    "signality", "signality.load", "signality",
    {"match": "meta_data", "venue": "venue_information"},
    in_lists={"tracking": "raw_data_feeds", "tracking_2": "raw_data_feeds"},
)  # fmt: skip
statsperform = Vendor(
    "statsperform", "statsperform.load_tracking", "sportvu",
    {"match": "ma1_data", "tracking": "ma25_data"}, field_m=(105.0, 68.0),
)  # fmt: skip
pff = Vendor(
    "pff", "pff.load_tracking", "pff",
    {"match": "meta_data", "players": "roster_meta_data", "tracking": "raw_data"},
    says_direction=True,
)  # fmt: skip
metrica_epts = Vendor(
    "metrica", "metrica.load_tracking_epts", "metrica",
    {"match": "meta_data", "tracking": "raw_data"}, says_direction=True,
)  # fmt: skip
