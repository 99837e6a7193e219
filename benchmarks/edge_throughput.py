"""Are our readers and cleaners as fast as what one would take instead?

`python -m benchmarks.edge_throughput [NAME ...]`: each one beside a library, on the same files or
the same samples, in a process of its own: ours, theirs, ours, theirs, …, after one round of each
that is not counted and pays for imports. The figure is the median over the rounds of their time by
ours, so that a busy machine slows both.

Filters that no library offers are timed alone, and held against nothing.

Held against the library: an own reader or cleaner, at least as fast (`ratio_NAME`); a reader that
wraps the library itself, at most a tenth slower than the library to plain values
(`overhead_NAME`, %).
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.outcome import Target, print_outcome
from benchmarks.rivals import Alone, Rival, alone, rivals
from deploy.local.services import REPOSITORY

ROUNDS = 5
#: A pair whose first round takes longer is measured in fewer rounds, s.
LONG_S = 10.0
ROUNDS_OF_LONG = 3

Figures = dict[str, float]


def main(names: list[str]) -> None:
    """Measure each pair in a process of its own, and print one JSON object last."""
    targets: list[Target] = []
    detail: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="throughput-") as folder:
        work = Path(folder)
        chosen = [rival for rival in rivals(work) if not names or rival.name in names]
        for rival in chosen:
            found = _in_own_process(rival.name, work) if rival.missing is None else None
            targets.append(_target(rival, found))
            detail[rival.name] = {"beside": rival.beside, "input": rival.given} | (
                {"skipped": rival.missing} if found is None else found
            )
        for one in alone(work):
            if not names or one.name in names:
                timed = _in_own_process(one.name, work) if one.missing is None else None
                what: dict[str, object] = {"input": one.given}
                detail[one.name] = what | ({"skipped": one.missing} if timed is None else timed)
    print_outcome("edge_throughput", targets, detail)


def measure(rival: Rival) -> Figures:
    """Times of both, s, and the median of their quotients."""
    ours, theirs = rival.make()
    begun = time.perf_counter()
    ours()
    theirs()
    rounds = ROUNDS if time.perf_counter() - begun < LONG_S else ROUNDS_OF_LONG
    times = [(_timed(ours), _timed(theirs)) for _ in range(rounds)]
    return {
        "ours_s": statistics.median(mine for mine, _ in times),
        "theirs_s": statistics.median(other for _, other in times),
        "theirs_by_ours": statistics.median(other / mine for mine, other in times),
    }


def measure_alone(one: Alone) -> Figures:
    """Time of a filter, s, and rows a second."""
    work, rows = one.make()
    work()
    seconds = statistics.median(_timed(work) for _ in range(ROUNDS))
    return {"ours_s": seconds, "rows": rows, "rows_per_s": rows / seconds}


def _target(rival: Rival, found: Figures | None) -> Target:
    if rival.wraps:
        slower = None if found is None else 100 * (1 / found["theirs_by_ours"] - 1)
        return Target(f"overhead_{rival.name}", slower, "%", "<= 10")
    ratio = None if found is None else found["theirs_by_ours"]
    return Target(f"ratio_{rival.name}", ratio, "1", ">= 1")


def _in_own_process(name: str, work: Path) -> Figures:
    print(f"measuring {name} …", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks.edge_throughput", "--one", name, str(work)]
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=REPOSITORY, check=True, text=True)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return {key: round(value, 4) for key, value in found.items()}


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        for pair in rivals(Path(sys.argv[3])):
            if pair.name == sys.argv[2]:
                print(json.dumps(measure(pair)))
        for lone in alone(Path(sys.argv[3])):
            if lone.name == sys.argv[2]:
                print(json.dumps(measure_alone(lone)))
    else:
        main(sys.argv[1:])
