"""What a video is: the same as another decoder sees, and a clear word where it is none."""

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from edge_ingest.errors import RULES, SourceError
from edge_ingest.video import probe, read_packets
from tests.edge_ingest.footage_clips import HEIGHT, WIDTH, drawn, encode, rewrapped, shown


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 10 Hz, a key frame every second."""
    folder = tmp_path_factory.mktemp("clip")
    told = {"creation_time": "2024-05-04T13:30:07Z"}
    return encode(folder / "clip.mp4", drawn([("play", 4)]), metadata=told)


@pytest.mark.realdata
@pytest.mark.parametrize(("camera", "tracks"), [("left_camera", 1), ("right_camera", 2)])
def test_a_real_camera(real_data: Path, camera: str, tracks: int) -> None:
    facts = probe(real_data / "footage" / f"{camera}.mp4")

    assert (facts.container, facts.codec) == ("mp4", "hevc")
    assert (facts.width_px, facts.height_px, facts.rotation_deg) == (3072, 1728, 0)
    assert (facts.frame_rate, facts.is_variable_rate) == (Fraction(25), False)
    assert (facts.frame_count, facts.duration_s) == (250, 10.0)
    assert facts.key_interval_s == 10.0  # one key frame, the first
    assert facts.track_count == tracks
    assert facts.recorded_at_utc is None


def test_the_camera_s_own_start_is_read(clip: Path) -> None:
    assert probe(clip).recorded_at_utc == datetime(2024, 5, 4, 13, 30, 7, tzinfo=UTC)


@pytest.mark.parametrize("never_set", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:10Z", "soon"])
def test_a_clock_that_was_never_set_is_no_start(tmp_path: Path, never_set: str) -> None:
    path = encode(tmp_path / "a.mkv", drawn([("play", 0.5)]), metadata={"creation_time": never_set})
    assert probe(path).recorded_at_utc is None


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts"])
def test_each_container_tells_the_same(tmp_path: Path, clip: Path, suffix: str) -> None:
    path = rewrapped(clip, tmp_path / f"a.{suffix}")
    facts = probe(path)

    assert facts.container == suffix
    assert facts.frame_count == len(shown(path)) == 40
    assert (facts.frame_rate, facts.is_variable_rate) == (Fraction(10), False)
    assert facts.duration_s == pytest.approx(4.0, abs=0.002)
    assert facts.key_interval_s == pytest.approx(1.0, abs=0.002)
    assert (facts.width_px, facts.height_px, facts.codec) == (WIDTH, HEIGHT, "h264")
    times = sorted(read_packets(path).pts * float(read_packets(path).time_base))
    assert times == pytest.approx([time for time, _ in shown(path)], abs=1e-6)


def test_avi_is_read_though_it_does_not_tell_when_frames_are_shown(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.avi", drawn([("play", 2)]), codec="mpeg4")
    facts = probe(path)

    assert (facts.container, facts.codec, facts.frame_count) == ("avi", "mpeg4", 20)
    assert not read_packets(path).is_timed


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_variable_rate_is_told_and_its_mean(tmp_path: Path, suffix: str) -> None:
    steps = np.tile([33, 33, 67], 12)
    times = np.concatenate([[0], np.cumsum(steps)]).tolist()
    path = encode(tmp_path / f"a.{suffix}", drawn([("play", 3.7)]), times=times)
    facts = probe(path)

    assert facts.is_variable_rate
    assert facts.frame_count == 37
    assert facts.duration_s == pytest.approx(1.6, abs=0.07)
    assert float(facts.frame_rate) == pytest.approx(37 / facts.duration_s, rel=1e-3)


def test_a_rate_that_milliseconds_cannot_hold_is_still_one_rate(tmp_path: Path) -> None:
    times = [round(number * 1001 / 30) for number in range(60)]  # 33 and 34 ms
    facts = probe(encode(tmp_path / "a.mkv", drawn([("play", 6)]), rate=30, times=times))
    assert not facts.is_variable_rate


def test_a_camera_on_its_side(tmp_path: Path, clip: Path) -> None:
    assert probe(rewrapped(clip, tmp_path / "a.mov", turned_deg=90)).rotation_deg == 90


def test_an_unknown_codec_is_no_fault(tmp_path: Path, clip: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(clip.read_bytes().replace(b"avc1", b"zzzz"))
    facts = probe(path)

    assert (facts.codec, facts.frame_count, facts.duration_s) == ("unknown", 40, 4.0)
    assert (facts.width_px, facts.can_decode) == (None, False)


@pytest.mark.parametrize(
    ("suffix", "share", "rule"),
    [("mp4", 0.5, "malformed"), ("mkv", 0.5, "cut_short"), ("mov", 0.9, "malformed")],
)
def test_a_file_that_breaks_off(
    tmp_path: Path, clip: Path, suffix: str, share: float, rule: str
) -> None:
    whole = rewrapped(clip, tmp_path / f"whole.{suffix}").read_bytes()
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(SourceError, match="copy it from the camera again") as caught:
        probe(path)
    assert caught.value.rule == rule


def test_sound_that_goes_on_after_the_pictures_is_no_break(tmp_path: Path, clip: Path) -> None:
    import av

    path = tmp_path / "a.mkv"
    with av.open(str(clip)) as container, av.open(str(path), "w") as made:
        stream = container.streams.video[0]
        copied = made.add_stream_from_template(stream)
        sound = made.add_stream("pcm_s16le", rate=8000, layout="mono")
        for packet in container.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                made.mux(packet)
        for second in range(9):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
            frame.sample_rate, frame.pts = 8000, 8000 * second
            made.mux(sound.encode(frame))
        made.mux(sound.encode(None))

    facts = probe(path)
    assert (facts.frame_count, facts.track_count) == (40, 2)
    assert facts.duration_s == pytest.approx(4.0, abs=0.002)


def test_an_index_in_front_of_frames_that_are_not_there(tmp_path: Path, clip: Path) -> None:
    import av

    path = tmp_path / "a.mp4"
    with (
        av.open(str(clip)) as container,
        av.open(str(path), "w", options={"movflags": "faststart"}) as made,
    ):
        stream = container.streams.video[0]
        copied = made.add_stream_from_template(stream)
        for packet in container.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                made.mux(packet)
    whole = path.read_bytes()
    assert whole.index(b"moov") < whole.index(b"mdat")
    path.write_bytes(whole[:-5000])

    with pytest.raises(SourceError, match="its frames take") as caught:
        probe(path)
    assert caught.value.rule == "cut_short"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"time,bpm\n1,60\n", "unknown_format"),
        (b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n", "unknown_format"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "unknown_format"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(2000), "malformed"),
        (b"\x1aE\xdf\xa3" + b"\xff" * 2000, "malformed"),
        (b"G" + bytes(187) + b"G" + bytes(187), "malformed"),
    ],
)
def test_what_is_no_video_is_refused_by_a_rule(tmp_path: Path, content: bytes, rule: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        probe(path)
    assert caught.value.rule in RULES
    assert caught.value.rule in {rule, "unknown_format"}


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    import av

    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as made:
        stream = made.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 4096), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 48_000
        made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    with pytest.raises(SourceError, match="no picture track") as caught:
        probe(path)
    assert caught.value.rule == "unknown_format"


def test_pictures_that_are_zeros_do_not_decode(tmp_path: Path, clip: Path) -> None:
    payload = bytearray(clip.read_bytes())
    begin = payload.index(b"mdat") + 4
    end = payload.index(b"moov") - 4
    payload[begin:end] = bytes(end - begin)
    path = tmp_path / "a.mp4"
    path.write_bytes(payload)

    with pytest.raises(SourceError, match="can be decoded") as caught:
        probe(path)
    assert caught.value.rule == "malformed"


@pytest.mark.slow
def test_damage_anywhere_is_an_error_of_ours_or_none(tmp_path: Path, clip: Path) -> None:
    chance = np.random.default_rng(11)
    sources = [rewrapped(clip, tmp_path / f"w.{suffix}") for suffix in ("mp4", "mkv", "ts")]
    path = tmp_path / "a.mp4"
    outcomes = set()
    for round_ in range(200):
        payload = bytearray(sources[round_ % 3].read_bytes())
        for _ in range(int(chance.integers(1, 40))):
            payload[int(chance.integers(len(payload)))] = int(chance.integers(256))
        if round_ % 4 == 0:
            del payload[int(chance.integers(1, len(payload))) :]
        path.write_bytes(payload)
        try:
            probe(path)
            outcomes.add("read")
        except SourceError as error:
            outcomes.add(error.rule)
    assert "read" in outcomes
    assert outcomes - {"read"}
    assert outcomes - {"read"} <= set(RULES)
