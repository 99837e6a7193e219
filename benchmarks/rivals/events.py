"""Football events: all of our readers are built on kloppy.

Ours asks kloppy for the vendor's own coordinates and settles metres and direction itself; so does
the other side, which is told the version of the file besides, so that it parses it only once.
"""

from datetime import UTC, datetime
from functools import partial

from benchmarks.rivals.pair import Rival, Work, reading
from edge_ingest.recording import Told
from edge_ingest.samples import Sample, broadcast_match, match_samples

_KLOPPY = "kloppy, the vendor's own coordinates"


def rivals() -> list[Rival]:
    """The largest file of Wyscout's, and of those that share one reader."""
    return [
        Rival("wyscout", _KLOPPY, "Leicester – Liverpool", _wyscout, wraps=True),
        Rival("kloppy_events", _KLOPPY, "StatsBomb, one match", _statsbomb, wraps=True),
    ]


def _wyscout() -> tuple[Work, Work]:
    from kloppy import wyscout

    sample = next(one for one in match_samples() if one.source == "wyscout")
    theirs = partial(
        wyscout.load,
        event_data=str(sample.parts["events"]),
        data_version="V2",
        coordinates="wyscout",
    )
    return reading(sample), theirs


def _statsbomb() -> tuple[Work, Work]:
    from kloppy import statsbomb

    folder = broadcast_match().parts["match"].parent
    sample = Sample(
        "statsbomb",
        {"match": folder / "statsbomb_lineup.json", "events": folder / "statsbomb_event.json"},
        Told(started_at_utc=datetime(2020, 1, 1, 20, tzinfo=UTC)),
    )
    match, events = (str(sample.parts[part]) for part in ("match", "events"))
    theirs = partial(statsbomb.load, event_data=events, lineup_data=match, coordinates="statsbomb")
    return reading(sample), theirs
