"""Who looks like what."""

import numpy as np

from edge_ingest.simulate.footage.figure import Look
from edge_ingest.simulate.footage.kits import Colour, Kit, Kits
from edge_ingest.simulate.footage.tracking import Thing

_SKIN: tuple[Colour, ...] = (
    (150, 178, 226), (128, 160, 212), (100, 134, 188), (62, 90, 136), (44, 62, 96),
)  # fmt: skip
_HAIR: tuple[Colour, ...] = (
    (20, 24, 30), (28, 40, 58), (50, 80, 110), (90, 150, 190), (34, 34, 40),
)  # fmt: skip
_BOOTS: tuple[Colour, ...] = (
    (30, 30, 34), (225, 228, 230), (70, 230, 235), (60, 60, 220), (90, 230, 90), (220, 130, 40),
)  # fmt: skip
_FLAG: Colour = (40, 120, 240)


def dress(thing: Thing, kits: Kits, rng: np.random.Generator) -> Look:
    """What someone wears, and looks like; draws equally often whoever it is."""
    skin = _SKIN[int(rng.choice(5, p=[0.25, 0.25, 0.2, 0.15, 0.15]))]
    hair = _HAIR[int(rng.integers(len(_HAIR)))]
    boots = _BOOTS[int(rng.integers(len(_BOOTS)))]
    long_sleeves = bool(rng.random() < 0.15)  # noqa: PLR2004
    number = int(rng.integers(2, 34))
    shirt, shorts, socks = rng.integers(25, 150, (3, 3)).tolist()
    if thing.kind == "official":
        flag = _FLAG if thing.role == "assistant" else None
        return Look(kits.referee, skin, hair, _BOOTS[0], long_sleeves, flag=flag)
    if thing.side is None:
        dull = Kit(tuple(shirt), tuple(shorts), tuple(socks))
        return Look(dull, skin, hair, boots, long_sleeves=True)
    is_home = thing.side == "home"
    if thing.role == "goalkeeper":
        kit = kits.home_keeper if is_home else kits.away_keeper
        return Look(kit, skin, hair, boots, long_sleeves=True, number=1)
    return Look(kits.home if is_home else kits.away, skin, hair, boots, long_sleeves, number)
