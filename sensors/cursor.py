"""How far the sensor of drops has looked: bounded, and nothing is forgotten.

A drop may come late in three ways. It becomes visible later than its time says: arrivals of the
last minute are listed again, and `recent` tells which of them were looked at. Its files arrive
after its manifest: it *waits*, and is looked at each tick. And more drops wait than the cursor has
room for: the older ones are found again by a *sweep*, a tick's worth of the listing after the
other, round after round until none is left out. A sweep also finds drops that were loaded long
ago; asking for them again has the same run key, and does nothing.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from resources.landing_drops import Arrival

#: New arrivals looked at in one tick, and as many of a sweep; the rest waits for the next.
ARRIVALS_A_TICK = 50
#: Drops that wait and are looked at each tick, the newest.
WAITING_AT_MOST = 50
#: Arrivals of the last minute that are remembered, the newest.
RECENT_AT_MOST = 1000
#: A drop may become visible this much later than its own time says (clocks, slow listings).
OVERLAP_NS = 60 * 10**9
CURSOR_VERSION = 3

_NOWHERE = (-1, "")


@dataclass(frozen=True)
class Sweep:
    """A round through the listing, for drops that wait and that the cursor has no room for.

    Attributes:
        since_ns: arrival with which the round begins.
        after: arrival and place of the last one that it looked at.
        left_ns: earliest arrival that the next round must look at; None where there is none yet.
    """

    since_ns: int
    after: tuple[int, str] = _NOWHERE
    left_ns: int | None = None

    def noting(self, left_ns: int | None) -> "Sweep":
        """The same round, with what else was left out."""
        known = [ns for ns in (self.left_ns, left_ns) if ns is not None]
        return replace(self, left_ns=min(known, default=None))


@dataclass(frozen=True)
class Look:
    """What to look at in one tick, each oldest first.

    Attributes:
        waited_for: waited for in the tick before.
        new: not looked at before.
        swept: looked at before; no more is known of them.
        is_round_done: whether the sweep has come to the end of the listing.
    """

    waited_for: tuple[Arrival, ...]
    new: tuple[Arrival, ...]
    swept: tuple[Arrival, ...]
    is_round_done: bool

    @property
    def all(self) -> tuple[Arrival, ...]:
        """All of them."""
        return self.waited_for + self.new + self.swept


@dataclass(frozen=True)
class Cursor:
    """Where the sensor stands.

    Attributes:
        watermark_ns: newest arrival looked at as new, in ns since 1970.
        recent: places looked at whose arrival lies within the overlap before the watermark, with
            that arrival; by hash.
        floor_ns: arrivals up to here were looked at, though `recent` had no room for them.
        refused: hash of the list of refused drops when it was last asked for.
        waiting: places of drops that lack files, in order of arrival.
        sweep: None while everything that waits has room.
    """

    watermark_ns: int = 0
    recent: dict[str, int] = field(default_factory=dict)
    floor_ns: int = -1
    refused: str = ""
    waiting: tuple[str, ...] = ()
    sweep: Sweep | None = None

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """Read a cursor; one of another version starts over, which run keys make harmless."""
        stored: dict[str, Any] = json.loads(text) if text else {}
        if stored.pop("version", None) != CURSOR_VERSION:
            return cls()
        sweep = stored.pop("sweep")
        if sweep is not None:
            sweep = Sweep(sweep["since_ns"], tuple(sweep["after"]), sweep["left_ns"])
        return cls(**stored | {"waiting": tuple(stored["waiting"]), "sweep": sweep})

    def __str__(self) -> str:
        """The cursor as Dagster stores it."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        sweep = self.sweep and {
            "since_ns": self.sweep.since_ns, "after": self.sweep.after,
            "left_ns": self.sweep.left_ns,
        }  # fmt: skip
        return json.dumps(told | {"sweep": sweep, "version": CURSOR_VERSION})

    def look(self, listed: Iterable[Arrival]) -> Look:
        """What to look at, of all drops that stand in the zone and are not refused."""
        order = sorted(listed, key=_position)
        waiting = set(self.waiting)
        others = [one for one in order if one.place not in waiting]
        new = [one for one in others if self._is_new(one)][:ARRIVALS_A_TICK]
        swept: list[Arrival] = []
        if self.sweep is not None:
            since = max((self.sweep.since_ns, ""), self.sweep.after)
            swept = [one for one in others if _position(one) > since and not self._is_new(one)]
        return Look(
            tuple(one for one in order if one.place in waiting),
            tuple(new),
            tuple(swept[:ARRIVALS_A_TICK]),
            is_round_done=self.sweep is not None and len(swept) <= ARRIVALS_A_TICK,
        )

    def advanced(self, look: Look, lacking: Collection[str]) -> "Cursor":
        """The cursor after a look.

        Args:
            lacking: places that still lack files.
        """
        # Of new ones alone: one that was waited for is as new as its last file, and what arrived
        # before that may not have been looked at yet.
        watermark = max([self.watermark_ns, *(one.arrived_ns for one in look.new)])
        new = (one for one in (*look.waited_for, *look.new) if self._is_new(one))
        seen = self.recent | {_short(one.place): one.arrived_ns for one in new}
        fresh = sorted(
            ((at, short) for short, at in seen.items() if at > watermark - OVERLAP_NS),
            reverse=True,
        )
        recent, forgotten = fresh[:RECENT_AT_MOST], [at for at, _ in fresh[RECENT_AT_MOST:]]
        waiting = sorted((one for one in look.all if one.place in lacking), key=_position)
        left_out = [one.arrived_ns for one in waiting[:-WAITING_AT_MOST]]
        return Cursor(
            watermark,
            {short: at for at, short in recent},
            max([self.floor_ns, *forgotten]),
            self.refused,
            tuple(one.place for one in waiting[-WAITING_AT_MOST:]),
            self._next_sweep(look, min([*left_out, *forgotten], default=None)),
        )

    def _next_sweep(self, look: Look, left_ns: int | None) -> Sweep | None:
        if self.sweep is None:
            return None if left_ns is None else Sweep(left_ns)
        sweep = self.sweep.noting(left_ns)
        if not look.is_round_done:
            return replace(sweep, after=_position(look.swept[-1]))
        return None if sweep.left_ns is None else Sweep(sweep.left_ns)

    def _is_new(self, one: Arrival) -> bool:
        lowest = max(self.watermark_ns - OVERLAP_NS, self.floor_ns)
        return one.arrived_ns > lowest and self.recent.get(_short(one.place)) != one.arrived_ns


def digest(texts: Sequence[str]) -> str:
    """Sixteen hexadecimal digits for a list of texts."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _position(one: Arrival) -> tuple[int, str]:
    return one.arrived_ns, one.place


def _short(place: str) -> str:
    return digest([place])
