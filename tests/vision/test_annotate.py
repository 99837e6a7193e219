"""The clip: frames, format, what is drawn where."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import av
import numpy as np
import pytest

from edge_ingest.errors import SourceError
from sports_assets.vision.frames import Frame
from sports_assets.vision.page.annotate import Artist, annotate
from sports_assets.vision.page.browser_video import encode_video
from sports_assets.vision.page.facts import SessionNames, read_facts
from sports_assets.vision.page.pen import Label
from sports_assets.vision.page.side_colours import TELLABLE, side_colours
from tests.edge_ingest.footage_clips import encode
from tests.vision.made_footage import (
    BEGAN,
    CAMERA,
    SESSION,
    box_of,
    camera_row,
    detections,
    footage_row,
    people,
    positions,
    tables,
    video,
)

pytestmark = pytest.mark.slow

PLAY = ("athlete", "ball")
NAMES = SessionNames(SESSION, "Made", "Europe/Berlin", "Reds", "Whites", {})


def plan_of(**told):
    return read_facts(tables(**told), NAMES).plan


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return video(tmp_path_factory.mktemp("clip") / "made.mp4", length_s=4.0)


@pytest.fixture(scope="module")
def clip(path):
    return annotate(path, plan_of())


def decoded(mp4, tmp_path):
    file = tmp_path / "clip.mp4"
    file.write_bytes(mp4)
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        told = (context.name, context.pix_fmt, context.width, context.height)
        shown = [
            (frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(stream)
        ]
        return told, len(container.streams), shown


def test_the_clip_plays_in_a_browser_and_has_every_frame(clip, tmp_path):
    told, tracks, shown = decoded(clip.video.mp4, tmp_path)
    assert told[:2] == ("h264", "yuv420p")
    assert told[2:] == (clip.video.width_px, clip.video.height_px)
    assert tracks == 1
    assert len(shown) == clip.video.frame_count == 100
    assert [time for time, _ in shown] == pytest.approx(np.arange(100) / 25)
    head = clip.video.mp4
    assert 0 < head.index(b"moov") < head.index(b"mdat"), "its index stands in front"
    assert clip.poster[:3] == b"\xff\xd8\xff"


def test_the_same_rows_give_the_same_bytes(clip, path):
    again = annotate(path, plan_of())
    assert again.video.mp4 == clip.video.mp4
    assert again.poster == clip.poster


def test_a_ring_lies_at_the_feet_in_the_colour_of_the_side():
    plan = plan_of()
    artist = Artist(plan)
    grass = np.full((CAMERA.height_px, CAMERA.width_px, 3), (50, 120, 60), np.uint8)
    drawn = artist.draw(Frame(0, 0.0, grass))
    for person in people():
        box = box_of(CAMERA, person, 0.0)
        foot = np.array([(box[0] + box[2]) / 2, box[3]])
        if person.object_kind != "athlete" or not CAMERA.is_in_picture([foot])[0]:
            continue
        x, y = np.rint(artist.view.places(foot)[0]).astype(int)
        around = drawn[max(0, y - 4) : y + 8, max(0, x - 10) : x + 10].reshape(-1, 3)
        wanted = np.array(plan.colours.of(person.team_side)[::-1])
        assert np.abs(around - wanted.astype(int)).sum(1).min() < 100, person


def test_a_person_moves_between_two_looks():
    artist = Artist(plan_of())
    grass = np.zeros((CAMERA.height_px, CAMERA.width_px, 3), np.uint8)
    seen = [artist.draw(Frame(n, n / 25, grass)) for n in (0, 2, 5)]
    assert (seen[0] != seen[1]).any()
    assert (seen[1] != seen[2]).any()


def test_the_marks_of_the_pitch_are_drawn_only_where_a_camera_is_calibrated():
    black = np.zeros((CAMERA.height_px, CAMERA.width_px, 3), np.uint8)
    plan = replace(plan_of(), trails=())
    placed = Artist(plan)
    spot = CAMERA.project([[0.0, 20.0]])  # on the halfway line
    x, y = np.rint(placed.view.places(spot)[0]).astype(int)
    assert placed.draw(Frame(0, 0.0, black))[y - 1 : y + 2, x - 1 : x + 2].max() > 60
    free = Artist(replace(plan, camera=None, field=None))
    assert free.draw(Frame(0, 0.0, black))[y - 1 : y + 2, x - 1 : x + 2].max() == 0


def test_everyone_who_plays_is_within_what_is_cut_out():
    plan = plan_of()
    view = Artist(plan).view
    boxes = np.concatenate([one.boxes_px for one in plan.trails if one.object_kind in PLAY])
    boxes = boxes[~np.isnan(boxes).any(1)]
    assert (boxes[:, 0] >= view.left_px - 1).all()
    assert (boxes[:, 2] <= view.right_px + 1).all() or view.right_px == CAMERA.width_px
    assert view.width_px % 2 == view.height_px % 2 == 0
    assert view.width_px <= 1280


def test_a_label_that_another_hides_is_left_out():
    near, far = Label("7", 20, (0, 0, 30, 20), (0, 0)), Label("8", 20, (15, 0, 45, 20), (0, 0))
    assert far.covered_by(near) == 0.5
    assert near.covered_by(replace(far, corners=(40, 0, 60, 20))) == 0
    # Two in the same spot: nobody can read both, and the one in front is read.
    black = np.zeros((CAMERA.height_px, CAMERA.width_px, 3), np.uint8)
    plan = replace(plan_of(), camera=None)
    one = next(trail for trail in plan.trails if trail.track_id == 7)
    front = replace(one, track_id=88)
    artists = [Artist(replace(plan, trails=trails)) for trails in ((front,), (one, front))]
    alone, both = (artist.draw(Frame(0, 0.0, black)) for artist in artists)
    below = artists[0].view.places(one.boxes_px[0, 2:])[0, 1] + 8
    assert np.array_equal(alone[round(below) :], both[round(below) :])


def test_a_wide_camera_gives_no_picture_wider_than_a_browser_needs():
    wide = CAMERA.resized(4096, 2304)
    told = {"width_px": 4096, "height_px": 2304}
    framing = plan_of(rows=positions(camera=wide), camera=[camera_row(**told)]).framing
    assert framing.width_px == framing.view.width_px == 1280
    assert not framing.is_moving


def test_an_official_makes_the_picture_taller_and_never_wider():
    def rows(x_px, y_px):
        made = positions(who=people()[:1]) + positions(who=people()[22:23])
        for row in made:
            at = (x_px, y_px) if row["object_kind"] == "official" else (
                (300.0 if row["frame_id"] % 2 else 100.0), 100.0)  # fmt: skip
            row |= {"left_px": at[0], "right_px": at[0] + 10, "top_px": at[1],
                    "bottom_px": at[1] + 30}  # fmt: skip
        return made

    alone = plan_of(rows=[one for one in rows(0, 0) if one["object_kind"] == "athlete"]).framing
    below, aside = plan_of(rows=rows(200.0, 150.0)).framing, plan_of(rows=rows(600.0, 80.0)).framing
    assert below.view.bottom_px >= 180 > alone.view.bottom_px
    assert below.view.width_px == alone.view.width_px == aside.view.width_px
    assert aside.view.bottom_px == alone.view.bottom_px


def test_of_a_panorama_a_part_is_shown_that_goes_with_the_play():
    rows = positions(length_s=20.0)
    # The same people, as small as in a panorama of 4000 px; all of them walk from left to right.
    for row in rows:
        if row["left_px"] is not None:
            x = 5 * row["left_px"] + 30 * row["frame_id"] / 25
            row |= {"left_px": x, "right_px": x + 9.0, "top_px": row["bottom_px"] - 22.0}
    told = {"width_px": 4000, "height_px": 400}
    plan = plan_of(rows=rows, footage=[footage_row(length_s=20.0)], camera=[camera_row(**told)])
    framing = plan.framing
    assert framing.is_moving
    assert framing.width_px == 1280
    assert framing.view.width_px <= 1280 / 0.45 + 2
    lefts = np.array([framing.left_at(t) for t in np.arange(0, 20, 0.04)])
    assert lefts.min() >= 0
    assert lefts.max() <= framing.view.width_px - 1280
    assert lefts[-1] > lefts[0]
    assert np.abs(np.diff(lefts)).max() < 12, "calmly"
    black = np.zeros((400, 4000, 3), np.uint8)
    assert Artist(plan).draw(Frame(0, 0.0, black)).shape == (framing.view.height_px, 1280, 3)


def test_frames_that_do_not_decode_leave_the_rest_in_its_time(path, tmp_path):
    broken = bytearray(path.read_bytes())
    start = broken.index(b"mdat") + len(broken) // 2
    broken[start : start + 900] = bytes(900)
    file = tmp_path / "broken.mp4"
    file.write_bytes(broken)
    clip = annotate(file, plan_of())
    _, _, shown = decoded(clip.video.mp4, tmp_path)
    assert 10 < len(shown) <= 100
    assert shown[0][0] == 0
    assert all(abs(time * 25 - round(time * 25)) < 1e-3 for time, _ in shown)


def test_a_fast_camera_is_shown_at_a_rate_that_phones_play(tmp_path):
    black = [np.zeros((90, 160, 3), np.uint8)] * 50
    file = encode(tmp_path / "fast.mp4", black, rate=50)
    plan = replace(plan_of(), rate_hz=50.0, width_px=160, height_px=90, trails=(), camera=None)
    assert annotate(file, plan).video.frame_count == 25


def test_a_noisy_video_stays_small_enough_to_mail(tmp_path):
    chance = np.random.default_rng(1)
    noise = [chance.integers(0, 255, (360, 640, 3), np.uint8) for _ in range(10)]
    made = encode_video(((n / 25, noise[n % 10]) for n in range(100)), 25.0)
    assert len(made.mp4) < 4 * 1.5e6 / 8 * 1.6


def test_a_moment_of_which_no_frame_is_there_is_refused_by_name(path):
    plan = plan_of()
    later = replace(plan, moment=replace(plan.moment, start_s=90.0, end_s=95.0))
    with pytest.raises(SourceError, match=r"made\.mp4: none of its frames from 90\.0 to 95\.0 s"):
        annotate(path, later)


def test_an_odd_picture_or_none_is_refused():
    with pytest.raises(ValueError, match="even sizes"):
        encode_video([(0.0, np.zeros((9, 10, 3), np.uint8))], 25.0)
    with pytest.raises(ValueError, match="no picture"):
        encode_video([], 25.0)


def test_sides_are_drawn_in_the_colours_of_their_shirts():
    rows = positions()
    told = tables(rows)
    colours = side_colours(told.positions, told.detection)
    assert colours.are_shirts
    red, green, blue = colours.home
    assert red > 150
    assert max(green, blue) < 90
    assert min(colours.away) > 200


def test_shirts_that_are_alike_or_unseen_get_two_colours_that_differ():
    rows = positions()
    alike = [one | {"shirt_l": 50.0, "shirt_a": 60.0, "shirt_b": 30.0} for one in detections(rows)]
    told = tables(rows, detection=alike)
    assert side_colours(told.positions, told.detection) == TELLABLE
    told = tables(rows, detection=[])
    assert side_colours(told.positions, told.detection) == TELLABLE


def test_what_is_drawn_has_a_checksum_that_changes_with_it():
    plan = plan_of()
    assert plan.sha256 == plan_of().sha256
    other = [
        replace(plan, labels={3: "7"}),
        replace(plan, trails=plan.trails[1:]),
        replace(plan, camera=None),
        replace(plan, timezone="UTC"),
        replace(plan, moment=replace(plan.moment, end_s=3.0)),
        replace(
            plan, moment=replace(plan.moment, recorded_at_utc=datetime(2026, 3, 2, tzinfo=UTC))
        ),
    ]
    assert len({plan.sha256, *(one.sha256 for one in other)}) == 7


@pytest.mark.slow
@pytest.mark.realdata
def test_a_real_camera_is_drawn_on(real_data, tmp_path):
    path = real_data / "footage" / "left_camera.mp4"
    # Number 42 in blue, who stands before the near touchline around frame 120.
    rows = [
        positions(who=people()[:1])[0]
        | {"frame_id": frame, "captured_at_utc": BEGAN + timedelta(seconds=frame / 25),
           "left_px": 2130.0, "top_px": 1312.0, "right_px": 2176.0, "bottom_px": 1505.0}
        for frame in range(115, 131, 5)
    ]  # fmt: skip
    told = {"width_px": 3072, "height_px": 1728}
    plan = plan_of(
        rows=rows, footage=[footage_row(length_s=10.0, **told)],
        camera=[camera_row(state="uncalibrated", **told)],
    )  # fmt: skip
    plan = replace(plan, moment=replace(plan.moment, start_s=4.6, end_s=5.2))
    clip = annotate(path, plan)
    told, _, shown = decoded(clip.video.mp4, tmp_path)
    assert told[:2] == ("h264", "yuv420p")
    assert len(shown) == clip.video.frame_count == 15
    x, y = plan.framing.view.places(np.array([[2153.0, 1505.0]]))[0].astype(int)
    ring = shown[5][1][y - 4 : y + 30, x - 40 : x + 40].reshape(-1, 3).astype(int)
    blue = np.array(plan.colours.home[::-1])
    assert (np.abs(ring - blue).sum(1) < 90).sum() > 60
