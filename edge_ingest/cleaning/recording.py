"""A recording through every filter that concerns it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.cleaning import gnss, optical
from edge_ingest.cleaning.heart import clean_beats, clean_heart_rate, ln_rmssd_rows
from edge_ingest.cleaning.settings import CleaningSettings
from edge_ingest.cleaning.tracks import Cleaned
from edge_ingest.recording import Recording
from edge_ingest.records import SIGNALS

_HEART: Mapping[str, tuple[str, Callable[[pa.Table, CleaningSettings], Cleaned]]] = {
    "heart_rate": ("heart_rate", clean_heart_rate),
    "rr_interval": ("beats", clean_beats),
}
#: A reader's own setting for what is judged anew here, under the name that the reader gave it.
_TAKEN_OVER = "run_off_m"


def clean(recording: Recording, settings: CleaningSettings) -> Recording:
    """Flag what is wrong with a recording, and leave out dead time as the settings allow.

    Positions of a wearable, of a satellite clock, or with an origin on the globe are satellite
    positions; others are optical tracking. Heart rate and beats are cleaned where their channels
    are. A window's RMSSD joins the signals as rows of `ln_rmssd`.

    Cleaning what is clean changes nothing. Rows by rule are those of the reader and of the filters;
    where both judge the same, the filters have the last word.

    Raises:
        SettingsError: the sport has no limits.
    """
    tables = dict(recording.tables)
    counts: dict[str, int] = {}
    sections: set[str] = set()
    positions, signals = tables.get("positions"), tables.get("signals")
    is_judged_by_field = False

    if positions is not None and positions.num_rows:
        if is_satellite(recording):
            cleaned = gnss.clean_gnss(positions, signals, recording.session.sport, settings)
            sections |= set(gnss.SECTIONS)
        else:
            cleaned, left_out = _optical(positions, recording, settings)
            counts |= left_out
            sections |= set(optical.SECTIONS)
            is_judged_by_field = True
        tables["positions"] = cleaned.table
        counts |= cleaned.rows_by_rule

    if signals is not None:
        for channel, (section, cleaner) in _HEART.items():
            if pc.any(pc.equal(signals["channel"], channel)).as_py():
                cleaned = cleaner(signals, settings)
                signals = cleaned.table
                counts |= cleaned.rows_by_rule
                sections.add(section)
        if "beats" in sections:
            signals = _with_rows(signals, ln_rmssd_rows(signals, settings))
        tables["signals"] = signals

    if not sections:
        return recording
    told = {
        name: value
        for name, value in recording.filter_settings.items()
        if not (is_judged_by_field and name == _TAKEN_OVER)
    }
    return replace(
        recording,
        tables=tables,
        filter_settings=told | settings.flat(sorted(sections), recording.session.sport),
        rows_by_rule={**recording.rows_by_rule, **counts},
    )


def is_satellite(recording: Recording) -> bool:
    """Whether positions come from satellites, rather than from cameras around a field."""
    return (
        recording.kind == "wearable"
        or recording.clock.source == "gnss"
        or recording.session.origin_latitude_deg is not None
    )


def _optical(
    positions: pa.Table, recording: Recording, settings: CleaningSettings
) -> tuple[Cleaned, dict[str, int]]:
    facts = recording.session
    field_m = None
    if facts.field_length_m is not None and facts.field_width_m is not None:
        field_m = (facts.field_length_m, facts.field_width_m)
    flagged = optical.clean_optical(positions, field_m, facts.sport, settings)
    shorter = optical.leave_out_dead_time(flagged.table, settings)
    counts = dict(shorter.rows_by_rule)
    # A second cleaning finds nothing more to leave out, and must not forget the first.
    before = recording.rows_by_rule.get("dead_time_left_out", 0)
    counts["dead_time_left_out"] += before
    return Cleaned(shorter.table, flagged.rows_by_rule), counts


def _with_rows(signals: pa.Table, rows: pa.Table) -> pa.Table:
    """Signals and more of them, in the columns and types of the first."""
    if not rows.num_rows:
        return signals
    if "missing_reason" not in signals.column_names:
        blank = pa.nulls(signals.num_rows, SIGNALS.schema.field("missing_reason").type)
        signals = signals.append_column("missing_reason", blank)
    schema = signals.schema
    cast = [rows[name].cast(schema.field(name).type) for name in schema.names]
    return pa.concat_tables([signals, pa.Table.from_arrays(cast, schema=schema)])
