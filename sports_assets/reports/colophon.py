"""How a page came to be: no part of what it says."""

import json
from dataclasses import dataclass
from datetime import datetime

from resources.provenance import ProvenanceRef
from sports_assets.reports.facts_sources import SourceStream


@dataclass(frozen=True)
class StageTime:
    """One stage on the way from manifest to page."""

    stage: str
    started_at_utc: datetime
    seconds: float


@dataclass(frozen=True)
class Colophon:
    """What stands at the foot and is no part of the content: a re-run changes it, the match not."""

    revision: int
    stopwatch: tuple[StageTime, ...]
    provenance: ProvenanceRef
    sources: tuple[SourceStream, ...] = ()

    @property
    def filters(self) -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
        """Of each stream: its name, the id of its filters' settings, and the settings by name."""
        return tuple(
            (
                source.stream_id,
                source.filter_settings_id,
                tuple(
                    (name, str(value)) for name, value in json.loads(source.filter_settings).items()
                ),
            )
            for source in self.sources
        )
