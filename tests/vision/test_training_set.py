"""Clips under a version, and a training set that is the same to the byte."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from edge_ingest.records import EVENTS, FOOTAGE, SESSIONS
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.lakehouse import CommitContext
from resources.object_store import s3_client
from resources.vision_contracts import VISION_CLIP, VISION_POSITIONS, VISION_QUALITY
from sports_assets.cli import app
from sports_assets.vision.assets import CORE_ATHLETE
from sports_assets.vision.clips.coco import split
from sports_assets.vision.clips.index import ClipSettings, clip_index
from sports_assets.vision.clips.training_material import export_training_set
from sports_assets.vision.clips.training_set import TrainingSetError
from sports_assets.vision.session import clips
from sports_assets.vision.tables import SessionTables
from tests.edge_ingest.footage_clips import RATE, drawn, encode
from tests.vision.footage_rows import (
    BEGIN,
    SESSION,
    event,
    events,
    footage,
    footage_row,
    positions,
    seen,
)

pytestmark = pytest.mark.slow

WHY = CommitContext("run", "code")
OTHER = "2026-05-09_football_home-guests"
SETTINGS = ClipSettings(play_s=4.0, play_every_s=8.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("video") / "main.mp4", drawn([("play", 12)]))


def looks(of: dict) -> list[dict]:
    """Five looks a second: two people, of whom one is hidden now and then, and the ball."""
    rows = []
    for frame in range(0, 120, 2):
        rows.append(seen(of, frame, RATE, (20.0, 75.0, 26.5, 85.0)))
        is_hidden = frame % 10 == 0
        box = (310.0, 90.0, 330.0, 99.0)
        rows.append(seen(of, frame, RATE, box, track=2, is_interpolated=is_hidden))
        if frame >= 60:
            rows.append(seen(of, frame, RATE, (100, 150, 103, 153), track=3, kind="ball"))
    return rows


@pytest.fixture(scope="module")
def filmed(video: Path) -> tuple[pa.Table, pa.Table, pa.Table]:
    row = footage_row(video)
    happened = events(
        event("e1", 5.0), event("e2", 5.0, "pass", "8"), event("e3", 1.0, "pass", None),
        event("e4", 500.0, "shot"),
    )  # fmt: skip
    return footage(row), positions(*looks(row)), happened


def test_each_event_that_was_filmed_is_a_clip_and_play_is_sampled(
    filmed: tuple[pa.Table, pa.Table, pa.Table],
) -> None:
    known = {(f"{SESSION}.feed.events", "7"): "ada"}
    made = clip_index(*filmed, known, SETTINGS)
    assert VISION_CLIP.violations(made) == []
    told = [
        (row["label"], row["start_s"], row["end_s"], row["source_event_id"], row["athlete_id"])
        for row in made.to_pylist()
    ]
    assert sorted(told, key=lambda one: (one[1], one[0], str(one[3]))) == [
        ("pass", 0.0, 4.0, "e3", None),
        ("play", 0.0, 4.0, None, None),
        ("pass", 2.0, 8.0, "e2", None),
        ("shot", 2.0, 8.0, "e1", "ada"),
        ("play", 8.0, 12.0, None, None),
    ]
    shot = next(row for row in made.to_pylist() if row["label"] == "shot")
    # 30 looks: one box in each, the other's in four of five, and the ball's from 6 s on.
    assert (shot["boxes"], shot["ball_boxes"]) == (54, 10)
    assert shot["started_at_utc"] == BEGIN + timedelta(seconds=2)


def changed(table: pa.Table, name: str, row: int, value: object) -> pa.Table:
    values = table[name].to_pylist()
    values[row] = value
    column = table.column_names.index(name)
    return table.set_column(column, table.schema.field(name), [values])


def test_the_version_is_that_of_the_rows_in_any_order_and_of_nothing_else(
    filmed: tuple[pa.Table, pa.Table, pa.Table],
) -> None:
    shot, people, happened = filmed
    made = clip_index(*filmed, settings=SETTINGS)
    assert made["version"].unique().to_pylist() == [made["version"][0].as_py()]
    order = np.random.default_rng(2).permutation(people.num_rows)
    again = clip_index(shot, people.take(order), happened.take([2, 3, 0, 1]), settings=SETTINGS)
    assert again.equals(made)
    chunks = pa.concat_tables([people.slice(0, 7), people.slice(7)])
    assert clip_index(shot, chunks, happened, settings=SETTINGS).equals(made)

    others = [
        clip_index(shot, changed(people, "left_px", 3, 19.0), happened, settings=SETTINGS),
        clip_index(shot, changed(people, "team_side", 3, None), happened, settings=SETTINGS),
        clip_index(shot, people.slice(1), happened, settings=SETTINGS),
        clip_index(shot, people, changed(happened, "event_type", 0, "foul"), settings=SETTINGS),
        clip_index(shot, people, happened, settings=ClipSettings(before_s=2.0)),
        clip_index(changed(shot, "camera", 0, "roof"), people, happened, settings=SETTINGS),
    ]
    versions = {one["version"][0].as_py() for one in (made, *others)}
    assert len(versions) == 7


def test_without_events_or_boxes_there_are_clips_of_play(
    filmed: tuple[pa.Table, pa.Table, pa.Table],
) -> None:
    made = clip_index(filmed[0], positions(), events(), settings=SETTINGS)
    assert made["label"].to_pylist() == ["play", "play"]
    assert pc.sum(made["boxes"]).as_py() == 0
    assert clip_index(footage(), positions(), events()).num_rows == 0


def test_a_match_is_on_one_side_and_stays_there() -> None:
    names = [f"2026-05-{day:02d}_football_home-away" for day in range(1, 31)]
    whole = split(names)
    assert 2 <= list(whole.values()).count("val") <= 12
    assert split(reversed(names)) == whole
    some = split(names[:20])
    assert all(whole[name] == side for name, side in some.items())
    assert sorted(split(names[:2]).values()) == ["train", "val"]
    assert split(names[:1]) == {names[0]: "train"}


class Club:
    def __init__(self, home: Path, video: Path, uri: str = "", s3: dict | None = None) -> None:
        (home / "lakehouse").mkdir(parents=True)
        self.home, self.s3 = home, s3 or {}
        self.store = IcebergLakehouse(
            f"sqlite:///{home}/lakehouse/catalog.db?timeout=60", str(home / "lakehouse")
        )
        for contract in (FOOTAGE, VISION_POSITIONS, VISION_CLIP):
            self.store.ensure_table(contract)
        for session in (SESSION, OTHER):
            row = footage_row(video, session=session, uri=uri)
            self.replace(session, footage(row), positions(*looks(row)))

    def replace(self, session: str, shot: pa.Table, people: pa.Table) -> None:
        clips = clip_index(shot, people, events(), settings=SETTINGS)
        for contract, rows in (
            (FOOTAGE, shot), (VISION_POSITIONS, people), (VISION_CLIP, clips),
        ):  # fmt: skip
            self.store.replace_sessions(contract, rows, [session], WHY)

    def export(self, into: Path, *sessions: str):
        return export_training_set(self.store, self.s3, sessions or (SESSION, OTHER), into)


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory, video: Path) -> Club:
    return Club(tmp_path_factory.mktemp("club") / "home", video)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_training_set_is_what_coco_reads_and_the_same_to_the_byte(
    club: Club, tmp_path: Path
) -> None:
    from pycocotools.coco import COCO

    made = club.export(tmp_path / "one")
    assert contents(tmp_path / "one") == contents(
        club.export(tmp_path / "two") and tmp_path / "two"
    )
    assert sorted(made.sessions.values()) == ["train", "val"]
    for part in ("train", "val"):
        read = COCO(str(tmp_path / "one" / "annotations" / f"{part}.json"))
        assert [one["name"] for one in read.loadCats(read.getCatIds())] == ["person", "ball"]
        assert read.dataset["info"]["version"] == made.version
        # Two clips of four seconds, a frame of each second.
        assert len(read.getImgIds()) == made.images[part] == 8
        assert len(read.getAnnIds(catIds=[2])) == made.ball_boxes[part] == 4
        sessions = {image["session_id"] for image in read.dataset["images"]}
        assert {made.sessions[session] for session in sessions} == {part}
        for image in read.dataset["images"]:
            picture = tmp_path / "one" / "images" / part / image["file_name"]
            assert picture.read_bytes()[:2] == b"\xff\xd8"
            assert (image["unseen"], image["labels"]) == (0, ["play"])
        for box in read.loadAnns(read.getAnnIds()):
            left, top, width, height = box["bbox"]
            assert 0 <= left < left + width <= 320
            assert 0 <= top < top + height <= 180
            assert box["area"] == pytest.approx(width * height)
        people = read.loadAnns(read.getAnnIds(catIds=[1]))
        assert {one["attributes"]["team_side"] for one in people} == {"home"}
        # The second stands half out of the picture.
        assert [310.0, 90.0, 10.0, 9.0] in [one["bbox"] for one in people]


def test_a_picture_is_the_frame_that_its_boxes_are_of(
    club: Club, video: Path, tmp_path: Path
) -> None:
    import cv2

    from sports_assets.vision.frames import frames, timeline

    made = club.export(tmp_path / "set", SESSION)
    assert made.sessions == {SESSION: "train"}
    told = json.loads((tmp_path / "set" / "annotations" / "train.json").read_text())
    image = told["images"][3]
    assert image["frame_id"] == 32, "the first look of the fourth second in which nobody is hidden"
    picture = cv2.imread(str(tmp_path / "set" / "images" / "train" / image["file_name"]))
    (frame,) = frames(video, timeline(video), [32])
    assert np.abs(picture.astype(int) - frame.image).mean() < 3
    assert "athlete_id" not in (tmp_path / "set" / "clips.json").read_text()


def test_what_would_not_be_what_its_version_says_is_refused(tmp_path: Path, video: Path) -> None:
    club = Club(tmp_path / "home", video)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    with pytest.raises(TrainingSetError, match="is not empty"):
        club.export(tmp_path / "full")
    with pytest.raises(TrainingSetError, match="has no clips: materialise"):
        club.export(tmp_path / "none", "2020-01-01_football_x")
    with pytest.raises(TrainingSetError, match="one session at least"):
        export_training_set(club.store, {}, [], tmp_path / "none")
    row = footage_row(video)
    newer = positions(*looks(row)[1:])
    club.store.replace_sessions(VISION_POSITIONS, newer, [SESSION], WHY)
    with pytest.raises(TrainingSetError, match="are older than what was seen"):
        club.export(tmp_path / "none")
    club.replace(SESSION, footage(row), positions())
    with pytest.raises(TrainingSetError, match="anybody was seen"):
        club.export(tmp_path / "none", SESSION)
    gone = footage_row(video, uri=str(tmp_path / "gone.mp4"))
    club.replace(SESSION, footage(gone), positions(*looks(gone)))
    with pytest.raises(TrainingSetError, match=r"is gone from .*gone\.mp4"):
        club.export(tmp_path / "none", SESSION)
    assert not list(tmp_path.glob("none/annotations/*"))


@pytest.mark.slow
def test_footage_in_a_store_gives_the_same_set(
    club: Club, video: Path, tmp_path: Path, s3_options: dict[str, str]
) -> None:
    client = s3_client(s3_options)
    place = {"LocationConstraint": s3_options["region"]}
    client.create_bucket(Bucket="training", CreateBucketConfiguration=place)
    client.upload_file(str(video), "training", "main.mp4")
    away = Club(tmp_path / "away", video, "s3://training/main.mp4", s3_options)
    away.export(tmp_path / "stored" / "set")
    club.export(tmp_path / "local")
    assert contents(tmp_path / "stored" / "set") == contents(tmp_path / "local")
    assert [path.name for path in (tmp_path / "stored").iterdir()] == ["set"]


def test_the_command_tells_version_and_parts(club: Club, tmp_path: Path) -> None:
    into = tmp_path / "set"
    result = CliRunner().invoke(
        app, ["training-set", SESSION, OTHER, "--into", str(into), "--every", "2"],
        env={
            "COLUMNS": "200", "SPORTS_HOME": str(club.home),
            "SPORTS_CATALOG_URI": f"sqlite:///{club.home}/lakehouse/catalog.db?timeout=60",
            "SPORTS_WAREHOUSE_URI": str(club.home / "lakehouse"),
        },
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    version = json.loads((into / "annotations" / "val.json").read_text())["info"]["version"]
    assert version in result.output
    assert "4 frames, 8 people, 2 balls, of 1 sessions" in " ".join(result.output.split())


@pytest.mark.parametrize("is_good", [True, False])
def test_footage_that_cannot_be_believed_gives_no_clips(
    filmed: tuple[pa.Table, pa.Table, pa.Table], is_good: bool
) -> None:
    shot, people, happened = filmed
    told = [{"session_id": SESSION, "is_good": is_good}]
    rows = {
        FOOTAGE.key: shot,
        VISION_POSITIONS.key: people,
        EVENTS.key: happened,
        VISION_QUALITY.key: pa.Table.from_pylist(told, VISION_QUALITY.schema),
        SESSIONS.key: SESSIONS.empty(),
        CORE_ATHLETE.key: CORE_ATHLETE.empty(),
    }
    made = clips(SessionTables(SESSION, rows, {}), CORE_ATHLETE)
    assert (made.num_rows > 0) == is_good
