"""Column mappings: how one source's CSV of days is told to us, as a TOML file.

`docs/column-mappings.md` describes the format for whoever writes one. Mappings of known sources
stand in `mappings/` and are found by the header of the CSV.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from edge_ingest.contract import Column, TableContract
from edge_ingest.errors import SourceError
from edge_ingest.identity import ATHLETES_SCHEMA
from edge_ingest.manifest import Slug
from edge_ingest.records import DAY_TABLES

#: Columns whose answers run from 1 (worst) to 10 (best).
SCALES = ("readiness", "fatigue", "soreness", "stress", "mood", "sleep_quality")

Kind = Literal["wellness", "injuries", "fixtures", "athletes"]
#: Columns that are told in their own way, not under `columns`.
_TOLD_APART = ("source", "source_athlete_id", "source_injury_id", "source_fixture_id", "day")
#: Which key of a mapping names columns that together name a row's thing.
_NAMED_BY = {"injuries": "injury_id", "fixtures": "fixture_id"}


#: What a column may be told beside where it stands, by what it holds.
_NUMBER = ("a number", frozenset({"scale_from", "reversed", "multiply", "filled_with"}))
_DAY = ("a day", frozenset({"format"}))
_WORD = ("a word", frozenset({"values"}))
_TRUTH = ("yes or no", frozenset({"values"}))
#: No message quotes more of a mapping than this many letters.
_QUOTED = 60


def _reads_days(text: str) -> str:
    sample = date(2023, 11, 25)
    try:
        found = datetime.strptime(sample.strftime(text), text).date()  # noqa: DTZ007 - a day
    except (ValueError, re.error):
        found = None
    if found != sample:
        raise ValueError(f"{_quoted(text)} does not read whole days: write one such as %d.%m.%Y")
    return text


_Finite = Annotated[float, Field(allow_inf_nan=False)]
_DayFormat = Annotated[str, AfterValidator(_reads_days)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class DayColumn(_Strict):
    """Where a day stands.

    Attributes:
        column: of the CSV.
        format: as `strptime` reads it.
        first_day: where the source counts days instead: the date of day 1; one for all, or one for
            each value of the column `by`.
    """

    column: Annotated[str, Field(alias="from")]
    format: _DayFormat = "%Y-%m-%d"
    first_day: date | dict[str, date] | None = None
    by: str | None = None

    @model_validator(mode="after")
    def _counted_alike(self) -> "DayColumn":
        if isinstance(self.first_day, dict) != (self.by is not None):
            raise ValueError("first_day by values goes with `by`, the column that holds them")
        return self


class ValueColumn(_Strict):
    """Where a value stands, and how it becomes ours.

    Attributes:
        column: of the CSV.
        scale_from: lowest and highest answer of the source's own scale; becomes 1 to 10.
        reversed: whether the source's lowest answer is the best.
        multiply: source's unit to ours, such as minutes to hours.
        filled_with: what the source writes where nothing was said, in its own unit or scale:
            believed only on a day on which the athlete answered something else, and never where it
            lies beyond `scale_from`.
        values: the source's words, and ours.
        format: of a day, as `strptime` reads it.
    """

    column: Annotated[str, Field(alias="from")]
    scale_from: tuple[_Finite, _Finite] | None = None
    reversed: bool = False
    multiply: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    filled_with: _Finite | None = None
    values: dict[str, str | bool] = Field(default_factory=dict)
    format: _DayFormat = "%Y-%m-%d"

    @model_validator(mode="after")
    def _sound(self) -> "ValueColumn":
        if self.scale_from is not None and not self.scale_from[0] < self.scale_from[1]:
            low, high = self.scale_from
            raise ValueError(
                f"scale_from is {low:g}, {high:g}: name the lowest answer and then the highest"
            )
        if self.reversed and self.scale_from is None:
            raise ValueError("reversed needs scale_from: between which answers is it turned round?")
        return self


class ColumnMapping(_Strict):
    """A mapping file.

    Attributes:
        source: who made the data, as it goes into the column `source`.
        athlete_id: column of the CSV with the source's own id of the athlete; fixtures have none.
        injury_id: columns that together name an injury.
        fixture_id: columns that together name a fixture.
        day: for wellness the day; for injuries that of onset; for fixtures that of the match.
        columns: our column, and where it stands.
        constants: our column, and what holds for every row.
        missing: what the source writes for "no value".
        only_where: columns of the CSV that must be filled for a row to count.
        covers: which days a file speaks for: from its first to its last, or those months or years
            whole, where exports always hold all of them.
    """

    version: Literal[1]
    kind: Kind
    source: Slug
    athlete_id: str | None = None
    injury_id: tuple[str, ...] = ()
    fixture_id: tuple[str, ...] = ()
    day: DayColumn | None = None
    columns: dict[str, ValueColumn]
    constants: dict[str, str | bool | float] = Field(default_factory=dict)
    missing: tuple[str, ...] = ("",)
    only_where: tuple[str, ...] = ()
    covers: Literal["file", "month", "year"] = "file"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."

    @model_validator(mode="after")
    def _fits_the_table(self) -> "ColumnMapping":
        known = _our_columns(self.kind)
        for name in (*self.columns, *self.constants):
            if name not in known:
                raise ValueError(f"{self.kind} has no column {name}: it has {', '.join(known)}")
            if name in self.columns and name in self.constants:
                raise ValueError(f"{name} is told by a column and by a constant: choose one")
        for name, column in self.columns.items():
            if column.scale_from is not None and name not in SCALES:
                raise ValueError(f"{name} has no scale of 1 to 10: leave out scale_from")
            if column.scale_from is not None and "multiply" in column.model_fields_set:
                raise ValueError(f"{name}: scale_from makes 1 to 10 already: leave out multiply")
            what, may_be_told = _holds(known[name].type)
            if unused := sorted(column.model_fields_set - may_be_told - {"column"}):
                raise ValueError(f"{name} holds {what}: leave out {', '.join(unused)}")
        for name, value in self.constants.items():
            _refuse_unfit(name, value, known[name])
        return self

    @model_validator(mode="after")
    def _says_what_its_kind_needs(self) -> "ColumnMapping":
        if self.kind == "fixtures" and self.athlete_id is not None:
            raise ValueError("fixtures are of a team: leave out athlete_id")
        if self.kind != "fixtures" and self.athlete_id is None:
            raise ValueError("athlete_id is missing: add it")
        if (self.kind == "athletes") != (self.day is None):
            raise ValueError("wellness, injuries and fixtures need `day`, and athletes have none")
        for kind, key in _NAMED_BY.items():
            if (self.kind == kind) != bool(getattr(self, key)):
                raise ValueError(f"{kind} need `{key}`, and nothing else has one")
        required = {"injuries": "kind", "athletes": "athlete_id"}.get(self.kind)
        if required and required not in {*self.columns, *self.constants}:
            raise ValueError(f"{self.kind} need {required}, by a column or a constant")
        return self

    @property
    def contract(self) -> TableContract:
        """The table that it fills; athletes have a schema instead."""
        return DAY_TABLES[self.kind]

    @property
    def named_by(self) -> tuple[str, ...]:
        """Columns of the CSV that together name an injury, or a fixture."""
        return self.injury_id or self.fixture_id

    def needs(self) -> list[str]:
        """Columns that the CSV must have."""
        names = [self.athlete_id] if self.athlete_id is not None else []
        names += [*self.named_by, *self.only_where]
        names += [column.column for column in self.columns.values()]
        if self.day is not None:
            names += [self.day.column, *([self.day.by] if self.day.by else [])]
        return list(dict.fromkeys(names))


def _our_columns(kind: Kind) -> dict[str, Column]:
    if kind == "athletes":
        found = [Column(field.name, field.type, "") for field in ATHLETES_SCHEMA]
    else:
        found = list(DAY_TABLES[kind].columns)
    return {column.name: column for column in found if column.name not in _TOLD_APART}


def _holds(kind: pa.DataType) -> tuple[str, frozenset[str]]:
    """What a column holds, in words, and what it may be told."""
    if pa.types.is_boolean(kind):
        return _TRUTH
    if pa.types.is_date(kind):
        return _DAY
    return _WORD if pa.types.is_string(kind) else _NUMBER


def _refuse_unfit(name: str, value: str | bool | float, column: Column) -> None:
    """Refuse a constant that its column cannot hold."""
    what, _ = _holds(column.type)
    lowest, highest = column.minimum, column.maximum
    if name in SCALES:
        lowest = 1
    if isinstance(value, bool):
        fits = what == "yes or no"
    elif isinstance(value, str):
        fits = what == "a word" and value in (column.allowed or (value,))
    else:
        fits = what == "a number"
        fits = (
            fits and (lowest is None or value >= lowest) and (highest is None or value <= highest)
        )
    if not fits:
        among = f" of {', '.join(column.allowed)}" if column.allowed else ""
        bounds = f" from {lowest:g} to {highest:g}" if lowest is not None and highest else ""
        raise ValueError(f"constants.{name} is {_quoted(value)}: write {what}{among}{bounds}")


def read_mapping(path: Path, kind: Kind) -> ColumnMapping:
    """Read a mapping file.

    Raises:
        SourceError: it is no TOML, no mapping of this kind, or contradicts itself; names the place.
    """
    try:
        told = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path} is no TOML ({error}): mend it there; see docs/column-mappings.md",
            rule="malformed",
        ) from error
    return _checked(told, str(path), kind)


def packaged_mapping(header: Sequence[str], kind: Kind) -> ColumnMapping | None:
    """The mapping of a known source that has all of its columns in this header."""
    for _, mapping in packaged_mappings():
        if mapping.kind == kind and set(mapping.needs()) <= set(header):
            return mapping
    return None


@cache
def packaged_mappings() -> tuple[tuple[str, ColumnMapping], ...]:
    """Every mapping that comes with the package, by name."""
    entries = sorted(files("edge_ingest.readers.mappings").iterdir(), key=lambda e: e.name)
    return tuple(
        (entry.name.removesuffix(".toml"), _checked(told, entry.name, told.get("kind")))
        for entry in entries
        if entry.name.endswith(".toml")
        for told in [tomllib.loads(entry.read_text("utf-8"))]
    )


def fingerprint(mapping: ColumnMapping) -> str:
    """Names what a mapping says, whatever its comments and order."""
    # A key that came later, and that the mapping does not use, leaves its name as it was.
    told = mapping.model_dump_json(exclude={"fixture_id"} - mapping.model_fields_set)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _checked(told: dict[str, Any], where: str, kind: Any) -> ColumnMapping:  # noqa: ANN401
    version = told.get("version")
    if isinstance(version, int) and version > 1:
        raise SourceError(
            f"{where} is a mapping of version {version}, and this software knows version 1: update "
            "edge-ingest",
            rule="future_version",
        )
    try:
        mapping = ColumnMapping.model_validate(told)
    except ValidationError as error:
        more = f" ({error.error_count()} faults in all)" if error.error_count() > 1 else ""
        raise SourceError(
            f"{where} is no column mapping: {_in_words(error, told)}{more}: see "
            "docs/column-mappings.md"
        ) from error
    if mapping.kind != kind:
        raise SourceError(
            f"{where} is a mapping for {mapping.kind}, and {kind} is wanted: give the mapping of "
            f'{kind}, or write kind = "{kind}": see docs/column-mappings.md'
        )
    return mapping


def _in_words(error: ValidationError, told: Mapping[str, Any]) -> str:
    """The first fault: its key, what stands there, and what should."""
    first = error.errors()[0]
    keys: list[str] = []
    value: Any = told
    for key in first["loc"]:  # which ends in names of our own types, where there are several
        inside = isinstance(value, dict) and key in value
        if not inside and not (isinstance(value, list) and isinstance(key, int)):
            break
        keys.append(str(key))
        value = value[key]
    place = ".".join(keys)
    message = re.sub(r"^Value error, ", "", first["msg"])
    match first["type"]:
        case "missing":
            return f"{'.'.join(str(key) for key in first['loc'])} is missing: add it"
        case "extra_forbidden":
            return f"{place} means nothing there: leave it out, or mend how it is spelt"
        case "value_error":
            return f"{place}: {message}" if place else message
        case "string_pattern_mismatch":
            message = (
                "use lower-case letters and digits, with single hyphens or underscores between"
            )
    return f"{place} is {_quoted(value)}: {message}"


def _quoted(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)[:_QUOTED]
