"""Which people explain a mask: upright silhouettes of the size that people have where they stand.

A silhouette is a head, a trunk and legs, and a margin around them for arms and strides; each has a
probability that its pixels differ from the background. Whoever raises the likelihood of the mask
most is taken for there, the pixels are explained, and the next one is looked for, as in Fleuret et
al. 2008 (Multicamera People Tracking with a Probabilistic Occupancy Map); then each is fitted anew
to what the others leave. That splits people who overlap, the nearer one first or not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.person_sizes import PERSON_BREADTH, PersonSizes

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]
Sums = NDArray[np.int64]

#: Head, trunk, legs: from and to (of the height, from the ground up), half their breadth (of the
#: height), and how often a pixel there differs: trunks hide the grass, legs leave gaps.
_HEAD, _TRUNK, _LEGS = (0.87, 1.0, 0.055, 0.7), (0.48, 0.87, 0.13, 0.9), (0.0, 0.48, 0.105, 0.65)
#: Towards the corners of a wide lens people lean by half of their height: parts are told band by
#: band, each a little further aside.
_BANDS = 3
_PARTS = np.array(
    [_HEAD]
    + [
        (begin + (end - begin) * band / _BANDS, begin + (end - begin) * (band + 1) / _BANDS, *rest)
        for begin, end, *rest in (_TRUNK, _LEGS)
        for band in range(_BANDS)
    ]
)
#: Around them, where arms and strides reach: below the feet, above the head, aside; how often.
_BELOW, _ABOVE, _ASIDE, _AROUND_SHARE = -0.06, 1.08, 0.32, 0.15
#: How often a pixel differs where nobody is.
_NOISE_SHARE = 0.01
#: Zones of a silhouette: its parts, and all with what is around; and the share of each.
_ZONES = np.vstack([_PARTS[:, :3], [_BELOW, _ABOVE, _ASIDE]])
_SHARES = np.append(_PARTS[:, 3], _AROUND_SHARE)
#: What a pixel that differs, and one that does not, add to the log-likelihood of somebody there.
_HIT, _MISS = np.log(_SHARES / _NOISE_SHARE), np.log((1 - _SHARES) / (1 - _NOISE_SHARE))
#: First places that are tried: so far apart, of the height, down and across.
_STEP_DOWN, _STEP_ACROSS = 0.06, 0.08
#: Of a trunk so much at least must differ.
_LEAST_TRUNK = 0.3
#: Places and heights around a first one: of its height. People differ by a tenth, and stoop.
_NEAR_DOWN = np.arange(-4, 5) * 0.02
_NEAR_ACROSS = np.arange(-3, 4) * 0.025
_HEIGHTS = np.array([0.82, 0.88, 0.94, 1.0, 1.06, 1.12])
_NEAR = np.array([(x, y, tall) for y in _NEAR_DOWN for x in _NEAR_ACROSS for tall in _HEIGHTS])
#: Steps uphill at most: half a height.
_CLIMBS = 6
#: Confidence falls with what is visible of a silhouette, between these shares: an arm or a stride
#: that the silhouette beside leaves over is no person.
_HIDDEN, _WELL_VISIBLE = 0.15, 0.6
#: Pixels of a person reach so far beyond its silhouette, of its height: strides, blur.
_BEYOND = 0.05
#: Legs of a runner reach so far aside, above and below where he stands upright, of his height;
#: below only from so far aside, elsewhere that is shadow; and are no more than so much of him.
_STRIDE_ASIDE, _STRIDE_ABOVE, _STRIDE_BELOW = 0.7, 0.5, 0.2
_STRIDE_FROM, _STRIDE_MOST = 0.12, 0.35
#: Two whose feet are nearer than this, across and down, of their height, are one.
_SAME_ACROSS, _SAME_DOWN = 0.12, 0.08
#: At most so many people: what explains more is no picture of a match.
_MOST = 80


@dataclass(frozen=True)
class _Covered:
    """How many silhouettes each pixel is within, and how many it is within or around."""

    within: Mask
    around: Mask

    @classmethod
    def nothing(cls, like: Mask) -> "_Covered":
        return cls(np.zeros_like(like), np.zeros_like(like))

    def count(self, place: Floats, times: int) -> None:
        """Take a person for found (1), or no longer (-1)."""
        for begin, end, half, _ in _PARTS.tolist():
            part = self.within[_pixels(place, (begin, end, half + _BEYOND))]
            part += np.uint8(times % 256)  # wraps around: 255 is one less
        part = self.around[_pixels(place, (_BELOW, _ABOVE, _ASIDE))]
        part += np.uint8(times % 256)


@dataclass(frozen=True)
class People:
    """Who explains a mask: n.

    Attributes:
        feet_px: n × 2.
        rise_px, lean_px: from the feet to the head, as fitted.
        stature_px: rise of somebody of 1.8 m there.
        confidence: likelihood gained, of what somebody wholly visible would gain: 0 to 1.
        own: number of the person whose each pixel is, from 1; 0: nobody's: height × width.
    """

    feet_px: Floats
    rise_px: Floats
    lean_px: Floats
    stature_px: Floats
    confidence: Floats
    own: NDArray[np.uint8]


class SilhouetteSearch:
    """Looks for people in masks of one size, in one scene."""

    def __init__(self, sizes: PersonSizes, shape: tuple[int, int], top_px: int) -> None:
        """Lay out the places where people may stand.

        Args:
            shape: height and width of the masks.
            top_px: row of the picture that is the masks' first.
        """
        self._sizes, self._top = sizes, top_px
        self._shape = shape
        self._places = _places(sizes, shape, top_px)

    def people(self, mask: Mask, surely: Mask, least: float) -> People:
        """Who explains a mask with at least this confidence, the surest first.

        Args:
            mask: 1 where something stands before the background.
            surely: of that what is no shadow's edge.
        """
        differs = np.ascontiguousarray(mask)
        covered = _Covered.nothing(differs)
        trial = self._promising(differs)
        sure, gain = self._scores(trial, differs, covered)
        gain = np.where(sure >= least, gain / trial[:, 2] ** 2, 0)  # near and far alike
        found: list[Floats] = []
        while len(found) < _MOST and gain.size and gain.max() > 0:
            first = int(np.argmax(gain))
            best = self._fitted(trial[first], differs, covered)
            covered.count(best, 1)
            found.append(best)
            near = np.flatnonzero(_overlap(trial, best) & (gain > 0))
            sure, left = self._scores(trial[near], differs, covered)
            gain[near] = np.where(sure >= least, left / trial[near, 2] ** 2, 0)
            gain[_same(trial, best)] = 0
            gain[first] = 0
        return self._told(self._settled(found, differs, covered), differs, surely, least)

    def _promising(self, differs: Mask) -> Floats:
        """Places (x, y, rise, lean) whose trunk differs from the background."""
        sums, areas = _sums(_integral(differs[..., None]), self._places, np.array([_TRUNK[:3]]))
        is_filled = sums[0, :, 0] >= _LEAST_TRUNK * areas[0]
        return np.asarray(self._places[is_filled], np.float64)

    def _settled(self, found: list[Floats], differs: Mask, covered: "_Covered") -> Floats:
        """Each fitted anew to what the others leave; of two who become one, the first stays."""
        settled = np.array(found).reshape(-1, 4)
        is_kept = np.ones(len(found), np.bool_)
        for one in range(len(found)):
            others = settled[is_kept & (np.arange(len(found)) != one)]
            if not _overlap(others, settled[one]).any():
                continue
            covered.count(settled[one], -1)
            settled[one] = self._fitted(settled[one], differs, covered)
            if _same(others, settled[one]).any():
                is_kept[one] = False
            else:
                covered.count(settled[one], 1)
        return settled[is_kept]

    def _fitted(self, place: Floats, differs: Mask, covered: "_Covered") -> Floats:
        """The likeliest place and height near a first one: uphill, a few steps."""
        gain = -np.inf
        for _ in range(_CLIMBS):
            near = self._near(place)
            gains = self._scores(near, differs, covered)[1]
            if not gains.size or gains.max() <= gain:
                break
            gain, place = float(gains.max()), near[int(np.argmax(gains))]
        return place

    def _near(self, place: Floats) -> Floats:
        """Places and heights around one."""
        x, y = place[:2].tolist()
        tall = float(np.nan_to_num(self._sizes.at(place[None, :2] + [0, self._top])[0][0]))
        rows = y + _NEAR[:, 1] * tall
        beneath = y + _NEAR_DOWN * tall
        rise, lean, ground = self._sizes.at(
            np.column_stack([np.full(beneath.size, x), beneath + self._top])
        )
        at = np.repeat(np.arange(beneath.size), len(_NEAR) // beneath.size)
        near = np.column_stack(
            [
                x + _NEAR[:, 0] * tall, rows, rise[at] * _NEAR[:, 2], lean[at] * _NEAR[:, 2],
            ]
        )  # fmt: skip
        return np.asarray(near[ground[at]], np.float64)

    def _scores(self, places: Floats, differs: Mask, covered: "_Covered") -> tuple[Floats, Floats]:
        """Confidence, and gain of log-likelihood, of places."""
        if not len(places):
            return np.empty(0), np.empty(0)
        low = np.min(places[:, :2] - places[:, 2:3] * [0.5, 1.2], axis=0)
        high = np.max(places[:, :2] + places[:, 2:3] * [0.5, 0.2], axis=0) + 2
        left, top = np.maximum(low, 0).astype(int).tolist()
        right, bottom = np.maximum(high, 0).astype(int).tolist()
        here = slice(top, bottom), slice(left, right)
        free = (covered.within[here] == 0).astype(np.uint8)
        other = free & differs[here]
        # Arms and strides of somebody found before explain in part what differs around him.
        taken = other & (covered.around[here] > 0)
        sums, areas = _sums(
            _integral(np.dstack([free, other, taken])), places - [left, top, 0, 0], _ZONES
        )
        expected = np.log(_AROUND_SHARE / _NOISE_SHARE) * sums[-1, :, 2]
        sums[-1] = np.maximum(sums[-1] - sums[:-1].sum(axis=0), 0)
        seen, others = sums[..., 0], sums[..., 1]
        gain = _HIT @ others + _MISS @ (seen - others) - expected
        visible, usual = seen[:-1], _SHARES[:-1]
        full = (_HIT[:-1] * usual + _MISS[:-1] * (1 - usual)) @ visible
        share = visible.sum(axis=0) / areas[:-1].sum(axis=0)
        seen_enough = (share - _HIDDEN) / (_WELL_VISIBLE - _HIDDEN)
        sure = np.clip(gain / np.maximum(full, 1e-9), 0, 1) * np.clip(seen_enough, 0, 1)
        return sure, gain

    def _told(self, found: Floats, differs: Mask, surely: Mask, least: float) -> People:
        """Confidence of each beside those found before, and whose each pixel is."""
        covered = _Covered.nothing(differs)
        sure = np.empty(len(found))
        for one, place in enumerate(found):
            sure[one] = self._scores(place[None], differs, covered)[0][0]
            if sure[one] >= least:
                covered.count(place, 1)
        order = np.lexsort((np.arange(len(found)), -sure))
        order = order[sure[order] >= least]
        table = found[order]
        own = np.zeros_like(differs)
        nearer_last = np.argsort(table[:, 1], kind="stable").tolist()
        for one in nearer_last:  # the nearer one covers
            _paint(own, differs, table[one], one + 1)
        for one in reversed(nearer_last):
            _stride(own, surely, table[one], one + 1)
        feet = table[:, :2] + [0, self._top]
        return People(feet, table[:, 2], table[:, 3], self._sizes.at(feet)[0], sure[order], own)


def _places(sizes: PersonSizes, shape: tuple[int, int], top_px: int) -> Floats:
    """Places to try first: x, y (of the mask), rise, lean: n × 4."""
    _, rise_of_cells = sizes.ground_cells()
    rows: list[Floats] = []
    if not rise_of_cells.size:
        return np.empty((0, 4))
    y, columns = 0.0, np.arange(0, shape[1], sizes.cell_px, dtype=np.float64)
    while y < shape[0]:
        here = np.column_stack([columns, np.full(columns.size, y + top_px)])
        rise, _, ground = sizes.at(here)
        if not ground.any():
            y += sizes.cell_px
            continue
        tall = float(np.min(rise[ground]))
        x = np.arange(0, shape[1], max(1.0, _STEP_ACROSS * tall))
        rise, lean, ground = sizes.at(np.column_stack([x, np.full(x.size, y + top_px)]))
        row = np.column_stack([x, np.full(x.size, y), rise, lean])
        rows.append(row[ground])
        y += max(1.0, _STEP_DOWN * tall)
    return np.concatenate(rows) if rows else np.empty((0, 4))


def _integral(planes: Mask) -> Sums:
    """Sums of everything above and to the left: (height + 1) × (width + 1) × planes."""
    import cv2

    total = np.asarray(cv2.integral(planes), np.int64)
    return total.reshape(planes.shape[0] + 1, planes.shape[1] + 1, planes.shape[2])


def _sums(total: Sums, places: Floats, zones: Floats) -> tuple[Floats, Floats]:
    """Sums in zones of silhouettes (zones × places × planes), and pixels of the zones.

    Pixels beyond the picture count among the pixels, and add nothing.
    """
    begin, end, half = zones.T[:, :, None]
    x, y, rise, lean = places.T
    middle, reach = x + lean * (begin + end) / 2, half * rise
    upper, lower = np.rint(y - end * rise), np.rint(y - begin * rise)
    lower = np.maximum(lower, upper + 1)
    left, right = np.rint(middle - reach), np.rint(middle + reach) + 1
    areas = (lower - upper) * (right - left)
    rows, columns = total.shape[0] - 1, total.shape[1] - 1
    up, down = (np.minimum(np.maximum(one, 0), rows).astype(int) for one in (upper, lower))
    west, east = (np.minimum(np.maximum(one, 0), columns).astype(int) for one in (left, right))
    sums = total[down, east] - total[up, east] - total[down, west] + total[up, west]
    return sums.astype(np.float64), areas


def _pixels(place: Floats, part: tuple[float, float, float]) -> tuple[slice, slice]:
    """Rows and columns of a part of one silhouette."""
    begin, end, half = part
    x, y, rise, lean = place.tolist()
    middle = x + lean * (begin + end) / 2
    rows = slice(max(0, round(y - end * rise)), max(0, round(y - begin * rise)))
    columns = slice(max(0, round(middle - half * rise)), max(0, round(middle + half * rise) + 1))
    return rows, columns


def _same(places: Floats, place: Floats) -> NDArray[np.bool_]:
    """Which of the places are where one is."""
    across = np.abs(places[:, 0] - place[0]) < _SAME_ACROSS * place[2]
    down = np.abs(places[:, 1] - place[1]) < _SAME_DOWN * place[2]
    return np.asarray(across & down, np.bool_)


def _overlap(places: Floats, place: Floats) -> NDArray[np.bool_]:
    """Which silhouettes share pixels with one."""
    reach = 0.5 * (places[:, 2] + place[2])
    is_beside = np.abs(places[:, 0] - place[0]) < 2 * (_ASIDE + PERSON_BREADTH) * reach
    is_above = places[:, 1] - _ABOVE * places[:, 2] < place[1] + 1
    is_below = places[:, 1] + 1 > place[1] - _ABOVE * place[2]
    return np.asarray(is_beside & is_above & is_below, np.bool_)


def _paint(own: NDArray[np.uint8], differs: Mask, place: Floats, number: int) -> None:
    """Give a person the pixels around it that differ and are in nobody's silhouette behind it."""
    here = _pixels(place, (_BELOW, _ABOVE, _ASIDE))
    own[here][(own[here] == 0) & (differs[here] > 0)] = number
    for begin, end, half, _ in _PARTS.tolist():
        here = _pixels(place, (begin, end, half))
        own[here][differs[here] > 0] = number


def _stride(own: NDArray[np.uint8], surely: Mask, place: Floats, number: int) -> None:
    """Give a person what a stride reaches further: nobody's pixels that hang together with him."""
    import cv2

    x, y, rise, _ = place.tolist()
    here = _pixels(place * [1, 1, 1, 0], (-_STRIDE_BELOW, _STRIDE_ABOVE, _STRIDE_ASIDE))
    part = own[here]
    if not part.size:
        return
    free = (part == number) | ((part == 0) & (surely[here] > 0))
    row = here[0].start + np.arange(part.shape[0])[:, None]
    column = here[1].start + np.arange(part.shape[1])
    beneath = (row > y - _BELOW * rise) & (np.abs(column - x) < _STRIDE_FROM * rise)
    _, piece = cv2.connectedComponents((free & ~beneath).astype(np.uint8))
    mine = np.unique(piece[part == number])
    more = np.isin(piece, mine[mine > 0]) & (part == 0)
    whole = own[_pixels(place, (-_STRIDE_BELOW, _ABOVE, _STRIDE_ASIDE))]
    if more.sum() <= _STRIDE_MOST * np.count_nonzero(whole == number):
        part[more] = number
