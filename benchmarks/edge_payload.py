"""How much less does the edge send, and what does it cost? `python -m benchmarks.edge_payload`

Bytes of a source's files over bytes of its drops (every file, and the manifest), summed over each
named set; beside it, in the same run, what a user would do instead: gzip or zstd over the source's
files, and plain Parquet with zstd of the rows that our reader and filters give. A drop holds what
they make of the source, not the source's bytes; those stay at the edge.

The error of a metric: distance and high-speed running of each athlete, by the lakehouse's own
smoothing, from the rows as read and cleaned and from the rows as they come out of the drop; the
worst athlete of all sets counts. Athletes are those whom the source names: what broadcast tracking
could not name are hundreds of tracks of seconds, which no page shows. High-speed running is held
against what the athlete ran, in sets of football, with and without the dwell, where that is at
least `LEAST_HIGH_SPEED_M`: of a few metres, one sample at the threshold is a tenth.
"""

import gzip
import io
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.movement import movements
from benchmarks.named_sets import NamedSet, named_sets, why_not
from benchmarks.outcome import Target, print_outcome
from edge_ingest.cleaning.recording import clean
from edge_ingest.cleaning.settings import load_settings
from edge_ingest.drops.arrival import read_table
from edge_ingest.drops.drop import PackedDrop, pack
from edge_ingest.drops.encoding import complete
from edge_ingest.drops.row_order import in_order
from edge_ingest.identity import mint_session_id
from edge_ingest.manifest import MANIFEST_NAME
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording
from edge_ingest.records import SIGNALS
from edge_ingest.samples import CLUB_TIMEZONE, Sample

#: Athletes who ran less than this at high speed are counted, and not held against the target, m.
LEAST_HIGH_SPEED_M = 50.0

_LEAST_RATIO = {"tracking_json": 10, "tracking_csv": 10, "gnss_csv": 5, "fit": 1}


@dataclass
class Figures:
    """What was found of one set; errors are the worst of its athletes, in percent.

    Attributes:
        signal_share: largest difference of a signal, as a share of the error that its manifest
            states.
        too_little: athletes below `LEAST_HIGH_SPEED_M`; `unnamed`: tracks of nobody knows whom.
        samples: positions of named athletes; `smoothed` those of them that have a speed.
    """

    bytes: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    distance: list[float] = field(default_factory=list)
    high_speed: list[float] = field(default_factory=list)
    too_little: int = 0
    unnamed: int = 0
    samples: int = 0
    smoothed: int = 0
    signal_share: float = 0.0

    def add(self, name: str, size: int) -> None:
        """Count bytes."""
        self.bytes[name] = self.bytes.get(name, 0) + size

    def took(self, name: str, since: float) -> None:
        """Count seconds since an instant of the stopwatch."""
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - since


def main() -> None:
    """Measure every set whose files are there, and print one JSON object last."""
    with tempfile.TemporaryDirectory(prefix="payload-") as folder:
        work = Path(folder)
        sets = named_sets(work)
        found = {one.name: measure(one, work) for one in sets if why_not(one) is None}
    targets = [
        Target(f"{name}_ratio", _ratio(found.get(name)), "1", f">= {least}")
        for name, least in _LEAST_RATIO.items()
    ]
    # An error that some sets could not show is an error not measured.
    whole = len(found) == len(sets)
    distance = max(error for figures in found.values() for error in figures.distance)
    high_speed = max(error for figures in found.values() for error in figures.high_speed)
    targets += [
        Target("distance_error_pct", distance if whole else None, "%", "<= 1"),
        Target("hsr_error_pct", high_speed if whole else None, "%", "<= 3"),
    ]
    detail = {one.name: _detail(one, found.get(one.name)) for one in sets}
    print_outcome("edge_payload", targets, detail)


def measure(one: NamedSet, work: Path) -> Figures:
    """Read, pack, decode and compare every recording of a set."""
    figures = Figures()
    # Files that recordings share are sent once by whoever sends the source.
    for path in sorted({path for sample in one.samples for path in sample.parts.values()}):
        content = path.read_bytes()
        figures.add("source", len(content))
        figures.add("gzip_6", len(gzip.compress(content, 6)))
        figures.add("zstd_3", len(pa.Codec("zstd", 3).compress(content, asbytes=True)))
    for number, sample in enumerate(one.samples):
        _measure(sample, work / f"{one.name}-{number}", figures)
    return figures


def _measure(sample: Sample, landing: Path, figures: Figures) -> None:
    begun = time.perf_counter()
    recording = read_recording(sample.source, sample.parts, sample.told)
    figures.took("read", begun)
    begun = time.perf_counter()
    recording = clean(recording, load_settings())
    figures.took("clean", begun)
    for table in recording.tables.values():
        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd")
        figures.add("plain_parquet_zstd", sink.tell())
    facts = recording.session
    identity = mint_session_id(facts.started_at_utc, CLUB_TIMEZONE, facts.sport, facts.site, ())
    begun = time.perf_counter()
    drop = pack(recording, landing, identity, datetime.now(UTC))
    figures.took("pack", begun)
    figures.add("manifest", (drop.folder / MANIFEST_NAME).stat().st_size)
    figures.add("drop", sum(path.stat().st_size for path in drop.folder.iterdir()))
    begun = time.perf_counter()
    decoded = _decoded(drop)
    figures.took("decode", begun)
    if "positions" in decoded:
        _compare_movement(recording, decoded["positions"], figures)
    if "signals" in decoded:
        _compare_signals(recording, decoded["signals"], drop, figures)


def _decoded(drop: PackedDrop) -> dict[str, pa.Table]:
    return {
        file.table: read_table(drop.manifest, file, lambda name: (drop.folder / name).read_bytes())
        for file in drop.manifest.files
    }


def _compare_movement(recording: Recording, decoded: pa.Table, figures: Figures) -> None:
    sport = recording.session.sport
    told = recording.tables["positions"]
    truth, found = movements(told, sport), movements(decoded, sport)
    if truth.keys() != found.keys():
        raise AssertionError("the drop has other athletes than the recording")
    athletes = recording.tables["athletes"]
    named = athletes.filter(athletes["is_identified"])["source_athlete_id"].to_pylist()
    figures.unnamed += len(truth.keys() - set(named))
    for athlete in sorted(truth.keys() & set(named)):
        mine, other = truth[athlete], found[athlete]
        figures.samples += mine.samples
        figures.smoothed += mine.smoothed
        figures.distance.append(_percent(other.distance_m, mine.distance_m))
        if sport != "football":
            continue
        if min(mine.high_speed_m, mine.effort_m) < LEAST_HIGH_SPEED_M:
            figures.too_little += 1
            continue
        figures.high_speed += [
            _percent(other.high_speed_m, mine.high_speed_m),
            _percent(other.effort_m, mine.effort_m),
        ]


def _compare_signals(
    recording: Recording, decoded: pa.Table, drop: PackedDrop, figures: Figures
) -> None:
    rows = complete(SIGNALS, recording.tables["signals"])
    rows = in_order(rows, [name for name in SIGNALS.sort_by if name in rows.column_names])
    bands = drop.manifest.filter_settings
    for channel in rows["channel"].unique().to_pylist():
        mine = pc.equal(rows["channel"], channel)
        off = np.abs(
            rows.filter(mine)["value"].to_numpy() - decoded.filter(mine)["value"].to_numpy()
        )
        stated = drop.manifest.scale[f"signals.{channel}"] / 2
        stated += float(bands.get(f"dead_band.{channel}", 0))
        if np.isfinite(off).any():
            figures.signal_share = max(figures.signal_share, float(np.nanmax(off)) / stated)


def _percent(found: float, truth: float) -> float:
    if truth == 0:
        return 0.0 if found == 0 else float("inf")
    return 100 * abs(found - truth) / truth


def _ratio(figures: Figures | None, instead: str = "drop") -> float | None:
    return figures.bytes["source"] / figures.bytes[instead] if figures else None


def _detail(one: NamedSet, figures: Figures | None) -> Mapping[str, object]:
    if figures is None:
        return {"what": one.what, "skipped": why_not(one)}
    instead = ("gzip_6", "zstd_3", "plain_parquet_zstd")
    return {
        "what": one.what,
        "recordings": len(one.samples),
        "bytes": figures.bytes,
        "ratio_instead": {name: _rounded(_ratio(figures, name) or 0) for name in instead},
        "seconds": {name: _rounded(value) for name, value in figures.seconds.items()},
        "worst_distance_error_pct": _worst(figures.distance),
        "worst_hsr_error_pct": _worst(figures.high_speed),
        "athletes": len(figures.distance),
        "tracks_without_a_name": figures.unnamed,
        "share_of_samples_with_a_speed": _rounded(figures.smoothed / max(figures.samples, 1)),
        "athletes_with_too_little_hsr": figures.too_little,
        "worst_signal_error_of_stated": _rounded(figures.signal_share),
    }


def _worst(errors: Sequence[float]) -> float | None:
    return _rounded(max(errors)) if errors else None


def _rounded(value: float) -> float:
    return round(value, 4)


if __name__ == "__main__":
    main()
