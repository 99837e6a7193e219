"""What the noise filters are told: one versioned file, strictly read.

Belongs here: the types of the settings and how they are read. Does not belong here: any value;
those stand in `settings.toml` with their sources.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edge_ingest.errors import SettingsError
from edge_ingest.records import SPORTS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Flat = dict[str, str | float | int | bool]
_Section = TypeVar("_Section")

#: Version of the file's layout that this code reads.
VERSION = 2

_CHOICES = {
    "beats.rule": ("lipponen_tarvainen", "malik", "kamath"),
    "optical.leave_out": ("none", "edges", "any"),
}


@dataclass(frozen=True)
class Limits:
    """What an athlete or vehicle of one sport can do: speed, m/s, and acceleration, m/s²."""

    speed_mps: float
    acceleration_mps2: float


@dataclass(frozen=True)
class GnssSettings:
    """Satellite positions."""

    max_hdop: float
    min_satellites: int
    noise_m: float
    longest_excursion_s: float
    longest_excursion_samples: int
    speed_window_s: float
    acceleration_window_s: float


@dataclass(frozen=True)
class FrozenSettings:
    """Fixes that stand still while the athlete moves on."""

    shortest_s: float
    shortest_repeats: int
    missed_speed_mps: float
    entry_speed_mps: float
    entry_window_s: float


@dataclass(frozen=True)
class HeartRateSettings:
    """Heart rate."""

    lowest_bpm: float
    highest_bpm: float
    fastest_change_bpm_per_s: float
    noise_bpm: float
    longest_excursion_s: float
    longest_excursion_samples: int
    frozen_s: float


@dataclass(frozen=True)
class BeatSettings:
    """Intervals between heart beats, and RMSSD over them."""

    shortest_ms: float
    longest_ms: float
    rule: str
    is_confirmed: bool
    displaced_share: float
    displaced_change: float
    missed_ratio: float
    malik_change: float
    kamath_rise: float
    kamath_fall: float
    c1: float
    c2: float
    alpha: float
    threshold_beats: int
    median_beats: int
    window_s: float
    least_covered_s: float
    most_artefacts: float


@dataclass(frozen=True)
class OpticalSettings:
    """Optical and broadcast tracking."""

    run_off_m: float
    noise_m: float
    longest_excursion_s: float
    longest_excursion_samples: int
    ball_speed_mps: float
    swap_ratio: float
    idle_speed_mps: float
    shortest_idle_s: float
    longest_frame_gap_s: float
    leave_out: str
    leave_out_longer_than_s: float


@dataclass(frozen=True)
class FootageSettings:
    """The search for play in a video; shares are of the pitch as the camera sees it."""

    is_on: bool
    look_s: float
    longest_key_interval_s: float
    changed_levels: float
    play_share: float
    still_share: float
    smooth_s: float
    margin_s: float
    shortest_idle_s: float
    is_encoding_allowed: bool
    longest_lead_s: float


@dataclass(frozen=True)
class CleaningSettings:
    """Everything that the filters are told; units stand in the names, sources in the file."""

    version: int
    limits: Mapping[str, Limits]
    gnss: GnssSettings
    frozen: FrozenSettings
    heart_rate: HeartRateSettings
    beats: BeatSettings
    optical: OpticalSettings
    footage: FootageSettings

    def limits_of(self, sport: str) -> Limits:
        """Limits of a sport.

        Raises:
            SettingsError: the sport has none.
        """
        if sport not in self.limits:
            raise SettingsError(
                f"no speed limit for sport {sport!r}: the settings know {', '.join(self.limits)}"
            )
        return self.limits[sport]

    def flat(self, sections: Iterable[str] | None = None, sport: str | None = None) -> Flat:
        """Settings by dotted name, for a manifest.

        Args:
            sections: only these (`gnss`, `beats`, …); the version is always told. None: all.
            sport: limits of this sport only. None: of all.
        """
        told: Flat = {"cleaning.version": self.version}
        for section in _SECTIONS if sections is None else sections:
            if section == "limits":
                for name, limits in self.limits.items():
                    if sport in {None, name}:
                        told |= _named(f"limits.{name}", limits)
            else:
                told |= _named(section, getattr(self, section))
        return told


_TYPES: dict[str, type[Any]] = {
    "gnss": GnssSettings,
    "frozen": FrozenSettings,
    "heart_rate": HeartRateSettings,
    "beats": BeatSettings,
    "optical": OpticalSettings,
    "footage": FootageSettings,
}
_SECTIONS = ("limits", *_TYPES)


def load_settings(path: Path | None = None) -> CleaningSettings:
    """Read the settings of the filters.

    Args:
        path: the club's own file; None takes the one that comes with the package.

    Raises:
        SettingsError: the file is missing, is no TOML, is of another version, or has an unknown
            key, a missing one, or a value that cannot be.
    """
    packaged = files("edge_ingest.cleaning") / "settings.toml"
    where = str(path or packaged)
    try:
        text = path.read_text("utf-8") if path else packaged.read_text("utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{where} cannot be read ({error.strerror}): give a file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{where} is no TOML: {error}") from error
    version = content.pop("version", None)
    if version != VERSION or isinstance(version, bool):
        raise SettingsError(
            f"{where} says version = {version}, and this edge node reads version {VERSION}: start "
            "from the file that comes with it"
        )
    _same_keys(where, "", content, _SECTIONS)
    limits = _table(where, "limits", content["limits"])
    _same_keys(where, "limits.", limits, SPORTS)
    return CleaningSettings(
        version=VERSION,
        limits={sport: _section(where, f"limits.{sport}", limits[sport], Limits)
                for sport in SPORTS},
        **{name: _section(where, name, content[name], kind) for name, kind in _TYPES.items()},
    )  # fmt: skip


def _named(section: str, values: "DataclassInstance") -> Flat:
    return {f"{section}.{field.name}": getattr(values, field.name) for field in fields(values)}


def _section(where: str, name: str, content: object, kind: type[_Section]) -> _Section:
    table = _table(where, name, content)
    expected = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type]
    _same_keys(where, f"{name}.", table, expected)
    return kind(**{
        key: _value(where, f"{name}.{key}", table[key], wanted) for key, wanted in expected.items()
    })  # fmt: skip


def _table(where: str, name: str, content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise SettingsError(f"{where}: {name} must be a table [{name}]")
    return content


def _same_keys(where: str, prefix: str, table: Mapping[str, Any], expected: Iterable[str]) -> None:
    known = list(expected)
    if unknown := sorted(set(table) - set(known)):
        raise SettingsError(
            f"{where} has {prefix}{unknown[0]}, which is no setting: {', '.join(known)} are"
        )
    if missing := [key for key in known if key not in table]:
        raise SettingsError(f"{where} lacks {prefix}{missing[0]}: copy it from the packaged file")


def _value(where: str, name: str, value: object, wanted: object) -> str | float | bool:
    """One value, of the wanted type and in its place; every number is above nought."""
    if wanted is bool:
        if not isinstance(value, bool):
            raise SettingsError(f"{where}: {name} is {value!r} and must be true or false")
        return value
    if wanted is str:
        if not isinstance(value, str) or value not in _CHOICES[name]:
            raise SettingsError(
                f"{where}: {name} is {value!r} and must be one of {', '.join(_CHOICES[name])}"
            )
        return value
    kind = "a whole number" if wanted is int else "a number"
    is_right = isinstance(value, int) or (isinstance(value, float) and wanted is float)
    if not isinstance(value, int | float) or isinstance(value, bool) or not is_right:
        raise SettingsError(f"{where}: {name} is {value!r} and must be {kind} above nought")
    if not 0 < value < float("inf"):
        raise SettingsError(f"{where}: {name} is {value!r} and must be {kind} above nought")
    if name.endswith("_beats") and value % 2 == 0:
        raise SettingsError(f"{where}: {name} is {value} and must be odd, to have a middle")
    return value if wanted is int else float(value)
