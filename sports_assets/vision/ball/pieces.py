"""The ball's path, stretch after stretch of a long video: memory does not grow with the length."""

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.ball.blobs import Candidates
from sports_assets.vision.ball.candidates import BallCandidates
from sports_assets.vision.ball.path import BallPath, ball_path
from sports_assets.vision.detection import Scene, Seen
from sports_assets.vision.frames import Frame

Floats = NDArray[np.float64]

#: A path is searched over so long a stretch, and told of all of it but what the next begins with:
#: a path hardly depends on what is further away than that, s.
_STRETCH_S, _SHARED_S = 60.0, 5.0


class BallPieces:
    """Looks for the ball frame after frame, and tells its path whenever a stretch is whole."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._finder = BallCandidates()
        self._candidates: list[Candidates] = []
        self._looks: list[int] = []
        self._people: dict[int, Floats] = {}
        self._balls: dict[int, Floats] = {}
        self._told = -1

    def add(self, frame: Frame, seen: Seen | None) -> None:
        """Look at a frame.

        Args:
            seen: by the detector; None: it did not look at this one.
        """
        self._candidates.append(self._finder.look(frame, self._scene))
        if seen is not None:
            self._looks.append(frame.frame_id)
            self._people[frame.frame_id] = seen.boxes_px[~seen.is_ball]
            if seen.is_ball.any():
                self._balls[frame.frame_id] = seen.boxes_px[seen.is_ball]

    def finished(self) -> Iterator[BallPath]:
        """The path of a stretch, if one is whole."""
        if self._candidates[-1].t_s - self._candidates[0].t_s < _STRETCH_S:
            return
        until_s = self._candidates[-1].t_s - _SHARED_S
        yield self._path(until_s)
        begin_s = until_s - _SHARED_S
        self._candidates = [one for one in self._candidates if one.t_s >= begin_s]
        kept = {one.frame_id for one in self._candidates}
        self._looks = [one for one in self._looks if one in kept]
        self._people = {one: self._people[one] for one in self._looks}
        self._balls = {one: boxes for one, boxes in self._balls.items() if one in kept}

    def rest(self) -> Iterator[BallPath]:
        """The path of what is left at the end."""
        if self._looks:
            yield self._path(np.inf)

    def _path(self, until_s: float) -> BallPath:
        path = ball_path(
            self._candidates, self._looks, self._people, camera=self._scene.camera,
            balls_px=self._balls,
        )  # fmt: skip
        new = (path.frame_id > self._told) & (path.t_s < until_s)
        if new.any():
            self._told = int(path.frame_id[new].max())
        return BallPath(**{one.name: getattr(path, one.name)[new] for one in fields(path)})
