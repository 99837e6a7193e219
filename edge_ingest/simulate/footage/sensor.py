"""What lens and sensor do to a clean picture: blur, sharpening, drift of light, noise, tremble."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_ingest.simulate.footage.kits import Colour
from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.sprites import Sprite
from edge_ingest.simulate.footage.textures import Floats32, Image

Floats = NDArray[np.float64]

#: Noise is cut from a larger picture of it at random places, px.
_SPARE_PX = 192
#: Noise is coarser than a pixel, since colours are interpolated from a mosaic.
_GRAIN_PX = 0.6
#: What contrast turns about, of 255.
_MIDDLE = np.float32(118)
_STRIP_PX = 256


class Sensor:
    """The camera's own marks on each frame."""

    def __init__(self, parameters: SceneParameters) -> None:
        import cv2

        self._recorder = parameters.recorder
        self._lighting = parameters.lighting
        self._fps = parameters.fps
        self._rng = np.random.default_rng([parameters.seed, 31])
        camera = parameters.camera
        shape = camera.height_px + _SPARE_PX, camera.width_px + _SPARE_PX, 3
        rough = self._rng.standard_normal(shape, np.float32)
        noise = np.asarray(cv2.GaussianBlur(rough, (0, 0), _GRAIN_PX), np.float32)
        noise *= self._recorder.noise / float(noise.std())
        self._noise = np.clip(noise + 128.5, 0, 255).astype(np.uint8)
        self._tremble = self._vibration()
        self._phase = self._rng.uniform(0, 2 * np.pi, 2)

    def tremble_px(self, frame_id: int) -> tuple[float, float]:
        """How far the whole picture is shifted, px: x, y."""
        x, y = self._tremble[frame_id % len(self._tremble)]
        return float(x), float(y)

    def gain(self, frame_id: int) -> float:
        """How bright this frame is, of 1."""
        turn = 2 * np.pi * frame_id / self._fps / self._lighting.drift_s + self._phase
        wave = 0.7 * np.sin(turn[0]) + 0.3 * np.sin(2.3 * turn[1])
        return float(1 + self._lighting.drift * wave)

    def expose(self, image: Image, frame_id: int) -> Image:
        """A frame as it is stored."""
        import cv2

        x, y = self.tremble_px(frame_id)
        size = image.shape[1], image.shape[0]
        shown: cv2.typing.MatLike = image
        if x or y:
            shift = np.array([[1, 0, x], [0, 1, y]], np.float64)
            shown = cv2.warpAffine(shown, shift, size, borderMode=cv2.BORDER_REPLICATE)
        shown = cv2.GaussianBlur(shown, (0, 0), self._recorder.blur_px)
        if self._recorder.sharpening:
            soft = cv2.GaussianBlur(shown, (0, 0), 1.2)
            more = self._recorder.sharpening
            shown = cv2.addWeighted(shown, 1 + more, soft, -more, 0)
        left, top = self._rng.integers(0, _SPARE_PX, 2)
        noise = self._noise[top : top + size[1], left : left + size[0]]
        return np.asarray(cv2.addWeighted(shown, self.gain(frame_id), noise, 1, -128), np.uint8)

    def _vibration(self) -> Floats32:
        """A mast's swing: a few hertz, a fraction of a pixel."""
        from scipy.ndimage import gaussian_filter1d

        size = self._recorder.tremble_px
        if size == 0:
            return np.zeros((1, 2), np.float32)
        rough = self._rng.standard_normal((4096, 2))
        swing = gaussian_filter1d(rough, 0.06 * self._fps, axis=0, mode="wrap")
        return np.asarray(swing / swing.std() * size, np.float32)


@dataclass(frozen=True)
class Development:
    """The maker's contrast, colours and vignette.

    Attributes:
        contrast: about the middle.
        saturation: about grey.
        tint: gain of blue, green and red.
        light: how bright each place is by the vignette: height × width.
    """

    contrast: float
    saturation: float
    tint: tuple[float, float, float]
    light: Floats32

    def of(self, colour: Floats32) -> Floats32:
        """Colours (… × 3, 0 to 255), without the vignette."""
        grey = colour.mean(axis=-1, keepdims=True)
        value = grey + (colour - grey) * np.float32(self.saturation)
        value = _MIDDLE + (value - _MIDDLE) * np.float32(self.contrast)
        return np.asarray(np.clip(value * np.array(self.tint, np.float32), 0, 255), np.float32)

    def of_colour(self, colour: Colour) -> Colour:
        """One colour."""
        blue, green, red = self.of(np.array(colour, np.float32)).tolist()
        return round(blue), round(green), round(red)

    def of_sprite(self, sprite: Sprite) -> Sprite:
        """A sprite, with the vignette of its place."""
        tall, wide = self.light.shape
        rows = np.clip(np.arange(sprite.rows.start, sprite.rows.stop), 0, tall - 1)
        columns = np.clip(np.arange(sprite.columns.start, sprite.columns.stop), 0, wide - 1)
        opacity = np.maximum(sprite.opacity, np.float32(1e-3))[..., None]
        colour = self.of(np.asarray(sprite.colour / opacity, np.float32)) * opacity
        return replace(sprite, colour=colour * self.light[np.ix_(rows, columns)][..., None])

    def light_at(self, pixel: Floats) -> float:
        """The vignette's at a pixel; the nearest one's outside of the picture."""
        rows, columns = self.light.shape
        x, y = np.clip(pixel, 0, [columns - 1, rows - 1]).astype(int)
        return float(self.light[y, x])


def develop(image: Image, parameters: SceneParameters) -> tuple[Image, Development]:
    """The empty scene as the camera shows it, and how it does so."""
    recorder = parameters.recorder
    height, width = image.shape[:2]
    x = (np.arange(width, dtype=np.float32) - width / 2) / (width / 2)
    y = (np.arange(height, dtype=np.float32) - height / 2) / (width / 2)
    off = np.clip(x[None] ** 2 + y[:, None] ** 2, 0, 1.3) ** 1.5
    light = np.asarray(1 - np.float32(recorder.vignette) * off, np.float32)
    how = Development(recorder.contrast, recorder.saturation, recorder.tint, light)
    shown = np.empty_like(image)
    for top in range(0, height, _STRIP_PX):  # floats of a whole panorama are large
        rows = slice(top, top + _STRIP_PX)
        shown[rows] = how.of(image[rows].astype(np.float32)) * light[rows][..., None]
    return shown, how
