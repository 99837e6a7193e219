"""Are our readers and cleaners as fast as what one would take instead?

`python -m benchmarks.edge_throughput [NAME ...]`: each one beside a library, on the same files or
the same samples, in a process of its own: ours, theirs, ours, theirs, …, after one round of each
that is not counted and pays for imports. What is counted is the processor's time of the process
(all its threads), so that a busy machine costs neither; before each run the rubbish of the one
before is collected. The figure is the median over the rounds of their time by ours.

Held against the library: an own reader or cleaner, at least as fast (`ratio_NAME`); a reader that
wraps the library itself, at most a tenth slower than the library (`overhead_NAME`, %). What has no
rival is timed alone, with the reason; what does less than ours and is yet quoted stands beside the
figure, without a target.
"""

import gc
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

#: Alternating rounds of a pair: as many as fit into this time, s, within these bounds.
PATIENCE_S = 8.0
FEWEST, MOST = 3, 41

Figures = dict[str, float]


def main(names: list[str]) -> None:
    """Measure each pair in a process of its own, and print one JSON object last.

    Exits with 2 where a name is none.
    """
    targets: list[Target] = []
    detail: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="throughput-") as folder:
        work = Path(folder)
        known = [*(one.name for one in rivals(work)), *(one.name for one in alone(work))]
        if unknown := [name for name in names if name not in known]:
            print(f"{', '.join(unknown)} cannot be measured: give of these, or none for all: "
                  f"{', '.join(known)}", file=sys.stderr)  # fmt: skip
            sys.exit(2)
        chosen = [rival for rival in rivals(work) if not names or rival.name in names]
        for rival in chosen:
            found = _in_own_process(rival.name, work) if rival.missing is None else None
            targets.append(_target(rival, found))
            what: dict[str, object] = {"beside": rival.beside, "input": rival.given}
            if rival.less is not None:
                what["less"] = rival.less[0]
            detail[rival.name] = {**what, **(found or {"skipped": rival.missing})}
        for one in alone(work):
            if not names or one.name in names:
                timed = _in_own_process(one.name, work) if one.missing is None else None
                about: dict[str, object] = {"input": one.given, "no_rival": one.reason}
                detail[one.name] = {**about, **(timed or {"skipped": one.missing})}
    print_outcome("edge_throughput", targets, detail)


def measure(rival: Rival) -> Figures:
    """Times of both, s, and the median of their quotients; also beside what does less."""
    ours, theirs = rival.make()
    figures = _beside(ours, theirs)
    if rival.less is not None:
        less = _beside(ours, rival.less[1]())
        figures |= {"less_s": less["theirs_s"], "less_by_ours": less["theirs_by_ours"]}
    return figures


def _beside(ours: Callable[[], object], theirs: Callable[[], object]) -> Figures:
    first_s = _timed(ours) + _timed(theirs)
    rounds = min(MOST, max(FEWEST, round(PATIENCE_S / first_s)))
    times = [(_timed(ours), _timed(theirs)) for _ in range(rounds)]
    return {
        "ours_s": statistics.median(mine for mine, _ in times),
        "theirs_s": statistics.median(other for _, other in times),
        "theirs_by_ours": statistics.median(other / mine for mine, other in times),
        "rounds": rounds,
    }


def measure_alone(one: Alone) -> Figures:
    """Time, s, and rows a second."""
    work, rows = one.make()
    work()
    seconds = statistics.median(_timed(work) for _ in range(FEWEST))
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
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


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
