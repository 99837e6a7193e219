"""Where is play? On real cameras, on a drawn pitch, and by the rule for any motion at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_ingest.cleaning.footage import (
    leave_out_idle,
    motion,
    pitch_blocks,
    play_stretches,
)
from edge_ingest.cleaning.footage_cut import Stretch
from edge_ingest.cleaning.settings import load_settings
from edge_ingest.drops.media import measured
from edge_ingest.errors import NothingRecordedError
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording, Told
from edge_ingest.video import probe
from tests.edge_ingest.footage_clips import drawn, encode, rewrapped, shown

pytestmark = pytest.mark.slow

START = datetime(2024, 5, 4, 13, 30, tzinfo=UTC)
SETTINGS = load_settings()
TOLD = SETTINGS.footage
#: For clips of seconds rather than of half-times.
SHORT = replace(SETTINGS, footage=replace(TOLD, margin_s=1.0, shortest_idle_s=5.0, smooth_s=3.0))


def recording(path: Path) -> Recording:
    told = Told(started_at_utc=START, sport="football", device_id="main stand")
    return read_recording("video", {"video": path}, told)


def looks(share: list[float | None]) -> pa.Table:
    return pa.table(
        {"t_s": np.arange(len(share), dtype=float), "share": pa.array(share, pa.float64())}
    )


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play until 8 s, nobody until 24 s, play until 32 s."""
    stretches = [("play", 8), ("empty", 16), ("play", 8)]
    return encode(tmp_path_factory.mktemp("clip") / "clip.mp4", drawn(stretches))


def test_a_worked_example() -> None:
    """Looks a second apart; each tells of the second before it, and of the one after it."""
    settings = replace(
        TOLD, smooth_s=1.0, margin_s=2.0, shortest_idle_s=4.0, play_share=0.1, still_share=0.05
    )
    share = [0.0] * 12 + [0.2, 0.07, 0.07, 0.01] + [0.0] * 14
    # Above 0.1 at 12 s, below 0.05 at 15 s: play from 11 s to 14 s, with margins 9 s to 16 s.
    assert play_stretches(looks(share), 30.0, settings) == [Stretch(9.0, 16.0)]
    # The last pause is shorter than 4 s: kept.
    assert play_stretches(looks(share[:19]), 19.0, settings) == [Stretch(9.0, 19.0)]
    # What cannot be compared counts as play.
    share[25] = None
    assert play_stretches(looks(share), 30.0, settings) == [Stretch(9.0, 16.0), Stretch(22.0, 30.0)]


def test_a_flash_of_light_is_no_play_and_nothing_to_look_at_is() -> None:
    share = [0.0] * 60
    share[30] = 0.9
    assert play_stretches(looks(share), 60.0, TOLD) == []
    assert play_stretches(looks([]), 60.0, TOLD) == [Stretch(0.0, 60.0)]


shares = st.lists(st.one_of(st.none(), st.floats(0, 0.004)), min_size=1, max_size=150)


@given(shares, st.floats(0, 8), st.floats(0.5, 40), st.floats(0.2, 9))
def test_stretches_stand_in_order_and_idle_ones_are_long(
    share: list[float | None], margin_s: float, shortest_idle_s: float, smooth_s: float
) -> None:
    settings = replace(TOLD, margin_s=margin_s, shortest_idle_s=shortest_idle_s, smooth_s=smooth_s)
    end_s = len(share) + 0.5
    found = play_stretches(looks(share), end_s, settings)
    bounds = [0.0, *(t for one in found for t in (one.start_s, one.end_s)), end_s]
    assert bounds == sorted(bounds)
    gaps = [b - a for a, b in zip(bounds[::2], bounds[1::2], strict=True)]
    assert all(gap >= shortest_idle_s for gap in gaps[1:-1])
    if found:
        assert all(gap == 0 or gap >= shortest_idle_s for gap in (gaps[0], gaps[-1]))


@given(shares, st.data())
def test_more_motion_never_gives_less_play(share: list[float | None], data: st.DataObject) -> None:
    more = [
        None if one is None else one + data.draw(st.sampled_from([0.0, 0.0, 0.0004, 0.002]))
        for one in share
    ]
    end_s = float(len(share))
    before = play_stretches(looks(share), end_s, TOLD)
    after = play_stretches(looks(more), end_s, TOLD)
    assert all(any(b.start_s <= a.start_s and a.end_s <= b.end_s for b in after) for a in before)


@given(shares)
def test_without_smoothing_every_look_with_play_is_kept(share: list[float | None]) -> None:
    settings = replace(TOLD, smooth_s=0.1, margin_s=0.0)
    found = play_stretches(looks(share), float(len(share)), settings)
    for t_s, one in enumerate(share):
        if one is None or one > settings.play_share:
            assert any(stretch.start_s <= t_s <= stretch.end_s for stretch in found)


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize("camera", ["left_camera", "right_camera"])
def test_real_play_is_ten_times_what_counts_as_play(real_data: Path, camera: str) -> None:
    share = motion(real_data / "footage" / f"{camera}.mp4", TOLD)["share"].to_numpy()
    assert share.size >= 9
    assert share.min() > 10 * TOLD.play_share


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_key_frames_alone_show_where_play_is(tmp_path: Path, clip: Path, suffix: str) -> None:
    path = rewrapped(clip, tmp_path / f"a.{suffix}")
    found = motion(path, TOLD)
    assert found["t_s"].to_pylist() == pytest.approx(range(32), abs=0.11)
    share = found["share"].to_numpy()
    assert share[1:8].min() > 5 * TOLD.play_share
    assert share[9:24].max() == 0.0
    assert share[25:].min() > 5 * TOLD.play_share


def test_without_key_frames_every_picture_is_looked_at(tmp_path: Path) -> None:
    stretches = [("play", 8), ("empty", 16), ("play", 8)]
    path = encode(tmp_path / "a.mp4", drawn(stretches), options={"g": "10000", "sc_threshold": "0"})
    assert probe(path).key_interval_s == 32.0
    (first, second) = play_stretches(motion(path, TOLD), 32.0, SHORT.footage)
    assert (first.start_s, second.end_s) == (0.0, 32.0)
    assert first.end_s == pytest.approx(10.5, abs=1.5)
    assert second.start_s == pytest.approx(21.5, abs=1.5)


def test_a_change_of_light_is_no_play(tmp_path: Path) -> None:
    frames = (
        np.clip(frame.astype(np.int16) + round(25 * np.sin(number / 7)), 0, 255).astype(np.uint8)
        for number, frame in enumerate(drawn([("empty", 12)]))
    )
    path = encode(tmp_path / "a.mp4", frames)
    assert motion(path, TOLD)["share"].to_numpy().max() < TOLD.still_share


def test_what_moves_beside_the_pitch_is_no_play(tmp_path: Path) -> None:
    def frames():
        for number, frame in enumerate(drawn([("empty", 12)])):
            x = 5 * number % 300
            frame[10:30, x : x + 15] = 20  # in the sky
            yield frame

    assert motion(encode(tmp_path / "a.mp4", frames()), TOLD)["share"].to_numpy().max() == 0.0


def test_trees_in_the_wind_are_no_pitch(tmp_path: Path) -> None:
    chance = np.random.default_rng(7)

    def frames():
        for frame in drawn([("empty", 12)]):
            leaves = chance.choice([20, 120], (8, 80, 1)).repeat(4, 0).repeat(4, 1)
            frame[24:56] = (leaves * (0.5, 0.9, 0.4)).astype(np.uint8)
            yield frame

    assert motion(encode(tmp_path / "a.mp4", frames()), TOLD)["share"].to_numpy().max() == 0.0


def test_a_line_across_the_pitch_does_not_hide_what_is_behind_it() -> None:
    colour = np.tile([70.0, 120.0, 60.0], (27, 48, 1))
    spread = np.full((27, 48), 3.0)
    spread[:, 30] = 40.0  # the halfway line
    colour[:12] = (150.0, 170.0, 230.0)  # the sky
    colour[5, 20] = (70.0, 120.0, 60.0)  # a flag in it
    pitch = pitch_blocks(colour, spread)
    assert pitch[12:].all()
    assert not pitch[:12].any()
    assert pitch_blocks(np.full_like(colour, 90.0), spread).all()  # no grass: all of it


def test_a_picture_without_grass_is_looked_at_whole(tmp_path: Path) -> None:
    def frames():
        for frame in drawn([("play", 5)]):
            yield np.repeat(frame.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)

    share = motion(encode(tmp_path / "a.mp4", frames()), TOLD)["share"].to_numpy()
    assert share.min() > TOLD.play_share


def test_the_idle_stretch_is_left_out_and_each_piece_knows_when_it_began(
    tmp_path: Path, clip: Path
) -> None:
    before = recording(clip)
    told = '{"points": []}'  # what was told of the camera holds for each piece
    table = before.tables["footage"].append_column("calibration", pa.array([told]))
    before = replace(before, tables={"footage": table})
    after = leave_out_idle(before, tmp_path, SHORT)

    rows = after.tables["footage"].to_pylist()
    assert [row["calibration"] for row in rows] == [told, told]
    assert list(after.media) == [row["uri"] for row in rows]
    assert list(after.media) == ["main-stand_001.mp4", "main-stand_002.mp4"]
    source = dict(shown(clip))
    kept = set()
    for row, path in zip(rows, after.media.values(), strict=True):
        assert measured(path) == (row["bytes"], row["sha256"])
        assert row["started_at_utc"] == START + timedelta(seconds=row["source_start_s"])
        frames = shown(path)
        assert len(frames) == row["frame_count"]
        assert row["duration_s"] == pytest.approx(row["frame_count"] / 10)
        for time_s, picture in frames:
            at = round(row["source_start_s"] + time_s, 3)
            assert source[at] == picture  # the camera's own picture, at its own time
            kept.add(at)
    assert kept >= {at for at in source if at < 8 or at >= 24}
    left_out = len(source) - len(kept)
    assert left_out >= 100  # of 160 frames without play
    assert after.rows_by_rule == {
        "idle_frames_left_out": left_out, "idle_s_left_out": round(left_out / 10),
    }  # fmt: skip
    assert after.filter_settings["footage.shortest_idle_s"] == 5.0
    assert after.session == before.session


def test_a_club_may_have_beginnings_encoded_anew(tmp_path: Path, clip: Path) -> None:
    """The second stretch begins half a second after a key frame."""
    told = replace(SHORT.footage, margin_s=1.5)
    begins = []
    for is_allowed in (False, True):
        settings = replace(
            SHORT, footage=replace(told, is_encoding_allowed=is_allowed, longest_lead_s=0.3)
        )
        folder = tmp_path / str(is_allowed)
        folder.mkdir()
        after = leave_out_idle(recording(clip), folder, settings)
        begins.append(after.tables["footage"]["source_start_s"].to_pylist()[1])
        assert after.filter_settings["footage.is_encoding_allowed"] is is_allowed
    assert begins[1] == pytest.approx(begins[0] + 0.5)


def test_play_all_through_sends_the_camera_s_own_file(tmp_path: Path) -> None:
    before = recording(encode(tmp_path / "a.mp4", drawn([("play", 6)])))
    after = leave_out_idle(before, tmp_path, SHORT)
    assert after.media == before.media
    assert after.tables["footage"] == before.tables["footage"]
    assert after.rows_by_rule["idle_frames_left_out"] == 0


def test_nobody_from_beginning_to_end_is_nothing_to_send(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", drawn([("empty", 12)]))
    with pytest.raises(NothingRecordedError, match="nobody who moves on the pitch"):
        leave_out_idle(recording(path), tmp_path, SHORT)
    off = replace(SETTINGS, footage=replace(TOLD, is_on=False))
    whole = leave_out_idle(recording(path), tmp_path, off)
    assert list(whole.media.values()) == [path]
    assert whole.filter_settings["footage.is_on"] is False


@pytest.mark.parametrize("what", ["avi", "codec"])
def test_what_cannot_be_cut_exactly_goes_whole(tmp_path: Path, clip: Path, what: str) -> None:
    if what == "avi":
        path = encode(tmp_path / "a.avi", drawn([("play", 3), ("empty", 12)]), codec="mpeg4")
    else:
        path = tmp_path / "a.mp4"
        path.write_bytes(clip.read_bytes().replace(b"avc1", b"zzzz"))
    after = leave_out_idle(recording(path), tmp_path, SHORT)
    assert list(after.media.values()) == [path]


def test_pictures_that_do_not_decode_are_kept(tmp_path: Path, clip: Path) -> None:
    """Ten seconds of the idle stretch overwritten: nobody can say that nobody plays there."""
    with av.open(str(clip)) as container:
        spoilt = [
            (packet.pos, packet.size)
            for packet in container.demux(video=0)
            if packet.size and 12 <= float(packet.pts * packet.time_base) < 20
        ]
    payload = bytearray(clip.read_bytes())
    for place, size in spoilt:
        payload[place : place + size] = bytes(size)
    path = tmp_path / "a.mp4"
    path.write_bytes(payload)
    found = play_stretches(motion(path, TOLD), 32.0, SHORT.footage)
    assert any(one.start_s <= 12.0 and one.end_s >= 20.0 for one in found)


def test_sound_stays_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as made:
        pictures = made.add_stream("libx264", rate=10, options={"g": "10", "preset": "veryfast"})
        sound = made.add_stream("aac", rate=48_000)
        pictures.width, pictures.height = 320, 180
        for frame in drawn([("play", 4)]):
            made.mux(pictures.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            tone = av.AudioFrame.from_ndarray(
                np.ones((1, 4800), np.float32), format="fltp", layout="mono"
            )
            tone.sample_rate = 48_000
            made.mux(sound.encode(tone))
        made.mux(pictures.encode(None))
        made.mux(sound.encode(None))
    assert probe(path).track_count == 2
    (piece,) = leave_out_idle(recording(path), tmp_path, SHORT).media.values()
    assert probe(piece).track_count == 1
    assert shown(piece) == shown(path)


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize("codec", [pytest.param("libx264", marks=pytest.mark.soak), "libx265"])
def test_half_time_between_two_stretches_of_a_real_match(
    tmp_path: Path, real_data: Path, codec: str
) -> None:
    """Real frames, then the empty pitch (their median, with noise) for 50 s, then real frames."""
    with av.open(str(real_data / "footage" / "left_camera.mp4")) as container:
        container.streams.video[0].thread_type = "AUTO"
        play = [
            frame.reformat(480, 270, "rgb24", interpolation="AREA").to_ndarray()
            for frame in container.decode(video=0)
        ]
    empty = np.median(np.stack(play[::5]), axis=0)
    chance = np.random.default_rng(3)
    noise = chance.normal(0, 2.5, (16, 270, 480, 1))

    def frames():
        yield from play
        for number in range(50 * 25):
            cloud = 8 * np.sin(number / 400)
            yield np.clip(empty + cloud + noise[number % 16], 0, 255).astype(np.uint8)
        yield from reversed(play)

    options = {
        "libx264": {"g": "25", "preset": "ultrafast"},
        "libx265": {"preset": "ultrafast", "x265-params": "keyint=25:open-gop=1:log-level=none"},
    }
    path = encode(tmp_path / "match.mp4", frames(), 25, codec, options[codec])
    after = leave_out_idle(recording(path), tmp_path, SETTINGS)

    source = dict(shown(path))
    kept = {}
    for row, piece in zip(after.tables["footage"].to_pylist(), after.media.values(), strict=True):
        kept |= {round(row["source_start_s"] + at, 4): picture for at, picture in shown(piece)}
    assert len(after.media) == 2
    assert kept.items() <= source.items()
    assert kept.keys() >= {at for at in source if at < 10 or at >= 60}
    assert after.rows_by_rule["idle_frames_left_out"] == len(source) - len(kept)
    assert after.rows_by_rule["idle_s_left_out"] >= 35  # of 50, with 5 s and a key frame each side
