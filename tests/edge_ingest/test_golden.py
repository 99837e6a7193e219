"""The contract between edge and lakehouse, as it stood: a change here is a change of a promise."""

import json
from collections.abc import Callable
from dataclasses import fields

from edge_ingest.contract import Column
from edge_ingest.manifest import Manifest
from edge_ingest.records import CHANNELS, FIDELITY, RAW, Quality

Golden = Callable[[str, str], None]


def _pretty(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def test_the_manifest_keeps_its_shape(golden: Golden) -> None:
    golden("manifest_v1.schema.json", _pretty(Manifest.model_json_schema()))


def test_the_raw_tables_keep_their_columns_units_and_bounds(golden: Golden) -> None:
    def column(entry: Column) -> dict[str, object]:
        values = {field.name: getattr(entry, field.name) for field in fields(entry)}
        return {name: str(value) if name == "type" else value for name, value in values.items()}

    tables = {
        contract.key: {
            "grain": contract.grain,
            "primary_key": contract.primary_key,
            "replaced_by": contract.replaced_by,
            "sort_by": contract.sort_by,
            "columns": [column(entry) for entry in contract.columns],
        }
        for contract in RAW
    }
    quality = {flag.name: flag.value for flag in Quality}
    promised = {
        "tables": tables, "channels": CHANNELS, "fidelity": FIDELITY, "quality": quality,
    }  # fmt: skip
    golden("records.json", _pretty(promised))
