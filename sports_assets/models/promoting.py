"""Challengers become champions, where policy and people let them; every decision is a row."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import pyarrow as pa

from resources.approvals import Approval as Word
from resources.model_registry import Alias, Because, ModelRegistry, ModelVersion, UnknownModelError
from sports_assets.mlops.ledger import Decided, decided
from sports_assets.mlops.promotion import Approval, ApprovalVerdict, Champion, Decision, decide
from sports_assets.mlops.promotion import Verdict as Outcome
from sports_assets.mlops.promotion_policy import PromotionPolicy
from sports_assets.models.shape import Judgement
from sports_assets.models.training import BASIS_TAG, judgement_of

_BY_POLICY = "ops/promotion"


def promote(
    registry: ModelRegistry,
    names: Iterable[str],
    *,
    approvals: Sequence[Word],
    ledger: pa.Table,
    policy: PromotionPolicy,
    now_utc: datetime,
    run_id: str,
) -> Iterator[Decided]:
    """Decide on the challenger of each model, and move aliases accordingly.

    A decision that says what the last one on the same version said is not written again: whoever
    waits for an approval is told once.

    Args:
        ledger: rows of `ops/promotion` so far.

    Raises:
        AliasMovedError: the champion changed meanwhile: try again.
        RegistryUnavailableError: nothing was decided.
    """
    said = _last_said(ledger)
    words = [_approval(word) for word in approvals]
    for name in names:
        challenger = _at(registry, name, Alias.CHALLENGER)
        champion = _at(registry, name, Alias.CHAMPION)
        if challenger is None or (champion and challenger.version == champion.version):
            continue
        judgement = judgement_of(challenger)
        if judgement is None:
            continue
        serving = None
        if champion is not None:
            _, is_provisional = said.get((name, champion.version), ("", False))
            serving = Champion(champion.version, is_provisional)
        verdict = _decide(challenger, judgement, serving, words, policy=policy, now_utc=now_utc)
        if verdict.verdict is Outcome.PROMOTE:
            registry.set_alias(
                name,
                Alias.CHAMPION,
                challenger.version,
                expected=champion.version if champion else None,
                because=Because(
                    verdict.approved_by or _BY_POLICY, "; ".join(verdict.reasons), now_utc
                ),
            )
        if said.get((name, challenger.version), ("", False))[0] == verdict.verdict.value:
            continue
        yield decided(
            verdict,
            model=name,
            version=challenger.version,
            decided_at_utc=now_utc,
            champion_before=champion.version if champion else None,
            policy_version=policy.version,
            registry_run_id=challenger.run_id,
            run_id=run_id,
            provenance=challenger.tags[BASIS_TAG],
        )


def _decide(
    challenger: ModelVersion,
    judgement: Judgement,
    serving: Champion | None,
    words: Sequence[Approval],
    *,
    policy: PromotionPolicy,
    now_utc: datetime,
) -> Decision:
    # Judged beside another champion than the one that serves now: as good as not compared.
    is_current = serving is not None and judgement.compared_with == serving.version
    return decide(
        challenger.name,
        challenger.version,
        judgement.metrics,
        judgement.comparison if is_current else None,
        champion=serving,
        leak=judgement.leak,
        approvals=words,
        policy=policy,
        now_utc=now_utc,
    )


def _at(registry: ModelRegistry, name: str, alias: Alias) -> ModelVersion | None:
    try:
        return registry.version(name, alias)
    except UnknownModelError:
        return None


def _last_said(ledger: pa.Table) -> dict[tuple[str, int], tuple[str, bool]]:
    """Of each version the last verdict, and whether it serves provisionally."""
    rows = sorted(ledger.to_pylist(), key=lambda row: row["decided_at_utc"])
    return {(row["model"], row["version"]): (row["verdict"], row["is_provisional"]) for row in rows}


def _approval(word: Word) -> Approval:
    return Approval(
        model_name=word.model_name,
        version=word.model_version,
        verdict=ApprovalVerdict(word.verdict),
        approved_by=word.approved_by,
        reason=word.reason,
        at_utc=word.approved_at_utc,
    )
