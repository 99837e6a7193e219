"""What a scene looks like: drawn at random from a seed, so that no two scenes are alike."""

from dataclasses import asdict, dataclass, fields
from typing import Literal

import numpy as np

from edge_ingest.camera import Camera
from edge_ingest.simulate.footage.kits import Colour, Kits, draw_kits
from edge_ingest.simulate.footage.viewpoint import View, draw_camera

Mowing = Literal["none", "across", "along", "chequered"]
Light = Literal["sun", "overcast", "floodlight"]

#: Pictures as cameras store them; the last is that of a panorama.
SIZES_PX = ((1280, 720), (1920, 1080), (2560, 1440), (2560, 960))


@dataclass(frozen=True)
class Grass:
    """The ground.

    Attributes:
        colour: of most of it.
        mowing, stripe_m, contrast: stripes, their width and how much they differ (share).
        patches: strength of colour that varies over metres (share).
        wear: 0 to 1, how worn goal mouths and centre are.
        grain: strength of the texture (share).
        surround: what lies beyond the run-off.
    """

    colour: Colour
    mowing: Mowing
    stripe_m: float
    contrast: float
    patches: float
    wear: float
    grain: float
    surround: Literal["grass", "track", "concrete"]


@dataclass(frozen=True)
class Lines:
    """The markings.

    Attributes:
        width_m: law 1 allows up to 0.12.
        strength: 0 to 1, how white they still are.
        wear: 0 to 1, how patchy.
        lettering: words painted beside the near touchline; empty: none.
    """

    width_m: float
    strength: float
    wear: float
    lettering: str


@dataclass(frozen=True)
class Surroundings:
    """What stands around the pitch.

    Attributes:
        boards, fence, stand, trees, buildings, masts: whether there are any.
        crowd: share of seats taken.
        cloud: 0 to 1, how much of the sky is covered.
        people, balls: beside the pitch.
        seed: what else differs.
    """

    boards: bool
    fence: bool
    stand: bool
    trees: bool
    buildings: bool
    masts: bool
    crowd: float
    cloud: float
    people: int
    balls: int
    seed: int


@dataclass(frozen=True)
class Lighting:
    """Light.

    Attributes:
        kind: sun and one sharp shadow, overcast and none, floodlights and four faint ones.
        azimuth_deg, elevation_deg: of the sun; counter-clockwise from +x, above the horizon.
        shadow: 0 to 1, how dark shadows are.
        shade_y_m: the ground on the near side of this lies in a stand's shade; None: none does.
        drift: how much brightness drifts (share), and `drift_s` how slowly.
        is_night: only floodlights are bright.
    """

    kind: Light
    azimuth_deg: float
    elevation_deg: float
    shadow: float
    shade_y_m: float | None
    drift: float
    drift_s: float
    is_night: bool = False


@dataclass(frozen=True)
class Recorder:
    """What the camera adds.

    Attributes:
        noise: standard deviation of a pixel's noise, of 255.
        blur_px: standard deviation of the lens' blur.
        sharpening: strength of what the camera does against it.
        vignette: how much darker the corners are (share).
        contrast, saturation: as the maker likes them.
        tint: gain of blue, green and red.
        tremble_px: standard deviation of a mast's vibration.
        exposure_s: how long a frame is exposed.
        sway_px: how far leaves move in the wind.
        crf, key_interval_s: of the encoder.
    """

    noise: float
    blur_px: float
    sharpening: float
    vignette: float
    contrast: float
    saturation: float
    tint: tuple[float, float, float]
    tremble_px: float
    exposure_s: float
    sway_px: float
    crf: int
    key_interval_s: float


@dataclass(frozen=True)
class SceneParameters:
    """All that decides how a scene is drawn, but for who is where."""

    seed: int
    view: View
    camera: Camera
    fps: int
    field_m: tuple[float, float]
    kits: Kits
    grass: Grass
    lines: Lines
    surroundings: Surroundings
    lighting: Lighting
    recorder: Recorder

    def to_dict(self) -> dict[str, object]:
        """As JSON has it, without the camera."""
        told = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name != "camera":
                told[one.name] = asdict(value) if hasattr(value, "__dataclass_fields__") else value
        return told


def draw_parameters(
    seed: int,
    field_m: tuple[float, float] = (105.0, 68.0),
    view: View | None = None,
    size_px: tuple[int, int] | None = None,
    fps: int | None = None,
    *,
    is_court: bool = False,
) -> SceneParameters:
    """The scene of a seed.

    Args:
        seed: 0 or more; the same one gives the same scene.
        field_m: length and width of the field.
        view, size_px, fps: what is not to be left to chance.
        is_court: in a hall.
    """
    rng = np.random.default_rng([seed, 5])
    drawn_view: View = ("whole", "left half", "right half")[int(rng.choice(3, p=[0.6, 0.2, 0.2]))]
    view = view or drawn_view
    # People across a whole pitch are too small to be seen in a small picture.
    share = [0.0, 0.3, 0.4, 0.3] if view == "whole" else [0.35, 0.4, 0.25, 0.0]
    drawn_size = SIZES_PX[int(rng.choice(len(SIZES_PX), p=share))]
    rate = int(rng.choice([25, 30], p=[0.7, 0.3]))
    kits = draw_kits(rng)
    camera = draw_camera(rng, view, size_px or drawn_size, field_m, is_court=is_court)
    lighting = _lighting(rng, field_m)
    return SceneParameters(
        seed=seed, view=view, camera=camera, fps=fps or rate, field_m=field_m, kits=kits,
        grass=_grass(rng), lines=_lines(rng), surroundings=_surroundings(rng, lighting),
        lighting=lighting, recorder=_recorder(rng),
    )  # fmt: skip


def _grass(rng: np.random.Generator) -> Grass:
    hue = rng.uniform(0, 1)  # from bluish artificial turf to dry, yellowish grass
    base = np.array([64, 88, 64]) * (1 - hue) + np.array([58, 104, 88]) * hue
    base = base * rng.uniform(0.9, 1.3)
    mowing: Mowing = ("none", "across", "along", "chequered")[
        int(rng.choice(4, p=[0.2, 0.5, 0.15, 0.15]))
    ]
    return Grass(
        colour=tuple(round(float(one)) for one in base),  # type: ignore[arg-type]
        mowing=mowing,
        stripe_m=float(rng.choice([5.25, 5.5, 6.5, 8.75])),
        contrast=float(rng.uniform(0.04, 0.16)),
        patches=float(rng.uniform(0.02, 0.09)),
        wear=float(rng.uniform(0, 0.8)),
        grain=float(rng.uniform(0.05, 0.12)),
        surround=("grass", "track", "concrete")[int(rng.choice(3, p=[0.5, 0.25, 0.25]))],
    )


_WORDS = ("United", "Stadium", "City", "Academy", "Sports Park", "1904", "Rovers")


def _lines(rng: np.random.Generator) -> Lines:
    word = str(rng.choice(_WORDS))
    return Lines(
        width_m=float(rng.uniform(0.10, 0.12)),
        strength=float(rng.uniform(0.6, 0.95)),
        wear=float(rng.uniform(0, 0.5)),
        lettering=word if rng.random() < 0.3 else "",  # noqa: PLR2004 - some grounds have it
    )


def _surroundings(rng: np.random.Generator, lighting: Lighting) -> Surroundings:
    stand = rng.random() < 0.45  # noqa: PLR2004
    cloud = rng.uniform(0.1, 0.6) if lighting.kind == "sun" else rng.uniform(0.7, 1.0)
    return Surroundings(
        boards=bool(rng.random() < 0.6),  # noqa: PLR2004
        fence=bool(rng.random() < 0.5),  # noqa: PLR2004
        stand=bool(stand),
        trees=bool(rng.random() < (0.5 if stand else 0.95)),
        buildings=bool(rng.random() < 0.5),  # noqa: PLR2004
        masts=bool(rng.random() < 0.6 or lighting.kind == "floodlight"),  # noqa: PLR2004
        crowd=float(rng.beta(0.8, 1.0)),
        cloud=float(cloud),
        people=int(rng.integers(0, 11)),
        balls=int(rng.integers(0, 4)) if rng.random() < 0.6 else 0,  # noqa: PLR2004
        seed=int(rng.integers(2**31)),
    )


def _lighting(rng: np.random.Generator, field_m: tuple[float, float]) -> Lighting:
    kind: Light = ("sun", "overcast", "floodlight")[int(rng.choice(3, p=[0.45, 0.4, 0.15]))]
    shade = None
    if kind == "sun" and rng.random() < 0.3:  # noqa: PLR2004 - many a ground has a stand
        shade = float(rng.uniform(-field_m[1] / 2 - 2, -field_m[1] / 2 + 22))
    return Lighting(
        kind=kind,
        azimuth_deg=float(rng.uniform(0, 360)) if shade is None else float(rng.uniform(220, 320)),
        elevation_deg=float(rng.uniform(22, 62)),
        shadow=float(rng.uniform(0.35, 0.55) if kind == "sun" else rng.uniform(0.1, 0.2)),
        shade_y_m=shade,
        drift=float(rng.uniform(0.0, 0.08)),
        drift_s=float(rng.uniform(25, 120)),
        is_night=kind == "floodlight" and bool(rng.random() < 0.7),  # noqa: PLR2004
    )


def _recorder(rng: np.random.Generator) -> Recorder:
    return Recorder(
        noise=float(rng.uniform(1.0, 4.5)),
        blur_px=float(rng.uniform(0.3, 0.8)),
        sharpening=float(rng.uniform(0.0, 0.9)) if rng.random() < 0.6 else 0.0,  # noqa: PLR2004
        vignette=float(rng.uniform(0.0, 0.25)),
        contrast=float(rng.uniform(0.95, 1.15)),
        saturation=float(rng.uniform(0.8, 1.2)),
        tint=tuple(float(one) for one in rng.normal(1, 0.025, 3)),  # type: ignore[arg-type]
        tremble_px=float(rng.uniform(0.05, 0.4)) if rng.random() < 0.35 else 0.0,  # noqa: PLR2004
        exposure_s=float(rng.choice([1 / 50, 1 / 100, 1 / 250, 1 / 500])),
        sway_px=float(rng.uniform(0.3, 1.5)) if rng.random() < 0.7 else 0.0,  # noqa: PLR2004
        crf=int(rng.integers(20, 31)),
        key_interval_s=float(rng.choice([1.0, 2.0, 4.0])),
    )
