"""Football events of vendors other than Wyscout, by way of kloppy.

Conventions as in `football_events`; a field without size is taken as 105 × 68 m.

Clock. Periods that bear instants are believed; else periods follow the start that is told or known,
with the pauses that the Laws allow where the vendor's own time leaves them out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow.compute as pc

from edge_ingest.identity import slugify
from edge_ingest.readers.event_words import Words, kind_of, outcome_of
from edge_ingest.readers.football_events import events_table
from edge_ingest.readers.kloppy_objects import (
    field_of,
    known_date,
    load,
    period_starts,
    score_of,
    squads,
    team_names,
)
from edge_ingest.recording import Recording, SessionFacts, Told

if TYPE_CHECKING:
    from kloppy.domain import Event


def _named(event: "Event") -> str:
    """kloppy's word, where the vendor's own is not kept."""
    return str(event.event_name)


def _at(*keys: str) -> Callable[["Event"], str]:
    """The vendor's word at a place of its own record."""

    def word(event: "Event") -> str:
        found: Any = event.raw_event
        for key in keys:
            found = found.get(key) if type(found) is dict else getattr(found, key, None)
        return str(found) if found is not None else _named(event)

    return word


def _no_start(_: Mapping[str, Path]) -> datetime | None:
    return None


def _impect_start(parts: Mapping[str, Path]) -> datetime | None:
    """The kick-off in the line-ups, which kloppy does not read."""
    text = orjson.loads(parts["match"].read_bytes()).get("dateTime")
    found = datetime.fromisoformat(text) if text else None
    return found if found and found.tzinfo else None


@dataclass(frozen=True)
class Vendor:
    """One vendor: kloppy's loader, and which of its arguments each of our parts is.

    Attributes:
        source: whose ids and places these are.
        axes: kloppy's name for the vendor's own coordinates.
        word: the vendor's own word for an event.
        start: kick-off as the files tell it and kloppy does not.
        VERSION: as of any reader.
    """

    source: str
    loader: str
    axes: str
    arguments: Mapping[str, str]
    word: Callable[["Event"], str] = _named
    start: Callable[[Mapping[str, Path]], datetime | None] = _no_start
    VERSION: str = field(default="1")

    def read(self, parts: Mapping[str, Path], told: Told) -> Recording:
        """Read a match, as `edge_ingest.readers.Reader`."""
        from edge_ingest.readers.kloppy_quick import quick_factory

        dataset = load(
            self.loader,
            parts,
            self.arguments,
            in_lists={},
            by_name=(),
            extra={"coordinates": self.axes, "event_factory": quick_factory()},
        )
        date = known_date(dataset) or self.start(parts)
        began, clock = period_starts(dataset, told, date, str(parts["events"]))
        table, counts = events_table(dataset, began, words_of=self.words_of)
        dimensions = dataset.metadata.pitch_dimensions
        field_m = field_of(dimensions)
        names, (home_score, away_score) = team_names(dataset), score_of(dataset)
        is_assumed = dimensions.pitch_length is None or dimensions.standardized
        return Recording(
            source=self.source,
            device_id=slugify(told.device_id or "") or self.source,
            kind="events",
            reader=f"kloppy {self.loader}",
            reader_version=self.VERSION,
            session=SessionFacts(
                sport="football",
                started_at_utc=began[min(began)],
                ended_at_utc=pc.max(table["captured_at_utc"]).as_py(),
                source_session_id=_text(dataset.metadata.game_id),
                name=" – ".join(str(names.get(side, side)) for side in ("home", "away")),
                site=told.site,
                field_length_m=field_m[0],
                field_width_m=field_m[1],
                home_team_name=names.get("home"),
                away_team_name=names.get("away"),
                home_score=home_score,
                away_score=away_score,
            ),
            clock=clock,
            tables={"events": table, "athletes": squads(self.source, dataset)},
            filter_settings=(
                {"assumed_field": f"{field_m[0]:g}x{field_m[1]:g} m"} if is_assumed else {}
            ),
            rows_by_rule=counts,
        )

    def words_of(self, event: "Event") -> Words:
        """An event in the vendor's word, and in ours."""
        return Words(self.word(event), kind_of(event), outcome_of(event))


def _text(value: object) -> str | None:
    return str(value) if value else None


statsbomb = Vendor(
    "statsbomb", "statsbomb.load", "statsbomb",
    {"match": "lineup_data", "events": "event_data"}, _at("type", "name"),
)  # fmt: skip
opta = Vendor(
    "opta", "opta.load", "opta", {"match": "f7_data", "events": "f24_data"}, _at("type_id")
)
statsperform = Vendor(
    "statsperform", "statsperform.load_event", "opta",
    {"match": "ma1_data", "events": "ma3_data"}, _at("type_id"),
)  # fmt: skip
sportec = Vendor(
    "sportec", "sportec.load_event", "sportec", {"match": "meta_data", "events": "event_data"}
)
datafactory = Vendor(
    "datafactory", "datafactory.load", "datafactory", {"events": "event_data"}, _at("type")
)
metrica = Vendor(
    "metrica", "metrica.load_event", "metrica",
    {"match": "meta_data", "events": "event_data"}, _at("type", "name"),
)  # fmt: skip
impect = Vendor(
    "impect", "impect.load", "impect",
    {"match": "lineup_data", "events": "event_data", "squads": "squads_data",
     "players": "players_data"},
    _at("actionType"), _impect_start,
)  # fmt: skip
