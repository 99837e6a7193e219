"""Whatever the network does to batches, each counts once and in order."""

import json

from hypothesis import given
from hypothesis import strategies as st

from edge_ingest.live.messages import Batch
from edge_ingest.live.sequence import LONGEST_WAIT_US, MOST_HELD, Sequence


def batch(seq: int, run: str = "r", samples: int = 2) -> Batch:
    return Batch("s", "7", run, seq, 10.0, [0] * samples, None, None, None)


def seqs(ready: list[Batch]) -> list[int]:
    return [one.seq for one in ready]


@given(
    count=st.integers(1, 60),
    shifts=st.lists(st.integers(0, MOST_HELD - 2), min_size=60, max_size=60),
    again=st.sets(st.integers(0, 59)),
    stops=st.sets(st.integers(0, 119), max_size=4),
)
def test_reordered_and_doubled_batches_come_out_once_and_in_order(count, shifts, again, stops):
    """Each is up to 14 places late, some come twice, and the process is restarted in between."""
    order = sorted(range(count), key=lambda seq: (seq + shifts[seq], seq))
    sent = [copy for seq in order for copy in [seq] * (1 + (seq in again))]
    sequence, ready = Sequence(), []
    for number, seq in enumerate(sent):
        ready += sequence.push(batch(seq), arrived_us=number)
        if number in stops:
            stored = json.loads(json.dumps(sequence.state()))
            sequence = Sequence()
            sequence.restore(stored)
    assert seqs(ready) == list(range(count))
    assert sequence.counts.duplicates == len(again & set(range(count)))
    assert (sequence.counts.missed, sequence.counts.late) == (0, 0)


def test_what_lacks_is_waited_for_half_a_second_and_counted_when_it_comes_late():
    sequence = Sequence()
    assert seqs(sequence.push(batch(0), 0)) == [0]
    assert sequence.push(batch(2), 1000) == []
    assert sequence.expire(LONGEST_WAIT_US) == []
    assert seqs(sequence.expire(1000 + LONGEST_WAIT_US)) == [2]
    assert sequence.counts.missed == 1
    assert sequence.push(batch(1, samples=3), 700_000) == []
    assert (sequence.counts.late, sequence.counts.late_samples) == (1, 3)
    assert sequence.push(batch(1), 700_001) == []
    assert sequence.counts.duplicates == 1
    assert seqs(sequence.push(batch(3), 700_002)) == [3]


def test_no_more_than_a_bound_is_held():
    sequence = Sequence()
    sequence.push(batch(0), 0)
    ready = [one for seq in range(2, MOST_HELD + 3) for one in sequence.push(batch(seq), 1)]
    assert seqs(ready) == list(range(2, MOST_HELD + 3))
    assert sequence.counts.missed == 1


def test_who_joins_late_starts_there_and_a_sender_that_restarts_counts_anew():
    sequence = Sequence()
    assert seqs(sequence.push(batch(500), 0)) == [500]
    assert sequence.counts.missed == 0
    sequence.push(batch(502), 1)
    assert seqs(sequence.push(batch(1, run="other"), 2)) == [502], "nothing of the old run is lost"
    assert seqs(sequence.push(batch(0, run="other"), 3)) == [0, 1]
    assert sequence.counts.missed == 1
