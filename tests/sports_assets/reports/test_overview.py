"""What the Dagster UI shows of a page: nothing about one athlete."""

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import AthleteFacts, ExternalLoad
from sports_assets.reports.overview import SMALLEST_GROUP, overview
from tests.sports_assets.reports.conftest import header


def _squad(side: str, size: int) -> tuple[AthleteFacts, ...]:
    return tuple(
        AthleteFacts(
            athlete_id=f"{side}-{number}",
            display_name=f"Secret {side} {number}",
            team_side=side,
            external=ExternalLoad(total_distance_m=1000.0 + number, sprint_effort_count=3),
        )
        for number in range(size)
    )


def test_a_side_is_summed_and_nobody_is_named() -> None:
    facts = SessionFacts(header(), athletes=_squad("home", 6) + _squad("away", 5))
    text = overview(facts)
    assert "**Red – Blue 2–1**" in text
    assert "| distance in view, m | 6,015 | 5,010 |" in text
    assert "Secret" not in text
    assert "home-1" not in text


def test_a_sum_over_too_few_is_withheld() -> None:
    few = SessionFacts(header(), athletes=_squad("home", SMALLEST_GROUP - 1))
    assert "distance" not in overview(few)
    one_sided = SessionFacts(header(), athletes=_squad("home", SMALLEST_GROUP) + _squad("away", 2))
    assert "| sprints | 15 | – |" in overview(one_sided)


def test_text_of_a_source_is_no_markdown() -> None:
    facts = SessionFacts(header(home_team_name="**x** | <b>", home_score=None))
    assert r"\*\*x\*\* \| \<b\>" in overview(facts)
