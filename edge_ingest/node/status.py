"""What a node has, and what it waits for: read from its folders alone, without network."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge_ingest.intake.kept import recordings
from edge_ingest.intake.quarantine import RefusedFile, refusals
from edge_ingest.manifest import REFUSAL_NAME
from edge_ingest.node.lock import is_running
from edge_ingest.node.settings import Node
from edge_ingest.node.space import Space, space
from edge_ingest.spool.norms_fetch import NodeNorms, node_norms
from edge_ingest.spool.outbox import Outbox, OutboxDrop, Sent, SetAside
from edge_ingest.spool.sender import STATE_NAME


@dataclass(frozen=True)
class RefusedDrop:
    """A drop that will not do; `original` is where its recording is kept."""

    place: str
    rule: str
    reason: str
    original: Path | None


@dataclass(frozen=True)
class Sending:
    """How the sender last fared, as it wrote it down.

    Attributes:
        fault: why it could not send; None where it could.
        needs_a_person: waiting alone will not help.
        stuck: drops that cannot be sent, by place, with the reason.
    """

    fault: str | None
    needs_a_person: bool
    next_try_at_utc: str | None
    stuck: dict[str, str]


@dataclass(frozen=True)
class Status:
    """A node at one moment.

    Attributes:
        waiting: drops that are not confirmed, the most urgent first.
        sent: those that were confirmed of late, the latest last.
        refused: drops that the lakehouse would not load.
        damaged: drops that are not what was packed any more, and are not sent.
        originals, originals_bytes: recordings that are kept.
        sending: None where it never ran.
    """

    waiting: list[OutboxDrop]
    sent: list[Sent]
    refused: list[RefusedDrop]
    damaged: list[RefusedDrop]
    quarantined: list[RefusedFile]
    originals: int
    originals_bytes: int
    space: Space
    sending: Sending | None
    runs_watch: bool
    runs_send: bool
    runs_live: bool
    norms: NodeNorms


def status(node: Node) -> Status:
    """Look at a node's folders."""
    outbox = Outbox(node.outbox)
    waiting, sent, originals = outbox.waiting(), outbox.sent(), recordings(node.kept)
    set_aside = outbox.refused()
    kept_at = {one.receipt.place: one.folder for one in originals if one.receipt.place}
    return Status(
        waiting=waiting,
        sent=sent,
        refused=[_refused(one, kept_at.get(one.place)) for one in set_aside if one.is_sent],
        damaged=[_refused(one, kept_at.get(one.place)) for one in set_aside if not one.is_sent],
        quarantined=refusals(node.quarantine),
        originals=len(originals),
        originals_bytes=sum(one.bytes for one in originals),
        space=space(node),
        sending=_sending(node.state / STATE_NAME, outbox),
        runs_watch=is_running(node.state, "watch"),
        runs_send=is_running(node.state, "send"),
        runs_live=is_running(node.state, "live"),
        norms=node_norms(node.norms, node.state),
    )


def _refused(one: SetAside, original: Path | None) -> RefusedDrop:
    rule, reason = "unknown", "the lakehouse gives no reason: ask there"
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads((one.folder / REFUSAL_NAME).read_bytes())
        rule, reason = str(told["rule"]), str(told["reason"])
    return RefusedDrop(one.place, rule, reason, original)


def _sending(path: Path, outbox: Outbox) -> Sending | None:
    try:
        told = json.loads(path.read_bytes())
        return Sending(
            told["fault"],
            bool(told["needs_a_person"]),
            told["next_try_at_utc"],
            dict(told["stuck"]) | outbox.unreadable,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
