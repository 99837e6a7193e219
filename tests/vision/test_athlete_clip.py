"""Any moment of any athlete: the right camera, the right frames, and clear words where there is
none."""

import hashlib
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edge_ingest.errors import SourceError
from edge_ingest.records import FOOTAGE
from edge_ingest.video import probe
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.lakehouse import CommitContext
from resources.object_store import s3_client
from resources.stored_object import open_object
from resources.vision_contracts import VISION_POSITIONS
from sports_assets.cli import app
from sports_assets.cli.play_time import TimeError, instant_of
from sports_assets.vision.clips.athlete_clip import Wanted, frames
from sports_assets.vision.clips.crop_path import crop_path
from sports_assets.vision.clips.cut import copy_clip, encode_clip
from sports_assets.vision.clips.moments import MomentError, moments
from sports_assets.vision.clips.range import Source
from tests.edge_ingest.footage_clips import RATE, drawn, encode, rewrapped, shown
from tests.vision.footage_rows import BEGIN, SESSION, footage, footage_row, positions, seen

pytestmark = pytest.mark.slow

WHY = CommitContext("run", "code")


def at(seconds: float):
    return BEGIN + timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds at 10 Hz, a key frame each second, frames stored in another order."""
    options = {"g": "10", "sc_threshold": "0", "bf": "2"}
    path = tmp_path_factory.mktemp("video") / "main.mp4"
    return encode(path, drawn([("play", 12)]), options=options)


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds more."""
    return encode(tmp_path_factory.mktemp("video") / "later.mp4", drawn([("play", 6)], seed=8))


@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv", "mov"])
@pytest.mark.parametrize(("begin", "end"), [(0.0, 1.5), (3.35, 5.1), (10.5, 12.0)])
def test_a_copy_has_the_cameras_own_frames_from_the_key_frame_on(
    video: Path, tmp_path: Path, suffix: str, begin: float, end: float
) -> None:
    source = Source(rewrapped(video, tmp_path / f"main.{suffix}"))
    made = copy_clip(source, begin, end, tmp_path / "clip.mp4")
    pictures = [picture for _, picture in shown(video)]
    first = round(made.start_s * RATE)
    assert made.start_s == pytest.approx(np.floor(begin), abs=0.01)
    assert made.end_s >= end - 1e-6
    assert made.end_s <= end + 0.5
    found = [picture for _, picture in shown(made.path)]
    assert found == pictures[first : first + made.frame_count]
    assert made.start_s + made.frame_count / RATE == pytest.approx(made.end_s, abs=0.01)


def test_an_exact_clip_begins_and_ends_at_the_frame(video: Path, tmp_path: Path) -> None:
    made = encode_clip(Source(video), 3.35, 5.1, tmp_path / "clip.mp4")
    # The frame that is on show at 3.35 s began at 3.3 s.
    assert (made.start_s, made.end_s, made.frame_count) == (
        pytest.approx(3.3),
        pytest.approx(5.1),
        18,
    )
    assert len(shown(made.path)) == 18
    again = encode_clip(Source(video), 3.35, 5.1, tmp_path / "again.mp4")
    assert again.path.read_bytes() == made.path.read_bytes()


@pytest.mark.parametrize("rate", [10, 25])
def test_frames_asked_for_by_their_own_instants_are_those(tmp_path: Path, rate: int) -> None:
    path = encode(tmp_path / "a.mp4", drawn([("play", 60 / rate)], rate=rate), rate=rate)
    for first in range(0, 40, 7):
        asked = [round(number / rate * 1e6) / 1e6 for number in (first, first + 10)]
        made = encode_clip(Source(path), *asked, tmp_path / "clip.mp4")
        assert made.start_s == pytest.approx(first / rate, abs=1e-6)
        assert made.frame_count == 10


@pytest.mark.realdata
def test_a_real_cameras_only_key_frame_may_lie_far_before(real_data: Path, tmp_path: Path) -> None:
    left = Source(real_data / "footage" / "left_camera.mp4")
    made = copy_clip(left, 3.3, 5.1, tmp_path / "clip.mp4")
    facts = probe(made.path)
    assert (made.start_s, made.frame_count) == (0.0, 128)
    assert (facts.codec, facts.frame_count, facts.duration_s) == ("hevc", 128, 5.12)


def test_where_the_recording_shows_nothing_nothing_is_cut(video: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="shows nothing between 20"):
        copy_clip(Source(video), 20, 21, tmp_path / "clip.mp4")


def test_a_video_that_does_not_tell_when_frames_are_shown_is_refused(tmp_path: Path) -> None:
    avi = encode(tmp_path / "old.avi", drawn([("play", 2)]), codec="mpeg4")
    with pytest.raises(SourceError, match="wrap it anew"):
        copy_clip(Source(avi), 0, 1, tmp_path / "clip.mkv")


def test_the_part_that_follows_an_athlete_keeps_them_in_it_and_does_not_shake() -> None:
    t_s = np.arange(0, 4, 0.2)
    shake = np.where(np.arange(t_s.size) % 2, 3.0, -3.0)
    left = 100 + 200 * t_s + shake
    boxes = np.column_stack([left, np.full_like(left, 300), left + 20, np.full_like(left, 370)])
    path = crop_path(t_s, boxes, 1280, 720)
    assert (path.height_px, path.width_px) == (350, 196)
    corners = np.array([path.corner(one, 1280, 720) for one in np.arange(0.5, 3.3, 0.04)])
    middle = corners[:, 0] + 98 - (100 + 200 * np.arange(0.5, 3.3, 0.04) + 10)
    assert np.abs(middle).max() < 25
    assert np.abs(np.diff(corners[:, 0])).max() <= 200 * 0.04 + 2
    assert path.corner(99.0, 1280, 720)[0] <= 1280 - 196


@pytest.mark.parametrize("turned_deg", [0, 90])
def test_following_shows_the_athlete_upright_however_the_camera_lay(
    tmp_path: Path, turned_deg: int
) -> None:
    """A white square moves over a dark picture; below it lies a grey ground."""
    pictures = []
    for number in range(20):
        picture = np.full((180, 320, 3), 30, np.uint8)
        picture[80:100, 40 + 10 * number : 60 + 10 * number] = 250
        picture[120:] = 110
        pictures.append(np.ascontiguousarray(np.rot90(picture, -turned_deg // 90)))
    path = encode(tmp_path / "square.mp4", pictures)
    if turned_deg:
        path = rewrapped(path, tmp_path / "turned.mp4", turned_deg=turned_deg)
    t_s = np.arange(20) / RATE
    boxes = np.column_stack([40 + 100 * t_s, 80 + 0 * t_s, 60 + 100 * t_s, 100 + 0 * t_s])
    made = encode_clip(
        Source(path), 0.5, 1.5, tmp_path / "clip.mp4", crop_path(t_s, boxes, 320, 180)
    )
    assert (made.width_px, made.height_px) == (720, 1280)
    import av

    with av.open(str(made.path)) as container:
        for frame in container.decode(video=0):
            grey = frame.to_ndarray(format="gray")
            rows, columns = np.nonzero(grey > 150)
            assert abs(columns.mean() - 360) < 60
            assert abs(rows.mean() - 640) < 60
            assert grey[-100:].mean() > 90 > grey[:100].mean()


class Club:
    """A lakehouse with two cameras, one of which saw Ada for longer, and a second segment."""

    def __init__(self, home: Path, video: Path, later: Path) -> None:
        (home / "lakehouse").mkdir(parents=True)
        self.store = IcebergLakehouse(
            f"sqlite:///{home}/lakehouse/catalog.db?timeout=60", str(home / "lakehouse")
        )
        self.left = footage_row(video, "left")
        self.right = footage_row(later, "right", at(2))
        self.second = footage_row(later, "left", at(12))
        rows = [
            *(seen(self.left, n, RATE, (20 + n, 75, 26 + n, 85)) for n in range(10, 80, 2)),
            *(seen(self.right, n, RATE, (20 + n, 75, 26 + n, 85)) for n in range(0, 20, 2)),
            *(seen(self.second, n, RATE, (20 + n, 75, 26 + n, 85)) for n in range(0, 40, 2)),
            seen(self.left, 95, RATE, (20, 75, 26, 85), is_interpolated=True),
            seen(self.left, 50, RATE, (200, 75, 206, 85), track=4, athlete=None),
        ]
        for contract, table in (
            (FOOTAGE, footage(self.left, self.right)),
            (VISION_POSITIONS, positions(*rows)),
        ):
            self.store.ensure_table(contract)
            self.store.replace_sessions(contract, table, [SESSION], WHY)
        self.add(self.second)

    def add(self, *rows: dict) -> None:
        self.store.replace_sessions(FOOTAGE, footage(self.left, self.right, *rows), [SESSION], WHY)


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory, video: Path, later: Path) -> Club:
    return Club(tmp_path_factory.mktemp("home"), video, later)


def test_the_camera_that_saw_the_athlete_in_most_looks_is_chosen(
    club: Club, tmp_path: Path
) -> None:
    wanted = Wanted(at(3), at(5), "ada")
    (clip,) = frames(club.store, {}, SESSION, wanted, tmp_path / "ada.mp4")
    assert (clip.moment.camera, clip.moment.boxes) == ("left", 10)
    assert (clip.starts_utc, clip.file.path) == (at(3), tmp_path / "ada.mp4")
    other = Wanted(at(3), at(5), "ada", camera="right")
    (clip,) = frames(club.store, {}, SESSION, other, tmp_path / "right.mp4")
    assert clip.moment.camera == "right"
    assert (clip.moment.start_s, clip.moment.end_s) == (1, 3)


def test_a_moment_over_two_segments_is_a_clip_of_each(club: Club, tmp_path: Path) -> None:
    wanted = Wanted(at(7), at(13), "ada")
    clips = frames(club.store, {}, SESSION, wanted, tmp_path / "ada.mp4")
    assert [clip.file.path.name for clip in clips] == ["ada_1.mp4", "ada_2.mp4"]
    assert [clip.moment.sha256 for clip in clips] == [club.left["sha256"], club.second["sha256"]]


def test_without_an_athlete_every_camera_shows_it_and_a_track_can_be_asked_for(
    club: Club, tmp_path: Path
) -> None:
    clips = frames(club.store, {}, SESSION, Wanted(at(4), at(6)), tmp_path / "all.mp4")
    assert [clip.moment.camera for clip in clips] == ["left", "right"]
    wanted = Wanted(at(4), at(6), track_id=4, is_following=True)
    (clip,) = frames(club.store, {}, SESSION, wanted, tmp_path / "track.mp4")
    assert (clip.moment.boxes, clip.file.is_encoded_anew) == (1, True)


@pytest.mark.parametrize(
    ("session", "wanted", "why"),
    [
        ("2020-01-01_football_x", Wanted(at(0), at(1)), f"sessions with footage: {SESSION}"),
        (SESSION, Wanted(at(8.5), at(9), "ada"), "seen last before at 2026-05-02T13:30:07.8Z"),
        (SESSION, Wanted(at(8.5), at(9), "ada"), "and next at 2026-05-02T13:30:12.0Z"),
        (SESSION, Wanted(at(9.3), at(9.8), "ada"), "not seen between"),
        (SESSION, Wanted(at(0), at(1), "grace"), "no footage shows grace"),
        (SESSION, Wanted(at(100), at(101)), "nothing was filmed between"),
        (SESSION, Wanted(at(1), at(1)), "give a later end"),
        (SESSION, Wanted(at(0), at(1), camera="roof"), "there is left, right"),
        (SESSION, Wanted(at(0), at(5000)), "is no moment"),
        (SESSION, Wanted(at(0), at(1), is_following=True), "nobody to follow"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_said_in_words(
    club: Club, tmp_path: Path, session: str, wanted: Wanted, why: str
) -> None:
    with pytest.raises(MomentError) as caught:
        frames(club.store, {}, session, wanted, tmp_path / "none.mp4")
    assert why in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_footage_that_is_gone_is_named_with_its_place(tmp_path: Path, later: Path) -> None:
    club = Club(tmp_path / "home", encode(tmp_path / "own.mp4", drawn([("play", 5)])), later)
    (tmp_path / "own.mp4").unlink()
    with pytest.raises(MomentError, match=r"is gone from .*own\.mp4"):
        frames(club.store, {}, SESSION, Wanted(at(3), at(4), "ada"), tmp_path / "none.mp4")


def test_where_nobody_was_looked_for_yet_that_is_said(tmp_path: Path, video: Path) -> None:
    (tmp_path / "lake").mkdir()
    store = IcebergLakehouse(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "lake"))
    store.ensure_table(FOOTAGE)
    store.replace_sessions(FOOTAGE, footage(footage_row(video)), [SESSION], WHY)
    with pytest.raises(MomentError, match="nobody was looked for"):
        frames(store, {}, SESSION, Wanted(at(3), at(4), "ada"), tmp_path / "none.mp4")
    (clip,) = frames(store, {}, SESSION, Wanted(at(3), at(4)), tmp_path / "some.mp4")
    assert clip.file.frame_count == 10


def test_the_same_object_in_two_streams_is_shown_once(video: Path) -> None:
    row = footage_row(video)
    both = footage(row, row | {"stream_id": "another", "revision": 2})
    assert len(moments(both, at(1), at(2))) == 1


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, video: Path, later: Path) -> Path:
    folder = tmp_path_factory.mktemp("installation")
    Club(folder, video, later)
    return folder


def told(home: Path, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(
        app, ["clip", *arguments],
        env={
            "COLUMNS": "200", "SPORTS_HOME": str(home),
            "SPORTS_CATALOG_URI": f"sqlite:///{home}/lakehouse/catalog.db?timeout=60",
            "SPORTS_WAREHOUSE_URI": str(home / "lakehouse"),
        },
    )  # fmt: skip
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_the_command_tells_what_it_cut(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "clips" / "ada.mp4"
    said = told(
        home, SESSION, "--athlete", "ada", "--from", "0:03.5", "--to", "2026-05-02T13:30:05Z",
        "--out", str(out),
    )  # fmt: skip
    assert "13:30:03.00Z to 13:30:05.00Z, 20 frames" in said
    assert "0.50 s before the moment, at a key frame" in said
    assert "camera left" in said
    assert len(shown(out)) == 20


def test_the_command_says_what_is_wrong_in_a_line(home: Path, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "none.mp4"))
    said = told(home, "nothing", "--from", "0:01", "--to", "0:02", *out, code=2)
    assert "there is no footage of a session nothing" in said
    said = told(home, SESSION, "--from", "soon", "--to", "0:02", *out, code=2)
    assert "'soon' is no time" in said


def test_times_are_instants_or_since_the_beginning() -> None:
    assert instant_of("1:02:03.5", BEGIN) == at(3723.5)
    assert instant_of("33:10", BEGIN) == at(1990)
    assert instant_of("2026-05-02T15:30:01+02:00", BEGIN) == at(1)
    with pytest.raises(TimeError, match="Z or an offset"):
        instant_of("2026-05-02T15:30:01", BEGIN)


def repeated(source: Path, target: Path, times: int) -> Path:
    """The same four seconds over and over."""
    import av

    with av.open(str(source)) as container, av.open(str(target), "w") as made:
        stream = container.streams.video[0]
        copied = made.add_stream_from_template(stream)
        copied.time_base = stream.time_base
        packets = [packet for packet in container.demux(stream) if packet.size]
        for number in range(times):
            for packet in packets:
                again = av.Packet(bytes(packet))
                shift = round(4 * number / stream.time_base)
                again.pts, again.dts = packet.pts + shift, packet.dts + shift
                again.is_keyframe, again.time_base = packet.is_keyframe, stream.time_base
                again.stream = copied
                made.mux(again)
    return target


def test_of_an_object_in_a_store_the_moment_alone_is_fetched(
    s3_options: dict[str, str], tmp_path: Path
) -> None:
    """Three quarters of a minute of noise, of which a second is asked for."""
    chance = np.random.default_rng(4)
    pictures = (chance.integers(0, 255, (180, 320, 3), np.uint8) for _ in range(40))
    options = {"g": "10", "sc_threshold": "0", "preset": "ultrafast", "crf": "12"}
    noise = encode(tmp_path / "once.mp4", pictures, options=options)
    path = repeated(noise, tmp_path / "noise.mp4", times=12)
    client = s3_client(s3_options)
    client.create_bucket(
        Bucket="footage",
        CreateBucketConfiguration={"LocationConstraint": s3_options["region"]},
    )
    client.upload_file(str(path), "footage", "a/noise.mp4")
    with open_object("s3://footage/a/noise.mp4", s3_options) as handle:
        made = copy_clip(Source(Path("noise.mp4"), handle), 21, 22, tmp_path / "clip.mp4")
        fetched = handle.fetched
    assert path.stat().st_size > 15_000_000
    assert fetched < 9_000_000
    assert [one for _, one in shown(made.path)] == [one for _, one in shown(noise)][10:20]
    with open_object("s3://footage/a/noise.mp4", s3_options) as handle:
        whole = hashlib.sha256(handle.read()).hexdigest()
    assert whole == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(FileNotFoundError), open_object("s3://footage/none", s3_options):
        pass
