"""`approve`: a person's word on a version of a model, as data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from edge_ingest.cli.console import facts
from edge_ingest.cli.words import now
from sports_assets.cli.console import app, errors_in_a_line

if TYPE_CHECKING:
    from resources.approvals import Verdict


@app.command("approve")
def approve_command(  # noqa: PLR0917 - the options of the command
    model: Annotated[str, typer.Argument(help="The model, such as injury_risk.")],
    version: Annotated[int, typer.Argument(min=1, help="Its version in the registry.")],
    by: Annotated[str, typer.Option("--by", help="Who says so: your name.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="The version must not serve.")] = False,
    key: Annotated[
        Path | None,
        typer.Option(envvar="SPORTS_EDGE_KEY", help="Key that signs it; needed in aws."),
    ] = None,
) -> None:
    """Say that a version of a model may serve, or with --refuse that it must not.

    It goes into the landing zone as a drop and becomes a row of raw/approvals; the last one counts.
    """
    with errors_in_a_line():
        from edge_ingest.drops.signing import load_key
        from resources.approvals import MODELS, Approval, approval_records
        from resources.dagster_resources import ModelsResource, resources_for
        from resources.environment import load_settings
        from resources.landing_sending import send_days

        settings = load_settings()
        models = resources_for(settings)["models"]
        assert isinstance(models, ModelsResource)
        registry = models.registry()
        if model in MODELS:
            registry.version(model, version)
        verdict: Verdict = "refused" if refuse else "approved"
        said = Approval(model, version, verdict, by, reason, now())
        records = approval_records(said, settings.club_timezone)
        signer = load_key(key) if key else None
        place = send_days(records, settings, said.approved_at_utc, signer)
        is_serving = registry.history(model).current == version
    note = "it serves now, and goes on: `rollback` lets the champion before it serve"
    facts(
        [
            (verdict, f"[bold]{escape(model)}[/] version {version}"),
            ("by", escape(by.strip())),
            ("reason", escape(reason.strip())),
            ("signed by", escape(signer.node_id) if signer else "nobody"),
            ("drop", escape(f"{settings.landing_uri}/{place}")),
            *([("next", note)] if refuse and is_serving else []),
        ]
    )
