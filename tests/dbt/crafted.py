"""Sessions made by hand, small enough to reckon with: rows of raw and tracking tables.

Athletes run along x at a constant speed, or with a stated profile of speed over time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from edge_ingest.contract import TableContract
from edge_ingest.identity import ATHLETES_SCHEMA
from edge_ingest.records import ATHLETES, EVENTS, SESSIONS, SIGNALS
from resources.contracts import KINEMATICS
from resources.lakehouse import CommitContext, Lakehouse

CONTEXT = CommitContext(run_id="test", code_version="0")
RATE_HZ = 10


@dataclass
class Rows:
    """Rows by table, and the session that they are of."""

    session_id: str
    tables: dict[TableContract, list[dict]] = field(default_factory=dict)

    def add(self, contract: TableContract, **values: object) -> None:
        row = {column.name: None for column in contract.columns} | {"session_id": self.session_id}
        unknown = set(values) - set(row)
        assert not unknown, unknown
        self.tables.setdefault(contract, []).append(row | values)

    def table(self, contract: TableContract) -> pa.Table:
        return pa.Table.from_pylist(self.tables.get(contract, []), schema=contract.schema)

    def commit(self, lakehouse: Lakehouse) -> None:
        for contract in (SESSIONS, ATHLETES, SIGNALS, EVENTS, KINEMATICS):
            lakehouse.replace_sessions(contract, self.table(contract), [self.session_id], CONTEXT)


def stream(rows: Rows, kind: str, source: str, start: datetime, **values: object) -> str:
    stream_id = f"{rows.session_id}.{source}.{kind}"
    told = {
        "stream_id": stream_id, "drop_id": f"{source}-1", "revision": 1,
        "edge_session_id": rows.session_id, "source": source, "kind": kind, "device_id": source,
        "sport": rows.session_id.split("_")[1], "started_at_utc": start,
        "ended_at_utc": start + timedelta(hours=1), "clock_source": "device",
        "filter_settings": "{}",
    }  # fmt: skip
    rows.add(SESSIONS, **told | values)
    return stream_id


def athlete(rows: Rows, stream_id: str, athlete_id: str, **values: object) -> None:
    told = {
        "stream_id": stream_id, "source": stream_id.split(".")[-2],
        "source_athlete_id": athlete_id, "display_name": None, "is_identified": True,
    }  # fmt: skip
    rows.add(ATHLETES, **told | values)


def track(
    rows: Rows,
    stream_id: str,
    athlete_id: str | None,
    start: datetime,
    speeds: Sequence[float | None],
    *,
    side: str | None = None,
    y_m: float = 0.0,
    x_m: float = 0.0,
    kind: str = "athlete",
    acceleration: Callable[[int], float | None] = lambda _frame: 0.0,
) -> None:
    """One unbroken segment; None is a sample without a speed."""
    for frame, speed in enumerate(speeds):
        rows.add(
            KINEMATICS, stream_id=stream_id, period_id=1, frame_id=frame,
            captured_at_utc=start + timedelta(seconds=frame / RATE_HZ),
            period_time_s=frame / RATE_HZ, object_kind=kind, source_athlete_id=athlete_id,
            team_side=side, x_m=x_m, y_m=y_m, segment_id=0, dt_s=1 / RATE_HZ,
            vx_mps=speed, vy_mps=0.0, speed_mps=speed, acceleration_mps2=acceleration(frame),
            speed_filter="butterworth order=4 cutoff_hz=1", quality=0,
        )  # fmt: skip


def signal(  # noqa: PLR0917 - a sample is made of so much
    rows: Rows,
    stream_id: str,
    athlete_id: str,
    channel: str,
    start: datetime,
    values: Sequence[float | None],
    *,
    quality: Callable[[int], int] = lambda _index: 0,
) -> None:
    """One sample a second; None is a sample without a value."""
    for index, value in enumerate(values):
        rows.add(
            SIGNALS, stream_id=stream_id, source_athlete_id=athlete_id, channel=channel,
            sample_index=index, captured_at_utc=start + timedelta(seconds=index), value=value,
            missing_reason=None if value is not None else "no_signal", quality=quality(index),
        )  # fmt: skip


def event(  # noqa: PLR0917 - an event is made of so much
    rows: Rows, stream_id: str, number: int, start: datetime, who: str | None, what: str,
    outcome: str | None = None,
) -> None:  # fmt: skip
    rows.add(
        EVENTS, stream_id=stream_id, source_event_id=str(number), period_id=1,
        captured_at_utc=start + timedelta(seconds=number), period_time_s=float(number),
        event_type=what, source_event_type=what, outcome=outcome, source_athlete_id=who,
        team_side="home", quality=0,
    )  # fmt: skip


#: `ada` is known to every device; the others only to the camera.
CROSSWALK = pa.Table.from_pylist(
    [
        {"source": "camera", "source_athlete_id": "h0", "athlete_id": "ada", "sex": "female",
         "display_name": "Ada", "max_heart_rate_bpm": 200.0, "resting_heart_rate_bpm": 50.0},
        {"source": "feed", "source_athlete_id": "p0", "athlete_id": "ada"},
        {"source": "watch", "source_athlete_id": "w0", "athlete_id": "ada"},
    ],
    schema=ATHLETES_SCHEMA,
)  # fmt: skip


def match(session_id: str, speed: float = 6.0, top: float = 8.0) -> Rows:
    """A minute of football: eight of the home side, three of the away side, a feed and a watch.

    `h0` runs 30 s at `speed`, then sprints 2 s at `top`, then walks. All others walk at 1.5 m/s.
    """
    rows = Rows(session_id)
    start = datetime.fromisoformat(session_id[:10]).replace(hour=14, tzinfo=UTC)
    camera = stream(
        rows, "tracking", "camera", start, name="Alpha – Beta", home_team_name="Alpha",
        away_team_name="Beta", home_score=2, away_score=1, field_length_m=105.0,
        field_width_m=68.0, sampling_rate_hz=10.0,
    )  # fmt: skip
    for number in range(8):
        known = number < 7
        name = f"h{number}" if known else "home_anon_1"
        athlete(rows, camera, name, team_side="home", team_name="Alpha", is_identified=known)
        speeds = [speed] * 300 + [top] * 20 + [1.5] * 280 if number == 0 else [1.5] * 600
        track(rows, camera, name, start, speeds, side="home", y_m=number * 5.0, x_m=number * 2.0)
    for number in range(3):
        athlete(rows, camera, f"a{number}", team_side="away", team_name="Beta")
        track(rows, camera, f"a{number}", start, [1.5] * 600, side="away", y_m=number * 10.0)
    track(rows, camera, None, start, [9.0] * 600, kind="ball")
    athlete(rows, camera, "h99", team_side="home", team_name="Alpha", display_name="On the bench")

    feed = stream(rows, "events", "feed", start + timedelta(seconds=5), name="ALP-BET")
    athlete(rows, feed, "p0", display_name="A. Lovelace", team_side="home")
    athlete(rows, feed, "p1", display_name="Another", team_side="home")
    played = [
        ("p0", "pass", "success"), ("p0", "pass", "failure"), ("p0", "shot", "goal"),
        ("p0", "shot", "saved"), ("p0", "shot", "woodwork"), ("p1", "duel", "won"),
        ("p1", "duel", "lost"), ("p1", "foul", None), (None, "ball_out", None),
        ("p7", "recovery", None),
    ]  # fmt: skip
    for number, (who, what, outcome) in enumerate(played):
        event(rows, feed, number, start, who, what, outcome)

    watch = stream(rows, "wearable", "watch", start - timedelta(minutes=5))
    athlete(rows, watch, "w0", max_heart_rate_bpm=185.0)
    beats = [100.0] * 60 + [150.0] * 60 + [190.0] * 60
    signal(rows, watch, "w0", "heart_rate", start, beats)
    event(rows, watch, 1, start, "w0", "lap")
    return rows


def ride(session_id: str, watts: float = 200.0) -> Rows:
    """Two minutes on a bicycle, by the watch of `ada`: 60 s of power, 60 s of coasting."""
    rows = Rows(session_id)
    start = datetime.fromisoformat(session_id[:10]).replace(hour=18, tzinfo=UTC)
    watch = stream(rows, "wearable", "watch", start)
    athlete(rows, watch, "w0", max_heart_rate_bpm=185.0)
    signal(rows, watch, "w0", "power", start, [watts] * 60 + [0.0] * 60)
    signal(rows, watch, "w0", "heart_rate", start, [140.0] * 120)
    track(rows, watch, "w0", start, [8.0] * 120)
    return rows
