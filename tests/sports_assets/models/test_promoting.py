"""Who serves after a decision, and what the ledger tells of it, on a registry of its own."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from resources.approvals import Approval
from resources.model_contracts import OPS_PROMOTION
from resources.model_registry import Alias, Because, ModelDamagedError, UnknownModelError
from resources.model_registry_mlflow import MlflowModelRegistry
from sports_assets.mlops.ledger import Decided, ledger_row
from sports_assets.mlops.promotion import PairedDifference
from sports_assets.mlops.promotion_policy import load_policy
from sports_assets.models.promoting import promote
from sports_assets.models.shape import Judgement
from sports_assets.models.training import BASIS_TAG, JUDGEMENT_TAG
from tests.resources.model_records import AT, record, registry_in

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
GOOD = {"events": 200.0, "mae": 12.0, "skill": 0.1, "coverage": 0.8}
NAME = "recovery"
_numbers = itertools.count(1)
POLICY = load_policy()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> MlflowModelRegistry:
    return registry_in(tmp_path_factory.mktemp("registry"))


class Loop:
    """One model's versions and decisions."""

    def __init__(self, registry: MlflowModelRegistry, name: str) -> None:
        self.registry, self.name = registry, name
        self.ledger = OPS_PROMOTION.empty()
        self.now = NOW

    def train(
        self, metrics: dict[str, float] = GOOD, *, worse_by: float | None = None,
        beside: int | None = None,
    ) -> int:  # fmt: skip
        """A version that was judged, as the challenger."""
        found = None
        if worse_by is not None:
            found = PairedDifference("mae", worse_by, worse_by - 0.5, worse_by + 0.5)
        told = Judgement(metrics, found, beside)
        made = record(name=self.name)
        made = replace(
            made,
            tags={JUDGEMENT_TAG: told.to_json(), BASIS_TAG: made.provenance.to_json()},
        )
        payload = f"{self.name} {len(self.registry.versions(self.name))}".encode()
        version = self.registry.log_and_register(made, payload).version
        seen = self.registry.history(self.name, Alias.CHALLENGER).current
        because = Because("model/recovery", "test", self.now)
        self.registry.set_alias(
            self.name, Alias.CHALLENGER, version, expected=seen, because=because
        )
        return version

    def decide(
        self, *words: Approval, is_written: bool = True, is_askable: bool = True
    ) -> list[Decided]:
        self.now += timedelta(hours=1)
        policy = replace(POLICY, models={**POLICY.models, self.name: POLICY.models[NAME]})
        made = list(
            promote(
                self.registry, [self.name], approvals=words, ledger=self.ledger, policy=policy,
                now_utc=self.now, run_id="r", is_askable=lambda _: is_askable,
            )
        )  # fmt: skip
        if is_written:
            rows = [ledger_row(one, "UTC") for one in made]
            new = OPS_PROMOTION.conform(pa.Table.from_pylist(rows, schema=OPS_PROMOTION.schema))
            self.ledger = pa.concat_tables([self.ledger, new])
        return made

    @property
    def serving(self) -> int | None:
        return self.registry.history(self.name).current


@pytest.fixture
def loop(kept: MlflowModelRegistry) -> Loop:
    return Loop(kept, f"recovery_{next(_numbers)}")


def verdicts(made: list[Decided]) -> list[tuple[int, str]]:
    return [(one.version, one.verdict) for one in made]


def test_a_first_good_model_serves_and_a_worse_one_does_not(loop: Loop) -> None:
    assert loop.train() == 1
    assert verdicts(loop.decide()) == [(1, "promote")]
    loop.train(worse_by=2.0, beside=1)
    (told,) = loop.decide()
    assert (told.verdict, told.champion_before) == ("reject", 1)
    assert "it may be worse by more than 1" in " ".join(told.reasons)
    assert loop.decide() == [], "the same is not said again"
    assert loop.serving == 1


def test_one_that_is_no_worse_takes_over(loop: Loop) -> None:
    loop.train()
    loop.decide()
    loop.train(worse_by=0.3, beside=1)
    assert verdicts(loop.decide()) == [(2, "promote")]
    assert loop.serving == 2


def test_judged_beside_another_champion_is_not_compared(loop: Loop) -> None:
    loop.train()
    loop.decide()
    loop.train(worse_by=-1.0, beside=1)
    loop.decide()
    loop.train(worse_by=-5.0, beside=1)  # while version 2 took over
    (told,) = loop.decide()
    assert told.verdict == "reject"
    assert "it was not compared with the champion" in told.reasons
    assert loop.serving == 2


def test_beside_a_champion_that_can_no_longer_be_asked_one_is_judged_as_a_first(
    loop: Loop,
) -> None:
    loop.train()
    loop.decide()
    loop.train()
    assert verdicts(loop.decide()) == [(2, "reject")]
    loop.train()
    assert verdicts(loop.decide(is_askable=False)) == [(3, "promote")]


def test_a_move_whose_run_died_before_it_was_written_down_is_told_by_the_next(loop: Loop) -> None:
    loop.train()
    loop.decide(is_written=False)
    assert loop.serving == 1
    (told,) = loop.decide()
    assert (told.version, told.verdict) == (1, "promote")
    assert told.decided_at_utc == NOW + timedelta(hours=1)
    assert loop.decide() == []


def test_a_version_that_was_rolled_back_from_stays_away_until_somebody_says_so(
    loop: Loop,
) -> None:
    loop.train()
    loop.decide()
    loop.train(worse_by=-1.0, beside=1)
    loop.decide()
    because = Because("Dr. Test", "odd answers", loop.now + timedelta(minutes=1))
    loop.registry.rollback(loop.name, because=because)
    assert verdicts(loop.decide()) == [(1, "rollback")]
    assert loop.decide() == []
    assert loop.serving == 1
    before = Approval(loop.name, 2, "approved", "Dr. Test", "as judged", NOW)
    assert loop.decide(before) == [], "a word of before the rollback counts no more"
    after = replace(before, approved_at_utc=loop.now)
    assert verdicts(loop.decide(after)) == [(2, "promote")]
    assert loop.serving == 2


def test_a_damaged_challenger_costs_its_own_model_alone(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop.train()

    def damaged(*_: object, **__: object) -> None:
        raise ModelDamagedError("its payload is not there")

    monkeypatch.setattr(loop.registry, "set_alias", damaged)
    (told,) = loop.decide()
    assert (told.verdict, told.reasons) == ("reject", ("its payload is not there",))
    assert loop.decide() == []
    assert loop.serving is None


def test_a_word_of_before_there_was_the_version_counts_for_nothing(loop: Loop) -> None:
    version = loop.train()
    early = Approval(loop.name, version, "refused", "Dr. Test", "never", AT - timedelta(days=1))
    assert verdicts(loop.decide(early)) == [(version, "promote")]


def test_a_model_that_never_served_cannot_be_gone_back_to(loop: Loop) -> None:
    loop.train()
    loop.decide()
    loop.train(worse_by=5.0, beside=1)
    assert verdicts(loop.decide()) == [(2, "reject")]
    with pytest.raises(UnknownModelError, match="version 2 never served"):
        loop.registry.rollback(loop.name, to=2, because=Because("Dr. Test", "a slip", NOW))
    assert loop.serving == 1


def test_a_version_that_somebody_else_registered_is_not_decided_on(loop: Loop) -> None:
    version = loop.registry.log_and_register(record(name=loop.name), b"theirs").version
    because = Because("somebody", "by hand", NOW)
    loop.registry.set_alias(loop.name, Alias.CHALLENGER, version, expected=None, because=because)
    assert loop.decide() == []
    assert loop.serving is None
