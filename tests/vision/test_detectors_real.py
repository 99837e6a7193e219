"""People of the real cameras: found where a person counted them."""

from pathlib import Path

import numpy as np
import pytest

from sports_assets.vision.detect.detectors import open_detector
from sports_assets.vision.frames import Image, frames, timeline
from tests.vision import camera_people

#: Missed, and extra, in each frame at most. At the right camera two substitutes sit within a pixel
#: of the touchline.
ALLOWED = {"left": {"motion": (2, 2), "onnx": (1, 1)}, "right": {"motion": (2, 2), "onnx": (1, 2)}}
#: Who is surer than this is counted.
SURE = 0.5
#: Between frames that `motion` learns from, as at five looks a second.
_EACH, _LOOKS = 5, 4


def median_of(pictures: list[Image]) -> Image:
    """A few rows at a time: a copy of all would be large."""
    made = np.empty_like(pictures[0])
    for row in range(0, len(made), 64):
        made[row : row + 64] = np.median([one[row : row + 64] for one in pictures], axis=0)
    return made


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize("camera", ["left", "right"])
def test_people_on_the_pitch_are_seen_and_nobody_else(real_data: Path, camera: str) -> None:
    footage = real_data / "footage" / f"{camera}_camera.mp4"
    counted = camera_people.people(camera)
    line = timeline(footage)
    spread = set(range(0, 250, 16))
    near = {number - _EACH * look for number in counted for look in range(_LOOKS)}
    kept = {one.frame_id: one for one in frames(footage, line, sorted(spread | near))}
    scene = camera_people.scene(camera, median_of([kept[number].image for number in spread]))
    for name, (most_missed, most_extra) in ALLOWED[camera].items():
        detector = open_detector(name, real_data / "models" / "yolox_nano_dyn.onnx")
        for number in sorted(near):
            if name == "motion" or number in counted:
                seen = detector.look(kept[number], scene)
            if number in counted:
                missed, extra = camera_people.missed_and_extra(camera, number, seen, SURE)
                assert missed <= most_missed, f"{name} misses {missed} in frame {number}"
                assert extra <= most_extra, f"{name} tells {extra} too many in frame {number}"
