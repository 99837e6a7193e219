"""A look that fails costs its own video only, and says why; other instants are another look."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edge_ingest.camera import Camera
from sports_assets.vision.detection import Scene, Seen
from sports_assets.vision.frames import Frame
from sports_assets.vision.look import Video, look_at, made_by
from sports_assets.vision.pitch import FieldSize
from tests.edge_ingest.footage_clips import encode
from tests.vision.drawn_pitch import Look, draw_pitch

BEGIN = datetime(2026, 5, 2, 13, 30, tzinfo=UTC)

pytestmark = pytest.mark.slow


class Failing:
    """A detector that its mathematics leaves in the third look."""

    name = "failing"
    looks = 0

    def look(self, frame: Frame, scene: Scene) -> Seen:
        self.looks += 1
        if self.looks == 3:
            np.linalg.inv(np.zeros((2, 2)))
        return Seen.nothing()


def test_a_fault_of_mathematics_refuses_the_video_in_words(tmp_path: Path) -> None:
    picture = draw_pitch(
        Camera(960, 540, 560.0, -2.0, -52.0, 12.0, 90.0, 14.0), FieldSize(), Look(has_text=True)
    )
    path = encode(tmp_path / "a.mp4", [picture] * 20)
    detector = Failing()
    looked = look_at(Video(path, "s", "a" * 64, "main", BEGIN), detector, "way")
    (row,) = looked.camera.to_pylist()
    assert detector.looks == 3
    assert (row["state"], row["looks"], row["made_by"]) == ("refused", 0, "way")
    assert "LinAlgError: Singular matrix" in row["reason"]
    assert looked.looks.num_rows == looked.detections.num_rows == 0


def test_a_look_is_another_where_its_rows_would_be() -> None:
    one = made_by("motion", None, None, "left", BEGIN)
    assert one == made_by("motion", None, None, "left", BEGIN)
    others = {
        made_by("motion", None, "{}", "left", BEGIN),
        made_by("motion", None, None, "right", BEGIN),
        made_by("motion", None, None, "left", BEGIN + timedelta(seconds=1)),
    }
    assert len({one} | others) == 4
