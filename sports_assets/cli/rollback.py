"""`rollback`: the champion before this one serves again."""

from typing import Annotated

import typer
from rich.markup import escape

from edge_ingest.cli.console import facts
from edge_ingest.cli.words import now
from sports_assets.cli.console import app, errors_in_a_line


@app.command("rollback")
def rollback_command(
    model: Annotated[str, typer.Argument(help="The model, such as injury_risk.")],
    by: Annotated[str, typer.Option("--by", help="Who says so: your name.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence.")],
    to: Annotated[
        int | None, typer.Option("--to", min=1, help="The version to go back to; else the last.")
    ] = None,
) -> None:
    """Let an earlier champion of a model serve again; ops/promotion keeps who did it and why."""
    with errors_in_a_line():
        from resources.dagster_resources import LakehouseResource, ModelsResource, resources_for
        from resources.environment import load_settings
        from resources.model_registry import Because
        from sports_assets.models.going_back import go_back

        settings = load_settings()
        told = resources_for(settings)
        lakehouse, models = told["lakehouse"], told["models"]
        assert isinstance(lakehouse, LakehouseResource)
        assert isinstance(models, ModelsResource)
        with lakehouse.open() as store:
            version = go_back(
                models.registry(), store, model,
                because=Because(by, reason, now()), to=to, club_timezone=settings.club_timezone,
            )  # fmt: skip
        # What serves while the registry is down is this one from now on, too.
        models.served().serve(model, now().date())
    facts(
        [
            ("serves", f"[bold]{escape(model)}[/] version {version.version}"),
            ("trained through", str(version.trained_through)),
            ("by", escape(by.strip())),
            ("reason", escape(reason.strip())),
            ("next", "the morning's run scores the squad by it; for now: score_squad in the UI"),
        ]
    )
