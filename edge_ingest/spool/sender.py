"""Store and forward: drops go from the outbox to the landing zone, and leave when it has them.

Belongs here: in which order, how often, and what to do when it does not work. How a file gets there
for certain stands in `landing.py`; what the outbox is in `outbox.py`.
"""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from edge_ingest.drops.arrival import LARGEST_MANIFEST, read_manifest
from edge_ingest.durable import replace_durably
from edge_ingest.errors import DropError
from edge_ingest.manifest import MANIFEST_NAME, Manifest
from edge_ingest.spool.backoff import Backoff
from edge_ingest.spool.landing import (
    AlteredHereError,
    BrokenOffError,
    LandingError,
    LandingTarget,
    Pause,
    TooLargeThereError,
    UnreadableHereError,
    never,
)
from edge_ingest.spool.norms_fetch import NormsFetcher
from edge_ingest.spool.outbox import Outbox, OutboxDrop, Sent

#: Waits after a fault that may pass by itself, s: no network, a busy store.
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
#: After a fault that only a person can end, s: wrong credentials, a full store.
FIRST_WAIT_FOR_A_PERSON_S = 30.0
LONGEST_WAIT_FOR_A_PERSON_S = 600.0
#: So long after its delivery a drop is asked for a refusal: the lakehouse looks at one within
#: minutes, or after the repair of what stood still meanwhile.
REFUSABLE = timedelta(days=14)
#: The longer ago it was delivered the more seldom, by this part of that time: 14 days of a drop are
#: about a hundred questions, of which half fall into the first half hour.
ASK_AGAIN = 0.1
#: A node whose clock says less has not been told the time yet: its notes say 1970.
CLOCK_IS_SET = datetime(2020, 1, 1, tzinfo=UTC)
#: What was delivered at such a time is asked for so long, by a clock that nobody sets.
REFUSABLE_WITHOUT_A_CLOCK = timedelta(days=1)

#: While a large file goes, the outbox is looked at so often, s.
LOOK_EVERY_S = 2.0

STATE_NAME = "send.json"


@dataclass(frozen=True)
class Round:
    """What came of one go over the outbox.

    Attributes:
        sent: drops that were confirmed.
        fault: why it stopped before the end; None where it did not.
        stuck: drops that cannot be sent whatever the network does, by place, with the reason.
        damaged: drops that will never arrive, and were set aside, by place, with the reason.
        next_in_s: when to try again at the earliest; 0 where nothing stands in the way.
    """

    sent: tuple[OutboxDrop, ...]
    fault: LandingError | None
    stuck: dict[str, str]
    next_in_s: float
    damaged: dict[str, str] = field(default_factory=dict)


@dataclass
class Sender:
    """Delivers the drops of an outbox to one landing zone.

    What it knows of failures lives as long as the process: started anew, it tries at once.

    Args:
        now: the instant, for what is written down.
        monotonic: seconds, for waiting.
        rng: for the jitter.
        stop: asked between the parts of a large file: whether to end.
        state: folder for what `status` shows; None: it shows nothing.
        on_sent: told of each drop that was confirmed.
    """

    outbox: Outbox
    target: LandingTarget
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    rng: random.Random
    stop: Callable[[], bool] = never
    state: Path | None = None
    on_sent: Callable[[OutboxDrop], None] = lambda _: None
    _passing: Backoff = field(init=False)
    _lasting: Backoff = field(init=False)
    _next_at: float = field(init=False, default=float("-inf"))
    _drop_waits: dict[str, tuple[Backoff, float, str]] = field(init=False, default_factory=dict)
    _told: str = field(init=False, default="")
    _is_swept: bool = field(init=False, default=False)
    _asked_at: dict[str, float] = field(init=False, default_factory=dict)
    _known_at: dict[str, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Begin without a failure."""
        self._passing = Backoff(self.rng, FIRST_WAIT_S, LONGEST_WAIT_S)
        self._lasting = Backoff(self.rng, FIRST_WAIT_FOR_A_PERSON_S, LONGEST_WAIT_FOR_A_PERSON_S)

    def round(self, pause: Pause = never) -> Round:
        """Send what is due, the most urgent first; does nothing while it has to wait.

        Args:
            pause: asked like `stop`: whether something else is to be done first.
        """
        sent: list[OutboxDrop] = []
        damaged: dict[str, str] = {}
        fault: LandingError | None = None
        if not self._is_swept:
            self._is_swept = self.outbox.sweep()
        while self.monotonic() >= self._next_at and not self.stop() and not pause():
            drop = self._next_due()
            if drop is None:
                break
            try:
                self._deliver(drop, pause)
            except BrokenOffError:
                continue  # something more urgent is there, or we are to stop or pause
            except LandingError as error:
                fault = error
                waits = self._lasting if error.is_permanent else self._passing
                self._next_at = self.monotonic() + waits.failed()
                break
            except AlteredHereError as error:
                damaged[drop.place] = str(error)
                self._set_aside(drop, error)
                continue
            except (UnreadableHereError, DropError) as error:
                self._put_off(drop, str(error))
                continue
            except OSError as error:  # of our own folders: the zone's are a LandingError
                self._put_off(drop, f"{error}: check this machine's disk")
                self._is_swept = False  # perhaps it was noted, and not emptied
                continue
            self._passing.succeeded()
            self._lasting.succeeded()
            self._drop_waits.pop(drop.place, None)
            sent.append(drop)
            self.on_sent(drop)
        if fault or self.monotonic() >= self._next_at:
            self._tell(fault)  # else it waits, and what was written last still holds
        left = max(0.0, self._next_at - self.monotonic())
        return Round(tuple(sent), fault, self._stuck(), left, damaged)

    def mirror_refusals(self, on_all: Callable[[], None] = lambda: None) -> list[Sent]:
        """Ask the landing zone which drops of late the lakehouse refused; note them, and give them.

        A refusal that holds no more, since the drop came again, is forgotten. Of drops that were
        delivered long ago, and were asked for since, nobody asks any more. It ends early when the
        sender is to stop, and gives way, after one question at least, to a drop that is due; those
        that were asked for are left out the next time.

        Args:
            on_all: told if it did not end early.

        Raises:
            LandingError: it cannot be asked.
            OSError: what it says cannot be noted.
        """
        found: list[Sent] = []
        known = self.outbox.sent()
        self._asked_at = {
            sent.place: self._asked_at[sent.place] for sent in known if sent.place in self._asked_at
        }
        self._known_at = {
            sent.place: self._known_at.get(sent.place, self.monotonic()) for sent in known
        }
        has_asked = False
        for number, sent in enumerate(known, start=1):
            if self.stop() or (has_asked and self._next_due() is not None):
                return found
            age, refusable = self._age(sent)
            is_ours = sent.landing == self.target.uri
            asked_at = self._asked_at.get(sent.place, float("-inf"))
            if is_ours and self.monotonic() - asked_at < ASK_AGAIN * age.total_seconds():
                continue
            is_refused = self._ask(sent) if is_ours else sent.is_refused
            has_asked = has_asked or is_ours
            if is_refused and not sent.is_refused:
                found.append(sent)
            # The latest stays: it says that the clock did not go back.
            if age > refusable and number < len(known):
                self.outbox.settle(replace(sent, is_refused=is_refused))
        on_all()
        return found

    def _age(self, sent: Sent) -> tuple[timedelta, timedelta]:
        """How long ago a drop was delivered, as far as known, and for how long it is asked for."""
        if sent.confirmed_at_utc >= CLOCK_IS_SET:
            return self.now() - sent.confirmed_at_utc, REFUSABLE
        known_s = self.monotonic() - self._known_at[sent.place]
        return timedelta(seconds=known_s), REFUSABLE_WITHOUT_A_CLOCK

    def _ask(self, sent: Sent) -> bool:
        """Whether a drop is refused there now; notes what is new."""
        refusal = self.target.refusal(sent.place)
        self._asked_at[sent.place] = self.monotonic()
        if refusal is not None and not sent.is_refused:
            self.outbox.refuse(sent, refusal)
        elif refusal is None and sent.is_refused:
            self.outbox.forgive(sent)
        return refusal is not None

    def _next_due(self) -> OutboxDrop | None:
        now = self.monotonic()
        for drop in self.outbox.waiting():
            wait = self._drop_waits.get(drop.place)
            if wait is None or now >= wait[1]:
                return drop
        return None

    def _put_off(self, drop: OutboxDrop, reason: str) -> None:
        backoff = Backoff(self.rng, FIRST_WAIT_FOR_A_PERSON_S, LONGEST_WAIT_FOR_A_PERSON_S)
        backoff = self._drop_waits.get(drop.place, (backoff, 0.0, ""))[0]
        self._drop_waits[drop.place] = (backoff, self.monotonic() + backoff.failed(), reason)

    def _set_aside(self, drop: OutboxDrop, error: AlteredHereError) -> None:
        """Send a drop no more that is damaged here: each new try would read a video for nothing."""
        try:
            self.outbox.set_aside(drop, error.rule, str(error), self.now())
        except OSError:  # no room for the note
            self._put_off(drop, str(error))

    def _deliver(self, drop: OutboxDrop, pause: Pause) -> None:
        """Send one drop: files, then the manifest; then note that it is there.

        Raises:
            DropError: another drop stands in its place.
            AlteredHereError: it is not what was packed any more.
            UnreadableHereError: it cannot be read now.
        """
        look_at = float("-inf")

        def gives_way() -> bool:
            nonlocal look_at
            if self.stop() or pause():
                return True
            if self.monotonic() < look_at:
                return False
            look_at = self.monotonic() + LOOK_EVERY_S
            due = self._next_due()
            return due is not None and due.rank[0] < drop.rank[0]

        ours = (drop.folder / MANIFEST_NAME).read_bytes()
        try:
            there = self.target.read(f"{drop.place}/{MANIFEST_NAME}", LARGEST_MANIFEST)
        except TooLargeThereError as error:
            raise self._another_drop(drop) from error
        if _drop_id(there) not in {None, drop.manifest.drop_id}:
            raise self._another_drop(drop)
        is_whole = there == ours
        for parcel in drop.parcels():
            if not self.target.holds(parcel):
                self.target.put(parcel, gives_way)
                is_whole = False
        if not is_whole and not _speaks_for(there, drop.manifest):
            self.target.put(drop.manifest_parcel(), never)
        self.outbox.confirm(drop, self.target.uri, self.now())

    def _another_drop(self, drop: OutboxDrop) -> DropError:
        return DropError(
            f"another drop stands in {drop.place} of {self.target.uri}, packed by another node "
            "or before this one was set up anew: put the original back into the watched folder "
            f"with a sidecar that names another device_id, and remove {drop.folder}",
            rule="place",
        )

    def _stuck(self) -> dict[str, str]:
        here = {drop.place for drop in self.outbox.waiting()}
        for place in set(self._drop_waits) - here:
            del self._drop_waits[place]
        return self.outbox.unreadable | {
            place: reason for place, (_, _, reason) in self._drop_waits.items()
        }

    def _tell(self, fault: LandingError | None) -> None:
        """Write down how it goes, for `status`; a full disk must not end the sending."""
        if self.state is None:
            return
        left = timedelta(seconds=max(0.0, self._next_at - self.monotonic()))
        told: dict[str, Any] = {
            "landing": self.target.uri,
            "fault": str(fault) if fault else None,
            "needs_a_person": bool(fault and fault.is_permanent),
            "failures": self._passing.failures + self._lasting.failures,
            "next_try_at_utc": (self.now() + left).isoformat() if fault else None,
            "stuck": self._stuck(),
        }
        text = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        if text == self._told:
            return
        with suppress(OSError):
            self.state.mkdir(parents=True, exist_ok=True)
            replace_durably(self.state / STATE_NAME, text.encode())
            self._told = text


def send_until(
    sender: Sender,
    poll_s: float,
    refusals_every_s: float,
    sleep: Callable[[float], None],
    on_round: Callable[[Round], None] = lambda _: None,
    *,
    norms: NormsFetcher | None = None,
) -> None:
    """Send until the sender is told to stop.

    Args:
        norms: what else comes from the landing zone; an upload of hours gives way to it.
        refusals_every_s: how often the landing zone is asked for refusals.
        sleep: waits so many seconds, or less if it is time to stop.
    """
    ask_at = sender.monotonic()

    def asked() -> None:
        nonlocal ask_at
        ask_at = sender.monotonic() + refusals_every_s

    while not sender.stop():
        if norms is not None and norms.is_due():
            norms.fetch()
        done = sender.round(norms.is_due if norms is not None else never)
        on_round(done)
        if not done.fault and done.next_in_s == 0 and sender.monotonic() >= ask_at:
            try:
                sender.mirror_refusals(asked)
            except (LandingError, OSError):
                asked()  # again the next time
        sleep(min(max(poll_s, done.next_in_s), LONGEST_WAIT_FOR_A_PERSON_S))


def _drop_id(manifest: bytes | None) -> str | None:
    """Which drop a manifest in the landing zone describes; None where it is cut short."""
    if manifest is None:
        return None
    try:
        told = json.loads(manifest)
    except ValueError:
        return None
    return str(told.get("drop_id")) if isinstance(told, dict) else None


def _speaks_for(there: bytes | None, ours: Manifest) -> bool:
    """Whether a manifest in the landing zone may stand in place of ours, which differs from it.

    It describes the same files. Another node may have packed them, at another time: what a node
    vouches for is not replaced by what nobody does. Otherwise ours goes there: what stands there
    may be damaged, or unsigned, or signed with a key that we have no more.
    """
    if there is None or ours.signature is not None:
        return False
    try:
        theirs = read_manifest(there)
    except DropError:
        return False
    return theirs.drop_id == ours.drop_id and theirs.signature is not None
