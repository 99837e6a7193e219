"""Norms as the file that the live node and the Lambda read."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from edge_ingest.norms import AthleteNorms, NormsFile, PersonalNorm, SourceId, Thresholds
from resources.provenance import ProvenanceRef
from sports_assets.alerts.norms import NormSettings

_IN_WORDS = (
    "where a further session of the athlete is expected: mean ± t · sd · √(1 + 1/n) of the newest "
    "sessions of the sport"
)


def norms_file(
    norms: pa.Table,
    *,
    thresholds: Mapping[str, Thresholds],
    seen: Iterable[Mapping[str, Any]],
    crosswalk: pa.Table,
    settings: NormSettings,
    made_at_utc: datetime,
    provenance: ProvenanceRef,
) -> NormsFile:
    """Put norms beside the names by which trackers know the athletes.

    Athletes of the crosswalk are in it with norms or without, so that the page can name them; of
    all others only those with norms: opponents stay out.

    Args:
        norms: table of `sports_assets.alerts.norms.NORMS`.
        seen: athletes as the newest sessions have them.
        crosswalk: of `edge_ingest.identity.ATHLETES_SCHEMA`; goes before what was seen.
    """
    by_athlete: dict[str, list[PersonalNorm]] = {}
    for row in norms.to_pylist():
        athlete_id = row.pop("athlete_id")
        norm = PersonalNorm(last_day=row.pop("day"), **row)
        by_athlete.setdefault(athlete_id, []).append(norm)
    entered = crosswalk.to_pylist()
    named = {(row["source"], row["source_athlete_id"]): row for row in [*seen, *entered]}
    wanted = {row["athlete_id"] for row in entered} | set(by_athlete)
    athletes = []
    for athlete_id in sorted(wanted):
        mine = [row for row in named.values() if row["athlete_id"] == athlete_id]
        mine.sort(key=lambda row: (row["source"], row["source_athlete_id"]))
        # What the club entered goes before what a device was set to.
        told = [row for row in entered if row["athlete_id"] == athlete_id] + mine
        athletes.append(
            AthleteNorms(
                athlete_id=athlete_id,
                display_name=_first(told, "display_name"),
                max_heart_rate_bpm=_first(told, "max_heart_rate_bpm"),
                known_as=tuple(
                    SourceId(source=row["source"], source_athlete_id=row["source_athlete_id"])
                    for row in mine
                ),
                norms=tuple(by_athlete.get(athlete_id, ())),
            )
        )
    return NormsFile(
        made_at_utc=made_at_utc,
        provenance=provenance.model_dump(mode="json"),
        definition={"norm": _IN_WORDS, **settings.to_dict()},
        sports=dict(thresholds),
        athletes=tuple(athletes),
    )


def _first(rows: Iterable[Mapping[str, Any]], column: str) -> Any:  # noqa: ANN401
    return next((row[column] for row in rows if row[column] is not None), None)
