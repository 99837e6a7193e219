"""The model card of an evaluation: what the model is, how right it was, and what it is not for."""

from html import escape
from pathlib import Path
from typing import Final

from sports_assets.models.readiness.evaluate import Evaluation
from sports_assets.models.readiness.table import HEAD, MEANINGS, lines_of, summary_of

_WHAT: Final = (
    "The answer that the athlete will give tomorrow, 1 (not ready) to 10, from what is known at "
    "the end of today: own answers of the past, loads, and what team-mates answered. One model of "
    "all athletes learns how far each one's answers leave the own usual ones. A screen shows the "
    "median answer; where squared errors matter, take the mean."
)
_NOT_FOR: Final = (
    "It foretells an answer, not fitness to play; nothing is said of an athlete with fewer than 5 "
    "answers in 28 days or none in 7; it knows nothing of tomorrow's plan. An answer that it says "
    "surprises nobody: what to act on is a real one far from it."
)


def write_card(evaluation: Evaluation, path: Path) -> None:
    """Write the card as one HTML file without outside parts."""
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>"
        for line in lines_of(evaluation)
    )
    verdicts = "".join(
        f"<li>{escape(claim)}: <strong>{escape(verdict)}</strong></li>"
        for claim, verdict in evaluation.verdicts().items()
    )
    told = "".join(f"<p>{escape(line)}</p>" for line in summary_of(evaluation))
    path.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<title>Model card: readiness</title><style>body{font:16px/1.5 sans-serif;max-width:60rem;"
        "margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}td,th{padding:.3rem .7rem;"
        "text-align:right;border-bottom:1px solid #ccc}td:first-child,th:first-child{text-align:"
        f"left}}</style></head><body><h1>Readiness of tomorrow</h1><p>{escape(_WHAT)}</p>"
        f"<h2>How right it was</h2>{told}<table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table><p>{escape(MEANINGS)}</p><ul>{verdicts}</ul>"
        f"<h2>What it is not for</h2><p>{escape(_NOT_FOR)}</p></body></html>\n",
        encoding="utf-8",
    )
