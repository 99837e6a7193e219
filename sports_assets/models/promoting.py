"""Challengers become champions, where policy and people let them; every decision is a row."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa

from resources.approvals import Approval as Word
from resources.model_aliases import AliasHistory
from resources.model_registry import (
    Alias,
    Because,
    ModelDamagedError,
    ModelRegistry,
    ModelVersion,
    UnknownModelError,
)
from sports_assets.mlops.ledger import ROLLBACK, Decided, decided
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
    is_askable: Callable[[ModelVersion], bool] = lambda _: True,
) -> Iterator[Decided]:
    """Decide on the challenger of each model, and move aliases accordingly.

    A decision that says what the last one on the same version said is not written again: whoever
    waits for an approval is told once. A version that a person rolled back from stays away until
    somebody approves it anew. A move that a run made and died before it was written down is written
    down now. A challenger that is damaged, or judged by what the policy no longer asks for, is
    rejected.

    Args:
        ledger: rows of `ops/promotion` so far.
        is_askable: whether a champion can still be asked; beside one that cannot, as after an
            upgrade that changed its inputs, a challenger is judged as a first one is.

    Raises:
        AliasMovedError: the champion changed meanwhile: try again.
        RegistryUnavailableError: nothing was decided.
    """
    said = _last_said(ledger)
    words = [_approval(word) for word in approvals]
    for name in names:
        challenger = _at(registry, name, Alias.CHALLENGER)
        moves = registry.history(name, Alias.CHAMPION)
        champion = registry.version(name, moves.current) if moves.current else None
        if champion is not None:
            yield from _untold(champion, moves, ledger, words, policy=policy, run_id=run_id)
        if challenger is None or (champion and challenger.version == champion.version):
            continue
        judgement = judgement_of(challenger)
        if judgement is None:
            continue
        left = _left_at(moves, challenger.version)
        # A word of before there was this version, or of before it was withdrawn, is of another.
        since = max(left or challenger.created_at_utc, challenger.created_at_utc)
        spoken = [one for one in words if one.at_utc > since]
        if left is not None and not _approves(spoken, challenger):
            continue
        serving = None
        if champion is not None and is_askable(champion):
            _, is_provisional = said.get((name, champion.version), ("", False))
            serving = Champion(champion.version, is_provisional)
        try:
            verdict = _decide(
                challenger, judgement, serving, spoken, policy=policy, now_utc=now_utc
            )
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
        except (ModelDamagedError, ValueError) as error:
            # It costs this model its challenger, and no other model anything.
            verdict = Decision(Outcome.REJECT, (str(error),))
        is_told = said.get((name, challenger.version), ("", False))[0] == verdict.verdict.value
        if is_told and verdict.verdict is not Outcome.PROMOTE:
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


def _untold(
    champion: ModelVersion,
    moves: AliasHistory,
    ledger: pa.Table,
    words: Sequence[Approval],
    *,
    policy: PromotionPolicy,
    run_id: str,
) -> Iterator[Decided]:
    """The champion's last move, if the ledger does not tell of it."""
    last = moves.moves[-1]
    told = {
        row["decided_at_utc"]
        for row in ledger.to_pylist()
        if (row["model"], row["version"]) == (champion.name, champion.version)
        and row["verdict"] in {ROLLBACK, Outcome.PROMOTE.value}
    }
    judgement = judgement_of(champion)
    if last.at_utc.astimezone(UTC) in told or judgement is None:
        return
    serving = Champion(last.expected, False) if last.expected else None
    verdict = _decide(champion, judgement, serving, words, policy=policy, now_utc=last.at_utc)
    is_by_policy = last.moved_by == _BY_POLICY
    row = decided(
        replace(
            verdict,
            verdict=Outcome.PROMOTE,
            reasons=tuple(last.reason.split("; ")),
            approved_by="" if is_by_policy else last.moved_by,
            approval_reason="" if is_by_policy else last.reason,
        ),
        model=champion.name,
        version=champion.version,
        decided_at_utc=last.at_utc,
        champion_before=last.expected,
        policy_version=policy.version,
        registry_run_id=champion.run_id,
        run_id=run_id,
        provenance=champion.tags[BASIS_TAG],
    )
    yield replace(row, verdict=ROLLBACK, policy_version=None) if last.is_rollback else row


def _left_at(moves: AliasHistory, version: int) -> datetime | None:
    """When a version was rolled back from; None for one that never was."""
    if version in {moves.current, *moves.former}:
        return None
    served = max((at for at, move in enumerate(moves.moves) if move.version == version), default=-1)
    later = [move.at_utc for move in moves.moves[served + 1 :] if move.is_rollback]
    return later[0] if served >= 0 and later else None


def _approves(words: Iterable[Approval], challenger: ModelVersion) -> bool:
    mine = (challenger.name, challenger.version)
    return any(
        one.verdict is ApprovalVerdict.APPROVED and (one.model_name, one.version) == mine
        for one in words
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
