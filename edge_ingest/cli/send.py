"""`edge-ingest send`: what was packed goes to the landing zone."""

import random
import time
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from edge_ingest.cli.console import Config, Once, app, err, errors_in_a_line, out, say, size
from edge_ingest.cli.signals import until_told
from edge_ingest.cli.words import now

if TYPE_CHECKING:
    from edge_ingest.spool.norms_fetch import Fetch
    from edge_ingest.spool.sender import Round, Sender

#: How often `send` asks which drops the lakehouse refused, s.
REFUSALS_EVERY_S = 600.0


@app.command("send")
def send_command(once: Once = False, config: Config = None) -> None:
    """Send what was packed to the landing zone, and remove it here once it has arrived.

    It also fetches the personal norms for `live` from there, every ten minutes.
    With --once the exit code is 1 if anything is left to send, or was damaged here.
    """
    from edge_ingest.node.load import load_node
    from edge_ingest.node.lock import only_one
    from edge_ingest.spool.landing_choice import landing_target
    from edge_ingest.spool.norms_fetch import NormsFetcher
    from edge_ingest.spool.outbox import Outbox
    from edge_ingest.spool.sender import Sender, send_until

    with errors_in_a_line(), until_told() as (stop, sleep):
        node = load_node(config)
        sender = Sender(
            Outbox(node.outbox), landing_target(node), now, time.monotonic,
            random.Random(),  # noqa: S311 - jitter is no secret
            stop, node.state,
            lambda drop: say(
                f"[green]sent[/] {drop.place} ({size(drop.bytes)})"),
        )  # fmt: skip
        norms = NormsFetcher(
            sender.target, node.norms, node.state, now, time.monotonic, _NormsTeller().of
        )
        with only_one(node.state, "send"):
            if once:
                norms.fetch()
                raise typer.Exit(_send_once(sender))
            say(f"sending to {escape(sender.target.uri)}")
            send_until(
                sender, node.send.poll_s, REFUSALS_EVERY_S, sleep, _Complaints().of, norms=norms
            )


def _send_once(sender: "Sender") -> int:
    done = sender.round()
    _Complaints(tries_again=False).of(done)
    left = len(sender.outbox.waiting()) + len(sender.outbox.unreadable)
    if done.fault is None:
        for sent in sender.mirror_refusals():
            out.print(f"[red]refused by the lakehouse[/] {sent.place}: see `edge-ingest status`")
    if left:
        out.print(f"[yellow]{left} drop{'s' * (left != 1)} still to send[/]")
    elif not done.sent:
        out.print("nothing to send")
    damaged = [one for one in sender.outbox.refused() if not one.is_sent]
    return 1 if left or damaged or done.damaged else 0


class _Complaints:
    """Tells of what goes wrong with sending, each thing once."""

    def __init__(self, *, tries_again: bool = True) -> None:
        self._tries_again = tries_again
        self._fault = ""
        self._stuck: dict[str, str] = {}

    def of(self, done: "Round") -> None:
        if done.fault and str(done.fault) != self._fault:
            self._fault = str(done.fault)
            wait = f" (tried again in {done.next_in_s:.0f} s)" if self._tries_again else ""
            say(f"[red]cannot send[/] {escape(self._fault)}{wait}", to=err)
        elif done.sent:
            self._fault = ""
        for place, reason in done.damaged.items():
            say(f"[red]damaged[/] {place}: {escape(reason)}", to=err)
        for place, reason in done.stuck.items():
            if self._stuck.get(place) != reason:
                say(f"[red]stuck[/] {place}: {escape(reason)}", to=err)
        self._stuck = dict(done.stuck)


class _NormsTeller:
    """Tells of norms that came, and of each fault once."""

    def __init__(self) -> None:
        self._fault: str | None = None

    def of(self, found: "Fetch") -> None:
        if found.taken is not None:
            made, count = f"{found.taken.made_at_utc:%Y-%m-%d %H:%M} UTC", len(found.taken.athletes)
            out.print(
                f"[green]fetched[/] personal norms of {made}, {count} athlete{'s' * (count != 1)}"
            )
        if found.fault and found.fault != self._fault:
            say(f"[red]cannot fetch norms[/] {escape(found.fault)}", to=err)
        self._fault = found.fault
