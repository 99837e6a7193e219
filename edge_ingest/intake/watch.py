"""Recordings from the watched folder become drops in the outbox; bad ones go to quarantine.

For each recording: read, clean, pack, and only then move the original to those that are kept. Every
step may be taken again: packing the same content again makes no new drop, and an original that was
kept is found there. So a node that is killed anywhere ends with the same drops when it runs again.
"""

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from edge_ingest.cleaning.settings import CleaningSettings, load_settings
from edge_ingest.drops.drop import PackedDrop
from edge_ingest.drops.signing import NodeKey, load_key
from edge_ingest.errors import EdgeError, NoSpaceError, NothingRecordedError, SourceError
from edge_ingest.identity import CalendarEntry, mint_session_id, read_calendar
from edge_ingest.intake import kept
from edge_ingest.intake.candidates import candidates, with_defaults
from edge_ingest.intake.inbox import Stamp, Stillness, look
from edge_ingest.intake.isolation import Attempt, KilledError, StoppedError
from edge_ingest.intake.joining import Candidate
from edge_ingest.intake.kept import Receipt, keep
from edge_ingest.intake.packing import Intake
from edge_ingest.intake.quarantine import finish_refusals, refuse_file
from edge_ingest.intake.sidecar import FOLDER_SIDECAR, SUFFIX
from edge_ingest.node.settings import Node
from edge_ingest.node.space import OVERHEAD_BYTES, no_space, space
from edge_ingest.readers import read_source
from edge_ingest.recording import Told
from edge_ingest.scratch import sweep
from edge_ingest.spool.landing import never
from edge_ingest.spool.outbox import Outbox

#: A reader that was killed from outside so often is killed by the file.
DEATHS = 2
#: How often originals that were kept long enough are let go, s.
RELEASE_EVERY_S = 600.0
UNKNOWN = "unknown"

State = Literal["packed", "known", "skipped", "refused", "waiting", "no space", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What became of one recording.

    Attributes:
        state: `known`: packed before; `waiting`: for its other files; `failed`: it could not be
            read or moved just now, and is tried again.
        detail: its drop, or the reason and what to do.
        rule: which one a refused file breaks.
        hint: what would make more of a recording that was packed.
        file: its first one, which tells it from others of its name.
    """

    name: str
    state: State
    detail: str
    rule: str = ""
    hint: str = ""
    file: Path | None = None


@dataclass
class Watcher:
    """Takes recordings in.

    Args:
        folder: the watched one.
        now: the instant, for what is written down.
        monotonic: seconds, for waiting.
        attempt: where reading and packing happen: `isolation.in_child`, or `isolation.here`.
        stop: asked between recordings: whether to end.
    """

    node: Node
    folder: Path
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    attempt: Attempt
    stop: Callable[[], bool] = never
    _stillness: Stillness = field(init=False)
    _key: NodeKey | None = field(init=False, default=None)
    _filters: CleaningSettings = field(init=False)
    _release_at: float = field(init=False, default=float("-inf"))
    _is_kept_whole: bool = field(init=False, default=True)
    _deaths: dict[Path, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with files that nobody has seen."""
        self._stillness = Stillness(self.monotonic)

    def start(self) -> None:
        """Make the node's folders, load its key and filters, and end what a killed process began.

        Raises:
            EdgeError: the watched folder is not there, or the key or the settings of the filters
                cannot be used.
        """
        if not self.folder.is_dir():
            raise SourceError(f"there is no folder {self.folder} to watch: make it, or mount it")
        self._filters = load_settings(self.node.filters)
        for folder in (self.node.outbox, self.node.kept, self.node.quarantine):
            folder.mkdir(parents=True, exist_ok=True)
        self._key = load_key(self.node.key) if self.node.key.is_file() else None
        sweep(self.node.outbox, self.now())
        self._sweep_earlier()
        finish_refusals(self.node.quarantine, self.node.outbox, self._key)
        kept.finish(self.node.kept, self.now())

    def _sweep_earlier(self) -> None:
        """Remove what killed processes of earlier versions left where nobody fills any more."""
        for home, pattern in (
            (self.node.outbox, "*/.packing-*"),
            (self.node.outbox, ".cutting-*"),
            (self.node.kept, ".taking-*"),
        ):
            for folder in list(home.glob(pattern)):
                shutil.rmtree(folder, ignore_errors=True)
                if folder.parent != home:
                    with suppress(OSError):  # drops of the stream stand there
                        folder.parent.rmdir()

    def unsettled(self) -> bool:
        """Whether files stand there that have not stood still for long enough yet."""
        seen = look(self.folder)
        self._stillness.note(seen)
        return any(not self._is_settled([path], seen, trust_times=True) for path in seen)

    def once(self, *, trust_times: bool = False) -> Iterator[Outcome]:
        """Look at the folder once, and take in what stands still; tells of each recording.

        Args:
            trust_times: believe the file system about when a file was last changed. Else a file
                must have been watched for as long: clocks of stadium machines jump.

        Raises:
            SourceError: the club's calendar cannot be read.
        """
        if not self._is_kept_whole:  # else what is left of a recording would wait for the rest
            kept.finish(self.node.kept, self.now())
            self._is_kept_whole = True
        if self.monotonic() >= self._release_at:
            self._release()
            self._release_at = self.monotonic() + RELEASE_EVERY_S
        seen = look(self.folder)
        self._stillness.note(seen)
        if not seen:
            return
        calendar = read_calendar(self.node.calendar)
        for candidate in candidates(seen, self.folder):
            if self.stop():
                return
            together = (*candidate.everything, *candidate.others)
            if not self._is_settled(together, seen, trust_times=trust_times):
                continue
            if candidate.lacks and not self._is_patience_over(candidate, seen, trust_times):
                lacks = str(candidate.lacks)
                yield Outcome(candidate.name, "waiting", lacks, file=candidate.files[0])
                continue
            yield replace(self._take(candidate, calendar), file=candidate.files[0])
            self._tidy(candidate.files[0].parent)

    def _take(self, candidate: Candidate, calendar: Sequence[CalendarEntry]) -> Outcome:
        """Take a recording in; whatever is no fault of its own leaves it where it is."""
        name = candidate.name
        try:
            return self._take_in(candidate, calendar)
        except NoSpaceError as error:
            return Outcome(name, "no space", str(error))
        except StoppedError as error:
            return Outcome(name, "failed", str(error))
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                return Outcome(
                    name, "no space", f"the disk became full ({error}): free space; the file stays "
                    "where it is, and is taken once there is room"
                )  # fmt: skip
            return Outcome(name, "failed", f"{error}: it stays where it is, and is tried again")

    def _take_in(self, candidate: Candidate, calendar: Sequence[CalendarEntry]) -> Outcome:
        if candidate.trouble:
            raise candidate.trouble
        if fault := candidate.fault or candidate.lacks:
            return self._refuse(candidate, fault)
        self._make_room(candidate)
        before = _stamps(candidate.everything)
        try:
            drop = self.attempt(lambda: self._pack(candidate, calendar))
        except (StoppedError, NoSpaceError):
            raise
        except EdgeError as error:
            # What was read in part is no fault of the file that stands there now; but one that
            # kills its reader each time must not be read for ever.
            if not isinstance(error, KilledError) and _have_changed(candidate.everything, before):
                sweep(self.node.outbox, self.now())
                return _read_again(candidate)
            return self._end(candidate, error)
        if _stamps(candidate.everything) != before:
            return _read_again(candidate)
        place = f"{drop.folder.parent.name}/{drop.folder.name}"
        state: State = "packed" if drop.is_new else "known"
        hint = self._hint(candidate, drop, calendar)
        return self._keep(candidate, Outcome(candidate.name, state, place, hint=hint))

    def _hint(
        self, candidate: Candidate, drop: PackedDrop, calendar: Sequence[CalendarEntry]
    ) -> str:
        """Vests of one training begin at different minutes: only a calendar makes one session."""
        facts = drop.manifest.session
        if not candidate.others or facts is None:
            return ""
        zone = self.node.club_timezone
        if mint_session_id(facts.started_at_utc, zone, facts.sport, facts.site, calendar).entry:
            return ""
        return (
            f"the calendar has no session for {candidate.files[0].parent.name}: each recording is "
            f"a session by its own start. Add a line to {self.node.calendar} before, or to "
            "identity/sessions.csv of the landing zone at any time"
        )

    def _end(self, candidate: Candidate, error: EdgeError) -> Outcome:
        """What becomes of a recording that no drop was made of."""
        sweep(self.node.outbox, self.now())
        if isinstance(error, NothingRecordedError):
            return self._keep(candidate, Outcome(candidate.name, "skipped", str(error)))
        if not isinstance(error, KilledError):
            return self._refuse(candidate, _with_remedy(candidate, error))
        file = candidate.files[0]
        self._deaths[file] = self._deaths.get(file, 0) + 1
        if self._deaths[file] < DEATHS:
            return Outcome(candidate.name, "failed", f"{error}; it is tried once more")
        del self._deaths[file]
        return self._refuse(candidate, SourceError(f"{error}: check the file", rule="too_large"))

    def _keep(self, candidate: Candidate, outcome: Outcome) -> Outcome:
        skipped = outcome.state == "skipped"
        receipt = Receipt(
            "skipped" if skipped else "packed",
            candidate.source or UNKNOWN,
            self.now(),
            place=None if skipped else outcome.detail,
            reason=outcome.detail if skipped else None,
        )
        leaving = candidate.leaving()
        stay = [file for file in candidate.shared if file not in leaving]
        self._is_kept_whole = False
        keep(leaving, receipt, self.node.kept, candidate.name, stay)
        self._is_kept_whole = True
        return outcome

    def _pack(self, candidate: Candidate, calendar: Sequence[CalendarEntry]) -> PackedDrop:
        """Read, clean and pack; in a process of its own."""
        assert candidate.source is not None
        told = with_defaults(candidate.told, self.node.told.as_told(), candidate.source)
        found = read_source(candidate.source, candidate.parts, told)
        zone = self.node.club_timezone
        intake = Intake(self.node.outbox, self._filters, calendar, zone, self._key)
        return intake.take(found, self.now())

    def _refuse(self, candidate: Candidate, error: EdgeError) -> Outcome:
        there = [file for file in candidate.leaving() if os.path.lexists(file)]
        if not there:
            return Outcome(candidate.name, "failed", "it was taken away while it was read")
        refusal = refuse_file(
            there,
            error,
            quarantine=self.node.quarantine,
            outbox=self.node.outbox,
            node_id=self.node.node_id,
            source=candidate.source or UNKNOWN,
            now=self.now(),
            key=self._key,
        )
        return Outcome(candidate.name, "refused", refusal.reason, refusal.rule)

    def _make_room(self, candidate: Candidate) -> None:
        """Make sure that drop and original fit; lets old originals go if they do not.

        Raises:
            NoSpaceError: they do not fit all the same.
        """
        source = sum(file.stat().st_size for file in candidate.everything)
        is_here = candidate.files[0].stat().st_dev == self.node.home.stat().st_dev
        drop = source + OVERHEAD_BYTES
        grows = (drop + source, drop if is_here else drop + source)
        found = space(self.node)
        if missing := found.lacks(*grows):
            self._release(missing)
            found = space(self.node)
            if missing := found.lacks(*grows):
                raise no_space(found, candidate.name, missing)

    def _release(self, needed_bytes: int = 0) -> None:
        kept.release(
            self.node.kept,
            Outbox(self.node.outbox).is_confirmed,
            self.now(),
            timedelta(days=self.node.disk.keep_originals_days),
            needed_bytes,
        )

    def _is_settled(
        self, files: Sequence[Path], seen: dict[Path, Stamp], *, trust_times: bool
    ) -> bool:
        return self._still_s(files, seen, trust_times) >= self.node.watch.settle_s

    def _is_patience_over(
        self, candidate: Candidate, seen: dict[Path, Stamp], trust_times: bool
    ) -> bool:
        return self._still_s(candidate.files, seen, trust_times) >= self.node.watch.patience_s

    def _still_s(self, files: Sequence[Path], seen: dict[Path, Stamp], trust_times: bool) -> float:
        watched = self._stillness.of(files)
        if not trust_times:
            return watched
        changed = max(max(seen[file].modified_ns, seen[file].changed_ns) for file in files)
        return max(watched, self.now().timestamp() - changed / 1e9)

    def _tidy(self, folder: Path) -> None:
        """Remove a folder of recordings that is empty now; let it be where others are at work."""
        with suppress(OSError):
            while folder != self.folder and not any(folder.iterdir()):
                folder.rmdir()
                folder = folder.parent


def _with_remedy(candidate: Candidate, error: EdgeError) -> EdgeError:
    """Where to write what only the operator knows."""
    text = str(error)
    names = [one.name for one in fields(Told) if re.search(rf"\b{one.name}\b", text)]
    if getattr(error, "rule", "") != "incomplete" or not names:
        return error
    first = min(names, key=text.index)
    file = next(iter(candidate.parts.values()), candidate.files[0])
    return SourceError(
        f"{text}: write {first} = … into {file.name}{SUFFIX} beside it, or for a whole folder into "
        f"{FOLDER_SIDECAR} there, and put them into the watched folder again",
        rule="incomplete",
    )


def _read_again(candidate: Candidate) -> Outcome:
    return Outcome(candidate.name, "failed", "it changed while it was read: it is read again")


def _have_changed(files: Sequence[Path], before: list[tuple[int, int]]) -> bool:
    """Whether somebody wrote them; those that were taken away did not change."""
    try:
        return _stamps(files) != before
    except FileNotFoundError:
        return False


def _stamps(files: Sequence[Path]) -> list[tuple[int, int]]:
    found = []
    for file in files:
        told = file.lstat()
        found.append((told.st_size, told.st_mtime_ns))
    return found
