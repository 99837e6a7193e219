"""Write `docs/data-dictionary.md` from the contracts: `make docs`. Never edit that page by hand."""

from collections.abc import Iterable
from pathlib import Path

from edge_ingest.contract import Column, TableContract
from edge_ingest.records import CHANNELS, FIDELITY, Quality
from resources.contracts import ALL
from resources.dbt.contracts import dbt_contracts
from resources.dbt.project import load_project
from resources.environment import load_settings
from resources.quality import OF_EVENTS, OF_PLACES, OF_SIGNALS

PAGE = Path(__file__).with_name("data-dictionary.md")

_INTRODUCTION = """# Data dictionary

Made from the contracts by `make docs`; a test fails when it is stale. Raw tables are defined in
`edge_ingest/records.py`, those that Python makes in `resources/contracts.py` and
`resources/model_contracts.py`, core and mart beside each model in `dbt_project/models`.

Positions are metres from the field's centre; the home side attacks towards +x in period 1 and
towards −x in period 2. Instants are UTC; a *day* is the club's local day.
"""


def dictionary(contracts: Iterable[TableContract]) -> str:
    """The whole page as Markdown."""
    parts = [_INTRODUCTION]
    parts += [_table(contract) for contract in contracts]
    parts += [_channels(), _quality_bits()]
    return "\n".join(parts)


def every_contract(cache: Path) -> list[TableContract]:
    """Contracts in code, then those of dbt, in the order of the way of the data."""
    of_dbt = dbt_contracts(load_project(cache).manifest)
    made = {contract.key: contract for contract in (*ALL, *of_dbt.values())}
    layers = (
        "raw", "tracking", "core", "mart", "vision", "feature", "prediction", "alert", "report",
        "ops",
    )  # fmt: skip
    return sorted(made.values(), key=lambda contract: (layers.index(contract.layer), contract.key))


def _table(contract: TableContract) -> str:
    head = (
        f"## {contract.key}\n\n{contract.grain[0].upper()}{contract.grain[1:]}. "
        f"Key: {', '.join(contract.primary_key)}. Replaced by {contract.replaced_by}.\n\n"
        "| Column | Type | Unit | Bounds | Meaning | Null means |\n|---|---|---|---|---|---|\n"
    )
    return head + "".join(_row(column) for column in contract.columns)


def _row(column: Column) -> str:
    cells = (
        f"`{column.name}`",
        str(column.type),
        column.unit or "",
        _bounds(column),
        column.description,
        column.null_means or "",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _bounds(column: Column) -> str:
    if column.allowed:
        return ", ".join(column.allowed)
    if column.minimum is None and column.maximum is None:
        return ""
    low = "" if column.minimum is None else f"{column.minimum:g}"
    high = "" if column.maximum is None else f"{column.maximum:g}"
    return f"{low} … {high}"


def _channels() -> str:
    rows = "".join(
        f"| `{name}` | {unit} | {low:g} … {high:g} | {FIDELITY[name][0]:g} | "
        f"{FIDELITY[name][1]:g} | {meaning} |\n"
        for name, (unit, low, high, meaning) in CHANNELS.items()
    )
    return (
        "## Signal channels\n\nA drop counts values in the step of their device, else in the "
        "finest step; within the dead band a value is written as the one last kept. A value is "
        "then within half a step, or within the dead band and half a step, of what was measured; "
        "the manifest names both.\n\n"
        "| Channel | Unit | Plausible | Finest step | Dead band | Meaning |\n"
        "|---|---|---|---|---|---|\n" + rows
    )


def _quality_bits() -> str:
    rows = "".join(
        f"| {bit.value} | `{bit.name}` | "
        + " | ".join(effects[bit] for effects in (OF_PLACES, OF_SIGNALS, OF_EVENTS))
        + " |\n"
        for bit in Quality
    )
    return (
        "## Quality bits\n\nZero is a plain, trusted sample. "
        "`edge_ingest.records.Quality` says what each means, `resources/quality.py` what becomes "
        "of a sample that bears it: `left_out`, no number is made from it; `not_shown`, it counts "
        "for load, and not for a team's shape or a picture; `shape_only`, the other way round; "
        "`informative`, it counts like any other. `mart/stream_quality` tells the share of each, "
        "by session and stream, and the session's page shows it.\n\n"
        "| Bit | Name | Of places | Of signals | Of events |\n|---|---|---|---|---|\n" + rows
    )


if __name__ == "__main__":
    PAGE.write_text(dictionary(every_contract(load_settings().home / "dbt")), encoding="utf-8")
