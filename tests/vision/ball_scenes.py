"""Small pictures of grass with things on it, for the tests of the ball."""

from dataclasses import dataclass

import cv2
import numpy as np

from edge_ingest.camera import Camera
from sports_assets.vision.detection import Scene
from sports_assets.vision.frames import Frame
from sports_assets.vision.pitch import FieldSize

CAMERA = Camera(640, 360, 560, 0, -38, 12, 90, 20)
FIELD = FieldSize(60, 40)
GRASS = (60, 110, 70)


@dataclass
class Grass:
    """A still camera's picture of a field with lines, a spot and a spare ball beside it."""

    seed: int = 0

    def __post_init__(self):
        random = np.random.default_rng(self.seed)
        image = np.full((360, 640, 3), GRASS, np.float32)
        image += cv2.GaussianBlur(
            random.normal(0, 12, (360, 640, 1)).astype(np.float32), (0, 0), 2
        )[:, :, None]
        for one, other in (((-30, -20), (30, -20)), ((0, -20), (0, 20))):
            ends = np.rint(CAMERA.project([one, other])).astype(int)
            cv2.line(image, tuple(map(int, ends[0])), tuple(map(int, ends[1])), (225, 225, 225), 2)
        for place in ((12.0, 0.0, 0.0), (-10.0, -21.5, 0.11)):
            draw_ball(image, place)
        self.still = image
        self._random = random

    @property
    def scene(self):
        pixels = np.column_stack(
            [one.ravel() for one in np.meshgrid(np.arange(640), np.arange(360))]
        )
        ground = np.nan_to_num(CAMERA.ground(pixels), nan=1e6)
        pitch = FIELD.holds(ground, 2.0).reshape(360, 640)
        background = np.clip(self.still, 0, 255).astype(np.uint8)
        return Scene(background, pitch, CAMERA, FIELD)

    def frame(self, number, balls=(), people=(), light=1.0, rate=25):
        image = self.still.copy()
        for place in people:
            draw_person(image, place)
        for place in balls:
            draw_ball(image, place)
        image = image * light + self._random.normal(0, 2, image.shape)
        return Frame(number, number / rate, np.clip(image, 0, 255).astype(np.uint8))


def draw_ball(image, place, colour=(235, 240, 240)):
    middle = CAMERA.project([place])[0]
    far_m = np.linalg.norm(np.array(place) - [CAMERA.x_m, CAMERA.y_m, CAMERA.z_m])
    radius = CAMERA.focal_px * 0.11 / far_m
    shift = 4
    scaled = np.rint(middle * 2**shift).astype(int)
    cv2.circle(
        image, (int(scaled[0]), int(scaled[1])), round(radius * 2**shift), colour, -1, cv2.LINE_8,
        shift,
    )  # fmt: skip


def draw_person(image, place, shirt=(200, 60, 40)):
    left, top, right, bottom = person_box(place)
    middle = top + (bottom - top) * 0.55
    for high, low, colour in ((top, middle, shirt), (middle, bottom, (240, 240, 240))):
        cv2.rectangle(
            image, (round(left), round(high)), (round(right), round(low)), colour, -1
        )  # white socks


def person_box(place):
    foot = CAMERA.project([place])[0]
    tall = float(CAMERA.upright_px([place], 1.8)[0])
    return np.array([foot[0] - tall / 7, foot[1] - tall, foot[0] + tall / 7, foot[1]])
