"""Every reader meets damaged files: each is read or refused by a rule, and nothing else happens.

`FUZZ_INPUTS` sets how many each meets under `make soak`.
"""

import hashlib
import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_ingest import manifest as manifests
from edge_ingest.cleaning.recording import clean
from edge_ingest.cleaning.settings import CleaningSettings, load_settings
from edge_ingest.drops.arrival import check, read_manifest, verify
from edge_ingest.drops.drop import pack, pack_days
from edge_ingest.errors import RULES, DropError
from edge_ingest.identity import mint_session_id
from edge_ingest.manifest import MANIFEST_NAME, DropFile
from edge_ingest.readers import READERS, read_source
from edge_ingest.recording import Recording, Told
from resources.landing_files import LocalDropFiles
from resources.landing_zone import LandingZone
from tests.conftest import REPOSITORY
from tests.edge_ingest.readers import fuzzing
from tests.edge_ingest.readers.fuzz_seeds import SEEDS, START, WORN, Places, Seed
from tests.edge_ingest.recordings import IDENTITY, NOW, whole_recording

INPUTS = 200
SOAK_INPUTS = int(os.environ.get("FUZZ_INPUTS", "10000"))
#: Of so many recordings that could be read, one is packed: the packer waits for the disk.
PACKED_OF = 8
WATCHES = ("2020-06-01-16-52-40.fit", "activity_5039744860.gpx", "activity_5039744860.tcx")


@pytest.fixture(scope="module")
def places(kloppy_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Places:
    real = Path(os.environ.get("SPORTS_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    return Places(kloppy_files, real if real.is_dir() else None, tmp_path_factory.mktemp("seeds"))


def _work(
    seed: Seed, source: str, folder: Path, settings: CleaningSettings, *, packs: bool
) -> Callable[[], str]:
    """Read, clean and pack what stands in the folder, as the watcher does."""

    def work() -> str:
        parts = {part: folder / "in" / name for part, name in seed.parts.items()}
        found = read_source(source, parts, seed.told)
        if not isinstance(found, Recording):
            if packs:
                pack_days(found, folder / "out", START)
            return "read"
        found = clean(found, settings)
        facts = found.session
        identity = mint_session_id(facts.started_at_utc, "UTC", facts.sport, facts.site, ())
        if packs:
            pack(found, folder / "out", identity, START)
        return "read"

    return work


def _fuzz(name: str, places: Places, folder: Path, count: int) -> fuzzing.Told:
    source = name.split(" ", maxsplit=1)[0]
    seed = SEEDS[name](places)
    settings = load_settings()
    damage = fuzzing.damaged_fit if source == "fit" else fuzzing.damaged

    def make(number: int, chance: random.Random) -> Callable[[], Any]:
        files = dict(seed.files)
        if number >= 0:
            one = chance.choice(sorted(files))
            files[one] = damage(files[one], chance)
        fuzzing.write_files(folder / "in", files)
        if number % 50 == 0:
            shutil.rmtree(folder / "out", ignore_errors=True)
        return _work(seed, source, folder, settings, packs=number % PACKED_OF == 0 or number < 0)

    return fuzzing.run(name, count, folder, make)


def _judge(told: fuzzing.Told, count: int, record: Callable[[str, object], None]) -> None:
    record("outcomes", dict(told.outcomes))
    record("slowest_cpu_s", round(told.slowest_s, 3))
    record("growth_mb", round(told.growth / 1e6, 1))
    record("seconds", round(told.seconds, 2))
    assert not told.faults, "\n\n".join(told.faults)
    assert told.outcomes.total() == count
    assert 0 < told.outcomes["read"] < count  # the damage is neither deadly nor idle


def test_every_source_is_fuzzed() -> None:
    assert {name.split(" ")[0] for name in SEEDS} == set(READERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_a_damaged_file_is_read_or_refused_by_a_rule(
    name: str,
    places: Places,
    tmp_path: Path,
    sweat_samples: Path,
    record_property: Callable[[str, object], None],
) -> None:
    for one in WATCHES:
        shutil.copy(sweat_samples / one, places.scratch)
    _judge(_fuzz(name, places, tmp_path, INPUTS), INPUTS, record_property)


@pytest.mark.soak
@pytest.mark.parametrize("name", SEEDS)
def test_many_damaged_files(
    name: str,
    places: Places,
    tmp_path: Path,
    sweat_samples: Path,
    record_property: Callable[[str, object], None],
) -> None:
    for one in WATCHES:
        shutil.copy(sweat_samples / one, places.scratch)
    _judge(_fuzz(name, places, tmp_path, SOAK_INPUTS), SOAK_INPUTS, record_property)


# --- the guard itself -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda: [] + 1, "TypeError"),
        (lambda: time.process_time() and _spin(), "HangError"),
        (lambda: bytearray(3 * 1024**3), "MemoryError"),
        (lambda: [b"x" * 600_000_000].pop() and "read", "memory grew by"),
        (os.abort, "ended with -6"),
        (lambda: Path("/tmp/elsewhere-by-fuzz").write_text(""), "it touched /tmp/elsewhere"),
    ],
)
def test_the_guard_sees(
    work: Callable[[], Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzzing, "CPU_S", 0.5)
    told = fuzzing.run("guard", 1, tmp_path, lambda number, _: work if number >= 0 else _sound)
    assert len(told.faults) == 1
    assert words in told.faults[0]
    Path("/tmp/elsewhere-by-fuzz").unlink(missing_ok=True)


def _sound() -> str:
    return "sound"


def _spin() -> str:
    while True:
        pass


# --- drops ------------------------------------------------------------------------------------


def _drop(folder: Path) -> dict[str, bytes]:
    packed = pack(whole_recording(), folder, IDENTITY, NOW)
    return {path.name: path.read_bytes() for path in packed.folder.iterdir()}


def _fuzz_drops(folder: Path, count: int) -> fuzzing.Told:
    sound = _drop(folder / "made")
    place = folder / "landing" / read_manifest(sound[MANIFEST_NAME]).stream_id / "r0001"
    place.parent.mkdir(parents=True)

    def work() -> str:
        zone = LandingZone(LocalDropFiles(folder / "landing"), "Europe/Berlin", grace=timedelta(0))
        list(zone.arrivals())
        problems = verify(place)
        zone.refused()
        try:
            manifest = read_manifest(place)
            found = check(manifest, lambda name: (place / name).read_bytes())
            assert bool(found) <= bool(problems)
        except DropError:
            if not problems:
                raise AssertionError("refused, and verify found nothing") from None
        for problem in problems:
            assert problem.rule in RULES
        if not problems:
            return "read"
        raise DropError("; ".join(map(str, problems))[:1500], problems[0].rule) from None

    def make(number: int, chance: random.Random) -> Callable[[], Any]:
        files = dict(sound)
        if number >= 0:
            one = chance.choice([MANIFEST_NAME, *sorted(files)])
            files[one] = fuzzing.damaged(files[one], chance)
            if one != MANIFEST_NAME and chance.random() < 0.7:
                files[MANIFEST_NAME] = _vouched(files, one)
        shutil.rmtree(place, ignore_errors=True)
        fuzzing.write_files(place, files)
        return work

    return fuzzing.run("drops", count, folder, make)


def _vouched(files: dict[str, bytes], name: str) -> bytes:
    """A manifest that says of a damaged file what is true of it: only its inside is wrong."""
    told = json.loads(files[MANIFEST_NAME])
    (mine,) = [one for one in told["files"] if one["path"] == name]
    mine |= {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
    content = manifests.content_sha256(
        tuple(DropFile(**one) for one in told["files"]), told["scale"], encoding=told["encoding"]
    )
    told["content_sha256"] = content
    told["drop_id"] = manifests.drop_id(told["stream_id"], told["revision"], content)
    return json.dumps(told).encode()


@pytest.mark.slow
def test_a_damaged_drop_has_problems_and_nothing_else_happens(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    _judge(_fuzz_drops(tmp_path, INPUTS), INPUTS, record_property)


@pytest.mark.soak
def test_many_damaged_drops(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    _judge(_fuzz_drops(tmp_path, SOAK_INPUTS), SOAK_INPUTS, record_property)


# --- large files ------------------------------------------------------------------------------


def _peak_mb(source: str, parts: dict[str, Path], told: Told) -> tuple[int, int]:
    """Rows of positions of a large file, and by how much a process grew to read it, MB."""
    ours, theirs = multiprocessing.get_context("fork").Pipe(duplex=False)

    def child() -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = read_source(source, parts, told)
        assert isinstance(found, Recording)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        theirs.send((found.tables["positions"].num_rows, grown // 1000))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    theirs.close()
    assert ours.poll(600), "no answer"
    answer: tuple[int, int] = ours.recv()
    process.join()
    return answer


@pytest.mark.soak
def test_a_gpx_of_200_mb_is_read_in_bounded_memory(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Nearly a week at two points a second: 1.2 million points."""
    path, count = tmp_path / "long.gpx", 1_200_000
    with path.open("w") as handle:
        handle.write('<gpx version="1.1" creator="watch"><trk><trkseg>\n')
        for index in range(count):
            when = (START + index * timedelta(seconds=0.5)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            latitude, longitude = 51.5 + index % 9000 / 1e6, 7.1 + index % 7000 / 1e6
            handle.write(
                f'<trkpt lat="{latitude:.7f}" lon="{longitude:.7f}">'
                f"<ele>{80 + index % 50:.1f}</ele><time>{when}</time><sat>9</sat><extensions><hr>"
                f"{120 + index % 40}</hr><cad>{80 + index % 9}</cad></extensions></trkpt>\n"
            )
        handle.write("</trkseg></trk></gpx>\n")
    size_mb = path.stat().st_size // 10**6
    rows, grown_mb = _peak_mb("gpx", {"activity": path}, WORN)
    record_property("growth_mb", grown_mb)
    print(f"gpx of {size_mb} MB: grew by {grown_mb} MB")
    assert rows == count
    assert 190 <= size_mb <= 256
    assert grown_mb < 2000


@pytest.mark.soak
def test_a_sportec_match_of_300_mb_is_read_in_bounded_memory(
    kloppy_files: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The real frames of each object again and again, numbered and timed on."""
    text = (kloppy_files / "sportec_positional.xml").read_bytes()
    path, frames = tmp_path / "positions.xml", re.compile(rb"<Frame\b[^>]*>")
    hour = re.compile(rb'N="(\d+)" T="([^"]+)"')
    sets = re.split(rb"(?=<FrameSet\b)", text)
    copies = 1 + 335 * 10**6 // len(text)
    with path.open("wb") as handle:
        handle.write(sets[0])
        for one in sets[1:]:
            found = frames.findall(one)
            begin, end = one.index(found[0]), one.rindex(found[-1]) + len(found[-1])
            handle.write(one[:begin])
            first, step_ms = int(hour.search(found[0]).group(1)), 40  # type: ignore[union-attr]
            start = datetime.fromisoformat(hour.search(found[0]).group(2).decode())  # type: ignore[union-attr]
            number = 0
            for _ in range(copies):
                for frame in found:
                    when = (start + timedelta(milliseconds=step_ms * number)).isoformat(
                        timespec="milliseconds"
                    )
                    told = f'N="{first + number}" T="{when}"'.encode()
                    handle.write(hour.sub(told, frame, count=1))
                    number += 1
            handle.write(one[end:])
    size_mb = path.stat().st_size // 10**6
    parts = {"match": kloppy_files / "sportec_meta.xml", "tracking": path}
    rows, grown_mb = _peak_mb("sportec", parts, Told())
    record_property("growth_mb", grown_mb)
    print(f"sportec of {size_mb} MB: {rows} rows, grew by {grown_mb} MB")
    assert rows > 10**6
    assert size_mb >= 300
    assert grown_mb < 3 * size_mb
