"""A drawn pitch with people of known places, and a labelling service that sees what is no grass."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from edge_ingest.camera import Camera
from resources.footage_analyser import Labelled
from sports_assets.vision.detection import Scene
from sports_assets.vision.frames import Frame, Image
from sports_assets.vision.pitch import FieldSize, marks

FIELD = FieldSize()
CAMERA = Camera(960, 540, 900.0, 0.0, -62.0, 16.0, 90.0, 14.0)
GRASS, LINE, BLUE, BLACK = (70, 120, 75), (215, 220, 215), (200, 60, 30), (25, 22, 20)


@cache
def empty_pitch(seed: int = 1) -> Image:
    """Grass in stripes, with lines."""
    import cv2

    rows, columns = np.mgrid[: CAMERA.height_px, : CAMERA.width_px]
    places = CAMERA.ground(np.column_stack([columns.ravel(), rows.ravel()]))
    stripe = (np.floor(np.nan_to_num(places[:, 0], nan=0.0) / 6) % 2 * 8 - 4).reshape(rows.shape)
    image = np.clip(np.array(GRASS) + stripe[..., None], 0, 255).astype(np.uint8)
    sky = ~np.isfinite(places).all(axis=1).reshape(rows.shape)
    image[sky] = (200, 180, 160)
    for line in marks(FIELD).values():
        pixels = CAMERA.project(line)
        seen = pixels[np.isfinite(pixels).all(axis=1)]
        cv2.polylines(image, [np.rint(seen).astype(np.int32)], False, LINE, 1, cv2.LINE_AA)
    return noisy(image, seed)


def noisy(image: Image, seed: int, light: float = 1.0) -> Image:
    """The same with noise and another light."""
    chance = np.random.default_rng(seed)
    return np.clip(image * light + chance.normal(0, 2, image.shape), 0, 255).astype(np.uint8)


def with_people(image: Image, places: np.ndarray, colour: tuple[int, int, int] = BLUE) -> Image:
    """Upright people, far ones first: a head, shirt, shorts and legs."""
    drawn = image.copy()
    for place in places[np.argsort(-places[:, 1])]:
        x, y = CAMERA.project(place[None])[0]
        tall = float(CAMERA.upright_px(place[None], 1.8)[0])
        for begin, end, half, shade in (
            (0.0, 0.5, 0.1, 1.0), (0.5, 0.86, 0.14, 1.0), (0.86, 1.0, 0.06, 0.8),
        ):  # fmt: skip
            rows = slice(max(0, round(y - end * tall)), max(0, round(y - begin * tall)))
            columns = slice(max(0, round(x - half * tall)), max(0, round(x + half * tall)))
            drawn[rows, columns] = np.array(colour) * shade
    return drawn


def scene(background: Image, is_calibrated: bool = True) -> Scene:
    """What is known of the drawn pitch."""
    pitch = _pitch()
    return Scene(background, pitch, CAMERA, FIELD) if is_calibrated else Scene(background, pitch)


@cache
def _pitch() -> np.ndarray:
    rows, columns = np.mgrid[: CAMERA.height_px, : CAMERA.width_px]
    places = CAMERA.ground(np.column_stack([columns.ravel(), rows.ravel()]))
    found = FIELD.holds(np.nan_to_num(places, nan=1e6), 1.0).reshape(rows.shape)
    found.flags.writeable = False  # many tests share it
    return found


def frame(number: int, image: Image) -> Frame:
    return Frame(number, number / 5, image)


@dataclass
class BlueAnalyser:
    """Labels each blue thing of the JPEG that it is sent."""

    asked: list[int] = field(default_factory=list)

    def label(self, jpeg: bytes, at_least: float) -> tuple[Labelled, ...]:
        import cv2

        self.asked.append(len(jpeg))
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        height, width = image.shape[:2]
        is_blue = (image[..., 0].astype(int) - image[..., 1] > 60).astype(np.uint8)
        _, _, found, _ = cv2.connectedComponentsWithStats(is_blue)
        return tuple(
            Labelled("Person", 0.9, (left / width, top / height, wide / width, high / height))
            for left, top, wide, high, area in found[1:].tolist()
            if area > 40
        )
