"""A short match of few people, and a scene that draws it fast: small, without noise or blur."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from edge_ingest.camera import Camera
from edge_ingest.simulate.footage import SceneParameters, Tracking, draw_parameters, from_positions
from edge_ingest.simulate.footage.kits import Kit, Kits

SECONDS = 1.2
CAMERA = Camera(960, 540, 560.0, 0.0, -62.0, 20.0, 90.0, 19.0, roll_deg=0.4, k1=-0.05)


BRIGHT = Kits(
    Kit((240, 240, 240), (230, 230, 230), (235, 235, 235)),
    Kit((30, 30, 210), (30, 30, 200), (30, 30, 210)),
    Kit((40, 230, 240), (40, 220, 230), (40, 230, 240)),
    Kit((200, 90, 240), (200, 90, 230), (200, 90, 240)),
    Kit((230, 180, 100), (230, 180, 100), (230, 180, 100)),
)


def positions(seconds: float = SECONDS) -> pa.Table:
    """Rows as `raw/positions` has them, at 10 Hz: ten people on lines of their own, and a ball."""
    times = np.round(np.arange(-10, round(seconds * 10) + 10) / 10 + 100, 3)
    rows: dict[str, list[object]] = {
        name: []
        for name in ("period_id", "period_time_s", "object_kind", "source_athlete_id", "team_side",
                     "x_m", "y_m", "z_m")
    }  # fmt: skip

    def add(time: float, kind: str, one: str | None, side: str | None, place: tuple) -> None:
        values = (1, time, kind, one, side, *place)
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)

    for time in times:
        at = time - 100
        for number in range(10):
            side = "home" if number < 5 else "away"
            x, y = -36 + 8 * number + (number % 4) * at, -24 + 5 * number + 0.5 * at
            if not (number == 3 and at > 0.5):  # lost by the source
                add(time, "athlete", f"p{number}", side, (x, y, None))
        add(time, "ball", None, None, (-3 + 9 * at, -18.0, 0.3 + 0.2 * at))
    return pa.table(rows)


def tracking(seconds: float = SECONDS) -> Tracking:
    """The same, ready to be drawn: p0 and p9 are goalkeepers."""
    roles = {"p0": "goalkeeper", "p9": "goalkeeper"}
    return from_positions(positions(seconds), roles, 100.0, seconds)


def parameters(seed: int = 8, is_small: bool = False, **changes: object) -> SceneParameters:
    """A plain scene of a small camera: what differs from the empty scene is people."""
    drawn = draw_parameters(seed, view="whole", size_px=(960, 540), fps=25)
    camera = CAMERA.resized(480, 270) if is_small else CAMERA
    plain = replace(
        drawn,
        camera=camera,
        kits=BRIGHT,
        grass=replace(drawn.grass, surround="grass", wear=0.0),
        surroundings=replace(
            drawn.surroundings, boards=False, fence=False, stand=False, trees=False,
            buildings=False, masts=False, people=2, balls=1,
        ),
        lighting=replace(drawn.lighting, kind="overcast", drift=0.0, shade_y_m=None),
        recorder=replace(
            drawn.recorder, noise=0.0, blur_px=0.1, sharpening=0.0, vignette=0.0, tremble_px=0.0,
            sway_px=0.0, contrast=1.0, saturation=1.0, exposure_s=0.002,
        ),
    )  # fmt: skip
    return replace(plain, **changes)
