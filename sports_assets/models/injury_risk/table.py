"""The evaluation as a table of a terminal."""

from typing import TYPE_CHECKING

from sports_assets.mlops.card_evaluation import evaluation_table
from sports_assets.mlops.evaluation import Evaluation, LearningPoint

if TYPE_CHECKING:
    from rich.table import Table


def tables_of(evaluation: Evaluation) -> "list[Table]":
    """Every metric of the model and of what stands beside it, and the learning curve."""
    made = [_metrics(evaluation)]
    if evaluation.learning_curve:
        made.append(_curve(evaluation.learning_curve))
    return made


def _metrics(evaluation: Evaluation) -> "Table":
    from rich.table import Table

    told = evaluation_table(evaluation)
    table = Table(title=told.title, caption=told.note, title_justify="left")
    for at, name in enumerate(told.columns):
        table.add_column(name, justify="right" if at else "left")
    for row in told.rows:
        cells = [f"{one.text}\n[dim]{one.beside}[/dim]" for one in row.cells]
        table.add_row(f"{row.name}\n[dim]{row.meaning}[/dim]", *cells)
    return table


def _curve(points: tuple[LearningPoint, ...]) -> "Table":
    from rich.table import Table

    table = Table(
        title="What so many injuries teach",
        caption="Other athletes of the last season; median, and the middle eight of ten draws.",
        title_justify="left",
    )
    for name in ("injuries to learn from", "ROC AUC", "calibration slope"):
        table.add_column(name, justify="right")
    for point in points:
        table.add_row(
            f"{point.events:.0f}",
            *(
                f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"
                for one in (point.roc_auc, point.calibration_slope)
            ),
        )
    return table
