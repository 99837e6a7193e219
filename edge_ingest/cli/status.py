"""`edge-ingest status`: what a node has, and what waits for a person."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from edge_ingest.cli.console import Config, app, errors_in_a_line, facts, say, size
from edge_ingest.cli.words import ago, heading, now, trouble

if TYPE_CHECKING:
    from edge_ingest.node.settings import Node
    from edge_ingest.node.status import Status

#: Drops that wait, in the order in which they go: a screen.
MOST_SHOWN = 20
#: Files of one recording that are named each.
MOST_NAMES = 3


@app.command("status")
def status_command(config: Config = None) -> None:
    """Show what waits, what was refused and why, and how much room there is."""
    from edge_ingest.node.load import load_node
    from edge_ingest.node.status import status

    with errors_in_a_line():
        node = load_node(config)
        _print_status(status(node), node)


def _print_status(found: "Status", node: "Node") -> None:
    room = f"{size(found.space.free_bytes)} free, {size(found.space.used_bytes)} ours"
    if found.space.quota_bytes is not None:
        room += f" of {size(found.space.quota_bytes)}"
    if found.space.lacks(0, 0):
        room = f"[red]{room}: nothing more is taken in[/]"
    last = found.sent[-1].confirmed_at_utc if found.sent else None
    facts((
        ("node", escape(node.node_id)),
        ("runs", _runs(found)),
        ("landing zone", escape(node.landing.uri)),
        ("sending", _sending(found)),
        ("waiting", _waiting(found)),
        ("confirmed", f"{len(found.sent)} lately, the last {ago(last)}" if last else "nothing yet"),
        ("originals", f"{found.originals} kept, {size(found.originals_bytes)}"),
        ("norms", _norms(found, node)),
        ("disk", room),
    ))  # fmt: skip
    if found.waiting:
        heading("waiting to be sent")
        for drop in found.waiting[:MOST_SHOWN]:
            trouble(
                drop.place, "", f"{size(drop.bytes)}, packed {ago(drop.manifest.packed_at_utc)}"
            )
        if (more := len(found.waiting) - MOST_SHOWN) > 0:
            say(f"… and {more} more", indent=2)
    _print_troubles(found, node.quarantine)


def _print_troubles(found: "Status", quarantine: Path) -> None:
    if found.sending and found.sending.stuck:
        heading("cannot be sent")
        for place, reason in sorted(found.sending.stuck.items()):
            trouble(place, "", reason)
    for title, drops in (
        ("damaged here, and not sent", found.damaged),
        ("refused by the lakehouse", found.refused),
    ):
        if not drops:
            continue
        heading(title)
        for drop in drops:
            kept = f"original: {drop.original}" if drop.original else "the original is not kept"
            trouble(drop.place, drop.rule, drop.reason, kept)
        say("To pack one again, move its original back into the watched folder.")
    if found.quarantined:
        heading("in quarantine")
        for file in found.quarantined:
            trouble(
                _names([kept.name for kept in file.files]),
                file.rule,
                file.reason,
                f"kept in {quarantine / file.quarantine_id}",
            )
        say("Put a mended file into the watched folder, and remove the one that is kept.")


def _names(names: list[str]) -> str:
    """Names of files in a line; of many the first."""
    if len(names) > MOST_NAMES:
        return f"{names[0]} and {len(names) - 1} more"
    return ", ".join(names)


def _sending(found: "Status") -> str:
    sending = found.sending
    if sending is None or not sending.fault:
        return "[green]well[/]" if sending else "never yet"
    wait = ""
    if sending.next_try_at_utc and found.runs_send:
        left = (datetime.fromisoformat(sending.next_try_at_utc) - now()).total_seconds()
        wait = f" (tried again in {max(0, left):.0f} s)"
    return f"[red]{escape(sending.fault)}[/]{wait}"


def _waiting(found: "Status") -> str:
    if not found.waiting:
        return "nothing"
    oldest = min(drop.manifest.packed_at_utc for drop in found.waiting)
    total = size(sum(drop.bytes for drop in found.waiting))
    count = len(found.waiting)
    return f"{count} drop{'s' * (count != 1)}, {total}, the oldest packed {ago(oldest)}"


def _runs(found: "Status") -> str:
    tasks = {"watch": found.runs_watch, "send": found.runs_send, "live": found.runs_live}
    return ", ".join(f"{task} {_yes(runs)}" for task, runs in tasks.items())


def _norms(found: "Status", node: "Node") -> str:
    made, problem = found.norms.made_at_utc, escape(found.norms.problem or "")
    if made is None:
        # Without a broker nobody needs them.
        return f"[yellow]{problem}[/]" if node.broker.host else problem
    told = f"made {ago(made)}"
    if now() - made > node.live.norms_max_age:
        told = f"[yellow]{told}, more than {node.live.norms_max_age_d:g} days[/]"
    return f"{told}; [red]{problem}[/]" if problem else told


def _yes(runs: bool) -> str:
    return "[green]runs[/]" if runs else "[yellow]does not run[/]"
