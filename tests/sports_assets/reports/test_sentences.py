"""Three sentences, whatever there is to say."""

from dataclasses import fields, replace

import pytest

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import Baseline, ExternalLoad
from sports_assets.reports.numerals import Numeral
from sports_assets.reports.sentences import write_sentences
from sports_assets.reports.wording import say


def texts(facts: SessionFacts) -> dict[str, str]:
    sentences = write_sentences(facts)
    assert len(sentences) == 3
    for sentence in sentences:
        assert any(isinstance(part, Numeral) for part in sentence.parts)
        assert sentence.text[-1] in ".!?"
        assert "None" not in sentence.text
        assert "{" not in sentence.text
    return {sentence.topic: sentence.text.replace("\u202f", " ") for sentence in sentences}


def norm(metric: str, percent: float, sessions: int = 3, sd: float | None = 5.0) -> Baseline:
    return Baseline(metric, 100 + percent, sessions, 100.0, sd, percent)


def without(facts: SessionFacts, *, field: str) -> SessionFacts:
    return replace(facts, athletes=tuple(replace(one, **{field: None}) for one in facts.athletes))


def test_a_match_seen_in_part_tells_load_shape_and_coverage(match):
    told = texts(match)
    assert list(told) == ["Load", "Shape", "Coverage"]
    # Number 12 of either side: 0.2 m/s · 2340 s + 360 m = 828 m in 39 min.
    assert "Player 12 (12) ran 828 m at 19.8 km/h or faster in 39 min in view" in told["Load"]
    # Rates differ by a quarter at most: 21 m a minute is 1.0 times the median.
    assert told["Load"].endswith(
        "1.0 times the median of the 22 players in view for 10 min or more. Nobody stands out: "
        "recovery as planned."
    )
    # Away: windows 30 … 47 m; thirds of six have means 32.5 and 44.5 m, SD of 0 … 5 is 1.9 m.
    assert told["Shape"].startswith(
        "Blue stood 44.5 m long (±1.9 m SD over 6 five-minute windows) in the last third, "
        "32.5 m (±1.9 m) in the first"
    )
    assert "Look at the video before acting" in told["Shape"]
    # Tracked 470 … 2340 s: median 1405 s of 5600 s; number 1 of each side is below ten minutes.
    assert told["Coverage"].startswith(
        "The median player was in view for 23 min of 93 min (25 %); 2 of 24 for under 10 min"
    )


def test_high_speed_is_a_verdict_only_beside_enough_athletes_and_of_enough_metres(match):
    def with_high_speed(share: float, count: int) -> SessionFacts:
        athletes = sorted(match.athletes, key=lambda one: one.athlete_id)[-count:]
        last = athletes[-1]
        load = last.external
        assert load is not None
        more = replace(
            load,
            high_speed_distance_m=load.high_speed_distance_m * share,
            high_speed_distance_per_min_m=load.high_speed_distance_per_min_m * share,
        )
        return replace(match, athletes=(*athletes[:-1], replace(last, external=more)))

    assert "Start this recovery first." in texts(with_high_speed(2.0, 5))["Load"]
    assert "Load" not in texts(with_high_speed(2.0, 4))
    # Who came on for a short burst does not hide who ran most.
    rates = {one.athlete_id: one for one in match.athletes if one.external}
    burst_id = min(rates)
    burst = tuple(
        replace(
            one,
            external=replace(
                one.external,
                tracked_s=660.0, high_speed_distance_m=95.0, high_speed_distance_per_min_m=60.0,
            ),
        )
        if one.athlete_id == burst_id
        else one
        for one in match.athletes
    )  # fmt: skip
    assert "828 m" in texts(replace(match, athletes=burst))["Load"]
    slow = tuple(
        replace(one, external=replace(one.external, high_speed_distance_m=20.0))
        for one in match.athletes
    )
    assert "Load" not in texts(replace(match, athletes=slow))


def seen_throughout(facts: SessionFacts) -> SessionFacts:
    return replace(
        facts,
        athletes=tuple(
            replace(one, external=replace(one.external, tracked_s=5500.0)) for one in facts.athletes
        ),
    )


def test_the_way_a_side_stood_is_advice_only_where_all_of_it_was_seen(match):
    assert "Bring the lines closer" in texts(seen_throughout(match))["Shape"]


def test_a_block_that_closed_up_or_held_is_told_so(match):
    match = seen_throughout(match)
    lengths = [40.0 - n for n in range(9)]
    closed = tuple(
        replace(match.shape[0], window_start_s=300.0 * n, length_m=length)
        for n, length in enumerate(lengths)
    )
    assert "closed up" in texts(replace(match, shape=closed))["Shape"]
    noisy = tuple(
        replace(match.shape[0], window_start_s=300.0 * n, length_m=length)
        for n, length in enumerate([30, 36, 33, 31, 35, 33, 31, 37, 34.0])
    )
    assert "within the spread" in texts(replace(match, shape=noisy))["Shape"]


def test_windows_of_hardly_any_frames_say_nothing(match):
    thin = replace(match.shape[0], window_start_s=2700.0, length_m=3.0, frame_count=20)
    assert texts(replace(match, shape=(*match.shape, thin))) == texts(match)


def test_own_norm_comes_first_where_there_is_one(match, with_history):
    facts = with_history(match, "home-9", norm("distance_per_min_m", 12.0))
    told = texts(facts)
    assert list(told) == ["Own norm", "Shape", "Coverage"]
    assert told["Own norm"] == (
        "Home Player 9 (9): 12 % above the own mean of 3 earlier sessions (SD ±5 %) in metres a "
        "minute in view. Plan this recovery first."
    )
    below = with_history(match, "home-9", norm("high_speed_distance_per_min_m", -12.0, 4))
    assert texts(below)["Own norm"].startswith(
        "Home Player 9 (9): 12 % below the own mean of 4 earlier sessions (SD ±5 %) in high-speed "
        "metres a minute in view."
    )


def test_totals_are_not_compared_where_the_camera_decides_them(match, with_history):
    facts = with_history(match, "home-9", norm("high_speed_distance_m", 60.0))
    assert "Own norm" not in texts(facts)
    told = texts(seen_throughout(facts))
    assert "60 % above" in told["Own norm"]
    assert "in high-speed running." in told["Own norm"]


@pytest.mark.parametrize(
    "baseline",
    [norm("distance_per_min_m", 4.0), norm("distance_per_min_m", 11.0, sd=12.0),
     norm("distance_per_min_m", 50.0, 2), norm("distance_per_min_m", 50.0, 0)],
)  # fmt: skip
def test_a_difference_within_the_own_spread_or_from_two_sessions_is_no_news(
    match, with_history, baseline
):
    assert "Own norm" not in texts(with_history(match, "home-9", baseline))


def test_a_player_scarcely_seen_is_never_the_story(match, with_history):
    facts = with_history(match, "home-1", norm("distance_per_min_m", 80.0))
    assert "Own norm" not in texts(facts)


def test_passing_is_told_with_intervals(event_match):
    told = texts(event_match)
    assert list(told) == ["Passing", "Shots", "Duels"]
    assert told["Passing"].startswith(
        "Red completed 95 % of 440 passes (95 % interval 93 % to 97 %)"
    )
    assert "more than chance. Look where Blue lost the ball." in told["Passing"]
    assert told["Shots"].startswith(
        "Red shot 22 times, 11 on target (50 %; 95 % interval 31 % to 69 %) for 2 goals"
    )
    assert "Blue 22 times, 11 on target for 0 goals" in told["Shots"]
    assert told["Duels"].startswith("Away Player 4 (4) won 11 of 12 duels (92 %")
    assert "the rest of Blue won 33 %: steer the duels there." in told["Duels"]


def test_level_passing_is_not_called_a_difference(event_match):
    level = replace(
        event_match,
        athletes=tuple(
            replace(one, events=replace(one.events, completed_pass_count=30))
            for one in event_match.athletes
        ),
    )
    assert "too close to call" in texts(level)["Passing"]


def test_one_side_without_shots_is_told(event_match):
    athletes = tuple(
        replace(one, events=replace(one.events, shot_count=0, shot_on_target_count=0))
        if one.team_side == "away"
        else one
        for one in event_match.athletes
    )
    told = texts(replace(event_match, athletes=athletes))
    assert "Blue 0 times, 0 on target" in told["Shots"]
    assert "review the chances that Blue allowed first." in told["Shots"]


def test_a_ride_tells_load_power_and_drift(ride):
    told = texts(ride)
    assert list(told) == ["Load", "Power", "Drift"]
    assert told["Load"] == (
        # Zones 4 and 5: 2600 + 1030 s of 5990 s with heart rate.
        "A Rider: 330 au Edwards TRIMP (no earlier session) from 100 min of heart rate "
        "(100 % of the session), 61 % of it above 80 % of 185 bpm. Make tomorrow easy."
    )
    assert told["Power"].startswith(
        "Normalised power 251 W (no earlier session), 1.14 times the mean of 221 W;"
    )
    assert told["Drift"].startswith("Power per heartbeat was ")


def test_a_few_hard_minutes_ask_for_no_rest(ride):
    one = ride.athletes[0]
    short = replace(one.internal, heart_rate_zone_4_s=100.0, heart_rate_zone_5_s=90.0)
    facts = replace(ride, athletes=(replace(one, internal=short),))
    assert texts(facts)["Load"].endswith("By heart rate, not a hard session.")


def test_time_below_all_zones_is_part_of_what_hard_is_a_share_of(ride):
    one = ride.athletes[0]
    easy = replace(
        one.internal, heart_rate_s=6000.0, heart_rate_zone_1_s=0.0, heart_rate_zone_2_s=0.0,
        heart_rate_zone_3_s=0.0, heart_rate_zone_4_s=600.0, heart_rate_zone_5_s=0.0,
    )  # fmt: skip
    facts = replace(ride, athletes=(replace(one, internal=easy),))
    assert "10 % of it above 80 %" in texts(facts)["Load"]


def test_a_few_minutes_are_not_judged(ride):
    one = ride.athletes[0]
    short = replace(one.internal, heart_rate_s=300.0, power_s=300.0)
    facts = replace(
        ride, header=replace(ride.header, duration_s=300.0),
        athletes=(replace(one, external=None, internal=short),), trace=None,
    )  # fmt: skip
    told = texts(facts)
    assert list(told) == ["Record", "Identity", "History"]
    assert (
        told["Record"] == "5 min recorded of 1 athlete, from 1 stream: too short to judge load by."
    )
    assert told["Identity"] == "1 athlete measured; nobody is missing from the club’s list."


def test_a_drift_beyond_its_uncertainty_is_told(ride):
    heart = tuple(130.0 + (30.0 if n >= 300 else 0.0) + n % 2 for n in range(600))
    trace = replace(ride.trace, heart_rate_bpm=heart, power_w=(200.0,) * 600)
    told = texts(replace(ride, trace=trace))["Drift"]
    # 130.5 / 160.5 − 1 = −18.7 %
    assert told.startswith("Power per heartbeat was 18.7 % lower in the second half")
    assert "more than the customary 5 %" in told
    settled = replace(trace, heart_rate_bpm=tuple(reversed(heart)))
    told = texts(replace(ride, trace=settled))["Drift"]
    assert "% higher in the second half" in told
    assert "no drift" in told


def test_a_drift_that_its_uncertainty_hides_is_not_told(ride):
    surges = tuple(400.0 if n // 60 % 2 else 60.0 for n in range(600))
    trace = replace(ride.trace, heart_rate_bpm=(140.0,) * 600, power_w=surges)
    assert "Drift" not in texts(replace(ride, trace=trace))


def test_without_heart_rate_a_ride_tells_power_and_distance(ride):
    one = ride.athletes[0]
    internal = replace(
        one.internal, edwards_trimp_au=None, heart_rate_s=None, mean_heart_rate_bpm=None
    )
    trace = replace(ride.trace, heart_rate_bpm=(None,) * 600)
    facts = replace(ride, athletes=(replace(one, internal=internal),), trace=trace)
    told = texts(facts)
    assert list(told) == ["Power", "Distance", "Record"]
    assert told["Distance"].startswith(
        "A Rider covered 47.2 km (no earlier session) in 98 min with a position"
    )


def test_without_power_the_drift_of_a_run_is_of_speed_and_of_a_ride_unknown(ride):
    one = ride.athletes[0]
    internal = replace(one.internal, mean_power_w=None, normalized_power_w=None)
    facts = replace(
        ride,
        athletes=(replace(one, internal=internal),),
        trace=replace(ride.trace, power_w=(None,) * 600),
    )
    told = texts(facts)
    assert list(told) == ["Load", "Distance", "Intensity"]
    # 2600 of 5990 s.
    assert told["Intensity"] == (
        "Most time, 43 min (43 % of that with heart rate), went into zone 4: 80 to 90 % of 185 bpm."
    )
    steady = replace(
        facts.trace, speed_mps=(3.0,) * 600, heart_rate_bpm=tuple(140 + n / 60 for n in range(600))
    )
    told = texts(replace(facts, header=replace(facts.header, sport="running"), trace=steady))
    assert list(told) == ["Load", "Drift", "Distance"]
    assert told["Drift"].startswith("Speed per heartbeat was")


def test_an_observed_maximum_is_called_one(ride):
    one = ride.athletes[0]
    facts = replace(
        ride,
        athletes=(replace(one, internal=replace(one.internal, max_heart_rate_source="observed")),),
    )
    assert "(today’s highest; the true maximum may be higher)" in texts(facts)["Load"]


def test_a_ride_with_a_history_stands_beside_it(ride, with_history):
    facts = with_history(
        ride, "rider", norm("edwards_trimp_au", 8.0), norm("normalized_power_w", -3.0, 1, None)
    )
    told = texts(facts)
    assert "8 % above the own mean of 3 earlier sessions (SD ±5 %)" in told["Load"]
    assert "251 W (3 % below the only earlier session), 1.14 times" in told["Power"]


def test_no_difference_is_level_and_not_zero_below(ride, with_history):
    facts = with_history(ride, "rider", norm("edwards_trimp_au", -0.4, 2))
    assert "(level with the own mean of 2 earlier sessions)" in texts(facts)["Load"]


def test_what_was_tracked_in_part_compares_by_its_pace(ride, with_history):
    whole = with_history(
        ride, "rider", norm("total_distance_m", -40.0, 1), norm("distance_per_min_m", 2.0, 1)
    )
    without_power = replace(whole, athletes=(replace(whole.athletes[0], internal=None),))
    assert (
        "47.2 km (40 % below the only earlier session) in 98 min"
        in texts(without_power)["Distance"]
    )
    longer = replace(without_power, header=replace(ride.header, duration_s=9000.0))
    assert "28.8 km/h on average (2 % above the only earlier session)." in texts(longer)["Distance"]


def test_of_a_session_without_any_number_three_things_can_be_said(match, ride):
    empty = SessionFacts(header=replace(match.header, duration_s=None))
    assert list(texts(empty)) == ["Record", "Identity", "History"]
    assert list(texts(SessionFacts(header=ride.header))) == ["Record", "Identity", "History"]
    nothing = ExternalLoad(**{field.name: None for field in fields(ExternalLoad)})
    hollow = replace(
        without(match, field="external"),
        shape=(),
        athletes=tuple(replace(one, external=nothing) for one in match.athletes),
    )
    told = texts(hollow)
    assert list(told) == ["Record", "Identity", "History"]
    assert told["Identity"].startswith("41 athletes or tracks could not be matched")


def test_each_sentence_makes_its_numbers_its_own(match):
    ids = [
        part.number_id
        for sentence in write_sentences(match)
        for part in sentence.parts
        if isinstance(part, Numeral)
    ]
    assert len(ids) == len(set(ids))
    assert all("#sentence-" in each for each in ids)


def test_a_wording_without_its_slot_is_an_error():
    with pytest.raises(KeyError):
        say("Topic", "{there} and {not_there}", there="x")
