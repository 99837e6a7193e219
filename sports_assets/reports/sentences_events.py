"""What the event feed says of a match: the passing, the shots, the duels."""

from typing import Final

from resources.explain.basis import Rows, basis, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import AthleteFacts
from sports_assets.reports.numerals import EVENTS, Numeral, derived, number_id, numeral
from sports_assets.reports.sentences_load import label
from sports_assets.reports.spread import Share, wilson
from sports_assets.reports.wording import Sentence, Writer, say

#: A share of fewer duels says nothing about a player.
LEAST_DUELS: Final = 8
_SIDES: Final = ("home", "away")


def passing(facts: SessionFacts) -> Sentence | None:
    """The side that completed the larger share of its passes, beside the other."""
    shares = {
        side: share
        for side in _SIDES
        if (share := _share(facts.side(side), "completed_pass_count", "pass_count"))
    }
    if len(shares) < len(_SIDES):
        return None
    better, other = sorted(_SIDES, key=lambda side: shares[side].share, reverse=True)
    apart = shares[better].low > shares[other].high
    return say(
        "Passing",
        "{better} completed {share} of {passes} passes (95\u202f% interval {low} to {high}), "
        "{other} {other_share} of {other_passes} ({other_low} to {other_high}): {advice}",
        better=facts.side_name(better),
        other=facts.side_name(other),
        advice=f"more than chance. Look where {facts.side_name(other)} lost the ball."
        if apart
        else "the intervals overlap, too close to call.",
        **_slots(better, "pass_completion", shares[better], "passes", _passes(better)),
        **_slots(
            other, "pass_completion", shares[other], "passes", _passes(other), before="other_"
        ),
    )


def shots(facts: SessionFacts) -> Sentence | None:
    """The side that shot more, how many were on target, and what came of them."""
    shares = {
        side: _share(facts.side(side), "shot_on_target_count", "shot_count") for side in _SIDES
    }
    more, other = sorted(
        _SIDES, key=lambda side: share.total if (share := shares[side]) else 0, reverse=True
    )
    share, beside = shares[more], shares[other]
    if share is None:
        return None
    return say(
        "Shots",
        "{more} shot {shots} times, {on_target} on target ({share}; 95\u202f% interval {low} to "
        "{high}) for {goals}; {other} {other_shots} times, {other_on_target} on target for "
        "{other_goals}: {advice}",
        more=facts.side_name(more),
        other=facts.side_name(other),
        on_target=_summed(more, "shot_on_target_count", share.count),
        goals=_goals(facts, more),
        other_shots=_summed(other, "shot_count", beside.total if beside else 0),
        other_on_target=_summed(other, "shot_on_target_count", beside.count if beside else 0),
        other_goals=_goals(facts, other),
        advice=f"review the chances that {facts.side_name(other)} allowed first."
        if beside is None or share.total > beside.total
        else "level in number.",
        **_slots(
            more,
            "shots_on_target",
            share,
            "shots",
            rows_of(EVENTS, "shot_on_target_count", "shot_count", team_side=more),
        ),
    )


def duels(facts: SessionFacts) -> Sentence | None:
    """The player whose duels were won most surely, beside all others of the side."""
    ranked: list[tuple[float, str, AthleteFacts, Share]] = []
    for one in facts.athletes:
        share = _share((one,), "won_duel_count", "duel_count")
        if share and share.total >= LEAST_DUELS and one.team_side:
            ranked.append((share.low, one.athlete_id, one, share))
    if not ranked:
        return None
    _, _, one, share = max(ranked, key=lambda each: each[:2])
    side = one.team_side or ""
    mates = _share(
        tuple(each for each in facts.side(side) if each != one), "won_duel_count", "duel_count"
    )
    if mates is None:
        return None

    def column(name: str) -> str:
        return number_id(EVENTS, one.athlete_id, name)

    return say(
        "Duels",
        "{who} won {won} of {duels} duels ({share}; 95\u202f% interval {low} to {high}); the rest "
        "of {side} won {mates}: {advice}",
        who=label(one),
        won=numeral(column("won_duel_count"), share.count),
        side=facts.side_name(side),
        mates=derived(
            side,
            "other_duels_won_percent",
            mates.share,
            "%",
            factor=100,
            made_of=basis(
                "duels won ÷ duels, of the side without the player named",
                rows_of(EVENTS, "won_duel_count", "duel_count", team_side=side),
            ),
        ),
        advice="steer the duels there."
        if share.low > mates.share
        else "within chance of the rest.",
        **(
            _slots(
                one.athlete_id,
                "duels_won",
                share,
                "duels",
                rows_of(EVENTS, "won_duel_count", "duel_count", athlete_id=one.athlete_id),
            )
            | {"duels": numeral(column("duel_count"), share.total)}
        ),
    )


def _share(athletes: tuple[AthleteFacts, ...], counted: str, total: str) -> Share | None:
    pairs = [
        (getattr(one.events, counted), getattr(one.events, total))
        for one in athletes
        if one.events is not None
    ]
    whole = [pair for pair in pairs if None not in pair]
    return wilson(sum(pair[0] for pair in whole), sum(pair[1] for pair in whole))


def _slots(
    who: str, name: str, share: Share, total: str, rows: Rows, *, before: str = ""
) -> dict[str, str | Numeral]:
    """The share, its interval and what it is a share of, as slots of a wording.

    Args:
        rows: with the columns of what is counted, and of what it is a share of.
    """
    counted, whole = rows.columns
    parts = f"{counted} ÷ {whole}, each added up"

    def percent(part: str, value: float, how: str) -> Numeral:
        made_of = basis(how, rows)
        return derived(who, f"{name}_{part}percent", value, "%", factor=100, made_of=made_of)

    return {
        f"{before}share": percent("", share.share, parts),
        f"{before}low": percent("low_", share.low, f"lower end of the 95 % interval of {parts}"),
        f"{before}high": percent("high_", share.high, f"upper end of the 95 % interval of {parts}"),
        f"{before}{total}": derived(
            who, f"{name}_total", share.total, made_of=basis(f"{whole}, added up", rows)
        ),
    }


def _passes(side: str) -> Rows:
    return rows_of(EVENTS, "completed_pass_count", "pass_count", team_side=side)


def _summed(side: str, name: str, count: int, unit: str = "") -> Numeral:
    made_of = basis(
        f"{name} of the side’s athletes, added up", rows_of(EVENTS, name, team_side=side)
    )
    return derived(side, name, count, unit, made_of=made_of)


def _goals(facts: SessionFacts, side: str) -> Numeral:
    goals = sum((one.events.goal_count or 0) for one in facts.side(side) if one.events)
    return _summed(side, "goal_count", goals, "goal" if goals == 1 else "goals")


WRITERS: Final[tuple[Writer, ...]] = (passing, shots, duels)
