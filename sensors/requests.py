"""Which runs to ask for when drops have arrived: pure functions, without Dagster."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_ingest.manifest import Manifest
from resources.landing_drops import ActiveDrop
from sensors.cursor import digest
from sports_assets.keys import DAY_KEYS, work_of

#: Kinds of drops about days that have a table of their own to go to.
DAY_KINDS = tuple(DAY_KEYS)


@dataclass(frozen=True)
class Request:
    """One run to ask for."""

    session_id: str
    work: str
    delivery_ids: tuple[str, ...]

    @property
    def run_key(self) -> str:
        """Session and content: a corrected drop is new, a second look at the same drops is not."""
        return f"{self.session_id}:{self.work}:{digest(self.delivery_ids)}"


@dataclass(frozen=True)
class DaysRequest:
    """One run to ask for: what drops say of days, of one kind and source."""

    kind: str
    source: str
    deliveries: Mapping[str, str]  # place: delivery id

    @property
    def run_key(self) -> str:
        """Kind, source and content, as `Request.run_key`."""
        return f"{self.kind}:{self.source}:{digest(sorted(self.deliveries.values()))}"


def plan_days(arrived: Iterable[Manifest], active: Iterable[ActiveDrop]) -> list[DaysRequest]:
    """What to ask for, given drops about days that have just arrived.

    Args:
        active: the active drops of the streams that they are of.

    Returns:
        One request for each kind and source, of the drops among them that count. A drop that a
        later one replaced asks for nothing.
    """
    streams = {manifest.stream_id for manifest in arrived if manifest.kind in DAY_KINDS}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for drop in active:
        manifest = drop.manifest
        if manifest.stream_id in streams:
            deliveries = found.setdefault((manifest.kind, manifest.source), {})
            deliveries[drop.place] = drop.delivery_id
    return [DaysRequest(*key, deliveries) for key, deliveries in sorted(found.items())]


def plan(
    manifests: Iterable[tuple[str, Manifest]], active: Callable[[str], Sequence[ActiveDrop]]
) -> list[Request]:
    """What to ask for, given drops that have just arrived.

    Args:
        manifests: session (as the lakehouse resolves it) and manifest of each arrival.
        active: the active drops of a session, the older ones of other streams included.

    Returns:
        One request for each session and lane, whatever the number of its new drops; footage
        starts the vision lane, everything else the facts lane.
    """
    wanted: dict[tuple[str, str], None] = {}
    for session_id, manifest in manifests:
        wanted[session_id, work_of(manifest.kind)] = None
    requests = []
    for session_id, work in wanted:
        drops = [
            one.delivery_id for one in active(session_id) if work_of(one.manifest.kind) == work
        ]
        if drops:
            requests.append(Request(session_id, work, tuple(sorted(drops))))
    return requests
