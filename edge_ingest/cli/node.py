"""Commands of a running node: watch, send, status, doctor."""

import os
import random
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from edge_ingest.cli.console import Config, app, err, errors_in_a_line, out
from edge_ingest.errors import EdgeError, SettingsError

if TYPE_CHECKING:
    from edge_ingest.intake.watch import Outcome, Watcher
    from edge_ingest.node.settings import Node
    from edge_ingest.node.status import Status
    from edge_ingest.spool.norms_fetch import Fetch
    from edge_ingest.spool.sender import Round, Sender

Once = Annotated[bool, typer.Option("--once", help="Go over it once, and end.")]

#: A wait may end a little early by the clock that files are judged by, s.
_SLACK_S = 0.05
#: How often `send` asks which drops the lakehouse refused, s.
REFUSALS_EVERY_S = 600.0
_COLOURS = {
    "packed": "green", "known": "dim", "skipped": "dim", "refused": "red",
    "waiting": "yellow", "no space": "red", "failed": "yellow",
    "ok": "green", "warn": "yellow", "bad": "red",
}  # fmt: skip


@app.command("watch")
def watch_command(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Where recordings are put. Default: watch.folder of the settings."),
    ] = None,
    once: Once = False,
    config: Config = None,
) -> None:
    """Make drops of the recordings that are put into a folder.

    With --once the exit code is 1 if a file was refused, or could not be taken in.
    """
    from edge_ingest.intake.isolation import in_child
    from edge_ingest.intake.watch import Watcher
    from edge_ingest.node.lock import only_one
    from edge_ingest.node.settings import load_node

    with errors_in_a_line(), _until_told() as (stop, sleep):
        node = load_node(config)
        watched = folder or node.watch.folder
        if watched is None:
            raise SettingsError("which folder? Give it, or set folder in [watch] of the settings")
        attempt = in_child(node.watch.read_limit_s, stop)
        watcher = Watcher(node, watched, _now, time.monotonic, attempt, stop)
        with only_one(node.state, "watch"):
            watcher.start()
            if once:
                raise typer.Exit(_watch_once(watcher, sleep))
            out.print(f"watching {escape(str(watched))}", soft_wrap=True)
            _watch(watcher, stop, sleep)


@app.command("send")
def send_command(once: Once = False, config: Config = None) -> None:
    """Send what was packed to the landing zone, and remove it here once it has arrived.

    It also fetches the personal norms for `live` from there, every ten minutes.
    With --once the exit code is 1 if anything is left to send.
    """
    from edge_ingest.node.lock import only_one
    from edge_ingest.node.settings import load_node
    from edge_ingest.spool.landing import landing_target
    from edge_ingest.spool.norms_fetch import NormsFetcher
    from edge_ingest.spool.outbox import Outbox
    from edge_ingest.spool.sender import Sender, send_until

    with errors_in_a_line(), _until_told() as (stop, sleep):
        node = load_node(config)
        sender = Sender(
            Outbox(node.outbox), landing_target(node), _now, time.monotonic,
            random.Random(),  # noqa: S311 - jitter is no secret
            stop, node.state,
            lambda drop: out.print(
                f"[green]sent[/] {drop.place} ({_size(drop.bytes)})", soft_wrap=True
            ),
        )  # fmt: skip
        norms = NormsFetcher(
            sender.target, node.norms, node.state, _now, time.monotonic, _NormsTeller().of
        )
        with only_one(node.state, "send"):
            if once:
                norms.fetch()
                raise typer.Exit(_send_once(sender))
            out.print(f"sending to {escape(sender.target.uri)}", soft_wrap=True)
            send_until(
                sender, node.send.poll_s, REFUSALS_EVERY_S, sleep, _Complaints().of, norms=norms
            )


@app.command("status")
def status_command(config: Config = None) -> None:
    """Show what waits, what was refused and why, and how much room there is."""
    from edge_ingest.node.settings import load_node
    from edge_ingest.node.status import status

    with errors_in_a_line():
        node = load_node(config)
        _print_status(status(node), node)


@app.command("doctor")
def doctor_command(config: Config = None) -> None:
    """Check disk, clock, key, landing zone, broker and norms; exit code 1 if anything is wrong."""
    from edge_ingest.node.doctor import examine
    from edge_ingest.node.settings import load_node

    with errors_in_a_line():
        node = load_node(config)
        bad = 0
        for check in examine(node, _now):
            bad += check.state == "bad"
            out.print(
                f"[{_COLOURS[check.state]}]{check.state:<4}[/] {check.name:<14} "
                f"{escape(check.found)}",
                soft_wrap=True,
            )
            if check.remedy:
                out.print(f"{'':<19} [bold]→ {escape(check.remedy)}[/]", soft_wrap=True)
        if bad:
            raise typer.Exit(1)


def _watch_once(watcher: "Watcher", sleep: Callable[[float], None]) -> int:
    if watcher.unsettled():
        sleep(watcher.node.watch.settle_s + _SLACK_S)
    refused, hints, problems, seen = [], dict[str, None](), 0, 0
    for outcome in watcher.once(trust_times=True):
        seen += 1
        problems += outcome.state in {"no space", "failed"}
        if outcome.state == "refused":
            refused.append(outcome)
        else:
            _print_outcome(outcome, watcher.folder)
        hints |= dict.fromkeys([outcome.hint] if outcome.hint else [])
    for hint in hints:
        out.print(f"[yellow]hint[/]     {escape(hint)}", soft_wrap=True)
    if watcher.unsettled():
        out.print("some files are still being written: they are taken the next time")
    elif not seen:
        out.print(f"nothing new in {escape(str(watcher.folder))}", soft_wrap=True)
    if refused:
        _heading("refused")
        for one in refused:
            _trouble(one.name, one.rule, _within(watcher.folder, one.detail))
        out.print(
            f"\n{len(refused)} refused; kept in {escape(str(watcher.node.quarantine))}",
            soft_wrap=True,
        )
    return 1 if refused or problems else 0


def _watch(watcher: "Watcher", stop: Callable[[], bool], sleep: Callable[[float], None]) -> None:
    told: dict[str, tuple[str, str]] = {}
    while not stop():
        standing: dict[str, tuple[str, str]] = {}
        try:
            for outcome in watcher.once():
                standing[outcome.name] = (outcome.state, outcome.rule)
                if told.get(outcome.name) != standing[outcome.name]:
                    _print_outcome(outcome, watcher.folder)
        except (
            EdgeError,
            OSError,
        ) as error:  # a calendar that cannot be read, a share that is away
            standing[""] = ("failed", str(error))
            if told.get("") != standing[""]:
                err.print(f"[red]error[/] {escape(str(error))}", soft_wrap=True)
        told = standing
        sleep(watcher.node.watch.poll_s)


def _within(folder: Path, text: str) -> str:
    """A message with names as they stand in the watched folder."""
    return text.replace(f"{folder}{os.sep}", "")


def _print_outcome(outcome: "Outcome", folder: Path) -> None:
    state = f"[{_COLOURS[outcome.state]}]{outcome.state:<8}[/]"
    rule = f"({outcome.rule}) " if outcome.rule else ""
    detail = _within(folder, outcome.detail)
    out.print(f"{state} {escape(outcome.name)}: {rule}{escape(detail)}", soft_wrap=True)


def _send_once(sender: "Sender") -> int:
    done = sender.round()
    _Complaints(tries_again=False).of(done)
    left = len(sender.outbox.waiting()) + len(sender.outbox.damaged)
    if done.fault is None:
        for sent in sender.mirror_refusals():
            out.print(f"[red]refused by the lakehouse[/] {sent.place}: see `edge-ingest status`")
    if left:
        out.print(f"[yellow]{left} drop{'s' * (left != 1)} still to send[/]")
    elif not done.sent:
        out.print("nothing to send")
    return 1 if left else 0


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
            err.print(f"[red]cannot send[/] {escape(self._fault)}{wait}", soft_wrap=True)
        elif done.sent:
            self._fault = ""
        for place, reason in done.stuck.items():
            if self._stuck.get(place) != reason:
                err.print(f"[red]stuck[/] {place}: {escape(reason)}", soft_wrap=True)
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
            err.print(f"[red]cannot fetch norms[/] {escape(found.fault)}", soft_wrap=True)
        self._fault = found.fault


def _print_status(found: "Status", node: "Node") -> None:
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    room = (
        f"{found.space.free_bytes / 1e9:,.1f} GB free, {found.space.used_bytes / 1e9:,.2f} GB ours"
    )
    if found.space.quota_bytes is not None:
        room += f" of {found.space.quota_bytes / 1e9:,.1f} GB"
    if found.space.lacks(0, 0):
        room = f"[red]{room}: nothing more is taken in[/]"
    last = found.sent[-1].confirmed_at_utc if found.sent else None
    for name, value in (
        ("node", escape(node.node_id)),
        ("runs", _runs(found)),
        ("landing zone", escape(node.landing.uri)),
        ("sending", _sending(found)),
        ("waiting", _waiting(found)),
        ("confirmed", f"{len(found.sent)}, the last {_ago(last)}" if last else "nothing yet"),
        ("originals", f"{found.originals} kept, {_size(found.originals_bytes)}"),
        ("norms", _norms(found, node)),
        ("disk", room),
    ):  # fmt: skip
        facts.add_row(name, value)
    out.print(facts)
    if found.waiting:
        table = _table("waiting to be sent", "packed", "size")
        for drop in found.waiting[:20]:
            packed = _ago(drop.manifest.packed_at_utc)
            table.add_row(drop.place, packed, _size(drop.bytes))
        if len(found.waiting) > 20:  # noqa: PLR2004 - a screen
            table.add_row(f"… and {len(found.waiting) - 20} more", "", "")
        out.print()
        out.print(table)
    _print_troubles(found, node.quarantine)


def _print_troubles(found: "Status", quarantine: Path) -> None:
    if found.sending and found.sending.stuck:
        _heading("cannot be sent")
        for place, reason in sorted(found.sending.stuck.items()):
            _trouble(place, "", reason)
    if found.refused:
        _heading("refused by the lakehouse")
        for drop in found.refused:
            kept = f"original: {drop.original}" if drop.original else "the original is not kept"
            _trouble(drop.place, drop.rule, drop.reason, kept)
        out.print("To pack one again, move its original back into the watched folder.")
    if found.quarantined:
        _heading("in quarantine")
        for file in found.quarantined:
            names = ", ".join(kept.name for kept in file.files)
            _trouble(names, file.rule, file.reason, f"kept in {quarantine / file.quarantine_id}")
        out.print("Put a mended file into the watched folder, and remove the one that is kept.")


def _heading(text: str) -> None:
    out.print(f"\n[bold]{text}[/]")


def _trouble(name: str, rule: str, *lines: str) -> None:
    """One thing that waits for a person; paths in one piece, to be copied."""
    out.print(f"  {escape(name)}{f' [red]{rule}[/]' if rule else ''}", soft_wrap=True)
    for line in lines:
        out.print(f"    {escape(line)}", soft_wrap=True)


def _sending(found: "Status") -> str:
    sending = found.sending
    if sending is None or not sending.fault:
        return "[green]well[/]" if sending else "never yet"
    wait = ""
    if sending.next_try_at_utc and found.runs_send:
        left = (datetime.fromisoformat(sending.next_try_at_utc) - _now()).total_seconds()
        wait = f" (tried again in {max(0, left):.0f} s)"
    return f"[red]{escape(sending.fault)}[/]{wait}"


def _waiting(found: "Status") -> str:
    if not found.waiting:
        return "nothing"
    oldest = min(drop.manifest.packed_at_utc for drop in found.waiting)
    size = _size(sum(drop.bytes for drop in found.waiting))
    count = len(found.waiting)
    return f"{count} drop{'s' * (count != 1)}, {size}, the oldest packed {_ago(oldest)}"


def _runs(found: "Status") -> str:
    tasks = {"watch": found.runs_watch, "send": found.runs_send, "live": found.runs_live}
    return ", ".join(f"{task} {_yes(runs)}" for task, runs in tasks.items())


def _norms(found: "Status", node: "Node") -> str:
    made, problem = found.norms.made_at_utc, escape(found.norms.problem or "")
    if made is None:
        # Without a broker nobody needs them.
        return f"[yellow]{problem}[/]" if node.broker.host else problem
    told = f"made {_ago(made)}"
    if _now() - made > node.live.norms_max_age:
        told = f"[yellow]{told}, more than {node.live.norms_max_age_d:g} days[/]"
    return f"{told}; [red]{problem}[/]" if problem else told


def _yes(runs: bool) -> str:
    return "[green]runs[/]" if runs else "[yellow]does not run[/]"


def _ago(instant: datetime) -> str:
    seconds = (_now() - instant).total_seconds()
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit} ago"
    return f"{max(0, seconds):.0f} s ago"


def _size(count: int) -> str:
    for unit, length in (("GB", 1e9), ("MB", 1e6)):
        if count >= length:
            return f"{count / length:,.1f} {unit}"
    return f"{count / 1e3:,.1f} kB"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _until_told() -> Iterator[tuple[Callable[[], bool], Callable[[float], None]]]:
    """SIGTERM and SIGINT end the command between two pieces of work, with exit code 0."""
    # A pipe, because a handler that runs in the midst of a wait may take no lock.
    wake, waker = os.pipe()
    told: list[int] = []

    def tell(number: int, _frame: object) -> None:
        told.append(number)
        os.write(waker, b".")

    def sleep(seconds: float) -> None:
        select.select([wake], [], [], max(0.0, seconds))

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(told), sleep
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(wake)
        os.close(waker)
