"""The evaluation for a screen and for the model card."""

from rich.console import Group, RenderableType
from rich.table import Table

from sports_assets.mlops.bootstrap import Interval
from sports_assets.models.load_advice.evaluate import Evaluation
from sports_assets.models.load_advice.outcomes import FIGURES

_DIGITS = {
    "fitness_au": 0, "performance_au": 0, "injuries_per_1000_h": 2, "expected_per_1000_h": 2,
    "injuries_a_season": 2, "days_lost_a_season": 1, "hours_a_season": 0, "unseen_share": 3,
}  # fmt: skip

CAUTION = (
    "The injury model is observational: it has seen loads that coaches chose, for reasons that it "
    "does not know. To follow the advice is an intervention, and that a load went with few "
    "injuries is no proof that it prevents them. In the simulator the law is known, so the "
    "comparison above is causal there; for a real squad it is a hypothesis, to be tried with the "
    "medical staff's consent. A rate per 1,000 h also falls when training hours grow beside the "
    "matches: read injuries and days lost a season with it. The advice does not know pain, "
    "illness, travel or the coach's aims."
)


def table_of(evaluation: Evaluation) -> RenderableType:
    """Policies by figure, the advice beside each, and what must hold."""
    policies = Table(
        title=f"{evaluation.clubs} simulated clubs never seen, {evaluation.athletes} athletes, "
        f"{evaluation.seasons} season(s), dial S = {evaluation.dial:g}, seed {evaluation.seed}"
    )
    policies.add_column("policy")
    for head in FIGURES.values():
        policies.add_column(head, justify="right")
    for policy, figures in evaluation.figures.items():
        policies.add_row(policy, *(f"{figures[name].value:,.{_DIGITS[name]}f}" for name in FIGURES))
    beside = Table(title="the advice less the other, paired by club, 95 % intervals over clubs")
    beside.add_column("beside")
    for head in ("fitness au", "injuries / 1,000 h", "expected / 1,000 h"):
        beside.add_column(head, justify="right")
    for one in evaluation.beside:
        beside.add_row(
            one.other, _shown(one.fitness_au, 0), _shown(one.injuries_per_1000_h, 2),
            _shown(one.expected_per_1000_h, 2),
        )  # fmt: skip
    told = "\n".join(f"{verdict:<8}{name}" for name, verdict in evaluation.verdicts().items())
    silent = (
        f"no advice on {100 * evaluation.silent_share:.0f} % of athlete-weeks (away, too little "
        "history, outside what was seen): last week was repeated"
    )
    return Group(policies, beside, told, silent)


def _shown(one: Interval, digits: int) -> str:
    return f"{one.value:+,.{digits}f} ({one.low:+,.{digits}f} to {one.high:+,.{digits}f})"
