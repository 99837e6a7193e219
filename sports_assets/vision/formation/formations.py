"""Which formation does each side play? By window of minutes, and by who has the ball.

The mean places of the roles of a window (`role_places`) are held against templates as in EFPI
(Bekkers 2025, "EFPI: Elastic Formation and Position Identification in Football (Soccer) using
Template Matching and Linear Assignment", arXiv 2506.23843): each template is stretched over the
team's bounds, athletes are given its places at the least total distance, and the template of the
least distance is told. How much dearer the next other shape is, is its confidence.

Here the stretching goes on from the bounds to the least squares over all athletes: the bounds hang
on the two or four who stand farthest out, and one full-back who plays high changes them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from resources.vision_contracts import PHASES, VISION_FORMATION
from sports_assets.vision.formation.attack_direction import Attack
from sports_assets.vision.formation.looks import SIDES, team_looks
from sports_assets.vision.formation.role_places import Looks, role_places
from sports_assets.vision.formation.templates import SIZES, assign, distances, templates

Floats = NDArray[np.float64]

#: Rounds of giving places and stretching; the assignment settles within three or four.
_ROUNDS = 5
#: A template is stretched to this share of the team's bounds at least.
_LEAST_SCALE = 0.3


@dataclass(frozen=True)
class FormationSettings:
    """How formations are told.

    Attributes:
        window_s: length of a window, s. Five minutes are long beside a spell of possession, and
            short beside a change of plan.
        least_s: time that must be seen, s. Athletes leave their places for some five seconds at a
            time: forty hold eight such spells, which bring 3 m about a place to 1 m.
        fewest_in_look: looks with fewer athletes of the side do not count: laid over the roles,
            they would follow the few.
        whole_share: share of looks that must show as many athletes at once as the formation has.
            Where the side of one in five is not told, a look in ten shows all ten; one too many
            for most of a look is rarer.
        role_share: share of looks in which each role must be seen.
    """

    window_s: float = 300.0
    least_s: float = 40.0
    fewest_in_look: int = 5
    whole_share: float = 0.03
    role_share: float = 0.25


@dataclass(frozen=True)
class Shape:
    """A formation, as one set of places shows it.

    Attributes:
        formation: as people write it, from the back.
        confidence: how much dearer the next other shape is: 0 as dear, 1 far dearer.
        mean_distance_m: mean distance of athletes to their places in it.
    """

    formation: str
    confidence: float
    mean_distance_m: float


def shape_of(places: Floats) -> Shape:
    """The template that is nearest to mean places of outfield athletes.

    Args:
        places: 8 to 10 athletes × 2, m; towards +x is towards the opponents' goal.

    Raises:
        ValueError: there are no templates for so many athletes.
    """
    known = templates(len(places))
    costs = np.array([_mean_distance_m(places, template) for template in known.places])
    best = int(costs.argmin())
    is_other = np.array(known.shape) != known.shape[best]
    next_m = float(costs[is_other].min())
    confidence = 1 - float(costs[best]) / next_m if next_m > 0 else 0.0
    return Shape(known.names[known.shape[best]], confidence, float(costs[best]))


def _mean_distance_m(places: Floats, template: Floats) -> float:
    """Of athletes to the places of a template that is moved and stretched to fit them."""
    low, high = places.min(axis=0), places.max(axis=0)
    size, stretched = high - low, low + template * (high - low)
    for _ in range(_ROUNDS):
        athletes, taken = assign(distances(places, stretched) ** 2)
        mine, theirs = places[athletes], template[taken]
        off = theirs - theirs.mean(axis=0)
        # Never mirrored, nor folded into a line.
        scale = np.maximum((off * mine).sum(axis=0) / (off**2).sum(axis=0), _LEAST_SCALE * size)
        stretched = mine.mean(axis=0) + scale * (template - theirs.mean(axis=0))
    apart = distances(places, stretched)
    return float(apart[assign(apart)].mean())


def formations(
    positions: pa.Table,
    settings: FormationSettings | None = None,
    attacks: Sequence[Attack] = (),
) -> pa.Table:
    """Formation of each side in each window and phase.

    Windows are counted from the first instant; one without any look is left out. Where too few
    athletes were seen for too short a time, there is a row, and no formation. How many a side has
    is told from the windows before and after, too: nine of ten who are seen play no formation of
    nine.

    Args:
        positions: rows of one session, as `vision/positions` has them. Needed: session_id,
            captured_at_utc, object_kind, team_side, x_m, y_m, and one of athlete_id, track_id and
            source_athlete_id; role is used where it is there. Rows without a place or a side tell
            nothing here.
        attacks: where the home side is known to play to; else that is told from where both stand.

    Returns:
        Rows of `vision/formation`.

    Raises:
        ValueError: the rows are of several sessions.
    """
    chosen = settings or FormationSettings()
    sessions = positions.column("session_id").unique().to_pylist()
    if len(sessions) > 1:
        raise ValueError(f"positions of {len(sessions)} sessions: give those of one")
    looked = team_looks(positions, attacks)
    if looked is None:
        return VISION_FORMATION.empty()
    window = np.floor(looked.t_s / chosen.window_s).astype(np.int64)
    rows = []
    for number in np.unique(window):
        for side in SIDES:
            about = looked.of_side(side, abs(window - number) <= 1, chosen.fewest_in_look)
            roles = _seen_at_once(about, chosen)
            for phase in PHASES:
                is_in = (window == number) & looked.in_phase(side, phase)
                looks = looked.of_side(side, is_in, chosen.fewest_in_look)
                seen_s = looks.t_s.size * looked.look_s
                found = _told(looks, roles, chosen) if seen_s >= chosen.least_s else None
                start = looked.begin_utc + timedelta(seconds=int(number) * chosen.window_s)
                rows.append(
                    {
                        "session_id": sessions[0],
                        "team_side": side,
                        "window_start_utc": start,
                        "window_end_utc": start + timedelta(seconds=chosen.window_s),
                        "phase": phase,
                        "formation": found.formation if found else None,
                        "confidence": found.confidence if found else None,
                        "mean_distance_m": found.mean_distance_m if found else None,
                        "athletes": roles if found else _seen_at_once(looks, chosen),
                        "seen_s": seen_s,
                    }
                )
    return VISION_FORMATION.conform(pa.Table.from_pylist(rows, VISION_FORMATION.schema))


def _told(looks: Looks, roles: int, settings: FormationSettings) -> Shape | None:
    """The formation of so many; None where these looks do not show them all."""
    if roles < SIZES[0] or _seen_at_once(looks, settings) < roles:
        return None
    found = role_places(looks, roles)
    if found is None or found.seen_share.min() < settings.role_share:
        return None
    return shape_of(found.places)


def _seen_at_once(looks: Looks, settings: FormationSettings) -> int:
    """How many athletes a good part of the looks shows at once."""
    if not looks.t_s.size:
        return 0
    at_once = np.sort(looks.counts)[::-1]
    return min(int(at_once[int(settings.whole_share * at_once.size)]), SIZES[-1])
