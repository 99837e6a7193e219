"""Targets are text, and are held against figures as they read."""

import json

import pytest

from benchmarks.outcome import Target, print_outcome


@pytest.mark.parametrize(
    ("target", "value", "ok"),
    [
        ("<= 60", 60.0, True),
        ("<= 60", 60.1, False),
        (">= 8", 8.0, True),
        (">= 8", 7.9, False),
        ("0.75..0.85", 0.8, True),
        ("0.75..0.85", 0.9, False),
    ],
)
def test_a_target_reads_as_it_is_written(target: str, value: float, ok: bool) -> None:
    assert Target("figure", value, "s", target).ok is ok


@pytest.mark.parametrize("target", ["<= 60", ">= 8", "0.75..0.85"])
def test_what_was_not_measured_is_neither_met_nor_missed(target: str) -> None:
    assert Target("figure", None, "s", target).ok is None


def test_a_target_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="about ten"):
        _ = Target("figure", 1.0, "s", "about ten").ok


def test_the_last_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    targets = [Target("a", 1.23456, "s", "<= 2"), Target("b", None, "1", ">= 1")]
    print_outcome("name", targets, {"why": 1})
    outcome = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert outcome["targets"] == [
        {"name": "a", "value": 1.235, "unit": "s", "target": "<= 2", "ok": True},
        {"name": "b", "value": None, "unit": "1", "target": ">= 1", "ok": None},
    ]
    assert set(outcome) == {"benchmark", "date", "cores", "targets", "detail"}
