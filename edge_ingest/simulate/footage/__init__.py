"""A match drawn as a still camera sees it, with its truth: people, ball, boxes, the camera."""

from edge_ingest.simulate.footage.parameters import SceneParameters, draw_parameters
from edge_ingest.simulate.footage.scene import (
    Scene,
    SceneFiles,
    draw_match,
    write_scene,
)
from edge_ingest.simulate.footage.sources import read_stretch
from edge_ingest.simulate.footage.tracking import Thing, Tracking, from_positions
from edge_ingest.simulate.footage.truth import SCHEMA, Truth
from edge_ingest.simulate.footage.variants import (
    court_parameters,
    draw_black,
    on_court,
    pair_parameters,
)

__all__ = [
    "SCHEMA",
    "Scene",
    "SceneFiles",
    "SceneParameters",
    "Thing",
    "Tracking",
    "Truth",
    "court_parameters",
    "draw_black",
    "draw_match",
    "draw_parameters",
    "from_positions",
    "on_court",
    "pair_parameters",
    "read_stretch",
    "write_scene",
]
