"""The simulated club of the demo: its diary goes in, trained models and predictions come out.

It is there because no club's injuries may be given away. Its source, its team and every page that
is made of it say that it is simulated.
"""

import time
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
from rich.console import Console
from rich.table import Table

from edge_ingest.simulate.club import Settings as ClubSettings
from edge_ingest.simulate.club import simulate
from edge_ingest.simulate.drops import Told, write_club
from resources.dagster_resources import LakehouseResource, resources_for
from resources.environment import Settings
from resources.model_contracts import PREDICTION_INJURY_RISK, PREDICTION_LOAD_ADVICE
from sports_assets.keys import MODEL_KEYS, PREDICTION_KEYS

#: Two seasons of one squad, at the signal that real squads show.
CLUB = ClubSettings(seed=2026, athletes=24, seasons=2, dial=0.5, first_day=date(2024, 7, 1))
#: Four trainings, one after the other, each with its whole evaluation.
PATIENCE_S = 900


def pack(settings: Settings, console: Console) -> None:
    """Simulate the club and write its drops; the same again changes nothing."""
    clubs = simulate(CLUB)
    told = Told(clubs.days[0], clubs.days[-1])
    drops = write_club(clubs, Path(settings.landing_uri), told, datetime.now(UTC))
    rows = sum(file.rows for drop in drops for file in drop.manifest.files)
    console.print(
        f"\n   and two seasons of a [bold]simulated[/] club: {CLUB.athletes} athletes, {rows:,} "
        "rows of diary, injuries and fixtures"
    )


def are_models_trained(instance: dg.DagsterInstance) -> bool:
    """Whether every model was made, and the squad scored since."""
    made = [instance.get_latest_materialization_event(key) for key in MODEL_KEYS.values()]
    said = [instance.get_latest_materialization_event(key) for key in PREDICTION_KEYS.values()]
    return all(made) and all(said)


def watch(instance: dg.DagsterInstance, console: Console) -> dict[str, str]:
    """Wait until every model is made; what was not made, with its reason."""
    deadline = time.monotonic() + PATIENCE_S
    with console.status("   the club's diary is loaded, and models are trained") as status:
        while time.monotonic() < deadline:
            made = [
                name
                for name, key in MODEL_KEYS.items()
                if instance.get_latest_materialization_event(key) is not None
            ]
            if are_models_trained(instance):
                return {}
            status.update(
                f"   models of the simulated club: {', '.join(made) or 'none'} of "
                f"{len(MODEL_KEYS)} trained and judged"
            )
            time.sleep(1)
    missing = [
        name
        for name, key in MODEL_KEYS.items()
        if instance.get_latest_materialization_event(key) is None
    ]
    return dict.fromkeys(missing, f"not trained after {PATIENCE_S} s: see the daemon's log")


def tell(settings: Settings, instance: dg.DagsterInstance, console: Console) -> None:
    """Which models serve, which wait for a person, and what they say of the newest day."""
    console.print("\n[bold]4  Models of the simulated club[/] (nobody of it exists)")
    for name, key in MODEL_KEYS.items():
        event = instance.get_latest_materialization_event(key)
        made = event.asset_materialization if event else None
        if made is None:
            console.print(f"   {name}: not trained")
        elif "not_trained" in made.metadata:
            console.print(f"   {name}: not trained: {made.metadata['not_trained'].value}")
        else:
            card = Path(str(made.metadata["card"].value))
            console.print(
                f"   {name} version {made.metadata['version'].value}\n"
                f"      [green]{_short(card)}[/]", highlight=False
            )  # fmt: skip
    _predictions(settings, console)
    console.print(
        "\n   injury_risk serves only once a doctor says so:\n"
        "   .venv/bin/python -m sports_assets approve injury_risk 1 --by NAME --reason WHY\n",
        highlight=False,
    )


def _predictions(settings: Settings, console: Console) -> None:
    lakehouse = resources_for(settings)["lakehouse"]
    assert isinstance(lakehouse, LakehouseResource)
    with lakehouse.open() as store, store.connect() as connection:
        for contract, value, title in (
            (PREDICTION_INJURY_RISK, "probability", "highest risk of an injury in seven days"),
            (PREDICTION_LOAD_ADVICE, "advised_load_au", "load of the next week, au"),
        ):
            store.view(connection, contract, contract.name)
            rows = connection.sql(
                f"select athlete_id, {value}, {value}_low, {value}_high, reason, day "  # noqa: S608 - names of our own
                f"from {contract.name} qualify day = max(day) over () "
                f"order by {value} desc limit 3"
            ).fetchall()
            if not rows:
                continue
            table = Table(title=f"{title}, {rows[0][-1]}", box=None, padding=(0, 2),
                          title_justify="left")  # fmt: skip
            for name in ("athlete", "expected", "from", "to", "why"):
                table.add_column(name)
            for athlete, middle, low, high, reason, _ in rows:
                shown = (f"{one:.3f}" if one < 1 else f"{one:,.0f}" for one in (middle, low, high))
                table.add_row(athlete, *shown, reason or "")
            console.print(table)


def _short(path: Path) -> str:
    """A path as one would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
