"""Personal norms come from the landing zone, with the sender, which alone has the network.

Belongs here: when to look, and what becomes of what is found. The live node reads the file that
this leaves in the node's folder, and never asks the landing zone itself.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from edge_ingest.durable import replace_durably
from edge_ingest.errors import NormsError
from edge_ingest.norms import LARGEST_NORMS, NORMS_NAME, NormsFile, read_norms
from edge_ingest.spool.landing import LandingError, LandingTarget

#: How often the landing zone is asked, s; and after a fault that may pass by itself.
EVERY_S = 600.0
RETRY_S = 60.0
STATE_NAME = "norms.json"


@dataclass(frozen=True)
class Fetch:
    """What came of one look.

    Attributes:
        taken: the norms that are new here; None where nothing changed.
        is_there: whether the landing zone has a file; None where it did not answer.
        fault: why what is there was not taken; None where nothing is wrong.
    """

    taken: NormsFile | None = None
    is_there: bool | None = None
    fault: str | None = None


@dataclass
class NormsFetcher:
    """Keeps the node's file of norms like the landing zone's, as long as that one is good.

    Args:
        path: the node's file; replaced in one step, and only by norms that can be read.
        state: folder for what `status` shows.
        now: the instant, for what is written down.
        monotonic: seconds, for waiting.
        on_fetch: told of each look.
    """

    target: LandingTarget
    path: Path
    state: Path
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    on_fetch: Callable[[Fetch], None] = lambda _: None
    _next_at: float = field(init=False, default=float("-inf"))

    def is_due(self) -> bool:
        """Whether it is time to look."""
        return self.monotonic() >= self._next_at

    def fetch(self) -> Fetch:
        """Look, and take what is new. Never raises for what lies outside: sending goes on."""
        wait_s = EVERY_S
        try:
            found = self._look()
        except LandingError as error:
            found = Fetch(fault=str(error))
            wait_s = EVERY_S if error.is_permanent else RETRY_S
        except NormsError as error:
            found = Fetch(is_there=True, fault=str(error))
        except OSError as error:
            found = Fetch(is_there=True, fault=f"{self.path}: {error.strerror or error}")
        self._next_at = self.monotonic() + wait_s
        self._write_down(found)
        self.on_fetch(found)
        return found

    def _look(self) -> Fetch:
        payload = self.target.read(NORMS_NAME, LARGEST_NORMS)
        if payload is None:
            return Fetch(is_there=False)
        with suppress(FileNotFoundError):
            if self.path.read_bytes() == payload:
                return Fetch(is_there=True)
        taken = read_norms(payload, f"{self.target.uri}/{NORMS_NAME}")
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_durably(self.path, payload, mode=0o600)
        return Fetch(taken, is_there=True)

    def _write_down(self, found: Fetch) -> None:
        told = {
            "looked_at_utc": self.now().isoformat(),
            "is_there": found.is_there,
            "fault": found.fault,
        }
        text = json.dumps(told, ensure_ascii=False) + "\n"
        with suppress(OSError):  # a full disk must not end the sending
            self.state.mkdir(parents=True, exist_ok=True)
            replace_durably(self.state / STATE_NAME, text.encode())


@dataclass(frozen=True)
class NodeNorms:
    """The norms that a node has.

    Attributes:
        made_at_utc: None where it has none that can be read.
        problem: why it has none, or why what the landing zone has was not taken; None: nothing.
    """

    made_at_utc: datetime | None
    problem: str | None


def node_norms(path: Path, state: Path) -> NodeNorms:
    """Look at a node's folders, without network.

    Args:
        path, state: as `NormsFetcher` has them.
    """
    told: dict[str, object] = {}
    with suppress(OSError, ValueError):
        told = dict(json.loads((state / STATE_NAME).read_bytes()))
    problem = f"not renewed: {told['fault']}" if told.get("fault") else None
    try:
        made = read_norms(path.read_bytes(), str(path)).made_at_utc
    except FileNotFoundError:
        if told.get("is_there") is False:
            problem = f"the landing zone has no {NORMS_NAME}"
        return NodeNorms(None, problem or "none was fetched yet")
    except (OSError, NormsError) as error:
        return NodeNorms(None, str(error))
    return NodeNorms(made, problem)
