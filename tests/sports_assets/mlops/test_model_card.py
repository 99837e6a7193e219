"""A model on one page."""

import re
from dataclasses import replace

import numpy as np
import pytest

from resources.provenance import DropRef, ProvenanceRef
from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.card_evaluation import (
    difference_table,
    evaluation_data,
    evaluation_headlines,
    evaluation_limits,
    evaluation_table,
)
from sports_assets.mlops.evaluate import Comparator, evaluate_binary
from sports_assets.mlops.evaluation import LearningPoint
from sports_assets.mlops.leak_audit import LeakAudit
from sports_assets.mlops.model_card import (
    CardCell,
    CardRow,
    CardTable,
    ModelCard,
    Told,
    render_model_card,
    write_model_card,
)
from sports_assets.mlops.pictures import draw_evaluation, leak_picture

AUDIT = LeakAudit(
    "ROC AUC", Interval(0.97, 0.95, 0.98), Interval(0.6, 0.5, 0.7), Interval(0.62, 0.5, 0.7),
    Interval(0.6, 0.5, 0.7), Interval(0.37, 0.3, 0.45), np.nan, 4000, 80, 2000,
)  # fmt: skip
CURVE = tuple(
    LearningPoint(float(n), Interval(0.6, 0.55, 0.65), Interval(0.8, 0.3, 1.4), 5)
    for n in (10, 30, 90)
)


def evaluated(frame, p, **told):
    return evaluate_binary(
        target="an injury within seven days", athlete_id=frame["athlete_id"], day=frame["day"],
        y=frame["y"], p=p, splits="the truth", seed=1, replicates=40, **told,
    )  # fmt: skip


@pytest.fixture(scope="module")
def evaluation(squad):
    rule = Comparator("load rule", squad.frame["load"], is_probability=False)
    return evaluated(squad.frame, squad.risk, comparators=[rule], learning_curve=CURVE)


@pytest.fixture(scope="module")
def card(evaluation):
    provenance = ProvenanceRef(
        drops=(DropRef(drop_id="d1", stream_id="club_wellness", revision=1),),
        snapshots={"feature/athlete_day": 42}, settings={"horizon_d": "7"}, code_version="0.1.0",
    )  # fmt: skip
    return ModelCard(
        title="Injury risk <seven days>", model="injury_risk", version="7", made_on="2026-11-29",
        is_simulated=True, summary="What.", for_whom="Physios.", not_for=("Selection.",),
        headlines=evaluation_headlines(evaluation, AUDIT),
        tables=(evaluation_table(evaluation), difference_table(evaluation)),
        pictures=(leak_picture(AUDIT), *draw_evaluation(evaluation)),
        data=evaluation_data(evaluation), limits=evaluation_limits(evaluation, is_simulated=True),
        parameters=(Told("num_leaves", "4"),), provenance=provenance,
    )  # fmt: skip


def test_the_page_loads_nothing_and_is_small(card):
    page = render_model_card(card)
    assert len(page.encode()) < 100_000
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', page)
    assert "url(http" not in page
    assert "Injury risk &lt;seven days&gt;" in page


def test_ids_on_the_page_are_unique(card):
    ids = re.findall(r' id="([^"]+)"', render_model_card(card))
    assert len(ids) == len(set(ids))


def test_equal_cards_give_equal_bytes(card, tmp_path):
    path = write_model_card(card, tmp_path / "new" / "card.html")
    assert path.read_text(encoding="utf-8") == render_model_card(replace(card))


def test_only_simulated_data_is_called_so(card):
    assert "Simulated data." in render_model_card(card)
    assert "Simulated data." not in render_model_card(replace(card, is_simulated=False))


def test_the_table_shows_the_figures_of_the_evaluation(card, evaluation):
    table = evaluation_table(evaluation)
    assert table.columns[1:] == ("this model", "prevalence only", "load rule", "random flags")
    auc = evaluation.model.metrics["roc_auc"]
    assert table.rows[0].cells[0] == CardCell(
        f"{auc.value:.2f}", f"{auc.low:.2f} to {auc.high:.2f}"
    )
    assert f"{auc.value:.2f}" in render_model_card(card)
    brier = next(row for row in table.rows if row.name == "Brier score")
    assert brier.cells[2] == CardCell("–")


def test_the_headlines_are_in_words(evaluation):
    told = {one.topic: one.text for one in evaluation_headlines(evaluation, AUDIT)}
    assert set(told) == {"Ranking", "Calibration", "Worth it", "Flags", "Leak"}
    assert "a coin does so half of the time" in told["Ranking"]
    assert "of 100 random ones" in told["Flags"]
    assert "remembers" in told["Leak"]


def test_every_picture_that_there_is_something_for(evaluation):
    titles = [picture.title for picture in draw_evaluation(evaluation)]
    assert len(titles) == len(set(titles)) == 5
    assert len(draw_evaluation(replace(evaluation, learning_curve=()))) == 4
    assert "must not be promoted" in leak_picture(AUDIT).title
    for picture in draw_evaluation(evaluation):
        assert "#0a" not in picture.svg, "a colour that no page knows"
        assert "<title" in picture.svg


def test_too_good_to_be_true_too_few_to_judge_and_no_better_than_chance_are_said(squad, evaluation):
    told = " ".join(evaluation_limits(evaluation, is_simulated=False))
    assert "leak" not in told
    metrics = {**evaluation.model.metrics, "roc_auc": Interval(0.9, 0.85, 0.95)}
    good = replace(evaluation, model=replace(evaluation.model, metrics=metrics))
    assert "leak" in " ".join(evaluation_limits(good, is_simulated=False))
    assert "leak" not in " ".join(evaluation_limits(good, is_simulated=True))
    few = squad.frame["athlete_id"].isin(["a00", "a01", "a02"]).to_numpy()
    small = evaluated(squad.frame[few], np.full(few.sum(), 0.2))
    told = " ".join(evaluation_limits(small, is_simulated=False))
    assert "too few to tell" in told
    assert "cannot be told from chance" in told
    assert "too high at present" in told


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        (Interval(2.0, 1.2, 2.9), "too low at present"),
        (Interval(2.0, 0.7, 3.9), None),
        (Interval(0.5, 0.2, 0.8), "too high at present"),
        (Interval(0.5, 0.2, 1.1), None),
        (Interval(2.0), None),
    ],
)
def test_a_level_that_may_be_chance_is_not_called_wrong(evaluation, ratio, word):
    metrics = {**evaluation.model.metrics, "observed_expected": ratio}
    other = replace(evaluation, model=replace(evaluation.model, metrics=metrics))
    told = " ".join(evaluation_limits(other, is_simulated=False))
    assert (word in told) if word else ("at present" not in told)


@pytest.mark.parametrize("athletes", [["a00"], ["a00", "a01"]])
def test_without_an_injury_the_card_says_that_there_is_no_verdict(card, squad, athletes):
    some = squad.frame["athlete_id"].isin(athletes).to_numpy()
    nothing = evaluated(squad.frame[some].assign(y=0.0), squad.risk[some])
    headlines = evaluation_headlines(nothing)
    assert [one.topic for one in headlines] == ["No verdict"]
    page = render_model_card(
        replace(
            card, headlines=headlines, tables=(evaluation_table(nothing),),
            pictures=draw_evaluation(nothing),
            limits=evaluation_limits(nothing, is_simulated=False),
        )
    )  # fmt: skip
    assert "nan" not in page.replace("dominant", "").lower().split("</style>")[1]


def test_a_model_of_days_brings_its_own_table_and_needs_no_provenance(card):
    table = CardTable(
        "Days until return", ("", "this model", "median"),
        (CardRow("MAE, days", (CardCell("9.1", "8.0 to 10.2"), CardCell("9.4"))),),
    )  # fmt: skip
    page = render_model_card(
        replace(card, headlines=(), tables=(table,), pictures=(), provenance=None, version="")
    )
    assert "8.0 to 10.2" in page
    assert "Made outside the lakehouse" in page
    assert "not registered" in page
    with pytest.raises(ValueError, match="1 cells under 2 headings"):
        CardTable("t", ("", "a", "b"), (CardRow("r", (CardCell("1"),)),))
