"""Batches in order, each once: what comes twice, early, late or never."""

from dataclasses import asdict, dataclass
from typing import Any

from edge_ingest.live.messages import Batch

#: How many batches may be waited with, and for how long, µs, until what lacks is given up.
MOST_HELD = 16
LONGEST_WAIT_US = 500_000
#: Batches given up that are remembered, so that one that comes late is known from one twice.
_MOST_MISSED = 1000


@dataclass
class Counts:
    """What happened to the batches of one athlete and source.

    Attributes:
        samples: taken into account.
        duplicates: batches that came again.
        reordered: batches that waited for an earlier one.
        missed: batches given up.
        late, late_samples: batches that came after they were given up; left out here, and in the
            lakehouse with the recording.
    """

    samples: int = 0
    duplicates: int = 0
    reordered: int = 0
    missed: int = 0
    late: int = 0
    late_samples: int = 0


class Sequence:
    """Puts one athlete's batches from one source in order."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._run = ""
        self._next = 0
        self._missed: dict[int, None] = {}
        self._held: dict[int, tuple[int, Batch]] = {}

    def push(self, batch: Batch, arrived_us: int) -> list[Batch]:
        """Take a batch; those that are next, in order."""
        ready: list[Batch] = []
        if batch.run != self._run:
            # A sender that started anew: whatever was held of the old run is all there is.
            ready = self._release(everything=True)
            self._run, self._missed = batch.run, {}
            # Who joins late starts here; who is among the first may have been overtaken.
            self._next = 0 if batch.seq < MOST_HELD else batch.seq
        if batch.seq < self._next:
            if batch.seq in self._missed:
                del self._missed[batch.seq]
                self.counts.late += 1
                self.counts.late_samples += len(batch.captured_us)
            else:
                self.counts.duplicates += 1
            return ready
        if batch.seq in self._held:
            self.counts.duplicates += 1
            return ready
        self._held[batch.seq] = (arrived_us, batch)
        if batch.seq != self._next:
            self.counts.reordered += 1
        return ready + self._release() + self.expire(arrived_us)

    def expire(self, now_us: int) -> list[Batch]:
        """Give up what was waited for too long; the batches that are next then, in order."""
        ready: list[Batch] = []
        while self._held and (
            len(self._held) > MOST_HELD
            or now_us - min(arrived for arrived, _ in self._held.values()) >= LONGEST_WAIT_US
        ):
            self._skip_to(min(self._held))
            ready += self._release()
        return ready

    def state(self) -> dict[str, Any]:
        """Everything that the next batch depends on, as JSON can hold it."""
        return {
            "counts": asdict(self.counts),
            "run": self._run,
            "next": self._next,
            "missed": list(self._missed),
            "held": [[arrived, asdict(batch)] for arrived, batch in self._held.values()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        self.counts = Counts(**state["counts"])
        self._run, self._next = state["run"], state["next"]
        self._missed = dict.fromkeys(state["missed"])
        held = [(arrived, Batch(**batch)) for arrived, batch in state["held"]]
        self._held = {batch.seq: (arrived, batch) for arrived, batch in held}

    def _release(self, *, everything: bool = False) -> list[Batch]:
        ready = []
        while self._held:
            if self._next not in self._held:
                if not everything:
                    break
                self._skip_to(min(self._held))
            ready.append(self._held.pop(self._next)[1])
            self._next += 1
        return ready

    def _skip_to(self, seq: int) -> None:
        self.counts.missed += seq - self._next
        for number in range(max(self._next, seq - _MOST_MISSED), seq):
            self._missed[number] = None
        while len(self._missed) > _MOST_MISSED:
            del self._missed[next(iter(self._missed))]
        self._next = seq
