"""The cards of all versions, as rows of `report/model_card`."""

from collections.abc import Iterable
from hashlib import sha256
from zoneinfo import ZoneInfo

import pyarrow as pa

from resources.model_contracts import REPORT_MODEL_CARD
from resources.model_registry import ModelRegistry
from resources.report_store import ReportStore
from sports_assets.models.training import BASIS_TAG, CARD_PREFIX


def card_rows(
    registry: ModelRegistry, shelf: ReportStore, names: Iterable[str], club_timezone: str
) -> pa.Table:
    """One row a version whose card is there, by model and version."""
    rows = []
    for name in names:
        there = set(shelf.revisions(CARD_PREFIX + name))
        for version in registry.versions(name):
            if version.version not in there or BASIS_TAG not in version.tags:
                continue
            uri = shelf.uri(CARD_PREFIX + name, version.version)
            at = version.created_at_utc
            rows.append(
                {
                    "model_name": name,
                    "model_version": version.version,
                    "day": at.astimezone(ZoneInfo(club_timezone)).date(),
                    "uri": uri,
                    "page_sha256": sha256(shelf.read(uri).encode()).hexdigest(),
                    "written_at_utc": at,
                    "provenance": version.tags[BASIS_TAG],
                }
            )
    rows.sort(key=lambda row: (row["model_name"], row["model_version"]))
    return REPORT_MODEL_CARD.conform(pa.Table.from_pylist(rows, schema=REPORT_MODEL_CARD.schema))
