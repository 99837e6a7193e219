"""Cuts: every frame that was asked for is in a file, as the camera made it, at its own time."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_ingest.cleaning.footage_cut import CutResult, Stretch, cut
from edge_ingest.errors import SourceError
from tests.edge_ingest.footage_clips import drawn, encode, rewrapped, shown

pytestmark = pytest.mark.slow

OPEN_GROUPS = "keyint=20:min-keyint=20:bframes=4:b-pyramid=1:open-gop=1:scenecut=0:log-level=none"
#: Twelve seconds at 10 Hz, in the ways that cameras and recorders write.
CODECS = {
    "h264": ("libx264", {"g": "10", "bf": "3"}),
    "h264_without_b": ("libx264", {"g": "10", "bf": "0"}),
    "hevc_open_groups": ("libx265", {"preset": "veryfast", "x265-params": OPEN_GROUPS}),
}


@pytest.fixture(
    scope="module",
    params=["h264", pytest.param("h264_without_b", marks=pytest.mark.soak), "hevc_open_groups"],
)
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    codec, options = CODECS[request.param]
    path = tmp_path_factory.mktemp("clip") / f"{request.param}.mp4"
    return encode(path, drawn([("play", 12)]), codec=codec, options=options)


def check(path: Path, stretches: Sequence[Stretch], made: CutResult) -> None:
    """Against an independent decoder: pictures, times and counts."""
    source = shown(path)
    first = source[0][0]
    pictures = {round(at - first, 3): picture for at, picture in source}
    kept: list[float] = []
    for piece in made.pieces:
        frames = shown(piece.path)
        assert frames[0][0] == pytest.approx(0, abs=1e-6)
        assert len(frames) == piece.frame_count
        assert piece.end_s - piece.start_s == pytest.approx(len(frames) / 10, abs=0.003)
        for at, picture in frames:
            time_s = min(pictures, key=lambda one: abs(one - piece.start_s - at))
            assert time_s == pytest.approx(piece.start_s + at, abs=0.002)
            if not piece.is_encoded_anew:
                assert pictures[time_s] == picture
            kept.append(time_s)
    assert kept == sorted(set(kept))  # in order, and none twice
    wanted = {at for at in pictures for one in stretches if one.start_s <= at < one.end_s}
    assert wanted <= set(kept)
    assert made.frames_left_out == len(pictures) - len(kept)
    assert made.left_out_s == pytest.approx(made.frames_left_out / 10, abs=0.01)


@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv"])
def test_two_stretches(tmp_path: Path, clip: Path, suffix: str) -> None:
    path = rewrapped(clip, tmp_path / f"a.{suffix}")
    stretches = [Stretch(1.4, 3.3), Stretch(8.5, 10.2)]
    made = cut(path, stretches, tmp_path / "piece")

    check(path, stretches, made)
    assert len(made.pieces) == 2
    assert made.frames_left_out >= 40
    assert not any(piece.is_encoded_anew for piece in made.pieces)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bounds=st.lists(st.floats(0, 12), min_size=2, max_size=6, unique=True), anew=st.booleans())
@pytest.mark.slow
def test_any_stretches(tmp_path: Path, clip: Path, bounds: list[float], anew: bool) -> None:
    ordered = sorted(bounds)
    stretches = [Stretch(*two) for two in zip(ordered[::2], ordered[1::2], strict=False)]
    made = cut(clip, stretches, tmp_path / "piece", longest_lead_s=0.3 if anew else None)
    check(clip, stretches, made)


def test_all_of_it_is_all_of_it(tmp_path: Path, clip: Path) -> None:
    made = cut(clip, [Stretch(0, 12)], tmp_path / "piece")
    assert shown(made.pieces[0].path) == shown(clip)
    assert (len(made.pieces), made.frames_left_out, made.left_out_s) == (1, 0, 0.0)


def test_the_same_cut_gives_the_same_bytes(tmp_path: Path, clip: Path) -> None:
    pair = [cut(clip, [Stretch(4, 6)], tmp_path / name).pieces[0] for name in ("a", "b")]
    assert pair[0].path.read_bytes() == pair[1].path.read_bytes()


def test_a_beginning_far_from_its_key_frame_is_encoded_anew_where_that_is_wanted(
    tmp_path: Path,
) -> None:
    path = encode(
        tmp_path / "a.mp4", drawn([("play", 12)]), options={"g": "50", "sc_threshold": "0"}
    )
    stretches = [Stretch(3.0, 7.0)]
    plain = cut(path, stretches, tmp_path / "plain")
    check(path, stretches, plain)
    assert [(one.start_s, one.end_s) for one in plain.pieces] == [(0.0, 7.0)]

    exact = cut(path, stretches, tmp_path / "exact", longest_lead_s=1.0)
    check(path, stretches, exact)
    found = [(one.start_s, one.end_s, one.is_encoded_anew) for one in exact.pieces]
    assert found == [(3.0, 5.0, True), (5.0, 7.0, False)]


def test_a_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    times = [0]
    for number in range(119):
        times.append(times[-1] + (33, 34, 66)[number % 3])
    path = encode(tmp_path / "a.mp4", drawn([("play", 12)]), times=times, options={"g": "20"})
    made = cut(path, [Stretch(2.0, 3.0)], tmp_path / "piece")
    source = {round(at, 3): picture for at, picture in shown(path)}
    (piece,) = made.pieces
    found = {round(piece.start_s + at, 3): picture for at, picture in shown(piece.path)}
    assert found.items() <= source.items()
    assert {at for at in source if 2.0 <= at < 3.0} <= found.keys()


def test_a_turned_picture_stays_turned(tmp_path: Path, clip: Path) -> None:
    from edge_ingest.video import probe

    turned = rewrapped(clip, tmp_path / "a.mov", turned_deg=90)
    assert probe(cut(turned, [Stretch(3, 5)], tmp_path / "b").pieces[0].path).rotation_deg == 90


def test_what_does_not_tell_its_times_is_not_cut(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.avi", drawn([("play", 2)]), codec="mpeg4")
    with pytest.raises(SourceError, match="does not tell when its frames are shown"):
        cut(path, [Stretch(0, 1)], tmp_path / "b")


def test_a_codec_that_mp4_does_not_hold_goes_into_matroska(tmp_path: Path) -> None:
    options = {"g": "12", "bf": "2"}
    path = encode(tmp_path / "a.mp4", drawn([("play", 6)]), codec="mpeg4", options=options)
    made = cut(path, [Stretch(1, 2), Stretch(4, 5)], tmp_path / "piece")
    check(path, [Stretch(1, 2), Stretch(4, 5)], made)
    assert [piece.path.name for piece in made.pieces] == ["piece_001.mkv", "piece_002.mkv"]
    again = cut(path, [Stretch(1, 2)], tmp_path / "again").pieces[0]
    assert again.path.read_bytes() == made.pieces[0].path.read_bytes()


@pytest.mark.slow
@pytest.mark.realdata
def test_a_real_camera_with_one_key_frame(tmp_path: Path, real_data: Path) -> None:
    path = real_data / "footage" / "left_camera.mp4"
    source = shown(path)
    copied = cut(path, [Stretch(2.0, 6.0)], tmp_path / "a")
    (piece,) = copied.pieces
    # The last frame of the stretch refers to two that are shown after it.
    assert (piece.start_s, piece.end_s, piece.frame_count) == (0.0, 6.08, 152)
    assert shown(piece.path) == source[:152]
    assert (copied.frames_left_out, copied.left_out_s) == (98, pytest.approx(3.92))

    (anew,) = cut(path, [Stretch(2.0, 6.0)], tmp_path / "b", longest_lead_s=1.0).pieces
    assert (anew.start_s, anew.frame_count, anew.is_encoded_anew) == (2.0, 100, True)
    assert [at for at, _ in shown(anew.path)] == pytest.approx([n / 25 for n in range(100)])
