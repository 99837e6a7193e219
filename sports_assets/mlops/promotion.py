"""May a trained model serve? Decided from its evaluation, a policy, and what people said of it.

No model is promoted for being newer: its evaluation (athletes and days that it never saw) must be
free of leaks, calibrated, and not worse than the champion's by more than a margin, over the whole
interval of the paired difference (non-inferiority, as in Piaggio et al. 2012, CONSORT extension).
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from sports_assets.mlops.promotion_policy import ModelPolicy, PromotionPolicy, Range


class Verdict(StrEnum):
    """What comes of a challenger."""

    PROMOTE = "promote"
    WAIT_FOR_APPROVAL = "wait_for_approval"
    REJECT = "reject"


class ApprovalVerdict(StrEnum):
    """What a person said."""

    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True)
class Approval:
    """What a person said of one version of a model."""

    model_name: str
    version: int
    verdict: ApprovalVerdict
    approved_by: str
    reason: str
    at_utc: datetime

    def __post_init__(self) -> None:
        """Refuse what nobody could account for.

        Raises:
            ValueError: no name, no reason, or no time zone.
        """
        if not self.approved_by.strip() or not self.reason.strip():
            raise ValueError("an approval has a name and a reason: say both")
        if self.at_utc.tzinfo is None:
            raise ValueError(f"{self.at_utc} has no time zone: instants are UTC")


@dataclass(frozen=True)
class PairedDifference:
    """Challenger minus champion on the same athletes and days, with its 95 % interval.

    Attributes:
        metric: whose unit it has, such as `roc_auc`.
        estimate, low, high: of the difference; the interval by bootstrap over athletes.
    """

    metric: str
    estimate: float
    low: float
    high: float


class LeakFinding(Protocol):
    """What a leak audit came to, such as `leak_audit.LeakAudit`."""

    @property
    def verdict(self) -> str:
        """`passed`, `undecided` (the gap is above the limit, which may be chance) or `blocked`."""
        ...

    @property
    def reason(self) -> str:
        """The same in words."""
        ...


@dataclass(frozen=True)
class Champion:
    """The model that serves now.

    Attributes:
        is_provisional: whether it was promoted without proof, having too few events.
    """

    version: int
    is_provisional: bool = False


@dataclass(frozen=True)
class Decision:
    """What comes of a challenger, and why.

    Attributes:
        reasons: in words; those against it if it is rejected, else what spoke for it.
        is_provisional: whether it may serve only with a label that says it is not proven.
        approved_by, approval_reason: of the approval (or refusal) that counted; empty: none.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    is_provisional: bool = False
    approved_by: str = ""
    approval_reason: str = ""


@dataclass(frozen=True)
class _Finding:
    is_held: bool
    words: str


def decide(
    model: str,
    version: int,
    challenger: Mapping[str, float],
    comparison: PairedDifference | None,
    *,
    champion: Champion | None,
    leak: LeakFinding | None,
    approvals: Iterable[Approval],
    policy: PromotionPolicy,
    now_utc: datetime,
) -> Decision:
    """Whether a version may take the champion's place.

    Args:
        challenger: metrics of its evaluation by name: `events` and those that the policy names; for
            binary models `calibration_slope` and `observed_expected`, for intervals `coverage`.
        comparison: with the champion; None where there is none.
        leak: of the audit; None: it was not run. A gap that may be chance keeps the challenger of a
            proven champion back, and lets a first one serve as provisional.
        approvals: what people said, of any model and version.

    Raises:
        PolicyError: the policy does not know the model.
        ValueError: `now_utc` has no zone, or the comparison is of another metric.
    """
    rules = policy.of(model)
    if now_utc.tzinfo is None:
        raise ValueError(f"{now_utc} has no time zone: instants are UTC")
    events = int(challenger.get("events", 0))
    is_undecided = rules.needs_leak_audit and leak is not None and leak.verdict == "undecided"
    is_proven = champion is not None and not champion.is_provisional
    has_enough = events >= rules.min_events
    findings = list(_always(rules, challenger, leak, may_be_undecided=not is_proven))
    if has_enough:
        findings += _quality(rules, challenger, events, policy)
    if is_proven:
        findings.append(_enough(rules, events))
        findings.append(_not_inferior(rules, comparison))
    elif champion is not None:
        findings.append(_not_worse(rules, comparison))
    refused = tuple(one.words for one in findings if not one.is_held)
    if refused:
        return Decision(Verdict.REJECT, refused)
    held = tuple(one.words for one in findings)
    if not has_enough:
        held += (
            f"provisional: {events} events are too few to tell ({rules.min_events} are needed)",
        )
    elif is_undecided:
        held += ("provisional: whether it remembers whom it saw is not decided",)
    return _with_approval(
        Decision(Verdict.PROMOTE, held, is_provisional=is_undecided or not has_enough),
        rules,
        [one for one in approvals if (one.model_name, one.version) == (model, version)],
        policy,
        now_utc.astimezone(UTC),
    )


def _always(
    rules: ModelPolicy,
    challenger: Mapping[str, float],
    leak: LeakFinding | None,
    *,
    may_be_undecided: bool,
) -> Iterator[_Finding]:
    """What must hold with any number of events."""
    if rules.needs_leak_audit and leak is None:
        yield _Finding(False, "the leak audit was not run")
    elif rules.needs_leak_audit and leak is not None:
        fine = {"passed", "undecided"} if may_be_undecided else {"passed"}
        yield _Finding(leak.verdict in fine, f"leak audit: {leak.reason}")
    for name, most in rules.no_more_than.items():
        value = challenger.get(name, math.nan)
        yield _Finding(value <= most, f"{name} is {value:.3f}, and may be {most:g} at most")


def _quality(
    rules: ModelPolicy, challenger: Mapping[str, float], events: int, policy: PromotionPolicy
) -> Iterator[_Finding]:
    """What can be told once there are enough events."""
    better = challenger.get(rules.beats, math.nan)
    is_no_worse = better >= 0 if rules.kind == "interval" else better > 0
    yield _Finding(is_no_worse, f"{rules.beats} over its simplest rival is {better:.4f}")
    if rules.kind == "binary" and (band := policy.band(events)) is not None:
        for name, span in (
            ("calibration_slope", band.slope),
            ("observed_expected", band.observed_expected),
        ):
            yield _within(name, challenger.get(name, math.nan), span, f" with {events} events")
    if rules.coverage is not None:
        span, told = _covered(rules.coverage, events)
        yield _within("coverage", challenger.get("coverage", math.nan), span, told)


def _covered(span: Range, events: int) -> tuple[Range, str]:
    """The coverage that can be asked for with so many events, and what to say of it.

    An interval that covers just what it says, the middle of the span, strays from it by chance: by
    1.96 standard errors of a share (Wald) in 95 of 100 evaluations.
    """
    level = (span[0] + span[1]) / 2
    chance = 1.96 * math.sqrt(level * (1 - level) / max(1, events))
    beyond = chance - (span[1] - span[0]) / 2
    if beyond <= 0:
        return span, ""
    widened = max(0.0, span[0] - beyond), min(1.0, span[1] + beyond)
    return widened, f", as wide as chance makes it with {events} events"


def _within(name: str, value: float, span: Range, told: str) -> _Finding:
    is_held = span[0] <= value <= span[1]
    where = "inside" if is_held else "outside"
    return _Finding(is_held, f"{name} is {value:.3f}, {where} {span[0]:.3g} to {span[1]:.3g}{told}")


def _enough(rules: ModelPolicy, events: int) -> _Finding:
    return _Finding(
        events >= rules.min_events,
        f"{events} events in the evaluation, and {rules.min_events} are needed to compare",
    )


def _not_inferior(rules: ModelPolicy, comparison: PairedDifference | None) -> _Finding:
    """Whether the whole interval of the difference is above (or below) the margin."""
    if comparison is None:
        return _Finding(False, "it was not compared with the champion")
    worst = _worst(rules, comparison)
    is_held = worst >= -rules.margin
    return _Finding(
        is_held,
        f"{rules.metric} differs from the champion's by {comparison.estimate:+.4f} "
        f"({comparison.low:+.4f} to {comparison.high:+.4f}): "
        f"{'no worse' if is_held else 'it may be worse'} by more than {rules.margin:g}",
    )


def _not_worse(rules: ModelPolicy, comparison: PairedDifference | None) -> _Finding:
    """Against a champion that was never proven, the estimate decides, where there is one."""
    if comparison is None:
        return _Finding(True, "the champion is provisional, and there is no comparison with it")
    _worst(rules, comparison)
    gain = comparison.estimate if rules.is_more_better else -comparison.estimate
    return _Finding(
        gain >= -rules.margin,
        f"{rules.metric} differs from the provisional champion's by {comparison.estimate:+.4f}",
    )


def _worst(rules: ModelPolicy, comparison: PairedDifference) -> float:
    """The least gain that the interval allows; what is no number is no gain."""
    if comparison.metric != rules.metric:
        raise ValueError(f"compared on {comparison.metric}, and the policy says {rules.metric}")
    worst = comparison.low if rules.is_more_better else -comparison.high
    return worst if math.isfinite(worst) else -math.inf


def _with_approval(
    decision: Decision,
    rules: ModelPolicy,
    said: list[Approval],
    policy: PromotionPolicy,
    now: datetime,
) -> Decision:
    """A decision with what people said of this very version.

    The last word counts; a refusal also where no approval was asked for, and for ever.
    """
    last = max((one for one in said if one.at_utc <= now), key=lambda one: one.at_utc, default=None)
    if last and last.verdict is ApprovalVerdict.REFUSED:
        return Decision(
            Verdict.REJECT,
            (f"{last.approved_by} refused it: {last.reason}",),
            approved_by=last.approved_by,
            approval_reason=last.reason,
        )
    if last and now <= last.at_utc + policy.approval_lasts:
        return Decision(
            decision.verdict,
            (*decision.reasons, f"{last.approved_by} approved it: {last.reason}"),
            decision.is_provisional,
            last.approved_by,
            last.reason,
        )
    if not rules.needs_approval:
        return decision
    waiting = "the approval has expired" if last else "nobody has approved it yet"
    return Decision(
        Verdict.WAIT_FOR_APPROVAL,
        (*decision.reasons, f"a person must approve it: {waiting}"),
        decision.is_provisional,
    )
