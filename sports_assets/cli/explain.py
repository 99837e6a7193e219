"""`python -m sports_assets explain REPORT NUMBER`: where a number on a page comes from."""

from typing import TYPE_CHECKING, Annotated

import typer

from sports_assets.cli.console import app, errors_in_a_line

if TYPE_CHECKING:
    from resources.explain.findings import Explanation


@app.command("explain")
def explain_command(
    report: Annotated[
        str,
        typer.Argument(
            help="A session (its newest page), a session’s revision such as "
            "2019-11-09_football_bayern-dortmund/r0002, or a page’s path or URI."
        ),
    ],
    number: Annotated[
        str, typer.Argument(help="The number’s data-number-id, as it stands in the page’s source.")
    ],
) -> None:
    """The way from a number on a page back to table, snapshot, drop and the rows of its file."""
    from sports_assets.cli.explanation import tell

    with errors_in_a_line():
        tell(_explained(report, number))


def _explained(report: str, number: str) -> "Explanation":
    from resources.dbt.graph import DbtGraph
    from resources.dbt.project import load_project
    from resources.environment import load_settings
    from resources.explain.walk import ReportWalk
    from resources.installation import lakehouse_of, landing_of, reports_of

    settings = load_settings()
    graph = DbtGraph(load_project(settings.home / "dbt").manifest)
    with (
        lakehouse_of(settings) as lakehouse,
        landing_of(settings) as zone,
        reports_of(settings) as store,
        ReportWalk(lakehouse, zone, store, graph, report) as walk,
    ):
        return walk.explain(number)
