"""A frame of a scene: people, ball and shadows on the empty scene, and what is seen of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from edge_ingest.simulate.footage.background import shade
from edge_ingest.simulate.footage.ball import BALL_M, draw_ball
from edge_ingest.simulate.footage.figure import Lit, Look, draw_figure
from edge_ingest.simulate.footage.gait import Build, Motion, pose
from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.sensor import Development
from edge_ingest.simulate.footage.shadows import Spot, cast, contact, lamps, on_ground
from edge_ingest.simulate.footage.sprites import Sprite, blend, hide, overlap, seen_share
from edge_ingest.simulate.footage.textures import Image
from edge_ingest.simulate.footage.tracking import Tracking

Floats = NDArray[np.float64]

#: Whoever is shorter in the picture casts a simpler shadow, px.
_SMALL_PX = 40.0
#: In a stand's shade the sun casts hardly a shadow: share of its strength.
_IN_SHADE = 0.25
#: Soft dark spots: radius (m) and strength, of people and of a ball on the ground.
_FEET, _BALL_SPOT = (0.26, 0.38), (0.13, 0.40)


@dataclass(frozen=True)
class Shown:
    """What is seen of a thing in a frame: the box of its figure, and the share of it."""

    box: tuple[float, float, float, float]
    share: float


@dataclass(frozen=True)
class Cast:
    """Everybody: paths, how they move, their bodies and their clothes, in the same order."""

    tracking: Tracking
    moves: Motion
    build: Build
    looks: Sequence[Look]


class Stage:
    """Draws the people of a scene."""

    def __init__(self, parameters: SceneParameters, people: Cast, development: Development) -> None:
        self._parameters = parameters
        self._development = development
        self._tracking, self._moves, self._build = people.tracking, people.moves, people.build
        self._looks = [one.developed(development) for one in people.looks]
        self._lamps = lamps(parameters.lighting, parameters.field_m)
        self._is_person = np.array([one.shape == "person" for one in people.tracking.things])
        places, t_s = people.tracking.places_m, people.tracking.t_s
        velocity = np.zeros_like(places)
        if t_s.size > 1:
            velocity = np.nan_to_num(np.gradient(places, t_s, axis=1))
        self._velocity = velocity

    def draw(
        self, image: Image, camera: Camera, frame: int, props: Sequence[Sprite]
    ) -> dict[int, Shown]:
        """Draw everybody who is there in a frame.

        Args:
            image: the empty scene with its props; drawn on.
            camera: of this frame.
            frame: its number.
            props: as they were developed, the furthest first.

        Returns:
            what is seen, by row of the tracking; things out of the picture are missing.
        """
        there = np.flatnonzero(np.isfinite(self._tracking.places_m[:, frame, 0]))
        people = there[self._is_person[there]]
        sprites: dict[int, Sprite] = {}
        if people.size:
            sprites.update(self._people(image, camera, frame, people))
        for row in there[~self._is_person[there]]:
            sprite = self._ball(image, camera, frame, int(row))
            if sprite is not None:
                sprites[int(row)] = sprite
        return self._compose(image, frame, sprites, props)

    def _people(
        self, image: Image, camera: Camera, frame: int, people: NDArray[np.int64]
    ) -> dict[int, Sprite]:
        places = self._tracking.places_m[people, frame, :2]
        joints = pose(places, self._moves.at(people, frame), self._build, people)
        count, parts = joints.shape[:2]
        pixels = camera.project(joints.reshape(-1, 3)).reshape(count, parts, 2)
        stand = np.array([camera.x_m, camera.y_m, camera.z_m])
        depth = (joints - stand) @ camera.rotation[2]
        scale = px_per_m(camera, places, 1.0)
        inside = np.flatnonzero(_is_near(pixels, camera))
        light = shade(self._parameters.lighting, places[:, 1])
        feet = camera.project(places)
        for lamp in self._lamps:
            fallen = camera.project(on_ground(joints, lamp).reshape(-1, 2))
            fallen = fallen.reshape(count, parts, 2)
            for number in inside:
                strength = lamp.strength * self._fade(people[number], frame)
                strength *= _IN_SHADE if light[number] < 1 else 1.0
                spot = Spot.at(camera, places[number], float(scale[number]))
                is_sharp = scale[number] > _SMALL_PX / 1.8
                cast(image, fallen[number], spot, strength, is_sharp=is_sharp)
        for number in inside:
            spot = Spot.at(camera, places[number], float(scale[number]))
            strength = _FEET[1] * self._fade(people[number], frame)
            contact(image, feet[number], spot, _FEET[0], strength)
        lit = self._lit(camera)
        drawn = {}
        for number in inside:
            gain = float(light[number]) * self._development.light_at(pixels[number].mean(axis=0))
            sprite = draw_figure(
                pixels[number], depth[number], float(scale[number]), self._looks[people[number]],
                lit.times(gain), far_m=float(np.linalg.norm(places[number] - stand[:2])),
            )  # fmt: skip
            if sprite is not None:
                drawn[int(people[number])] = sprite
        return drawn

    def _ball(self, image: Image, camera: Camera, frame: int, row: int) -> Sprite | None:
        place = self._tracking.places_m[row, frame]
        half = self._velocity[row, frame] * self._parameters.recorder.exposure_s / 2
        trail = camera.project(np.stack([place - half, place + half]))
        if not _is_near(trail[None], camera)[0]:
            return None
        light = float(shade(self._parameters.lighting, place[1:2])[0])
        fade = self._fade(row, frame)
        size = float(px_per_m(camera, place[None, :2], 0.0)[0])
        spot = Spot.at(camera, place[:2], size)
        for lamp in self._lamps:
            fallen = camera.project(on_ground(place[None], lamp))[0]
            strength = lamp.strength * fade * (_IN_SHADE if light < 1 else 1.0)
            contact(image, fallen, spot, BALL_M / 2, strength)
        lift = max(0.0, float(place[2]) - BALL_M / 2)
        strength = _BALL_SPOT[1] * fade / (1 + 3 * lift) ** 2
        contact(
            image, camera.project(place[None, :2])[0], spot, _BALL_SPOT[0] + 0.1 * lift, strength
        )
        gain = light * self._development.light_at(trail.mean(axis=0))
        turn = float(self._moves.phase[row, frame] * 2 + place[0] * 4)
        return draw_ball(
            trail, float(px_per_m(camera, place[None, :2], float(place[2]))[0]),
            self._lit(camera).times(gain), turn=turn,
            far_m=float(np.hypot(place[0] - camera.x_m, place[1] - camera.y_m)),
        )  # fmt: skip

    def _compose(
        self, image: Image, frame: int, sprites: dict[int, Sprite], props: Sequence[Sprite]
    ) -> dict[int, Shown]:
        """Lay sprites over the picture, the furthest first, and props over whoever is behind."""
        order = sorted(sprites, key=lambda row: (-sprites[row].far_m, row))
        left_over = {row: sprites[row].opacity.copy() for row in order}
        behind: list[int] = []
        coming = list(props)

        def cover(prop: Sprite) -> None:
            hidden = [row for row in behind if overlap(prop, sprites[row]) is not None]
            for row in hidden:
                hide(left_over[row], sprites[row], prop)
            cuts = [cut for row in hidden if (cut := overlap(prop, sprites[row])) is not None]
            if cuts:  # the prop is in the empty scene already: only what was drawn over it
                rows = slice(min(c[0].start for c in cuts), max(c[0].stop for c in cuts))
                columns = slice(min(c[1].start for c in cuts), max(c[1].stop for c in cuts))
                blend(image, prop, within=(rows, columns))

        for row in order:
            sprite = sprites[row]
            while coming and coming[0].far_m >= sprite.far_m:
                cover(coming.pop(0))
            blend(image, sprite, self._fade(row, frame))
            for other in behind:
                hide(left_over[other], sprites[other], sprite)
            behind.append(row)
        for prop in coming:
            cover(prop)
        size = image.shape[0], image.shape[1]
        return {
            row: Shown(
                sprites[row].box,
                seen_share(left_over[row], sprites[row], size) * self._fade(row, frame),
            )
            for row in order
        }

    def _fade(self, row: int | np.int64, frame: int) -> float:
        return float(self._tracking.presence[row, frame])

    def _lit(self, camera: Camera) -> Lit:
        """Light on people as the camera sees it."""
        if self._parameters.lighting.kind != "sun":
            return Lit((0.0, -1.0), 0.80, 1.0)
        right, down, ahead = camera.rotation @ np.array(self._lamps[0].way)
        aside = np.array([right, down])
        aside /= max(1e-6, float(np.linalg.norm(aside)))
        front = float(np.clip(0.5 - 0.5 * ahead, 0, 1))  # the sun behind the camera lights more
        return Lit((float(aside[0]), float(aside[1])), 0.58 + 0.22 * front, 0.92 + 0.16 * front)


def px_per_m(camera: Camera, places_m: Floats, height_m: float) -> Floats:
    """Size of a metre across the way that the camera looks, at places: n."""
    away = places_m - [camera.x_m, camera.y_m]
    length = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    across = np.column_stack([-away[:, 1], away[:, 0]]) / length * 0.1
    high = np.full((len(places_m), 1), height_m)
    first = camera.project(np.hstack([places_m - across, high]))
    second = camera.project(np.hstack([places_m + across, high]))
    return np.asarray(np.linalg.norm(second - first, axis=1) / 0.2, np.float64)


def _is_near(pixels: Floats, camera: Camera) -> NDArray[np.bool_]:
    """Which things (n × k × 2) may touch the picture, or cast a shadow into it."""
    with np.errstate(invalid="ignore"):
        low, high = pixels.min(axis=1), pixels.max(axis=1)
        reach = 0.06 * camera.width_px
        near = (high > -reach).all(axis=1) & (low[:, 0] < camera.width_px + reach)
        return np.asarray(near & (low[:, 1] < camera.height_px + reach), np.bool_)
