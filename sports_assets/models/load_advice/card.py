"""The card of load advice: what it advises, beside what it was played, and what it is not for."""

from typing import Final

from sports_assets.mlops.model_card import CardCell, CardRow, CardTable, ModelCard, Told
from sports_assets.models.load_advice.evaluate import Evaluation
from sports_assets.models.load_advice.outcomes import FIGURES
from sports_assets.models.load_advice.table import CAUTION

_SUMMARY: Final = (
    "The total load of the next seven days, matches included, in au (RPE × minutes): of all loads "
    "like those seen before, the one that leaves the highest fitness while the risk of injury for "
    "the same hours stays near the athlete's own at steady load. The band reaches from the load "
    "that keeps fitness to the cap."
)


def card_of(evaluation: Evaluation, *, made_on: str, is_simulated: bool) -> ModelCard:
    """The card of an evaluation in closed loop."""
    rows = tuple(
        CardRow(
            policy,
            tuple(CardCell(_short(figures[name].value)) for name in FIGURES),
        )
        for policy, figures in evaluation.figures.items()
    )
    return ModelCard(
        title="Load advice, next week",
        model="load_advice",
        version="",
        made_on=made_on,
        is_simulated=is_simulated,
        summary=_SUMMARY,
        for_whom="Coaches who plan the week, as a band to plan within.",
        not_for=(
            "A promise that a lighter week prevents an injury: it learned from what coaches chose.",
            "Athletes whose loads lie outside what was seen: there it is silent, and says why.",
        ),
        headlines=tuple(Told(claim, held) for claim, held in evaluation.verdicts().items()),
        tables=(
            CardTable(
                title=f"Played on {evaluation.clubs} simulated clubs that nothing was fitted on",
                columns=("", *FIGURES.values()),
                rows=rows,
                note=CAUTION,
                is_led=True,
            ),
        ),
        pictures=(),
        data=(
            Told("clubs, athletes, seasons", f"{evaluation.clubs}, {evaluation.athletes}, "
                 f"{evaluation.seasons}"),
            Told("dial of the hazard", f"{evaluation.dial:g}"),
            Told("injury model", evaluation.injury_model_sha256[:16]),
        ),
        limits=(
            "It is judged in a simulated season: no club's season can be played twice.",
            f"It is silent on {100 * evaluation.silent_share:.0f} % of athletes' weeks.",
            f"It repeats {100 * evaluation.load_r2:.0f} % of the injury model's answer to load.",
        ),
    )  # fmt: skip


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"  # noqa: PLR2004 - three digits
