"""Facts of three made-up sessions, one of each flavour. No athlete in them exists."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from resources.provenance import DropRef, ProvenanceRef
from sports_assets.reports.colophon import Colophon, StageTime
from sports_assets.reports.facts import SessionFacts, SessionHeader
from sports_assets.reports.facts_athlete import (
    AthleteFacts,
    Baseline,
    EventCounts,
    ExternalLoad,
    InternalLoad,
    UnmatchedAthlete,
)
from sports_assets.reports.facts_course import Lap, LapTrace, Trace
from sports_assets.reports.facts_sources import FlaggedShare, Quality, SourceStream
from sports_assets.reports.facts_team import EventMark, MeanPlace, PassWindow, ShapeWindow

START = datetime(2026, 3, 7, 14, 30, tzinfo=UTC)
SIDES = ("home", "away")


def header(**changes) -> SessionHeader:
    whole = SessionHeader(
        session_id="2026-03-07_football_red-blue",
        sport="football",
        name="Red – Blue",
        local_day=date(2026, 3, 7),
        started_at_utc=START,
        ended_at_utc=START + timedelta(minutes=110),
        duration_s=6600.0,
        site="Stadium",
        home_team_name="Red",
        away_team_name="Blue",
        home_score=2,
        away_score=1,
        field_length_m=105.0,
        field_width_m=68.0,
        timezone="Europe/Berlin",
    )
    return replace(whole, **changes)


def load(number: int) -> ExternalLoad:
    tracked_s = 300.0 + 170.0 * number
    fast_m = 0.2 * tracked_s + 30 * number
    return ExternalLoad(
        tracked_s=tracked_s,
        total_distance_m=2.4 * tracked_s,
        distance_per_min_m=144.0,
        high_speed_distance_m=fast_m,
        high_speed_distance_per_min_m=fast_m / (tracked_s / 60),
        high_speed_effort_count=3 * number,
        sprint_distance_m=20.0 * number,
        sprint_effort_count=number,
        acceleration_count=5 * number,
        deceleration_count=6 * number,
        top_speed_mps=7.0 + 0.2 * number,
        mean_metabolic_power_w_per_kg=11.0,
        metabolic_energy_kj_per_kg=0.011 * tracked_s,
        high_speed_threshold_mps=5.5,
        sprint_threshold_mps=7.0,
        effort_dwell_s=1.0,
        acceleration_threshold_mps2=3.0,
        speed_filter="butterworth(order=4,cutoff_hz=1.0,zero_phase)@10hz",
    )


def player(side: str, number: int, **changes) -> AthleteFacts:
    whole = AthleteFacts(
        athlete_id=f"{side}-{number}",
        display_name=f"{side.capitalize()} Player {number}",
        team_side=side,
        team_name="Red" if side == "home" else "Blue",
        shirt_number=number,
        external=load(number),
    )
    return replace(whole, **changes)


@pytest.fixture(scope="session")
def match() -> SessionFacts:
    """Broadcast tracking: everybody seen part of the time, nobody with a history."""
    windows = [(1, 300.0 * n) for n in range(9)] + [(2, 300.0 * n) for n in range(9)]
    return SessionFacts(
        header=header(),
        played_s=5600.0,
        sources=(
            SourceStream("s.feed.tracking", "broadcast", "feed", "tracking", "00c0ffee00c0ffee", 1),
        ),
        athletes=tuple(player(side, number) for side in SIDES for number in range(1, 13)),
        unmatched=(
            UnmatchedAthlete("not_in_crosswalk", 1, ("Home Player 3",)),
            UnmatchedAthlete("unidentified_track", 40, ("home_anon_1", "home_anon_2")),
        ),
        shape=tuple(
            ShapeWindow(
                side, period, start, 300.0, 40.0, 30.0 + (n if side == "away" else 0.1 * (n % 3)),
                9.0, 2000,
            )
            for side in SIDES
            for n, (period, start) in enumerate(windows)
        ),
        mean_places=tuple(
            MeanPlace(f"{side}-{n}", side, n, 4.0 * n - 25, 7.0 * (n % 5) - 14, 9000 - n)
            for side in SIDES
            for n in range(1, 13)
        ),
        quality=Quality(460_000, 10, 30_000, 25_000, 9_000, None, 0, None, 0),
        flagged=(
            FlaggedShare("s.feed.tracking", "athlete", "estimated", 460_000, 92_000, 0.2,
                         "informative"),
            FlaggedShare("s.feed.tracking", "athlete", "frozen", 460_000, 6_440, 0.014, "left_out"),
            FlaggedShare("s.feed.tracking", "athlete", "idle", 460_000, 10, 2e-5, "not_shown"),
            FlaggedShare("s.feed.tracking", "athlete", "poor_fix", 460_000, 460, 0.001,
                         "left_out"),
            FlaggedShare("s.feed.tracking", "ball", "out_of_field", 20_000, 2_000, 0.1,
                         "not_shown"),
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def event_match() -> SessionFacts:
    """An event feed without tracking."""
    counts = EventCounts(40, 30, 2, 1, 0, 12, 6, 5, 3, 1)
    return SessionFacts(
        header=header(session_id="2026-03-07_football_events"),
        played_s=5600.0,
        sources=(SourceStream("s.feed.events", "feed", "feed", "events", "00c0ffee00c0ffee", 1),),
        athletes=tuple(
            player(
                side,
                number,
                external=None,
                events=replace(
                    counts,
                    completed_pass_count=38 if side == "home" else 20,
                    won_duel_count=11 if (side, number) == ("away", 4) else 4,
                    goal_count=2 if (side, number) == ("home", 9) else 0,
                ),
            )
            for side in SIDES
            for number in range(1, 12)
        ),
        event_marks=(
            EventMark("shot", "home", "goal", 45.0, 2.0, 52.5, 0.0),
            EventMark("shot", "away", "off_target", -40.0, -3.0, -52.5, 9.0),
            EventMark("shot", "away", None, -30.0, -3.0, None, None),
            EventMark("pass", "home", "success", 20.0, 25.0, 45.0, 5.0),
        ),
        pass_windows=tuple(
            PassWindow(side, period, 300.0 * n, 300.0, 20 + n, 25 + n, int(n == 4))
            for period in (1, 2)
            for n in range(9)
            for side in SIDES
        ),
        quality=Quality(event_count=1800, placeless_event_count=20),
    )


@pytest.fixture(scope="session")
def ride() -> SessionFacts:
    """A bike computer: heart rate, power, route."""
    n = 600
    t = np.arange(n)
    trace = Trace(
        athlete_id="rider",
        bin_s=10.0,
        t_s=tuple((t * 10 + 5.0).tolist()),
        x_m=tuple(None if 100 <= i < 110 else 3000 * np.cos(i / 95) for i in t.tolist()),
        y_m=tuple(None if 100 <= i < 110 else 2000 * np.sin(i / 95) for i in t.tolist()),
        speed_mps=tuple((8 + np.sin(t / 9)).tolist()),
        heart_rate_bpm=tuple((140 + 8 * np.sin(t / 7) + t / 30).tolist()),
        power_w=tuple((220 + 20 * np.sin(t / 7)).tolist()),
        altitude_m=tuple((300 + 80 * np.sin(t / 100)).tolist()),
    )
    return SessionFacts(
        header=header(
            session_id="2026-03-07_cycling_morning",
            sport="cycling",
            name="Morning ride",
            duration_s=6000.0,
            home_team_name=None,
            away_team_name=None,
            home_score=None,
            away_score=None,
            field_length_m=None,
            field_width_m=None,
        ),
        sources=(
            SourceStream("s.head.wearable", "fit", "head", "wearable", "00c0ffee00c0ffee", 2),
        ),
        athletes=(
            AthleteFacts(
                athlete_id="rider",
                display_name="A Rider",
                external=ExternalLoad(
                    tracked_s=5900.0,
                    total_distance_m=47_200.0,
                    distance_per_min_m=480.0,
                    top_speed_mps=17.2,
                    speed_filter="central_difference(unfiltered)@1hz",
                ),
                internal=InternalLoad(
                    5990.0, 148.0, 183.0, 60.0, 500.0, 1800.0, 2600.0, 1030.0, 330.0, None,
                    185.0, "device", 5980.0, 221.0, 640.0, 251.0, 1322.0,
                ),
            ),
        ),
        trace=trace,
        quality=Quality(5900, 0, 2, 0, 0, 29_000, 50, 3, 3),
    )  # fmt: skip


@pytest.fixture(scope="session")
def circuit() -> SessionFacts:
    """A car on a circuit: a slow first lap, a run of seven, an in-lap, a lone quick lap."""
    times = {1: 120.0, **{n: 90.0 + 0.1 * (n - 2) + 0.01 * (n % 2) for n in range(2, 9)}, 9: 115.0,
             12: 89.5}  # fmt: skip
    begin = {n: START + timedelta(seconds=130.0 * n) for n in times}
    laps = tuple(
        Lap(
            athlete_id="driver",
            source_event_id=f"lap-{n}",
            lap_number=n,
            started_at_utc=begin[n],
            ended_at_utc=begin[n] + timedelta(seconds=seconds),
            duration_s=seconds,
            tracked_s=seconds,
            distance_m=5400.0,
            top_speed_mps=None if n == 1 else 85.0 + n / 10,
            description=f"lap {n}, {seconds:.3f} s, SOFT, stint {1 + (n > 9)}, tyre lap {n}",
        )
        for n, seconds in times.items()
    )
    turn = np.linspace(0, 2 * np.pi, 300)
    traces = tuple(
        LapTrace(
            athlete_id="driver",
            lap_number=n,
            duration_s=times[n],
            distance_m=tuple((5400 * turn / (2 * np.pi)).tolist()),
            speed_mps=tuple((60 + 20 * np.sin(5 * turn) - n / 10).tolist()),
            x_m=tuple((900 * np.cos(turn)).tolist()),
            y_m=tuple((500 * np.sin(turn)).tolist()),
        )
        for n in (12, 2)
    )
    return SessionFacts(
        header=header(
            session_id="2026-03-07_motorsport_test-day",
            sport="motorsport",
            name="Test day",
            home_team_name=None,
            away_team_name=None,
            home_score=None,
            away_score=None,
            field_length_m=None,
            field_width_m=None,
        ),
        sources=(SourceStream("s.car.wearable", "feed", "car", "wearable", "00c0ffee00c0ffee", 1),),
        athletes=(
            AthleteFacts(
                "driver", "A Driver", external=ExternalLoad(tracked_s=4000.0, total_distance_m=5e4)
            ),
        ),
        laps=laps,
        lap_traces=traces,
        quality=Quality(30_000, 0, 0, 0, 0, 200_000, 0, 10, 10),
    )


@pytest.fixture(scope="session")
def colophon() -> Colophon:
    """How a page came to be."""
    return Colophon(
        revision=3,
        stopwatch=(
            StageTime("raw", START, 4.2),
            StageTime("dbt <build>", START + timedelta(seconds=6), 5.1),
        ),
        provenance=ProvenanceRef(
            drops=(DropRef(drop_id="00c0ffee00c0ffee", stream_id="s.feed.tracking", revision=1),),
            snapshots={"mart/athlete_session_external_load": 42},
            settings={"kinematics.cutoff_hz": "1"},
            code_version="0.1.0+abc",
        ),
        sources=(
            SourceStream(
                "s.feed.tracking",
                "feed",
                "feed",
                "tracking",
                "00c0ffee00c0ffee",
                1,
                "0123456789ab",
                '{"cleaning.version": 1, "optical.run_off_m": 4.0}',
            ),
        ),
    )


@pytest.fixture(scope="session")
def with_history():
    """Give an athlete earlier sessions in one metric."""

    def change(facts: SessionFacts, athlete_id: str, *baselines: Baseline) -> SessionFacts:
        return replace(
            facts,
            athletes=tuple(
                replace(one, baselines=baselines) if one.athlete_id == athlete_id else one
                for one in facts.athletes
            ),
        )

    return change
