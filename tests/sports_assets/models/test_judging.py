"""What the commands share: the figures are printed first, and nothing unwritten ends in a trace."""

import io
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sports_assets.mlops.model_card import ModelCard
from sports_assets.models.judging import screen, write_evaluation
from sports_assets.models.recovery.__main__ import app
from tests.sports_assets.models.injury_law import raw_injuries

PAGE = ModelCard(
    title="T", model="m", version="", made_on="2026-11-29", is_simulated=False, summary="",
    for_whom="", not_for=(), headlines=(), tables=(), pictures=(), data=(),
)  # fmt: skip


def write(data: Path, card: Path | None = None, json: Path | None = None) -> Path:
    return write_evaluation(PAGE, "{}", data=data, model="m", card=card, json=json)


def test_the_card_lies_beside_the_file_or_where_it_was_asked_for(tmp_path):
    beside = tmp_path / "squad.m.html"
    assert write(tmp_path / "squad.parquet") == beside
    assert beside.is_file()
    asked = tmp_path / "cards" / "c.html"
    assert write(tmp_path / "squad.parquet", card=asked) == asked
    assert asked.is_file()


def test_beside_a_file_that_nothing_can_be_written_to_it_goes_to_the_working_folder(
    tmp_path, monkeypatch
):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (tmp_path / "data" / "squad.m.html").mkdir(parents=True)
    write(tmp_path / "data" / "squad.parquet")
    assert (here / "squad.m.html").is_file()


def test_the_figures_are_written_where_the_card_cannot_be(tmp_path):
    figures = tmp_path / "figures.json"
    with pytest.raises(OSError, match=r"model card was not written.*--card"):
        write(tmp_path / "squad.parquet", card=Path("/dev/null/x.html"), json=figures)
    assert figures.read_text() == "{}\n"


def test_a_card_that_cannot_be_written_costs_nobody_the_table(tmp_path):
    raw_injuries(12, athletes=4, seed=41).to_parquet(tmp_path / "injuries.parquet")
    told = CliRunner().invoke(
        app,
        ["evaluate", "--injuries", str(tmp_path / "injuries.parquet"), "--folds", "2",
         "--card", "/dev/null/x.html"],
    )  # fmt: skip
    assert told.exit_code == 2
    assert "overall_median" in told.stdout
    assert told.stderr.startswith("error: the model card was not written")
    assert told.stderr.count("\n") == 1


def test_a_sign_that_the_terminal_does_not_know_is_a_question_mark(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    screen().print("½ mean – σ")
    sys.stdout.flush()
    assert written.getvalue() == b"? mean ? ?\n"
