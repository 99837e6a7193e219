"""Reading the facts from views as the lakehouse makes them."""

from datetime import UTC, date, datetime

import duckdb
import pytest

from edge_ingest.records import EVENTS, POSITIONS, SIGNALS, Quality
from resources.contracts import KINEMATICS
from resources.errors import NotCommittedError
from resources.vision_contracts import REPORT_FOOTAGE, VISION_FORMATION
from sports_assets.reports.facts_footage import FootageFacts, UsualFormation
from sports_assets.reports.facts_query import load_facts
from sports_assets.reports.notes import footage_notes

MATCH = "2026-03-07_football_red-blue"
RIDE = "2026-03-08_cycling_morning"


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        # A club's machine stands in its own zone; instants are UTC all the same.
        connection.execute("set timezone = 'America/New_York'")
        for schema in ("core", "mart", "raw", "report", "tracking", "vision"):
            connection.execute(f"create schema {schema}")
        for contract in (
            POSITIONS, SIGNALS, EVENTS, KINEMATICS, VISION_FORMATION, REPORT_FOOTAGE,
        ):  # fmt: skip
            connection.register("empty", contract.empty())
            connection.execute(f"create table {contract.layer}.{contract.name} as from empty")
            connection.unregister("empty")
        connection.execute(SESSIONS)
        yield connection


SESSIONS = f"""
create table core.session as
    select '{MATCH}' as session_id, 'football' as sport, 'Red – Blue' as name,
        date '2026-03-07' as local_day, timestamptz '2026-03-07 14:30:00+00' as started_at_utc,
        timestamptz '2026-03-07 16:20:00+00' as ended_at_utc, 6600.0::double as duration_s,
        'Stadium' as site, 'Red' as home_team_name, 'Blue' as away_team_name, 2 as home_score,
        1 as away_score, 105.0::double as field_length_m, 68.0::double as field_width_m,
        true as has_positions
    union all
    select '{RIDE}', 'cycling', null, date '2026-03-08', timestamptz '2026-03-08 08:00:00+00',
        timestamptz '2026-03-08 08:01:40+00', 100, null, null, null, null, null, null, null, true;
create table core.session_source as
    select '{MATCH}' as session_id, 'm.t' as stream_id, 'feed' as source, '9' as source_session_id,
        'g' as edge_session_id, 'feed' as device_id, 'tracking' as kind, 'd1' as drop_id,
        1 as revision, '{{}}' as filter_settings,
        '44136fa355b3' as filter_settings_id
    union all
    select '{RIDE}', 'r.w', 'fit', null, 'g', 'head', 'wearable', 'd2', 2, '{{}}',
        '44136fa355b3';
create table core.athlete as
    select '{MATCH}' as session_id, 'feed' as source, '7' as source_athlete_id, 'a7' as athlete_id
    union all select '{MATCH}', 'feed', '8', 'feed:8'
    union all select '{RIDE}', 'fit', 'x', 'rider';
create table core.unmatched_athlete as
    select '{MATCH}' as session_id, 'feed' as source, '8' as source_athlete_id,
        null::varchar as display_name, 'not_in_crosswalk' as reason
    union all
    select '{MATCH}', 'feed', 'anon_' || n, null, 'unidentified_track' from range(6) as t(n);
create table core.athlete_session as
    select '{MATCH}' as session_id, 'a7' as athlete_id, 'Seven' as display_name,
        'home' as team_side, 'Red' as team_name, 7 as shirt_number, 'm.t' as position_stream_id
    union all select '{MATCH}', 'feed:8', null, 'away', 'Blue', null, 'm.t'
    union all select '{MATCH}', 'bench', 'Bench', 'home', 'Red', 12, null
    union all select '{RIDE}', 'rider', 'A Rider', null, null, null, 'r.w';
create table mart.athlete_session_external_load as
    select session_id, athlete_id, 2.0::double as tracked_s, 10.0::double as total_distance_m,
        300.0::double as distance_per_min_m, null::double as high_speed_distance_m,
        null::double as high_speed_distance_per_min_m, 0 as high_speed_effort_count,
        null::double as sprint_distance_m, 0 as sprint_effort_count,
        0 as acceleration_count, 0 as deceleration_count, 5.0::double as top_speed_mps,
        null::double as mean_metabolic_power_w_per_kg, null::double as metabolic_energy_kj_per_kg,
        5.5::double as high_speed_threshold_mps, 7.0::double as sprint_threshold_mps,
        1.0::double as effort_dwell_s, 3.0::double as acceleration_threshold_mps2,
        0.5::double as acceleration_dwell_s, 'filter' as speed_filter
    from core.athlete_session where position_stream_id is not null;
create table mart.athlete_session_internal_load as
    select '{RIDE}' as session_id, 'rider' as athlete_id, 100.0::double as heart_rate_s,
        120.0::double as mean_heart_rate_bpm, 130.0::double as peak_heart_rate_bpm,
        1.0::double as heart_rate_zone_1_s, 2.0::double as heart_rate_zone_2_s,
        3.0::double as heart_rate_zone_3_s, 4.0::double as heart_rate_zone_4_s,
        5.0::double as heart_rate_zone_5_s, 60.0::double as edwards_trimp_au,
        null::double as banister_trimp_au, 185.0::double as max_heart_rate_reference_bpm,
        'device' as max_heart_rate_source, null::double as power_s, null::double as mean_power_w,
        null::double as peak_power_w, null::double as normalized_power_w, null::double as work_kj;
create table mart.athlete_session_events as
    select '{MATCH}' as session_id, 'a7' as athlete_id, 3 as pass_count, 2 as completed_pass_count,
        1 as shot_count, 1 as shot_on_target_count, 1 as goal_count, 0 as duel_count,
        0 as won_duel_count, 0 as recovery_count, 0 as interception_count, 0 as foul_count;
create table mart.athlete_session_baseline as
    select '{MATCH}' as session_id, 'a7' as athlete_id, 'total_distance_m' as metric,
        10.0::double as observed, 2 as earlier_session_count, 8.0::double as earlier_mean,
        1.0::double as earlier_sd, 25.0::double as difference_percent;
create table mart.athlete_lap as
    select '{RIDE}' as session_id, 'rider' as athlete_id, 'lap-' || n as source_event_id,
        n::integer as lap_number,
        timestamptz '2026-03-08 08:00:00+00' + to_seconds(30 * n - 30) as started_at_utc,
        timestamptz '2026-03-08 08:00:00+00' + to_seconds(30 * n - n) as ended_at_utc,
        (30 - n)::double as duration_s, 29.0::double as tracked_s, 150.0::double as distance_m,
        null::double as top_speed_mps, 110.0::double as mean_heart_rate_bpm,
        null::double as mean_power_w, 'lap manual' as description
    from range(1, 4) as t(n);
create table mart.stream_quality as
    select '{MATCH}' as session_id, 'm.t' as stream_id, 'athlete' as quantity, rule,
        8 as sample_count, 2 as flagged_count, 0.25::double as flagged_share, effect
    from (values ('missing', 'left_out'), ('unidentified', 'shape_only')) as t (rule, effect);
create table mart.team_shape as
    select '{MATCH}' as session_id, 'home' as team_side, 1 as period_id,
        300.0::double as window_start_s, 300.0::double as window_s, 40.0::double as width_m,
        30.0::double as length_m, 0.0::double as centroid_x_m, 0.0::double as centroid_y_m,
        9.0::double as mean_tracked_athletes, 100 as frame_count;
insert into tracking.kinematics by name
    select '{MATCH}' as session_id, 'm.t' as stream_id, period as period_id, frame as frame_id,
        timestamptz '2026-03-07 14:30:00+00' as captured_at_utc,
        (period * 2000 + frame)::double as period_time_s, 'athlete' as object_kind,
        '7' as source_athlete_id, 'home' as team_side,
        case period when 1 then 10.0 else -20.0 end as x_m, 4.0 as y_m,
        0 as segment_id, 0.1 as dt_s, case when frame > 0 then 5.0 end as speed_mps,
        'filter' as speed_filter, case frame when 0 then 8 else 0 end as quality
    from range(1, 3) as p(period), range(4) as f(frame)
    union all
    select '{RIDE}', 'r.w', null, n, timestamptz '2026-03-08 08:00:00+00' + to_seconds(n), n,
        'athlete', 'x', null, n * 5.0, 0.0, 0, 1.0, 5.0, 'filter', 0
    from range(0, 90) as t(n) where n not between 40 and 49;
insert into raw.positions by name
    select * exclude (segment_id, dt_s, vx_mps, vy_mps, speed_mps, acceleration_mps2, speed_filter,
        quality), null as missing_reason, case frame_id when 1 then 2 else 0 end as quality
    from tracking.kinematics;
insert into raw.signals by name
    select '{RIDE}' as session_id, 'r.w' as stream_id, 'x' as source_athlete_id,
        'heart_rate' as channel, n as sample_index,
        timestamptz '2026-03-08 08:00:00+00' + to_seconds(n) as captured_at_utc,
        case when n <> 3 then 100.0 + n end as value, 0 as quality
    from range(0, 95) as t(n);
insert into raw.events by name
    select '{MATCH}' as session_id, 'm.t' as stream_id, id as source_event_id,
        period as period_id, timestamptz '2026-03-07 14:30:00+00' as captured_at_utc,
        at_s as period_time_s, kind as event_type, kind as source_event_type, outcome,
        '7' as source_athlete_id, side as team_side, x as x_m, y as y_m, ex as end_x_m,
        ey as end_y_m, 0 as quality
    from (values
        ('e1', 1, 10.0, 'pass', 'success', 'home', 0.0, 0.0, 45.0, 3.0),    -- into the box
        ('e2', 2, 20.0, 'pass', 'success', 'home', 0.0, 0.0, -45.0, 3.0),   -- the same, turned
        ('e3', 1, 30.0, 'pass', 'success', 'home', 40.0, 0.0, 45.0, 3.0),   -- within the box
        ('e4', 1, 40.0, 'pass', 'failure', 'home', 0.0, 0.0, 45.0, 3.0),    -- did not arrive
        ('e5', 1, 50.0, 'pass', 'success', 'away', 0.0, 0.0, -45.0, 3.0),   -- the other box
        ('e6', 1, 60.0, 'pass', 'success', 'away', 0.0, 0.0, 45.0, 3.0),    -- its own box
        ('e7', 2, 310.0, 'shot', 'goal', 'home', -40.0, 5.0, -52.5, 0.0),
        ('e8', 1, 5.0, 'card', null, null, null, null, null, null)
    ) as e(id, period, at_s, kind, outcome, side, x, y, ex, ey);
"""


def test_a_match_is_read_whole(connection):
    facts = load_facts(connection, MATCH, timezone="Europe/Berlin")
    assert facts.header.started_at_utc == datetime(2026, 3, 7, 14, 30, tzinfo=UTC)
    assert facts.header.local_day == date(2026, 3, 7)
    assert facts.header.timezone == "Europe/Berlin"
    assert facts.played_s == 2003 + 4003
    assert [each.stream_id for each in facts.sources] == ["m.t"]
    assert facts.shape[0].length_m == 30
    assert facts.trace is None


def test_athletes_carry_what_was_measured_and_the_bench_stays_out(connection):
    facts = load_facts(connection, MATCH, timezone="Europe/Berlin")
    assert [one.athlete_id for one in facts.athletes] == ["a7", "feed:8"]
    seven, eight = facts.athletes
    assert seven.label == "Seven"
    assert seven.external.total_distance_m == 10
    assert seven.external.high_speed_distance_m is None
    assert seven.events.goal_count == 1
    assert seven.baseline("total_distance_m").difference_percent == 25
    assert (eight.label, eight.events, eight.baselines) == ("feed:8", None, ())


def test_both_halves_are_turned_one_way(connection):
    facts = load_facts(connection, MATCH, timezone="Europe/Berlin")
    place = facts.mean_places[0]
    # Half of the samples at (10, 4), half at (−20, 4) turned to (20, −4); frame 0 is a leap.
    assert (place.x_m, place.y_m, place.sample_count) == (15, 0, 6)
    marks = {
        (mark.event_type, mark.team_side, mark.x_m, mark.end_x_m) for mark in facts.event_marks
    }
    assert marks == {
        ("pass", "home", 0.0, 45.0),
        ("pass", "away", 0.0, -45.0),
        ("shot", "home", 40.0, 52.5),
    }
    assert len(facts.event_marks) == 4


def test_passes_and_goals_fall_into_their_windows(connection):
    facts = load_facts(connection, MATCH, timezone="Europe/Berlin")
    windows = {
        (w.team_side, w.period_id, w.window_start_s): (
            w.completed_pass_count, w.pass_count, w.goal_count,
        )
        for w in facts.pass_windows
    }  # fmt: skip
    assert windows == {
        ("home", 1, 0.0): (2, 3, 0),
        ("away", 1, 0.0): (2, 2, 0),
        ("home", 2, 0.0): (1, 1, 0),
        ("home", 2, 300.0): (0, 0, 1),
    }


def test_of_two_feeds_of_a_match_the_one_that_saw_more_is_drawn(connection):
    alone = load_facts(connection, MATCH, timezone="Europe/Berlin")
    connection.execute(
        "insert into raw.events select * replace ('another' as stream_id) from raw.events "
        "where source_event_id in ('e1', 'e7')"
    )
    both = load_facts(connection, MATCH, timezone="Europe/Berlin")
    assert both.event_marks == alone.event_marks
    assert both.pass_windows == alone.pass_windows


def test_the_unmatched_are_counted_by_reason(connection):
    facts = load_facts(connection, MATCH, timezone="Europe/Berlin")
    assert [(each.reason, each.count, len(each.names)) for each in facts.unmatched] == [
        ("not_in_crosswalk", 1, 1),
        ("unidentified_track", 6, 4),
    ]


def test_quality_counts_rows(connection):
    quality = load_facts(connection, MATCH, timezone="Europe/Berlin").quality
    assert quality.position_count == 8
    assert quality.unidentified_position_count == 2
    assert quality.speedless_position_count == 2
    assert quality.implausible_position_count == 2
    assert quality.signal_count is None
    assert (quality.event_count, quality.placeless_event_count) == (8, 1)


def test_a_ride_is_read_as_a_trace_with_its_pause(connection):
    facts = load_facts(connection, RIDE, timezone="Europe/Berlin")
    trace = facts.trace
    assert trace.athlete_id == "rider"
    assert trace.bin_s == 1
    assert trace.t_s[:2] == (0.5, 1.5)
    assert len(trace.t_s) == len(trace.x_m) == 95
    assert trace.x_m[:2] == (0.0, 5.0)
    assert trace.x_m[40:50] == (None,) * 10
    assert trace.x_m[90:] == (None,) * 5
    assert trace.heart_rate_bpm[2:5] == (102.0, None, 104.0)
    assert set(trace.power_w) == {None}
    assert facts.played_s is None
    assert facts.length_s == 100
    assert facts.quality.missing_signal_count == 1


def test_a_place_that_is_not_trusted_is_neither_drawn_nor_averaged(connection):
    # Kinematics gives a poor or frozen fix no segment; a leap stands in one of its own.
    connection.execute(
        "update tracking.kinematics set x_m = 900, segment_id = null, quality = 64 "
        "where (source_athlete_id = 'x' and frame_id = 10) or (period_id = 1 and frame_id = 1)"
    )
    connection.execute(
        "update tracking.kinematics set x_m = 900, quality = 8 "
        "where source_athlete_id = 'x' and frame_id = 20"
    )
    trace = load_facts(connection, RIDE, timezone="Europe/Berlin").trace
    assert trace.x_m[9:12] == (45.0, None, 55.0)
    assert trace.x_m[19:22] == (95.0, None, 105.0)
    assert load_facts(connection, MATCH, timezone="Europe/Berlin").mean_places[0].sample_count == 5


@pytest.mark.parametrize("bit", [Quality.OUT_OF_FIELD, Quality.IDLE, Quality.IMPLAUSIBLE_SPEED])
def test_a_place_that_says_nothing_of_where_they_played_is_not_averaged(connection, bit):
    connection.execute(
        f"update tracking.kinematics set x_m = 900, quality = {int(bit)} "
        "where period_id = 1 and frame_id = 1"
    )
    place = load_facts(connection, MATCH, timezone="Europe/Berlin").mean_places[0]
    # Of frame 0, which bears IMPLAUSIBLE_SPEED in both periods, nothing either.
    assert place.sample_count == 5
    assert place.x_m < 30


def test_the_course_is_that_of_whoever_is_seen_where_they_were(connection):
    """More rows of places that nobody trusts are less than some that are."""
    connection.execute(
        "insert into core.athlete select session_id, source, 'y', 'other' from core.athlete "
        "where source_athlete_id = 'x'"
    )
    for _ in range(4):
        connection.execute(
            "insert into tracking.kinematics by name select * replace ('y' as source_athlete_id, "
            "null as segment_id, 64 as quality) from tracking.kinematics "
            "where source_athlete_id = 'x'"
        )
    assert load_facts(connection, RIDE, timezone="Europe/Berlin").trace.athlete_id == "rider"


def test_what_the_filters_flagged_is_read_without_what_is_missing(connection):
    facts = load_facts(connection, MATCH, timezone="Europe/Berlin")
    (flagged,) = facts.flagged
    assert (flagged.rule, flagged.flagged_share, flagged.effect) == (
        "unidentified", 0.25, "shape_only",
    )  # fmt: skip
    assert facts.sources[0].filter_settings_id == "44136fa355b3"


def test_a_value_out_of_range_is_not_drawn(connection):
    connection.execute("update raw.signals set value = 999, quality = 256 where sample_index = 2")
    trace = load_facts(connection, RIDE, timezone="Europe/Berlin").trace
    assert trace.heart_rate_bpm[1:4] == (101.0, None, None)


def test_a_session_that_core_does_not_know_is_named(connection):
    with pytest.raises(NotCommittedError, match="no row of nowhere"):
        load_facts(connection, "nowhere", timezone="Europe/Berlin")


def test_laps_are_read_in_order_of_time_and_have_no_trace_on_the_road(connection):
    facts = load_facts(connection, RIDE, timezone="Europe/Berlin")
    assert [lap.lap_number for lap in facts.laps] == [1, 2, 3]
    assert facts.laps[0].started_at_utc == datetime(2026, 3, 8, 8, tzinfo=UTC)
    assert facts.lap_traces == ()


def test_the_two_best_laps_of_a_circuit_have_their_samples(connection):
    connection.execute("update core.session set sport = 'motorsport' where sport = 'cycling'")
    connection.execute(
        "insert into raw.signals by name select * replace ('speed' as channel, 10.0 as value) "
        "from raw.signals where channel = 'heart_rate'"
    )
    best, second = load_facts(connection, RIDE, timezone="Europe/Berlin").lap_traces
    assert (best.lap_number, second.lap_number) == (3, 2)
    # From 60 s (left out) to 87 s: 27 samples, each a second of 10 m/s after the one before.
    assert len(best.distance_m) == 27
    assert best.distance_m[-1] == pytest.approx(270.0)
    assert best.x_m[0] == 305.0
    # Seconds 40 to 49 have no place.
    assert second.x_m.count(None) == 10


def test_footage_is_told_once_its_page_is_published(connection):
    connection.execute(
        f"""
        insert into vision.formation by name
            select '{MATCH}' as session_id, side as team_side,
                timestamptz '2026-03-07 14:30:00+00' + to_seconds(300 * n) as window_start_utc,
                timestamptz '2026-03-07 14:35:00+00' + to_seconds(300 * n) as window_end_utc,
                phase, formation, confidence, 10 as athletes, 300.0 as seen_s
            from (values
                ('home', 0, 'all', '4-4-2', 0.2), ('home', 1, 'all', '4-3-3', 0.9),
                ('home', 2, 'all', '4-4-2', 0.1), ('home', 3, 'all', null, null),
                ('home', 0, 'in_possession', '3-5-2', 1), ('home', 1, 'in_possession', '3-5-2', 1),
                ('home', 2, 'in_possession', '3-5-2', 0.9),
                ('away', 0, 'all', '4-3-3', 0.1), ('away', 1, 'all', '3-4-3', 0.5)
            ) as f(side, n, phase, formation, confidence)
        """
    )
    assert load_facts(connection, MATCH, timezone="Europe/Berlin").footage is None
    connection.execute(
        f"""
        insert into report.footage by name
            select '{MATCH}' as session_id, revision::integer as revision, 'x' as uri,
                'p' as page_sha256, 'c' as content_sha256,
                timestamptz '2026-03-07 17:00:00+00' as written_at_utc, '{{}}' as provenance
            from range(1, 3) as t(revision)
        """
    )
    facts = load_facts(connection, MATCH, timezone="Europe/Berlin")
    assert facts.footage == FootageFacts(
        2, (UsualFormation("home", "4-4-2", 2, 3), UsualFormation("away", "3-4-3", 1, 2))
    )
    assert facts.footage.link == "footage-r0002.html"
    home, away = footage_notes(facts)
    assert (home.topic, home.text) == ("Red", "mostly stood 4-4-2: in 2 of 3 windows.")
    assert away.text == "mostly stood 3-4-3: in 1 of 2 windows."
    assert load_facts(connection, RIDE, timezone="Europe/Berlin").footage is None
