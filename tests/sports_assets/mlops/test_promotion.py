from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.model_contracts import OPS_PROMOTION
from sports_assets.mlops.ledger import ROLLBACK, Decided, decided, ledger_row
from sports_assets.mlops.promotion import (
    Approval,
    ApprovalVerdict,
    Champion,
    Decision,
    PairedDifference,
    Verdict,
    decide,
)
from sports_assets.mlops.promotion_policy import PolicyError, load_policy

POLICY = load_policy()
NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
RISK = {"events": 420, "calibration_slope": 1.02, "observed_expected": 0.97, "brier_skill": 0.01}
READY = {"events": 900, "skill": 0.05, "coverage": 0.8}
BETTER = PairedDifference("roc_auc", 0.01, -0.01, 0.03)
CHAMPION = Champion(6)


@dataclass(frozen=True)
class Leak:
    verdict: str
    reason: str = "a gap of 0.02"


def yes(version: int = 7, **told: Any) -> Approval:
    given_ = {
        "model_name": "injury_risk",
        "version": version,
        "verdict": ApprovalVerdict.APPROVED,
        "approved_by": "Dr. Roe",
        "reason": "reviewed the card",
        "at_utc": NOW - timedelta(days=1),
    }
    return Approval(**{**given_, **told})


def verdict_of(**told: Any) -> Decision:
    given_ = {
        "model": "injury_risk",
        "version": 7,
        "challenger": RISK,
        "comparison": BETTER,
        "champion": CHAMPION,
        "leak": Leak("passed"),
        "approvals": [yes()],
        "policy": POLICY,
        "now_utc": NOW,
    }
    return decide(**{**given_, **told})


def test_a_challenger_that_holds_everything_is_promoted_with_the_reasons() -> None:
    found = verdict_of()
    assert found.verdict is Verdict.PROMOTE
    assert (found.approved_by, found.approval_reason) == ("Dr. Roe", "reviewed the card")
    assert found.reasons == (
        "leak audit: a gap of 0.02",
        "brier_skill over its simplest rival is 0.0100",
        "calibration_slope is 1.020, inside 0.85 to 1.15 with 420 events",
        "observed_expected is 0.970, inside 0.9 to 1.1 with 420 events",
        "420 events in the evaluation, and 50 are needed to compare",
        (
            "roc_auc differs from the champion's by +0.0100 (-0.0100 to +0.0300): "
            "no worse by more than 0.02"
        ),
        "Dr. Roe approved it: reviewed the card",
    )


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"comparison": PairedDifference("roc_auc", 0.01, -0.021, 0.04)}, "it may be worse"),
        ({"comparison": PairedDifference("roc_auc", 0.01, float("nan"), 0.04)}, "may be worse"),
        ({"comparison": None}, "not compared"),
        ({"leak": None}, "leak audit was not run"),
        ({"leak": Leak("blocked", "a gap of 0.62")}, "a gap of 0.62"),
        ({"leak": Leak("undecided", "too few injuries")}, "too few injuries"),
        ({"challenger": RISK | {"calibration_slope": 0.7}}, "slope is 0.700, outside"),
        ({"challenger": RISK | {"observed_expected": 1.4}}, "expected is 1.400, outside"),
        ({"challenger": RISK | {"brier_skill": 0.0}}, "over its simplest rival is 0.0000"),
        ({"challenger": RISK | {"brier_skill": float("nan")}}, "nan"),
        ({"challenger": RISK | {"events": 49}}, "49 events in the evaluation, and 50"),
        ({"challenger": {}}, "0 events"),
    ],
)
def test_what_speaks_against_it_rejects_it_whoever_approves(
    told: dict[str, Any], reason: str
) -> None:
    found = verdict_of(**told)
    assert found.verdict is Verdict.REJECT
    assert len([one for one in found.reasons if reason in one]) == 1, found.reasons


def test_few_events_are_asked_for_less_exact_calibration() -> None:
    strayed = RISK | {"observed_expected": 1.2}
    assert verdict_of(challenger=strayed | {"events": 120}).verdict is Verdict.PROMOTE
    assert verdict_of(challenger=strayed | {"events": 400}).verdict is Verdict.REJECT


def test_a_lower_error_is_better_where_the_policy_says_so() -> None:
    def ready(low: float, high: float) -> Verdict:
        told = PairedDifference("rmse", (low + high) / 2, low, high)
        return verdict_of(
            model="readiness", challenger=READY, comparison=told, approvals=[]
        ).verdict

    assert ready(-0.05, 0.02) is Verdict.PROMOTE
    assert ready(0.02, 0.04) is Verdict.REJECT


@pytest.mark.parametrize(
    ("events", "inside", "outside", "words"),
    [
        # 1.96 √(0.8 · 0.2 / 40) = 0.1240: 0.0740 beyond the bounds.
        (40, (0.677, 0.923), (0.675, 0.925), "0.676 to 0.924, as wide as chance makes it with 40"),
        # 1.96 · 0.4 / 10 = 0.0784: 0.0284 beyond.
        (
            100,
            (0.722, 0.878),
            (0.721, 0.879),
            "0.722 to 0.878, as wide as chance makes it with 100",
        ),
        # 1.96 · 0.4 / √246 = 0.04999, within the bounds as they are.
        (246, (0.75, 0.85), (0.7499, 0.8501), "0.75 to 0.85"),
        (1000, (0.75, 0.85), (0.7499, 0.8501), "0.75 to 0.85"),
    ],
)
def test_few_events_are_asked_for_a_coverage_as_far_off_as_chance_alone_puts_it(
    events: int, inside: tuple[float, ...], outside: tuple[float, ...], words: str
) -> None:
    def said(coverage: float) -> Decision:
        return verdict_of(
            model="recovery",
            challenger={"events": events, "skill": 0.1, "coverage": coverage},
            comparison=None,
            champion=None,
            leak=None,
        )

    for coverage in inside:
        found = said(coverage)
        assert found.verdict is Verdict.PROMOTE
        assert any(f"inside {words}" in one for one in found.reasons), found.reasons
    for coverage in outside:
        found = said(coverage)
        assert found.verdict is Verdict.REJECT
        assert any(f"outside {words}" in one for one in found.reasons), found.reasons
    assert any("chance" in one for one in said(0.8).reasons) == (events < 246)


@pytest.mark.parametrize(("coverage", "verdict"), [(0.75, "promote"), (0.74, "reject")])
def test_an_interval_must_cover_what_it_says(coverage: float, verdict: str) -> None:
    found = verdict_of(
        model="readiness",
        challenger=READY | {"coverage": coverage},
        comparison=None,
        champion=None,
        approvals=[],
    )
    assert found.verdict == verdict


def test_the_first_champion_must_beat_prevalence_and_be_calibrated() -> None:
    first = {"champion": None, "comparison": None}
    assert not verdict_of(**first).is_provisional
    assert verdict_of(**first, challenger=RISK | {"brier_skill": -0.1}).verdict is Verdict.REJECT
    assert verdict_of(**first, challenger=RISK | {"observed_expected": 2}).verdict is Verdict.REJECT


def test_the_first_champion_of_a_short_history_is_provisional_and_the_next_takes_its_place() -> (
    None
):
    few = {"events": 12, "calibration_slope": 3.0, "brier_skill": -0.1}
    found = verdict_of(champion=None, comparison=None, challenger=few)
    assert (found.verdict, found.is_provisional) == (Verdict.PROMOTE, True)
    assert "provisional: 12 events are too few to tell (50 are needed)" in found.reasons
    provisional = Champion(6, is_provisional=True)
    wide = PairedDifference("roc_auc", 0.03, -0.2, 0.3)
    assert not verdict_of(champion=provisional, comparison=wide).is_provisional
    worse = PairedDifference("roc_auc", -0.03, -0.2, 0.3)
    assert verdict_of(champion=provisional, comparison=worse).verdict is Verdict.REJECT


def test_a_leak_that_may_be_chance_makes_a_first_champion_provisional_only() -> None:
    found = verdict_of(champion=None, comparison=None, leak=Leak("undecided"))
    assert (found.verdict, found.is_provisional) == (Verdict.PROMOTE, True)
    blocked = verdict_of(champion=None, comparison=None, leak=Leak("blocked"))
    assert blocked.verdict is Verdict.REJECT


def test_advice_that_would_cost_injuries_is_rejected() -> None:
    def advice(ratio: float) -> Verdict:
        return verdict_of(
            model="load_advice",
            challenger={"events": 20, "fitness_gain": 0.1, "injury_ratio": ratio},
            comparison=None,
            champion=None,
            leak=None,
        ).verdict

    assert advice(1.0) is Verdict.PROMOTE
    assert advice(1.01) is Verdict.REJECT
    assert advice(float("nan")) is Verdict.REJECT


@pytest.mark.parametrize(
    ("approvals", "verdict"),
    [
        ([], Verdict.WAIT_FOR_APPROVAL),
        ([yes(version=6)], Verdict.WAIT_FOR_APPROVAL),
        ([yes(model_name="recovery")], Verdict.WAIT_FOR_APPROVAL),
        ([yes(at_utc=NOW - timedelta(days=31))], Verdict.WAIT_FOR_APPROVAL),
        ([yes(at_utc=NOW + timedelta(hours=1))], Verdict.WAIT_FOR_APPROVAL),
        ([yes(at_utc=NOW - timedelta(days=30))], Verdict.PROMOTE),
        ([yes(verdict=ApprovalVerdict.REFUSED)], Verdict.REJECT),
        ([yes(), yes(verdict=ApprovalVerdict.REFUSED, at_utc=NOW)], Verdict.REJECT),
        ([yes(verdict=ApprovalVerdict.REFUSED, at_utc=NOW - timedelta(9)), yes()], Verdict.PROMOTE),
        ([yes(), yes(verdict=ApprovalVerdict.REFUSED, version=6)], Verdict.PROMOTE),
    ],
)
def test_approval_is_of_this_version_in_time_and_the_last_word_counts(
    approvals: list[Approval], verdict: Verdict
) -> None:
    assert verdict_of(approvals=approvals).verdict is verdict


def test_waiting_says_what_for() -> None:
    expired = verdict_of(approvals=[yes(at_utc=NOW - timedelta(days=31))])
    assert expired.reasons[-1] == "a person must approve it: the approval has expired"
    refused = verdict_of(approvals=[yes(verdict=ApprovalVerdict.REFUSED, reason="too few games")])
    assert refused.reasons == ("Dr. Roe refused it: too few games",)


def test_a_refusal_counts_where_no_approval_is_needed() -> None:
    no = yes(model_name="readiness", verdict=ApprovalVerdict.REFUSED)
    told = PairedDifference("rmse", 0, 0, 0)
    found = verdict_of(model="readiness", challenger=READY, comparison=told, approvals=[no])
    assert found.verdict is Verdict.REJECT


def test_nobody_approves_without_a_name_and_a_reason() -> None:
    with pytest.raises(ValueError, match="say both"):
        yes(approved_by=" ")
    with pytest.raises(ValueError, match="say both"):
        yes(reason="")
    with pytest.raises(ValueError, match="no time zone"):
        yes(at_utc=NOW.replace(tzinfo=None))


def test_a_question_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"add a section \[model.talent\]"):
        verdict_of(model="talent")
    with pytest.raises(ValueError, match="compared on brier"):
        verdict_of(comparison=PairedDifference("brier", 0, 0, 0))
    with pytest.raises(ValueError, match="no time zone"):
        verdict_of(now_utc=NOW.replace(tzinfo=None))


@given(
    estimate=st.floats(-0.2, 0.2),
    half=st.floats(0, 0.2),
    slope=st.floats(0, 3),
    ratio=st.floats(0, 3),
    events=st.integers(0, 3000),
    leak=st.sampled_from(["passed", "undecided", "blocked"]),
)
def test_no_promotion_over_a_proven_champion_without_every_condition(
    *, estimate: float, half: float, slope: float, ratio: float, events: int, leak: str
) -> None:
    found = verdict_of(
        comparison=PairedDifference("roc_auc", estimate, estimate - half, estimate + half),
        challenger=RISK
        | {"events": events, "calibration_slope": slope, "observed_expected": ratio},
        leak=Leak(leak),
    )
    band = POLICY.band(events)
    is_fine = (
        band is not None
        and band.slope[0] <= slope <= band.slope[1]
        and band.observed_expected[0] <= ratio <= band.observed_expected[1]
        and estimate - half >= -0.02
        and leak == "passed"
    )
    assert (found.verdict is Verdict.PROMOTE) == is_fine


def test_the_policy_in_the_package_says_who_needs_approval() -> None:
    assert {name for name, one in POLICY.models.items() if one.needs_approval} == {"injury_risk"}
    widths = [one.slope[1] - one.slope[0] for one in POLICY.bands]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("margin = 0.02", "margn = 0.02", "does not know margn"),
        ("margin = 0.02\n", "", "lacks margin"),
        ('kind = "advice"', 'kind = "guess"', "kind is one of"),
        ("coverage = [0.75, 0.85]         # of", "# of", "coverage belongs to"),
        ("slope = [0.60, 1.40]", "slope = [1.40, 0.60]", "slope is"),
        ("from_events = 1000", "from_events = 100", "must rise"),
        ("version = 4", "version = ", "cannot be read"),
        ("[approval]\nexpires_d = 30", "", "lacks approval"),
        ("[approval]", "[leak]\nmax_gap = 0.05\n[approval]", "does not know leak"),
    ],
)
def test_a_misspelt_policy_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    from importlib.resources import files

    text = (files("sports_assets.mlops") / "promotion.toml").read_text()
    text = "\n".join(line for line in text.splitlines() if not line.startswith("# "))
    assert old in text
    (tmp_path / "own.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(PolicyError, match=words):
        load_policy(tmp_path / "own.toml")


def test_a_decision_is_a_row_with_everything_it_was_made_on() -> None:
    one = decided(
        verdict_of(),
        model="injury_risk",
        version=7,
        decided_at_utc=datetime(2026, 11, 29, 23, 30, tzinfo=UTC),
        champion_before=6,
        policy_version=POLICY.version,
        registry_run_id="m1",
        run_id="d1",
        provenance="{}",
    )
    row = ledger_row(one, "Europe/Berlin")
    assert list(row) == OPS_PROMOTION.schema.names
    assert OPS_PROMOTION.conform(pa.Table.from_pylist([row])).num_rows == 1
    assert row["decision_id"] == "injury_risk:7:20261129T233000.000000Z"
    assert str(row["day"]) == "2026-11-30"  # of the club
    assert (row["verdict"], row["champion_before"], row["approved_by"]) == ("promote", 6, "Dr. Roe")
    assert str(row["reasons"]).count("\n") == 6


def test_a_rollback_is_a_row_that_no_policy_made() -> None:
    one = Decided(
        "injury_risk", 6, NOW, ROLLBACK, ("alarms of a night",), False, 7, "Dr. Roe", "alarms of a "
        "night", None, "m0", "d2", "{}",
    )  # fmt: skip
    row = ledger_row(one, "Europe/Berlin")
    assert (row["verdict"], row["policy_version"]) == ("rollback", None)
    with pytest.raises(ValueError, match="no time zone"):
        ledger_row(Decided(**{**one.__dict__, "decided_at_utc": NOW.replace(tzinfo=None)}), "UTC")
