"""Damage done to files on purpose, and a guarded process in which readers meet it.

Every input has a number and its own chance, so that one that breaks a reader is made again from
source and number alone.
"""

import json
import multiprocessing
import os
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_ingest.errors import RULES, EdgeError

#: No input takes longer on a processor, s: the slowest sound one takes a hundredth of it.
CPU_S = 10.0
#: Address space that a reader may take beyond what the process had, B; then it fails.
MEMORY = 2 * 1024**3
#: What it may really have used more, at its worst, B.
GROWTH = 512 * 1024**2
#: A word and a number that stand for an athlete's, and that no message may tell.
WORD, NUMBER = b"Zebrafink", b"8675309.25"

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NAME = re.compile(rb"[A-Za-z_][\w:.-]*")
_VALUE = re.compile(rb'"[^"\n]*"|\b(?:true|false|null)\b')
_PIECE = re.compile(rb"\n|,|;|>(?=\s*<)|\}")
_NUMBERS = (
    NUMBER, NUMBER, b"0", b"-1", b"-0.0", b"NaN", b"nan", b"Infinity", b"-inf", b"1e308", b"-1e308",
    b"1e-320", b"", b" ", b"9" * 400, b"9" * 5000, b"0." + b"3" * 3000, b"2147483648", b"0x1F",
    b"-9223372036854775809", b"18446744073709551616", b"1_000", b"1,5", "١٢".encode(), b"null",
    b"1e999999999", b"253402300800", b"-62135596801",
)  # fmt: skip
#: Numbers in every format.
_TAME = (
    NUMBER, b"0", b"-1", b"1", b"2", b"3", b"-0.0", b"0.5", b"1e308", b"-1e308", b"1e-320", b"5e9",
    b"9" * 20, b"2147483648", b"4294967295", b"-9223372036854775809", b"1e16", b"253402300800",
    b"-62135596801", b"9" * 400,
)  # fmt: skip
_VALUES = (
    b"null", b"{}", b"[]", b"true", b'""', b'"' + WORD + b'"', NUMBER, b'"9999-99-99T25:61:61Z"',
    b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59+14:00"', b'"\\ud800"', b'"\\u0000"',
    b'"' + b"x" * 70_000 + b'"', b"[[[]]]", b'{"a": {"a": 1}}', b'"../../../../etc/passwd"',
)  # fmt: skip
_INSERTED = (
    b"[" * 100_000, b'{"a":' * 50_000, b"<a>" * 100_000, b"(" * 5_000, b"\0", b"\0" * 500,
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b"<", b">", b"]]>", b"&x;", b"&#0;",
    b"&#x110000;",
    b"<![CDATA[", b"<!--", b"<?x?>", b"{", b"}", b"[", b"]", b",", b",,,,", b";", b":", b"\r",
    b"\n\n",
    b'<!DOCTYPE a [<!ENTITY b "c">]>', b"\xe2\x80\xae", b"," * 20_000, b"\n" * 20_000, WORD,
)  # fmt: skip


class HangError(BaseException):
    """Out of time. No reader may catch it, so it is no Exception."""


# --- the damage -------------------------------------------------------------------------------


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """Some bytes of a file changed in one to four ways, and never all of them lost."""
    data = whole
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        data = chance.choice(_WAYS)(data, chance) or data[:1] or b"x"
    return data


def damaged_fit(whole: bytes, chance: random.Random) -> bytes:
    """As `damaged`; half of the files get length and checksums that are right all the same."""
    from fitdecode.utils import compute_crc

    data = damaged(whole, chance)
    if chance.random() < 0.5 or len(data) < 20:
        return data
    body = bytearray(data[:-2])
    body[4:8] = (len(body) - 14).to_bytes(4, "little", signed=False)
    body[0], body[8:12] = 14, b".FIT"
    body[12:14] = compute_crc(body[:12]).to_bytes(2, "little")
    return bytes(body) + compute_crc(body).to_bytes(2, "little")


def _span(data: bytes, chance: random.Random, most: int = 4000) -> tuple[int, int]:
    begin = chance.randrange(len(data))
    return begin, begin + chance.randint(1, max(1, min(most, len(data) - begin)))


def _flip(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _overwrite(data: bytes, chance: random.Random) -> bytes:
    begin, end = _span(data, chance, 64)
    filler = chance.choice((b"\0", b"\xff", b" ", b"A", None))
    return (
        data[:begin]
        + (filler * (end - begin) if filler else chance.randbytes(end - begin))
        + data[end:]
    )


def _cut(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] if chance.random() < 0.8 else data[at:]


def _delete(data: bytes, chance: random.Random) -> bytes:
    begin, end = _span(data, chance)
    return data[:begin] + data[end:]


def _double(data: bytes, chance: random.Random) -> bytes:
    begin, end = _span(data, chance)
    return data[:end] + data[begin:end] * chance.choice((1, 1, 2, 40)) + data[end:]


def _swap(data: bytes, chance: random.Random) -> bytes:
    begin, middle = _span(data, chance)
    end = min(len(data), middle + chance.randint(1, 4000))
    return data[:begin] + data[middle:end] + data[begin:middle] + data[end:]


def _pieces(data: bytes, chance: random.Random) -> bytes:
    """Lines, cells, elements or objects lost, doubled or moved."""
    ends = [0, *(one.end() for one in _PIECE.finditer(data)), len(data)]
    if len(ends) < 4:
        return _delete(data, chance)
    first = chance.randrange(len(ends) - 2)
    last = min(first + chance.choice((1, 1, 1, 3, 10)), len(ends) - 2)
    piece, rest = data[ends[first] : ends[last]], data[: ends[first]] + data[ends[last] :]
    match chance.randrange(3):
        case 0:
            return rest
        case 1:
            return data[: ends[last]] + piece * chance.choice((1, 2, 30)) + data[ends[last] :]
        case _:
            at = min(chance.choice(ends), len(rest))
            return rest[:at] + piece + rest[at:]


def _replace(pattern: "re.Pattern[bytes]", words: tuple[bytes, ...]) -> Callable[..., bytes]:
    """One hit of a pattern, a few, or all of the same text, become a word."""

    def way(data: bytes, chance: random.Random) -> bytes:
        # From a random place on: to list all hits of a large file for each input takes too long.
        found = list(pattern.finditer(data, chance.randrange(len(data)))) if data else []
        if not found:
            return _overwrite(data, chance)
        one = found[0] if chance.random() < 0.7 else chance.choice(found)
        word = chance.choice(words) if words else _other_name(found, chance)
        if chance.random() < 0.2 and one.group():
            most = len(data) * 4 + 10_000
            return data.replace(one.group(), word, most // max(len(word), 1))[:most]
        return data[: one.start()] + word + data[one.end() :]

    return way


def _other_name(found: list["re.Match[bytes]"], chance: random.Random) -> bytes:
    return chance.choice((WORD, b"", b"__proto__", chance.choice(found).group()))


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_INSERTED) + data[at:]


def _encode(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("latin-1")
    code = chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp037", "crlf", "cr"))
    if code in {"crlf", "cr"}:
        return data.replace(b"\n", b"\r\n" if code == "crlf" else b"\r")
    return text.encode(code, "replace")


#: Most of them leave the syntax whole: what breaks it is found by the parser, in a moment.
_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _overwrite, _cut, _delete, _double, _swap, _insert, _encode, *[_pieces] * 4,
    *[_replace(_NUMBER, _TAME)] * 8, *[_replace(_NUMBER, _NUMBERS)] * 4,
    *[_replace(_VALUE, _VALUES)] * 4, *[_replace(_NAME, ())] * 2,
)  # fmt: skip


# --- the guarded process ----------------------------------------------------------------------


@dataclass
class Told:
    """What a run of many inputs showed.

    Attributes:
        outcomes: how many were `read`, or broke each rule.
        faults: what went against the promises: the input's number and what happened.
        slowest_s: processor time of the slowest input, s.
        growth: by how much the process's memory grew at its worst, B.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    growth: int = 0
    seconds: float = 0.0


def run(
    name: str, count: int, folder: Path, make: Callable[[int, random.Random], Callable[[], Any]]
) -> Told:
    """Do work with each of many inputs, in a process with limits, and tell what happened.

    Args:
        name: makes the chance of each input, with its number.
        folder: the only place that may be written to.
        make: writes the input of a number and gives the work to do with it; what the work gives
            is counted, an EdgeError by its rule.
    """
    told, first, begun = Told(), 0, time.monotonic()
    while first < count:
        report = folder / "report.jsonl"
        report.write_text("")
        context = multiprocessing.get_context("fork")
        child = context.Process(target=_child, args=(name, first, count, folder, report, make))
        child.start()
        # Each input has its own limit; this one is for a child that neither works nor ends.
        child.join(count * 2 + 120)
        if child.is_alive():
            child.kill()
            child.join()
        done = _collect(told, report, child.exitcode or 0, name, first)
        if done < first:
            told.faults.append(f"{name}: the sound files are not read")
            break
        first = count if not child.exitcode else done + 1
        if len(told.faults) > 20:
            break
    told.seconds = time.monotonic() - begun
    return told


def _collect(told: Told, report: Path, exitcode: int, name: str, first: int) -> int:
    """Add a child's lines; gives the number of the last input that it began."""
    number, one = first - 1, {}
    for line in report.read_text().splitlines():
        one = json.loads(line)
        number = one["number"]
        if "outcome" not in one:
            continue
        told.outcomes[one["outcome"]] += 1
        told.slowest_s = max(told.slowest_s, one["cpu_s"])
        told.growth = max(told.growth, one["growth"])
        if one["fault"]:
            told.faults.append(f"{name} {number}: {one['fault']}")
    if exitcode and number >= first and "outcome" not in one:
        told.faults.append(f"{name} {number}: the process ended with {exitcode}")
    return number


def _child(  # noqa: PLR0917 - passed by position to a process
    name: str, first: int, count: int, folder: Path, report: Path, make: Callable[..., Any]
) -> None:
    import faulthandler

    import pyarrow as pa

    faulthandler.disable()  # pytest's report of a crash: the parent tells of it
    pa.set_memory_pool(pa.system_memory_pool())  # gives memory back, so that growth means something
    sys.dont_write_bytecode = True
    trespasses = _watch_writes(folder)
    signal.signal(signal.SIGVTALRM, _out_of_time)
    with report.open("a", buffering=1) as lines:
        work = make(-1, random.Random(0))  # the sound files: what is imported is imported now
        outcome, fault, _ = _attempt(work)
        if outcome not in {"read", "sound"}:
            raise AssertionError(f"{name}: sound files end with {outcome}: {fault}")
        _limit_memory()
        before = _peak()
        for number in range(first, count):
            print(json.dumps({"number": number}), file=lines)
            work = make(number, random.Random(f"{name}:{number}"))
            trespasses.clear()  # what the test itself writes is its own affair
            outcome, fault, cpu_s = _attempt(work)
            if trespasses:
                fault += f"\nit touched {trespasses.pop()}"
            growth = _peak() - before
            if growth > GROWTH:
                fault += f"\nmemory grew by {growth / 1e6:.0f} MB"
            print(
                json.dumps({"number": number, "outcome": outcome, "fault": fault, "cpu_s": cpu_s,
                            "growth": growth}),
                file=lines,
            )  # fmt: skip
            if growth > GROWTH:
                os._exit(1)  # the next child begins anew with a small memory
    os._exit(0)


def _attempt(work: Callable[[], Any]) -> tuple[str, str, float]:
    """Outcome, fault and processor time of one input."""
    begun = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S)
    # A loop in a C library sees no signal of ours: then the kernel ends the process.
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(begun + 3 * CPU_S) + 2, hard))
    outcome = fault = ""
    try:
        outcome = str(work())
    except EdgeError as error:
        outcome = getattr(error, "rule", "")
        if outcome not in RULES:
            fault = f"{type(error).__name__} with the rule {outcome!r}: {error}"
        elif _tells_a_value(str(error)):
            fault = f"the message tells a value: {error}"
        elif len(str(error)) > 2000:
            fault = f"a message of {len(str(error))} letters: {str(error)[:200]}"
    except HangError:
        outcome, fault = "hang", f"more than {CPU_S} s\n{traceback.format_exc()[-1500:]}"
    except BaseException:  # noqa: BLE001 - whatever it is, it is a fault
        outcome, fault = "crash", traceback.format_exc()[-3000:]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return outcome, fault, time.process_time() - begun


def _tells_a_value(message: str) -> bool:
    """Whether a message repeats what an input was given.

    Which match it is may be told, and what a club's own column mapping says.
    """
    if "column-mappings.md" in message or ", which the mapping of " in message:
        return False
    told = re.split(" is of match | holds another recording of ", message, maxsplit=1)[0]
    return any(one.decode() in told for one in (WORD, NUMBER))


def _out_of_time(_number: int, _frame: Any) -> None:
    raise HangError


def _limit_memory() -> None:
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, hard))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _watch_writes(folder: Path) -> list[str]:
    """Note every file opened for writing, moved or removed elsewhere, and every connection."""
    found: list[str] = []
    moving = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink"}

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(path, str | bytes | os.PathLike) or not isinstance(flags, int):
                return
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                _note(found, folder, os.fsdecode(path))
        elif event in moving:
            for path in arguments[: 2 if event in {"os.rename", "os.link"} else 1]:
                if isinstance(path, str | bytes | os.PathLike):
                    _note(found, folder, os.fsdecode(path))
        elif event in {"socket.connect", "subprocess.Popen", "os.system", "os.exec"}:
            found.append(event)

    sys.addaudithook(hook)
    return found


def _note(found: list[str], folder: Path, path: str) -> None:
    if not Path(os.path.abspath(path)).is_relative_to(folder) and path != os.devnull:  # noqa: PTH100
        found.append(path)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
